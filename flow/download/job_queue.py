"""Which image to fetch next, and from which of its addresses.

The rule for addresses is held here and nowhere else: an image is asked for at its best address whose host is not at
rest; where that gives nothing, at the next one, but never at the host family that asked to wait or refused.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass

from flow.download.fetch_image import Outcome
from flow.records.rows import DEFERRED
from flow.sources import FoundImage, Source
from flow.web import manners
from flow.web.failures import Fallback
from flow.web.hosts import Hosts

JOBS_AHEAD = 3  # times what a host serves at once: jobs of one host that may be begun or wait their turn
HELD_MIN = 100  # candidates whose hosts are at rest, at least; with more at hand no further ones are asked for
LOOK_AHEAD = 32  # candidates looked through for another host while one is busy


@dataclass(frozen=True)
class Job:
    """One image at one of its addresses. `url` is empty while it waits for a host at rest."""

    source: Source
    found: FoundImage
    url: str = ""
    host: str = ""  # its family; empty where no network is needed
    tried: tuple[str, ...] = ()  # addresses that gave nothing
    avoid: tuple[str, ...] = ()  # host families that refused it
    first: Outcome | None = None  # why its best address gave nothing


class JobQueue:
    """Draws candidates as they are needed. Only the main thread uses it.

    Args:
        held_max: with so many candidates waiting for hosts at rest, no further ones are asked for.
    """

    def __init__(self, candidates: Iterator[tuple[Source, FoundImage]], hosts: Hosts, held_max: int = HELD_MIN):
        self._candidates = candidates
        self._hosts = hosts
        self._held_max = held_max
        self._ready: deque[Job] = deque()
        self._busy: Counter[str] = Counter()
        self.held: list[Job] = []  # waiting for a host at rest, which is named in `host`

    def take(self) -> Job | None:
        """The next job that can begin at once, or None. Searches further pages only where nothing at hand will do."""
        while (job := self._next()) is not None:
            if not self._hosts.resting_s(job.host):
                self._busy[job.host] += 1
                return job
            self._place(job)  # its host came to rest while the job stood in line
        return None

    def leave(self, job: Job, outcome: Outcome) -> bool:
        """A job has come to its end. False where its image is still to be tried: later, or at another address."""
        self._busy[job.host] -= 1
        if outcome.valid is not None or outcome.fallback is Fallback.NOWHERE:
            return True
        if outcome.status == DEFERRED:  # says nothing of the image: the same address again once its host has rested
            return not self._place(job)
        avoid = (*job.avoid, job.host) if outcome.fallback is Fallback.ELSEWHERE else job.avoid
        first = job.first or outcome
        return not self._place(Job(job.source, job.found, "", "", (*job.tried, job.url), avoid, first))

    def release(self) -> None:
        """Line up again what was held."""
        held, self.held = self.held, []
        for job in held:
            self._place(job)

    def _next(self) -> Job | None:
        """The first job at hand whose host has a place, else one of a new candidate."""
        while True:
            job = next((job for job in self._ready if self._has_place(job.host)), None)
            if job is not None:
                self._ready.remove(job)
                return job
            if len(self._ready) >= LOOK_AHEAD or len(self.held) >= self._held_max:
                return None
            candidate = next(self._candidates, None)
            if candidate is None:
                return None
            self._place(Job(*candidate))

    def _has_place(self, host: str) -> bool:
        return not host or self._busy[host] < JOBS_AHEAD * manners.connections(host)

    def _place(self, job: Job) -> bool:
        """Line a job up at its best address whose host is not at rest, else hold it. False where no address is left."""
        waiting = ""
        for url in job.found.addresses:
            host = manners.family_of(url)
            if url in job.tried or host in job.avoid:
                continue
            if not self._hosts.resting_s(host):
                self._ready.append(Job(job.source, job.found, url, host, job.tried, job.avoid, job.first))
                return True
            waiting = waiting or host
        if waiting:
            self.held.append(Job(job.source, job.found, "", waiting, job.tried, job.avoid, job.first))
        return bool(waiting)
