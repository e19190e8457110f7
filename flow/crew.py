"""The workers of a download: some fetch, others turn that into pictures, so that no host waits for a disk."""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import takewhile
from pathlib import Path

import config as cfg
from flow.fetch import Fetcher
from flow.lineup import Job, Lineup
from flow.obtain import Outcome, obtain, take

TAKERS = 3  # threads that decode and write; more than the cores, for they also wait for the disk
LOOK_S = 0.25  # how long to wait for something to be finished before looking round
STOP_S = 3.0  # how long workers get to notice that their sockets were shut


class Crew:
    """Only the main thread calls its methods."""

    def __init__(self, fetcher: Fetcher, folder: Path, lineup: Lineup):
        self._fetcher, self._folder, self._lineup = fetcher, folder, lineup
        self._fetchers = ThreadPoolExecutor(cfg.download_workers, thread_name_prefix="fetch")
        self._takers = ThreadPoolExecutor(TAKERS, thread_name_prefix="take")
        self._fetching: dict[Future, Job] = {}
        self._taking: dict[Future, Job] = {}

    def __len__(self) -> int:
        """Images at work."""
        return len(self._fetching) + len(self._taking)

    def has_room(self) -> bool:
        return len(self._fetching) < cfg.download_workers and len(self._taking) < 2 * cfg.download_workers

    def start(self, job: Job) -> None:
        """Begin with a job; its host's place is held until it is fetched."""
        self._fetching[self._fetchers.submit(obtain, job.source, job.found, self._fetcher, job.fallback)] = job

    def finished(self) -> list[tuple[Job, Outcome]]:
        """Wait a moment for work to be done; what is fetched is passed on to be taken in."""
        if len(self):
            wait([*_oldest(self._fetching), *_oldest(self._taking)], timeout=LOOK_S, return_when=FIRST_COMPLETED)
        for future in _done(self._fetching):
            job = self._fetching.pop(future)
            self._lineup.leave(job)
            self._taking[self._takers.submit(take, future.result(), self._fetcher, self._folder)] = job
        return [(self._taking.pop(future), future.result()) for future in _done(self._taking)]

    def stop(self) -> None:
        """End what is under way; a moment is given to those who write."""
        self._fetcher.stop()
        for pool in (self._fetchers, self._takers):
            pool.shutdown(wait=False, cancel_futures=True)
        wait([*self._fetching, *self._taking], timeout=STOP_S)


def _oldest(work: dict[Future, Job]) -> list[Future]:
    """The futures to wait for: what needs no network is taken in the order of the offers, so that runs agree."""
    first = next(iter(work), None)
    return [] if first is None else list(work) if work[first].source.online else [first]


def _done(work: dict[Future, Job]) -> list[Future]:
    """Finished futures, in the order of the offers where no network is needed."""
    first = next(iter(work), None)
    if first is None or work[first].source.online:
        return [future for future in work if future.done()]
    return list(takewhile(Future.done, work))
