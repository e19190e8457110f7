"""The solver lbfgs: full-batch L-BFGS (Liu & Nocedal 1989) on the class-balanced loss, without parameters but the L2
strength, which `strength.py` chooses. numpy only."""

from collections.abc import Callable, Iterable

import numpy as np

from scripts.learn.descent import softmax
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples, Head, Scaler, balanced_weights

MEMORY = 10  # pairs of the history; 5 to 20 is usual (Nocedal & Wright 2006, section 7.2)
KEPT = 10_000  # vectors kept in float32; 80 MB
ROUNDING = 1e-7  # relative, of a loss that is computed in float32
TOLERANCE = 1e-5  # stops where the largest gradient entry is below it


def fit_lbfgs(examples: Examples, l2: float, start: Head | None = None, iterations: int = 300) -> Head:
    """Train to convergence on the class-balanced, weighted cross-entropy plus l2/2 |W|^2 (features of unit energy).

    Args:
        l2: strength, >= 0.
        start: a head to begin from (warm start along a path of strengths).
    """
    scaler = Scaler.fit(examples.vectors, energy=1.0)
    blocks = _scaled_blocks(examples.vectors, scaler)
    k, d = examples.label_count, examples.vectors.shape[1]
    onehot = np.eye(k, dtype=np.float32)[examples.labels]
    weight = balanced_weights(examples.labels, examples.weights)[:, None]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w, b = flat[:-k].reshape(d, k), flat[-k:]
        value, of_w, of_b = 0.5 * l2 * float(np.square(w).sum()), l2 * w, np.zeros(k)
        w, b = w.astype(np.float32), b.astype(np.float32)
        for rows, x in blocks():
            p = softmax(x @ w + b)
            gap = (p - onehot[rows]) * weight[rows]
            value -= float((weight[rows, 0] * np.log(np.maximum((p * onehot[rows]).sum(axis=1), 1e-12))).sum())
            of_w, of_b = of_w + x.T @ gap, of_b + gap.sum(axis=0)
        return value, np.concatenate([of_w.ravel(), of_b])

    begin = np.zeros(d * k + k) if start is None else scaler.unfold(start)
    flat = _minimise(loss, begin, iterations)
    return scaler.fold(flat[:-k].reshape(d, k).astype(np.float32), flat[-k:].astype(np.float32))


def _scaled_blocks(vectors: EmbeddingTable, scaler: Scaler) -> Callable[[], Iterable[tuple[slice, np.ndarray]]]:
    """Gives all vectors scaled, block by block; kept, or where that would take much room, scaled anew each time."""
    read = vectors.scaled(scaler.mean, scaler.spread)
    kept = [*vectors.blocks(read)] if len(vectors) <= KEPT else None
    return lambda: kept or vectors.blocks(read)


def _minimise(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], x: np.ndarray, iterations: int) -> np.ndarray:
    """L-BFGS with a backtracking Armijo line search (Nocedal & Wright 2006, algorithms 7.4, 7.5 and 3.1), which
    takes a step that rounding alone makes worse (as Hager & Zhang 2005, SIAM J. Optim. 16, 170-192): near the minimum
    it would halve its steps in vain."""
    value, gradient = loss(x)
    pairs: list[tuple[np.ndarray, np.ndarray, float]] = []
    for _ in range(iterations):
        if np.abs(gradient).max() < TOLERANCE:
            break
        direction = -_two_loop(gradient, pairs)
        slope = float(gradient @ direction)
        if slope >= 0:  # the history misleads: restart along the gradient
            pairs, direction, slope = [], -gradient, -float(gradient @ gradient)
        length = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(30):
            new = x + length * direction
            new_value, new_gradient = loss(new)
            if new_value <= value + 1e-4 * length * slope + ROUNDING * abs(value):
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
    q, alphas = gradient.copy(), []
    for step, change, rho in reversed(pairs):
        alpha = rho * float(step @ q)
        q -= alpha * change
        alphas.append(alpha)
    if pairs:
        step, change, rho = pairs[-1]
        q *= 1 / (rho * float(change @ change))
    for (step, change, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        q += (alpha - rho * float(change @ q)) * step
    return q
