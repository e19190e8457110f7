"""Why there are no bytes: one exception with a status for the archive and a few words to count by."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from http.client import HTTPException

import requests
from urllib3.exceptions import LocationValueError

from flow.records.rows import DEFERRED, FAILED, REFUSED
from flow.web.address_guard import BadAddress, NotPublic
from flow.web.deadline import Cut
from flow.web.dns import NoName

BAD_URLS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    LocationValueError,
)
TOO_LARGE, NOT_PUBLIC, BAD, ROBOTS, SLOW, LOST, CUT_OFF, ODD = (
    "too large",
    "not a public address",
    "bad address",
    "marked noai",
    "too slow",
    "no connection",
    "cut off",
    "an answer that makes no sense",
)


class Fallback(Enum):
    """Where another address of the same image may be tried after one gave nothing."""

    NOWHERE = "nowhere"  # nobody wants it used, or it may not be asked for
    ELSEWHERE = "elsewhere"  # not at the same host family: it asked to wait, or refused
    ANYWHERE = "anywhere"  # also at the same host: the file is too large, gone, cut off


class NotFetched(Exception):
    """No bytes. `status` is for the archive, `reason` a few words to count by, `until` when it is worth another try."""

    def __init__(
        self, status: str, reason: str, text: str = "", until: datetime | None = None, fallback: Fallback | None = None
    ):
        super().__init__(text or reason)
        self.status, self.reason, self.until = status, reason, until
        self.fallback = fallback or (Fallback.NOWHERE if status == REFUSED else Fallback.ANYWHERE)

    @property
    def is_deferral(self) -> bool:
        """Whether its host is at rest: nothing is said of what was asked for."""
        return self.status == DEFERRED


@contextlib.contextmanager
def failures_explained() -> Iterator[None]:
    """Whatever goes wrong inside becomes NotFetched: no answer of a site, however odd, ends a run.

    Only BaseExceptions pass: Ctrl-C and the signal to stop.
    """
    try:
        yield
    except NotFetched:
        raise
    except Exception as problem:  # noqa: BLE001 - that is the rule
        raise not_fetched(problem) from problem


def not_fetched(problem: Exception) -> NotFetched:
    """What the guard and the libraries raise, in a few words."""
    if isinstance(problem, NotFetched):
        return problem
    if isinstance(problem, NotPublic):
        return NotFetched(REFUSED, NOT_PUBLIC)
    if isinstance(problem, BadAddress):
        return NotFetched(REFUSED, BAD, str(problem))
    if isinstance(problem, BAD_URLS):
        return NotFetched(REFUSED, BAD)
    if isinstance(problem, (Cut, requests.Timeout)) or "timed out" in str(problem):
        return NotFetched(FAILED, SLOW)
    if isinstance(problem, NoName):
        return NotFetched(FAILED, LOST, str(problem))
    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return NotFetched(FAILED, CUT_OFF)
    if isinstance(problem, OSError) and not _is_no_http(problem):  # requests' own are, too
        return NotFetched(FAILED, LOST)
    return NotFetched(FAILED, ODD, f"{ODD} ({type(problem).__name__})")


def _is_no_http(problem: BaseException) -> bool:
    """True where something came that is no answer of a web server. A connection that was lost is something else.

    The libraries wrap what happened two or three times, each in its own way.
    """
    if isinstance(problem, HTTPException):
        return not isinstance(problem, OSError)
    inner = [*problem.args, getattr(problem, "reason", None)]
    return any(_is_no_http(part) for part in inner if isinstance(part, BaseException))


def is_lost_midway(problem: Exception) -> bool:
    """True for a connection lost in the middle of a body: worth another try at once."""
    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return True
    if _is_no_http(problem):
        return False
    return (
        isinstance(problem, requests.ConnectionError)
        and "Read timed out" not in str(problem)
        and "Max retries" not in str(problem)
    )
