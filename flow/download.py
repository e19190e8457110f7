"""The download step: fill unsorted_{searchtag} with N new images, and account for every one that was looked at.

Reads the sources' offers; writes the images, their logs and the catalogue. Killed at any moment, the same command
completes it: an image's row is written as pending, then its file is published, then the row is marked kept.
"""

import contextlib
import errno
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import config as cfg
from flow import console, files, paths
from flow.account import Downloaded, Wanted
from flow.catalogue import DEFERRED, DUPLICATE, FAILED, GONE, KEPT, PENDING, REFUSED, Archived, Begun, Catalogue, Image
from flow.credits import credit_line, one_line, update_logs
from flow.errors import RoboError
from flow.fetch import WAIT, Fetcher, plain_url
from flow.hosts import SHORT_WAIT_S, clock_text
from flow.intake import Taken
from flow.known import Known
from flow.lineup import Job, Lineup
from flow.obtain import Outcome, obtain
from flow.sources import Found, Source, SourceTrouble, open_sources

SEEN, LICENSE, EXACT, NEAR = "seen before", "other licence", "duplicate", "near-duplicate"
REASONS = "reasons.txt"
SPACE_MB = 100  # free megabytes wanted before anything is fetched
UNFINISHED_H = 48  # hours within which the same command completes a download that was stopped


def _now() -> datetime:
    return datetime.now().astimezone()


def download(wanted: Wanted, catalogue: Catalogue, now: Callable[[], datetime] = _now) -> Downloaded:
    """Fetch `wanted.quantity` new images.

    Returns:
        What came, counted; its `code` is 0 or 3.

    Raises:
        BadUsage, NoCredentials: a source that cannot be used, before anything is touched.
        RoboError: the disk is full or cannot be written.
        KeyboardInterrupt, Stopped: passed on, once what is complete is safe.
    """
    sources = open_sources(wanted.sources)
    folder = files.make_folder(paths.unsorted_dir(wanted.basetag, wanted.searchtag))
    files.need_space(folder, SPACE_MB)
    for part in files.parts_in(folder):
        part.unlink(missing_ok=True)
    with Known(wanted.basetag, catalogue, not wanted.keep_near) as known, Fetcher(now) as fetcher:
        run = _Run(wanted, catalogue, known, fetcher, sources, folder, now)
        try:
            return run.go()
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
                raise RoboError(f"{folder} cannot be written: {problem.strerror}.",
                                "Make room or allow it, and run the same command again; nothing was lost.") from problem
            raise
        finally:
            run.tidy()


