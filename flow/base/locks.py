"""One writer per basetag: an advisory lock on a small file that is kept, and says who holds it."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flow.base import files
from flow.base.errors import Locked, RoboError
from flow.base.runlog import hide_secrets

POLL_S = 0.25
LOOKS, LOOK_S = 10, 0.05  # how often, and how long apart, a second run looks who the first one is


class Lock:
    """A basetag's lock, which can be taken and given back several times in a run.

    `fcntl.lockf` goes with the process: a killed owner frees it, a forked child does not keep it. The file is opened
    once, because closing any other handle on it would drop the lock.

    Args:
        owner: what a second run reports: pid, since, command; and `page`, the address of an open check page.
    """

    def __init__(self, path: Path, owner: dict, clock: Callable[[], float] = time.monotonic):
        self._path, self._clock, self._handle = path, clock, -1
        self.owner, self.is_held = owner, False

    def take(self, wait_s: float = 0.0) -> None:
        """Take the lock; nothing where it is held already.

        Args:
            wait_s: seconds to wait for another run to end.

        Raises:
            Locked: another run holds it.
            RoboError: the file cannot be written.
        """
        if self.is_held:
            return
        self._open()
        until = self._clock() + wait_s
        while not self._try():
            if self._clock() >= until:
                raise Locked(*_holder(self._handle, self._path))
            time.sleep(POLL_S)
        self.is_held = True
        self.set_owner()

    def set_owner(self, **more: str) -> None:
        """Write down who holds the lock, with more facts than before."""
        self.owner |= more
        if not self.is_held:
            return
        owner = {name: hide_secrets(value) if isinstance(value, str) else value for name, value in self.owner.items()}
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, json.dumps(owner).encode("utf-8"), 0)

    def give_back(self) -> None:
        """Let other runs have it; nothing where it is not held."""
        if self.is_held:
            with contextlib.suppress(OSError):  # a full disk: what is wrong is said elsewhere
                os.ftruncate(self._handle, 0)
            fcntl.lockf(self._handle, fcntl.LOCK_UN)
            self.is_held = False

    def close(self) -> None:
        if self._handle >= 0:
            self.give_back()
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> None:
        if self._handle >= 0:
            return
        try:
            files.make_folder(self._path.parent)
            self._handle = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as problem:
            hint = "Is the folder yours, and the disk not full?"
            raise RoboError(f"{self._path} cannot be written: {problem.strerror}.", hint) from problem

    def _try(self) -> bool:
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


@contextlib.contextmanager
def held(path: Path, wait_s: float, owner: dict, clock: Callable[[], float] = time.monotonic) -> Iterator[Lock]:
    """Hold a basetag's lock while inside; see `Lock`. Raises Locked where another run holds it."""
    lock = Lock(path, owner, clock)
    try:
        lock.take(wait_s)
        yield lock
    finally:
        lock.close()


def _holder(handle: int, path: Path) -> tuple[str, str]:
    """Who holds the lock, and what to do. One that took it this very moment has not written that yet: look again."""
    for _ in range(LOOKS):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            who = json.loads(os.pread(handle, 10_000, 0).decode("utf-8"))
            if page := who.get("page"):
                return (
                    f"Your check page of {path.stem} is open at {page}.",
                    "Press Done there, or leave it for a minute.",
                )
            text = f"Another run works on {path.stem} (process {who['pid']}, since {who['since']}): {who['command']}."
            return text, "Wait for it, or give --lock-wait SECONDS."
        time.sleep(LOOK_S)
    return f"Another run works on {path.stem}.", "Wait for it, or give --lock-wait SECONDS."
