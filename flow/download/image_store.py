"""Keeping images: is it there already, under which name, with which provenance, and safely onto the disk."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flow.base import files
from flow.base.names import one_line
from flow.download.credits import credit_line
from flow.download.known_images import KnownImages
from flow.download.options import DownloadOptions
from flow.download.validate import ValidImage, archived_reason
from flow.records import recordings
from flow.records.catalogue import Catalogue
from flow.records.rows import DUPLICATE, KEPT, PENDING, ArchiveEntry, Image
from flow.sources import FoundImage
from flow.web.headers import plain_url

SEEN_BEFORE, EXACT, NEAR = "seen before", "duplicate", "near-duplicate"


class ImageStore:
    """Puts images into one unsorted folder. Only the main thread uses it.

    `counts`: what is not kept, by reason; `found_by`: what is kept, by what the search went by.
    """

    def __init__(  # everything a kept image depends on
        self,
        basetag: str,
        wanted: DownloadOptions,
        catalogue: Catalogue,
        known: KnownImages,
        folder: Path,
        now: Callable[[], datetime],
    ):
        self.basetag, self.wanted, self.catalogue, self.known = basetag, wanted, catalogue, known
        self.folder, self.now = folder, now
        self.counts: Counter[str] = Counter()
        self.found_by: Counter[str] = Counter()
        self._published: list[tuple[ArchiveEntry, Image]] = []  # their files are there, their rows still pending
        self.number = _next_number(folder, wanted.searchtag, catalogue)

    def keep(self, images: list[tuple[FoundImage, ValidImage, Path]]) -> int:
        """Keep what is new, count the rest. Returns how many were kept.

        Rows are written as pending, then the files get their names, and with the next rows (or `confirm`) they are
        marked kept: one transaction a batch, and the next run puts right a kill anywhere in between.

        Args:
            images: the candidate, the image, and its part file.
        """
        rows, groups = [], dict[str, str]()
        for found, valid, part in images:
            if self._is_there(found, valid):
                part.unlink(missing_ok=True)
            else:
                rows.append((*self._prepare(found, valid), part))
                groups |= {valid.sha256: found.group} if found.group else {}
                self.found_by[found.found_by] += 1
        if not rows:
            return 0
        recordings.remember(self.folder, self.catalogue, groups)  # first: cut short, no image is without its group
        self.catalogue.keep(*self._published, *((entry, image) for entry, image, _ in rows))
        self._published = []
        for entry, image, part in rows:
            path = files.publish(part, self.folder, image.file_name, sync=False)
            self._published.append((replace(entry, status=KEPT), replace(image, file_name=path.name)))
        files.sync_folder(self.folder)
        return len(rows)

    def confirm(self) -> None:
        """Mark the last batch as kept."""
        if self._published:
            self.catalogue.keep(*self._published)
            self._published = []

    def drop(self, found: FoundImage, status: str, reason: str) -> None:
        """Count an image that is not kept, and remember why."""
        self.counts[reason] += 1
        self.catalogue.archive(self._entry(found, status, archived_reason(reason)))

    def _is_there(self, found: FoundImage, valid: ValidImage) -> bool:
        """True for an image that is there already; it is remembered as a duplicate of that one."""
        same = self.known.exact(valid.origin_sha256, valid.sha256)
        if same and same == valid.sha256 and self._adopt(found, valid):
            return True
        other = same or self.known.near_duplicate(valid.fingerprint)
        if not other:
            return False
        self.counts[EXACT if same else NEAR] += 1
        entry = self._entry(found, DUPLICATE, EXACT if same else NEAR)
        self.catalogue.archive(replace(entry, origin_sha256=valid.origin_sha256, sha256=other))
        return True

    def _adopt(self, found: FoundImage, valid: ValidImage) -> bool:
        """A file of ours in this folder that the catalogue does not know gets its provenance back."""
        path = self.known.on_disk.get(valid.sha256)
        if path is None or path.parent != self.folder or self.catalogue.image(valid.sha256):
            return False
        entry, image = self._prepare(found, valid)
        self.number -= 1
        self.catalogue.keep((replace(entry, status=KEPT), replace(image, file_name=path.name)))
        self.counts[SEEN_BEFORE] += 1
        return True

    def _prepare(self, found: FoundImage, valid: ValidImage) -> tuple[ArchiveEntry, Image]:
        """The rows of an image to be kept, under the next file name."""
        self.known.add(valid.origin_sha256, valid.sha256, valid.fingerprint)
        self.number += 1
        entry = replace(self._entry(found, PENDING, ""), origin_sha256=valid.origin_sha256, sha256=valid.sha256)
        return entry, self._image(found, valid, f"{self.wanted.searchtag}_{self.number}_{self.now():%H%M%S}.jpg")

    def _entry(self, found: FoundImage, status: str, reason: str) -> ArchiveEntry:
        at = self.now().isoformat(timespec="seconds")
        return ArchiveEntry(found.source, found.source_id, plain_url(found.image_url), status, at, reason)

    def _image(self, found: FoundImage, valid: ValidImage, file_name: str) -> Image:
        """The provenance of an image, every text made printable."""
        title, creator = one_line(found.title), one_line(found.creator)
        image_url = plain_url(found.image_url) or found.image_url
        links = [one_line(link) for link in (image_url, found.page_url, found.licence_url)]
        credit = one_line(found.credit) or credit_line(title, creator, found.licence, links[2], links[1] or links[0])
        return Image(
            valid.sha256,
            valid.origin_sha256,
            file_name,
            found.source,
            found.source_id,
            links[0],
            links[1],
            title,
            creator,
            one_line(found.licence),
            links[2],
            credit,
            self.wanted.searchtag,
            self.now().isoformat(timespec="seconds"),
        )


def _next_number(folder: Path, searchtag: str, catalogue: Catalogue) -> int:
    """The highest number given so far in this folder, also to images that have since moved on."""
    pattern = re.compile(rf"{re.escape(searchtag)}_(\d{{1,9}})_\d{{6}}")
    names = [path.name for path in files.images_in(folder)] + [
        image.file_name for image in catalogue.images_of(searchtag)
    ]
    return max((int(match[1]) for match in map(pattern.match, names) if match), default=0)
