"""From a pool of unlabeled images to a classifier with tens of decisions: which images to ask a person about next.

numpy only; nothing is read or written. What follows from the answers: `labeling.py`.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from scripts.learn import neighbor_graph
from scripts.learn.labeling import LabelingState, Propagated, accuracy, cross_validate, fit

__all__ = [
    "CONFIRMED",
    "LabelingState",
    "PAGE",
    "Propagated",
    "Query",
    "RANDOM_EVERY",
    "Strategy",
    "accuracy",
    "cross_validate",
    "enough",
    "fit",
    "mixed_up",
    "next_query",
]

PAGE = 10  # images that are decided one by one
CONFIRMED = 24  # images with one predicted label that are looked at and confirmed together
RANDOM_EVERY = 5  # one image in so many is drawn at random; these measure
CONFIRM_MIN = 0.6  # mean score of a page of one predicted label below which it is not worth confirming together
ENOUGH_MARGIN = 0.8  # mean margin of what is left from which on ten more decisions would hardly change anything


class Strategy(Enum):
    """Why a page of images is shown."""

    TYPICAL = "typical"  # images that stand for many others: before there is a prediction, or unlike those seen so far
    UNCERTAIN = "uncertain"  # images with the least certain predictions
    CONFIRM = "confirm"  # images with one predicted label, to be confirmed
    SAMPLE = "sample"  # a random sample of the whole pool, to see how good the predictions are (`accuracy_check.py`)


@dataclass(frozen=True)
class Query:
    """What to show next. `rows`: images of the pool; `random`: those of them that were drawn at random; `guess`: the
    predicted label of a page of one label, or -1."""

    kind: Strategy
    rows: tuple[int, ...]
    random: frozenset[int] = frozenset()
    guess: int = -1


def next_query(state: LabelingState, propagated: Propagated | None, turn: int, seed: int = 1) -> Query | None:
    """What to show next; None where everything is decided.

    The first pages are the typical images, and more of them while they bring new labels. Then the most uncertain images
    that are unlike each other, and pages of one predicted label, take turns: an uncertain image teaches more, a
    confirmed one costs less.

    Args:
        turn: how many pages were shown.
    """
    rng = np.random.default_rng([seed, turn])
    taken = state.unavailable
    free = np.flatnonzero(~taken)
    if not len(free):
        return None
    due = _random_due(state, min(PAGE, len(free)))
    if propagated is None or turn < 2 or _new_labels(state) > 1:
        random_rows = _draw(rng, free, due if propagated is not None else 0)
        taken[list(random_rows)] = True
        rows = neighbor_graph.typical(state.graph, taken, PAGE - len(random_rows), seed + turn)
        return Query(Strategy.TYPICAL, (*rows, *random_rows), frozenset(random_rows))
    confirm = _confirm_query(propagated, free, rng) if turn % 3 else None
    if confirm is not None and due < PAGE // 2:
        return confirm
    random_rows = _draw(rng, free, due)
    rest = np.array([row for row in free if row not in random_rows], int)
    rows = []
    if len(rest):
        uncertain = rest[np.argsort(neighbor_graph.margins(propagated.scores[rest]), kind="stable")]
        rows = neighbor_graph.farthest_points(state.graph, uncertain[: 4 * PAGE], PAGE - len(random_rows), seed + turn)
    return Query(Strategy.UNCERTAIN, (*rows, *random_rows), frozenset(random_rows))


def cluster(state: LabelingState, count: int, most: int, seed: int = 1) -> list[int]:
    """The images in the middle of the largest of `count` clusters that holds no decided one, the most central first;
    none where every cluster holds one. They are similar, so that they can be labelled together.

    Args:
        most: at most so many.
    """
    member = neighbor_graph.kmeans(state.graph.unit, min(count, len(state.graph)), seed)
    taken = state.unavailable
    covered = {int(member[row]) for row in state.decided}
    sizes = {c: int((member[~taken] == c).sum()) for c in range(count) if c not in covered}
    if not max(sizes.values(), default=0):
        return []
    chosen = max(sizes, key=lambda c: (sizes[c], -c))
    rows = np.flatnonzero((member == chosen) & ~taken)
    central = state.graph.unit[rows] @ state.graph.unit[member == chosen].mean(axis=0)
    return [int(row) for row in rows[np.argsort(-central, kind="stable")][:most]]


def surest(state: LabelingState, propagated: Propagated, most: int) -> tuple[int, list[int]] | None:
    """The label whose page of at most `most` images is predicted most surely, and that page, the least certain first,
    where eyes begin; None where everything is decided."""
    free = np.flatnonzero(~state.unavailable)
    best: tuple[float, int, np.ndarray] | None = None
    for label in np.unique(propagated.guesses[free]):
        rows = free[propagated.guesses[free] == label]
        rows = rows[np.argsort(-propagated.scores[rows, label], kind="stable")][:most]
        sure = float(propagated.scores[rows, label].sum())
        if best is None or sure > best[0]:
            best = (sure, int(label), rows)
    return (best[1], [int(row) for row in best[2][::-1]]) if best else None


def enough(state: LabelingState, propagated: Propagated) -> bool:
    """Whether ten more decisions would hardly change anything, because what is left is predicted with certainty. A
    suggestion only."""
    free = np.flatnonzero(~state.unavailable)
    if len(state.random) < 2 * PAGE:
        return False
    return not len(free) or float(neighbor_graph.margins(propagated.scores[free]).mean()) > ENOUGH_MARGIN


def mixed_up(state: LabelingState, propagated: Propagated) -> tuple[int, int, int] | None:
    """The two labels that are taken for each other most often among the decided images, and how often; None where no
    two are more than once."""
    pairs: dict[tuple[int, int], int] = {}
    for row, guess in propagated.out_of_fold.items():
        if guess != state.decided[row]:
            pair = (min(guess, state.decided[row]), max(guess, state.decided[row]))
            pairs[pair] = pairs.get(pair, 0) + 1
    (one, other), times = max(pairs.items(), key=lambda item: item[1], default=((0, 0), 0))
    return (one, other, times) if times > 1 else None


def _new_labels(state: LabelingState) -> int:
    """How many labels came up for the first time among the last few images."""
    given = [*state.decided.values()]
    return len(set(given[-PAGE:]) - set(given[:-PAGE]))


def _random_due(state: LabelingState, most: int) -> int:
    """How many images of the next page must be drawn at random so that one in RANDOM_EVERY is; never the whole page."""
    due = (len(state.decided) + PAGE) // RANDOM_EVERY - len(state.random)
    return int(np.clip(due, 0, max(1, most - 2)))


def _draw(rng: np.random.Generator, free: np.ndarray, count: int) -> list[int]:
    return [int(row) for row in rng.permutation(free)[:count]]


def _confirm_query(propagated: Propagated, free: np.ndarray, rng: np.random.Generator) -> Query | None:
    """A page of one predicted label: of the pages worth confirming together the least certain one, as it teaches most.
    Any images of the label, not the most certain ones, which would teach nothing new."""
    best: tuple[float, int, np.ndarray] | None = None
    guesses = propagated.guesses[free]
    for label in np.unique(guesses):
        rows = rng.permutation(free[guesses == label])[:CONFIRMED]
        score = float(propagated.scores[rows, label].mean())
        if len(rows) >= PAGE // 2 and score >= CONFIRM_MIN and (best is None or score < best[0]):
            best = (score, int(label), rows)
    return Query(Strategy.CONFIRM, tuple(int(row) for row in best[2]), guess=best[1]) if best else None
