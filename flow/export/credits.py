"""Whose pictures a model has learned from, and under which licences: from the catalogue, by content."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flow.base import files
from flow.export.write import csv_text
from flow.records.catalogue import Catalogue
from flow.records.rows import Image, to_columns

NAME = "CREDITS.csv"
COLUMNS = ("credit", "license", "license_url", "creator", "title", "source", "page_url", "sha256")
OWN = "own"  # the source of pictures that did not come through a download
LICENCES = {"cc0": "CC0 1.0", "pdm": "Public Domain", "unknown": "unknown", "": "unknown"}


@dataclass(frozen=True)
class Credits:
    """`known`: pictures with a record of where they came from; `own`: how many have none, for a person put them in."""

    known: tuple[Image, ...]
    own: int

    @property
    def licences(self) -> list[tuple[str, int]]:
        """Licence -> pictures, the most frequent first."""
        return Counter(licence_name(image.licence) for image in self.known).most_common()

    def write(self, folder: Path) -> None:
        """CREDITS.csv, one line a picture; none where nothing is known."""
        if self.known:
            rows = [[columns[name] for name in COLUMNS] for columns in map(to_columns, self.known)]
            files.write_whole(folder / NAME, csv_text(COLUMNS, rows))


def credits_of(sha256s: Iterable[str], catalogue: Catalogue) -> Credits:
    """The credits of pictures, by their content hashes."""
    wanted = set(sha256s)
    known = tuple(image for image in catalogue.images() if image.sha256 in wanted)
    return Credits(known, len(wanted) - len(known))


def licence_name(code: str) -> str:
    """by-sa -> CC BY-SA."""
    return LICENCES.get(code, f"CC {code.upper()}")
