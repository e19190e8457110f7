"""The Metropolitan Museum of Art: works in the public domain, CC0. No key; it refuses who asks quickly."""

from collections.abc import Iterator

import config as cfg
from flow.sources import FoundImage
from flow.sources.fields import number, text, words_of
from flow.sources.site import Site

API = "public/collection/v1"


class Met(Site):
    name = "met"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """A search gives ids alone; each work is one further request."""
        params = {"q": words_of(tag), "hasImages": "true"}
        code, data = self.ask(f"{cfg.url_met}/{API}/search", params)
        if code != 200:
            raise self.refusal(code, data.get("message"))
        self.total = number(data.get("total"))
        ids = data.get("objectIDs")
        for one in ids if isinstance(ids, list) else []:
            code, work = self.ask(f"{cfg.url_met}/{API}/objects/{number(one)}")
            if code not in (200, 404):
                raise self.refusal(code, work.get("message"))
            if found := _found(work):
                yield [found]


def make(argument: str) -> list[Met]:
    return [Met()]


def _found(work: dict) -> FoundImage | None:
    """One work; None where it is not in the public domain, as its image is then not to be had."""
    url = text(work.get("primaryImageSmall"))
    if not url or not work.get("objectID") or work.get("isPublicDomain") is not True:
        return None
    return FoundImage(
        "met",
        text(work["objectID"]),
        url,
        text(work.get("objectURL")),
        text(work.get("title")) or text(work.get("objectName")),
        text(work.get("artistDisplayName")) or text(work.get("culture")) or "unknown maker",
        "cc0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
        found_by="by words",
    )
