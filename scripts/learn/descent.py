"""Softmax heads that descend side by side on the same batches, each with a scaling and images of its own. numpy only.

A head that leaves images out must not know their scaling either: mean and spread fitted on all images give the missing
ones away (the others sum to their opposite). So every head sees the features as its own images say. With many images
the weights descend on features scaled once, and what differs from head to head is put into the step; with fewer images
than features the same descent is done on the images' inner products, which costs a tenth.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

FEW = 400  # images up to which inner products are kept: 13 MB for 20 heads; beyond, looking them up costs more


@dataclass(frozen=True)
class Task:
    """What h heads learn: `vectors` float32 [n, d]; `onehot` float32 [n, k]; `pull` float32 [n, h]: how hard an image
    pulls at a head, 0 = not at all; `means`, `spreads` float32 [h, d]: each head's scaling."""

    vectors: np.ndarray
    onehot: np.ndarray
    pull: np.ndarray
    means: np.ndarray
    spreads: np.ndarray


class Descent(Protocol):
    """Heads under way, from zero weights."""

    def go(self, rows: np.ndarray) -> None:
        """One step on a batch, int [batch], an image as often as it comes up."""

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """float32 [h, d, k] for features scaled as each head's are, and bias float32 [h, k]."""


def begin(task: Task) -> Descent:
    """The way that is quicker; both come to the same but for rounding."""
    n, d = task.vectors.shape
    return OnProducts(task) if n <= min(FEW, d // 2) else OnWeights(task)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, safe against overflow."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


class OnWeights:
    """With z the features scaled by the first head's mean and spread, a head's own are (z - m) / r. For weights w on
    those, v = w / r works on z; a step of gap times features is (z'gap - m sum gap) / r^2 in v."""

    def __init__(self, task: Task):
        self._onehot, self._pull = task.onehot, task.pull
        self._z = ((task.vectors - task.means[0]) / task.spreads[0]).astype(np.float32)
        self._heads, self._k = task.pull.shape[1], task.onehot.shape[1]
        off, ratio = (task.means - task.means[0]) / task.spreads[0], task.spreads / task.spreads[0]
        self._off, self._ratio = (np.repeat(x.T, self._k, axis=1).astype(np.float32) for x in (off, ratio))
        self._slow = 1 / np.square(self._ratio)
        self._v = np.zeros_like(self._off)  # [d, h * k]
        self._b = np.zeros(self._v.shape[1], np.float32)

    def go(self, rows: np.ndarray) -> None:
        batch = self._z[rows]
        bias = self._b - np.einsum("ij,ij->j", self._off, self._v)
        gap = softmax((batch @ self._v + bias).reshape(-1, self._heads, self._k)) - self._onehot[rows, None]
        gap *= self._pull[rows][:, :, None]
        flat = gap.reshape(len(rows), -1)
        total = flat.sum(axis=0)
        self._v -= (batch.T @ flat - self._off * total) * self._slow
        self._b -= total

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        w = (self._v * self._ratio).reshape(-1, self._heads, self._k).transpose(1, 0, 2)
        return w, self._b.reshape(self._heads, self._k)


class OnProducts:
    """Weights that begin at zero are sums of images, w = x'a, so the descent needs but the products x x' of each
    head's scaled images (the kernel trick: Boser, Guyon & Vapnik 1992, COLT, section 2)."""

    def __init__(self, task: Task):
        self._task = task
        self._pull = task.pull.T[:, :, None]  # [h, n, 1]
        n, heads = task.pull.shape
        self._products = np.empty((heads, n, n), np.float32)
        for h in range(heads):
            x = self._scaled(h)
            self._products[h] = x @ x.T
        self._a = np.zeros((heads, n, task.onehot.shape[1]), np.float32)
        self._b = np.zeros((heads, 1, task.onehot.shape[1]), np.float32)

    def _scaled(self, h: int) -> np.ndarray:
        return ((self._task.vectors - self._task.means[h]) / self._task.spreads[h]).astype(np.float32)

    def go(self, rows: np.ndarray) -> None:
        rows, times = np.unique(rows, return_counts=True)
        gap = softmax(self._products[:, rows] @ self._a + self._b) - self._task.onehot[rows]
        gap *= self._pull[:, rows] * times[:, None].astype(np.float32)
        self._a[:, rows] -= gap
        self._b -= gap.sum(axis=1, keepdims=True)

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([self._scaled(h).T @ a for h, a in enumerate(self._a)]), self._b[:, 0]
