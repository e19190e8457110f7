"""In the place of the process that tries other ways to train."""

import threading

from flow.base.errors import RoboError
from flow.commands.page_steps import StepDone


class Trying:
    """Tries nothing; ends when it is told to. `end`: what it came to."""

    def __init__(self, end: StepDone | RoboError | None = None):
        self.bar, self.end, self.closed = ("last layers", 30, 100), end, 0
        self.stopped = threading.Event()

    @property
    def has_ended(self) -> bool:
        return self.stopped.is_set()

    def begin(self) -> "Trying":
        self.stopped.clear()
        return self

    def stop(self) -> None:
        self.stopped.set()

    def result(self) -> StepDone:
        if isinstance(self.end, RoboError):
            raise self.end
        return self.end

    def close(self) -> None:
        self.closed += 1
