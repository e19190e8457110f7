"""check: check sorted images, or label the first ones, in the browser."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import config as cfg
from flow.base.errors import NotReady
from flow.check.check_page import StepResult
from flow.check.step import CheckOptions, CheckSession, check_once
from flow.classify import classify
from flow.commands.command import Command, Result, Run, Section
from flow.commands.tell import tell_moved, tell_sorted
from flow.commands.training import harder, harder_seconds, train
from flow.models import model_store
from flow.records import provenance
from flow.retrain import step as retrain_step
from flow.retrain import try_harder
from flow.retrain.options import TrainOptions
from flow.retrain.step import Retrained
from flow.ui import console


@dataclass(frozen=True)
class CheckCommandOptions(TrainOptions, CheckOptions):
    """The page's options, and those of a training that is started on it."""


@dataclass(frozen=True)
class StepDone:
    """What a step started on the page came to, with the new model's verdict, report and suspects; `more`: how long
    other ways to train would take to try, in words; empty where there are none; `tried`: the rows of a table."""

    text: str
    code: int = 0
    verdict: str = ""
    report: Path | None = None
    suspects: int = 0
    more: str = ""
    tried: tuple[tuple[str, ...], ...] = ()

    def line(self) -> str:
        return self.text


def check(run: Run, options: CheckCommandOptions) -> Result:
    """Serve the page; harvest and train where the person asks for it there."""

    def backbone():  # type: ignore[no-untyped-def]
        return retrain_step.choose_backbone(options, attended=False)

    session = CheckSession(run.basetag, run.stamp, run.catalogue, options, backbone, run.lock)
    return check_once(session, _Steps(run, options, session.page.is_stopped).do)


class _Steps:
    """What the page can start. `is_stopped`: whether the person has pressed stop since."""

    def __init__(self, run: Run, options: TrainOptions, is_stopped: Callable[[], bool]):
        self._run, self._options, self._is_stopped = run, options, is_stopped
        self._made: tuple[Retrained, TrainOptions] | None = None  # the last model that was made here, and how

    def do(self, step: str) -> StepResult:
        steps: dict[str, Callable[[], StepResult]] = {
            "harvest": self._harvest,
            "retrain": self._retrain,
            "first_model": self._first_model,
            "harder": self._harder,
        }
        return steps[step]()

    def _harvest(self) -> Result:
        from flow.harvest.step import harvest

        done = harvest(self._run.basetag, self._run.stamp, self._run.catalogue, checked_only=True)
        tell_moved(done)
        return done

    def _retrain(self) -> StepDone:
        return self._trained(_few_will_do(provenance.label_counts(self._run.basetag), self._options))

    def _trained(self, options: TrainOptions, first: tuple[Result, ...] = ()) -> StepDone:
        """Train a head, or the last layers where they were asked for; other ways to train are offered afterwards.

        Args:
            first: results to tell before that of the training.
        """
        now = replace(options, effort=try_harder.QUICK)
        done = train(self._run, now, attended=False, again=True, least=options.images_min)
        self._made = (done, options)
        text = "; ".join(result.line().rstrip(".") for result in (*first, done))
        seconds = harder_seconds(done, options)
        more = try_harder.minutes_words(seconds) if seconds else ""
        return replace(_step_done(done, text), code=max(result.code for result in (*first, done)), more=more)

    def _harder(self) -> StepDone:
        """Other ways to train than the head that was made here."""
        assert self._made is not None
        head, options = self._made
        done = harder(self._run, options, head, self._is_stopped)
        selection = done.selection or {}
        text, tried = try_harder.outcome(selection), tuple(tuple(row) for row in try_harder.table(selection))
        if done.model.name == head.model.name:
            return StepDone(text, tried=tried)
        return replace(_step_done(done, f"{text} {done.line()}"), tried=tried)

    def _first_model(self) -> StepDone:
        """What was labelled becomes training data, a first model learns from it, and it sorts the other images.

        Raises:
            NotReady: fewer than two labels have images; nothing was changed.
            RoboError: from the training or the sorting; done again, it goes on from there.
        """
        from flow.harvest.import_decisions import counts_after, import_decisions

        run = self._run
        counts = counts_after(run.basetag, run.catalogue)
        if len(counts) < cfg.retrain_label_min:
            raise NotReady(
                f"A model needs at least {cfg.retrain_label_min} labels with images.", "Label some images differently."
            )
        imported = import_decisions(run.basetag, run.stamp, run.catalogue)
        tell_moved(imported)
        done = self._trained(_few_will_do(counts, self._options), (imported,))
        model = next(m for m in model_store.all_models(run.basetag) if done.report and m.folder == done.report.parent)
        sortings = []
        for folder in provenance.unsorted_folders(run.basetag):
            searchtag = folder.name.removeprefix(cfg.unsorted_name)
            one = classify(run.basetag, searchtag, run.stamp, run.catalogue, model)
            if one.folder or one.quarantined:
                tell_sorted(one)
                sortings.append(one)
        text = "; ".join([done.text, *(one.line().rstrip(".") for one in sortings)])
        return replace(done, text=text, code=max([done.code, *(one.code for one in sortings)]))


def _step_done(done: Retrained, text: str) -> StepDone:
    suspects = len(done.model.facts.get("suspects", []))
    return StepDone(text, done.code, done.verdict, done.model.folder / "report.html", suspects)


def _few_will_do(counts: dict[str, int], options: TrainOptions) -> TrainOptions:
    """The options where a person on the page asks for a model: a label needs only as many images as the smallest one
    has. Said where that is less than usual."""
    fewest, label = min(((n, label) for label, n in counts.items() if n), default=(options.images_min, ""))
    if fewest >= options.images_min:
        return options
    console.note(f"  {label} has {fewest} images. 20 a label are a start, 100 are good.")
    return replace(options, images_min=fewest)


COMMAND = Command(
    "check",
    "check sorted images in the browser, a key for each label; without a model, label the first ones",
    Section.CHECK,
    check,
    options=CheckCommandOptions,
    about="ENTER accepts a page of predictions, a digit gives the selected images another label, u undoes, ? shows all "
    "keys. Every key is saved at once. At the end you can harvest and train on the page.",
    example="robots check",
    rank=1,
)
