"""The sorted_ folder of a day, which fills image by image. Killed at any moment, no image is in it without its row."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.classify import WORKING
from flow.classify.scorer import Scored
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import scores_file
from flow.records.catalogue import Catalogue
from flow.records.rows import KEPT, PENDING, REFUSED, ArchiveEntry, Image, SortedCopy

SOURCE = "watch"  # in the catalogue
CREDIT = "your own photo"


@dataclass(frozen=True)
class Placed:
    """An image and its copy."""

    scored: Scored
    copy: Path


class DayFolder:
    """Copies of sorted images, in a folder a day and model. The caller holds the basetag's lock."""

    def __init__(self, basetag: str, catalogue: Catalogue, model: Model, today: TodaysLabels):
        self._basetag, self._catalogue, self._model, self.today = basetag, catalogue, model, today

    def is_known(self, sha256: str) -> bool:
        """Whether an image was sorted, or found unreadable, before."""
        entry = self._catalogue.archived(SOURCE, sha256, "")
        return entry is not None and entry.status in (KEPT, REFUSED)

    def finish_pending(self) -> None:
        """What a killed run was about to put there: kept where its copy is there, else sorted anew."""
        for entry in self._catalogue.pending():
            if entry.source != SOURCE:
                continue
            image, copy = self._catalogue.image(entry.sha256), paths.testing(self._basetag) / entry.reason
            files.sweep_parts(copy.parent)
            if image and copy.is_file() and files.sha256_of(copy) == entry.sha256:
                self._catalogue.keep((replace(entry, status=KEPT, reason=""), image))
            else:
                self._catalogue.forget(entry)

    def add(self, scored: Iterable[Scored], now: datetime) -> list[Placed]:
        """Put copies there, each with its row; what vanished or changed since it was scored is left out.

        Raises:
            OSError: the disk is full; the next run puts right what was begun.
        """
        folder = self._folder(now)
        begun: list[tuple[Scored, Path, Path]] = []  # image, part file, its name to be
        for one in scored:
            data = _read(one.path)
            if data is None or hashlib.sha256(data).hexdigest() != one.sha256:
                continue
            place = files.make_folder(folder / one.place)
            target = files.free_path(place, one.name, [name for _, _, name in begun])
            begun.append((one, files.write_part(place, target.name, data), target))
        if not begun:
            return []
        rows = [self._rows(one, target, now) for one, _, target in begun]
        self._catalogue.keep(*rows)
        self._remember(folder, [(one, target) for one, _, target in begun], now)
        copies = [files.publish(part, target.parent, target.name) for _, part, target in begun]
        self._catalogue.keep(*((replace(entry, status=KEPT, reason=""), image) for entry, image in rows))
        return [Placed(one, copy) for (one, _, _), copy in zip(begun, copies, strict=True)]

    def refuse(self, sha256: str, why: str, now: datetime) -> None:
        """Remember an image that cannot be read."""
        at = now.isoformat(timespec="seconds")
        self._catalogue.archive(ArchiveEntry(SOURCE, sha256, "", REFUSED, at, why, sha256))

    def _folder(self, now: datetime) -> Path:
        """The day's folder of this model. One that was approved or harvested meanwhile stays as it is: the next has
        another number."""
        approved = self._catalogue.approved()
        for number in count(1):
            name = f"{cfg.sorted_name}{now:%Y%m%d}" + (f"_{number}" if number > 1 else "")
            folder = paths.testing(self._basetag) / name
            if folder.is_dir():
                if name not in approved and scores_file.model_of(folder) == self._model.identity:
                    return folder
            elif name not in approved and not self._catalogue.sortings(name):
                return self._made(folder)
        raise AssertionError  # there is no last number

    def _made(self, folder: Path) -> Path:
        """Hidden until its log and its label folders are there: one without a log looks as if a person filled it."""
        working = files.make_folder(folder.with_name(f"{WORKING}{folder.name}"))
        for label in sorted(set(filter(None, map(self.today.guess, self._model.labels)))):
            files.make_folder(working / label)
        scores_file.write(working, self._model.name, self._model.identity, [])
        files.sync_all(working)
        files.move_folder(working, folder)
        return folder

    def _rows(self, one: Scored, target: Path, now: datetime) -> tuple[ArchiveEntry, Image]:
        at = now.isoformat(timespec="seconds")
        where = str(target.relative_to(paths.testing(self._basetag)))  # for `finish_pending`
        entry = ArchiveEntry(SOURCE, one.sha256, "", PENDING, at, where, one.sha256, one.sha256)
        known = self._catalogue.image(one.sha256)
        image = known or Image(
            one.sha256,
            one.sha256,
            target.name,
            SOURCE,
            one.sha256,
            image_url=str(one.path),
            page_url="",
            title=one.path.stem,
            creator="",
            licence="unknown",
            licence_url="",
            credit=CREDIT,
            searchtag=f"{SOURCE}_{now:%Y%m%d}",
            at=at,
        )
        return entry, image

    def _remember(self, folder: Path, copies: list[tuple[Scored, Path]], now: datetime) -> None:
        """What the model said of them, in the catalogue and in the folder's log."""
        stamp, identity = f"{now:%Y%m%d_%H%M%S}", self._model.identity
        self._catalogue.add_sortings(
            SortedCopy(folder.name, target.name, one.sha256, one.place, one.label, one.score, identity, stamp)
            for one, target in copies
        )
        scores_file.append(
            folder,
            [
                scores_file.ScoreLine(
                    target.name, one.place, one.label, one.score, one.reason, one.scores, one.path.name
                )
                for one, target in copies
            ],
        )


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:  # moved by another program
        return None
