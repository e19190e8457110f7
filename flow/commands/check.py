"""check: check sorted images, or label the first ones, in the browser."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import config as cfg
from flow.base.errors import NotReady
from flow.check.step import CheckOptions, CheckSession, check_once
from flow.classify import classify
from flow.commands.camera import camera_from
from flow.commands.command import Command, Result, Run, Section
from flow.commands.page_steps import PageTraining, StepDone, few_will_do
from flow.commands.tell import tell_moved, tell_sorted
from flow.models import model_store
from flow.records import provenance
from flow.retrain import step as retrain_step
from flow.retrain.options import TrainOptions


@dataclass(frozen=True)
class CheckCommandOptions(TrainOptions, CheckOptions):
    """The page's options, and those of a training that is started on it."""


def check(run: Run, options: CheckCommandOptions) -> Result:
    """Serve the page; harvest and train where the person asks for it there."""

    def backbone():  # type: ignore[no-untyped-def]
        return retrain_step.choose_backbone(options, attended=False)

    training = PageTraining(run)
    session = CheckSession(run.basetag, run.stamp, run.catalogue, options, backbone, run.lock, training.start_trial)
    steps: dict[str, Callable[[], Any]] = {
        "harvest": lambda: _harvest(run),
        "retrain": lambda: training.train(few_will_do(provenance.label_counts(run.basetag), options)),
        "first_model": lambda: _first_model(run, options, training),
        "camera": lambda: camera_from(session, run, options),
    }
    return check_once(session, lambda step: steps[step]())


def _harvest(run: Run) -> Result:
    from flow.harvest.step import harvest

    done = harvest(run.basetag, run.stamp, run.catalogue, checked_only=True)
    tell_moved(done)
    return done


def _first_model(run: Run, options: TrainOptions, training: PageTraining) -> StepDone:
    """What was labelled becomes training data, a first model learns from it, and it sorts the other images.

    Raises:
        NotReady: fewer than two labels have images; nothing was changed.
        RoboError: from the training or the sorting; done again, it goes on from there.
    """
    from flow.harvest.import_decisions import counts_after, import_decisions

    counts = counts_after(run.basetag, run.catalogue)
    few = provenance.left_out(counts, options.images_min)
    if len(counts) - len(few) < cfg.retrain_label_min:
        least = min(provenance.IMAGES_FEW, options.images_min)
        have = ", ".join(f"{label} {n}" for label, n in counts.items()) or "none"
        raise NotReady(
            f"A model needs at least {cfg.retrain_label_min} labels with {least} images or more (labelled: {have}).",
            "Go on labelling; for less, open the page with --images-min 1."
            if few
            else "Label some images differently.",
        )
    imported = import_decisions(run.basetag, run.stamp, run.catalogue)
    tell_moved(imported)
    done = training.train(few_will_do(counts, options), (imported,))
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
