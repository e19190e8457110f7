"""Where the tests write."""

import os
import tempfile

MEMORY = "/dev/shm"
NEEDED = 2 << 30  # bytes; a whole run has up to 350 MB there at once, one that fails leaves some


def quickest() -> str:
    """A folder in memory where the system has one that will do, else the usual one for what is temporary.

    Thousands of little folders come and go, and a program may be killed at any moment but not the machine: nothing here
    needs a disk, which would take an eighth of the time.
    """
    return MEMORY if _will_do() else tempfile.gettempdir()


def _will_do() -> bool:
    try:
        disk = os.statvfs(MEMORY)
    except (AttributeError, OSError):  # AttributeError: not on this system
        return False
    runs_programs = not disk.f_flag & getattr(os, "ST_NOEXEC", 0)
    return os.access(MEMORY, os.W_OK) and runs_programs and disk.f_bavail * disk.f_frsize > NEEDED
