"""The softmax head: a linear layer on embeddings. Its two solvers are `sgd.py` and `lbfgs.py`. numpy only.

Features are centred and scaled before training, by the head's own training images alone, and the scaling is folded into
the weights afterwards: one learning rate means the same for every backbone, and a `Head` works on raw embeddings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.learn.descent import softmax
from scripts.learn.embedding_table import EmbeddingTable

FEATURE_ENERGY = 1024.0  # mean squared length of a scaled feature vector; see `Scaler`
# Folds of images that take part in no cross-validation. Only the main head trains on IN_NO_FOLD; the heads of all folds
# train on IN_EVERY_FOLD too.
IN_NO_FOLD, IN_EVERY_FOLD = -1, -2


@dataclass(frozen=True)
class Head:
    """`weights` float32 [d, labels], `bias` float32 [labels]; logits = embeddings @ weights + bias."""

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray | EmbeddingTable) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels]."""
        if isinstance(vectors, EmbeddingTable):
            return np.concatenate([self.logits(block) for _, block in vectors.blocks()])
        return vectors @ self.weights + self.bias

    def probabilities(self, vectors: np.ndarray | EmbeddingTable) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels], rows sum to 1."""
        return softmax(self.logits(vectors))

    def with_temperature(self, temperature: float) -> "Head":
        """The same head with its logits divided by `temperature` (> 0)."""
        scale = np.float32(1 / temperature)
        return Head(self.weights * scale, self.bias * scale)


@dataclass(frozen=True)
class Examples:
    """Training data.

    `vectors` [n, d]; `labels` int [n] in 0..label_count-1; `weights` float [n] > 0; `folds` int [n] in 0..f-1,
    IN_NO_FOLD or IN_EVERY_FOLD; None = no cross-validation.
    """

    vectors: EmbeddingTable
    labels: np.ndarray
    weights: np.ndarray
    label_count: int
    folds: np.ndarray | None = None

    def take(self, rows: Any) -> "Examples":
        """The examples at these indices or under this mask; no embedding is copied."""
        folds = None if self.folds is None else self.folds[rows]
        return Examples(self.vectors.subset(rows), self.labels[rows], self.weights[rows], self.label_count, folds)


def joined(one: Examples, other: Examples | None) -> Examples:
    """Both together; both have folds."""
    if other is None or not len(other.labels):
        return one
    return Examples(
        one.vectors.followed_by(other.vectors),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.weights, other.weights]),
        one.label_count,
        np.concatenate([one.folds, other.folds]),
    )


def balanced_weights(labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weights float32 [n] that sum to 1: the same sum for every label, within a label in proportion to `weights`."""
    sums = np.bincount(labels, weights=weights)
    present = max(1, int((sums > 0).sum()))
    return (weights / (sums[labels] * present)).astype(np.float32)


@dataclass(frozen=True)
class Moments:
    """Of `count` vectors: `mean` float64 [d], `squares` float64 [d]: the sum of squared deviations from it."""

    count: int
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, vectors: EmbeddingTable) -> "Moments":
        """Block by block."""
        found = cls(0, np.zeros(vectors.shape[1]), np.zeros(vectors.shape[1]))
        for _, block in vectors.blocks() if len(vectors) else ():
            mean = block.mean(axis=0)
            squares = np.square(block - mean).sum(axis=0)
            found = found.joined(cls(len(block), mean.astype(np.float64), squares.astype(np.float64)))
        return found

    def joined(self, other: "Moments") -> "Moments":
        """Of both together (Chan, Golub & LeVeque 1983, The American Statistician 37, 242-247)."""
        count = self.count + other.count
        if not self.count or not other.count:
            return self if self.count else other
        difference = other.mean - self.mean
        squares = self.squares + other.squares + np.square(difference) * (self.count * other.count / count)
        return Moments(count, self.mean + difference * (other.count / count), squares)


@dataclass(frozen=True)
class Scaler:
    """Subtracts `mean` float32 [d] and divides by `spread` float32 [d]."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, moments: Moments, energy: float = FEATURE_ENERGY) -> "Scaler":
        """Each feature gets the same spread, and a whole vector the mean squared length `energy`.

        The spread of features that hardly vary is held at a tenth of the median one. With the usual 2,600 steps at rate
        0.01 an energy of 256 stops short of what the features allow (0.62 right on average over photos of clothing and
        groceries, 40 and 200 a label), 1,024 comes near (0.65); 4,096 adds 0.01 and is far too confident on small sets.
        """
        spread = np.sqrt(moments.squares / moments.count)
        floor = 0.1 * float(np.median(spread)) or 1.0
        scaled = np.maximum(spread, floor) * np.sqrt(len(spread) / energy)
        return cls(moments.mean.astype(np.float32), scaled.astype(np.float32))

    @classmethod
    def fit(cls, vectors: EmbeddingTable | np.ndarray, energy: float = FEATURE_ENERGY) -> "Scaler":
        """The scaler of these vectors, [n, d]; see `of`."""
        return cls.of(Moments.of(EmbeddingTable.of(vectors)), energy)

    def fold(self, w: np.ndarray, b: np.ndarray) -> Head:
        """The head on raw embeddings that equals weights [d, k] and bias [k] on scaled features."""
        raw = (w / self.spread[:, None]).astype(np.float32)
        return Head(raw, (b - self.mean @ raw).astype(np.float32))

    def unfold(self, head: Head) -> np.ndarray:
        """The inverse of `fold`: weights, row by row, and bias on scaled features, float64 [d * k + k]."""
        b = head.bias + self.mean @ head.weights
        return np.concatenate([(head.weights * self.spread[:, None]).ravel(), b]).astype(np.float64)
