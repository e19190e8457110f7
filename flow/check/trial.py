"""What goes on while the person does: other ways to train are tried than the head that was just made."""

from collections.abc import Callable
from typing import Protocol

from flow.check.work import StepResult, Work


class Trial(Protocol):
    """Tries them, in a process of its own."""

    @property
    def bar(self) -> tuple[str, int, int | None] | None:
        """What, done, of how many. Any thread."""

    @property
    def has_ended(self) -> bool: ...

    def stop(self) -> None:
        """Try nothing more: the best so far stays. Any thread."""

    def result(self) -> StepResult:
        """Once it has ended. Raises RoboError where it failed."""

    def close(self) -> None:
        """End it, whatever it was at."""


class BackgroundTrial:
    """A trial as the page shows it. Only `facts` and `stop` may be called by any thread.

    Args:
        start: starts a trial; None where the page offers none.
    """

    def __init__(self, start: Callable[[], Trial] | None):
        self._start = start
        self._trial: Trial | None = None  # under way, or ended with its result still to take
        self._is_stopping = False
        self._outcome: dict | None = None

    @property
    def is_running(self) -> bool:
        return self._trial is not None

    @property
    def has_ended(self) -> bool:
        """Whether there is a result to take."""
        return self._trial is not None and self._trial.has_ended

    def begin(self) -> None:
        """Raises RoboError where the backbone cannot be had."""
        assert self._start is not None
        self._is_stopping, self._outcome = False, None
        self._trial = self._start()

    def stop(self) -> None:
        if trial := self._trial:
            self._is_stopping = True
            trial.stop()

    def take(self, work: Work) -> StepResult:
        """The result of a trial that has ended. Raises RoboError where it failed."""
        assert self._trial is not None
        result = self._trial.result()
        self._end(work.outcome("harder", result))
        return result

    def failed(self, message: str) -> None:
        self._end({"step": "harder", "line": message, "verdict": "", "report": "", "tried": [], "shortcuts": []})

    def _end(self, outcome: dict) -> None:
        self._outcome = outcome  # first: another thread must not see that nothing runs and nothing came of it
        self._trial = None

    def close(self) -> bool:
        """End what is under way. Returns whether something was."""
        trial, self._trial = self._trial, None
        if trial:
            trial.close()
        return trial is not None

    def facts(self) -> dict | None:
        """None where nothing was tried; `outcome`: None while it goes on."""
        trial = self._trial
        if not (trial or self._outcome):
            return None
        return {"bar": trial.bar if trial else None, "stopping": self._is_stopping, "outcome": self._outcome}
