"""The six flowsteps of the loop: download, classify, harvest, retrain, in this order, as many of them as one includes.

What each flowstep does is in the module of its name; `plan` leaves out the steps that have nothing to do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import config as cfg
from flow import sources
from flow.base import files, paths
from flow.base.errors import BadUsage, NotReady, Quit, RoboError
from flow.base.options import option
from flow.classify import ClassifyOptions, classify
from flow.commands.command import Command, Message, Result, Run, Section
from flow.commands.make_basetag import make_basetag
from flow.commands.tell import tell_downloaded, tell_moved, tell_preview, tell_sorted
from flow.commands.training import train
from flow.download.options import DownloadOptions
from flow.guide import ask, basetag_state
from flow.harvest.step import HarvestOptions
from flow.models import backbone, leaderboard, model_store, prune
from flow.records import provenance
from flow.retrain import step as retrain_step
from flow.retrain.options import ASKED, ASKED_IF_ATTENDED, TrainOptions
from flow.retrain.result import Retrained
from flow.sms import notify
from flow.ui import console, texts


class Step(Enum):
    DOWNLOAD = "download"
    CLASSIFY = "classify"
    HARVEST = "harvest"
    RETRAIN = "retrain"


@dataclass(frozen=True)
class LoopOptions(TrainOptions, HarvestOptions, ClassifyOptions, DownloadOptions):
    """What the six flowsteps of the loop can be told."""

    harvest: bool | None = option("harvest before training, or do not", on_off=True)
    again: bool = option("train although nothing is new since the last model")


@dataclass(frozen=True)
class Flow:
    """One of the six. `asks`: which model, what to harvest, on the way; `asks_training`: the training's parameters."""

    steps: tuple[Step, ...]
    asks: bool = False
    asks_training: bool = False

    @property
    def never_asks(self) -> bool:
        return not self.asks


