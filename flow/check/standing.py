"""What is learned while a person teaches, and where that stands: a thread learns, another one measures."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flow.check.behind import Behind

if TYPE_CHECKING:
    from scripts.learn.teach import Lesson, Taught

DRAWS_LEAST = 5  # of fewer random draws no accuracy is told
LEARN_WAIT_S = 1.5  # a page waits so long for the newest guesses; where they take longer, the last ones must do


@dataclass(frozen=True)
class Told:
    """A lesson as it was at one moment, and the labels that its numbers stand for."""

    lesson: "Lesson"
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Learned:
    """What a lesson taught. `labels`: names of the numbers that it guesses."""

    taught: "Taught"
    labels: tuple[str, ...]

    def guess(self, row: int) -> str:
        return self.labels[int(self.taught.guesses[row])]


@dataclass(frozen=True)
class Standing:
    """How good it was after `decisions`. `share`: see scripts.learn.metrics.Share.facts, None below DRAWS_LEAST draws;
    `mixed_up`: two labels and how often they are taken for each other; `enough`: ten more would hardly change it."""

    decisions: int
    draws: int
    share: dict | None
    mixed_up: tuple[str, str, int] | None
    enough: bool


class Learner:
    """Only the board's thread calls it."""

    def __init__(self) -> None:
        self.curve: list[list[float]] = []  # decisions, value, low, high; in this session
        self._learning: Behind[Told, Learned] = Behind(self._learn)
        self._measuring: Behind[tuple[Told, Learned], Standing] = Behind(self._measure)
        self._newest: dict[int, int] = {}
        self._took = 0.0  # seconds that learning took last

    @property
    def is_measuring(self) -> bool:
        return self._learning.is_busy or self._measuring.is_busy

    @property
    def standing(self) -> Standing | None:
        return self._measuring.result if self._newest else None

    def learn(self, told: Told) -> Learned | None:
        """What is known of the heap by now; None where there are no two labels to tell apart."""
        if not told.lesson.can_learn():
            self._learning.forget()
            self._measuring.forget()
            self._newest = {}
            return None
        if told.lesson.decided != self._newest:
            self._newest = told.lesson.decided
            self._learning.wish(told)
        return self._learning.settled(LEARN_WAIT_S if self._took < LEARN_WAIT_S else 0)

    def _learn(self, told: Told) -> Learned:
        from scripts.learn import teach

        begin = time.monotonic()
        learned = Learned(teach.learn(told.lesson), told.labels)
        self._took = time.monotonic() - begin
        self._measuring.wish((told, learned))
        return learned

    def _measure(self, what: tuple[Told, Learned]) -> Standing:
        from scripts.learn import teach

        (told, learned), lesson = what, what[0].lesson
        taught = teach.measured(lesson, learned.taught)
        share, pair = teach.accuracy(lesson, taught), teach.mixed_up(lesson, taught)
        facts = share.facts() if share.total >= DRAWS_LEAST else None
        mixed = (told.labels[pair[0]], told.labels[pair[1]], pair[2]) if pair else None
        decisions = len(lesson.decided)
        if facts:
            point = [decisions, facts["value"], facts["low"], facts["high"]]
            self.curve = [*(p for p in self.curve if p[0] < decisions), point]
        return Standing(decisions, share.total, facts, mixed, teach.enough(lesson, taught))
