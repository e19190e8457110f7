"""training_photos/{basetag}/{label}/ -> training_summaries/{basetag}/{model}_acc91.72/"""

from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

import config as cfg
from flow.base import paths, runlog
from flow.base.errors import BadUsage, NotReady, Quit, RoboError, Stopped
from flow.base.learning import api, cache_paths, find_backbone, problems
from flow.models import backbone, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.rows import CHOSEN, PERSON
from flow.retrain import try_harder, tuning
from flow.retrain.options import TrainOptions
from flow.retrain.publish import publish
from flow.retrain.result import NothingNew, Retrained
from flow.ui import console
from flow.ui.question_help import HELPS

IMAGES_LEAST = 20  # a label, whatever --images-min says; fewer hardly measure anything


def check_ready(basetag: str, training: TrainOptions, least: int = IMAGES_LEAST) -> dict[str, int]:
    """Images per label, where there are enough to train on. Empty label folders are left out with a warning; labels
    with very few images are left out too, and the result's line names them.

    Args:
        least: images that each label needs, whatever --images-min says.

    Raises:
        NotReady: there is no such basetag, or it has too few labels or images; with the counts and what to do.
    """
    listed = provenance.label_counts(basetag)
    few = provenance.left_out(listed, training.images_min)
    counts = {label: n for label, n in listed.items() if n and label not in few}
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
        have = ", ".join(f"{label} {n}" for label, n in counts.items())
        raise NotReady(f"Too few images to train on: {have}; each label needs {least}.", _advice(folder, short, least))
    _point_out(basetag, [label for label, n in listed.items() if not n])
    return counts


def _point_out(basetag: str, empty: list[str]) -> None:
    """Warn, once a run, about folders that are not trained on."""
    warnings = [f"the label folder {label} is empty, so it is not trained on" for label in empty]
    warnings += [
        f"{folder} is not trained on, because RoboFlow uses that name for its own folders: rename it"
        for folder in provenance.odd_folders(basetag)
    ]
    for text in warnings:
        if text not in console.warnings():
            console.warn(text)


def _advice(folder: Path, short: dict[str, int], least: int) -> str:
    label, n = min(short.items(), key=lambda pair: pair[1])
    text = f"Sort {least - n} more into {folder / label}"
    if least > IMAGES_LEAST and n >= IMAGES_LEAST:
        return text + f", or train on these with --images-min {max(IMAGES_LEAST, min(short.values()))}."
    return (
        text + f" (at least {IMAGES_LEAST} a label, with --images-min {IMAGES_LEAST})."
        if n < IMAGES_LEAST
        else text + "."
    )


def choose_backbone(training: TrainOptions, attended: bool, labels: int = 0) -> tuple["api.Backbone", Path]:
    """The backbone and its folder; where it cannot be fetched, the default backbone.

    A person is asked first, where one can be; else a warning says so. The model's name says which one it uses.

    Args:
        labels: of the model, 0 = not known yet.

    Raises:
        RoboError, BadUsage: there is no such backbone, or it cannot be trained or had.
        Quit: the person does not want the default one.
    """
    wanted = find_backbone(training.architecture, _size(training), training.precision)
    tuning.check(wanted, training)
    try:
        return wanted, backbone.fetch(wanted, labels)
    except api.BackboneProblem as problem:
        if not problem.unreachable:
            raise RoboError(problem.message, problem.hint) from problem
        if attended and console.can_ask():
            console.note(problem.message)
            ask = f"Train with {api.DEFAULT_BACKBONE} instead? It needs no network."
            if not console.yes_no(ask, True, HELPS["fetch"]):
                raise Quit from problem
        else:
            console.warn(f"{wanted.title} could not be fetched, so this model uses {api.DEFAULT_BACKBONE}")
        runlog.warning(problem.message)
        spare = find_backbone(api.DEFAULT_BACKBONE, precision=training.precision)
        return spare, backbone.fetch(spare, labels)


def retrain(
    basetag: str,
    training: TrainOptions,
    stamp: str,
    catalogue: Catalogue,
    attended: bool = False,
    again: bool = True,
    least: int = IMAGES_LEAST,
) -> Retrained | NothingNew:
    """Train one model on everything in the basetag's label folders.

    Args:
        attended: a person is there: what --tune auto tries besides the head comes later, if they like (`harder`).
        least: see `check_ready`.
        again: train also where the same images, labels and parameters have made a model already.

    Raises:
        NotReady: there are too few images.
        RoboError: the backbone cannot be had, or the disk is full.
    """
    counts = check_ready(basetag, training, least)
    chosen, folder = choose_backbone(training, attended, len(counts))
    job, images = _job_on(counts, basetag, training, catalogue, chosen, folder)
    few = provenance.left_out(provenance.label_counts(basetag), training.images_min)
    tries = training.tune == "auto" and training.effort != try_harder.QUICK and not attended
    if not again and (model := made_already(basetag, job, training.effort if tries else "")):
        return NothingNew(model, few)
    prepared = gather(job)
    learned, selection = tuning.train(job, prepared, attended), None
    if tries:
        try:
            found = try_harder.choose(training, prepared, learned, try_harder.seconds_for(training.effort))
        except (KeyboardInterrupt, Stopped):
            head = publish(basetag, training, stamp, catalogue, learned)  # the head is there, and works
            console.note(f"  {head.line()}")
            raise
        learned, training, selection = found.learned, found.training, found.selection
    for path, reason in learned.dataset.unreadable.items():
        console.warn(f"{path} is left out: {reason}")
    done = publish(basetag, training, stamp, catalogue, learned, selection)
    return replace(done, unreadable=done.unreadable + max(0, sum(counts.values()) - images), left_out=few)


