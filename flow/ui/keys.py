"""Reading a terminal beneath lines: what was typed or pasted beyond the line that was asked for.

Only the console uses this.
"""

import contextlib
import os
import select
from collections.abc import Iterator

PASTE_S = 0.03  # seconds; what comes sooner after a line than this was not typed by hand


@contextlib.contextmanager
def one_by_one(descriptor: int) -> Iterator[None]:
    """Until the end, keys come as they are pressed and are not shown; Ctrl-C still stops."""
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def waits(descriptor: int, seconds: float = PASTE_S) -> bool:
    """Whether something is there to be read, or comes within so many seconds."""
    return bool(select.select([descriptor], [], [], seconds)[0])


def drop_waiting(descriptor: int) -> bytes:
    """Read away whatever else was pasted, a last line without an end too, and return it; empty where nothing but the
    line asked for came."""
    dropped = b""
    with one_by_one(descriptor):
        while waits(descriptor):
            more = os.read(descriptor, 65536)
            if not more or more == b"\x04":  # the end of the input is no line
                break
            dropped += more
    return dropped
