"""Whether to train on images that only a model labelled ("unchecked" images). numpy only.

A model that is trained on its own predictions agrees with itself, and its later predictions cannot show whether it got
better, as it knew every person's label. So for each fold the loop is repeated: a head that has not seen the fold labels
the unchecked images anew, another head is trained on those too, and both are compared on the fold.
"""

from dataclasses import dataclass, replace

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.head import Examples, Head
from scripts.learn.intervals import paired_test
from scripts.learn.sgd import Sgd, fit_sgd, fit_sgd_folds
from scripts.learn.train import HeadConfig, sgd_of

FOLDS = 5  # each takes two trainings
# One-sided p-value up to which unchecked images are trained on. A hundred images of people hardly ever tell a point
# more or less from noise: over ten cycles on five sets heads with all confident ones were .002 better on average and
# .045 worse at worst; where "not fewer right" let them in, .026 worse at worst.
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Verdict:
    """`images`: number of unchecked ones; with them, `better` groups of people's images are predicted better and
    `worse` groups worse; `p_value`: one-sided, 0..1."""

    images: int = 0
    better: int = 0
    worse: int = 0
    p_value: float = 1.0

    @property
    def helps(self) -> bool:
        return self.better > self.worse and self.p_value <= SIGNIFICANCE

    @property
    def sentence(self) -> str:
        """What to tell the person where they are not trained on; empty where they are, or there are none."""
        if self.helps or not self.images:
            return ""
        return f"nothing learned from {self.images:,} unchecked image{'s' * (self.images != 1)}: they would not help"

    def facts(self) -> dict:
        return {
            "images": self.images,
            "taken": self.helps,
            "better": self.better,
            "worse": self.worse,
            "chance": round(self.p_value, 6),
        }


def keep_if_helpful(data: Dataset, config: HeadConfig) -> tuple[Dataset, Verdict]:
    """The dataset as it is where its unchecked images help, else without training on any of them; and the verdict."""
    verdict = compare(data, config)
    if verdict.helps or not verdict.images:
        return data, verdict
    return replace(data, train=data.train & data.human), verdict


def compare(data: Dataset, config: HeadConfig) -> Verdict:
    """Heads with and without the unchecked images, by folds. With the sgd solver, which is as good a judge and
    faster."""
    by_model = np.flatnonzero(data.train & ~data.human)
    by_people = np.flatnonzero(data.train & data.human)
    measuring = by_people[data.measures[by_people]]
    fold, sgd = data.folds % FOLDS, sgd_of(config)
    if not len(by_model) or not len(measuring) or len(np.unique(fold[measuring])) < 2:
        return Verdict(len(by_model))
    k = len(data.labels)
    without = Examples(data.vectors.subset(by_people), data.y[by_people], data.weights[by_people], k, fold[by_people])
    right = np.zeros((2, len(data.y)), bool)
    for number, head in enumerate(fit_sgd_folds(without, sgd, FOLDS)[1:]):
        held_out = measuring[fold[measuring] == number]
        rest = by_people[fold[by_people] != number]
        with_unchecked = _self_trained(data, rest, _outside_groups(data, by_model, held_out), head, sgd)
        for way, each in enumerate((head, with_unchecked)):
            right[way, held_out] = each.logits(data.vectors.subset(held_out)).argmax(axis=1) == data.y[held_out]
    worse, better, p_value = paired_test(right[0][measuring], right[1][measuring], data.groups[measuring])
    return Verdict(len(by_model), better, worse, p_value / 2 if better > worse else 1.0)  # one-sided


def _outside_groups(data: Dataset, by_model: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Unchecked rows in no group of the rows that will be predicted."""
    return by_model[~np.isin(data.groups[by_model], data.groups[held_out])]


def _self_trained(data: Dataset, by_people: np.ndarray, by_model: np.ndarray, head: Head, sgd: Sgd) -> Head:
    """A new head trained on people's rows, and on unchecked ones as `head` labels them."""
    predicted = head.logits(data.vectors.subset(by_model)).argmax(axis=1)
    rows = np.concatenate([by_people, by_model])
    labels = np.concatenate([data.y[by_people], predicted])
    return fit_sgd(Examples(data.vectors.subset(rows), labels, data.weights[rows], len(data.labels)), sgd)
