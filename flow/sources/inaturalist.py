"""iNaturalist: photos of living things, by species. No key; it is not for mass downloads, so it goes slowly."""

from collections.abc import Iterator

import config as cfg
from flow.sources import FoundImage, Source, SourceError
from flow.sources.site import Site, at, licence_code, licence_link, number, rows, text, words_of

PAGE_SIZE = 200


class INaturalist(Site):
    name = "inaturalist"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """Pages by rising id: its page numbers end at 10,000 results."""
        licenses = ",".join(
            "cc0" if code == "cc0" else f"cc-{code}" for code in cfg.licences if code not in ("pdm", "unknown")
        )
        last = 0
        while True:
            params = {
                "taxon_name": words_of(tag),
                "photos": "true",
                "quality_grade": "research",
                "photo_license": licenses,
                "per_page": PAGE_SIZE,
                "order_by": "id",
                "order": "asc",
                "id_above": last,
            }
            code, data = self.ask(f"{cfg.url_inaturalist}/v1/observations", params)
            if code != 200:
                raise SourceError(f"inaturalist refuses the search ({code}: {text(data.get('error'))[:120]})")
            seen = rows(data.get("results"))
            yield [found for sight in seen for found in _photos(sight)]
            highest = max((number(sight.get("id")) for sight in seen), default=0)
            if highest <= last:
                return
            last = highest


def make(argument: str) -> list[Source]:
    return [INaturalist()]


def _photos(sight: dict) -> list[FoundImage]:
    """The photos of one observation. Each has its own licence, which can differ from the observation's."""
    title = text(at(sight, "taxon", "preferred_common_name")) or text(at(sight, "taxon", "name"))
    creator = text(at(sight, "user", "name")) or text(at(sight, "user", "login"))
    found = []
    for photo in rows(sight.get("photos")):
        url = text(photo.get("url"))
        code = licence_code(text(photo.get("license_code")))
        if url and photo.get("id"):
            found.append(
                FoundImage(
                    "inaturalist",
                    text(photo["id"]),
                    url.replace("/square.", "/large."),
                    text(sight.get("uri")),
                    title,
                    creator,
                    code,
                    licence_link(code),
                    text(photo.get("attribution")),
                    number(at(photo, "original_dimensions", "width")),
                    number(at(photo, "original_dimensions", "height")),
                    url.replace("/square.", "/medium."),
                )
            )
    return found
