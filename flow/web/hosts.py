"""The manners kept: few requests at once, a pause between them, and no request to a host that is at rest.

Two rules are held here and nowhere else: a host that asks to wait (429, Retry-After) is not asked before its time, and
one that refuses five requests in a row (401, 403) is not asked for a day. Every request takes its `turn`, which raises
where the host is at rest. The table of what each host wishes is `flow/web/manners.py`.
"""

import contextlib
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flow.records.rows import DEFERRED
from flow.web import manners
from flow.web.failures import Fallback, NotFetched
from flow.web.headers import user_agent
from flow.web.rests import ASKS_TO_WAIT, REFUSES, UNREACHABLE, Rest, read_rests, remember

LEFT = "left for later"  # the reason, as it stands in the last line of a download
SHORT_WAIT_S = 90.0  # a rest up to this long is waited for; a longer one is left to a later run
REST_MIN_S = 1.0  # whatever a 429 says
COOL_S, COOL_MAX_S = 10.0, 900.0  # rest where a 429 names none: doubled each time, up to a quarter of an hour
STRIKES_MAX = 3  # a host that said 429 this often is left alone for the rest of the run
REFUSALS_MAX = 5  # refusals in a row after which a host is left alone, and so with connections that fail
REFUSED_FOR, UNREACHABLE_FOR = timedelta(days=1), timedelta(minutes=15)
WAIT_MAX_S = 7 * 86_400.0  # no honest Retry-After is longer


