"""Carry out a plan: its steps in order, what each one has to say, and one line and one exit code at the end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import config as cfg
from flow.base import files, paths
from flow.base.errors import DONE, RoboError
from flow.models import backbone, shelf
from flow.plan import NEVER_ASKS, Plan, Step
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.talk import console, words
from flow.texts import notify


@dataclass
class Outcome:
    """What a run came to. Each result has line(), facts() and code."""

    basetag: str
    results: list[tuple[str, Any]] = field(default_factory=list)
    step: str = ""  # the step under way, for the log and the text message

    @property
    def code(self) -> int:
        return max((result.code for _, result in self.results), default=DONE)

    def line(self) -> str:
        said = "; ".join(result.line().rstrip(".") for _, result in self.results) or "nothing to do"
        warned = "".join(f" (careful: {w})" for w in console.warnings()) if not console.is_watched() else ""
        return f"{self.basetag}: {said}{warned}"

    def facts(self) -> dict:
        return {name: result.facts() for name, result in self.results}


def make_basetag(plan: Plan) -> list[Path]:
    """A new basetag's folders, with one label folder named after the searchtag where the guide made none."""
    home = paths.training(plan.basetag)
    files.make_folder(paths.testing(plan.basetag))
    files.make_folder(paths.summaries(plan.basetag))
    labels = (plan.searchtag,) if plan.searchtag and not labelling.label_folders(plan.basetag) else ()
    made = [home / label for label in labels if not (home / label).exists()]
    for folder in made:
        files.make_folder(folder)
    return made


def carry_out(plan: Plan, catalogue: Catalogue, outcome: Outcome) -> None:
    """Run the plan's steps; results are added to `outcome` as they come, so that a stop keeps what was done.

    Raises:
        RoboError, Quit: from the steps.
    """
    for note in plan.notes:
        console.note(note)
    steps: dict[Step, Callable[[Plan, Catalogue], object]] = {
        Step.DOWNLOAD: _download,
        Step.CLASSIFY: _classify,
        Step.HARVEST: _harvest,
        Step.RETRAIN: _retrain,
    }
    for step in plan.steps:
        outcome.step = step.value
        result = steps[step](plan, catalogue)
        if result is not None:
            outcome.results.append((step.value, result))


def _download(plan: Plan, catalogue: Catalogue) -> object:
    from flow.download.step import Wanted, download

    begin = time.monotonic()
    wanted = Wanted(plan.basetag, plan.searchtag, plan.quantity, plan.source, plan.keep_near, plan.retry_failed)
    console.note(words.downloading(plan.quantity, plan.searchtag, plan.source))
    got = download(wanted, catalogue)
    console.note(f"  {got.line()}")
    console.note(f"  they are in {got.folder}")
    if not shelf.all_models(plan.basetag):
        from flow.front import questions
        from flow.retrain import step as retrain

        console.note(words.first_sorting(got.folder, paths.training(plan.basetag)))
        questions.show_training_data(plan.basetag, retrain.IMAGES_LEAST)
    notify.downloaded(plan.basetag, got.line(), time.monotonic() - begin)
    return got


def _classify(plan: Plan, catalogue: Catalogue) -> object:
    from flow.classify import classify
    from flow.models import leaderboard

    ranked = leaderboard.ranked(plan.basetag, catalogue)
    model = shelf.pick(ranked, plan.model, plan.basetag)
    console.note(words.classifying(plan.searchtag, model.name))
    try:
        done = classify(plan, catalogue, model)
    except RoboError as problem:
        if plan.flowstep in NEVER_ASKS and Step.RETRAIN in plan.steps:
            console.warn(f"nothing was classified: {problem.message}")
            return None
        other = next((m.name for m in ranked if m is not model and backbone.can_run(m)), None)
        raise RoboError(problem.message, f"The next best: --model {other}" if other else problem.hint) from problem
    if done.folder:
        tell_sorted(done)
        notify.classified(plan.basetag, done.total, done.sure, done.total - done.sure,
                          f"python roboflow.py {plan.basetag} harvest")  # fmt: skip
    else:
        console.note(f"  {done.line()}")
    return done


def _harvest(plan: Plan, catalogue: Catalogue) -> object:
    from flow.harvest import step as harvest

    checked_only = plan.checked_only
    if plan.ask_harvest:
        from flow.front import guide

        answer = guide.ask_harvest(plan.basetag, labelling.waiting(plan.basetag, catalogue))
        if answer == "none":
            return None
        checked_only = answer == "checked"
    done = harvest.harvest(plan.basetag, plan.stamp, catalogue, checked_only, plan.folder, plan.dry_run)
    console.note(f"  {done.line()}")
    for said in done.trouble:
        console.warn(said)
    return done


def _retrain(plan: Plan, catalogue: Catalogue) -> object:
    from flow.models import forget, leaderboard
    from flow.retrain import step as retrain

    training = plan.training
    retrain.check_ready(plan.basetag, training)
    if plan.ask_training:
        from flow.front import guide

        training = guide.ask_training(plan.training, plan.chosen)
    before = shelf.all_models(plan.basetag)
    console.note(words.retraining(training.architecture, labelling.label_counts(plan.basetag)))
    again = plan.again or plan.flowstep not in NEVER_ASKS
    done = retrain.retrain(plan.basetag, training, plan.stamp, catalogue, attended=plan.attended, again=again)
    if isinstance(done, retrain.NothingNew):
        console.note(f"  {done.line()}; --again trains all the same.")
        return done
    advice = leaderboard.advice(plan.basetag, catalogue, done.model, before)
    tell_retrained(done, advice)
    share = done.model.facts["accuracy"]
    notify.retrained(plan.basetag, done.seconds, share["value"], advice.best_before, share["total"], advice.is_top)
    if cfg.models_keep and plan.flowstep in NEVER_ASKS:
        gone = forget.forget_quietly(plan.basetag, leaderboard.ranked(plan.basetag, catalogue), cfg.models_keep)
        console.note(f"  {gone.line()}")
    return replace(done, warnings=(*done.warnings, advice.verdict))


def tell_sorted(done: Any) -> None:
    """Where the sorted images are, how many of each, what it is expected to cost, and what to do now."""
    console.note(f"  {done.line()}")
    rows = [[place, n] for place, n in done.places.items()]
    console.table(["folder", "images"], rows)
    if done.expected_wrong:
        about, most = done.expected_wrong
        console.note(f"  about {about:g} of the {done.sure} sure ones are wrong (hardly more than {most:g}).")
    if done.unlike:
        console.note(f"  {done.unlike} look like nothing in the training data and went under the line.")
    console.note(words.check_by_hand(done.folder))
    console.beep()


def tell_retrained(done: Any, advice: Any) -> None:
    """The new model's figures, its warnings, and what would help most next."""
    console.note(f"  {done.line()}")
    for warned in done.warnings:
        console.note(f"  {warned}")
    console.note(f"  {advice.verdict}")
    for tip in advice.tips:
        console.note(f"  - {tip}")
    console.note(f"  report: {done.model.folder / 'report.html'}")
    console.note(f"  curves: tensorboard --logdir {done.model.folder.parent}")
    console.beep()


def over_the_cap(quantity: int | None) -> bool:
    return quantity is not None and quantity > cfg.imgnum_maxpercycle


@dataclass(frozen=True)
class Said:
    """A result that is one sentence."""

    sentence: str
    code: int = 0

    def line(self) -> str:
        return self.sentence

    def facts(self) -> dict:
        return {"said": self.sentence}
