"""Wikimedia Commons: free content only, no key.

Give `contact` in the settings: without one it allows 10 requests a minute. Its originals are refused to programs, so
only thumbnails are asked for, at widths that it serves.
"""

import math
from collections.abc import Iterator

import requests

import config as cfg
from flow.sources import FoundImage, SourceError
from flow.sources.fields import at, licence_code, number, phrase_of, rows, text, words_of
from flow.sources.site import Site
from flow.ui import console
from flow.web.headers import retry_after_s

PAGE_SIZE = 50  # keeps image data and licence data in one answer
DEPTH_MAX = 10_000  # offset + limit its search engine allows
WIDTHS = (500, 330, 250)  # pixels; of the few that are served. The URL is used as it comes, never built
FIELDS = "ObjectName|Artist|Credit|LicenseShortName|LicenseUrl|License|UsageTerms|AttributionRequired|ImageDescription"
LAG_WAIT_S, LIMIT_WAIT_S = 5.0, 10.0  # where an error in the answer names no time


class Commons(Site):
    name = "commons"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """As a phrase first, then by its words, all of which must be there."""
        if not cfg.contact:
            console.note(
                "Commons allows 10 requests a minute without a contact (200 with one); "
                "give an e-mail or web address as `contact` in roboflow.yaml."
            )
        if " " in words_of(tag):
            yield from self._query(phrase_of(tag), "by the phrase")
        yield from self._query(words_of(tag), "by its words" if " " in words_of(tag) else "by the word")

    def _query(self, words: str, found_by: str) -> Iterator[list[FoundImage]]:
        onward: dict = {"gsroffset": 0}
        while number(onward.get("gsroffset")) + PAGE_SIZE <= DEPTH_MAX:
            search = {"generator": "search", "gsrnamespace": 6, "gsrsearch": f"{words} filetype:bitmap"}
            data = self._ask({**search, "gsrlimit": PAGE_SIZE, **onward}, WIDTHS[0])
            pages = sorted(rows(at(data, "query", "pages")), key=lambda page: number(page.get("index")))
            thumbs = self._thumbs(pages)
            yield [found for page in pages if (found := _found(page, thumbs, found_by))]
            if not isinstance(data.get("continue"), dict):
                return
            onward = {key: value for key, value in data["continue"].items() if isinstance(value, (str, int))}

    def _thumbs(self, pages: list[dict]) -> dict[str, str]:
        """Page id -> its thumbnail. Of a file no wider than what was asked for its original would come instead, so it
        is asked for again, narrower; what is narrower than all widths has none."""
        found: dict[str, str] = {}
        for most, width in zip((math.inf, *WIDTHS), WIDTHS, strict=False):
            some = [page for page in pages if width < number(_info(page).get("width")) <= most]
            if some and width != WIDTHS[0]:
                ids = "|".join(text(page.get("pageid")) for page in some)
                some = rows(at(self._ask({"pageids": ids}, width), "query", "pages"))
            found |= {text(page.get("pageid")): text(_info(page).get("thumburl")) for page in some}
        return found

    def _ask(self, what: dict, width: int) -> dict:
        params = {
            "action": "query",
            "format": "json",
            "formatversion": 2,
            "prop": "imageinfo",
            "iiprop": "url|size|mime|sha1|extmetadata",
            "iiurlwidth": width,
            "iiextmetadatafilter": FIELDS,
            "maxlag": 5,
        }
        code, data = self.ask(f"{cfg.url_commons}/w/api.php", {**params, **what})
        if code == 403:
            raise SourceError("commons refuses us (403): give a real address as `contact` in roboflow.yaml")
        if code != 200 or "error" in data:
            raise self.refusal(code, at(data, "error", "info"))
        return data

    def wait_s(self, response: requests.Response, data: dict | None) -> float | None:
        """Its errors come with status 200: lagging servers and too many requests mean a wait."""
        wait_s = {"maxlag": LAG_WAIT_S, "ratelimited": LIMIT_WAIT_S}.get(text(at(data, "error", "code")))
        return wait_s and (retry_after_s(response.headers.get("Retry-After"), self.fetcher.now()) or wait_s)


def make(argument: str) -> list[Commons]:
    return [Commons()]


def _info(page: dict) -> dict:
    return next(iter(rows(page.get("imageinfo"))), {})


def _found(page: dict, thumbs: dict[str, str], found_by: str) -> FoundImage | None:
    """One file; None for a page without an image that may be fetched."""
    info, url = _info(page), thumbs.get(text(page.get("pageid")), "")
    if not url:
        return None

    def value(name: str) -> str:
        return text(at(info, "extmetadata", name, "value"))

    code = licence_code(value("License"))
    return FoundImage(
        "commons",
        text(page.get("pageid")),
        url,
        text(info.get("descriptionurl")),
        value("ObjectName") or text(page.get("title")).removeprefix("File:"),
        value("Artist") or value("Credit"),
        licence_code(value("LicenseShortName")) if code == "unknown" else code,
        value("LicenseUrl"),
        "",
        number(info.get("width")),
        number(info.get("height")),
        found_by=found_by,
    )
