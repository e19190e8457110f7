"""Is what `--tune auto` selects never worse than the head alone? Heads, tuned last layers, and which is taken.

For each folder and seed some labels are drawn, and some images of each. All candidates are measured by folds and one is
selected; all are then trained on everything and tried on held-out images, each label counting the same.
"""

import argparse
import time

import numpy as np

from scripts.learn import activations, backbones, candidates, model_selection
from scripts.learn.activations import Activations
from scripts.learn.candidates import HEAD, LBFGS, TUNED
from scripts.learn.dataset import Dataset, LabeledImage
from scripts.learn.head import softmax
from scripts.learn.model_selection import Selection
from scripts.learn.train import HeadConfig, fit_fold_heads
from scripts.learn.tune import FOLDS, TuneConfig, TuneRun, features_of
from scripts.studies import study_data
from scripts.studies.study_data import StudyData, balanced_accuracy
from scripts.studies.table import Table

HELD_OUT = 40  # images of a label, at most
NAMES = (HEAD, LBFGS, TUNED, "mean of both")  # the mean is measured only: it was never the best on average


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)
    p.add_argument("--labels", type=int, default=5)
    p.add_argument("--per-label", type=int, default=20)
    p.add_argument("--first-seed", type=int, default=0)
    p.add_argument("--seconds", type=float, default=600, help="for selecting")


def activations_of(images: list[LabeledImage], flags: argparse.Namespace) -> Activations:
    backbone = backbones.find(flags.architecture)
    network = activations.network_of(backbone)
    trunk = activations.trunk_of(backbone, network, flags.work / "models")
    return activations.compute(images, trunk, network, flags.work / "converted", flags.work)


def accuracies(
    tuning: TuneRun, train_set: Dataset, config: HeadConfig, x: np.ndarray, held_out: Activations, y: np.ndarray
) -> dict[str, float]:
    """Candidate -> its accuracy on held-out images, once it was trained on everything."""
    heads = [fit_fold_heads(train_set, HeadConfig(config.steps, solver=s), 0)[0] for s in ("sgd", "lbfgs")]
    tuning.run()
    tuned, _, _ = tuning.finish()
    logits = [head.logits(x) for head in heads]
    logits.append(tuned.head.logits(features_of(tuning.layers, held_out, np.arange(len(y)))))
    # The temperatures of the folds are not known here; those of head and tuned network are about equal.
    logits.append(np.log(softmax(logits[0]) + softmax(logits[2])))
    return {name: balanced_accuracy(each.argmax(axis=1), y) for name, each in zip(NAMES, logits, strict=True)}


def one(data: StudyData, seed: int, flags: argparse.Namespace) -> tuple[Selection, dict[str, float], float]:
    """What was selected, how good each candidate is, and the seconds of selecting."""
    labels = data.some_labels(np.random.default_rng([seed, 7]), flags.labels, flags.per_label + HELD_OUT)
    start, held_out, _ = data.draw(seed, dict.fromkeys(labels, flags.per_label), dict.fromkeys(labels, HELD_OUT))
    train_set, config = data.dataset(start), study_data.config(flags)
    begin = time.monotonic()
    network = activations.network_of(backbones.find(flags.architecture))
    tuning = TuneRun(train_set, config, TuneConfig(), activations_of(train_set.images, flags), network, FOLDS)
    ways = candidates.usual(train_set, config, lambda: tuning, 0.0)
    selection = model_selection.select(ways, candidates.evaluation_set(train_set), flags.seconds)
    seconds = time.monotonic() - begin
    x, y = data.arrays(held_out, labels)
    return selection, accuracies(tuning, train_set, config, x, activations_of(held_out, flags), y), seconds


def run(flags: argparse.Namespace) -> None:
    table = Table("accuracy on held-out images", "data        ", "seed", *NAMES, "seconds", "better by", "selected")
    gains = []
    for name, data in study_data.each_folder(flags):
        for seed in range(flags.first_seed, flags.first_seed + flags.seeds):
            selection, true, seconds = one(data, seed, flags)
            gains.append(true[selection.name] - true[HEAD])
            row = [true[each] for each in NAMES]
            table.row(name, seed, *row, f"{seconds:.0f}", f"{gains[-1]:+.3f}", selection.name)
    found = np.array(gains)
    print(
        f"{len(found)} runs: better than the head by {found.mean():+.4f} "
        f"(standard error {found.std() / len(found) ** 0.5:.4f}), worst {found.min():+.3f}, "
        f"worse in {(found < 0).sum()}, another than the head taken in {(found != 0).sum()}"
    )
