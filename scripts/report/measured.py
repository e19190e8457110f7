"""What a model was measured with: the one place of the report that knows which pictures these are."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.train import TrainedHead


@dataclass(frozen=True)
class Measured:
    """Guesses for pictures that a person sorted, made by a head that had not learned from them.

    `rows` int [m] into the material, `probabilities` float32 [m, labels], `on`: which pictures these are, in words
    that follow a verb, such as "on 60 images, each predicted without it".
    """

    rows: np.ndarray
    probabilities: np.ndarray
    on: str

    @classmethod
    def of(cls, material: Dataset, trained: TrainedHead) -> "Measured":
        found = trained.evaluation.headline(material)
        return cls(found.rows, found.calibrated, found.words)

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
