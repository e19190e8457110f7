"""What the sources offer, one candidate after the other, without what is known or not allowed, and with an end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import config as cfg
from flow.base import runlog
from flow.base.errors import RoboError
from flow.download.image_store import NEAR, SEEN_BEFORE, ImageStore
from flow.download.validate import is_large_enough_now
from flow.records.rows import DEFERRED, DUPLICATE, FAILED, MISSING, REFUSED, ArchiveEntry
from flow.sources import FoundImage, Source, SourceError
from flow.ui import console
from flow.web.fetch import Fetcher
from flow.web.headers import plain_url

USELESS_MAX = 1000  # candidates in a row that bring nothing; beside as many as are remembered of that source


@dataclass
class Problems:
    """Why it may be fewer than asked."""

    reasons: list[str] = field(default_factory=list)
    again: bool = False  # the same command may bring more
    own: bool = False  # an image of the user's own was refused


class Candidates:
    """Iterate over it for (source, candidate). Only the main thread uses it."""

    def __init__(self, sources: list[Source], store: ImageStore, fetcher: Fetcher, problems: Problems):
        self._sources, self._store, self._fetcher, self._problems = sources, store, fetcher, problems
        self._wanted, self._catalogue = store.wanted, store.catalogue
        self._seen: set[tuple[str, str]] = set()  # candidates of this run
        self._in_vain = 0  # candidates since the last that was kept

    def __iter__(self) -> Iterator[tuple[Source, FoundImage]]:
        for source in self._sources:
            source.use(self._fetcher)
            self._in_vain, most = 0, USELESS_MAX + self._catalogue.archive_size(source.name)
            try:
                for found in self._answers(source):
                    if self._in_vain >= most:
                        self._problems.reasons.append(_nothing_new(source, self._in_vain))
                        break
                    if self._is_new(source, found):
                        yield source, found
                    else:
                        self._in_vain += 1
                else:
                    self._problems.reasons.append(_no_more(source, self._wanted.searchtag))
            except SourceError as problem:
                self._problems.again = self._problems.again or problem.again
                self._problems.own = self._problems.own or source.own  # a file of the person's is damaged
                self._problems.reasons.append(problem.reason)
                console.detail(f"{problem.reason}.")  # the last line says it

    def judged(self, tried: int, kept: int) -> None:
        """What became of candidates that were tried. A source that goes on offering what is of no use is left."""
        self._in_vain = 0 if kept else self._in_vain + tried

    def tell_limits(self, places: int) -> None:
        """Say before anything is fetched where the sources together cannot show as many as are wanted."""
        limits = [source.offers_max for source in self._sources]
        wanted = places + len(self._catalogue.images_of(self._wanted.searchtag))
        if places <= 0 or not all(limits) or wanted <= sum(limits):
            return
        names = " and ".join(source.name for source in self._sources)
        console.note(
            f"{names} shows at most {sum(limits)} results a query, but with those that are there {wanted} are needed. "
            "More come from several searchtags (one command each), or from a second source: "
            f"--source {','.join(source.name for source in self._sources)},commons"
        )

    def _answers(self, source: Source) -> Iterator[FoundImage]:
        """What the source offers. An answer of a site that it cannot read ends the source, never the run."""
        found = iter(source.search(self._wanted.searchtag))
        while True:
            try:
                candidate = next(found)
            except StopIteration:
                return
            except (SourceError, RoboError):
                raise
            except Exception as problem:
                if source.own:
                    raise
                runlog.failure(problem)
                kind = type(problem).__name__
                raise SourceError(f"{source.name} answered something that makes no sense ({kind})") from problem
            yield candidate

    def _is_new(self, source: Source, found: FoundImage) -> bool:
        """Whether a candidate is worth a request; otherwise it is counted here."""
        key = (found.source, found.source_id)
        if key in self._seen:
            return False  # the site repeats itself: not another image
        self._seen.add(key)
        entry = self._catalogue.archived(found.source, found.source_id, plain_url(found.image_url))
        if entry and not self._worth_again(entry):
            self._store.counts[SEEN_BEFORE] += 1
            return False
        if not source.own and found.licence not in cfg.licences:
            self._store.counts[source.other_licence] += 1
            return False
        return True

    def _worth_again(self, entry: ArchiveEntry) -> bool:
        """Whether what became of an image earlier leaves something to try."""
        if entry.status in (FAILED, DEFERRED):
            return True
        if entry.status == DUPLICATE:
            return self._wanted.keep_near and entry.reason == NEAR
        if entry.status == REFUSED and is_large_enough_now(entry.reason):
            return True
        return self._wanted.retry_failed and entry.status in (MISSING, REFUSED)


def _nothing_new(source: Source, count: int) -> str:
    return f"{source.name} brought nothing new in {count:,} results in a row, so I stopped asking"


def _no_more(source: Source, searchtag: str) -> str:
    limit = f" (it shows at most {source.offers_max} results a query)" if source.offers_max else ""
    return f"{source.name} has no more for {searchtag!r}{limit}"
