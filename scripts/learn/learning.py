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

from scripts.learn import activations, backbones, bottlenecks, dataset, distort, runners, tune
from scripts.learn.backbones import Backbone
from scripts.learn.dataset import Material, Picture, SplitRules
from scripts.learn.distort import Distortions
from scripts.learn.hashes import HashBook
from scripts.learn.head import Examples, Head
from scripts.learn.train import Recipe, Trained, train
from scripts.learn.tune import Net, Tune, Tuning

METHOD = 3  # version of how a head is trained and calibrated; part of what a model is made from


@dataclass(frozen=True)
class Places:
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
class Job:
    """One training: the pictures, the backbone and its folder, the parameters, and what is frozen of the split."""

    pictures: list[Picture]
    backbone: Backbone
    folder: Path
    recipe: Recipe = field(default_factory=Recipe)
    rules: SplitRules = field(default_factory=SplitRules)
    frozen: dict[str, str] = field(default_factory=dict)
    distortions: Distortions = field(default_factory=Distortions)
    keep: Callable[[int, Head], None] | None = None
    keep_every: int = 0
    tune: Tune | None = None  # None: only the head learns


@dataclass
class Learned:
    """The result of a Job. `seconds`: what each part took; `net`: the network where it was tuned, whose features the
    material's vectors are then, and `backbone_key` is its own."""

    job: Job
    material: Material
    trained: Trained
    backbone_key: str
    vector_length: int
    seconds: dict[str, float]
    net: Net | None = None
    told: dict = field(default_factory=dict)  # how the tuning went, for model.json


@dataclass
class Gathered:
    """What several trainings on the same pictures and backbone share."""

    material: Material
    extra: Examples | None
    key: str
    vector_length: int
    seconds: float
    kept: activations.Activations | None = None  # what tuning learns from, once it was computed


def gather(job: Job, places: Places, progress: Callable[[int], None] = lambda n: None, way: str = "auto") -> Gathered:
    """Bottlenecks, groups and split of a job's pictures, and the distorted copies where asked for.

    Raises:
        BackboneProblem, TooFewImages.
    """
    begin = time.monotonic()
    runner = runners.open_runner(job.backbone, job.folder, places.converted, way)
    with (
        HashBook(places.hashes) as book,
        bottlenecks.Store(bottlenecks.store_path(places.bottlenecks, job.backbone, runner.key)) as store,
    ):
        stuff = dataset.gather(job.pictures, runner, store, book, job.rules, job.frozen, progress)
        extra = _distorted(stuff, job.distortions, runner, store) if job.distortions else None
    return Gathered(stuff, extra, runner.key, runner.vector_length, time.monotonic() - begin)


def learn_from(job: Job, gathered: Gathered) -> Learned:
    """Train on what was gathered; nothing is written. (What is tuned takes another way: `prepare`, run, `tuned`.)"""
    begin = time.monotonic()
    trained = train(gathered.material, job.recipe, gathered.extra, job.keep, job.keep_every)
    seconds = {"bottlenecks": round(gathered.seconds, 3), "head": round(time.monotonic() - begin, 3)}
    return Learned(job, gathered.material, trained, gathered.key, gathered.vector_length, seconds)


def learn(job: Job, places: Places, progress: Callable[[int], None] = lambda n: None, way: str = "auto") -> Learned:
    """Gather and train; nothing is written but the stores. Raises as `gather` and `prepare`."""
    gathered = gather(job, places, progress, way)
    if job.tune is None:
        return learn_from(job, gathered)
    under_way = prepare(job, gathered, places, way=way)
    under_way.run()
    return tuned(job, gathered, under_way)


def prepare(
    job: Job, gathered: Gathered, places: Places, progress: Callable[[int], None] = lambda n: None, way: str = "auto"
) -> Tuning:
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
    if gathered.kept is None:
        trunk = activations.trunk_of(job.backbone, network, places.models)
        gathered.kept = activations.compute(
            gathered.material.pictures, trunk, network, places.converted, places.bottlenecks, progress, way
        )
    ready = Tuning(gathered.material, job.recipe, job.tune, gathered.kept, network)
    ready.seconds = time.monotonic() - begin
    return ready


def tuned(job: Job, gathered: Gathered, run: Tuning) -> Learned:
    """What a tuning has come to, also one that was interrupted."""
    net, material, trained = run.finish()
    seconds = {"bottlenecks": round(gathered.seconds, 3), "head": round(run.seconds, 3), "tuning": round(run.took, 3)}
    key = tune.key_of(gathered.key, net)
    told = {
        **asdict(run.how),
        "cut_after_stage": run.cut,
        "steps": run.done,
        "of_steps": run.steps,
        "trainings": run.trainings,
        "maps_on_disk": run.kept.on_disk,
    }
    return Learned(job, material, trained, key, gathered.vector_length, seconds, net, told)


def made_from(job: Job, fresh: dict[str, str] | None = None) -> str:
    """sha256 (hex) of everything a training depends on: same digest, same model.

    Args:
        fresh: what the training itself has newly set apart, which the next one will find set apart.
    """
    images = sorted((p.sha256, p.label, p.human, p.chosen) for p in job.pictures)
    here = {p.sha256 for p in job.pictures}
    apart = sorted(sha for sha, part in {**job.frozen, **(fresh or {})}.items() if part == "test" and sha in here)
    how = [asdict(job.recipe), asdict(job.rules), asdict(job.distortions), *([asdict(job.tune)] if job.tune else [])]
    told = json.dumps([METHOD, backbones.key_of(job.backbone, job.folder), how, images, apart])
    return hashlib.sha256(told.encode()).hexdigest()


def _distorted(stuff: Material, how: Distortions, runner: runners.Runner, store: bottlenecks.Store) -> Examples:
    """Training rows from distorted copies of the training pictures; each has its original's weight and fold."""
    vectors, labels, weights, folds = [], [], [], []
    for i in np.flatnonzero(stuff.train):
        made = bottlenecks.compute_pixels(distort.copies(stuff.pictures[i], how, runner.input_size), runner, store)
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
