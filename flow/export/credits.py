"""Whose images a model has learned from, and under which licences: from the catalogue, by content.

Nothing here names a folder of the person's computer: a photo of their own goes by its file name alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from flow.base import files
from flow.export.write import as_text, csv_text
from flow.records.catalogue import Catalogue
from flow.records.provenance import LabeledImage
from flow.records.rows import Image, to_columns

NAME = "CREDITS.csv"
COLUMNS = ("file", "credit", "license", "license_url", "creator", "title", "source", "page_url", "sha256")
OWN = "own"  # the source of a person's own photos
OWN_CREDIT = "your own photo"
LICENCES = {"cc0": "CC0 1.0", "pdm": "Public Domain", "unknown": "unknown", "": "unknown"}


@dataclass(frozen=True)
class Credits:
    """`known`: images of others, with a record of where they come from; `own`: file name and content hash of
    the person's own photos, and of images without a record."""

    known: tuple[Image, ...] = ()
    own: tuple[tuple[str, str], ...] = ()

    @property
    def licences(self) -> list[tuple[str, int]]:
        """Licence -> images, the most frequent first."""
        return Counter(licence_name(image.licence) for image in self.known).most_common()

    def write(self, folder: Path) -> None:
        """CREDITS.csv, one line an image."""
        rows = [[{**to_columns(i), "file": i.file_name}[name] for name in COLUMNS] for i in self.known]
        blank = dict.fromkeys(COLUMNS, "") | {"credit": OWN_CREDIT, "source": OWN}
        rows += [[(blank | {"file": name, "sha256": sha})[column] for column in COLUMNS] for name, sha in self.own]
        files.write_whole(folder / NAME, csv_text(COLUMNS, rows))


def credits_of(sha256s: Iterable[str], catalogue: Catalogue, images: Iterable[LabeledImage]) -> Credits:
    """The credits of images, by their content hashes.

    Args:
        images: the training images as they lie now, which name those that have no record.
    """
    wanted, records = set(sha256s), catalogue.images()
    names = {image.sha256: image.file_name for image in records} | {image.sha256: image.path.name for image in images}
    known = tuple(without_paths(image) for image in records if image.sha256 in wanted and not is_own(image))
    own = wanted - {image.sha256 for image in known}
    return Credits(known, tuple(sorted((as_text(names.get(sha, "")), sha) for sha in own)))


def is_own(image: Image) -> bool:
    """Whether it is a photo of the person's own: a file from a folder, with neither a licence nor another's name."""
    return _is_local(image) and image.licence in ("", "unknown") and not image.creator


def without_paths(image: Image) -> Image:
    """A record without the path of the file that the image was read from; the file's name stays."""
    if not _is_local(image):
        return image
    name = Path(image.image_url).name
    return replace(image, image_url=name, credit=image.credit.replace(image.image_url, name))


def licence_name(code: str) -> str:
    """by-sa -> CC BY-SA."""
    return LICENCES.get(code, f"CC {code.upper()}")


def _is_local(image: Image) -> bool:
    """Whether its source is a folder of the person's computer; other sources give addresses."""
    return image.source in ("folder", "video", "watch")
