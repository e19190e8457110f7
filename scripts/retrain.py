"""A folder of label folders -> a trained image classifier. Imported by RoboFlow, and runs alone:

    python -m scripts.retrain --image_dir tf_files/training_photos/robots --architecture efficientnet_lite0

with the flags of tensorflow-for-poets-2's retrain.py. Reads the pictures; writes a SavedModel (--output_graph), the
labels (--output_labels), model.json, head.npz and report.html beside them, and TensorBoard curves (--summaries_dir).
"""

import argparse
import datetime
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import (
    activations,
    backbones,
    bottlenecks,
    dataset,
    distort,
    efficientnet_lite,
    model_files,
    runners,
    summaries,
    tune,
)
from scripts.learn.backbones import Backbone, BackboneProblem
from scripts.learn.dataset import Material, Picture, SplitRules, TooFewImages
from scripts.learn.distort import Distortions
from scripts.learn.hashes import HashBook
from scripts.learn.head import Examples, Head
from scripts.learn.train import Recipe, Trained, curve_facts, train
from scripts.learn.tune import Net, Tune, Tuning
from scripts.report import page as report

METHOD = 2  # version of how a head is trained and calibrated; part of what a model is made from
WORST, SUSPECTS = 24, 40  # pictures named in model.json and shown in the report


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
    told = {**asdict(run.how), "cut_after_stage": run.cut, "steps": run.done, "of_steps": run.steps,
            "trainings": run.trainings, "maps_on_disk": run.kept.on_disk}  # fmt: skip
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


def facts_of(learned: Learned) -> dict:
    """Everything model.json says of a model, but for the hashes of its files."""
    job, trained = learned.job, learned.trained
    parameters = {
        **{k: v for k, v in asdict(job.recipe).items() if k != "every"},
        "test_percent": job.rules.test_percent,
        "validation_percent": job.rules.validation_percent,
        "test_least": job.rules.least,
        "robot_ratio": job.rules.robot_ratio,
        "robot_weight": job.rules.robot_weight,
        "distortions": asdict(job.distortions),
        "tune": "last" if job.tune else "head",
        **({f"tune_{k}": v for k, v in asdict(job.tune).items()} if job.tune else {}),
    }
    return {
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "labels": learned.material.labels,
        "architecture": job.backbone.name,
        "backbone": {
            "architecture": job.backbone.again,
            "title": job.backbone.title,
            "sha256": learned.backbone_key,
            "input_size": job.backbone.input_size,
            "vector_length": learned.vector_length,
            "handle": job.backbone.handles[0] if job.backbone.handles else str(job.folder),
        },
        "signatures": list(model_files.SIGNATURES),
        "made_from": made_from(job, learned.material.fresh),
        "parameters": parameters,
        "strength": trained.strength,
        **({"tune": learned.told} if learned.net else {}),
        "counts": learned.material.counts(),
        "left_out": learned.material.left_out,
        "unreadable": {str(path): why for path, why in learned.material.bad.items()},
        "seconds": learned.seconds,
        "warnings": trained.warnings,
        "worst_mistakes": _told(report.worst_mistakes(learned.material, trained, WORST)),
        "suspects": _told(report.suspects(learned.material, trained, SUSPECTS)),
        **trained.facts,
    }


