"""The softmax head: a linear layer on embeddings. Its two solvers are `sgd.py` and `lbfgs.py`. numpy only.

Features are centred and scaled before training, by the head's own training images alone, and the scaling is folded into
the weights afterwards: one learning rate means the same for every backbone, and a `Head` works on raw embeddings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.learn.descent import softmax

BLOCK = 4096  # vectors at a time, of very many
FEATURE_ENERGY = 1024.0  # mean squared length of a scaled feature vector; see `Scaler`
# Folds of images that take part in no cross-validation. Only the main head trains on IN_NO_FOLD; the heads of all folds
# train on IN_EVERY_FOLD too.
IN_NO_FOLD, IN_EVERY_FOLD = -1, -2


@dataclass(frozen=True)
class Head:
    """`weights` float32 [d, labels], `bias` float32 [labels]; logits = embeddings @ weights + bias."""

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels]."""
        return vectors @ self.weights + self.bias

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels], rows sum to 1."""
        return softmax(self.logits(vectors))

    def with_temperature(self, temperature: float) -> "Head":
        """The same head with its logits divided by `temperature` (> 0)."""
        scale = np.float32(1 / temperature)
        return Head(self.weights * scale, self.bias * scale)


@dataclass(frozen=True)
class Examples:
    """Training data.

    `vectors` float32 [n, d]; `labels` int [n] in 0..label_count-1; `weights` float [n] > 0; `folds` int [n] in 0..f-1,
    IN_NO_FOLD or IN_EVERY_FOLD; None = no cross-validation.
    """

    vectors: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    label_count: int
    folds: np.ndarray | None = None

    def take(self, rows: Any) -> "Examples":
        """The examples at these indices or under this mask."""
        folds = None if self.folds is None else self.folds[rows]
        return Examples(self.vectors[rows], self.labels[rows], self.weights[rows], self.label_count, folds)


def joined(one: Examples, other: Examples | None) -> Examples:
    """Both together; both have folds."""
    if other is None or not len(other.labels):
        return one
    return Examples(
        np.concatenate([one.vectors, other.vectors]),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.weights, other.weights]),
        one.label_count,
        np.concatenate([one.folds, other.folds]),
    )


def balanced_weights(examples: Examples) -> np.ndarray:
    """Weights float32 [n] that sum to 1: the same sum for every label, within a label in proportion to
    `examples.weights`."""
    sums = np.bincount(examples.labels, weights=examples.weights, minlength=examples.label_count)
    present = max(1, int((sums > 0).sum()))
    return (examples.weights / (sums[examples.labels] * present)).astype(np.float32)


def _variance(vectors: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Of each feature, float32 [d], block by block: numpy's own makes a copy of all vectors."""
    total = np.zeros(vectors.shape[1], np.float64)
    for begin in range(0, len(vectors), BLOCK):
        total += np.square(vectors[begin : begin + BLOCK] - mean).sum(axis=0)
    return (total / len(vectors)).astype(np.float32)


@dataclass(frozen=True)
class Scaler:
    """Subtracts `mean` float32 [d] and divides by `spread` float32 [d]."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, energy: float = FEATURE_ENERGY) -> "Scaler":
        """Each feature gets the same spread, and a whole vector the mean squared length `energy`.

        The spread of features that hardly vary is held at a tenth of the median one. With the usual 2,600 steps at rate
        0.01 an energy of 256 stops short of what the features allow (0.62 right on average over photos of clothing and
        groceries, 40 and 200 a label), 1,024 comes near (0.65); 4,096 adds 0.01 and is far too confident on small sets.
        """
        mean = vectors.mean(axis=0)
        spread = vectors.std(axis=0) if len(vectors) <= BLOCK else np.sqrt(_variance(vectors, mean))
        floor = 0.1 * float(np.median(spread)) or 1.0
        return cls(mean, np.maximum(spread, floor) * np.float32(np.sqrt(vectors.shape[1] / energy)))

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> scaled features float32 [n, d]."""
        return ((vectors - self.mean) / self.spread).astype(np.float32)

    def fold(self, w: np.ndarray, b: np.ndarray) -> Head:
        """The head on raw embeddings that equals weights [d, k] and bias [k] on scaled features."""
        raw = (w / self.spread[:, None]).astype(np.float32)
        return Head(raw, (b - self.mean @ raw).astype(np.float32))

    def unfold(self, head: Head) -> np.ndarray:
        """The inverse of `fold`: weights, row by row, and bias on scaled features, float64 [d * k + k]."""
        b = head.bias + self.mean @ head.weights
        return np.concatenate([(head.weights * self.spread[:, None]).ravel(), b]).astype(np.float64)
