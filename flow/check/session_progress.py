"""How good the labels are that a labeling session has propagated so far: one thread learns, another one measures."""

import time
from dataclasses import dataclass

from flow.base.learning import api
from flow.check.latest_task import LatestTask

RANDOM_MIN = 5  # random images; with fewer no accuracy is shown
LEARN_MOST_S = 30.0  # a page that measures waits for the newest guesses
FORECAST = 30  # decisions that a forecast is about
LEARN_WAIT_S = 1.5  # a page waits so long for the newest guesses; where they take longer, it shows the last ones


@dataclass(frozen=True)
class Snapshot:
    """A labeling session at one moment, and the labels that its numbers stand for."""

    state: "api.active_learning.LabelingState"
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Guesses:
    """What a session's decisions say of all images. `labels`: names of the numbers that it guesses."""

    propagated: "api.active_learning.Propagated"
    labels: tuple[str, ...]

    def label(self, row: int) -> str:
        return self.labels[int(self.propagated.guesses[row])]


@dataclass(frozen=True)
class Measurement:
    """How good the guesses were after `decisions`.

    `share`: see `Share.facts`, None with fewer than RANDOM_MIN random images; `mixed_up`: two labels and how often they
    are taken for each other; `enough`: ten more decisions would hardly change it; `forecast`: by how much FORECAST more
    decisions are likely to raise the accuracy, 0..1.
    """

    decisions: int
    random: int
    share: dict | None
    mixed_up: tuple[str, str, int] | None
    enough: bool
    forecast: float = 0.0


class Learner:
    """Only the board's thread calls it."""

    def __init__(self) -> None:
        self.curve: list[list[float]] = []  # decisions, value, low, high; in this session
        self._learning: LatestTask[Snapshot, Guesses] = LatestTask(self._learn)
        self._measuring: LatestTask[tuple[Snapshot, Guesses], Measurement] = LatestTask(self._measure)
        self._newest: dict[int, int] = {}
        self._took = 0.0  # seconds that learning took last

    @property
    def is_measuring(self) -> bool:
        return self._learning.is_busy or self._measuring.is_busy

    @property
    def measurement(self) -> Measurement | None:
        return self._measuring.result if self._newest else None

    @property
    def failed(self) -> str:
        """Why the last learning or measuring failed, in a word; empty where it did not."""
        return self._learning.failed or self._measuring.failed

    def learn(self, now: Snapshot) -> Guesses | None:
        """The guesses by now, or the last ones where they take long; None where there are no two labels to tell
        apart."""
        if not now.state.can_learn():
            self._learning.drop()
            self._measuring.drop()
            self._newest = {}
            return None
        if now.state.decided != self._newest:
            self._newest = now.state.decided
            self._learning.submit(now)
        return self._learning.wait(LEARN_WAIT_S if self._took < LEARN_WAIT_S else 0)

    def newest(self, now: Snapshot) -> Guesses | None:
        """The guesses by now; None where there are none within LEARN_MOST_S."""
        if self.learn(now) is None:
            return None
        guesses = self._learning.wait(LEARN_MOST_S)
        return guesses if guesses and not self._learning.is_busy else None

    def _learn(self, now: Snapshot) -> Guesses:
        begin = time.monotonic()
        guesses = Guesses(api.active_learning.fit(now.state), now.labels)
        self._took = time.monotonic() - begin
        self._measuring.submit((now, guesses))
        return guesses

    def _measure(self, what: tuple[Snapshot, Guesses]) -> Measurement:
        now, guesses = what
        state = now.state
        validated = api.active_learning.cross_validate(state, guesses.propagated)
        share, pair = api.active_learning.accuracy(state, validated), api.active_learning.mixed_up(state, validated)
        facts = share.facts() if share.total >= RANDOM_MIN else None
        mixed = (now.labels[pair[0]], now.labels[pair[1]], pair[2]) if pair else None
        decisions = len(state.decided)
        if facts:
            point = [decisions, facts["value"], facts["low"], facts["high"]]
            self.curve = [*(p for p in self.curve if p[0] < decisions), point]
        is_enough = api.active_learning.enough(state, validated)
        forecast = api.accuracy_check.forecast_gain(state, validated, FORECAST)
        return Measurement(decisions, share.total, facts, mixed, is_enough, forecast)
