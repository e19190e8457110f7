"""GBIF: photos of living things and of specimens, by scientific name, from museums and observation networks. No key.

Licences are free text there, so only what is written as a Creative Commons licence counts.
"""

from collections.abc import Iterator

import config as cfg
from flow.sources import FoundImage, SourceError
from flow.sources.fields import licence_code, licence_link, number, rows, text, words_of
from flow.sources.site import Observations, Site
from flow.ui import console

PAGE_SIZE, DEPTH_MAX = 100, 100_000  # offset + limit that its search allows


class Gbif(Site):
    name = "gbif"

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        taxon, found_by = self._taxon(tag)
        seen = Observations()
        for offset in range(0, DEPTH_MAX, PAGE_SIZE):
            params = {"mediaType": "StillImage", "taxonKey": taxon, "limit": PAGE_SIZE, "offset": offset}
            code, data = self.ask(f"{cfg.url_gbif}/v1/occurrence/search", params)
            if code != 200:
                raise self.refusal(code, data.get("message"))
            self.total = number(data.get("count"))
            sights = rows(data.get("results"))
            yield [found for sight in sights for found in _photos(sight, seen, found_by)]
            if data.get("endOfRecords") is not False or not sights:
                return

    def _taxon(self, tag: str) -> tuple[int, str]:
        """The key of the taxon that a scientific name means; the person is shown it. Near names do not count."""
        words = words_of(tag)
        code, data = self.ask(f"{cfg.url_gbif}/v1/species/match", {"name": words, "strict": "true"})
        if code != 200:
            raise self.refusal(code, data.get("message"))
        key = number(data.get("usageKey"))
        if not key or data.get("matchType") != "EXACT":
            reason = f"gbif knows scientific names only, such as Erithacus rubecula, and {words!r} is none"
            raise SourceError(reason, again=False)
        name, rank = text(data.get("scientificName")), text(data.get("rank")).lower()
        console.note(f"gbif: {words!r} is taken as {name} ({rank}), with everything below it.")
        return key, f"by taxon {text(data.get('canonicalName')) or name}"


def make(argument: str) -> list[Gbif]:
    return [Gbif()]


def _photos(sight: dict, seen: Observations, found_by: str) -> list[FoundImage]:
    """The photos of one occurrence, from the publisher's own address: GBIF's cache is not for downloads."""
    name = text(sight.get("key"))
    found = []
    for number_, media in enumerate(rows(sight.get("media"))):
        url, code = text(media.get("identifier")), _licence(text(media.get("license")))
        observer = text(media.get("creator")) or text(sight.get("recordedBy"))
        if not url.startswith("http") or media.get("type") != "StillImage" or code not in cfg.licences:
            continue
        if not seen.admits(name, observer):
            continue
        found.append(
            FoundImage(
                "gbif",
                f"{name}/{number_}",
                url.replace("/original.", "/large.") if "inaturalist" in url else url,
                text(media.get("references")) or f"https://www.gbif.org/occurrence/{name}",
                text(sight.get("vernacularName")) or text(sight.get("species")) or text(sight.get("scientificName")),
                text(media.get("rightsHolder")) or observer,
                code,
                text(media.get("license")) if "://" in text(media.get("license")) else licence_link(code),
                found_by=found_by,
            )
        )
    return found


def _licence(words: str) -> str:
    """The code of a licence that is named by its address, or as CC BY or CC0; any other text is unknown."""
    code = licence_code(words)
    return code if "creativecommons.org" in words or code.startswith("by") or code == "cc0" else "unknown"
