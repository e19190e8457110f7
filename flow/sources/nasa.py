"""NASA's image library: no key, rovers and robots in space.

It names no licence: most pictures are free, those of third parties are not.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import config as cfg
from flow.sources import FoundImage, Source, SourceError
from flow.sources.site import Site, at, number, rows, text, words_of

PAGE_SIZE = 100
DEPTH_MAX = 10_000
GUIDELINES = "https://www.nasa.gov/nasa-brand-center/images-and-media/"


class Nasa(Site):
    name = "nasa"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        for page in range(1, DEPTH_MAX // PAGE_SIZE + 1):
            params = {"q": words_of(tag), "media_type": "image", "page": page, "page_size": PAGE_SIZE}
            code, data = self.ask(f"{cfg.url_nasa}/search", params)
            if code in (400, 404) and page > 1:
                return  # past the last page
            if code != 200:
                raise SourceError(f"nasa refuses the search ({code}: {text(data.get('reason'))[:120]})")
            items = rows(at(data, "collection", "items"))
            yield [found for found in map(_found, items) if found]
            if not items or page * PAGE_SIZE >= number(at(data, "collection", "metadata", "total_hits")):
                return


def make(argument: str) -> list[Source]:
    return [Nasa()]


def _found(item: dict) -> FoundImage | None:
    """One item: its medium size, with the preview to fall back on; None without a preview or an id."""
    facts = next(iter(rows(item.get("data"))), {})
    preview = next((text(link.get("href")) for link in rows(item.get("links")) if link.get("render") == "image"), "")
    name = text(facts.get("nasa_id"))
    if not preview or not name:
        return None
    preview = _tidy(preview)
    second = text(facts.get("secondary_creator"))
    creator = ", ".join(
        part for part in (text(facts.get("photographer")) or text(facts.get("center")) or "NASA", second) if part
    )
    code = "pdm" if _is_nasas_own(second) else "unknown"
    title = text(facts.get("title"))
    credit = (
        f'"{title}" by {creator}, NASA media, usually not copyrighted, https://images.nasa.gov/details/{quote(name)}'
    )
    return FoundImage(
        "nasa",
        name,
        re.sub(r"~(thumb|small)\.", "~medium.", preview),
        f"https://images.nasa.gov/details/{quote(name)}",
        title,
        creator,
        code,
        GUIDELINES,
        credit,
        fallback_url=preview,
    )


def _is_nasas_own(second_creator: str) -> bool:
    """True where no third party is named: only then is it usually free."""
    return all(
        part.strip().upper().startswith(("NASA", "JPL"))
        for part in re.split(r"[,;/&]|\band\b", second_creator)
        if part.strip()
    )


def _tidy(url: str) -> str:
    """Its addresses hold spaces and begin with http."""
    parts = urlsplit(url)
    return urlunsplit(
        (
            "https" if parts.hostname == "images-assets.nasa.gov" else parts.scheme,
            parts.netloc,
            quote(parts.path, safe="/%~"),
            parts.query,
            "",
        )
    )