@dataclass(frozen=True)
class Plan:
    """What a run will do: its steps, and what was decided on the person's behalf, in words."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def loop_command(name: str, summary: str, rank: int, flow: Flow, about: str, example: str) -> Command:
    """The declaration of one of the six."""

    def run(run: Run, options: LoopOptions) -> None:
        carry_out(run, options, flow)

    def dry_run(run: Run, options: LoopOptions) -> Sequence[tuple[str, Result]]:
        return would(run, options, flow)

    return Command(
        name,
        summary,
        Section.LOOP,
        run,
        options=LoopOptions,
        about=about,
        example=example,
        dry_run=dry_run,
        in_loop=True,
        new_basetag=True,
        rank=rank,
    )


# What will be done


def plan(run: Run, options: LoopOptions, flow: Flow) -> Plan:
    """The flow's steps without those that have nothing to do. Refuses here, before the first request, what it can.

    Raises:
        BadUsage: an argument makes no sense, or a question would have to be asked and nobody is there.
        NotReady: no such model, or nothing to work on.
    """
    models = model_store.all_models(run.basetag)
    if options.searchtag == "0" and options.quantity:
        raise BadUsage("A searchtag of 0 needs an imagequantity of 0.", f"python roboflow.py {run.basetag} 0 0 retrain")
    steps, notes = _steps(run, options, flow, bool(models))
    if Step.CLASSIFY in flow.steps and options.searchtag != "0" and options.model:
        _check_model(run, options.model, models)
    if Step.DOWNLOAD in steps:
        sources.check_ready(options.source)
    if not run.attended:
        _need_nobody(run, options, flow, steps, len(models))
    if options.searchtag == "0" and not options.quantity and not basetag_state.is_known(run.basetag):
        begin = f"Begin one: python roboflow.py {run.basetag} 50 {run.basetag} download"
        raise NotReady(f"There is no basetag {run.basetag} yet.", begin)
    return Plan(tuple(steps), tuple(notes))


def _check_model(run: Run, wanted: str, models: list[model_store.Model]) -> None:
    if not model_store.find(models, wanted):
        hint = f"python roboflow.py {run.basetag} models lists {len(models)}." if models else "Leave --model out."
        raise NotReady(f"There is no model {wanted!r} for {run.basetag}.", hint)


def _steps(run: Run, options: LoopOptions, flow: Flow, has_models: bool) -> tuple[list[Step], list[str]]:
    steps, notes = list(flow.steps), []
    if options.searchtag == "0":
        steps = [s for s in steps if s not in (Step.DOWNLOAD, Step.CLASSIFY)]
        if not steps:
            raise BadUsage("With 0 0 there is nothing to do here.", "Give an imagequantity and a searchtag.")
    if not options.quantity and Step.DOWNLOAD in steps:
        steps.remove(Step.DOWNLOAD)
        if not steps:
            raise BadUsage("0 images to download: nothing to do.", "Give an imagequantity of at least 1.")
    if Step.CLASSIFY in steps and not has_models:
        if Step.DOWNLOAD not in steps and Step.RETRAIN not in steps:
            raise NotReady(f"There is no model for {run.basetag} yet.", texts.first_model_hint(run.basetag))
        steps.remove(Step.CLASSIFY)
        only = "this run only downloads" if Step.RETRAIN not in steps else "nothing is sorted before the training"
        notes.append(f"There is no model yet: {only}.")
    if Step.HARVEST in steps and not _harvests(run, options, flow):
        steps.remove(Step.HARVEST)
    if over_the_cap(options) and Step.DOWNLOAD in steps:
        notes.append(
            f"{options.quantity} images are more than one cycle's worth; this run takes {cfg.imgnum_maxpercycle}."
        )
    return steps, notes


def _harvests(run: Run, options: LoopOptions, flow: Flow) -> bool:
    """Harvest when told to, or when the person can be asked; otherwise as the setting says."""
    if options.harvest is not None:
        return options.harvest
    return cfg.harvest_default or (flow.asks_training and run.attended)


def _need_nobody(run: Run, options: LoopOptions, flow: Flow, steps: list[Step], models: int) -> None:
    """Raise BadUsage for the first question that this run would have to ask."""
    if Step.CLASSIFY in steps and not options.model and models > 1 and flow.asks:
        raise BadUsage(
            "--model is missing, and there is nobody to ask which one to use.",
            "Give --model NAME, or use classify_top or automatic, which take the best.",
        )
    if flow.asks_training:
        missing = [name for name in ASKED if name not in run.given and name not in ASKED_IF_ATTENDED]
        if missing:
            raise BadUsage(
                f"--{missing[0].replace('_', '-')} is missing, and there is nobody to ask.",
                "retrain_defaults takes the config's values and asks nothing.",
            )


def over_the_cap(options: LoopOptions) -> bool:
    return options.quantity > cfg.imgnum_maxpercycle


def _capped(run: Run, options: LoopOptions) -> LoopOptions:
    """At most one cycle's worth of images; at a terminal the person is asked first."""
    if not over_the_cap(options):
        return options
    if run.attended and not ask.one_cycle(options.quantity):
        raise Quit
    return replace(options, quantity=cfg.imgnum_maxpercycle)


# Doing it


def carry_out(run: Run, options: LoopOptions, flow: Flow) -> None:
    """Run the steps; results are added to the run's outcome as they come, so that a stop keeps what was done.

    Raises:
        RoboError, Quit: from the steps.
    """
    todo = plan(run, options, flow)
    options = _capped(run, options)
    steps = todo.steps
    if _asks_for_model(run, options, flow, steps):
        model = ask.which_model(run.basetag, run.catalogue, may_skip=options.quantity > 0)
        options = replace(options, model=str(model or ""))
        steps = steps if model else tuple(step for step in steps if step is not Step.CLASSIFY)
    if run.guided:
        ask.start(_plan_lines(run, options, steps), run.typed(**_chosen(run, options)))
    make_basetag(run.basetag, run.new_labels)
    for note in todo.notes:
        console.note(note)
    actions: dict[Step, Callable[[Run, LoopOptions, Flow], Result | None]] = {
        Step.DOWNLOAD: _download,
        Step.CLASSIFY: _classify,
        Step.HARVEST: _harvest,
        Step.RETRAIN: _retrain,
    }
    for step in steps:
        timed(run, step.value, lambda step=step: actions[step](run, options, flow))  # type: ignore[misc]
    got = dict(run.outcome.results).get(Step.DOWNLOAD.value)
    if got is not None and not getattr(got, "goes_on", False):
        run.catalogue.finish(options.searchtag)  # the whole run ended well: the same command downloads anew
    _offer_check(run, flow, steps)


