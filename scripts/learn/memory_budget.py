"""Bytes shared out among the threads of a process, so that large things wait for their turn instead of piling up."""

import contextlib
import ctypes
import threading
from collections.abc import Iterator

TRIMMED_OVER = 32_000_000  # bytes; what a larger image took is given back to the system at once


class MemoryBudget:
    """So many bytes for all threads of the process. Who waits is let in before those who come later, so that small
    images do not pass a large one for ever."""

    def __init__(self, size: int):
        self._size = self._left = size
        self._door = threading.Lock()  # held by the one who waits in front
        self._change = threading.Condition()

    @contextlib.contextmanager
    def held(self, need: int) -> Iterator[None]:
        """Wait until `need` bytes are free, then have them. More than there are at all means: alone."""
        need = min(need, self._size)
        with self._door, self._change:
            self._change.wait_for(lambda: self._left >= need)
            self._left -= need
        try:
            yield
        finally:
            if need > TRIMMED_OVER:
                give_back_to_system()
            with self._change:
                self._left += need
                self._change.notify_all()


def give_back_to_system() -> None:
    """What was freed is free for other programs too. glibc would keep it for the thread that had it (16 threads came to
    2 GB), and small holes for ever. Elsewhere large pieces go back by themselves."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
