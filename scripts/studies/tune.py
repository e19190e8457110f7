"""What fine-tuning the last layers brings: head, tuned network and the mean of both, on held-out images.

For each number of images a label and seed so many are drawn as a person would have sorted them, a head is trained on
them and a network tuned from it. Printed beside it: the seconds, and the share of held-out images found unfamiliar.
"""

import argparse
import time
from dataclasses import astuple, dataclass

import numpy as np

from scripts.learn import activations, backbones
from scripts.learn.activations import Activations
from scripts.learn.dataset import LabeledImage
from scripts.learn.efficientnet_lite import Network
from scripts.learn.train import train
from scripts.learn.tune import TuneConfig, TuneRun, features_of
from scripts.studies import study_data
from scripts.studies.study_data import HELD_OUT, StudyData
from scripts.studies.table import Table


@dataclass(frozen=True)
class Row:
    """Accuracies on held-out images; seconds; shares of them found unfamiliar."""

    head: float
    tuned: float
    mean: float
    head_s: float
    tuned_s: float
    unfamiliar: float
    tuned_unfamiliar: float


@dataclass(frozen=True)
class Features:
    """The activations of all images of a folder; `row`: content hash -> its row."""

    network: Network
    all: Activations
    row: dict[str, int]

    @classmethod
    def of_data(cls, data: StudyData, flags: argparse.Namespace) -> "Features":
        backbone = backbones.find(flags.architecture)
        network = activations.network_of(backbone)
        trunk = activations.trunk_of(backbone, network, flags.work / "models")
        computed = activations.compute(data.images, trunk, network, flags.work / "converted", flags.work)
        return cls(network, computed, {image.sha256: i for i, image in enumerate(data.images)})

    def of(self, images: list[LabeledImage]) -> Activations:
        rows = np.array([self.row[image.sha256] for image in images])
        return Activations(self.all.maps[rows], self.all.means[rows])


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=3)
    p.add_argument("--per-label", default="20,100", help="training images a label, with commas between")
    p.add_argument("--epochs", type=int, default=TuneConfig.epochs)
    p.add_argument("--batch", type=int, default=TuneConfig.batch)
    p.add_argument("--rate", type=float, default=TuneConfig.rate)


def one(data: StudyData, features: Features, per_label: int, seed: int, flags: argparse.Namespace) -> Row:
    """One drawing of images, learned from both ways and tried on the same held-out images."""
    config = study_data.config(flags)
    held_out, start, _ = data.draw(seed, data.share(HELD_OUT), data.each(per_label))
    train_set = data.dataset(start)
    times = [time.monotonic()]
    head = train(train_set, config)
    times.append(time.monotonic())
    how = TuneConfig(flags.epochs, flags.batch, flags.rate, folds=False)
    tuning = TuneRun(train_set, config, how, features.of(train_set.images), features.network)
    tuning.run()
    net, _, tuned = tuning.finish()
    times.append(time.monotonic())
    x, y = data.arrays(held_out)
    own = features_of(tuning.layers, features.of(held_out), np.arange(len(y)))
    p, q = head.head.probabilities(x), net.head.probabilities(own)
    right = [float((each.argmax(axis=1) == y).mean()) for each in (p, q, p + q)]
    far = [float((t.novelty.distances(v) > t.novelty.limit).mean()) for t, v in ((head, x), (tuned, own))]
    return Row(*right, *np.diff(times).tolist(), *far)


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        begin = time.monotonic()
        features = Features.of_data(data, flags)
        title = f"{name}: {len(data.images)} images, activations in {time.monotonic() - begin:.0f} s"
        headings = ("head", "tuned", "mean of both", "head s", "tuned s", "unfamiliar", "to the tuned")
        table = Table(title, "a label", "seed", *headings)
        for per_label in map(int, flags.per_label.split(",")):
            rows = [one(data, features, per_label, seed, flags) for seed in range(flags.seeds)]
            for seed, row in enumerate(rows):
                table.row(per_label, seed, *astuple(row))
            table.row(per_label, "mean", *map(float, np.mean([astuple(row) for row in rows], axis=0)))
