"""Does sure mean sure? How many are right above confidence_min, and above the model's own threshold.

For each folder and seed some labels are drawn, and some images of each; a head is trained, and its predictions of the
images left over are counted, each label counting the same. Runs are grouped by accuracy.
"""

import argparse
from collections import defaultdict
from dataclasses import astuple, dataclass

import numpy as np

from scripts.learn.threshold import target_precision
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table

LEFT, LOOKED_AT = 40, 200  # images of a label that must be left over, and that are predicted at most
BANDS = (0.8, 0.9, 1.01)  # accuracies up to which runs are grouped


@dataclass(frozen=True)
class Row:
    """One run, fractions 0..1: accuracy; the share above confidence_min and above the model's threshold, each followed
    by the share that is also right."""

    accuracy: float
    above: float
    right_above: float
    above_own: float
    right_above_own: float


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=8)
    p.add_argument("--labels", default="2,5,8", help="how many labels are drawn, with commas between")
    p.add_argument("--per-label", type=int, default=20)


def one(data: StudyData, count: int, seed: int, flags: argparse.Namespace) -> Row | None:
    """One drawing; None where the folder has too few labels with so many images."""
    labels = data.some_labels(np.random.default_rng([seed, count]), count, flags.per_label + LEFT)
    if len(labels) < count:
        return None
    start, rest, _ = data.draw(seed, dict.fromkeys(labels, flags.per_label), dict.fromkeys(labels, LOOKED_AT))
    train_set = data.dataset(start)
    trained = train(train_set, study_data.config(flags))
    own = trained.evidence.threshold(flags.confidence_min)
    x, truth = data.arrays(rest, labels)
    weight = 1 / np.bincount(truth, minlength=count)[truth] / count
    p = trained.head.probabilities(x)
    score, right = p.max(axis=1), p.argmax(axis=1) == truth
    shares = []
    for threshold in (flags.confidence_min, own):
        above = score >= threshold
        shares += [float(weight[above].sum()), float(weight[above & right].sum())]
    return Row(float(weight[right].sum()), *shares)


def run(flags: argparse.Namespace) -> None:
    found: dict[float, list[Row]] = defaultdict(list)
    for _, data in study_data.each_folder(flags):
        for count in map(int, flags.labels.split(",")):
            for seed in range(flags.seeds):
                if row := one(data, count, seed, flags):
                    found[next(band for band in BANDS if row.accuracy < band)].append(row)
    target = target_precision(flags.confidence_min)
    title = f"{flags.per_label} images a label; {flags.confidence_min} promises {target:.3f} right"
    headings = (f"above {flags.confidence_min}", "right", "above the model's threshold", "right")
    table = Table(title, "accuracy below", "runs", "mean", *headings)
    for band, rows in sorted(found.items()):
        accuracy, above, right, above_own, right_own = np.mean([astuple(row) for row in rows], axis=0).tolist()
        shares = (above, right / max(above, 1e-9), above_own, right_own / max(above_own, 1e-9))
        table.row(f"{min(band, 1.0):.2f}", len(rows), accuracy, *shares)
