"""Work in a thread of its own: one task at a time, always the latest; older ones are dropped."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from flow.base import runlog

Task = TypeVar("Task")
Result = TypeVar("Result")


class LatestTask(Generic[Task, Result]):
    """`result`: that of the last task that was done; `failed`: why the last one was not, in a word. The thread lives
    only while there is something to do."""

    def __init__(self, work: Callable[[Task], Result]):
        self._work, self._turn = work, threading.Condition()
        self._tasks: list[Task] = []
        self._thread: threading.Thread | None = None
        self._age = 0  # how often everything was dropped
        self.result: Result | None = None
        self.failed = ""

    @property
    def is_busy(self) -> bool:
        return self._thread is not None

    def submit(self, task: Task) -> None:
        with self._turn:
            self._tasks = [task]
            if self._thread is None:  # a daemon: a run that ends does not wait for it
                self._thread = threading.Thread(target=self._run, name=self._work.__name__, daemon=True)
                self._thread.start()

    def drop(self) -> None:
        """Tasks and results so far no longer count, nor does the one under way."""
        with self._turn:
            self._tasks, self.result, self._age = [], None, self._age + 1

    def wait(self, seconds: float) -> Result | None:
        """The result once every task is done, or that of now after so many seconds."""
        with self._turn:
            self._turn.wait_for(lambda: self._thread is None, seconds)
            return self.result

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._tasks:
                    self._thread = None
                    self._turn.notify_all()
                    return
                task, age = self._tasks.pop(), self._age
            try:
                result = self._work(task)
            except Exception as problem:  # noqa: BLE001 - the page goes on with the last result, and says so
                runlog.failure(problem)
                self.failed = type(problem).__name__
                continue
            with self._turn:
                self.failed = ""
                self.result = result if age == self._age else self.result
