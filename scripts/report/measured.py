"""Which images the report measures with."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.trained_head import TrainedHead


@dataclass(frozen=True)
class Measured:
    """Predictions of images labelled by a person, by heads that were not trained on them.

    `rows` int [m] of the dataset, `probabilities` float32 [m, labels], `on`: which images these are, in words
    that follow a verb: "on 60 images, cross-validated".
    """

    rows: np.ndarray
    probabilities: np.ndarray
    on: str

    @classmethod
    def of(cls, data: Dataset, trained: TrainedHead) -> "Measured":
        found = trained.evaluation.headline(data)
        return cls(found.rows, found.calibrated, found.measured_on)

    @property
    def sure(self) -> np.ndarray:
        """The score of each prediction, float32 [m], 0..1."""
        return self.probabilities.max(axis=1)

    @property
    def guess(self) -> np.ndarray:
        """The predicted label, int [m]."""
        return self.probabilities.argmax(axis=1)

    def at_least(self, value: float, label: int | None = None) -> int:
        """How many score at least `value`, 0..1; of all, or of those with one predicted label."""
        return int((self.sure[(self.guess == label) | (label is None)] >= value).sum())
