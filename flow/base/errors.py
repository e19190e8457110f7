"""What can go wrong, each kind with its exit code.

RoboError            1   failed
  BadUsage           2   bad arguments, bad settings, or a question with nobody to answer it
  NotReady          10   no such basetag, no model, too few images
  Locked            11   another run holds the basetag
  NoCredentials     12   a key is missing or was refused
Quit                 0   the person chose to stop
Stopped          130/143 Ctrl-C or SIGTERM (also --max-minutes: 3)
"""

DONE, FAILED, BAD_USAGE, PARTIAL, NOT_READY, LOCKED, NO_CREDENTIALS, INTERRUPTED, TERMINATED = (
    0,
    1,
    2,
    3,
    10,
    11,
    12,
    130,
    143,
)


class RoboError(Exception):
    """Something a person can understand and act on: one sentence, and a hint what to do next."""

    code = FAILED

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadUsage(RoboError):
    code = BAD_USAGE


class NotReady(RoboError):
    code = NOT_READY


class Locked(RoboError):
    code = LOCKED


class NoCredentials(RoboError):
    code = NO_CREDENTIALS


class Quit(Exception):
    """The person said q, or closed the input. Polite, and a success."""


class Stopped(BaseException):
    """Told to stop from outside. `code` is 130 (Ctrl-C), 143 (SIGTERM) or 3 (out of time)."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason
