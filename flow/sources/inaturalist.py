"""iNaturalist: photos of living things, by taxon. No key; it is not for mass downloads, so it goes slowly."""

from collections.abc import Iterator

import config as cfg
from flow.sources import FoundImage, SourceError
from flow.sources.fields import at, licence_code, licence_link, number, rows, text, words_of
from flow.sources.site import Observations, Site
from flow.ui import console

PAGE_SIZE, PAGES_MAX = 200, 50  # its page numbers end at 10,000 results
OTHERS_MAX = 3  # other taxa of that name that are mentioned


class INaturalist(Site):
    name = "inaturalist"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """Observations of one taxon and everything below it, in random order: by age they come from few people."""
        taxon, found_by = self._taxon(tag)
        seen = Observations()
        for page in range(1, PAGES_MAX + 1):
            params = {
                "taxon_id": taxon,
                "photos": "true",
                "quality_grade": "research",
                "photo_license": _licences(),
                "per_page": PAGE_SIZE,
                "page": page,
                "order_by": "random",
            }
            code, data = self.ask(f"{cfg.url_inaturalist}/v1/observations", params)
            if code != 200:
                raise self.refusal(code, data.get("error"))
            self.total = number(data.get("total_results"))
            yield [found for sight in rows(data.get("results")) for found in _photos(sight, seen, found_by)]
            if page * PAGE_SIZE >= self.total:
                return

    def _taxon(self, tag: str) -> tuple[int, str]:
        """The id of the taxon that a name means, which the person is shown, and what its results are found by."""
        words = words_of(tag)
        code, data = self.ask(f"{cfg.url_inaturalist}/v1/taxa/autocomplete", {"q": words, "is_active": "true"})
        if code != 200:
            raise self.refusal(code, data.get("error"))
        named = [taxon for taxon in rows(data.get("results")) if number(taxon.get("id")) and text(taxon.get("name"))]
        if not named:
            raise SourceError(f"inaturalist knows no living thing called {words!r}", again=False)
        # The best match comes first; one whose own name it is comes before one of which it is only a part.
        named.sort(key=lambda taxon: text(taxon.get("matched_term")).lower() != words.lower())
        console.note(f"inaturalist: {words!r} is taken as {_named(named[0])}, with everything below it.")
        if others := [_named(taxon) for taxon in named[1 : 1 + OTHERS_MAX]]:
            console.note(f"  For another one give its scientific name as searchtag: {', '.join(others)}.")
        return number(named[0]["id"]), f"by taxon {text(named[0]['name'])}"


def make(argument: str) -> list[INaturalist]:
    return [INaturalist()]


def _licences() -> str:
    codes = [code for code in cfg.licences if code == "cc0" or code.startswith("by")]
    return ",".join("cc0" if code == "cc0" else f"cc-{code}" for code in codes)


def _named(taxon: dict) -> str:
    """Such as `Robin: Erithacus rubecula (species)`."""
    common, rank = text(taxon.get("preferred_common_name")), text(taxon.get("rank"))
    name = f"{common}: {text(taxon.get('name'))}" if common else text(taxon.get("name"))
    return f"{name} ({rank})" if rank else name


def _photos(sight: dict, seen: Observations, found_by: str) -> list[FoundImage]:
    """The photos of one observation. Each has its own licence, which can differ from the observation's."""
    title = text(at(sight, "taxon", "preferred_common_name")) or text(at(sight, "taxon", "name"))
    login = text(at(sight, "user", "login"))
    found = []
    for photo in rows(sight.get("photos")):
        url, code = text(photo.get("url")), licence_code(text(photo.get("license_code")))
        if not url or not photo.get("id") or code not in cfg.licences or not seen.admits(text(sight.get("id")), login):
            continue
        found.append(
            FoundImage(
                "inaturalist",
                text(photo["id"]),
                url.replace("/square.", "/large."),
                text(sight.get("uri")),
                title,
                text(at(sight, "user", "name")) or login,
                code,
                licence_link(code),
                text(photo.get("attribution")),
                number(at(photo, "original_dimensions", "width")),
                number(at(photo, "original_dimensions", "height")),
                url.replace("/square.", "/medium."),
                found_by,
            )
        )
    return found
