"""The download step: fill unsorted_{searchtag} with N new images, and account for every one that was looked at.

Reads the sources' offers; writes the images, their logs and the catalogue. Killed at any moment, the same command
completes it.
"""

import contextlib
import errno
import math
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from flow.base import files, paths
from flow.base.names import one_line
from flow.base.quarantine import copy_aside
from flow.download.candidates import Candidates, Problems
from flow.download.credits import update_logs
from flow.download.fetch_image import Outcome
from flow.download.image_store import ImageStore
from flow.download.job_queue import Job, JobQueue
from flow.download.known_images import KnownImages
from flow.download.options import DownloadOptions
from flow.download.prepare_folder import cannot_write, prepare_folder
from flow.download.result import Downloaded
from flow.download.worker_pool import WorkerPool
from flow.records.catalogue import Catalogue
from flow.records.rows import DEFERRED, KEPT, UnfinishedDownload
from flow.sources import Source, open_sources
from flow.ui import console
from flow.web.failures import WAIT
from flow.web.fetch import Fetcher
from flow.web.hosts import SHORT_WAIT_S, clock_text

PILE, PILE_S = 8, 0.25  # so many images, or seconds, are written down together
UNFINISHED_H = 48  # hours within which the same command completes a download that was stopped
WAITS_MAX_S = 180.0  # that a run waits for hosts in all, while nothing else is to be done
NO_WRITE = (errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def _now() -> datetime:
    return datetime.now().astimezone()


def download(
    basetag: str, wanted: DownloadOptions, catalogue: Catalogue, now: Callable[[], datetime] = _now
) -> Downloaded:
    """Fetch `wanted.quantity` new images.

    Until `Catalogue.finish` is told that the whole run ended well, the same command finds them there and fetches no
    more.

    Returns:
        What came, counted; its `code` is 0 or 3.

    Raises:
        BadUsage, NoCredentials: a source that cannot be used, before anything is touched.
        RoboError: the disk is full or cannot be written.
        KeyboardInterrupt, Stopped: passed on, once what is complete is safe.
    """
    sources = open_sources(wanted.source)
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

    def __init__(self, sources: list[Source], keeper: ImageStore, fetcher: Fetcher):
        self.sources, self.keeper, self.fetcher = sources, keeper, fetcher
        self.wanted, self.catalogue, self.now = keeper.wanted, keeper.catalogue, keeper.now
        self.kept = 0
        self.before = self._begin()
        self.trouble = Problems()
        self.offers = Candidates(sources, keeper, fetcher, self.trouble)
        self.waited_s = 0.0  # for hosts that asked to
        self.advance: Callable[[int], None] = lambda n: None

    def go(self) -> Downloaded:
        """Download, and leave nothing half done however it ends. That it is finished is noted last of all."""
        try:
            self._update_logs()
            if self.places() > 0:
                self.offers.tell_limits(self.places())
                with console.progress(self.wanted.quantity, f"downloading {self.wanted.searchtag}") as self.advance:
                    self.advance(self.before)
                    self._work()
        finally:
            self.fetcher.stop()
            files.sweep_parts(self.keeper.folder)
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
        lineup = JobQueue(iter(self.offers), self.fetcher.hosts)
        crew = WorkerPool(self.fetcher, self.keeper.folder)
        pile: list[tuple[Job, Outcome]] = []
        written = time.monotonic()
        try:
            while self.places() > 0:
                self._start(crew, lineup, len(pile))
                if not len(crew) and not pile and not self._wait_for_hosts(lineup):
                    break
                pile += crew.finished()
                # Written down several at a time, for each time waits for the disk.
                if len(pile) >= PILE or not len(crew) or time.monotonic() - written > PILE_S:
                    self._collect(pile, lineup)
                    pile, written = [], time.monotonic()
        finally:
            crew.stop()
            self.keeper.confirm()
        self._defer(lineup.held)

    def _start(self, crew: WorkerPool, lineup: JobQueue, waiting: int) -> None:
        """Give free workers something to do; never more than places are open, so that none comes in vain."""
        while crew.has_room() and len(crew) + waiting < self.places():
            job = lineup.take()
            if job is None:
                return
            crew.start(job)

    def _wait_for_hosts(self, lineup: JobQueue) -> bool:
        """Nothing can begin now: wait for a host that rests, where that is short. False where there is none."""
        waits = {job.host: self.fetcher.hosts.resting_s(job.host) for job in lineup.held}
        host = min(waits, key=waits.__getitem__, default="")
        if not waits or waits[host] > SHORT_WAIT_S or self.waited_s + waits[host] > WAITS_MAX_S:
            return False
        count = sum(job.host == host for job in lineup.held)
        console.note(f"{host} asks to wait; going on with {count} of its pictures in {math.ceil(waits[host])} s.")
        self.fetcher.stopped.wait(waits[host])
        self.waited_s += waits[host]
        lineup.release()
        return True

    def _collect(self, jobs: list[tuple[Job, Outcome]], lineup: JobQueue) -> None:
        """Judge what the workers brought: keep, count, or try again later."""
        pictures = []
        for job, outcome in jobs:
            lineup.leave(job)
            if outcome.status == DEFERRED:
                lineup.hold(job)
            elif outcome.taken is None or outcome.part is None:
                self._refuse(outcome)
            else:
                pictures.append((outcome.found, outcome.taken, outcome.part))
        kept = self.keeper.keep(pictures)
        self.offers.judged(len(jobs), kept)
        self.kept += kept
        self.advance(kept)

    def _refuse(self, outcome: Outcome) -> None:
        """Count an image that did not come; a picture of the user's own goes into the quarantine."""
        why = outcome.detail or outcome.reason
        console.detail(f"{one_line(outcome.found.image_url)}: {why}")
        self.trouble.own = self.trouble.own or outcome.source.own
        if outcome.source.name == "folder":
            copy_aside(self.keeper.basetag, Path(outcome.found.image_url), why)
        self.keeper.drop(outcome.found, outcome.status, outcome.reason)

    def _defer(self, held: list[Job]) -> None:
        """What waits for a resting host is left to the next run, and said."""
        for job in held:
            self.keeper.drop(job.found, DEFERRED, WAIT)
        if held and self.places() > 0:
            self.trouble.again = True
            for host in sorted({job.host for job in held}):
                count = sum(job.host == host for job in held)
                when = clock_text(self.fetcher.hosts.until(host), self.now())
                self.trouble.reasons.append(f"{count} wait because {host} asks to be left alone until {when}")

    def _account(self) -> Downloaded:
        """The count of everything, and the reason where some are missing."""
        missing = self.places() > 0
        # A folder that holds fewer than asked is no failure; a site, or a file that could not be read, is.
        partial = missing and (self.trouble.again or self.trouble.own or not all(source.own for source in self.sources))
        reason = "; ".join(dict.fromkeys(self.trouble.reasons)) if missing else ""
        goes_on = missing and self.trouble.again
        if goes_on:
            reason += "; the same command goes on from here"
        counts = dict(sorted(self.keeper.counts.items(), key=lambda item: (-item[1], item[0])))
        asked, folder = self.wanted.quantity, self.keeper.folder
        return Downloaded(asked, self.kept, counts, folder, self.before, _sentence(reason), partial, goes_on)

    def _settle(self) -> None:
        """After Ctrl-C between the writing of a file and of its row: mark as kept what is there, forget what is not, so
        that no log names a file that never came."""
        for entry in self.catalogue.pending():
            image = self.catalogue.image(entry.sha256)
            path = self.keeper.folder / image.file_name if image else None
            if path and path.exists() and files.sha256_of(path) == entry.sha256:
                self.catalogue.archive(replace(entry, status=KEPT))
            else:
                self.catalogue.forget(entry)

    def _update_logs(self) -> None:
        update_logs(self.keeper.folder, self.wanted.searchtag, self.catalogue.images_of(self.wanted.searchtag))


def _is_recent(at: str, now: datetime) -> bool:
    try:
        return abs(now - datetime.fromisoformat(at)) < timedelta(hours=UNFINISHED_H)
    except (ValueError, TypeError):
        return False


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
