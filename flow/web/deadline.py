"""The time a request may take, and the hand on its socket that ends it from another thread."""

import contextlib
import os
import socket
import threading
import time
from typing import Protocol

_mine = threading.local()  # .deadline: the Deadline of the request this thread is in


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
        self.ends_at = time.monotonic() + seconds
        self._stopped = stopped
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.was_cut = False

    def __enter__(self) -> "Deadline":
        _mine.deadline = self
        return self

    def __exit__(self, *_: object) -> None:
        _mine.deadline = None
        self._replace(None)

    def use(self, sock: TimedSocket) -> None:
        """From now on `cut` shuts this socket."""
        self.check()
        self._replace(socket.socket(fileno=os.dup(sock.fileno())))

    def check(self) -> None:
        """Raise Cut where time is up."""
        if self.was_cut or self._stopped.is_set() or time.monotonic() >= self.ends_at:
            self.was_cut = True
            raise Cut("its time was up")

    def cut(self) -> None:
        """Shut the socket: whatever waits on it ends now."""
        with self._lock:
            self.was_cut = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Sleep, but not past the deadline and not once stopped."""
        self.check()
        if self._stopped.wait(min(seconds, max(0.0, self.ends_at - time.monotonic()))):
            self.check()

    def _replace(self, sock: socket.socket | None) -> None:
        with self._lock:
            before, self._socket = self._socket, sock
        if before is not None:
            before.close()


def current_deadline() -> Deadline | None:
    return getattr(_mine, "deadline", None)
