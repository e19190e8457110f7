"""What goes on while the person does: other ways to train are tried than the head that was just made."""

import threading
from typing import Protocol

from flow.check.work import StepResult, Work


class Background(Protocol):
    """Tries them, in a process of its own."""

    @property
    def bar(self) -> tuple[str, int, int | None] | None:
        """What, done, of how many. Any thread."""

    @property
    def has_ended(self) -> bool: ...

    def begin(self) -> None: ...

    def stop(self) -> None:
        """Try nothing more: the best so far stays. Any thread."""

    def result(self) -> StepResult:
        """Once it has ended. Raises RoboError where it failed."""

    def close(self) -> None:
        """End it, whatever it was at."""


class BackgroundTrial:
    """A trial as the page shows it. Only `facts` and `stop` may be called by any thread."""

    def __init__(self, background: Background | None):
        self._background = background
        self._stopped = threading.Event()
        self.is_running = False
        self._outcome: dict | None = None

    @property
    def has_ended(self) -> bool:
        """Whether there is a result to take."""
        return self.is_running and self._background is not None and self._background.has_ended

    def begin(self) -> None:
        """Raises RoboError where the backbone cannot be had."""
        assert self._background is not None
        self._stopped.clear()
        self._outcome = None
        self._background.begin()
        self.is_running = True

    def stop(self) -> None:
        if self.is_running and self._background:
            self._stopped.set()
            self._background.stop()

    def take(self, work: Work) -> StepResult:
        """The result of a trial that has ended. Raises RoboError where it failed."""
        assert self._background is not None
        result = self._background.result()
        self._end(work.outcome("harder", result))
        return result

    def failed(self, message: str) -> None:
        self._end({"step": "harder", "line": message, "verdict": "", "report": "", "tried": [], "shortcuts": []})

    def _end(self, outcome: dict) -> None:
        self._outcome = outcome  # first: another thread must not see that nothing runs and nothing came of it
        self.is_running = False

    def close(self) -> bool:
        """End what is under way. Returns whether something was."""
        was_running, self.is_running = self.is_running, False
        if was_running and self._background:
            self._background.close()
        return was_running

    def facts(self) -> dict | None:
        """None where nothing was tried; `outcome`: None while it goes on."""
        if not (self.is_running or self._outcome):
            return None
        bar = self._background.bar if self.is_running and self._background else None
        return {"bar": bar, "stopping": self._stopped.is_set(), "outcome": self._outcome}
