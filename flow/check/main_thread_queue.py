"""Answers the page's requests one after another in the main thread, and knows whether a tab is open.

The catalogue belongs to one thread, and Ctrl-C arrives in the main one: so request threads put their questions on a
queue and wait. Harvest and training run in the main thread too; meanwhile only their progress is answered.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from flow.base.errors import RoboError

ANSWER_S = 60.0  # seconds a request waits for its answer
LOOK_S = 0.2  # seconds between two looks whether a tab is open
SILENCE_S = 130.0  # a tab that was silent so long is closed; browsers let a hidden one speak once a minute
CLOSED_S = 6.0  # after the last tab was closed: it may only have been loaded anew
COMING_S = 60.0  # for a browser that another page sent here
NOBODY_S = 1800.0  # no tab was ever opened


class Busy(Exception):
    """The run harvests or trains; the page has to wait."""


class Tabs:
    """The open tabs, by the number each gave itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock, self._lock = clock, threading.Lock()
        self._heard: dict[str, float] = {}
        self._since, self._was_open = clock(), False

    def heard(self, tab: str) -> None:
        with self._lock:
            self._heard[tab] = self._since = self._clock()
            self._was_open = True

    def closed(self, tab: str) -> None:
        with self._lock:
            self._heard.pop(tab, None)
            self._since = self._clock()

    def reset(self) -> None:
        """Begin to count silence anew, after work during which nothing was answered."""
        with self._lock:
            now = self._clock()
            self._since = max(now, self._since)
            self._heard = dict.fromkeys(self._heard, now)

    def expect(self) -> None:
        """A browser is on its way here, and may be slow."""
        with self._lock:
            self._since = self._clock() + COMING_S

    @property
    def are_closed(self) -> bool:
        now = self._clock()
        with self._lock:
            if not self._was_open:
                return now - self._since > NOBODY_S
            self._heard = {tab: at for tab, at in self._heard.items() if now - at < SILENCE_S}
            return not self._heard and now - self._since > CLOSED_S


class MainThreadQueue:
    """`ask` is for the request threads, everything else for the main one."""

    def __init__(self) -> None:
        self._questions: queue.Queue[tuple[Callable[[], object], Future]] = queue.Queue()
        self._work: tuple[str, ...] = ()
        self.is_busy, self.is_done = False, False
        self.tabs = Tabs()

    def ask(self, question: Callable[[], object]) -> object:
        """The answer of the main thread, or what it raised. Raises Busy while it works."""
        if self.is_busy or self.is_done:
            raise Busy
        answer: Future = Future()
        self._questions.put((question, answer))
        return answer.result(ANSWER_S)

    def begin(self, steps: tuple[str, ...]) -> None:
        """Called by a question: after its answer `serve` gives these steps to its caller."""
        self.is_busy, self._work = True, steps

    def serve(self, idle: Callable[[], None] = lambda: None) -> Iterator[tuple[str, ...]]:
        """Answer until the page says done or no tab is open.

        Args:
            idle: called again and again while nothing is asked.

        Yields:
            Steps that the person wants done now; the page waits until the caller comes back for more.

        Raises:
            whatever is no mistake of the page's: a full disk, Ctrl-C, SIGTERM.
        """
        try:
            while not self.is_done and not self.tabs.are_closed:
                try:
                    self._answer(*self._questions.get(timeout=LOOK_S))
                except queue.Empty:
                    idle()
                if self._work:
                    steps, self._work = self._work, ()
                    yield steps
                    self.is_busy = False
                    self.tabs.reset()
            time.sleep(LOOK_S)  # the last answer is on its way
        finally:
            self.is_done = True
            self._refuse_the_rest()

    def _answer(self, question: Callable[[], object], answer: Future) -> None:
        try:
            answer.set_result(question())
        except RoboError as problem:
            answer.set_exception(problem)
        except BaseException:
            answer.set_exception(Busy())
            raise

    def _refuse_the_rest(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._questions.get_nowait()[1].set_exception(Busy())
