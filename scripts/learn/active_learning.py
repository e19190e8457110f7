"""From a heap of unsorted pictures to a classifier with tens of decisions: what to ask next, what is guessed, how good.

numpy only; nothing is read or written, nobody is asked. A person decides pictures (row -> label); from that the labels
are spread over the heap (`heap.spread`), a head learns from all of it, and the heap is guessed anew.
"""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from scripts.learn import grouping
from scripts.learn import neighbor_graph as heaps
from scripts.learn.head import Examples, Head, Sgd, fit_sgd, fit_sgd_folds
from scripts.learn.metrics import Share
from scripts.learn.neighbor_graph import NeighborGraph

PAGE = 10  # pictures that are decided one by one
CONFIRMED = 24  # pictures of one guess that are looked at and confirmed together
RANDOM_EVERY = 5  # one picture in so many is drawn at random; these measure
STEPS = 800  # of the head between two pages; 2,000 gave the same
FOLDS = 5  # to choose a way by
EVALUATION_FOLDS = (
    10  # to measure by: after 100 decisions the interval held the accuracy 35 of 36 times, with 5 folds 33
)
PROPAGATION_MAX = 40  # decisions up to which spread labels count in full
PROPAGATION_MIN = 0.01  # weight of a picture whose label hardly arrived
SURE = 0.6  # mean score of a page of one guess below which it is not worth confirming together


class Strategy(Enum):
    """Why a page of pictures is shown."""

    TYPICAL = "typical"  # images that stand for many others: before there is a guess, or unlike those seen so far
    UNCERTAIN = "uncertain"  # those whose guess is least certain
    CONFIRM = "confirm"  # images of one guess, to be confirmed
    SAMPLE = "sample"  # a random sample of the whole heap, to see how good the guesses are (`howgood.py`)


@dataclass(frozen=True)
class Query:
    """What to show next. `rows`: pictures; `drawn`: those of them that were drawn at random; `guess`: the label of a
    page of one guess, or -1."""

    kind: Strategy
    rows: tuple[int, ...]
    random: frozenset[int] = frozenset()
    guess: int = -1


@dataclass(frozen=True)
class Propagated:
    """What is made of the decisions so far. `scores` float32 [n, k]; `head`: what guessed them; `spreads`: whether
    labels were spread over the heap first; `honest`: decided row -> label guessed without it (empty until measured)."""

    scores: np.ndarray
    head: Head
    propagates: bool
    out_of_fold: dict[int, int] = field(default_factory=dict)

    @property
    def guesses(self) -> np.ndarray:
        return self.scores.argmax(axis=1)


@dataclass
class LabelingState:
    """A heap with the vectors float32 [n, d] of its pictures and what a person said of it; `decided`: row -> label;
    `drawn`: rows that came at random; `gone`: rows set aside or like a decided one, which are not asked for; `groups`
    int [n]: rows of one recording, where there are any; once one of it is decided, the others are not asked for."""

    graph: NeighborGraph
    vectors: np.ndarray
    decided: dict[int, int] = field(default_factory=dict)
    random: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)
    groups: np.ndarray | None = None

    @property
    def unavailable(self) -> np.ndarray:
        """bool [n]: pictures that are not asked for any more."""
        taken = np.zeros(len(self.graph), bool)
        taken[[*self.decided, *self.excluded]] = True
        if self.groups is not None:
            taken |= np.isin(self.groups, self.groups[[*self.decided]])
        return taken

    def groups_of(self, rows: list[int]) -> np.ndarray:
        """int [rows]: what belongs together; every row for itself where nothing is known of it."""
        return np.array(rows, int) if self.groups is None else self.groups[rows]

    @property
    def labels(self) -> int:
        return max(self.decided.values(), default=-1) + 1

    def can_learn(self) -> bool:
        """Whether there are two labels to tell apart."""
        return len(set(self.decided.values())) > 1


def fit(lesson: LabelingState) -> Propagated:
    """Guess the heap from what is decided; under a second for 2,000 pictures."""
    way = _propagation_helps(lesson)
    head = _fit(lesson, lesson.decided, way)
    return Propagated(head.probabilities(lesson.vectors), head, way)