class _Run:
    """One run of the step, in the main thread; the workers only fetch and decode."""

    def __init__(self, wanted: Wanted, catalogue: Catalogue, known: Known, fetcher: Fetcher, sources: list[Source],
                 folder: Path, now: Callable[[], datetime]):  # fmt: skip
        self.wanted, self.catalogue, self.known, self.fetcher = wanted, catalogue, known, fetcher
        self.sources, self.folder, self.now = sources, folder, now
        self.counts: Counter[str] = Counter()
        self.kept = 0
        self.troubles: list[str] = []  # sentences, why it may be fewer than asked
        self.again = False  # whether the same command may bring more
        self.own_trouble = False  # whether a picture of the user's own was refused
        self.adopted = 0
        self.seen: set[tuple[str, str]] = set()  # offers of this run
        self.before = self._begin()
        self.number = _next_number(folder, wanted.searchtag, catalogue)
        self.advance: Callable[[int], None] = lambda n: None

    def go(self) -> Downloaded:
        update_logs(self.folder, self.wanted.searchtag, self.catalogue.images_of(self.wanted.searchtag))
        if self.open_places():
            with console.progress(self.wanted.quantity, f"downloading {self.wanted.searchtag}") as self.advance:
                self.advance(self.before)
                self._work()
        return self._account()

    def open_places(self) -> int:
        """How many images are still wanted."""
        return self.wanted.quantity - self.before - self.kept

    def tidy(self) -> None:
        """Leave nothing half done, however the run ended."""
        self.fetcher.stop()
        for part in files.parts_in(self.folder):
            part.unlink(missing_ok=True)
        for entry in self.catalogue.pending():
            image = self.catalogue.image(entry.sha256)
            if image and (self.folder / image.file_name).exists():
                self.catalogue.archive(replace(entry, status=KEPT))
        with contextlib.suppress(OSError):
            update_logs(self.folder, self.wanted.searchtag, self.catalogue.images_of(self.wanted.searchtag))

    def _begin(self) -> int:
        """Note that this download runs. Returns how many images a stopped run of the same command has kept."""
        wanted, now = self.wanted, self.now()
        have = len(self.catalogue.images_of(wanted.searchtag))
        begun = self.catalogue.begun(wanted.searchtag)
        if begun and (begun.asked, begun.sources) == (wanted.quantity, wanted.sources) and _is_recent(begun.at, now):
            if have > begun.had:
                console.note(f"going on with the download begun {begun.at}: {have - begun.had} of {begun.asked} are there.")
            return min(have - begun.had, wanted.quantity)
        self.catalogue.begin(Begun(wanted.searchtag, wanted.quantity, wanted.sources, have, now.isoformat(timespec="seconds")))
        return 0

    def _work(self) -> None:
        """Keep the workers busy until enough is kept or nothing is left to try."""
        pool = ThreadPoolExecutor(cfg.download_workers, thread_name_prefix="download")
        lineup = Lineup(self._offers(), self.fetcher.hosts)
        running: dict[Future[Outcome], Job] = {}
        try:
            while self.open_places() > 0:
                self._start(pool, lineup, running)
                if not running and not self._wait_for_hosts(lineup):
                    break
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                jobs = [(running.pop(future), future.result()) for future in done]
                self._collect(jobs, lineup)
        finally:
            self.fetcher.stop()
            pool.shutdown(wait=False, cancel_futures=True)
        self._defer(lineup.held)

    def _start(self, pool: ThreadPoolExecutor, lineup: Lineup, running: dict[Future[Outcome], Job]) -> None:
        """Give free workers something to do; never more at work than places are open, so that none comes in vain."""
        while len(running) < min(cfg.download_workers, self.open_places()):
            job = lineup.take()
            if job is None:
                return
            running[pool.submit(obtain, job.source, job.found, self.fetcher, job.fallback)] = job

    def _wait_for_hosts(self, lineup: Lineup) -> bool:
        """Nothing can begin now: wait for a host that rests, where it is short. False where there is none."""
        waits = {job.host: self.fetcher.hosts.resting_s(job.host) for job in lineup.held}
        if not waits or min(waits.values()) > SHORT_WAIT_S:
            return False
        host = min(waits, key=waits.get)
        console.note(f"{host} asks to wait; going on in {waits[host]:.0f} s.")
        self.fetcher.stopped.wait(waits[host])
        lineup.release()
        return True

    def _collect(self, jobs: list[tuple[Job, Outcome]], lineup: Lineup) -> None:
        """Judge what the workers brought: keep, count, or try again later."""
        keep: list[tuple[Archived, Image, Taken]] = []
        for job, outcome in jobs:
            lineup.leave(job)
            if outcome.status == DEFERRED:
                lineup.hold(job)
            elif outcome.taken is None:
                self._refuse(outcome)
            elif not self._is_there(outcome.found, outcome.taken):
                keep.append(self._prepare(outcome.found, outcome.taken))
        self._store(keep)

    def _refuse(self, outcome: Outcome) -> None:
        """Count an image that did not come; a picture of the user's own goes into the quarantine."""
        found = outcome.found
        self.counts[outcome.reason] += 1
        console.detail(f"{one_line(found.image_url)}: {outcome.detail or outcome.reason}")
        if outcome.source.own:
            self.own_trouble = True
        if outcome.source.name == "folder":
            into_quarantine(self.wanted.basetag, Path(found.image_url), outcome.detail or outcome.reason)
        self.catalogue.archive(self._entry(found, outcome.status, outcome.reason))

    def _is_there(self, found: Found, taken: Taken) -> bool:
        """True for a picture there is already; it is remembered as a duplicate of that one."""
        same = self.known.exact(taken.origin_sha256, taken.sha256)
        if same and same == taken.sha256 and self._adopt(found, taken):
            return True
        like = same or self.known.alike(taken.look)
        if not like:
            return False
        self.counts[EXACT if same else NEAR] += 1
        entry = self._entry(found, DUPLICATE, EXACT if same else NEAR)
        self.catalogue.archive(replace(entry, origin_sha256=taken.origin_sha256, sha256=like))
        return True

    def _adopt(self, found: Found, taken: Taken) -> bool:
        """A file of ours in this folder that the catalogue does not know gets its provenance back."""
        path = self.known.on_disk.get(taken.sha256)
        if path is None or path.parent != self.folder or self.catalogue.image(taken.sha256):
            return False
        entry, image, _ = self._prepare(found, taken)
        self.number -= 1
        self.catalogue.keep((replace(entry, status=KEPT), replace(image, file_name=path.name)))
        self.counts[SEEN] += 1
        self.adopted += 1
        return True

    def _prepare(self, found: Found, taken: Taken) -> tuple[Archived, Image, Taken]:
        """The rows of an image to be kept, under the next file name."""
        self.known.add(taken.origin_sha256, taken.sha256, taken.look)
        self.number += 1
        entry = replace(self._entry(found, PENDING, ""), origin_sha256=taken.origin_sha256, sha256=taken.sha256)
        return entry, self._image(found, taken, f"{self.wanted.searchtag}_{self.number}_{self.now():%H%M%S}.jpg"), taken

    def _store(self, keep: list[tuple[Archived, Image, Taken]]) -> None:
        """Rows as pending, then the files, then the rows as kept: a kill in between is put right by the next run."""
        if not keep:
            return
        self.catalogue.keep(*((entry, image) for entry, image, _ in keep))
        final = []
        for entry, image, taken in keep:
            path = files.write_new(self.folder, image.file_name, taken.jpeg)
            final.append((replace(entry, status=KEPT), replace(image, file_name=path.name)))
        self.catalogue.keep(*final)
        self.kept += len(final)
        self.advance(len(final))

    def _defer(self, held: list[Job]) -> None:
        """What waits for a resting host is left to the next run, and said."""
        if not held:
            return
        hosts = self.fetcher.hosts
        for job in held:
            self.counts[WAIT] += 1
            self.catalogue.archive(self._entry(job.found, DEFERRED, WAIT))
        if self.open_places() > 0:
            self.again = True
            for host in sorted({job.host for job in held}):
                count = sum(job.host == host for job in held)
                when = clock_text(hosts.until(host), self.now())
                self.troubles.append(f"{count} wait because {host} asks to be left alone until {when}")

    def _account(self) -> Downloaded:
        """The count of everything, and the reason where some are missing."""
        missing = self.open_places() > 0
        own_only = all(source.own for source in self.sources)
        partial = missing and (self.again or not own_only or self.own_trouble)
        if not missing or not self.again:
            self.catalogue.finish(self.wanted.searchtag)
        reason = "; ".join(dict.fromkeys(self.troubles)) if missing else ""
        if reason and self.again:
            reason += "; the same command goes on from here"
        order = dict(sorted(self.counts.items(), key=lambda kv: (-kv[1], kv[0])))
        return Downloaded(self.wanted.quantity, self.kept, order, self.folder, self.before, _sentence(reason), partial)

    def _offers(self) -> Iterator[tuple[Source, Found]]:
        """What all sources offer, one after the other, without what is known or not allowed."""
        for source in self.sources:
            try:
                for found in source.search(self.wanted.searchtag):
                    if self._is_new(source, found):
                        yield source, found
                if source.name not in ("sample",):
                    self.troubles.append(f"{source.name} has no more for {self.wanted.searchtag!r}")
            except SourceTrouble as problem:
                self.again = True
                self.troubles.append(problem.reason)
                console.warn(problem.reason)

    def _is_new(self, source: Source, found: Found) -> bool:
        """Whether an offer is worth a request; otherwise it is counted here."""
        key = (found.source, found.source_id)
        if key in self.seen:
            return False  # the site repeats itself: not another image
        self.seen.add(key)
        entry = self.catalogue.archived(found.source, found.source_id, plain_url(found.image_url))
        if entry and not self._worth_again(entry):
            self.counts[SEEN] += 1
            return False
        if not source.own and found.license not in cfg.licenses:
            self.counts[LICENSE] += 1
            return False
        return True

    def _worth_again(self, entry: Archived) -> bool:
        if entry.status in (FAILED, DEFERRED):
            return True
        if entry.status == DUPLICATE:
            return self.wanted.keep_near and entry.reason == NEAR
        return self.wanted.retry_failed and entry.status in (GONE, REFUSED)

    def _entry(self, found: Found, status: str, reason: str) -> Archived:
        at = self.now().isoformat(timespec="seconds")
        return Archived(found.source, found.source_id, plain_url(found.image_url), status, at, reason)

    def _image(self, found: Found, taken: Taken, file_name: str) -> Image:
        """The provenance of an image, every text made printable."""
        title, creator = one_line(found.title), one_line(found.creator)
        links = [one_line(link) for link in (found.image_url, found.page_url, found.license_url)]
        credit = one_line(found.credit) or credit_line(title, creator, found.license, links[2], links[1] or links[0])
        return Image(taken.sha256, taken.origin_sha256, file_name, found.source, found.source_id, links[0], links[1], title,
                     creator, one_line(found.license), links[2], credit, self.wanted.searchtag,
                     self.now().isoformat(timespec="seconds"))  # fmt: skip


