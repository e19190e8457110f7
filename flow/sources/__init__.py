"""Where images come from: one small file a site, each yielding `Found` records for a tag."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """One image a source offers. Text fields may be empty; `license` is a code such as by, by-sa, cc0, pdm, unknown."""

    source: str
    source_id: str
    image_url: str  # http(s) URL, or the path of a local file
    page_url: str = ""
    title: str = ""
    creator: str = ""
    license: str = "unknown"
    license_url: str = ""
    credit: str = ""  # a ready attribution line, where the site gives one
    width: int = 0  # pixels, 0 = not told
    height: int = 0
    fallback_url: str = ""  # smaller, from another host; tried where image_url fails
