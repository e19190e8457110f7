"""Where images come from: one small file a site, each yielding `Found` records for a tag.

A new site is one module with a `Source` (its `search` yields `Found` page by page) and one line in `REGISTRY`.
"""

import difflib
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
    width: int = 0  # pixels, 0 = not told
    height: int = 0
    fallback_url: str = ""  # smaller, from another host; tried where image_url fails


class SourceError(Exception):
    """A source cannot go on: one sentence why, and when it can again, where it said so."""

    def __init__(self, reason: str, until: datetime | None = None):
        super().__init__(reason)
        self.reason = reason
        self.until = until


class Source:
    """A place to search. `own` marks the user's own pictures: no licence asked, refused files go to quarantine."""

    name = ""
    own = False
    offers_max = 0  # results it shows for one tag at most, 0 = no limit known
    online = True  # False where search and read need no network

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
        """The image's bytes where they need no network; None = fetch `image_url`.

        Raises:
            OSError: the file cannot be read.
        """
        return None


# name -> module in this package; each has `make(argument: str) -> list[Source]`
REGISTRY = {
    "auto": "auto",
    "openverse": "openverse",
    "commons": "commons",
    "nasa": "nasa",
    "inaturalist": "inaturalist",
    "imgur": "imgur",
    "flickr": "flickr",
    "folder": "folder",
    "urls": "urls",
    "sample": "sample",
}
NEEDS_ARGUMENT = {"folder": "folder:DIR", "urls": "urls:FILE"}
MAY_HAVE_ARGUMENT = {"sample"}


def source_names() -> list[str]:
    """Every name as it is typed, for help texts."""
    return [NEEDS_ARGUMENT.get(name, name) for name in REGISTRY]


def check_sources(spec: str) -> None:
    """Raise BadUsage where `spec` names no source; touches neither disk nor network, so it is quick and early."""
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
    if name.lower() not in REGISTRY and ("/" in piece or piece.startswith("~")):
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
