"""Manners towards hosts: few requests at a time, a pause between them, and rest for those who ask for it."""

import contextlib
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import config as cfg

SHORT_WAIT_S = 90.0  # a wait up to this long is said and done; a longer one is left to the next run
COOL_S, COOL_MAX_S = 10.0, 900.0  # rest where a 429 names none: doubled each time, up to a quarter of an hour
STRIKES_MAX = 3  # a host that said 429 this often is left alone for the rest of the run
WAIT_MAX_S = 7 * 86_400.0  # no honest Retry-After is longer
# Hosts that wish for more than cfg.host_pause_s, in seconds (read in their terms and answers).
PAUSES_S = {
    "api.openverse.org": 0.5,
    "api.inaturalist.org": 1.0,
    "inaturalist-open-data.s3.amazonaws.com": 1.0,
    "static.inaturalist.org": 1.0,
}
FAMILIES = ("wikimedia.org",)  # counted as one host, as its robot policy does
RATES = {"wikimedia.org": 25_000_000 / 8}  # bytes a second; its robot policy allows 25 Mbit/s in all


def host_of(url: str) -> str:
    """The name a URL's manners go by; empty where there is none."""
    try:
        name = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""
    return next((family for family in FAMILIES if name == family or name.endswith(f".{family}")), name)


class Hosts:
    """Shared by all workers. `now` gives the time of day for messages."""

    def __init__(self, now: Callable[[], datetime], stopped: threading.Event):
        self._now, self._stopped = now, stopped
        self._lock = threading.Lock()
        self._doors: dict[str, threading.BoundedSemaphore] = {}
        self._next: dict[str, float] = {}  # monotonic time of the next allowed request
        self._cool: dict[str, float] = {}  # monotonic time until which a host rests
        self._strikes: defaultdict[str, int] = defaultdict(int)
        self._paid: dict[str, float] = {}  # monotonic time up to which a host's rate is used up

    @contextlib.contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for one's turn at a host, then hold one of its places."""
        with self._lock:
            door = self._doors.setdefault(host, threading.BoundedSemaphore(cfg.host_connections_max))
        while not door.acquire(timeout=0.1):
            if self._stopped.is_set():
                break
        else:
            try:
                self._stopped.wait(self._gap(host))
                yield
            finally:
                door.release()
            return
        yield  # stopped: whoever asks finds out at once

    def took(self, host: str, size: int) -> float:
        """So many bytes came from a host, in whatever thread. Returns how many seconds to read no more of it."""
        rate = RATES.get(host)
        if rate is None:
            return 0.0
        with self._lock:
            here = time.monotonic()
            self._paid[host] = max(here, self._paid.get(host, 0.0)) + size / rate
            return self._paid[host] - here

    def rest(self, host: str, seconds: float | None) -> datetime:
        """A host said 429 or asked to come back later. Returns when it may be asked again."""
        with self._lock:
            if self._cool.get(host, 0.0) <= time.monotonic():  # two requests refused at once are one strike
                self._strikes[host] += 1
            strikes = self._strikes[host]
            if seconds is None:
                seconds = min(COOL_MAX_S, COOL_S * 2 ** (strikes - 1))
            seconds = min(max(0.0, seconds), WAIT_MAX_S)
            self._cool[host] = max(self._cool.get(host, 0.0), time.monotonic() + seconds)
        return self.until(host)

    def resting_s(self, host: str) -> float:
        """Seconds the host still rests: 0 = ask away, infinite = not in this run."""
        with self._lock:
            if self._strikes[host] >= STRIKES_MAX:
                return math.inf
            return max(0.0, self._cool.get(host, 0.0) - time.monotonic())

    def until(self, host: str) -> datetime:
        """The time of day from which the host may be asked again."""
        with self._lock:
            left = max(0.0, self._cool.get(host, 0.0) - time.monotonic())
        return self._now() + timedelta(seconds=left)

    def _gap(self, host: str) -> float:
        """Take the next free moment of a host; returns how many seconds away it is."""
        with self._lock:
            here = time.monotonic()
            start = max(here, self._next.get(host, 0.0))
            self._next[host] = start + max(cfg.host_pause_s, PAUSES_S.get(host, 0.0))
        return start - here


def clock_text(until: datetime, now: datetime) -> str:
    """A moment as a person says it: `14:05`, or with the day where it is not today."""
    return until.strftime("%H:%M" if until.date() == now.date() else "%Y-%m-%d %H:%M")
