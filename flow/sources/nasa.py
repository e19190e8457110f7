"""NASA's image library: no key, rovers and robots in space.

It names no licence: most images are free, those of third parties (partners such as JPL-Caltech/MSSS or ESA) are not
taken to be free.
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

import config as cfg
from flow.sources import FoundImage
from flow.sources.fields import at, number, rows, text, words_of
from flow.sources.site import Site

PAGE_SIZE = 100
DEPTH_MAX = 10_000
GUIDELINES = "https://www.nasa.gov/nasa-brand-center/images-and-media/"
SIZES = ("medium", "large", "small", "thumb")  # best first; originals are often TIFFs of many megabytes


class Nasa(Site):
    name = "nasa"
    other_licence = "of a partner of NASA, whose licence is unknown"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        for page in range(1, DEPTH_MAX // PAGE_SIZE + 1):
            params = {"q": words_of(tag), "media_type": "image", "page": page, "page_size": PAGE_SIZE}
            code, data = self.ask(f"{cfg.url_nasa}/search", params)
            if code in (400, 404) and page > 1:
                return  # past the last page
            if code != 200:
                raise self.refusal(code, data.get("reason"))
            items = rows(at(data, "collection", "items"))
            self.total = number(at(data, "collection", "metadata", "total_hits"))
            yield [found for found in map(_found, items) if found]
            if not items or page * PAGE_SIZE >= self.total:
                return


def make(argument: str) -> list[Nasa]:
    return [Nasa()]


def _found(item: dict) -> FoundImage | None:
    """One item at its medium size, with the next smaller one to fall back on; None without an id or a size."""
    facts = next(iter(rows(item.get("data"))), {})
    sizes = _sizes(rows(item.get("links")))
    name = text(facts.get("nasa_id"))
    if not sizes or not name:
        return None
    second = text(facts.get("secondary_creator"))
    creator = ", ".join(
        part for part in (text(facts.get("photographer")) or text(facts.get("center")) or "NASA", second) if part
    )
    title, page = text(facts.get("title")), f"https://images.nasa.gov/details/{quote(name)}"
    return FoundImage(
        "nasa",
        name,
        sizes[0],
        page,
        title,
        creator,
        "pdm" if _is_nasas_own(second) else "unknown",
        GUIDELINES,
        f'"{title}" by {creator}, NASA media, usually not copyrighted, {page}',
        smaller_url=next(iter(sizes[1:]), ""),
        found_by="by words",
    )


def _sizes(links: list[dict]) -> list[str]:
    """Addresses of an item by how well they suit: its medium size, then small, thumb and large; never an original."""
    found: dict[str, str] = {}
    for link in links:
        url = text(link.get("href"))
        if match := re.search(r"~(\w+)\.(?:jpe?g|png|gif|webp)$", urlsplit(url).path, re.IGNORECASE):
            found.setdefault(match[1].lower(), _tidy(url))
    first = next((size for size in SIZES if size in found), "")
    smaller = [size for size in ("small", "thumb") if size in found and size != first]
    return [found[size] for size in (first, *smaller) if size]


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
