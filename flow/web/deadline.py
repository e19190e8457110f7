"""The time a request may take, and the hand on its socket that ends it from another thread."""

import contextlib
import os
import socket
import threading
import time
from typing import Protocol

_mine = threading.local()  # .watch: the Deadline of the request this thread is in


class TimedSocket(Protocol):
    """A socket, plain or TLS."""

    def fileno(self) -> int: ...


class Cut(Exception):
    """The request's time was up, or the run was stopped. Not an OSError, so that it is never retried."""


class Deadline:
    """The time one file may take. Entering it makes it this thread's; `cut` shuts the socket from any thread.

    It has a handle of its own on the socket: an answer that says `Connection: close` makes the libraries close theirs
    while the body is still to be read, and shutting ours ends that too, also inside a TLS handshake.
    """

    def __init__(self, seconds: float, stopped: threading.Event):
        self.deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self.was_cut = False

    def __enter__(self) -> "Deadline":
        _mine.watch = self
        return self

    def __exit__(self, *_: object) -> None:
        _mine.watch = None
        self._replace(None)

    def use(self, line: TimedSocket) -> None:
        """From now on `cut` shuts this socket."""
        self.check()
        self._replace(socket.socket(fileno=os.dup(line.fileno())))

    def check(self) -> None:
        """Raise Cut where time is up."""
        if self.was_cut or self._stopped.is_set() or time.monotonic() >= self.deadline:
            self.was_cut = True
            raise Cut("its time was up")

    def cut(self) -> None:
        """Shut the socket: whatever waits on it ends now."""
        with self._lock:
            self.was_cut = True
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Sleep, but not past the deadline and not once stopped."""
        self.check()
        if self._stopped.wait(min(seconds, max(0.0, self.deadline - time.monotonic()))):
            self.check()

    def _replace(self, line: socket.socket | None) -> None:
        with self._lock:
            before, self._line = self._line, line
        if before is not None:
            before.close()


def this_watch() -> Deadline | None:
    return getattr(_mine, "watch", None)
