"""Carry out a plan: its steps in order, what each one has to say, and one line and one exit code at the end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import config as cfg
from flow.base import files, paths
from flow.base.errors import DONE, RoboError
from flow.front.state import is_offline
from flow.models import backbone, shelf
from flow.plan import NEVER_ASKS, Plan, Request, Step, Training, make_training
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.talk import console, words
from flow.texts import notify

if TYPE_CHECKING:
    from pathlib import Path

    from flow.classify import Sorted
    from flow.download.tally import Downloaded
    from flow.harvest.step import Harvested
    from flow.harvest.take import Taken
    from flow.models.leaderboard import Advice
    from flow.retrain.step import NothingNew, Retrained
    from scripts.learn.backbones import Backbone


class Result(Protocol):
    """What a step gives: a sentence, the same as data, and the exit code it asks for."""

    @property
    def code(self) -> int: ...

    def line(self) -> str: ...

    def facts(self) -> dict: ...


@dataclass
class Outcome:
    """What a run came to. Each result has line(), facts() and code."""

    basetag: str
    results: list[tuple[str, Result]] = field(default_factory=list)
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


def make_basetag(basetag: str) -> None:
    """A new basetag's folders. Label folders are a person's to name: the guide asks, or they are made by hand."""
    for folder in (paths.testing(basetag), paths.training(basetag), paths.summaries(basetag)):
        files.make_folder(folder)


def carry_out(plan: Plan, catalogue: Catalogue, outcome: Outcome) -> None:
    """Run the plan's steps; results are added to `outcome` as they come, so that a stop keeps what was done.

    Raises:
        RoboError, Quit: from the steps.
    """
    for note in plan.notes:
        console.note(note)
    steps: dict[Step, Callable[[Plan, Catalogue], Result | None]] = {
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
    _finish_download(catalogue, outcome, plan.searchtag)
    _offer_check(plan, catalogue, outcome)


def _offer_check(plan: Plan, catalogue: Catalogue, outcome: Outcome) -> None:
    """After sorting at a terminal, and after the guide's first download: ENTER opens the check page."""
    results = dict(outcome.results)
    sorted_last = plan.steps[-1:] == (Step.CLASSIFY,) and getattr(results.get(Step.CLASSIFY.value), "folder", None)
    if not (sorted_last or _first_download(plan, results)) or not console.can_ask() or plan.flowstep in NEVER_ASKS:
        return
    from flow.front import guide

    if guide.ask_check():
        outcome.step = "check"
        outcome.results.append(("check", check(Request(), plan.basetag, plan.stamp, catalogue)))


def _first_download(plan: Plan, results: dict[str, Result]) -> bool:
    """Whether the guide has just brought in pictures that a first model could be taught from."""
    got = getattr(results.get(Step.DOWNLOAD.value), "kept", 0)
    return plan.attended and plan.steps == (Step.DOWNLOAD,) and got > 1 and not shelf.all_models(plan.basetag)


def _finish_download(catalogue: Catalogue, outcome: Outcome, searchtag: str) -> None:
    """The whole run ended well, so the same command downloads anew. Of a run that did not, it keeps the download."""
    got = dict(outcome.results).get(Step.DOWNLOAD.value)
    if got is not None and not getattr(got, "goes_on", False):
        catalogue.finish(searchtag)


def _download(plan: Plan, catalogue: Catalogue) -> Result:
    from flow.download.step import Wanted, download

    begin = time.monotonic()
    wanted = Wanted(plan.basetag, plan.searchtag, plan.quantity, plan.source, plan.keep_near, plan.retry_failed)
    console.note(words.downloading(plan.quantity, plan.searchtag, plan.source))
    got = download(wanted, catalogue)
    if is_offline({"download": got.facts()}):
        return _without_network(plan, catalogue, got)
    console.note(f"  {got.line()}")
    if there := files.count_images(got.folder):
        console.note(f"  they are in {got.folder}")
    if there and not shelf.all_models(plan.basetag):
        from flow.front import training
        from flow.retrain import step as retrain

        console.note(words.first_sorting(got.folder, paths.training(plan.basetag)))
        training.show_training_data(plan.basetag, retrain.IMAGES_LEAST)
    notify.downloaded(plan.basetag, got.line(), time.monotonic() - begin)
    return got


def _without_network(plan: Plan, catalogue: Catalogue, got: "Downloaded") -> Result:
    """A situation, not an error list: said once, with the ways on; where somebody answers, one of them is taken now."""
    from flow.front import guide

    console.note(words.no_network(got.reason, plan.basetag, plan.quantity, plan.searchtag, plan.attended))
    elsewhere = guide.another_place(plan) if plan.attended and console.can_ask() else None
    return _download(elsewhere, catalogue) if elsewhere else got


def _classify(plan: Plan, catalogue: Catalogue) -> Result | None:
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
        notify.classified(
            plan.basetag, done.total, done.sure, done.total - done.sure, f"python roboflow.py {plan.basetag} harvest"
        )
    else:
        console.note(f"  {done.line()}")
    return done


