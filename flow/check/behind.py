"""Work done behind the person's back: one thing at a time, the newest wish first, older ones forgotten."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from flow.base import runlog

Wish = TypeVar("Wish")
Result = TypeVar("Result")


class Behind(Generic[Wish, Result]):
    """`result`: what came of the last wish that was done. Its thread lives only while there is something to do."""

    def __init__(self, does: Callable[[Wish], Result]):
        self._does, self._turn = does, threading.Condition()
        self._wishes: list[Wish] = []
        self._thread: threading.Thread | None = None
        self._age = 0  # how often everything was forgotten
        self.result: Result | None = None

    @property
    def is_busy(self) -> bool:
        return self._thread is not None

    def wish(self, what: Wish) -> None:
        with self._turn:
            self._wishes = [what]
            if self._thread is None:  # a daemon: nobody who leaves waits for it
                self._thread = threading.Thread(target=self._work, name=self._does.__name__, daemon=True)
                self._thread.start()

    def forget(self) -> None:
        """What was wished and what came of it no longer counts, nor what is being done."""
        with self._turn:
            self._wishes, self.result, self._age = [], None, self._age + 1

    def settled(self, seconds: float) -> Result | None:
        """What there is when everything wished is done, or after so many seconds."""
        with self._turn:
            self._turn.wait_for(lambda: self._thread is None, seconds)
            return self.result

    def _work(self) -> None:
        while True:
            with self._turn:
                if not self._wishes:
                    self._thread = None
                    self._turn.notify_all()
                    return
                what, age = self._wishes.pop(), self._age
            try:
                result = self._does(what)
            except Exception as problem:  # noqa: BLE001 - the page goes on with what was known before
                runlog.failure(problem)
                continue
            with self._turn:
                self.result = result if age == self._age else self.result