def timed(run: Run, name: str, work: Callable[[], Result | None]) -> Result | None:
    """Do one step; its result and its seconds become part of what the run came to."""
    run.outcome.step, begin = name, time.monotonic()
    result = work()
    if result is not None:
        run.outcome.add(name, result, time.monotonic() - begin)
    return result


def _asks_for_model(run: Run, options: LoopOptions, flow: Flow, steps: tuple[Step, ...]) -> bool:
    several = len(model_store.all_models(run.basetag)) > 1
    return run.attended and flow.asks and Step.CLASSIFY in steps and not options.model and several


def _chosen(run: Run, options: LoopOptions) -> dict[str, object]:
    """What the person answered since the command was typed, as options."""
    return {"quantity": options.quantity} | ({"model": options.model} if options.model else {})


def _plan_lines(run: Run, options: LoopOptions, steps: tuple[Step, ...]) -> list[str]:
    """What the run will do, a line a step."""
    own = options.source.startswith(("folder:", "urls:", "video:"))
    bring, what = ("bring in", "images of yours as") if own else ("download", "new images of")
    about = {
        Step.DOWNLOAD: f"{bring} {options.quantity} {what} {options.searchtag} ({options.source})",
        Step.CLASSIFY: f"sort unsorted_{options.searchtag} with {options.model or 'the best model'}",
        Step.HARVEST: f"harvest {'what a person checked' if options.only_checked else 'all of the label folders'}",
        Step.RETRAIN: f"train {options.architecture}: {options.steps} steps of {options.batch_size}, "
        f"rate {options.learning_rate:g}, {options.test_percent} % held out to measure",
    }
    labels = [f"labels {', '.join(run.new_labels)}"] if run.new_labels else []
    return [f"basetag {run.basetag}", *(about[step] for step in steps), *labels]


def _download(run: Run, options: LoopOptions, flow: Flow) -> Result:
    from flow.download.step import download

    begin = time.monotonic()
    console.note(texts.downloading(options.quantity, options.searchtag, options.source))
    got = download(run.basetag, options, run.catalogue)
    if got.is_offline:
        console.note(
            texts.no_network(got.reason, run.basetag, options.quantity, options.searchtag, asks=_talks(run, flow))
        )
        elsewhere = ask.another_source(run.basetag, options) if _talks(run, flow) else None
        return _download(run, replace(options, **elsewhere), flow) if elsewhere else got
    tell_downloaded(run.basetag, got)
    notify.downloaded(run.basetag, got.line(), time.monotonic() - begin)
    return got


def _talks(run: Run, flow: Flow) -> bool:
    """Whether questions may come up on the way, and not only before the run."""
    return run.guided or (run.attended and flow.asks_training)


def _classify(run: Run, options: LoopOptions, flow: Flow) -> Result | None:
    ranked = leaderboard.ranked(run.basetag, run.catalogue)
    model = model_store.pick(ranked, options.model, run.basetag)
    console.note(texts.classifying(options.searchtag, model.name))
    try:
        done = classify(run.basetag, options.searchtag, run.stamp, run.catalogue, model)
    except RoboError as problem:
        if flow.never_asks and Step.RETRAIN in flow.steps:
            console.warn(f"nothing was classified: {problem.message}")
            return None
        other = next((m.name for m in ranked if m is not model and backbone.can_run(m)), None)
        raise RoboError(problem.message, f"The next best: --model {other}" if other else problem.hint) from problem
    tell_sorted(done)
    if done.folder:
        command = f"python roboflow.py {run.basetag} harvest"
        notify.classified(run.basetag, done.total, done.sure, done.total - done.sure, command)
    return done


