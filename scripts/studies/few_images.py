"""Is the reported accuracy true with hardly any images? From two a label on; with --random for random labels too.

For each folder and seed some labels are drawn at random, and of each some images, as a person would have sorted them. A
head is trained and measured as the program does it, and the reported accuracy is compared with that on the images left
over, each label counting the same. With --random the labels are assigned at random: then one in so many is right.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData, balanced_accuracy
from scripts.studies.table import Table

LEFT = 20  # images of a label that must be left over


@dataclass(frozen=True)
class Row:
    """One run, fractions 0..1: the reported accuracy with its interval, and the true one."""

    reported: float
    low: float
    high: float
    true: float

    @property
    def holds(self) -> bool:
        return self.low <= self.true <= self.high


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=10)
    p.add_argument("--labels", default="2,3,5", help="how many labels are drawn, with commas between")
    p.add_argument("--per-label", default="2,3,4,6,10,20", help="images of each, with commas between")
    p.add_argument("--random", action="store_true", help="assign the labels at random")


def one(data: StudyData, count: int, per_label: int, seed: int, flags: argparse.Namespace) -> Row | None:
    """One drawing; None where the folder has too few labels with so many images."""
    rng = np.random.default_rng([seed, count])
    labels = data.some_labels(rng, count, per_label + LEFT)
    if len(labels) < count:
        return None
    start, rest = data.draw(seed, dict.fromkeys(labels, per_label))
    if flags.random:
        names = rng.permutation([image.label for image in start])
        start = [replace(image, label=str(name)) for image, name in zip(start, names, strict=True)]
    trained = train(data.dataset(start), study_data.config(flags))
    share = trained.facts["accuracy"]
    x, truth = data.arrays([image for image in rest if image.label in labels], labels)
    true = 1 / count if flags.random else balanced_accuracy(trained.head.logits(x).argmax(axis=1), truth)
    return Row(share["value"], share["low"], share["high"], true)


def run(flags: argparse.Namespace) -> None:
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for _, data in study_data.each_folder(flags):
        for count in map(int, flags.labels.split(",")):
            for per_label in map(int, flags.per_label.split(",")):
                drawings = (one(data, count, per_label, seed, flags) for seed in range(flags.seeds))
                found[count, per_label] += [row for row in drawings if row]
    table = Table("", "labels", "a label", "runs", "reported", "true", "difference", "interval holds", "width")
    for (count, per_label), rows in sorted(found.items()):
        if rows:
            reported, true, width = np.mean([(r.reported, r.true, r.high - r.low) for r in rows], axis=0).tolist()
            holds = sum(row.holds for row in rows)
            table.row(count, per_label, len(rows), reported, true, f"{reported - true:+.3f}", holds, width)