def cross_validate(lesson: LabelingState, taught: Propagated) -> Propagated:
    """The same with honest predictions of the decided pictures, each by a head that was not told of it: as many
    trainings as folds, so it belongs behind the person's back."""
    honest: dict[int, int] = {}
    for fold, rest in _folds(lesson, EVALUATION_FOLDS):
        if len(set(rest.values())) > 1:
            head = _fit(lesson, rest, taught.propagates)
            honest |= dict(zip(fold, head.logits(lesson.vectors[fold]).argmax(axis=1).tolist(), strict=True))
    return Propagated(taught.scores, taught.head, taught.propagates, honest)


def accuracy(lesson: LabelingState, taught: Propagated) -> Share:
    """How often it is right on pictures like these: the honest predictions of those that were drawn at random."""
    rows = [row for row in lesson.random if row in taught.out_of_fold]
    right = sum(taught.out_of_fold[row] == lesson.decided[row] for row in rows)
    return Share(right, len(rows), grouping.worth(lesson.groups_of(rows)))


def next_query(lesson: LabelingState, taught: Propagated | None, turn: int, seed: int = 1) -> Query | None:
    """What to show next; None where everything is decided.

    The first pages are the typical ones, and more of them as long as they bring new labels. Then a handful of the most
    doubtful, unlike each other, and pages of one guess take turns: a doubtful picture teaches more, a confirmed one
    costs less.

    Args:
        turn: how many pages were shown.
    """
    rng = np.random.default_rng([seed, turn])
    taken = lesson.unavailable
    free = np.flatnonzero(~taken)
    if not len(free):
        return None
    owed = _random_due(lesson, min(PAGE, len(free)))
    if taught is None or turn < 2 or _new_labels(lesson) > 1:
        drawn = _sample(rng, free, owed if taught is not None else 0)
        taken[list(drawn)] = True
        rows = heaps.typical(lesson.graph, taken, PAGE - len(drawn), seed + turn)
        return Query(Strategy.TYPICAL, (*rows, *drawn), frozenset(drawn))
    guess = _confirm_query(taught, free, rng) if turn % 3 else None
    if guess is not None and owed < PAGE // 2:
        return guess
    drawn = _sample(rng, free, owed)
    rest = np.array([row for row in free if row not in drawn], int)
    doubtful = rest[np.argsort(heaps.margins(taught.scores[rest]), kind="stable")]
    rows = (
        heaps.farthest_points(lesson.graph, doubtful[: 4 * PAGE], PAGE - len(drawn), seed + turn) if len(rest) else []
    )
    return Query(Strategy.UNCERTAIN, (*rows, *drawn), frozenset(drawn))


def enough(lesson: LabelingState, taught: Propagated) -> bool:
    """Whether ten more decisions would hardly change anything: nearly all of the heap is guessed as before, and what is
    guessed is sure. A suggestion only."""
    free = np.flatnonzero(~lesson.unavailable)
    return len(lesson.random) >= 2 * PAGE and (not len(free) or float(heaps.margins(taught.scores[free]).mean()) > 0.8)


def mixed_up(lesson: LabelingState, taught: Propagated) -> tuple[int, int, int] | None:
    """The two labels that are taken for each other most often among the decided pictures, and how often."""
    pairs: dict[tuple[int, int], int] = {}
    for row, guess in taught.out_of_fold.items():
        if guess != lesson.decided[row]:
            pair = (min(guess, lesson.decided[row]), max(guess, lesson.decided[row]))
            pairs[pair] = pairs.get(pair, 0) + 1
    (one, other), times = max(pairs.items(), key=lambda item: item[1], default=((0, 0), 0))
    return (one, other, times) if times > 1 else None


def _new_labels(lesson: LabelingState) -> int:
    """How many labels were first said on the last few pictures."""
    said = [*lesson.decided.values()]
    return len(set(said[-PAGE:]) - set(said[:-PAGE]))


def _random_due(lesson: LabelingState, most: int) -> int:
    """How many of the next page must be drawn so that one in DRAWN_EVERY is; never all of it."""
    due = (len(lesson.decided) + PAGE) // RANDOM_EVERY - len(lesson.random)
    return int(np.clip(due, 0, max(1, most - 2)))