def write_model(
    learned: Learned,
    folder: Path,
    more: dict | None = None,
    graph: Path | None = None,
    labels: Path | None = None,
    output: str = "probabilities",
    kept: Path | None = None,
    curves: Path | None = None,
) -> dict:
    """Write a whole model into a folder that nobody uses yet; model.json last. Returns its facts.

    Args:
        more: further facts for model.json.
        graph, labels, curves: other places than inside `folder`.
        kept: see `model_files.save_graph`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"name": folder.name, **facts_of(learned), **(more or {})}
    place = graph or folder / model_files.GRAPH
    _save_graph(learned, place, output, kept)
    model_files.trained_files(folder, learned.trained, learned.material)
    if labels and labels != folder / model_files.LABELS:
        model_files.save_labels(labels, learned.material.labels)
    summaries.write_curves(curves or folder, learned.trained.curve)
    summaries.write_hparams(curves or folder, facts["name"], _hparams(facts), facts["accuracy"]["value"])
    report.write(folder / "report.html", facts, learned.material, learned.trained)
    model_files.save_facts(folder, {**facts, "curve": curve_facts(learned.trained.curve)})
    return facts


def _save_graph(learned: Learned, folder: Path, output: str, kept: Path | None = None) -> None:
    """The graph of a model: on the shared backbone, or on a network of its own where that was tuned."""
    size = learned.job.backbone.input_size
    if learned.net is None:
        model_files.save_graph(folder, learned.job.folder, size, learned.trained.head, output, kept)
        return
    with tempfile.TemporaryDirectory() as spare:
        efficientnet_lite.save(learned.net.network, size, Path(spare) / "own")
        model_files.save_graph(folder, Path(spare) / "own", size, learned.trained.head, output)


def _told(pictures: list) -> list[list]:
    """Path, label, guess and score of pictures worth a look, as plain data."""
    return [[str(p.path), p.label, p.guess, round(p.score, 4)] for p in pictures]


def _hparams(facts: dict) -> dict[str, object]:
    plain = {k: v for k, v in facts["parameters"].items() if not isinstance(v, dict)}
    return {"architecture": facts["backbone"]["title"], **plain}


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
    return Examples(np.array(vectors, np.float32).reshape(shape), np.array(labels, int), np.array(weights, np.float32),
                    len(stuff.labels), np.array(folds, int))  # fmt: skip


# Running alone


def parser() -> argparse.ArgumentParser:
    """The flags of tensorflow-for-poets-2's retrain.py, with a few of our own at the end."""
    p = argparse.ArgumentParser(
        prog="python -m scripts.retrain",
        description=__doc__.split("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    p.add_argument("--image_dir", type=Path, required=True, help="folder of label folders")
    p.add_argument("--output_graph", type=Path, default=Path("tf_files/retrained_graph"), help="SavedModel to write")
    p.add_argument("--intermediate_output_graphs_dir", type=Path, default=Path("tf_files/intermediate_graph"))
    p.add_argument("--intermediate_store_frequency", type=int, default=0, help="steps between two of them, 0 = none")
    p.add_argument("--output_labels", type=Path, default=Path("tf_files/retrained_labels.txt"))
    p.add_argument("--summaries_dir", type=Path, default=Path("tf_files/training_summaries"), help="for TensorBoard")
    p.add_argument("--how_many_training_steps", type=int, default=4000)
    p.add_argument("--learning_rate", type=float, default=0.01)
    p.add_argument("--testing_percentage", type=int, default=10)
    p.add_argument("--validation_percentage", type=int, default=10)
    p.add_argument("--eval_step_interval", type=int, default=10, help="steps between two points of the curves")
    p.add_argument("--train_batch_size", type=int, default=100)
    p.add_argument("--test_batch_size", type=int, default=-1, help="accepted; always the whole test set")
    p.add_argument("--validation_batch_size", type=int, default=100, help="accepted; always the whole validation set")
    p.add_argument("--print_misclassified_test_images", action="store_true")
    p.add_argument("--model_dir", type=Path, default=Path("tf_files/models"), help="where fetched backbones are kept")
    p.add_argument("--bottleneck_dir", type=Path, default=Path("tf_files/bottlenecks"))
    p.add_argument("--final_tensor_name", default="final_result", help="name of the graph's output")
    p.add_argument("--flip_left_right", action="store_true", help="train on mirrored copies too")
    p.add_argument("--random_crop", type=int, default=0, help="percent, 0..99")
    p.add_argument("--random_scale", type=int, default=0, help="percent, 0..99")
    p.add_argument("--random_brightness", type=int, default=0, help="percent, 0..99")
    p.add_argument("--architecture", default=backbones.DEFAULT, help=f"{', '.join(backbones.names())}, handle, folder")
    p.add_argument("--saved_model_dir", type=Path, default=None, help="a second place to write the SavedModel to")
    p.add_argument("--image_size", type=int, default=0, help="pixels, where the backbone leaves a choice")
    p.add_argument("--solver", choices=("sgd", "lbfgs"), default="sgd")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--tune", choices=("head", "last"), default="head", help="last: the last stages learn too")
    p.add_argument("--tune_epochs", type=int, default=Tune.epochs)
    p.add_argument("--tune_batch", type=int, default=Tune.batch)
    p.add_argument("--tune_rate", type=float, default=Tune.rate)
    p.add_argument("--no_folds", action="store_true", help="tune once, and measure by the test set alone")
    return p


def check_flags(flags: argparse.Namespace) -> str:
    """What is wrong with the flags, or an empty string."""
    for name, low, high in (("how_many_training_steps", 1, 10**7), ("testing_percentage", 1, 90),
                            ("train_batch_size", 1, 4096), ("validation_percentage", 0, 90), ("random_crop", 0, 99),
                            ("random_scale", 0, 99), ("random_brightness", 0, 99), ("eval_step_interval", 1, 10**7),
                            ("intermediate_store_frequency", 0, 10**7), ("tune_epochs", 1, 1000),
                            ("tune_batch", 2, 1024)):  # fmt: skip
        if not low <= getattr(flags, name) <= high:
            return f"--{name} must lie between {low} and {high}."
    if not flags.learning_rate > 0 or not flags.tune_rate > 0:
        return "--learning_rate and --tune_rate must be above 0."
    bent = flags.flip_left_right or flags.random_crop or flags.random_scale or flags.random_brightness
    if flags.tune == "last" and (bent or flags.intermediate_store_frequency):
        return "--tune last mirrors pictures itself; distortions and intermediate graphs are for --tune head."
    return "" if flags.image_dir.is_dir() else f"There is no folder {flags.image_dir}."


def job_of(flags: argparse.Namespace, places: Places) -> Job:
    """The flags as a job; fetches the backbone. Raises BackboneProblem."""
    backbone = backbones.find(flags.architecture, flags.image_size)
    folder = backbones.locate(backbone, places.models)
    with HashBook(places.hashes) as book:
        pictures = dataset.list_pictures(flags.image_dir, book)
    recipe = Recipe(flags.how_many_training_steps, flags.train_batch_size, flags.learning_rate, flags.solver,
                    flags.seed, flags.eval_step_interval)  # fmt: skip
    rules = SplitRules(flags.testing_percentage, flags.validation_percentage, least=1)
    how = Distortions(flags.flip_left_right, flags.random_crop, flags.random_scale, flags.random_brightness)

    def keep(step: int, head: Head) -> None:
        target = flags.intermediate_output_graphs_dir / f"intermediate_{step}"
        model_files.save_graph(target, folder, backbone.input_size, head, flags.final_tensor_name)

    last = Tune(flags.tune_epochs, flags.tune_batch, flags.tune_rate, not flags.no_folds)
    return Job(pictures, backbone, folder, recipe, rules, distortions=how, keep=keep,
               keep_every=flags.intermediate_store_frequency, tune=last if flags.tune == "last" else None)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    flags = parser().parse_args(arguments)
    problem = check_flags(flags)
    if problem:
        print(problem, file=sys.stderr)
        return 2
    places = Places(flags.model_dir, flags.bottleneck_dir, flags.bottleneck_dir / "hashes.sqlite")
    try:
        learned = learn(job_of(flags, places), places)
    except BackboneProblem as trouble:
        print(f"{trouble.message} {trouble.hint}", file=sys.stderr)
        return 1
    except TooFewImages as trouble:
        print(f"{trouble} Counts: {trouble.counts}", file=sys.stderr)
        return 10
    write_model(learned, flags.output_graph.parent, {"name": flags.output_graph.name}, flags.output_graph,
                flags.output_labels, flags.final_tensor_name, curves=flags.summaries_dir)  # fmt: skip
    if flags.saved_model_dir:
        _save_graph(learned, flags.saved_model_dir, flags.final_tensor_name)
    _tell(learned, flags)
    return 0


def _tell(learned: Learned, flags: argparse.Namespace) -> None:
    """The lines that tensorflow-for-poets-2 ends with."""
    stuff, share = learned.material, learned.trained.facts["accuracy"]
    for path, why in stuff.bad.items():
        print(f"Left out {path}: {why}", file=sys.stderr)
    measured = learned.trained.honest.headline(stuff)
    if flags.print_misclassified_test_images:
        print("=== MISCLASSIFIED TEST IMAGES ===")
        guesses = measured.calibrated.argmax(axis=1)
        for i, guess in zip(measured.rows, guesses, strict=True):
            if guess != stuff.y[i]:
                print(f"{stuff.pictures[i].path}  {stuff.labels[guess]}")
    low, high = 100 * share["low"], 100 * share["high"]
    print(f"Final test accuracy = {100 * share['value']:.1f}% (N={share['total']}, "
          f"95% sure between {low:.1f}% and {high:.1f}%; measured {measured.words})")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
