"""A simulated person who labels what is asked, and what that costs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from scripts.learn import active_learning
from scripts.learn.active_learning import LabelingState, Propagated, Query, Strategy
from scripts.learn.neighbor_graph import build_graph

NAME_KEYS = 7  # a label's name, typed once, and ENTER


@dataclass
class Oracle:
    """Knows the truth, and counts what telling it costs: keys pressed and images looked at."""

    truth: np.ndarray  # int [n]
    keys: int = 0
    seen: int = 0
    known: set[int] = field(default_factory=set)

    def answer(self, query: Query, guesses: np.ndarray | None) -> dict[int, int]:
        """The right label of every image on the page."""
        self.seen += len(query.rows)
        for row in query.rows:
            label = int(self.truth[row])
            self.keys += NAME_KEYS * (label not in self.known)
            self.known.add(label)
            guess = query.guess if query.guess >= 0 else -1 if guesses is None else guesses[row]
            self.keys += 1 if query.kind is Strategy.TYPICAL else 2 * int(guess != label)
        self.keys += guesses is not None and query.kind is not Strategy.TYPICAL
        return {row: int(self.truth[row]) for row in query.rows}


@dataclass
class Session:
    """A labeling session with the oracle. `numbers`: true label -> its number, in the order of first appearance."""

    state: LabelingState
    numbers: dict[int, int]
    propagated: Propagated | None = None

    def truth(self, y: np.ndarray) -> np.ndarray:
        """True labels int [n] by their numbers; -1 where a label has not come up yet."""
        return np.array([self.numbers.get(int(label), -1) for label in y])

    def accuracy(self, x: np.ndarray, y: np.ndarray) -> float:
        """Share of held-out images float32 [n, d] that the session's head predicts correctly."""
        assert self.propagated is not None
        return float((self.propagated.head.logits(x).argmax(axis=1) == self.truth(y)).mean())


def sessions(x: np.ndarray, oracle: Oracle, seed: int) -> Iterator[Session]:
    """A labeling session on a pool of vectors float32 [n, d], after each page once there are two labels."""
    session = Session(LabelingState(build_graph(x), x), {})
    state, turn = session.state, 0
    while query := active_learning.next_query(state, session.propagated, turn, seed):
        labels = list(session.numbers)  # the true label of each number
        guesses = None if session.propagated is None else np.array([labels[g] for g in session.propagated.guesses])
        if query.guess >= 0:
            query = Query(query.kind, query.rows, query.random, labels[query.guess])
        for row, label in oracle.answer(query, guesses).items():
            state.decided[row] = session.numbers.setdefault(label, len(session.numbers))
        state.random |= query.random
        turn += 1
        if state.can_learn():
            session.propagated = active_learning.fit(state)
            yield session
