"""One training from pictures to what was learned: bottlenecks, split, head, and the last layers where those learn too.

Nothing is written but the stores of bottlenecks and hashes; `scripts/retrain.py` makes a model folder of the result.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import activations, augmentation, backbones, dataset, embeddings, runners, tune, unchecked
from scripts.learn.augmentation import Augmentation
from scripts.learn.backbones import Backbone
from scripts.learn.dataset import Dataset, LabeledImage, SplitRules
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import IN_NO_FOLD, Examples, Head
from scripts.learn.train import HeadConfig, TrainedHead, train
from scripts.learn.tune import Net, TuneConfig, TuneRun
from scripts.learn.unchecked import Verdict

METHOD = 4  # version of how a head is trained and calibrated; part of what a model is made from


@dataclass(frozen=True)
class CachePaths:
    """Where things are kept between runs: backbones, bottlenecks, content hashes."""

    models: Path
    bottlenecks: Path
    hashes: Path | None = None

    @property
    def converted(self) -> Path:
        return self.models / "converted"

    @property
    def graphs(self) -> Path:
        """Graphs with an empty head; see `model_files.save_graph`."""
        return self.models / "converted" / "graphs"


@dataclass(frozen=True)
class TrainingJob:
    """One training: the pictures, the backbone and its folder, the parameters, and what is frozen of the split."""

    images: list[LabeledImage]
    backbone: Backbone
    folder: Path
    head_config: HeadConfig = field(default_factory=HeadConfig)
    split_rules: SplitRules = field(default_factory=SplitRules)
    frozen: dict[str, str] = field(default_factory=dict)
    augmentation: Augmentation = field(default_factory=Augmentation)
    keep: Callable[[int, Head], None] | None = None
    keep_every: int = 0
    tune: TuneConfig | None = None  # None: only the head learns
    together: dict[str, str] = field(default_factory=dict)  # content hash -> what it belongs to; see `dataset.gather`


@dataclass
class TrainingResult:
    """The result of a Job. `seconds`: what each part took; `net`: the network where it was tuned, whose features the
    material's vectors are then, and `backbone_key` is its own."""

    job: TrainingJob
    dataset: Dataset
    trained: TrainedHead
    backbone_key: str
    vector_length: int
    seconds: dict[str, float]
    tuned_network: Net | None = None
    tuning_facts: dict = field(default_factory=dict)  # how the tuning went, for model.json


@dataclass
class PreparedData:
    """What several trainings on the same pictures and backbone share."""

    dataset: Dataset
    augmented: Examples | None
    key: str
    vector_length: int
    seconds: float
    maps: activations.Activations | None = None  # what tuning learns from, once it was computed


def prepare_data(
    job: TrainingJob, places: CachePaths, progress: Callable[[int], None] = lambda n: None, way: str = "auto"
) -> PreparedData:
    """Bottlenecks, groups and split of a job's pictures, and the distorted copies where asked for.

    Raises:
        BackboneProblem, TooFewImages.
    """
    begin = time.monotonic()
    runner = runners.open_runner(job.backbone, job.folder, places.converted, way)
    with (
        HashCache(places.hashes) as book,
        embeddings.EmbeddingStore(embeddings.store_path(places.bottlenecks, job.backbone, runner.key)) as store,
    ):
        stuff = dataset.build_dataset(
            job.images, runner, store, book, job.split_rules, job.frozen, progress, job.together
        )
        extra = _distorted(stuff, job.augmentation, runner, store) if job.augmentation else None
    return PreparedData(stuff, extra, runner.key, runner.vector_length, time.monotonic() - begin)


def fit(job: TrainingJob, gathered: PreparedData) -> TrainingResult:
    """Train on what was gathered; nothing is written. (A tuning goes by `prepare_tuning` and `finish_tuning`.)"""
    begin = time.monotonic()
    material, verdict = unchecked.checked(gathered.dataset, job.head_config)
    trained = train(material, job.head_config, _kept(gathered.augmented, verdict), job.keep, job.keep_every)
    _tell(trained, verdict)
    seconds = {"bottlenecks": round(gathered.seconds, 3), "head": round(time.monotonic() - begin, 3)}
    return TrainingResult(job, material, trained, gathered.key, gathered.vector_length, seconds)


def _kept(extra: Examples | None, verdict: Verdict) -> Examples | None:
    """The distorted copies, without those of unchecked images where these are left alone."""
    if extra is None or extra.folds is None or verdict.taken:
        return extra
    return extra.take(extra.folds != IN_NO_FOLD)


