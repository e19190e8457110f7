"""training_photos/{basetag}/{label}/ -> training_summaries/{basetag}/{model}_acc91.72/"""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base import files, paths, runlog
from flow.base.errors import BadUsage, NotReady, Quit, RoboError
from flow.base.names import percent
from flow.models import backbone, forget, shelf
from flow.plan import Training
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.records.rows import CHOSEN, HUMAN
from flow.retrain import tuning
from flow.talk import console
from flow.talk.helps import HELPS

if TYPE_CHECKING:
    from scripts.learn.backbones import Backbone
    from scripts.learn.learning import Gathered, Job, Learned

IMAGES_LEAST = 20  # per label; fewer give no test set worth the name, whatever --images-min says
WORKING = ".training_"


@dataclass(frozen=True)
class Retrained:
    """A new model; how good it is stands in its facts (see scripts/learn/metrics.py for shares and intervals)."""

    model: shelf.Model
    seconds: float
    unreadable: int = 0
    warnings: tuple[str, ...] = field(default=())

    @property
    def code(self) -> int:
        return 3 if self.unreadable else 0

    def line(self) -> str:
        left_out = f", {self.unreadable} images left out" if self.unreadable else ""
        if not self.model.measured:
            why = "" if "tune" in self.model.facts else ", no image that a person sorted could be"
            return f"retrained {self.model.name}: not measured{why}{left_out}"
        share = self.model.facts["accuracy"]
        sure = f"between {percent(share['low'])} and {percent(share['high'])}, {self.model.measured_words}"
        return f"retrained {self.model.name}: {percent(share['value'])} right ({sure}){left_out}"

    def facts(self) -> dict:
        return {
            "model": self.model.name,
            "folder": str(self.model.folder),
            "accuracy": self.model.facts["accuracy"],
            "measured_on": self.model.measured_words,
            "unreadable": self.unreadable,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class NothingNew:
    """No new model: the same images, labels and parameters have made `model` already."""

    model: shelf.Model
    code: int = 0

    def line(self) -> str:
        return f"nothing new since {self.model.name}"

    def facts(self) -> dict:
        return {"model": self.model.name, "folder": str(self.model.folder), "nothing_new": True}


def check_ready(basetag: str, training: Training, least: int = IMAGES_LEAST) -> dict[str, int]:
    """Images per label, where there are enough to train on. Empty label folders are left out, and pointed out.

    Args:
        least: images each label needs, whatever --images-min says.

    Raises:
        NotReady: no such basetag, too few labels, or too few images, with the counts and what to do.
    """
    listed = labelling.label_counts(basetag)
    counts = {label: n for label, n in listed.items() if n}
    least = max(training.images_min, least)
    folder = paths.training(basetag)
    if not folder.is_dir():
        raise NotReady(
            f"There is no basetag {basetag} yet.", f"Make {folder} with one folder of images for each label."
        )
    if len(counts) < cfg.retrain_label_min:
        have = ", ".join(f"{label} {n}" for label, n in listed.items()) or "none"
        least_labels = f"at least {cfg.retrain_label_min} labels"
        raise NotReady(
            f"{basetag} needs images of {least_labels} and has {len(counts)} ({have}).",
            f"Make a folder for each label in {folder} and sort images into it.",
        )
    short = {label: n for label, n in counts.items() if n < least}
    if short:
        told = ", ".join(f"{label} {n}" for label, n in counts.items())
        raise NotReady(f"Too few images to train on: {told}; each label needs {least}.", _advice(folder, short, least))
    _point_out(basetag, [label for label, n in listed.items() if not n])
    return counts


def _point_out(basetag: str, empty: list[str]) -> None:
    """Say, once a run, which folders are not trained on."""
    said = [f"the label folder {label} is empty and left out of the training" for label in empty]
    said += [
        f"{folder} is not trained on: RoboFlow keeps that name for folders of its own; give it another"
        for folder in labelling.odd_folders(basetag)
    ]
    for text in said:
        if text not in console.warnings():
            console.warn(text)


def _advice(folder: Path, short: dict[str, int], least: int) -> str:
    label, n = min(short.items(), key=lambda pair: pair[1])
    text = f"Sort {least - n} more into {folder / label}"
    if least > IMAGES_LEAST and n >= IMAGES_LEAST:
        return text + f", or train on what there is with --images-min {max(IMAGES_LEAST, min(short.values()))}."
    return (
        text + f" (at least {IMAGES_LEAST} a label, with --images-min {IMAGES_LEAST})."
        if n < IMAGES_LEAST
        else text + "."
    )


def choose_backbone(training: Training, attended: bool) -> tuple["Backbone", Path]:
    """The backbone and its folder; where it cannot be fetched, the default one in its place.

    Attended, the person is asked first; unattended, a warning says so and the model's name tells.

    Raises:
        RoboError, BadUsage: no such backbone, it cannot learn as wanted, or cannot be had and the default was refused.
    """
    from scripts.learn import backbones

    wanted = backbone.named(training.architecture, _size(training))
    tuning.check(wanted, training)
    try:
        return wanted, backbone.located(wanted)
    except backbones.BackboneProblem as problem:
        if not problem.unreachable:
            raise RoboError(problem.message, problem.hint) from problem
        if attended and console.can_ask():
            console.note(problem.message)
            ask = f"Train with {backbones.DEFAULT} instead? It needs no network."
            if not console.yes_no(ask, True, HELPS["fetch"]):
                raise Quit from problem
        else:
            console.warn(f"{wanted.title} could not be fetched, so this model uses {backbones.DEFAULT}")
        runlog.warning(problem.message)
        spare = backbone.named(backbones.DEFAULT)
        return spare, backbone.located(spare)


def retrain(
    basetag: str,
    training: Training,
    stamp: str,
    catalogue: Catalogue,
    attended: bool = False,
    again: bool = True,
    least: int = IMAGES_LEAST,
) -> Retrained | NothingNew:
    """Train one model on everything in the basetag's label folders.

    Args:
        least: see `check_ready`.
        again: also where a model has been made of just this already.

    Raises:
        NotReady: too few images.
        RoboError: the backbone cannot be had, or the disk is full.
    """
    listed = sum(check_ready(basetag, training, least).values())
    chosen, folder = choose_backbone(training, attended)
    images = labelling.training_images(basetag, catalogue)
    job = make_job(images, training, catalogue, chosen, folder)
    if not again and (model := made_already(basetag, job)):
        return NothingNew(model)
    learned = tuning.learn(job, gather(job), attended)
    for path, why in learned.material.bad.items():
        console.warn(f"{path} is left out: {why}")
    done = publish(basetag, training, stamp, catalogue, learned)
    return replace(done, unreadable=done.unreadable + max(0, listed - len(images)))


def make_job(
    images: list[labelling.Labelled], training: Training, catalogue: Catalogue, chosen: "Backbone", folder: Path
) -> "Job":
    """The training images as they lie in the folders now (`labelling.training_images`), with everything else a
    training needs."""
    from scripts.learn.dataset import Picture, SplitRules, without_repeats
    from scripts.learn.learning import Job
    from scripts.learn.train import Recipe
    from scripts.learn.tune import Tune

    tuning.check(chosen, training)
    clashes = labelling.contradictions(images)
    if clashes:
        console.warn(f"{clashes} pictures lie in more than one label; each is used once, where a person put it")
    pictures = [Picture(i.path, i.label, i.sha256, i.given_by == HUMAN, i.came == CHOSEN) for i in images]
    recipe = Recipe(
        training.steps,
        training.batch_size,
        training.learning_rate,
        training.solver,
        training.seed,
        cfg.eval_step_interval,
    )
    rules = SplitRules(
        training.test_percent,
        training.validation_percent,
        cfg.test_min_per_label,
        cfg.robot_labels_max_ratio,
        cfg.robot_label_weight,
    )
    last = Tune(training.tune_epochs, training.tune_batch, training.tune_rate, training.folds)
    return Job(
        without_repeats(pictures),
        chosen,
        folder,
        recipe,
        rules,
        catalogue.splits(),
        tune=last if training.tune == "last" else None,
    )


def made_already(basetag: str, job: "Job") -> shelf.Model | None:
    """The model that the same images, labels and parameters have made."""
    from scripts.learn.learning import made_from

    digest = made_from(job)
    return next((m for m in shelf.all_models(basetag) if m.facts.get("made_from") == digest), None)


def gather(job: "Job") -> "Gathered":
    """Bottlenecks and split, with progress; what the scripts raise becomes what the front door understands."""
    from scripts.learn import dataset, learning
    from scripts.learn.backbones import BackboneProblem

    try:
        with console.progress(len(job.pictures), "bottlenecks") as advance:
            return learning.gather(job, tuning.places(), advance)
    except BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    except dataset.TooFewImages as problem:
        counts = ", ".join(f"{label} {n}" for label, n in problem.counts.items())
        raise NotReady(f"{problem} ({counts})", "Sort more images into the label folders.") from problem


def publish(basetag: str, training: Training, stamp: str, catalogue: Catalogue, learned: "Learned") -> Retrained:
    """Freeze the split, write the model beside, and give its folder its name."""
    from scripts import retrain
    from scripts.learn import building, model_files

    version = catalogue.add_splits(learned.material.fresh)
    home = files.make_folder(paths.summaries(basetag))
    sweep(home)
    stem = model_files.parameters_in_name(learned.job.backbone.name, learned.job.backbone.input_size, asdict(training))
    share = learned.trained.facts["accuracy"]
    final = files.free_folder(home, f"{stem}_acc{100 * share['value']:.2f}" if share["total"] else f"{stem}_unmeasured")
    working = home / f"{WORKING}{stamp}_{final.name}"
    files.need_space(home, 200)
    facts = {
        "name": final.name,
        "basetag": basetag,
        "test_version": version,
        "stamp": stamp,
        "listed": labelling.label_counts(basetag),
    }
    retrain.write_model(learned, working, facts, kept=tuning.places().graphs)
    tuning.make_ready(learned, working)
    building.sync(working)
    files.move_folder(working, final)
    model = next(m for m in shelf.all_models(basetag) if m.folder == final)
    seconds = sum(learned.seconds.values())
    return Retrained(model, round(seconds, 1), len(learned.material.bad), tuple(learned.trained.warnings))


def sweep(home: Path) -> None:
    """Remove half-written and half-forgotten models of killed runs; they hold nothing that anybody wants."""
    for start in (WORKING, forget.LEAVING):
        files.sweep_folders(home, start)


def _size(training: Training) -> int:
    """The image size to ask for, 0 = the backbone's own. One that has but one size refuses any other that was chosen;
    the settings' default counts as not chosen."""
    from scripts.learn import backbones

    if training.architecture not in backbones.names():
        return training.image_size
    own = backbone.named(training.architecture)
    if training.image_size == cfg.retrain_imgsize_default and not backbones.leaves_size(own.name):
        return 0
    if not own.sizes and training.image_size != own.input_size:
        raise BadUsage(
            f"{own.name} looks at {own.input_size} x {own.input_size} pixels, not {training.image_size}.",
            f"Leave --image-size out, or give {own.input_size}.",
        )
    return training.image_size
