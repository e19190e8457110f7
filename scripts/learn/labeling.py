"""A labeling session: what a person said of some images, and what follows for all of them. numpy only.

The labels that a person gave are propagated over the neighbour graph (`neighbor_graph.py`), a head is trained on the
result, and it predicts every image. Nothing is read or written, nobody is asked.
"""

from dataclasses import dataclass, field

import numpy as np

from scripts.learn import grouping, neighbor_graph
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples, Head
from scripts.learn.intervals import Share
from scripts.learn.neighbor_graph import NeighborGraph
from scripts.learn.sgd import Sgd, fit_sgd, fit_sgd_folds

STEPS = 800  # of the head between two pages; 2,000 gave the same
FOLDS = 5  # to choose between propagation and a plain head
EVALUATION_FOLDS = (
    10  # to measure by: after 100 decisions the interval held the accuracy 35 of 36 times, with 5 folds 33
)
CHOICE_MIN = 60  # decisions from which on that choice is made; from 30 on, six pools were .004 worse
PROPAGATION_MAX = 40  # decisions up to which propagated labels count in full
PROPAGATION_MIN = 0.01  # weight of an image that hardly any label reached


@dataclass
class LabelingState:
    """An unlabeled pool and what a person said of it; a row is an image.

    `vectors` float32 [n, d]; `decided`: row -> label, 0..k-1; `random`: rows that came as part of a random sample;
    `excluded`: rows that are not asked about (set aside, near-duplicates of decided ones); `groups` int [n]: rows of
    one recording; once one row of a group is decided, the others are not asked about. None = every row on its own.
    """

    graph: NeighborGraph
    vectors: np.ndarray
    decided: dict[int, int] = field(default_factory=dict)
    random: set[int] = field(default_factory=set)
    excluded: set[int] = field(default_factory=set)
    groups: np.ndarray | None = None

    @property
    def unavailable(self) -> np.ndarray:
        """bool [n]: rows that are not asked about any more."""
        taken = np.zeros(len(self.graph), bool)
        taken[[*self.decided, *self.excluded]] = True
        if self.groups is not None:
            taken |= np.isin(self.groups, self.groups[[*self.decided]])
        return taken

    def groups_of(self, rows: list[int]) -> np.ndarray:
        """The group of each of these rows, int."""
        return np.array(rows, int) if self.groups is None else self.groups[rows]

    @property
    def labels(self) -> int:
        """The number of labels, k."""
        return max(self.decided.values(), default=-1) + 1

    def can_learn(self) -> bool:
        """Whether there are two labels to tell apart."""
        return len(set(self.decided.values())) > 1


@dataclass(frozen=True)
class Propagated:
    """The predictions of a session. `scores` float32 [n, k]; `head`: what they are from; `propagates`: whether the head
    was trained on propagated labels; `out_of_fold`: decided row -> label predicted without it (empty until
    `cross_validate`)."""

    scores: np.ndarray
    head: Head
    propagates: bool
    out_of_fold: dict[int, int] = field(default_factory=dict)

    @property
    def guesses(self) -> np.ndarray:
        """The predicted label of each row, int [n]."""
        return self.scores.argmax(axis=1)


def fit(state: LabelingState) -> Propagated:
    """Predict the whole pool from what is decided; under a second for 2,000 images."""
    propagates = _propagation_helps(state)
    head = _fit(state, state.decided, propagates)
    return Propagated(head.probabilities(state.vectors), head, propagates)


def cross_validate(state: LabelingState, propagated: Propagated) -> Propagated:
    """The same with out-of-fold predictions of the decided rows. It takes EVALUATION_FOLDS trainings: do it in the
    background."""
    out_of_fold: dict[int, int] = {}
    for fold, rest in folds_of(state, EVALUATION_FOLDS):
        if len(set(rest.values())) > 1:
            head = _fit(state, rest, propagated.propagates)
            out_of_fold |= dict(zip(fold, head.logits(state.vectors[fold]).argmax(axis=1).tolist(), strict=True))
    return Propagated(propagated.scores, propagated.head, propagated.propagates, out_of_fold)


def accuracy(state: LabelingState, propagated: Propagated) -> Share:
    """How often the predictions are right on images like these: the out-of-fold predictions of the random sample."""
    rows = [row for row in state.random if row in propagated.out_of_fold]
    right = sum(propagated.out_of_fold[row] == state.decided[row] for row in rows)
    return Share(right, len(rows), grouping.efficiency(state.groups_of(rows)))


def folds_of(state: LabelingState, count: int) -> list[tuple[list[int], dict[int, int]]]:
    """(rows of a fold, the decisions without them) for each fold. Each label is distributed evenly, so that of a label
    with two images no fold takes both; a group is in one fold."""
    decided = state.decided
    rows = sorted(decided, key=lambda row: decided[row])
    groups = state.groups_of(rows).tolist()
    turn = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    folds = [[row for row, group in zip(rows, groups, strict=True) if turn[group] % count == f] for f in range(count)]
    return [(fold, {row: label for row, label in decided.items() if row not in set(fold)}) for fold in folds if fold]


def _fit(state: LabelingState, decided: dict[int, int], propagates: bool) -> Head:
    """A head trained on the decided rows, and on all others in proportion to how far labels reach them."""
    k = state.labels
    rows, labels, weights = np.array([*decided], int), np.array([*decided.values()], int), np.ones(len(decided))
    if propagates:
        shares = neighbor_graph.propagate_labels(state.graph, decided, k)
        trust = min(1.0, PROPAGATION_MAX / len(decided))  # the more is decided, the less propagation is needed
        y, w = shares.argmax(axis=1), trust * np.maximum(neighbor_graph.confidence(shares) ** 2, PROPAGATION_MIN)
        y[rows], w[rows] = labels, 1
        w[[row for row in state.excluded if row not in decided]] = PROPAGATION_MIN
        rows, labels, weights = np.arange(len(y)), y, w
    examples = Examples(EmbeddingTable.of(state.vectors).subset(rows), labels, weights.astype(np.float32), k)
    return fit_sgd(examples, Sgd(STEPS, 64, 0.01, 1))


def _propagation_helps(state: LabelingState) -> bool:
    """Whether to train on propagated labels: yes, unless the decided images are predicted better by a plain head.

    Propagation is better early and on even pools, the plain head later and where some labels are rare.
    """
    propagated_right = plain_right = 0
    decided, k = state.decided, state.labels
    if len(decided) < CHOICE_MIN:
        return True
    folds = folds_of(state, FOLDS)
    for fold, rest in folds:
        if len(set(rest.values())) > 1:
            guesses = neighbor_graph.propagate_labels(state.graph, rest, k)[fold].argmax(axis=1)
            propagated_right += sum(guess == decided[row] for row, guess in zip(fold, guesses, strict=True))
    rows = np.array([row for fold, _ in folds for row in fold], int)
    labels = np.array([decided[row] for row in rows], int)
    number = np.repeat(np.arange(len(folds)), [len(fold) for fold, _ in folds])
    if all(len(set(labels[number != f])) > 1 for f in range(len(folds))):
        examples = Examples(
            EmbeddingTable.of(state.vectors).subset(rows), labels, np.ones(len(rows), np.float32), k, number
        )
        heads = fit_sgd_folds(examples, Sgd(STEPS // 2, 64, 0.02, 1), len(folds))[1:]
        for f, head in enumerate(heads):
            own = number == f
            plain_right += int((head.logits(state.vectors[rows[own]]).argmax(axis=1) == labels[own]).sum())
    return bool(propagated_right >= plain_right)
