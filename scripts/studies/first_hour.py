"""Are the figures true from the first hour on? A few labelled images a label: what is reported against the truth.

For each seed so many images of each label are drawn as a person would have sorted them, a head is trained and measured
as the program does it, and what it reports is compared with the images left over.
"""

import argparse
from dataclasses import astuple, dataclass

import numpy as np

from scripts.learn.intervals import exact_interval, most_wrong
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table, of

BATCH = 250  # images of a cycle, for which the number of wrong ones among the sure is forecast


@dataclass(frozen=True)
class Row:
    """One seed. Shares are fractions 0..1; `wrong` of the `sure` images of a batch really are, `most` was the upper
    bound that was told."""

    temperature: float
    reported: float
    low: float
    high: float
    true: float
    holds: bool
    sure_share: float
    right_sure: float
    sure: int
    wrong: int
    most: int
    within: bool


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=10)
    p.add_argument("--per-label", type=int, default=20)


def one(data: StudyData, seed: int, flags: argparse.Namespace) -> Row:
    """One drawing of images, trained on and compared with the others."""
    start, rest = data.draw(seed, data.each(flags.per_label))
    train_set = data.dataset(start)
    trained = train(train_set, study_data.config(flags))
    x, y = data.arrays(rest)
    p = trained.head.probabilities(x)
    is_sure, right = p.max(axis=1) >= flags.confidence_min, p.argmax(axis=1) == y
    batch = np.random.default_rng(seed).permutation(len(y))[:BATCH]
    sure, wrong = int(is_sure[batch].sum()), int((is_sure & ~right)[batch].sum())
    own, labels = trained.evaluation.calibrated, train_set.y[trained.evaluation.rows]
    over = own.max(axis=1) >= flags.confidence_min
    most = most_wrong(int((over & (own.argmax(axis=1) != labels)).sum()), int(over.sum()), sure)
    share, true = trained.facts["accuracy"], float(right.mean())
    return Row(
        trained.temperature,
        share["value"],
        share["low"],
        share["high"],
        true,
        share["low"] <= true <= share["high"],
        float(is_sure.mean()),
        float(right[is_sure].mean()) if is_sure.any() else 1.0,
        sure,
        wrong,
        most,
        wrong <= most,
    )


def run(flags: argparse.Namespace) -> None:
    found: list[Row] = []
    for name, data in study_data.each_folder(flags):
        title = f"{name}: {flags.per_label} a label; sure = a score of at least {flags.confidence_min}"
        headings = ("T", "reported", "low", "high", "true", "holds", "sure", "right", f"sure of {BATCH}", "wrong")
        table = Table(title, "seed", *headings, "at most", "within")
        rows = []
        for seed in range(flags.seeds):
            rows.append(one(data, seed, flags))
            table.row(seed, *astuple(rows[-1]))
        held = flags.per_label * len(data.labels) * 6 // 20  # the test set that a plain split would hold out
        plain = np.mean([np.diff(exact_interval(round(r.reported * held), held)) for r in rows])
        width = np.mean([r.high - r.low for r in rows])
        print(f"the interval is {width / plain:.2f} as wide as one from {held} images held out")
        _sum_up(name, rows)
        found += rows
    _sum_up("all", found)


def _sum_up(name: str, rows: list[Row]) -> None:
    def mean(field: str) -> float:
        return float(np.mean([getattr(row, field) for row in rows]))

    print(
        f"{name}: true {mean('true'):.3f}, reported {mean('reported'):.3f}, interval holds "
        f"{of(r.holds for r in rows)}; "
        f"right when sure {mean('right_sure'):.3f}; wrong within the bound {of(r.within for r in rows)}; "
        f"T at least {min(r.temperature for r in rows):.2f}"
    )
