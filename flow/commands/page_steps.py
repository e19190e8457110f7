"""What the check page and the camera page have in common: a training that a person started there."""

from dataclasses import dataclass, replace
from pathlib import Path

from flow.commands.command import Result, Run
from flow.commands.training import harder_seconds, tell_harder, train
from flow.models import model_store
from flow.records import provenance
from flow.retrain import try_harder
from flow.retrain.background import Trial
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
    ways to train are offered afterwards, and tried while the person goes on."""

    def __init__(self, run: Run):
        self._run = run
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

    def start_trial(self) -> "PageTrial":
        """Try other ways to train than the head that was made here, while the person goes on."""
        assert self._made is not None
        head, options = self._made
        return PageTrial(self._run, options, head)


class PageTrial(Trial):
    """A trial whose result is told on the page (see flow/check/trial.py)."""

    def __init__(self, run: Run, options: TrainOptions, head: Retrained):
        super().__init__(run.basetag, options, run.stamp, run.catalogue, head)
        self._run = run

    def result(self) -> StepDone:
        """Once it has ended. Raises RoboError where it failed."""
        before = model_store.all_models(self._run.basetag)
        done = tell_harder(self._run, self.publish(), self._head, before)
        selection = done.selection or {}
        text, tried = try_harder.outcome(selection), tuple(tuple(row) for row in try_harder.table(selection))
        if done.model.name == self._head.model.name:
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