class Hosts:
    """Shared by all workers of a run. Hosts are named by their family (`manners.family_of`).

    Args:
        now: the time of day, with its zone.
        stopped: set when the run ends; nobody waits any longer then.
    """

    def __init__(self, now: Callable[[], datetime], stopped: threading.Event):
        self._now, self._stopped = now, stopped
        self._lock = threading.Lock()
        self._doors: dict[str, threading.BoundedSemaphore] = {}
        self._next: dict[tuple[str, bool], float] = {}  # (host, search) -> monotonic time of the next allowed request
        self._paid: dict[str, float] = {}  # monotonic time up to which a host's bytes a second are used up
        self._strikes: defaultdict[str, int] = defaultdict(int)
        self._refusals: defaultdict[str, int] = defaultdict(int)
        self._failures: defaultdict[str, int] = defaultdict(int)
        agent = user_agent()
        self._rests: dict[str, Rest] = {}
        self._ends: dict[str, float] = {}  # monotonic time at which a host's rest ends
        for host, rest in read_rests().items():
            if rest.applies(now(), agent):
                self._set(host, rest)

    @contextlib.contextmanager
    def turn(self, host: str, search: bool = False) -> Iterator[None]:
        """Wait for one's turn at a host, then hold one of its places.

        Raises:
            NotFetched: the host is at rest, or came to rest meanwhile.
        """
        self._check(host)
        with self._lock:
            door = self._doors.setdefault(host, threading.BoundedSemaphore(manners.connections(host)))
        while not door.acquire(timeout=0.1):
            if self._stopped.is_set():
                yield  # whoever asks finds out at once
                return
        try:
            self._stopped.wait(self._gap(host, search))
            self._check(host)
            yield
        finally:
            door.release()

    def took(self, host: str, size: int) -> float:
        """So many bytes came from a host, in whatever thread. Returns how many seconds to read no more of it."""
        rate = manners.bytes_per_s(host)
        if not rate:
            return 0.0
        with self._lock:
            here = time.monotonic()
            self._paid[host] = max(here, self._paid.get(host, 0.0)) + size / rate
            return self._paid[host] - here

    def wait(self, seconds: float) -> None:
        """Wait until a rest of so many seconds is over, or the run is stopped."""
        self._stopped.wait(seconds + 0.01)  # the clocks of two threads need not agree to the last digit

    # What hosts answer

    def deferred(self, host: str, seconds: float | None, code: int = 429) -> Rest:
        """A host asked to wait; `seconds` None = it did not say how long. Returns its rest."""
        with self._lock:
            if not self._left_s(host):  # two requests refused at once are one strike
                self._strikes[host] += 1
            if seconds is None:
                seconds = min(COOL_MAX_S, COOL_S * 2 ** (max(1, self._strikes[host]) - 1))
            seconds = min(max(REST_MIN_S, seconds, manners.rest_min_s(host)), WAIT_MAX_S)
            rest = self._set(host, Rest(self._now() + timedelta(seconds=seconds), ASKS_TO_WAIT, code))
        remember(host, rest)
        return rest

    def refused(self, host: str, code: int) -> None:
        """A host refused a request (401, 403)."""
        with self._lock:
            self._refusals[host] += 1
            if self._refusals[host] < REFUSALS_MAX or self._left_s(host):
                return
            rest = self._set(host, Rest(self._now() + REFUSED_FOR, REFUSES, code, user_agent()))
        remember(host, rest)

    def unreachable(self, host: str) -> None:
        """A connection to a host failed. After several in a row this run waits for it no longer."""
        with self._lock:
            self._failures[host] += 1
            if self._failures[host] >= REFUSALS_MAX and not self._left_s(host):
                self._set(host, Rest(self._now() + UNREACHABLE_FOR, UNREACHABLE))

    def served(self, host: str) -> None:
        """A host gave what it was asked for: refusals before are no longer in a row."""
        with self._lock:
            self._refusals[host] = self._failures[host] = 0

    # Who is at rest

    def resting_s(self, host: str) -> float:
        """Seconds the host still rests: 0 = ask away, infinite = not in this run."""
        with self._lock:
            if self._strikes[host] >= STRIKES_MAX:
                return math.inf
            return self._left_s(host)

    def why(self, host: str) -> str:
        """Why a host is not asked and until when, to follow its name."""
        with self._lock:
            rest = self._rests.get(host)
        if rest is None:
            return "is left alone for now"
        when = clock_text(rest.until, self._now())
        if rest.why == REFUSES:
            return f"refused {REFUSALS_MAX} requests in a row ({rest.code}) and is not asked again before {when}"
        if rest.why == UNREACHABLE:
            return f"could not be reached {REFUSALS_MAX} times in a row"
        return f"asks to be left alone until {when}"

    def until(self, host: str) -> datetime:
        """The time of day from which the host may be asked again."""
        with self._lock:
            rest = self._rests.get(host)
        return max(self._now(), rest.until) if rest else self._now()

    def _check(self, host: str) -> None:
        if not self.resting_s(host):
            return
        with self._lock:
            rest = self._rests.get(host)
        refuses, code = rest is not None and rest.why == REFUSES, rest.code if rest else 429
        reason = f"refused by its site ({code})" if refuses else f"{LEFT} ({code})" if code else LEFT
        raise NotFetched(DEFERRED, reason, f"{host} {self.why(host)}", self.until(host), Fallback.ELSEWHERE)

    def _left_s(self, host: str) -> float:
        return max(0.0, self._ends.get(host, 0.0) - time.monotonic())

    def _set(self, host: str, rest: Rest) -> Rest:
        """The longer of a host's rests counts."""
        seconds = (rest.until - self._now()).total_seconds()
        if self._left_s(host) <= seconds:
            self._rests[host], self._ends[host] = rest, time.monotonic() + seconds
        return self._rests[host]

    def _gap(self, host: str, search: bool) -> float:
        """Take the next free moment of a host; returns how many seconds away it is."""
        with self._lock:
            here = time.monotonic()
            start = max(here, self._next.get((host, search), 0.0))
            self._next[host, search] = start + manners.pause_s(host, search)
        return start - here


def clock_text(until: datetime, now: datetime) -> str:
    """A moment as a person says it: `14:05`, or with the day where it is not today."""
    return until.strftime("%H:%M" if until.date() == now.date() else "%Y-%m-%d %H:%M")