def _harvest(plan: Plan, catalogue: Catalogue) -> Result | None:
    from flow.harvest import step as harvest

    checked_only = plan.checked_only
    if plan.ask_harvest:
        from flow.front import guide

        answer = guide.ask_harvest(plan.basetag, labelling.waiting(plan.basetag, catalogue))
        if answer == "none":
            return None
        checked_only = answer == "checked"
    done = harvest.harvest(plan.basetag, plan.stamp, catalogue, checked_only, plan.folder, plan.dry_run)
    tell_moved(done)
    return done


def check(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    """The check page, with the harvest, the retrain or the first model that may come after it."""
    from flow.check.session import Ended, Then
    from flow.check.step import CheckOptions
    from flow.check.step import check as look
    from flow.retrain import step as retrain

    def harvested() -> Ended:
        from flow.harvest import step as harvest

        done = harvest.harvest(basetag, stamp, catalogue, checked_only=True)
        tell_moved(done)
        return Ended(done.line(), done.code)

    def retrained() -> Ended:
        from flow.front import teaching

        lowered = teaching.content_with(labelling.label_counts(basetag), make_training(request.training))
        done = train(basetag, lowered, stamp, catalogue, attended=False, again=True, least=lowered.images_min)
        verdict = done.warnings[-1] if isinstance(done, retrain.Retrained) else ""
        return Ended(done.line(), done.code, verdict, done.model.folder / "report.html")

    def taught() -> Ended:
        from flow.front import teaching

        does = teaching.Does(train, tell_moved, tell_sorted)
        return teaching.first_model(basetag, make_training(request.training), stamp, catalogue, does)

    def backbone_of() -> "tuple[Backbone, Path]":
        return retrain.choose_backbone(make_training(request.training), attended=False)

    options = CheckOptions(request.check_training, request.check_teach, request.browser, request.port)
    return look(basetag, stamp, catalogue, options, Then(harvested, retrained, taught, backbone_of))


def _retrain(plan: Plan, catalogue: Catalogue) -> Result:
    from flow.models import forget, leaderboard
    from flow.retrain import step as retrain

    training = plan.training
    retrain.check_ready(plan.basetag, training)
    if plan.ask_training:
        from flow.front import guide

        training = guide.ask_training(plan.training, plan.chosen)
    again = plan.again or plan.flowstep not in NEVER_ASKS
    done = train(plan.basetag, training, plan.stamp, catalogue, plan.attended, again)
    if isinstance(done, retrain.Retrained) and cfg.models_keep and plan.flowstep in NEVER_ASKS:
        gone = forget.forget_quietly(plan.basetag, leaderboard.ranked(plan.basetag, catalogue), cfg.models_keep)
        console.note(f"  {gone.line()}")
    return done


def train(
    basetag: str, training: Training, stamp: str, catalogue: Catalogue, attended: bool, again: bool, least: int = 0
) -> "Retrained | NothingNew":
    """A new model, and what there is to say of it; its verdict is the last of the warnings.

    Args:
        least: images each label needs; 0 = what retrain asks for.
    """
    from flow.models import leaderboard
    from flow.retrain import step as retrain

    least = least or retrain.IMAGES_LEAST
    retrain.check_ready(basetag, training, least)
    before = shelf.all_models(basetag)
    console.note(words.retraining(training.architecture, labelling.label_counts(basetag)))
    done = retrain.retrain(basetag, training, stamp, catalogue, attended, again, least)
    if isinstance(done, retrain.NothingNew):
        console.note(f"  {done.line()}; --again trains all the same.")
        return done
    advice = leaderboard.advice(basetag, catalogue, done.model, before)
    tell_retrained(done, advice)
    share = done.model.facts["accuracy"]
    notify.retrained(basetag, done.seconds, share["value"], advice.best_before, share["total"], advice.is_top)
    return replace(done, warnings=(*done.warnings, advice.verdict))


def tell_moved(done: "Harvested | Taken") -> None:
    """What became training data, and what went wrong with it."""
    console.note(f"  {done.line()}")
    for said in done.trouble:
        console.warn(said)


def tell_sorted(done: "Sorted") -> None:
    """Where the sorted images are, how many of each, what it is expected to cost, and what to do now."""
    console.note(f"  {done.line()}")
    rows = [[place, n] for place, n in done.places.items()]
    console.table(["folder", "images"], rows)
    if done.expected_wrong:
        about, most = done.expected_wrong
        console.note(f"  about {about:g} of the {done.sure} sure ones are wrong (hardly more than {most:g}).")
    if done.unlike:
        console.note(f"  {done.unlike} look like nothing in the training data and went under the line.")
    if done.folder:
        console.note(words.check_by_hand(done.folder))
    console.beep()


def tell_retrained(done: "Retrained", advice: "Advice") -> None:
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
