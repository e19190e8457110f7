"""One training from images to a trained model: embeddings, split, head, and tuned last layers where asked for.

Nothing is written but the stores of embeddings and hashes; `scripts/retrain.py` writes a model folder of the result.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from scripts.learn import (
    activations,
    augmentation,
    backbones,
    build_ahead,
    dataset,
    embeddings,
    runners,
    tune,
    unchecked,
)
from scripts.learn.activations import Activations
from scripts.learn.augmentation import Augmentation
from scripts.learn.backbones import Backbone
from scripts.learn.cache_paths import CachePaths
from scripts.learn.dataset import Dataset, LabeledImage, SplitRules
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import IN_NO_FOLD, Examples, Head
from scripts.learn.memory_budget import give_back_to_system
from scripts.learn.split import TEST
from scripts.learn.train import HeadConfig, train
from scripts.learn.trained_head import TrainedHead
from scripts.learn.tunable_layers import TunedNetwork
from scripts.learn.tune import TuneConfig, TuneRun
from scripts.learn.unchecked import Verdict

METHOD = 4  # version of how a head is trained and calibrated; part of a training's digest


@dataclass(frozen=True)
class TrainingJob:
    """Everything that a training needs.

    `folder`: of the backbone; `frozen`: content hash -> TEST, of images held out by earlier runs; `checkpoint`: called
    with (step, head) every `checkpoint_every` steps; `tune`: None = only the head is trained; `groups`: content hash ->
    group, see `dataset.build_dataset`.
    """

    images: list[LabeledImage]
    backbone: Backbone
    folder: Path
    head_config: HeadConfig = field(default_factory=HeadConfig)
    split_rules: SplitRules = field(default_factory=SplitRules)
    frozen: dict[str, str] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    checkpoint: Callable[[int, Head], None] | None = None
    checkpoint_every: int = 0
    tune: TuneConfig | None = None
    groups: dict[str, str] = field(default_factory=dict)


@dataclass
class TrainingResult:
    """What came of a job.

    `seconds`: name of a part -> what it took; `tuned_network`: None = the shared backbone; where there is one, the
    dataset's vectors are its features and `backbone_key` is its own; `tuning_facts`: for model.json.
    """

    job: TrainingJob
    dataset: Dataset
    trained: TrainedHead
    backbone_key: str
    vector_length: int
    seconds: dict[str, float]
    tuned_network: TunedNetwork | None = None
    tuning_facts: dict = field(default_factory=dict)


@dataclass
class PreparedData:
    """What several trainings on the same images and backbone share. `activations`: what tuning starts from, once they
    were computed; `speed`: see `runners.Runner`."""

    dataset: Dataset
    augmented: Examples | None
    key: str
    vector_length: int
    seconds: float
    activations: Activations | None = None
    speed: str = ""


def prepare_data(
    job: TrainingJob, places: CachePaths, progress: Callable[[int], None] = lambda n: None, way: str = "auto"
) -> PreparedData:
    """Embeddings, groups and split of a job's images, and distorted copies where asked for.

    Args:
        progress: called with how many more images have their embeddings.
        way: of running the backbone, see `runners.open_runner`.

    Raises:
        BackboneProblem, TooFewImages.
    """
    begin = time.monotonic()
    if job.tune is None and way != "full":
        build_ahead.build_missing(job.backbone, job.folder, len({image.label for image in job.images}), places)
    runner = runners.open_runner(job.backbone, job.folder, places.converted, way)
    with (
        HashCache(places.hashes) as hashes,
        embeddings.EmbeddingStore(embeddings.store_path(places.bottlenecks, job.backbone, runner.key)) as store,
    ):
        data = dataset.build_dataset(
            job.images, runner, store, hashes, job.split_rules, job.frozen, progress, job.groups
        )
        augmented = augmentation.examples(data, job.augmentation, runner, store) if job.augmentation else None
    return PreparedData(data, augmented, runner.key, runner.vector_length, time.monotonic() - begin, speed=runner.speed)


def fit(job: TrainingJob, prepared: PreparedData) -> TrainingResult:
    """Train a head on prepared data. (Tuning: `prepare_tuning` and `finish_tuning`.)"""
    begin = time.monotonic()
    data, verdict = unchecked.keep_if_helpful(prepared.dataset, job.head_config)
    augmented = _without_unchecked(prepared.augmented, verdict)
    trained = train(data, job.head_config, augmented, job.checkpoint, job.checkpoint_every)
    give_back_to_system()  # what follows (a report with maps) needs room of its own
    _report_unchecked(trained, verdict)
    seconds = {"bottlenecks": round(prepared.seconds, 3), "head": round(time.monotonic() - begin, 3)}
    return TrainingResult(job, data, trained, prepared.key, prepared.vector_length, seconds)


def _without_unchecked(augmented: Examples | None, verdict: Verdict) -> Examples | None:
    """The distorted copies, without those of unchecked images where these are not trained on."""
    if augmented is None or augmented.folds is None or verdict.helps:
        return augmented
    return augmented.take(augmented.folds != IN_NO_FOLD)


def _report_unchecked(trained: TrainedHead, verdict: Verdict) -> None:
    """Put the verdict on unchecked images into the facts and, where they are not trained on, the warnings."""
    if verdict.images:
        trained.facts["unchecked"] = verdict.facts()
    trained.warnings += [verdict.sentence] if verdict.sentence else []


def run_job(
    job: TrainingJob, places: CachePaths, progress: Callable[[int], None] = lambda n: None, way: str = "auto"
) -> TrainingResult:
    """Prepare and train. Arguments and errors as of `prepare_data` and `prepare_tuning`."""
    prepared = prepare_data(job, places, progress, way)
    if job.tune is None:
        return fit(job, prepared)
    run = prepare_tuning(job, prepared, places, way=way)
    run.run()
    return finish_tuning(job, prepared, run)


def prepare_tuning(
    job: TrainingJob,
    prepared: PreparedData,
    places: CachePaths,
    progress: Callable[[int], None] = lambda n: None,
    way: str = "auto",
    folds: int | None = None,
) -> TuneRun:
    """A tuning ready to be run: its head trained, and the activations of the images computed, once for all tunings of
    the same images.

    Args:
        progress: called with how many more images are through the first stages.
        folds: further trainings that measure; None = as many as `tune.fold_count` says.

    Raises:
        BackboneProblem: the backbone cannot be tuned.
        OSError: the disk has no room for the activations.
    """
    assert job.tune is not None
    begin = time.monotonic()
    network = activations.network_of(job.backbone)
    if prepared.activations is None:
        trunk = activations.trunk_of(job.backbone, network, places.models)
        prepared.activations = activations.compute(
            prepared.dataset.images, trunk, network, places.converted, places.bottlenecks, progress, way
        )
    data, verdict = unchecked.keep_if_helpful(prepared.dataset, job.head_config)
    run = TuneRun(data, job.head_config, job.tune, prepared.activations, network, folds)
    run.verdict, run.prepare_seconds = verdict, time.monotonic() - begin
    return run


def finish_tuning(job: TrainingJob, prepared: PreparedData, run: TuneRun) -> TrainingResult:
    """The result of a tuning, also of one that was interrupted."""
    tuned, data, trained = run.finish()
    _report_unchecked(trained, run.verdict)
    seconds = {
        "bottlenecks": round(prepared.seconds, 3),
        "head": round(run.prepare_seconds, 3),
        "tuning": round(run.run_seconds, 3),
    }
    facts = {
        **asdict(run.how),
        "cut_after_stage": run.cut,
        "steps": run.steps_done,
        "of_steps": run.steps,
        "trainings": run.trainings,
        "maps_on_disk": run.activations.on_disk,
    }
    key = tune.key_of(prepared.key, tuned)
    return TrainingResult(job, data, trained, key, prepared.vector_length, seconds, tuned, facts)


def job_digest(job: TrainingJob, newly_held_out: dict[str, str] | None = None) -> str:
    """sha256 (hex) of everything that a training depends on: same digest, same model.

    Args:
        newly_held_out: by the training itself; the next one will find them held out.
    """
    images = sorted((i.sha256, i.label, i.human, i.chosen) for i in job.images)
    here = {i.sha256 for i in job.images}
    held_out = {**job.frozen, **(newly_held_out or {})}
    tests = sorted(sha for sha, part in held_out.items() if part == TEST and sha in here)
    config = [
        asdict(job.head_config),
        split_facts(job.split_rules),
        asdict(job.augmentation),
        *([asdict(job.tune)] if job.tune else []),
    ]
    groups = sorted((sha, name) for sha, name in job.groups.items() if sha in here)
    # The JSON of one list of all this, image by image, as that of 100,000 images at once takes room.
    before = json.dumps([METHOD, backbones.key_of(job.backbone, job.folder), config])
    digest = hashlib.sha256(f"{before[:-1]}, [".encode())
    for number, image in enumerate(images):
        digest.update(f"{', ' if number else ''}{json.dumps(image)}".encode())
    digest.update(f"], {json.dumps([tests, groups])[1:]}".encode())
    return digest.hexdigest()


def split_facts(rules: SplitRules) -> dict[str, object]:
    """The rules by the names that models and digests of earlier versions have."""
    return {
        "test_percent": rules.test_percent,
        "validation_percent": rules.validation_percent,
        "least": rules.test_min,
        "robot_ratio": rules.model_ratio,
        "robot_weight": rules.model_weight,
    }
