"""The predictions that a model was measured with; the only place of the report that chooses them."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Dataset
from scripts.learn.trained_head import TrainedHead


@dataclass(frozen=True)
class Measured:
    """Predictions for images that a person labelled, by heads that were not trained on them.

    `rows` int [m] of the data set, `probabilities` float32 [m, labels], `on`: which images these are, such as
    "cross-validated on 60 images" or "on 120 held-out images".
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
        """The label of each prediction, int [m]."""
        return self.probabilities.argmax(axis=1)

    def at_least(self, value: float, label: int | None = None) -> int:
        """How many predictions score at least `value`, of all labels or of one."""
        return int((self.sure[(self.guess == label) | (label is None)] >= value).sum())

    def mistakes(self, y: np.ndarray) -> np.ndarray:
        """Places among the rows of wrong predictions, the surest first.

        Args:
            y: int [n], the labels of the data set.
        """
        wrong = np.flatnonzero(self.guess != y[self.rows])
        return wrong[np.argsort(-self.sure[wrong], kind="stable")]
