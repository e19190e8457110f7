"""Gradient descent of several softmax heads side by side on the same batches, each with its own scaling. numpy only.

A head that leaves images out must not be scaled by them either: with mean and spread of all images, the remaining
images sum to the opposite of the missing one, which gives it away. With many images the weights descend on features
that are scaled once, and the difference between heads is put into the step; with fewer images than features the same
descent is done on the inner products of the images, which costs a tenth.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from scripts.learn.embedding_table import EmbeddingTable

PRODUCTS_MAX = 400  # images; 13 MB of inner products for 20 heads, beyond that looking them up costs more


@dataclass(frozen=True)
class Task:
    """What h heads are trained on: `vectors` [n, d]; `onehot` float32 [n, k]; `rates` float32 [n, h]: the step
    that an image makes a head take, 0 = the head leaves it out; `means`, `spreads` float32 [h, d]: each head's
    scaling."""

    vectors: EmbeddingTable
    onehot: np.ndarray
    rates: np.ndarray
    means: np.ndarray
    spreads: np.ndarray


class Descent(Protocol):
    """Heads in training, from zero weights."""

    def step(self, rows: np.ndarray) -> None:
        """One step on a batch of rows, int [batch]; a row may come up several times."""

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """float32 [h, d, k] for features scaled as each head scales them, and bias float32 [h, k]."""


def start(task: Task) -> Descent:
    """The quicker of two ways; they differ by rounding only."""
    n, d = task.vectors.shape
    return ProductDescent(task) if n <= min(PRODUCTS_MAX, d // 2) else WeightDescent(task)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, safe against overflow."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


class WeightDescent:
    """Descends on weights. With z the features scaled by the first head's mean and spread, another head's features are
    (z - m) / r. For weights w on those, v = w / r works on z; a step of gap times features is (z'gap - m sum gap) / r^2
    in v."""

    def __init__(self, task: Task):
        self._onehot, self._rates = task.onehot, task.rates
        self._heads, self._k = task.rates.shape[1], task.onehot.shape[1]
        self._scaled = task.vectors.scaled(task.means[0], task.spreads[0])  # all at once would be a copy
        shift, ratio = (task.means - task.means[0]) / task.spreads[0], task.spreads / task.spreads[0]
        self._shift, self._ratio = (np.repeat(x.T, self._k, axis=1).astype(np.float32) for x in (shift, ratio))
        self._factor = 1 / np.square(self._ratio)
        self._v = np.zeros_like(self._shift)  # [d, h * k]
        self._b = np.zeros(self._v.shape[1], np.float32)

    def step(self, rows: np.ndarray) -> None:
        batch = self._scaled(rows)
        bias = self._b - np.einsum("ij,ij->j", self._shift, self._v)
        gap = softmax((batch @ self._v + bias).reshape(-1, self._heads, self._k)) - self._onehot[rows, None]
        gap *= self._rates[rows][:, :, None]
        flat = gap.reshape(len(rows), -1)
        total = flat.sum(axis=0)
        self._v -= (batch.T @ flat - self._shift * total) * self._factor
        self._b -= total

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        w = (self._v * self._ratio).reshape(-1, self._heads, self._k).transpose(1, 0, 2)
        return w, self._b.reshape(self._heads, self._k)


class ProductDescent:
    """Descends on inner products. Weights that begin at zero are sums of images, w = x'a, so only the products x x' of
    each head's scaled images are needed (the kernel trick: Boser, Guyon & Vapnik 1992, COLT, section 2)."""

    def __init__(self, task: Task):
        self._task, self._vectors = task, task.vectors[:]
        self._rates = task.rates.T[:, :, None]  # [h, n, 1]
        n, heads = task.rates.shape
        self._products = np.empty((heads, n, n), np.float32)
        for h in range(heads):
            x = (self._vectors - task.means[h]) / task.spreads[h]
            self._products[h] = x @ x.T
        self._a = np.zeros((heads, n, task.onehot.shape[1]), np.float32)
        self._b = np.zeros((heads, 1, task.onehot.shape[1]), np.float32)

    def step(self, rows: np.ndarray) -> None:
        rows, times = np.unique(rows, return_counts=True)
        gap = softmax(self._products[:, rows] @ self._a + self._b) - self._task.onehot[rows]
        gap *= self._rates[:, rows] * times[:, None].astype(np.float32)
        self._a[:, rows] -= gap
        self._b -= gap.sum(axis=1, keepdims=True)

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """By one product for all heads: a head's features are (x - mean) / spread, so its weights are
        (x'a - mean sum a) / spread. (Scaled as another head scales them, x would be rounded by images that this head
        leaves out.)"""
        heads, n, k = self._a.shape
        flat = self._a.transpose(1, 0, 2).reshape(n, heads * k)
        w = (self._vectors.T @ flat).reshape(-1, heads, k).transpose(1, 0, 2)
        w = w - self._task.means[:, :, None] * self._a.sum(axis=1, keepdims=True)
        w /= self._task.spreads[:, :, None]
        return w, self._b[:, 0]
