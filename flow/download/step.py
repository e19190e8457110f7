"""The download step: fill unsorted_{searchtag} with N new images, and account for every one that was looked at.

Reads what the sources offer; writes the images, their logs and the catalogue. Killed at any moment, the same command
completes it.
"""

import contextlib
import errno
import math
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flow.base import files, paths
from flow.base.names import one_line
from flow.base.quarantine import copy_to_quarantine
from flow.download.candidates import Candidates, Problems
from flow.download.credits import update_logs
from flow.download.fetch_image import Outcome
from flow.download.image_store import ImageStore
from flow.download.job_queue import HELD_MIN, Job, JobQueue
from flow.download.known_images import KnownImages, finish_pending
from flow.download.options import DownloadOptions
from flow.download.prepare_folder import cannot_write, prepare_folder
from flow.download.result import Downloaded
from flow.download.worker_pool import WorkerPool
from flow.records.catalogue import Catalogue
from flow.records.rows import DEFERRED, UnfinishedDownload
from flow.sources import Source, open_sources
from flow.ui import console
from flow.web.fetch import Fetcher
from flow.web.hosts import LEFT, SHORT_WAIT_S, clock_text

BATCH, BATCH_S = 8, 0.25  # so many images, or seconds, are recorded together, as each time waits for the disk
UNFINISHED_H = 48  # hours within which the same command completes a download that was stopped
WAITS_MAX_S = 180.0  # that a run waits for hosts in all, while nothing else is to be done
NO_WRITE = (errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def _now() -> datetime:
    return datetime.now().astimezone()


def download(
    basetag: str,
    wanted: DownloadOptions,
    catalogue: Catalogue,
    now: Callable[[], datetime] = _now,
    sources: list[Source] | None = None,
) -> Downloaded:
    """Fetch `wanted.quantity` new images.

    Args:
        sources: those that `wanted.source` names, where the caller has opened them already.

    Until `Catalogue.finish` is called, once the whole run ended well, the same command finds them there and fetches no
    more.

    Returns:
        What came, counted; its `code` is 0 or 3.

    Raises:
        BadUsage, NoCredentials: a source that cannot be used, before anything is touched.
        RoboError: the disk is full or cannot be written.
        KeyboardInterrupt, Stopped: passed on, once what is complete is safe.
    """
    sources = sources or open_sources(wanted.source)
    folder = paths.unsorted_dir(basetag, wanted.searchtag)
    try:
        prepare_folder(folder)
        with KnownImages(basetag, catalogue, not wanted.keep_near) as known, Fetcher(now) as fetcher:
            return _Run(sources, ImageStore(basetag, wanted, catalogue, known, folder, now), fetcher).go()
    except OSError as problem:
        if problem.errno in NO_WRITE:
            raise cannot_write(folder, problem.strerror) from problem
        raise
    except sqlite3.OperationalError as problem:
        raise cannot_write(paths.catalogue(basetag).parent, str(problem)) from problem


class _Run:
    """One run of the step, in the main thread; the workers only fetch and decode."""

    def __init__(self, sources: list[Source], store: ImageStore, fetcher: Fetcher):
        self.sources, self.store, self.fetcher = sources, store, fetcher
        self.wanted, self.catalogue, self.now = store.wanted, store.catalogue, store.now
        self.kept = 0
        self.before = self._begin()
        self.problems = Problems()
        self.candidates = Candidates(sources, store, fetcher, self.problems)
        self.waited_s = 0.0  # for hosts that asked to
        self.advance: Callable[[int], None] = lambda n: None

    def go(self) -> Downloaded:
        """Download, and leave nothing half done however it ends. That it is finished is noted last of all."""
        try:
            self._update_logs()
            if self.places() > 0:
                self.candidates.tell_limits(self.places())
                with console.progress(self.wanted.quantity, f"downloading {self.wanted.searchtag}") as self.advance:
                    self.advance(self.before)
                    self._work()
        finally:
            self.fetcher.stop()
            files.sweep_parts(self.store.folder)
            self._settle()
            with contextlib.suppress(OSError):  # a full disk: the next run writes them
                self._update_logs()
        return self._account()

    def places(self) -> int:
        """How many images are still wanted."""
        return self.wanted.quantity - self.before - self.kept

    def _begin(self) -> int:
        """Note that this download runs. Returns how many images a stopped run of the same command has kept."""
        wanted, now = self.wanted, self.now()
        have = len(self.catalogue.images_of(wanted.searchtag))
        begun = self.catalogue.begun(wanted.searchtag)
        if begun and (begun.asked, begun.sources) == (wanted.quantity, wanted.source) and _is_recent(begun.at, now):
            before = have - begun.had
            when = clock_text(datetime.fromisoformat(begun.at).astimezone(now.tzinfo), now)
            if before >= wanted.quantity:
                console.note(f"the {begun.asked} images of the download begun {when} are there; going on from here.")
            elif before > 0:
                console.note(f"going on with the download begun {when}: {before} of {begun.asked} are there.")
            return min(before, wanted.quantity)
        at = now.isoformat(timespec="seconds")
        self.catalogue.begin(UnfinishedDownload(wanted.searchtag, wanted.quantity, wanted.source, have, at))
        return 0

    def _work(self) -> None:
        """Keep the workers busy until enough is kept or nothing is left to try."""
        queue = JobQueue(iter(self.candidates), self.fetcher.hosts, max(HELD_MIN, 2 * self.places()))
        workers = WorkerPool(self.fetcher, self.store.folder)
        done: list[tuple[Job, Outcome]] = []
        recorded = time.monotonic()
        try:
            while self.places() > 0:
                self._start(workers, queue, len(done))
                if not len(workers) and not done and not self._wait_for_hosts(queue):
                    break
                done += workers.finished()
                if len(done) >= BATCH or not len(workers) or time.monotonic() - recorded > BATCH_S:
                    self._collect(done, queue)
                    done, recorded = [], time.monotonic()
        finally:
            workers.stop()
            self.store.confirm()
        self._leave_for_later(queue.held)

    def _start(self, workers: WorkerPool, queue: JobQueue, waiting: int) -> None:
        """Give free workers something to do; never more than places are open, so that none comes in vain."""
        while workers.has_capacity() and len(workers) + waiting < self.places():
            job = queue.take()
            if job is None:
                return
            workers.start(job)

    def _wait_for_hosts(self, queue: JobQueue) -> bool:
        """Nothing can begin now: wait for a host at rest, where that is short. False where there is none."""
        waits = {job.host: self.fetcher.hosts.resting_s(job.host) for job in queue.held}
        host = min(waits, key=waits.__getitem__, default="")
        if not waits or waits[host] > SHORT_WAIT_S or self.waited_s + waits[host] > WAITS_MAX_S:
            return False
        count = sum(job.host == host for job in queue.held)
        console.note(f"{host} asks to wait; going on with {count} of its images in {math.ceil(waits[host])} s.")
        self.fetcher.hosts.wait(waits[host])
        self.waited_s += waits[host]
        queue.release()
        return True

    def _collect(self, done: list[tuple[Job, Outcome]], queue: JobQueue) -> None:
        """Judge what the workers brought: keep, count, or try again later."""
        images, tried = [], 0
        for job, outcome in done:
            if not queue.leave(job, outcome):
                continue
            tried += 1
            if outcome.valid is None or outcome.part is None:
                self._refuse(job.first or outcome)
            else:
                images.append((outcome.found, outcome.valid, outcome.part))
        kept = self.store.keep(images)
        self.candidates.judged(tried, kept)
        self.kept += kept
        self.advance(kept)

    def _refuse(self, outcome: Outcome) -> None:
        """Count an image that did not come; an image of the user's own goes into the quarantine."""
        why = outcome.detail or outcome.reason
        console.detail(f"{one_line(outcome.found.image_url)}: {why}")
        self.problems.own = self.problems.own or outcome.source.own
        if outcome.source.name == "folder":
            copy_to_quarantine(self.store.basetag, Path(outcome.found.image_url), why)
        self.store.drop(outcome.found, outcome.status, outcome.reason)

    def _leave_for_later(self, held: list[Job]) -> None:
        """What waits for a host at rest is left to a later run, and said."""
        for job in held:
            self.store.drop(job.found, DEFERRED, LEFT)
        if held and self.places() > 0:
            self.problems.again = True
            for host, count in sorted(Counter(job.host for job in held).items()):
                images = "1 image is" if count == 1 else f"{count} images are"
                self.problems.reasons.append(f"{images} left for later: {host} {self.fetcher.hosts.why(host)}")

    def _account(self) -> Downloaded:
        """The count of everything, and the reason where some are missing."""
        missing = self.places() > 0
        # A folder that holds fewer than asked is no failure; a site, or a file that could not be read, is.
        partial = missing and (
            self.problems.again or self.problems.own or not all(source.own for source in self.sources)
        )
        reason = "; ".join(dict.fromkeys(self.problems.reasons)) if missing else ""
        goes_on = missing and self.problems.again
        if goes_on:
            reason += "; the same command goes on from here"
        counts = dict(sorted(self.store.counts.items(), key=lambda item: (-item[1], item[0])))
        asked, folder = self.wanted.quantity, self.store.folder
        ways = dict(self.store.found_by.most_common())
        return Downloaded(asked, self.kept, counts, folder, self.before, _sentence(reason), partial, goes_on, ways)

    def _settle(self) -> None:
        """After Ctrl-C between the writing of a file and of its row: mark as kept what is there, forget what is not, so
        that no log names a file that never came."""
        images = (self.catalogue.image(entry.sha256) for entry in self.catalogue.pending())
        there = (self.store.folder / image.file_name for image in images if image)
        finish_pending(self.catalogue, {files.sha256_of(path): path for path in there if path.is_file()})

    def _update_logs(self) -> None:
        update_logs(self.store.folder, self.wanted.searchtag, self.catalogue.images_of(self.wanted.searchtag))


def _is_recent(at: str, now: datetime) -> bool:
    try:
        return abs(now - datetime.fromisoformat(at)) < timedelta(hours=UNFINISHED_H)
    except (ValueError, TypeError):
        return False


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
