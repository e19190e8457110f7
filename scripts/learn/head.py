"""The softmax head: trained from scratch on bottlenecks, in numpy. Two solvers, one result.

sgd    plain stochastic gradient descent with steps, batch size and learning rate to play with. Each batch draws a
       label at random, then an image of that label, so that every label counts the same (as tensorflow-for-poets-2).
lbfgs  full-batch L-BFGS (Liu & Nocedal 1989) on the class-balanced loss; no knobs but the L2 strength, which
       `train.py` chooses on the validation images.

Features are centred and scaled before training, by what the head learns from alone, and the scaling is folded into the
weights afterwards, so that one learning rate means the same for every backbone and a `Head` works on raw bottlenecks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scripts.learn import descent
from scripts.learn.descent import softmax

FEATURE_ENERGY = 1024.0  # mean squared length of a scaled feature vector; see `Scaler`
IN_NO_FOLD, IN_EVERY_FOLD = -1, -2  # taught to no head of a fold; to all of them
NO_FOLD = -3  # what the head itself leaves out
MEMORY = 10  # L-BFGS history, pairs; 5 to 20 is usual (Nocedal & Wright 2006, section 7.2)
TOLERANCE = 1e-5  # L-BFGS stops where the largest gradient entry is below it


@dataclass(frozen=True)
class Head:
    """`weights` float32 [d, labels], `bias` float32 [labels]; logits = bottlenecks @ weights + bias."""

    weights: np.ndarray
    bias: np.ndarray

    def logits(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels]."""
        return vectors @ self.weights + self.bias

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n, labels], rows sum to 1."""
        return softmax(self.logits(vectors))

    def cooled(self, temperature: float) -> "Head":
        """The same head with its logits divided by `temperature` (> 0)."""
        scale = np.float32(1 / temperature)
        return Head(self.weights * scale, self.bias * scale)


@dataclass(frozen=True)
class Examples:
    """Training data: `vectors` float32 [n, d], `labels` int [n] in 0..k-1, `weights` float [n] > 0 (1 human, less
    robot), `folds` int [n] in 0..f-1 where there is cross-validation; IN_NO_FOLD = only the head of
    all learns it, IN_EVERY_FOLD = those of all folds too."""

    vectors: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    label_count: int
    folds: np.ndarray | None = None

    def take(self, chosen: Any) -> "Examples":
        """The examples at these indices or under this mask."""
        folds = None if self.folds is None else self.folds[chosen]
        return Examples(self.vectors[chosen], self.labels[chosen], self.weights[chosen], self.label_count, folds)


@dataclass(frozen=True)
class Sgd:
    """`steps` >= 1 of `batch_size` images each, `learning_rate` > 0, `seed` >= 0."""

    steps: int
    batch_size: int
    learning_rate: float
    seed: int


def fit_sgd(
    examples: Examples, how: Sgd, watch: Callable[[int, list[Head]], None] | None = None, every: int = 0
) -> Head:
    """Train by stochastic gradient descent from zero weights; see `fit_sgd_folds`."""
    return fit_sgd_folds(examples, how, 0, watch, every)[0]


def fit_sgd_folds(
    examples: Examples, how: Sgd, count: int, watch: Callable[[int, list[Head]], None] | None = None, every: int = 0
) -> list[Head]:
    """The head and, after it, one for each of `count` folds that has not learned from the fold's images.

    All descend together on the same batches, of which each leaves out its own fold: that costs little more than one,
    and every image pulls as often and as hard in all of them (else the heads of the folds, learning fewer images in as
    many steps, would be too sure of themselves, and the temperature found with them too high).

    Where there are images in no fold, the heads of the folds descend on batches of their own, drawn from the others:
    on shared ones they would see fewer images a step, and end less able than heads that learn from the same images.

    Args:
        watch: called with (step, heads so far) every `every` steps and at the last one.
    """
    aside = _in_no_fold(examples) & (count > 0)
    if aside.any():
        descents = [_Descent(examples, how, [NO_FOLD]), _Descent(examples.take(~aside), how, list(range(count)))]
    else:
        descents = [_Descent(examples, how, [NO_FOLD, *range(count)])]
    for step in range(1, how.steps + 1):
        for under_way in descents:
            under_way.go()
        if watch and every and (step % every == 0 or step == how.steps):
            watch(step, [head for each in descents for head in each.heads()])
    return [head for each in descents for head in each.heads()]


def _in_no_fold(examples: Examples) -> np.ndarray:
    """bool [n]"""
    if examples.folds is None:
        return np.zeros(len(examples.labels), bool)
    return examples.folds == IN_NO_FOLD


class _Descent:
    """Heads that descend side by side on the same batches, each with the scaling of the images that it learns from.

    Args:
        leave_out: for each head the fold it does not learn from; NO_FOLD = it learns from all.
    """

    def __init__(self, examples: Examples, how: Sgd, leave_out: list[int]):
        learns = np.ones((len(examples.labels), len(leave_out)), bool)
        if examples.folds is not None:
            learns = examples.folds[:, None] != leave_out
        # A head that learns from nothing stays at zero, whatever its scaling.
        self._scalers = [Scaler.fit(examples.vectors[own] if own.any() else examples.vectors) for own in learns.T]
        onehot = np.eye(examples.label_count, dtype=np.float32)[examples.labels]
        means, spreads = (np.stack([getattr(s, name) for s in self._scalers]) for name in ("mean", "spread"))
        pull = learns * np.float32(how.learning_rate / how.batch_size)
        self._descent = descent.begin(descent.Task(examples.vectors, onehot, pull, means, spreads))
        self._batches = iter(_batches(examples, how))

    def go(self) -> None:
        """One step."""
        self._descent.go(next(self._batches))

    def heads(self) -> list[Head]:
        """As they are now, for raw bottlenecks."""
        return [s.fold(w, b) for s, w, b in zip(self._scalers, *self._descent.weights(), strict=True)]


def fit_lbfgs(examples: Examples, l2: float, start: Head | None = None, iterations: int = 300) -> Head:
    """Train to convergence on the class-balanced, weighted cross-entropy plus l2/2 |W|^2 (features of unit energy).

    Args:
        l2: strength, >= 0.
        start: a head to begin from (warm start along a path of strengths).
    """
    scaler = Scaler.fit(examples.vectors, energy=1.0)
    x = scaler.apply(examples.vectors)
    k, d = examples.label_count, x.shape[1]
    onehot = np.eye(k, dtype=np.float32)[examples.labels]
    weight = balanced_weights(examples)[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, b = flat[:-k].reshape(d, k), flat[-k:]
        p = softmax(x @ w.astype(np.float32) + b.astype(np.float32))
        gap = (p - onehot) * weight
        value = -float((weight[:, 0] * np.log(np.maximum((p * onehot).sum(axis=1), 1e-12))).sum())
        gradient = np.concatenate([(x.T @ gap).astype(np.float64).ravel() + l2 * w.ravel(), gap.sum(axis=0)])
        return value + 0.5 * l2 * float(np.square(w).sum()), gradient.astype(np.float64)

    begin = np.zeros(d * k + k) if start is None else scaler.unfold(start)
    flat = _minimise(loss, begin, iterations)
    return scaler.fold(flat[:-k].reshape(d, k).astype(np.float32), flat[-k:].astype(np.float32))


def balanced_weights(examples: Examples) -> np.ndarray:
    """Weights float32 [n] that sum to 1, every label having the same sum, within a label as `examples.weights` say."""
    sums = np.bincount(examples.labels, weights=examples.weights, minlength=examples.label_count)
    present = max(1, int((sums > 0).sum()))
    return (examples.weights / (sums[examples.labels] * present)).astype(np.float32)


@dataclass(frozen=True)
class Scaler:
    """Centre by `mean` float32 [d] and divide by `spread` float32 [d]."""

    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, energy: float = FEATURE_ENERGY) -> "Scaler":
        """Each feature gets the same spread, and a whole vector the mean squared length `energy`.

        Features that hardly vary are not blown up: their spread is held at a tenth of the median one. With the usual
        2600 steps at rate 0.01 an energy of 256 stops short of what the features know (0.62 right on average over
        photos of clothing and groceries, 40 and 200 a label), 1024 comes near (0.65); 4096 adds 0.01 and is far too
        sure of itself on small sets.
        """
        mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
        floor = 0.1 * float(np.median(spread)) or 1.0
        return cls(mean, np.maximum(spread, floor) * np.float32(np.sqrt(vectors.shape[1] / energy)))

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        return ((vectors - self.mean) / self.spread).astype(np.float32)

    def fold(self, w: np.ndarray, b: np.ndarray) -> Head:
        raw = (w / self.spread[:, None]).astype(np.float32)
        return Head(raw, (b - self.mean @ raw).astype(np.float32))

    def unfold(self, head: Head) -> np.ndarray:
        b = head.bias + self.mean @ head.weights
        return np.concatenate([(head.weights * self.spread[:, None]).ravel(), b]).astype(np.float64)


def _batches(examples: Examples, how: Sgd) -> np.ndarray:
    """Indices int [steps, batch_size]: a label at random, then one of its images, by weight."""
    rng = np.random.default_rng(how.seed)
    chance = balanced_weights(examples).astype(np.float64)
    edges = np.cumsum(chance)
    draws = rng.random((how.steps, how.batch_size)) * edges[-1]
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(chance) - 1)


def _minimise(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray, iterations: int) -> np.ndarray:
    """L-BFGS with a backtracking Armijo line search (Nocedal & Wright 2006, algorithms 7.4, 7.5 and 3.1)."""
    value, gradient = loss(x)
    pairs: list[tuple[np.ndarray, np.ndarray, float]] = []
    for _ in range(iterations):
        if np.abs(gradient).max() < TOLERANCE:
            break
        direction = -_two_loop(gradient, pairs)
        slope = float(gradient @ direction)
        if slope >= 0:  # history gone stale: begin again downhill
            pairs, direction, slope = [], -gradient, -float(gradient @ gradient)
        length = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(30):
            new = x + length * direction
            new_value, new_gradient = loss(new)
            if new_value <= value + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break
        step, change = new - x, new_gradient - gradient
        curvature = float(step @ change)
        if curvature > 1e-12:
            pairs = [*pairs[-MEMORY + 1 :], (step, change, 1 / curvature)]
        x, value, gradient = new, new_value, new_gradient
    return x


def _two_loop(gradient: np.ndarray, pairs: list) -> np.ndarray:
    """The inverse Hessian estimate times the gradient."""
    q, marks = gradient.copy(), []
    for step, change, rho in reversed(pairs):
        mark = rho * float(step @ q)
        q -= mark * change
        marks.append(mark)
    if pairs:
        step, change, rho = pairs[-1]
        q *= 1 / (rho * float(change @ change))
    for (step, change, rho), mark in zip(pairs, reversed(marks), strict=True):
        q += (mark - rho * float(change @ q)) * step
    return q
