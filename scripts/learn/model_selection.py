"""Of several ways to make a model, the simplest that none is clearly better than. numpy only.

Every candidate gives its out-of-fold predictions of the same images; two are compared image by image. That the best of
several looks better than it is (selection bias) is allowed for: the more candidates, the clearer a difference must be.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from scripts.learn.calibration import temperatures_by_fold
from scripts.learn.evaluation import FOLD_EFFICIENCY
from scripts.learn.head import softmax

# Probability of taking any candidate that is no better, over all candidates. Not the usual .05: an equally good one
# does no harm but for the time it takes, and a worse one is taken far less often than this. With .05 most of what
# tuning gives was lost: a hundred images hardly tell .03 from nothing.
ALPHA = 0.3
GROUPS_MIN = 20  # groups, below which nothing is compared: a mean of fewer differences is not near enough to normal

Logits = np.ndarray  # float32 [n, k]
Stop = Callable[[], bool]


class Stopped(Exception):
    """A candidate was stopped before it had a result; with the reason, in a few words."""


@dataclass(frozen=True)
class Candidate:
    """One way to make a model.

    `seconds`: estimated time; `run`: stop -> out-of-fold logits, a row an image; it asks `stop` now and then and raises
    Stopped where that is true.
    """

    name: str
    seconds: float
    run: Callable[[Stop], Logits]


@dataclass(frozen=True)
class Trial:
    """One candidate's row of the table. `right`: images; `loss`: mean, in nats; both None where it was not measured;
    `p_value`: of being better than the best before, 0..1; `result`: in words."""

    name: str
    seconds: float = 0.0
    right: int | None = None
    loss: float | None = None
    p_value: float | None = None
    result: str = ""


@dataclass(frozen=True)
class Selection:
    """`name`: the candidate taken; `images`: number that measured; `trials`: one a candidate."""

    name: str
    images: int
    trials: tuple[Trial, ...]

    def facts(self) -> dict:
        return {"chosen": self.name, "images": self.images, "tried": [asdict(trial) for trial in self.trials]}


@dataclass(frozen=True)
class EvaluationSet:
    """What all candidates are measured on, n rows: `y` int, labels; `folds` int; `groups` int."""

    y: np.ndarray
    folds: np.ndarray
    groups: np.ndarray

    def calibrated(self, logits: Logits) -> Logits:
        """Each image's logits divided by a temperature that was not fitted on its fold."""
        every = np.ones(len(self.y), bool)
        return logits / temperatures_by_fold(logits, self.y, every, self.folds, self.groups)[:, None]

    def losses(self, logits: Logits) -> np.ndarray:
        """Cross-entropy of each image in nats, float [n]."""
        p = softmax(self.calibrated(logits))
        return -np.log(np.maximum(p[np.arange(len(self.y)), self.y], 1e-9))

    def right(self, logits: Logits) -> int:
        """The number of images predicted correctly."""
        return int((logits.argmax(axis=1) == self.y).sum())

    def p_value(self, best: Logits, other: Logits) -> float:
        """The probability of at least this gain of `other` if it were no better than `best`: one-sided paired z test on
        the mean losses of groups. An image of the folds counts as FOLD_EFFICIENCY, for the folds share training images
        (Nadeau & Bengio 2003, Machine Learning 52, 239-281)."""
        _, number = np.unique(self.groups, return_inverse=True)
        gain = np.bincount(number, self.losses(best) - self.losses(other)) / np.bincount(number)
        if len(gain) < GROUPS_MIN or gain.std() == 0:
            return 1.0
        z = gain.mean() / (gain.std(ddof=1) / math.sqrt(FOLD_EFFICIENCY * len(gain)))
        return 0.5 * math.erfc(z / math.sqrt(2))


def select(
    candidates: list[Candidate],
    data: EvaluationSet,
    seconds: float,
    stop: Stop = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Selection:
    """Try candidates in order; the best so far stays unless one is clearly better: significantly less loss, and no
    fewer images right.

    Args:
        candidates: the simplest first. The first is always measured, and taken where nothing is clearly better.
        seconds: for all together; a candidate that is not likely to end in time is not started.
        stop: asked before each candidate, and by each.
    """
    begin, trials = clock(), list[Trial]()
    best, best_logits = candidates[0].name, None
    alpha = ALPHA / max(1, len(candidates) - 1)
    for candidate in candidates:
        started = clock()
        reason = _skip_reason(candidate, seconds - (started - begin), stop) if trials else ""
        if reason:
            trials.append(Trial(candidate.name, result=reason))
            continue
        try:
            logits = candidate.run(stop)
        except Stopped as problem:
            trials.append(Trial(candidate.name, clock() - started, result=str(problem) or "stopped"))
            continue
        trial, is_better = _compared(candidate.name, clock() - started, logits, best_logits, data, alpha)
        if is_better or best_logits is None:
            best, best_logits = candidate.name, logits
        trials.append(trial)
    return Selection(best, len(data.y), tuple(trials))


def _skip_reason(candidate: Candidate, seconds_left: float, stop: Stop) -> str:
    """Why a candidate is not started; empty where it is."""
    if stop():
        return "stopped"
    return "no time" if candidate.seconds > seconds_left else ""


def _compared(
    name: str, seconds: float, logits: Logits, best: Logits | None, data: EvaluationSet, alpha: float
) -> tuple[Trial, bool]:
    """A measured candidate, and whether it is clearly better than the best before."""
    right, loss = data.right(logits), float(data.losses(logits).mean())
    if best is None:
        return Trial(name, seconds, right, loss, result="the simplest"), False
    p_value, gained = data.p_value(best, logits), right - data.right(best)
    is_better = p_value <= alpha and gained >= 0
    p = f"p = {p_value:.2f}" if p_value >= 0.01 else "p < 0.01"
    result = f"{'better' if is_better else 'not clearly better'} ({p})"
    return Trial(name, seconds, right, loss, p_value, result), is_better
