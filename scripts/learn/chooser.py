"""The best that some minutes give, chosen honestly: of several the simplest that none is clearly better than.

numpy only. Every candidate says what it would predict of each image had it not learned from it; two are compared on
the same images. That the best of several looks better than it is (selection) is allowed for: the more are tried, the
clearer a difference has to be.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from scripts.learn.calibration import temperatures
from scripts.learn.evaluation import FOLD_WORTH
from scripts.learn.head import softmax

# Chance of taking any candidate that is no better, over all that are tried. Not the usual .05: what is just as good
# does no harm but to take longer, and what is worse is taken far more seldom than this. With .05 most of what tuning
# gives was left: a hundred images hardly tell .03 from nothing.
ALPHA = 0.3
LEAST = 20  # groups below which nothing is compared: the mean of fewer differences is not near enough to normal

Logits = np.ndarray  # float32 [n, k]
Stop = Callable[[], bool]


class Stopped(Exception):
    """A candidate was told to stop before it had an answer."""


@dataclass(frozen=True)
class Candidate:
    """One way to make a model. `seconds`: what measuring it is likely to take; `run`: (what simpler ones said by name,
    stop) -> honest logits, one row an image; it looks at `stop` now and then and raises Stopped where it is true;
    `needs`: names of those it cannot do without."""

    name: str
    seconds: float
    run: Callable[[dict[str, Logits], Stop], Logits]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tried:
    """A line of the table. `right`: images; `loss`: mean, in nats; both None where it was not measured; `said`: what
    came of it; `chance`: how probable such a gain over the best so far is where it is no better, 0..1."""

    name: str
    seconds: float = 0.0
    right: int | None = None
    loss: float | None = None
    chance: float | None = None
    said: str = ""


@dataclass(frozen=True)
class Choice:
    """`name`: the candidate taken; `tried`: one line each; `images`: measured on so many."""

    name: str
    images: int
    tried: tuple[Tried, ...]

    def facts(self) -> dict:
        return {"chosen": self.name, "images": self.images, "tried": [asdict(row) for row in self.tried]}

    def table(self) -> str:
        """One line a candidate, for people."""
        lines = [f"{'tried':<28}right of {self.images}   loss  seconds"]
        for row in self.tried:
            figures = f"{row.right:>11}  {row.loss:.3f}" if row.right is not None else f"{'':>11}  {'':>5}"
            lines.append(f"{row.name:<28}{figures}  {row.seconds:>7.1f}  {row.said}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Ground:
    """What all are measured on, n rows: `y` int, `folds` int, `groups` int (right or wrong together)."""

    y: np.ndarray
    folds: np.ndarray
    groups: np.ndarray

    def cooled(self, logits: Logits) -> Logits:
        """Each image's logits at a temperature that was not fitted on its fold."""
        every = np.ones(len(self.y), bool)
        return logits / temperatures(logits, self.y, every, self.folds, self.groups)[:, None]

    def losses(self, logits: Logits) -> np.ndarray:
        """Nats of each image, float [n]."""
        p = softmax(self.cooled(logits))
        return -np.log(np.maximum(p[np.arange(len(self.y)), self.y], 1e-9))

    def right(self, logits: Logits) -> int:
        return int((logits.argmax(axis=1) == self.y).sum())

    def chance(self, best: Logits, other: Logits) -> float:
        """How probable the other's gain is where it is no better than the best: one-sided, by the mean difference of
        losses of groups against its standard error (the paired z test), an image that folds judge being worth
        FOLD_WORTH (as Nadeau & Bengio 2003, Machine Learning 52, 239-281, widen it for shared training images)."""
        _, number = np.unique(self.groups, return_inverse=True)
        gain = np.bincount(number, self.losses(best) - self.losses(other)) / np.bincount(number)
        if len(gain) < LEAST or gain.std() == 0:
            return 1.0
        z = gain.mean() / (gain.std(ddof=1) / math.sqrt(FOLD_WORTH * len(gain)))
        return 0.5 * math.erfc(z / math.sqrt(2))


def choose(
    candidates: list[Candidate],
    ground: Ground,
    seconds: float,
    stop: Stop = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Choice:
    """Try them in order, and keep the best so far unless one is clearly better: less loss than chance would give, and
    no fewer images right.

    Args:
        candidates: the simplest first; it is measured whatever the time, and taken where nothing is clearly better.
        seconds: for all; one that is not likely to end within them is not begun.
        stop: looked at before each, and by each.
    """
    begin, found, tried = clock(), dict[str, Logits](), list[Tried]()
    best, sure = candidates[0].name, ALPHA / max(1, len(candidates) - 1)
    for candidate in candidates:
        started = clock()
        if found and (why := _why_not(candidate, found, seconds - (started - begin), stop)):
            tried.append(Tried(candidate.name, said=why))
            continue
        try:
            logits = candidate.run(found, stop)
        except Stopped:
            tried.append(Tried(candidate.name, clock() - started, said="stopped"))
            continue
        row, better = _compared(candidate.name, logits, found.get(best), ground, sure)
        found[candidate.name] = logits
        best = candidate.name if better else best
        tried.append(Tried(candidate.name, clock() - started, *row))
    return Choice(best, len(ground.y), tuple(tried))


def _why_not(candidate: Candidate, found: dict[str, Logits], left: float, stop: Stop) -> str:
    """Why a candidate is not begun; empty where it is."""
    if stop():
        return "stopped"
    if missing := [name for name in candidate.needs if name not in found]:
        return f"needs {' and '.join(missing)}"
    return "no time" if candidate.seconds > left else ""


def _compared(
    name: str, logits: Logits, best: Logits | None, ground: Ground, sure: float
) -> tuple[tuple[int, float, float | None, str], bool]:
    """(right, loss, chance, words) of a candidate, and whether it is the new best."""
    right, loss = ground.right(logits), float(ground.losses(logits).mean())
    if best is None:
        return (right, loss, None, "the simplest"), False
    chance = ground.chance(best, logits)
    better = chance <= sure and right >= ground.right(best)
    gained = right - ground.right(best)
    odds = f"{gained:+d} right, by chance {chance:.0%}" if chance >= 0.01 else f"{gained:+d} right, by chance below 1 %"
    words = f"{'clearly' if better else 'not clearly'} better ({odds})"
    return (right, loss, chance, words), better
