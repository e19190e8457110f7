"""What a download would find, without fetching an image: how many results each source has, and the first titles."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.base.errors import DONE, PARTIAL
from flow.base.names import one_line
from flow.download.credits import licence_name
from flow.download.options import DownloadOptions
from flow.sources import FoundImage, Source, SourceError, open_sources
from flow.web.fetch import Fetcher

TITLES = 10  # of each source
LOOK_MAX = 100  # results that are looked through for them


@dataclass(frozen=True)
class SourcePreview:
    """`total`: results that the site says there are, 0 where it does not say, and `found_by`: of which search;
    `problem`: why it shows none."""

    source: str
    total: int = 0
    found_by: str = ""
    titles: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Preview:
    """What a download would do."""

    options: DownloadOptions
    folder: Path
    there: int  # images in it now
    sources: tuple[SourcePreview, ...] = ()

    @property
    def code(self) -> int:
        """3 where no source that was asked shows anything."""
        return PARTIAL if self.sources and not any(s.titles for s in self.sources) else DONE

    def line(self) -> str:
        wanted = self.options
        quantity = min(wanted.quantity, cfg.imgnum_maxpercycle)
        text = f"would look for {quantity} new images of {wanted.searchtag} ({wanted.source}) for {self.folder}, "
        return text + "; ".join([f"{self.there} are there", *map(_summary, self.sources)])

    def facts(self) -> dict:
        titles = {one.source: list(one.titles) for one in self.sources}
        totals = {one.source: one.total for one in self.sources}
        return {"said": self.line(), "folder": str(self.folder), "titles": titles, "totals": totals}


def preview(basetag: str, wanted: DownloadOptions, now: Callable[[], datetime] | None = None) -> Preview:
    """Ask each site for its first page. A person's own images are not looked through.

    Raises:
        BadUsage, NoCredentials: a source that cannot be used.
    """
    folder = paths.unsorted_dir(basetag, wanted.searchtag)
    with Fetcher(now or (lambda: datetime.now().astimezone())) as fetcher:
        sources = [source for source in open_sources(wanted.source) if not source.own]
        shown = tuple(_ask(source, wanted.searchtag, fetcher) for source in sources)
    return Preview(wanted, folder, files.count_images(folder), shown)


def _ask(source: Source, searchtag: str, fetcher: Fetcher) -> SourcePreview:
    source.use(fetcher)
    try:
        usable = (one for one in islice(source.search(searchtag), LOOK_MAX) if one.licence in cfg.licences)
        first = list(islice(usable, TITLES))
    except SourceError as problem:
        return SourcePreview(source.name, problem=problem.reason)
    if not first:
        return SourcePreview(source.name, problem=f"{source.name} shows none")
    return SourcePreview(source.name, source.total, first[0].found_by, tuple(map(_title, first)))


def _title(found: FoundImage) -> str:
    """The title with its creator, its licence and what it was found by."""
    creator = one_line(found.creator)
    parts = (f"by {creator}" if creator else "", licence_name(found.licence), found.found_by)
    return f"{one_line(found.title) or 'without a title'} ({', '.join(part for part in parts if part)})"


def _summary(one: SourcePreview) -> str:
    """Such as `openverse shows 240 by tag`."""
    return one.problem or f"{one.source} shows {one.total or 'some'} {one.found_by}".rstrip()
