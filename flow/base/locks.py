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


@contextlib.contextmanager
def held(path: Path, wait_s: float, who: dict, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Hold the lock while inside.

    `fcntl.lockf` goes with the process: a killed owner frees it, a forked child does not keep it. The file is opened
    once, because closing any other handle on it would drop the lock.

    Args:
        wait_s: seconds to wait for another run to end.
        who: what a second run is told: pid, since, command.

    Raises:
        Locked: another run holds it.
    """
    try:
        files.make_folder(path.parent)
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
    except OSError as problem:
        raise RoboError(
            f"{path} cannot be written: {problem.strerror}.", "Is the folder yours, and the disk not full?"
        ) from problem
    try:
        _take(handle, path, clock() + wait_s, clock)
        told = {name: hide_secrets(value) if isinstance(value, str) else value for name, value in who.items()}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(told).encode("utf-8"), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _take(handle: int, path: Path, until: float, clock: Callable[[], float]) -> None:
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            if clock() >= until:
                raise Locked(_holder(handle, path), "Wait for it, or give --lock-wait SECONDS.") from None
            time.sleep(POLL_S)


def _holder(handle: int, path: Path) -> str:
    """Who holds the lock; one that took it this very moment has not written that yet, so look a few times."""
    for _ in range(LOOKS):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            who = json.loads(os.pread(handle, 10_000, 0).decode("utf-8"))
            return f"Another run works on {path.stem} (process {who['pid']}, since {who['since']}): {who['command']}."
        time.sleep(LOOK_S)
    return f"Another run works on {path.stem}."
