"""Whether images that only a model labelled are worth learning from. numpy only.

A model that learns from its own guesses agrees with itself, and nothing that it says afterwards can tell whether it got
better: the guesses come from a head that knew every person's label. So the loop is played again for each fold: a head
that has not seen the fold labels the unchecked images anew, another learns from those too, and both judge the fold.
"""

from dataclasses import dataclass, replace

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.head import Examples, Head, Sgd, fit_sgd, fit_sgd_folds
from scripts.learn.train import HeadConfig, sgd_of

FOLDS = 5  # each is two trainings
# They are taken in only where as clear a gain would come by chance once in so many times. A hundred images of people
# tell a point more or less from noise hardly ever: over ten cycles on five sets heads with all sure ones in were .002
# better on average and .045 worse at worst, and where "not fewer right" let them in .026 worse at worst.
CHANCE = 0.05


@dataclass(frozen=True)
class Verdict:
    """`images` unchecked ones; with them in, `better` groups of people's images are guessed better and `worse` worse;
    `chance`: how probable as much or more gain is where they change nothing, 0..1."""

    images: int = 0
    better: int = 0
    worse: int = 0
    chance: float = 1.0

    @property
    def taken(self) -> bool:
        return self.better > self.worse and self.chance <= CHANCE

    @property
    def words(self) -> str:
        """A line for the person, where they are left alone."""
        if self.taken or not self.images:
            return ""
        return f"nothing learned from {self.images:,} unchecked image{'s' * (self.images != 1)}: they would not help"

    def facts(self) -> dict:
        return {
            "images": self.images,
            "taken": self.taken,
            "better": self.better,
            "worse": self.worse,
            "chance": round(self.chance, 6),
        }


def checked(material: Dataset, recipe: HeadConfig) -> tuple[Dataset, Verdict]:
    """The material as it is where its unchecked images help, else with none of them to learn from; and why."""
    verdict = judge(material, recipe)
    if verdict.taken or not verdict.images:
        return material, verdict
    return replace(material, train=material.train & material.human), verdict


def judge(material: Dataset, recipe: HeadConfig) -> Verdict:
    """Play the loop for each fold, with the sgd solver (as good a judge of images as the other, and quicker)."""
    robots = np.flatnonzero(material.train & ~material.human)
    people = np.flatnonzero(material.train & material.human)
    measures = people[material.measures[people]]
    fold, how = material.folds % FOLDS, sgd_of(recipe)
    if not len(robots) or not len(measures) or len(np.unique(fold[measures])) < 2:
        return Verdict(len(robots))
    k = len(material.labels)
    alone = Examples(material.vectors[people], material.y[people], material.weights[people], k, fold[people])
    right = np.zeros((2, len(material.y)), bool)
    for number, head in enumerate(fit_sgd_folds(alone, how, FOLDS)[1:]):
        apart = measures[fold[measures] == number]
        both = _taught(material, people[fold[people] != number], _strangers(material, robots, apart), head, how)
        for way, each in enumerate((head, both)):
            right[way, apart] = each.logits(material.vectors[apart]).argmax(axis=1) == material.y[apart]
    worse, better, chance = metrics.paired(right[0][measures], right[1][measures], material.groups[measures])
    return Verdict(len(robots), better, worse, chance / 2 if better > worse else 1.0)  # only a gain counts: one-sided


def _strangers(material: Dataset, robots: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Unchecked rows in no group with what will be judged."""
    return robots[~np.isin(material.groups[robots], material.groups[apart])]


def _taught(material: Dataset, people: np.ndarray, robots: np.ndarray, teacher: Head, how: Sgd) -> Head:
    """A head that learns from people's rows, and from unchecked ones as the teacher labels them."""
    guesses = teacher.logits(material.vectors[robots]).argmax(axis=1)
    rows = np.concatenate([people, robots])
    labels = np.concatenate([material.y[people], guesses])
    return fit_sgd(Examples(material.vectors[rows], labels, material.weights[rows], len(material.labels)), how)
