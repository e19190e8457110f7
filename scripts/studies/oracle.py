"""A simulated person who labels what is asked, and what that costs."""

from dataclasses import dataclass, field

import numpy as np

from scripts.learn.active_learning import Query, Strategy

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