def into_quarantine(basetag: str, path: Path, reason: str) -> None:
    """Keep a copy of a user's file that was refused, with the reason in a log beside it. Twice is once."""
    folder = files.make_folder(paths.quarantine(basetag))
    with contextlib.suppress(FileNotFoundError, PermissionError, IsADirectoryError):
        there = folder / path.name
        if not (there.exists() and files.sha256_of(there) == files.sha256_of(path)):
            there = files.copy_new(path, folder, path.name)
        log = folder / REASONS
        old = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        line = f"{one_line(there.name)}\t{one_line(reason)}\t{one_line(path)}\n"
        if line not in old:
            files.write_whole(log, old + line)


def _next_number(folder: Path, searchtag: str, catalogue: Catalogue) -> int:
    """The highest number given so far in this folder, also to images that have since moved on."""
    pattern = re.compile(rf"{re.escape(searchtag)}_(\d{{1,9}})_\d{{6}}")
    names = [path.name for path in files.images_in(folder)] + [image.file_name for image in catalogue.images_of(searchtag)]
    return max((int(match[1]) for match in map(pattern.match, names) if match), default=0)


def _is_recent(at: str, now: datetime) -> bool:
    try:
        return abs(now - datetime.fromisoformat(at)) < timedelta(hours=UNFINISHED_H)
    except (ValueError, TypeError):
        return False


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
