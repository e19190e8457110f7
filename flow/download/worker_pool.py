"""The workers of a download: some threads fetch, others decode, so that no host waits for a disk.

The main thread starts jobs ahead of need. As soon as a fetch ends, its thread picks the next job whose host has a place
free. So hosts stay busy while the main thread records what came.
"""

import os
import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import takewhile
from pathlib import Path

import config as cfg
from flow.download.fetch_image import Outcome, decode_image, fetch_image
from flow.download.job_queue import Job
from flow.web import manners
from flow.web.fetch import Fetcher

DECODERS = 3  # threads that decode and write; more than the cores, for they also wait for the disk
AHEAD = 3  # jobs a worker that are begun and not yet recorded, at most
# Jobs without a network at once: they are work for the cores, and more threads would be in each other's way.
LOCAL_WORKERS = max(2, os.cpu_count() or 1)
POLL_S = 0.25  # how long to wait for something to be finished before looking again
WAITING_BYTES_MAX = 48_000_000  # of images fetched and not yet decoded; above it no further fetch begins
STOP_S = 3.0  # how long workers get to notice that their sockets were shut


class WorkerPool:
    """`start`, `finished` and `stop` are for the main thread."""

    def __init__(self, fetcher: Fetcher, folder: Path):
        self._fetcher, self._folder = fetcher, folder
        self._fetchers = ThreadPoolExecutor(cfg.download_workers, thread_name_prefix="fetch")
        self._decoders = ThreadPoolExecutor(DECODERS, thread_name_prefix="decode")
        self._work: dict[Future, Job] = {}  # in the order they were started
        self._lock = threading.Lock()  # for what follows
        self._backlog: list[tuple[Job, Future]] = []
        self._busy: Counter[str] = Counter()  # fetches a host
        self._fetching = self._running = 0
        self._waiting_bytes = 0

    def __len__(self) -> int:
        """Images at work."""
        return len(self._work)

    def has_capacity(self) -> bool:
        return len(self._work) < AHEAD * cfg.download_workers

    def start(self, job: Job) -> None:
        """Begin with a job as soon as a worker and its host have a place."""
        future: Future = Future()
        self._work[future] = job
        with self._lock:
            self._backlog.append((job, future))
        self._pump()

    def finished(self) -> list[tuple[Job, Outcome]]:
        """Wait a moment for work to be done. What needs no network comes in order, so that two runs agree."""
        first = next(iter(self._work), None)
        if first is None:
            return []
        if self._work[first].source.online:
            wait(self._work, timeout=POLL_S, return_when=FIRST_COMPLETED)
            done = [future for future in self._work if future.done()]
        else:
            wait([first], timeout=POLL_S)
            done = list(takewhile(Future.done, self._work))
        return [(self._work.pop(future), future.result()) for future in done]

    def stop(self) -> None:
        """End what is under way; a moment is given to those who write."""
        self._fetcher.stop()
        with self._lock:
            self._backlog.clear()
        for pool in (self._fetchers, self._decoders):
            pool.shutdown(wait=False, cancel_futures=True)
        end = time.monotonic() + STOP_S
        while self._running and time.monotonic() < end:
            time.sleep(0.01)

    def _pump(self) -> None:
        """Give free workers the first jobs whose hosts have a place."""
        with self._lock:
            while self._fetching < cfg.download_workers and not self._fetcher.stopped.is_set():
                if self._waiting_bytes > WAITING_BYTES_MAX:
                    return
                spot = next((n for n, (job, _) in enumerate(self._backlog) if self._has_place(job.host)), None)
                if spot is None:
                    return
                job, future = self._backlog.pop(spot)
                self._busy[job.host] += 1
                self._fetching += 1
                self._fetchers.submit(self._fetch, job, future)

    def _has_place(self, host: str) -> bool:
        return self._busy[host] < (manners.connections(host) if host else LOCAL_WORKERS)

    def _fetch(self, job: Job, future: Future) -> None:
        self._count(1)
        try:
            outcome = fetch_image(job.source, job.found, job.url, self._fetcher)
            with self._lock:
                self._busy[job.host] -= 1
                self._fetching -= 1
                self._waiting_bytes += len(outcome.data)
            self._pump()
            if not self._fetcher.stopped.is_set():
                self._decoders.submit(self._decode, outcome, future)
        except Exception as problem:  # noqa: BLE001 - a bug of ours must reach the main thread
            future.set_exception(problem)
        finally:
            self._count(-1)

    def _decode(self, outcome: Outcome, future: Future) -> None:
        self._count(1)
        try:
            decoded = decode_image(outcome, self._fetcher, self._folder)
            with self._lock:
                self._waiting_bytes -= len(outcome.data)
            self._pump()
            future.set_result(decoded)
        except Exception as problem:  # noqa: BLE001 - such as a full disk, which ends the run
            future.set_exception(problem)
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._lock:
            self._running += by
