"""The Cleveland Museum of Art: paintings, drawings, prints and things, all CC0. No key."""

from collections.abc import Iterator

import config as cfg
from flow.sources import FoundImage
from flow.sources.fields import at, licence_link, number, rows, text, words_of
from flow.sources.site import Site

PAGE_SIZE, DEPTH_MAX = 100, 10_000


class Cleveland(Site):
    name = "cleveland"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        for skip in range(0, DEPTH_MAX, PAGE_SIZE):
            params = {"q": words_of(tag), "has_image": 1, "cc0": 1, "limit": PAGE_SIZE, "skip": skip}
            code, data = self.ask(f"{cfg.url_cleveland}/api/artworks/", params)
            if code != 200:
                raise self.refusal(code, data.get("detail") or data.get("message"))
            self.total = number(at(data, "info", "total"))
            works = rows(data.get("data"))
            yield [found for work in works if (found := _found(work))]
            if not works or skip + PAGE_SIZE >= self.total:
                return


def make(argument: str) -> list[Cleveland]:
    return [Cleveland()]


def _found(work: dict) -> FoundImage | None:
    """One work in its web size, about 900 pixels wide; its full size is a TIFF. None without an image."""
    url = text(at(work, "images", "web", "url"))
    if not url or not work.get("id"):
        return None
    makers = [text(maker.get("description")) for maker in rows(work.get("creators"))]
    code = "cc0" if text(work.get("share_license_status")).upper() == "CC0" else "unknown"
    return FoundImage(
        "cleveland",
        text(work["id"]),
        url,
        text(work.get("url")),
        text(work.get("title")),
        ", ".join(maker for maker in makers if maker) or "unknown maker",
        code,
        licence_link(code),
        f"{text(work.get('tombstone'))}, CC0" if code == "cc0" and work.get("tombstone") else "",
        number(at(work, "images", "web", "width")),
        number(at(work, "images", "web", "height")),
        found_by="by words",
    )
