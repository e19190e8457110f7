"""Wikimedia Commons: free content only, no key.

Give `contact` in the settings: without one it allows 10 requests a minute.
"""

from collections.abc import Iterator

import requests

import config as cfg
from flow.sources import FoundImage, Source, SourceError
from flow.sources.site import Site, at, licence_code, number, rows, text, words_of
from flow.ui import console
from flow.web.headers import retry_after_s

PAGE_SIZE = 50  # keeps image data and licence data in one answer
DEPTH_MAX = 10_000  # offset + limit its search engine allows
WIDTH = 960  # one of the few widths that are served; the URL is used as it comes, never built
FIELDS = "ObjectName|Artist|Credit|LicenseShortName|LicenseUrl|License|UsageTerms|AttributionRequired|ImageDescription"
LAG_WAIT_S = 5.0


class Commons(Site):
    name = "commons"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        if not cfg.contact:
            console.note(
                "Commons allows 10 requests a minute without a contact (200 with one); "
                "give an e-mail or web address as `contact` in roboflow.yaml."
            )
        onward: dict = {"gsroffset": 0}
        while number(onward.get("gsroffset")) + PAGE_SIZE <= DEPTH_MAX:
            code, data = self.ask(f"{cfg.url_commons}/w/api.php", {**_params(tag), **onward})
            self._check(code, data)
            pages = sorted(rows(at(data, "query", "pages")), key=lambda page: number(page.get("index")))
            yield [found for found in map(_found, pages) if found]
            if not isinstance(data.get("continue"), dict):
                return
            onward = {key: value for key, value in data["continue"].items() if isinstance(value, (str, int))}

    def wait_s(self, response: requests.Response, data: dict | None) -> float | None:
        """Its errors come with status 200: lagging servers and too many requests mean a wait."""
        if at(data, "error", "code") in ("maxlag", "ratelimited"):
            told = retry_after_s(response.headers.get("Retry-After"), self.fetcher.now())
            return told if told is not None else (LAG_WAIT_S if at(data, "error", "code") == "maxlag" else -1.0)
        return super().wait_s(response, data)

    def _check(self, code: int, data: dict) -> None:
        if code == 403:
            raise SourceError("commons refuses us (403): give a real address as `contact` in roboflow.yaml")
        if code != 200 or "error" in data:
            info = text(at(data, "error", "info"))[:120] or str(code)
            raise SourceError(f"commons refuses the search ({info})")


def make(argument: str) -> list[Source]:
    return [Commons()]


def _params(tag: str) -> dict:
    return {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        "gsrnamespace": 6,
        "gsrsearch": f"{words_of(tag)} filetype:bitmap",
        "gsrlimit": PAGE_SIZE,
        "prop": "imageinfo",
        "iiprop": "url|size|mime|sha1|extmetadata",
        "iiurlwidth": WIDTH,
        "iiextmetadatafilter": FIELDS,
        "maxlag": 5,
    }


def _found(page: dict) -> FoundImage | None:
    """One file; None for a page without an image."""
    info = next(iter(rows(page.get("imageinfo"))), {})
    url = text(info.get("url"))
    if not url or not page.get("pageid"):
        return None

    def told(name: str) -> str:
        return text(at(info, "extmetadata", name, "value"))

    code = licence_code(told("License"))
    code = licence_code(told("LicenseShortName")) if code == "unknown" else code
    title = told("ObjectName") or text(page.get("title")).removeprefix("File:")
    return FoundImage(
        "commons",
        text(page["pageid"]),
        text(info.get("thumburl")) or url,
        text(info.get("descriptionurl")),
        title,
        told("Artist") or told("Credit"),
        code,
        told("LicenseUrl"),
        "",
        number(info.get("width")),
        number(info.get("height")),
        url,
    )
