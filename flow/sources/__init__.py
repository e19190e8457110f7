"""Where images come from: one small file a site, each yielding `FoundImage` records for a tag.

A new site is one module with a `Source` (its `search` yields `FoundImage`), one line in `REGISTRY`, one a host in the
table of `flow/web/manners.py`, and one in docs/sources.md.
"""

import contextlib
import difflib
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base.errors import BadUsage, NotReady

if TYPE_CHECKING:
    from flow.web.fetch import Fetcher


@dataclass(frozen=True)
class FoundImage:
    """One image a source offers. Text fields may be empty; `licence` is a code such as by, by-sa, cc0, pdm, unknown."""

    source: str
    source_id: str
    image_url: str  # http(s) URL, or the path of a local file
    page_url: str = ""
    title: str = ""
    creator: str = ""
    licence: str = "unknown"
    licence_url: str = ""
    credit: str = ""  # a ready attribution line, where the site gives one
    width: int = 0  # pixels, 0 = unknown
    height: int = 0
    smaller_url: str = ""  # the same image, smaller or from another host, for where image_url gives nothing
    found_by: str = ""  # such as "by the phrase"; what the search went by
    group: str = ""  # what it belongs to, such as a shot of a video: never both learned from and measured by
    data: bytes = field(default=b"", repr=False, compare=False)  # the image, where the search already has it

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the image can be had, the best first."""
        return tuple(dict.fromkeys(url for url in (self.image_url, self.smaller_url) if url))


class SourceError(Exception):
    """A source cannot go on: one sentence why. `again`: the same search may bring more later."""

    def __init__(self, reason: str, until: datetime | None = None, again: bool = True):
        super().__init__(reason)
        self.reason, self.until, self.again = reason, until, again


class Source:
    """A place to search. `own` marks the user's own images: no licence asked, refused files go to quarantine."""

    name = ""
    own = False
    offers_max = 0  # results it shows for one query at most, 0 = no limit known
    online = True  # False where search and read need no network
    other_licence = "under another licence"  # what is said of images whose licence `licences` does not hold
    total = 0  # how many results the site says there are, known after its first page; 0 = it does not say

    def use(self, fetcher: "Fetcher") -> None:
        """Take the run's fetcher; only sites need it."""

    def search(self, tag: str) -> Iterator[FoundImage]:
        """Images for a tag, lazily: the next page is only asked for when the last one is used up.

        Raises:
            SourceError: where the site cannot be reached, refuses, or wants a long wait.
        """
        raise NotImplementedError

    def why_empty(self) -> str:
        """Why nothing can come from here, in a sentence; nothing where something may."""
        return ""

    def read(self, found: FoundImage) -> bytes | None:
        """The image's bytes where they need no network; None = fetch it.

        Raises:
            OSError: the file cannot be read.
        """
        return None


# name -> module in this package; each has `make(argument: str) -> list[Source]`. Imgur last: only for an old key.
REGISTRY = {
    "auto": "auto",
    "openverse": "openverse",
    "commons": "commons",
    "inaturalist": "inaturalist",
    "gbif": "gbif",
    "nasa": "nasa",
    "cleveland": "cleveland",
    "met": "met",
    "huggingface": "huggingface",
    "folder": "folder",
    "video": "video",
    "urls": "urls",
    "sample": "sample",
    "flickr": "flickr",
    "imgur": "imgur",
}
NEEDS_ARGUMENT = {
    "huggingface": "huggingface:DATASET",
    "folder": "folder:DIR",
    "video": "video:FILE",
    "urls": "urls:FILE",
}
MAY_HAVE_ARGUMENT = {"sample"}
REMARKS = {"flickr": "a key of your own", "imgur": "owners of an old key only"}


def source_names() -> list[str]:
    """Every name as it is typed, with what must be known about it, for help texts."""
    names = {name: NEEDS_ARGUMENT.get(name, name) for name in REGISTRY}
    return [f"{typed} ({REMARKS[name]})" if name in REMARKS else typed for name, typed in names.items()]


def check_sources(spec: str) -> None:
    """Raise BadUsage where `spec` names no source; asks no site, so it is quick and early."""
    for piece in _pieces(spec):
        _check(piece)


def open_sources(spec: str) -> list[Source]:
    """The sources of a comma-separated text such as `openverse,commons` or `folder:/my/photos`, in that order.

    Raises:
        BadUsage: a name nobody knows, a folder or file that is not there.
        NoCredentials: a source that needs a key, without one.
    """
    check_sources(spec)
    found: list[Source] = []
    for piece in _pieces(spec):
        name, _, argument = piece.partition(":")
        module = importlib.import_module(f"flow.sources.{REGISTRY[name.lower()]}")
        found += [source for source in module.make(argument) if not _already(source, found)]
    return found


def check_ready(spec: str) -> None:
    """Raise what `open_sources` raises, and NotReady where none of the sources has any image; asks no site."""
    reasons = [source.why_empty() for source in open_sources(spec)]
    if not reasons:
        raise BadUsage("--source names no source.", f"Known are: {', '.join(source_names())}.")
    if all(reasons):
        raise NotReady(" ".join(reasons), "Images end in .jpg, .png, .webp and so on; a list has one address a line.")


def _already(source: Source, found: list[Source]) -> bool:
    """True for a second openverse, as in `auto,openverse`; two folders are two sources."""
    return not source.own and any(source.name == other.name for other in found)


def _pieces(spec: str) -> list[str]:
    """The text cut at the commas between sources; commas inside a folder's name stay."""
    names = "|".join(REGISTRY)
    pieces: list[str] = []
    for piece in re.split(rf",(?=\s*(?:{names})\s*(?:[:,]|$))", spec, flags=re.IGNORECASE):
        has_path = piece.strip().lower().startswith(tuple(f"{name}:" for name in NEEDS_ARGUMENT))
        pieces += [piece.strip()] if has_path else [part.strip() for part in piece.split(",")]
    return [piece for piece in pieces if piece]


def _check(piece: str) -> None:
    name, colon, argument = piece.partition(":")
    if name.lower() not in REGISTRY and ("/" in piece or piece.startswith("~") or _is_folder(piece)):
        raise BadUsage(f"{piece!r} is not a source.", f"For images of your own: --source folder:{piece}")
    if name.lower() not in REGISTRY:
        near = difflib.get_close_matches(name.lower(), REGISTRY, 1)
        guess = f"; did you mean {near[0]!r}?" if near else "."
        raise BadUsage(f"I know no image source called {name!r}{guess}", f"Known are: {', '.join(source_names())}.")
    if name.lower() in NEEDS_ARGUMENT and not argument:
        raise BadUsage(
            f"The source {name} needs to know where: {NEEDS_ARGUMENT[name.lower()]}.", "Add it after the colon."
        )
    if colon and name.lower() not in NEEDS_ARGUMENT and name.lower() not in MAY_HAVE_ARGUMENT:
        raise BadUsage(f"The source {name} takes nothing after a colon.", f"Just: --source {name}")


def _is_folder(text: str) -> bool:
    with contextlib.suppress(OSError, ValueError):  # too long for a name, a null byte
        return Path(text).is_dir()
    return False
