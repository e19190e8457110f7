"""Which image to fetch next: the first whose host has a place free and does not want a rest."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

import config as cfg
from flow.sources import FoundImage, Source
from flow.web.hosts import Hosts, host_of

JOBS_AHEAD = 3  # times what a host serves at once: jobs of one host that may be begun or wait their turn
HELD_MAX = 1000  # offers of hosts that rest; with more at hand no further ones are asked for
LOOK_AHEAD = 32  # offers looked through for another host while one is busy


@dataclass(frozen=True)
class Job:
    source: Source
    found: FoundImage
    fallback: bool = False  # fetch the second address: the first one's host rests
    host: str = ""


class JobQueue:
    """Draws offers as they are needed. Only the main thread uses it."""

    def __init__(self, offers: Iterator[tuple[Source, FoundImage]], hosts: Hosts):
        self._offers = offers
        self._hosts = hosts
        self._ready: deque[Job] = deque()
        self._busy: Counter[str] = Counter()
        self.held: list[Job] = []  # waiting for a host that rests

    def take(self) -> Job | None:
        """The next job that can begin at once, or None. Searches further pages only where nothing at hand will do."""
        job = next((job for job in self._ready if self._has_place(job.host)), None)
        if job is not None:
            self._ready.remove(job)
        while job is None and len(self._ready) < LOOK_AHEAD and len(self.held) < HELD_MAX:
            offer = next(self._offers, None)
            if offer is None:
                return None
            job = self._place(*offer)
            if job is not None and not self._has_place(job.host):
                self._ready.append(job)
                job = None
        if job is not None and self._hosts.resting_s(job.host):  # it began to rest while the job stood in line
            job = self._place(job.source, job.found)
            return self.take() if job is None else self._begin(job)
        return None if job is None else self._begin(job)

    def leave(self, job: Job) -> None:
        """A job has come to its end."""
        self._busy[job.host] -= 1

    def hold(self, job: Job) -> None:
        """Its host asked to come back later."""
        if job.fallback:  # neither address will do for now
            self.held.append(Job(job.source, job.found, False, host_of(job.found.image_url)))
        elif again := self._place(job.source, job.found):
            self._ready.append(again)

    def release(self) -> None:
        """Line up again what was held, where its host has rested."""
        held, self.held = self.held, []
        for job in held:
            again = self._place(job.source, job.found)
            if again is not None:
                self._ready.append(again)

    def _begin(self, job: Job) -> Job:
        self._busy[job.host] += 1
        return job

    def _has_place(self, host: str) -> bool:
        return not host or self._busy[host] < JOBS_AHEAD * cfg.host_connections_max

    def _place(self, source: Source, found: FoundImage) -> Job | None:
        """The job for an offer: at its first address, or at its second where the first host rests; else held."""
        host = host_of(found.image_url)
        if not self._hosts.resting_s(host):
            return Job(source, found, False, host)
        other = host_of(found.fallback_url)
        if other and other != host and not self._hosts.resting_s(other):
            return Job(source, found, True, other)
        self.held.append(Job(source, found, False, host))
        return None