def _job_on(
    labels: Container[str],
    basetag: str,
    training: TrainOptions,
    catalogue: Catalogue,
    chosen: "api.Backbone",
    folder: Path,
) -> tuple["api.TrainingJob", int]:
    """A training on the images that have these labels now, and how many files that are."""
    images = [image for image in provenance.training_images(basetag, catalogue) if image.label in labels]
    return make_job(images, training, catalogue, chosen, folder), len(images)


def harder(
    basetag: str,
    training: TrainOptions,
    stamp: str,
    catalogue: Catalogue,
    head: Retrained,
    stop: Callable[[], bool] = lambda: False,
) -> Retrained:
    """What --tune auto tries besides the head that `retrain` has just made of the same images.

    Args:
        stop: asked again and again; the best so far stays.

    Returns:
        A new model where one is clearly better, else the head; with what was tried.

    Raises:
        RoboError: the backbone cannot be tuned, or the disk is full.
    """
    job = job_of(basetag, training, catalogue, head.model)
    found = try_ways(training, job, try_harder.seconds_for(training.effort), stop, attended=True)
    if found.is_head:
        return kept(head, found.selection)
    return publish(basetag, found.training, stamp, catalogue, found.learned, found.selection)


def try_ways(
    training: TrainOptions, job: "api.TrainingJob", seconds: float, stop: Callable[[], bool], attended: bool = False
) -> try_harder.Better:
    """Train the head of a job again, in a moment, then the other ways; see `try_harder.choose`."""
    prepared = gather(job)
    return try_harder.choose(training, prepared, api.fit(job, prepared), seconds, stop, attended)


def kept(head: Retrained, selection: dict) -> Retrained:
    """The head, as nothing that was tried is clearly better; what was tried stays with it."""
    model_store.add_facts(head.model, {"selection": selection})
    return replace(head, selection=selection)


def job_of(basetag: str, training: TrainOptions, catalogue: Catalogue, model: model_store.Model) -> "api.TrainingJob":
    """A training on the images as they are now, with the labels that a model knows."""
    chosen, folder = choose_backbone(training, attended=False)
    return _job_on(model.labels, basetag, training, catalogue, chosen, folder)[0]


def make_job(
    images: list[provenance.LabeledImage],
    training: TrainOptions,
    catalogue: Catalogue,
    chosen: "api.Backbone",
    folder: Path,
) -> "api.TrainingJob":
    """Everything that a training needs.

    Args:
        images: the training images as they are in the folders now (`provenance.training_images`).
    """
    tuning.check(chosen, training)
    clashes = provenance.conflicting_labels(images)
    if clashes:
        console.warn(f"images with more than one label: {clashes}; each is used once, as a person labelled it")
    labelled = [api.LabeledImage(i.path, i.label, i.sha256, i.given_by == PERSON, i.sampling == CHOSEN) for i in images]
    head_config = api.HeadConfig(
        training.steps,
        training.batch_size,
        training.learning_rate,
        training.solver,
        training.seed,
        cfg.eval_step_interval,
    )
    rules = api.SplitRules(
        training.test_percent,
        training.validation_percent,
        cfg.test_min_per_label,
        cfg.robot_labels_max_ratio,
        cfg.robot_label_weight,
    )
    last = api.TuneConfig(training.tune_epochs, training.tune_batch, training.tune_rate, training.folds)
    return api.TrainingJob(
        api.without_repeats(labelled),
        chosen,
        folder,
        head_config,
        rules,
        catalogue.splits(),
        tune=last if training.tune == "last" else None,
        groups=catalogue.groups(),
    )


def made_already(basetag: str, job: "api.TrainingJob", effort: str = "") -> model_store.Model | None:
    """The model that was made of the same images, labels and parameters, if there is one.

    Args:
        effort: of --tune auto: a model for which less was tried does not count.
    """
    digest = api.job_digest(job)
    for model in model_store.all_models(basetag):
        selection = model.facts.get("selection") or {}
        if effort and selection.get("of") == digest and _rank(selection.get("effort")) >= _rank(effort):
            return model
        if not effort and model.facts.get("made_from") == digest:
            return model
    return None


def _rank(effort: object) -> int:
    return try_harder.EFFORTS.index(effort) if effort in try_harder.EFFORTS else -1


def gather(job: "api.TrainingJob") -> "api.PreparedData":
    """Embeddings and split of a training, with a progress bar. Raises RoboError, NotReady."""
    with console.progress(len(job.images), "embeddings") as advance, problems():
        prepared = api.prepare_data(job, cache_paths(), advance)
    if prepared.speed:
        console.detail(prepared.speed)
    return prepared


def _size(training: TrainOptions) -> int:
    """The image size to ask for, 0 = the backbone's own. The default of the settings counts as not chosen.

    Raises:
        BadUsage: a size was chosen that the backbone does not have.
    """
    if training.architecture not in api.backbone_names():
        return training.image_size
    own = find_backbone(training.architecture)
    if training.image_size == cfg.retrain_imgsize_default and not api.has_size_choice(own.name):
        return 0
    if not own.sizes and training.image_size != own.input_size:
        raise BadUsage(
            f"{own.name} takes images of {own.input_size} x {own.input_size} pixels, not {training.image_size}.",
            f"Leave --image-size out, or give {own.input_size}.",
        )
    return training.image_size
