"""What a model was measured with: the one place of the report that knows which pictures these are."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Material
from scripts.learn.train import Trained
from scripts.report.figures import count


@dataclass(frozen=True)
class Measured:
    """Guesses for pictures that a person sorted, made by a head that had not learned from them.

    `rows` int [m] into the material, `probabilities` float32 [m, labels], `on`: which pictures these are, in words
    that follow a verb, such as "on 80 test images".
    """

    rows: np.ndarray
    probabilities: np.ndarray
    on: str

    @classmethod
    def of(cls, material: Material, trained: Trained) -> "Measured":
        rows = np.flatnonzero(material.test)
        p = np.zeros((0, len(material.labels)), np.float32)
        if len(rows):
            p = trained.head.probabilities(material.vectors[rows])
        return cls(rows, p, f"on {count(len(rows), 'test image')}")

    @property
    def sure(self) -> np.ndarray:
        """The score of each guess, float32 [m], 0..1."""
        return self.probabilities.max(axis=1)

    @property
    def guess(self) -> np.ndarray:
        """The label of each guess, int [m]."""
        return self.probabilities.argmax(axis=1)

    def at_least(self, value: float, label: int | None = None) -> int:
        """How many score so high, of all or of those with one guess."""
        return int((self.sure[(self.guess == label) | (label is None)] >= value).sum())
