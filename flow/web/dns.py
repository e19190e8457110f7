"""Looking up a host's addresses, with an end: the C library's own look-up knows none."""

import threading
import time
from collections.abc import Callable

import config as cfg
from flow.web.deadline import current_deadline

LOOK_S = 0.1  # how often a look-up that takes long is asked whether it is still wanted
Resolver = Callable[[str, int], list[tuple]]  # see socket.getaddrinfo


class NoName(Exception):
    """A name could not be looked up in time. Not an OSError, so that it is never retried."""


def look_up(host: str, port: int, resolve: Resolver) -> list[tuple]:
    """What `resolve` says, given up after cfg.connect_timeout_s or when the request is cut.

    The C library's own look-up cannot be ended, so it is left behind in a thread of its own; who asks for the same name
    meanwhile waits for the same one.

    Raises:
        OSError, UnicodeError: the name is not known.
        NoName: it takes too long.
    """
    with _lookups_lock:
        lookup = _lookups.get((host, port))
        if lookup is None:
            lookup = _lookups[(host, port)] = _Lookup(host, port, resolve)
    until = lookup.begun + cfg.connect_timeout_s
    while not lookup.done.wait(min(LOOK_S, max(0.0, until - time.monotonic()))):
        deadline = current_deadline()
        if deadline is not None:
            deadline.check()
        if time.monotonic() >= until:
            raise NoName(f"looking up {host[:80]} takes too long")
    if lookup.problem is not None:
        raise lookup.problem
    return lookup.found


class _Lookup:
    """One look-up of a name, in a thread that keeps no run from ending."""

    def __init__(self, host: str, port: int, resolve: Resolver):
        self.begun, self.done = time.monotonic(), threading.Event()
        self.found: list[tuple] = []
        self.problem: Exception | None = None
        threading.Thread(target=self._work, args=(host, port, resolve), daemon=True, name="look-up").start()

    def _work(self, host: str, port: int, resolve: Resolver) -> None:
        try:
            self.found = resolve(host, port)
        except Exception as problem:  # noqa: BLE001 - it is raised again where the answer is waited for
            self.problem = problem
        with _lookups_lock:
            del _lookups[(host, port)]
        self.done.set()


_lookups: dict[tuple[str, int], _Lookup] = {}  # under way
_lookups_lock = threading.Lock()