def _sample(rng: np.random.Generator, free: np.ndarray, count: int) -> list[int]:
    return [int(row) for row in rng.permutation(free)[:count]]


def _confirm_query(taught: Propagated, free: np.ndarray, rng: np.random.Generator) -> Query | None:
    """Pictures of the guess whose page would teach most: the label with the least certain page that is still worth
    confirming together. Any of its pictures, not the surest: those would teach nothing that is not known."""
    best: tuple[float, int, np.ndarray] | None = None
    guesses = taught.guesses[free]
    for label in np.unique(guesses):
        rows = rng.permutation(free[guesses == label])[:CONFIRMED]
        sure = float(taught.scores[rows, label].mean())
        if len(rows) >= PAGE // 2 and sure >= SURE and (best is None or sure < best[0]):
            best = (sure, int(label), rows)
    return Query(Strategy.CONFIRM, tuple(int(row) for row in best[2]), guess=best[1]) if best else None


def _fit(lesson: LabelingState, decided: dict[int, int], spreads: bool) -> Head:
    """A head from the decided pictures, and from those that their labels reach, as far as they do."""
    k = lesson.labels
    rows, labels, weights = np.array([*decided], int), np.array([*decided.values()], int), np.ones(len(decided))
    if spreads:
        shares = heaps.propagate_labels(lesson.graph, decided, k)
        trust = min(1.0, PROPAGATION_MAX / len(decided))  # the more is decided, the less is left to hearsay
        y, w = shares.argmax(axis=1), trust * np.maximum(heaps.confidence(shares) ** 2, PROPAGATION_MIN)
        y[rows], w[rows] = labels, 1
        w[[row for row in lesson.excluded if row not in decided]] = PROPAGATION_MIN
        rows, labels, weights = np.arange(len(y)), y, w
    examples = Examples(lesson.vectors[rows], labels, weights.astype(np.float32), k)
    return fit_sgd(examples, Sgd(STEPS, 64, 0.01, 1))


def _propagation_helps(lesson: LabelingState) -> bool:
    """Whether labels should be spread first: yes, unless the decided pictures themselves are guessed better without.

    Spreading wins early and on even heaps, the plain head later and where some labels are rare.
    """
    spread_right = plain_right = 0
    decided, k = lesson.decided, lesson.labels
    if len(decided) < 6 * PAGE:  # so few cannot tell; judged from 30 on, six heaps came out .004 lower after 30
        return True
    folds = _folds(lesson, FOLDS)
    for fold, rest in folds:
        if len(set(rest.values())) > 1:
            guesses = heaps.propagate_labels(lesson.graph, rest, k)[fold].argmax(axis=1)
            spread_right += sum(guess == decided[row] for row, guess in zip(fold, guesses, strict=True))
    rows = np.array([row for fold, _ in folds for row in fold], int)
    labels = np.array([decided[row] for row in rows], int)
    number = np.repeat(np.arange(FOLDS), [len(fold) for fold, _ in folds])
    if all(len(set(labels[number != f])) > 1 for f in range(FOLDS)):
        examples = Examples(lesson.vectors[rows], labels, np.ones(len(rows), np.float32), k, number)
        heads = fit_sgd_folds(examples, Sgd(STEPS // 2, 64, 0.02, 1), FOLDS)[1:]
        for f, head in enumerate(heads):
            own = number == f
            plain_right += int((head.logits(lesson.vectors[rows[own]]).argmax(axis=1) == labels[own]).sum())
    return bool(spread_right >= plain_right)


def _folds(lesson: LabelingState, count: int) -> list[tuple[list[int], dict[int, int]]]:
    """(rows of a fold, the decisions without them). Each label is dealt out evenly: of a label with two pictures no
    fold takes both away; and a group goes into one fold."""
    decided = lesson.decided
    rows = sorted(decided, key=lambda row: decided[row])
    groups = lesson.groups_of(rows).tolist()
    turn = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    folds = [[row for row, group in zip(rows, groups, strict=True) if turn[group] % count == f] for f in range(count)]
    return [(fold, {row: label for row, label in decided.items() if row not in set(fold)}) for fold in folds if fold]
