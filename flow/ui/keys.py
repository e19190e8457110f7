"""Reading a terminal beneath lines: one key at a time, and what was pasted beyond the line that was asked for.

Only the console uses this.
"""

import contextlib
import os
import select
from collections.abc import Iterator

PASTE_S = 0.03  # seconds; what comes sooner after a line than this was not typed by hand
LEAVE, ON, BACK = "leave", "on", "back"
_NAMED = {
    b"q": LEAVE,
    b"Q": LEAVE,
    b"\x1b": LEAVE,
    b"\x04": LEAVE,
    b"": LEAVE,
    b" ": ON,
    b"\r": ON,
    b"\n": ON,
    b"f": ON,
    b"\x1b[6~": ON,
    b"\x1b[B": ON,
    b"\x1bOB": ON,
    b"\x1b[C": ON,
    b"\x1bOC": ON,
    b"b": BACK,
    b"B": BACK,
    b"\x1b[5~": BACK,
    b"\x1b[A": BACK,
    b"\x1bOA": BACK,
    b"\x1b[D": BACK,
    b"\x1bOD": BACK,
}


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


def pressed(descriptor: int) -> str:
    """The next key's meaning: LEAVE, ON, BACK, or empty for any other. A lone ESC leaves, an arrow's ESC does not."""
    raw = os.read(descriptor, 1)
    while raw.startswith(b"\x1b") and len(raw) < 8 and waits(descriptor):
        raw += os.read(descriptor, 1)
        if len(raw) > 2 and 0x40 <= raw[-1] <= 0x7E:
            break
    return _NAMED.get(raw, "")


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