def _harvest(run: Run, options: LoopOptions, flow: Flow) -> Result | None:
    from flow.harvest.step import harvest

    checked_only = options.only_checked
    if flow.asks_training and run.attended and options.harvest is None:
        answer = ask.what_to_harvest(run.basetag, provenance.pending_counts(run.basetag, run.catalogue))
        if answer == "none":
            return None
        checked_only = answer == "checked"
    done = harvest(run.basetag, run.stamp, run.catalogue, checked_only, options.sorted)
    tell_moved(done)
    return done


def _retrain(run: Run, options: LoopOptions, flow: Flow) -> Result:
    training: TrainOptions = options
    retrain_step.check_ready(run.basetag, training)
    if flow.asks_training and run.attended:
        training = ask.training_parameters(options, run.given)
    again = options.again or flow.asks
    done = train(run, training, attended=_talks(run, flow), again=again)
    if isinstance(done, Retrained) and cfg.models_keep and flow.never_asks:
        ranked = leaderboard.ranked(run.basetag, run.catalogue)
        console.note(f"  {prune.prune_unattended(run.basetag, ranked, cfg.models_keep).line()}")
    return done


def _offer_check(run: Run, flow: Flow, steps: tuple[Step, ...]) -> None:
    """After sorting at a terminal, and after the guide's first download: ENTER opens the check page."""
    results = dict(run.outcome.results)
    sorted_last = steps[-1:] == (Step.CLASSIFY,) and getattr(results.get(Step.CLASSIFY.value), "folder", None)
    got = getattr(results.get(Step.DOWNLOAD.value), "kept", 0)
    first = run.guided and steps == (Step.DOWNLOAD,) and got > 1 and not model_store.all_models(run.basetag)
    if run.attended and flow.asks and (sorted_last or first) and ask.open_check_page():
        from flow.base.options import filled
        from flow.commands.check import CheckCommandOptions, check

        timed(run, "check", lambda: check(run, filled(CheckCommandOptions, {})))


# Only saying what would be done


def would(run: Run, options: LoopOptions, flow: Flow) -> list[tuple[str, Result]]:
    """(step, what it would come to), found out without changing anything."""
    todo = plan(run, options, flow)
    for note in todo.notes:
        console.note(note)
    found: list[tuple[str, Result]] = []
    for step in todo.steps:
        if step is Step.HARVEST:
            from flow.harvest.step import harvest

            done = harvest(run.basetag, run.stamp, run.catalogue, options.only_checked, options.sorted, dry_run=True)
            found.append((step.value, done))
        elif step is Step.DOWNLOAD:
            from flow.download.preview import preview

            shown = preview(run.basetag, options)
            tell_preview(shown)
            found.append((step.value, shown))
        else:
            would_do = {Step.CLASSIFY: _would_classify, Step.RETRAIN: _would_retrain}
            found.append((step.value, Message(would_do[step](run, options, todo))))
    return found


def _would_classify(run: Run, options: LoopOptions, todo: Plan) -> str:
    folder = paths.unsorted_dir(run.basetag, options.searchtag)
    model = options.model or "the best model"
    copies = f"would sort copies of what is new among the {files.count_images(folder)} images of {folder.name}"
    return f"{copies} with {model} into sorted_{run.stamp}"


def _would_retrain(run: Run, options: LoopOptions, todo: Plan) -> str:
    if Step.HARVEST in todo.steps:
        return f"would then train {options.architecture} on what lies in {paths.training(run.basetag)}"
    counts = ", ".join(f"{label} {n}" for label, n in retrain_step.check_ready(run.basetag, options).items())
    return f"would train {options.architecture} on {counts}: a new folder in {paths.summaries(run.basetag)}"
