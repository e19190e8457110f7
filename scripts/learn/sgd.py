"""The solver sgd: plain stochastic gradient descent from zero weights. numpy only.

Each image of a batch is drawn in two steps, first a label at random, then an image of that label, so that every label
counts the same (as in tensorflow-for-poets-2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from scripts.learn import descent
from scripts.learn.head import IN_NO_FOLD, Examples, Head, Moments, Scaler, balanced_weights

LEAVES_OUT_NOTHING = -3  # in place of the fold that a head leaves out: the main head
Watch = Callable[[int, list[Head]], None]  # (step, heads so far)


@dataclass(frozen=True)
class Sgd:
    """`steps` >= 1 of `batch_size` images each, `learning_rate` > 0, `seed` >= 0."""

    steps: int
    batch_size: int
    learning_rate: float
    seed: int


def fit_sgd(examples: Examples, how: Sgd, watch: Watch | None = None, every: int = 0) -> Head:
    """One head; see `fit_sgd_folds`."""
    return fit_sgd_folds(examples, how, 0, watch, every)[0]


def fit_sgd_folds(examples: Examples, how: Sgd, count: int, watch: Watch | None = None, every: int = 0) -> list[Head]:
    """The main head, then one for each of `count` folds that was not trained on the fold's images.

    All heads descend together on the same batches, of which each leaves out its own fold. That costs little more than
    one head, and every image has the same influence in all of them. (Heads that saw fewer images in as many steps would
    be too confident, and the temperature found with them too high.)

    Where some images are in no fold, the heads of the folds have batches of their own, drawn from the other images: on
    shared batches they would see fewer images a step, and be less able than heads trained on the same images.

    Args:
        watch: called every `every` steps and at the last one.
    """
    outside = np.zeros(len(examples.labels), bool)
    if count and examples.folds is not None:
        outside = examples.folds == IN_NO_FOLD
    if outside.any():
        runs = [_Run(examples, how, [LEAVES_OUT_NOTHING]), _Run(examples.take(~outside), how, list(range(count)))]
    else:
        runs = [_Run(examples, how, [LEAVES_OUT_NOTHING, *range(count)])]
    for step in range(1, how.steps + 1):
        for run in runs:
            run.step()
        if watch and every and (step % every == 0 or step == how.steps):
            watch(step, [head for run in runs for head in run.heads()])
    return [head for run in runs for head in run.heads()]


class _Run:
    """Heads that descend side by side on the same batches, each scaled by its own training images.

    Args:
        leave_out: for each head the fold that it is not trained on.
    """

    def __init__(self, examples: Examples, how: Sgd, leave_out: list[int]):
        trains = np.ones((len(examples.labels), len(leave_out)), bool)
        if examples.folds is not None:
            trains = examples.folds[:, None] != leave_out
        self._scalers = _scalers(examples, leave_out)
        onehot = np.eye(examples.label_count, dtype=np.float32)[examples.labels]
        means, spreads = (np.stack([getattr(s, name) for s in self._scalers]) for name in ("mean", "spread"))
        rates = trains * np.float32(how.learning_rate / how.batch_size)
        self._descent = descent.start(descent.Task(examples.vectors, onehot, rates, means, spreads))
        self._batches = iter(_batches(examples, how))

    def step(self) -> None:
        self._descent.step(next(self._batches))

    def heads(self) -> list[Head]:
        """As they are now, for raw embeddings."""
        return [s.fold(w, b) for s, w, b in zip(self._scalers, *self._descent.weights(), strict=True)]


def _scalers(examples: Examples, leave_out: list[int]) -> list[Scaler]:
    """The scaling of each head, by all images but those of the fold that it leaves out."""
    folds = np.zeros(len(examples.labels), int) if examples.folds is None else examples.folds
    parts = {fold: Moments.of(examples.vectors.subset(folds == fold)) for fold in np.unique(folds).tolist()}
    # A head without any training image stays at zero, whatever its scaling.
    used = ([part for fold, part in parts.items() if fold != out] or parts.values() for out in leave_out)
    return [Scaler.of(reduce(Moments.joined, some)) for some in used]


def _batches(examples: Examples, how: Sgd) -> np.ndarray:
    """Indices int [steps, batch_size]: a label at random, then one of its images, by weight."""
    rng = np.random.default_rng(how.seed)
    chance = balanced_weights(examples.labels, examples.weights).astype(np.float64)
    edges = np.cumsum(chance)
    draws = rng.random((how.steps, how.batch_size)) * edges[-1]
    return np.minimum(np.searchsorted(edges, draws, side="right"), len(chance) - 1)