def _tell(trained: TrainedHead, verdict: Verdict) -> None:
    """What came of the unchecked images, among the facts and, where they are left alone, the warnings."""
    if verdict.images:
        trained.facts["unchecked"] = verdict.facts()
    trained.warnings += [verdict.words] if verdict.words else []


def run_job(
    job: TrainingJob, places: CachePaths, progress: Callable[[int], None] = lambda n: None, way: str = "auto"
) -> TrainingResult:
    """Gather and train; nothing is written but the stores. Raises as `prepare_data` and `prepare_tuning`."""
    gathered = prepare_data(job, places, progress, way)
    if job.tune is None:
        return fit(job, gathered)
    under_way = prepare_tuning(job, gathered, places, way=way)
    under_way.run()
    return finish_tuning(job, gathered, under_way)


def prepare_tuning(
    job: TrainingJob,
    gathered: PreparedData,
    places: CachePaths,
    progress: Callable[[int], None] = lambda n: None,
    way: str = "auto",
) -> TuneRun:
    """A tuning ready to be run: its head trained, and the first stages' maps of the pictures and their mirror images
    computed, once for all that is tuned on the same pictures.

    Args:
        progress: called with how many more pictures are through the first stages.

    Raises:
        BackboneProblem: the backbone cannot be tuned.
        OSError: the disk has no room for the maps.
    """
    assert job.tune is not None
    begin = time.monotonic()
    network = activations.network_of(job.backbone)
    if gathered.maps is None:
        trunk = activations.trunk_of(job.backbone, network, places.models)
        gathered.maps = activations.compute(
            gathered.dataset.images, trunk, network, places.converted, places.bottlenecks, progress, way
        )
    material, verdict = unchecked.checked(gathered.dataset, job.head_config)
    ready = TuneRun(material, job.head_config, job.tune, gathered.maps, network)
    ready.verdict, ready.seconds = verdict, time.monotonic() - begin
    return ready


def finish_tuning(job: TrainingJob, gathered: PreparedData, run: TuneRun) -> TrainingResult:
    """What a tuning has come to, also one that was interrupted."""
    net, material, trained = run.finish()
    _tell(trained, run.verdict)
    seconds = {"bottlenecks": round(gathered.seconds, 3), "head": round(run.seconds, 3), "tuning": round(run.took, 3)}
    key = tune.key_of(gathered.key, net)
    told = {
        **asdict(run.how),
        "cut_after_stage": run.cut,
        "steps": run.done,
        "of_steps": run.steps,
        "trainings": run.trainings,
        "maps_on_disk": run.activations.on_disk,
    }
    return TrainingResult(job, material, trained, key, gathered.vector_length, seconds, net, told)


def job_digest(job: TrainingJob, fresh: dict[str, str] | None = None) -> str:
    """sha256 (hex) of everything a training depends on: same digest, same model.

    Args:
        fresh: what the training itself has newly set apart, which the next one will find set apart.
    """
    images = sorted((p.sha256, p.label, p.human, p.chosen) for p in job.images)
    here = {p.sha256 for p in job.images}
    apart = sorted(sha for sha, part in {**job.frozen, **(fresh or {})}.items() if part == "test" and sha in here)
    how = [
        asdict(job.head_config),
        asdict(job.split_rules),
        asdict(job.augmentation),
        *([asdict(job.tune)] if job.tune else []),
    ]
    together = sorted((sha, name) for sha, name in job.together.items() if sha in here)
    told = json.dumps([METHOD, backbones.key_of(job.backbone, job.folder), how, images, apart, together])
    return hashlib.sha256(told.encode()).hexdigest()


def _distorted(stuff: Dataset, how: Augmentation, runner: runners.Runner, store: embeddings.EmbeddingStore) -> Examples:
    """Training rows from distorted copies of the training pictures; each has its original's weight and fold."""
    vectors, labels, weights, folds = [], [], [], []
    for i in np.flatnonzero(stuff.train):
        made = embeddings.compute_pixels(augmentation.copies(stuff.images[i], how, runner.input_size), runner, store)
        vectors += list(made.values())
        labels += [stuff.y[i]] * len(made)
        weights += [stuff.weights[i]] * len(made)
        folds += [stuff.folds[i]] * len(made)
    shape = (len(vectors), stuff.vectors.shape[1])
    return Examples(
        np.array(vectors, np.float32).reshape(shape),
        np.array(labels, int),
        np.array(weights, np.float32),
        len(stuff.labels),
        np.array(folds, int),
    )
