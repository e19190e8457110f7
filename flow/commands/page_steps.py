"""What the check page and the camera page have in common: a training that a person started there."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from flow.commands.command import Result, Run
from flow.commands.training import harder, harder_seconds, train
from flow.records import provenance
from flow.retrain import try_harder
from flow.retrain.options import TrainOptions
from flow.retrain.result import Retrained
from flow.ui import console


@dataclass(frozen=True)
class StepDone:
    """What a step started on the page came to, with the new model's verdict, report and suspects; `more`: how long
    other ways to train would take to try, in words; empty where there are none; `tried`: the rows of a table;
    `shortcuts`: what gives its labels away, a sentence each."""

    text: str
    code: int = 0
    verdict: str = ""
    report: Path | None = None
    suspects: int = 0
    more: str = ""
    tried: tuple[tuple[str, ...], ...] = ()
    shortcuts: tuple[str, ...] = ()

    def line(self) -> str:
        return self.text


class PageTraining:
    """Trainings that a person starts on a page: a head at once, or the last layers where they were asked for; other
    ways to train are offered afterwards.

    Args:
        is_stopped: whether the person wants the step that is under way to end.
    """

    def __init__(self, run: Run, is_stopped: Callable[[], bool] = lambda: False):
        self._run, self._is_stopped = run, is_stopped
        self._made: tuple[Retrained, TrainOptions] | None = None  # the last model that was made here, and how

    def train(self, options: TrainOptions, first: tuple[Result, ...] = ()) -> StepDone:
        """Train; `first`: results to tell before that of the training."""
        now = replace(options, effort=try_harder.QUICK)
        done = train(self._run, now, attended=False, again=True, least=options.images_min)
        self._made = (done, options)
        results, seconds = (*first, done), harder_seconds(done, options)
        text = "; ".join(result.line().rstrip(".") for result in results)
        more = try_harder.minutes_words(seconds) if seconds else ""
        return replace(_step_done(done, text), code=max(result.code for result in results), more=more)

    def harder(self) -> StepDone:
        """Other ways to train than the head that was made here."""
        assert self._made is not None
        head, options = self._made
        done = harder(self._run, options, head, self._is_stopped)
        selection = done.selection or {}
        text, tried = try_harder.outcome(selection), tuple(tuple(row) for row in try_harder.table(selection))
        if done.model.name == head.model.name:
            return StepDone(text, tried=tried)
        return replace(_step_done(done, f"{text} {done.line()}"), tried=tried)


def _step_done(done: Retrained, text: str) -> StepDone:
    suspects = len(done.model.facts.get("suspects", []))
    report, shortcuts = done.model.folder / "report.html", tuple(done.model.shortcuts)
    return StepDone(text, done.code, done.verdict, report, suspects, shortcuts=shortcuts)


def few_will_do(counts: dict[str, int], options: TrainOptions) -> TrainOptions:
    """The options where a person on the page asks for a model: a label needs only as many images as the smallest one
    has, without those that are left out. Said where that is less than usual."""
    few = provenance.left_out(counts, options.images_min)
    trained = ((n, label) for label, n in counts.items() if n and label not in few)
    fewest, label = min(trained, default=(options.images_min, ""))
    if fewest >= options.images_min:
        return options
    console.note(f"  {label} has {fewest} images. 20 a label are a start, 100 are good.")
    return replace(options, images_min=fewest)
