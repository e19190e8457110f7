"""sorted_*/{label}/ -> training_photos/{basetag}/{label}/; then each sorted_ folder -> harvested_{stamp}/.

The whole plan is written to a journal (`flow/records/journal.py`) before the first move
(`flow/records/apply_journal.py`); `undo` does it backwards.
"""

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.base.errors import NotReady, RoboError
from flow.base.options import option, text
from flow.records import provenance, scores_file
from flow.records.apply_journal import UNDONE_COPIES, revert, run_journal
from flow.records.catalogue import Catalogue
from flow.records.journal import (
    DONE,
    UNDOING,
    Move,
    absolute,
    is_relabelling,
    journal_folders,
    last_done,
    read,
    relative,
)
from flow.records.labels import revert as labels_back
from flow.records.labels.apply import Changed
from flow.records.labels.labels_changed import LabelsChanged
from flow.records.labels.revert import begin_revert, check_revert
from flow.records.provenance import LabeledImage
from flow.records.rows import MODEL, PERSON
from flow.ui import console


@dataclass(frozen=True)
class HarvestOptions:
    """The options of a harvest."""

    checked_only: bool | None = option("harvest only what a person checked", on_off=True)
    sorted: str = option("only this sorted_ folder", default="", parse=text, metavar="FOLDER")

    @property
    def only_checked(self) -> bool:
        return not cfg.harvest_unchecked if self.checked_only is None else self.checked_only


FACT_NAMES = {"by_person": "human", "by_model": "robot", "problems": "trouble"}  # as --json has always called them


@dataclass(frozen=True)
class Harvested:
    """What a harvest did, or would do (`dry`). `labels`: label -> images moved."""

    labels: dict[str, int] = field(default_factory=dict)
    by_person: int = 0
    by_model: int = 0
    already: int = 0
    unchecked_left: int = 0
    own: tuple[str, ...] = ()  # a person's own folders in the sorted_ folders; they stay
    folders: int = 0
    folder: Path | None = None
    problems: tuple[str, ...] = ()
    dry: bool = False

    @property
    def total(self) -> int:
        return self.by_person + self.by_model

    @property
    def code(self) -> int:
        return 3 if self.problems else 0

    def line(self) -> str:
        if not self.folders:
            return "nothing to harvest"
        verb = "would harvest" if self.dry else "harvested"
        text = f"{verb} {self.total} ({self.by_person} labelled by a person, {self.by_model} by the model alone)"
        text += f", {self.already} already in training" if self.already else ""
        text += f", {self.unchecked_left} unchecked left out" if self.unchecked_left else ""
        return text + (f"; left alone, as they are not labels: {', '.join(self.own)}" if self.own else "")

    def facts(self) -> dict:
        named = {FACT_NAMES.get(name, name): value for name, value in asdict(self).items()}
        return named | {"folder": str(self.folder) if self.folder else None}


@dataclass(frozen=True)
class Undone:
    """What undo put back. `kept`: images that were left where they are, with the reason."""

    folder: str
    back: int
    kept: tuple[str, ...] = ()
    copies: int = 0  # of `back`; the originals never moved
    dry: bool = False

    @property
    def code(self) -> int:
        return 3 if self.kept else 0

    def line(self) -> str:
        text = f"{'would put' if self.dry else 'put'} {self.back} images of {self.folder} back"
        if self.copies and not self.dry:
            text = f"took {self.back} copies out of the training data; they lie in {self.folder}/{UNDONE_COPIES}"
        return text + (f"; {len(self.kept)} left where they are: {self.kept[0]}" if self.kept else "")

    def facts(self) -> dict:
        return {**asdict(self)}


def harvest(
    basetag: str, stamp: str, catalogue: Catalogue, checked_only: bool = False, only: str = "", dry_run: bool = False
) -> Harvested:
    """Harvest the sorted_ folders of a basetag.

    Args:
        checked_only: leave out images that only a model labelled.
        only: one sorted_ folder's name; empty = all.
        dry_run: say what would move, and move nothing.

    Raises:
        NotReady: `only` names no folder.
    """
    folders = [f for f in provenance.sorted_folders(basetag) if not only or f.name == only]
    if only and not folders:
        raise NotReady(f"There is no folder {only} in {paths.testing(basetag)}.", "It may have been harvested already.")
    if not folders:
        return Harvested(dry=dry_run)
    moves, already, left, staying = _plan(basetag, folders, catalogue, checked_only)
    own = {f: provenance.own_folders(f, _labels(basetag)) for f in folders}
    finished = [part for f in folders if f not in staying for part in _finished(f, own[f])]
    own_words = tuple(_own_words(f, name, n) for f in folders for name, n in own[f].items())
    if dry_run:
        for move in moves if not console.is_json() else []:
            console.result(f"{move.source} -> {move.target}")
        return _summary(moves, already, left, len(folders), None, (), True, own_words)
    problems = tuple(why for why in staying.values() if why)
    if not moves and not finished:
        return _summary(moves, already, left, len(folders), None, problems, False, own_words)
    _must_be_writable({absolute(move.target).parent for move in moves})
    home, went_wrong = run_journal(basetag, moves, finished, stamp, catalogue)
    return _summary(moves, already, left, len(folders), home, (*problems, *went_wrong), False, own_words)


def _finished(folder: Path, own: dict[str, int]) -> list[Path]:
    """What moves from a sorted_ folder into the harvested_ one: the whole folder, or, where a person keeps folders of
    their own in it, only what the program put there."""
    if not own:
        return [folder]
    return [
        p
        for p in sorted(folder.iterdir())
        if p.name not in own and (p.is_dir() or p.name == scores_file.NAME) and not p.name.startswith(".")
    ]


def _own_words(folder: Path, name: str, images: int) -> str:
    where = f"{folder.name}/{name}" if name else folder.name
    return f"{where} ({images} image{'s' * (images != 1)}{'' if name else ' outside any folder'})"


def undo(basetag: str, catalogue: Catalogue, dry_run: bool = False) -> Undone | LabelsChanged:
    """Undo the last harvest or change of labels. An undo that was interrupted is finished instead.

    Args:
        dry_run: only say how many images that is about.

    Raises:
        NotReady: there is nothing to undo, or it cannot be undone.
    """
    begun = next((home for home in journal_folders(basetag) if (home / UNDOING).exists()), None)
    home = begun or last_done(basetag)
    if home is None:
        raise NotReady(f"There is no harvest of {basetag} to undo.", "Each harvest can be undone once.")
    if is_relabelling(home):
        return _undo_labels(home, catalogue, dry_run)
    moves = read(home / (UNDOING if begun else DONE)).moves
    if dry_run:
        return Undone(home.name, sum(absolute(move.target).exists() for move in moves), dry=True)
    if not begun:
        begin_revert(home)
    back, kept = revert(home, catalogue)
    return Undone(home.name, back, tuple(kept), sum(move.copy for move in moves))


def _undo_labels(home: Path, catalogue: Catalogue, dry_run: bool) -> LabelsChanged:
    if dry_run or (home / DONE).exists():
        change = check_revert(home)
        if dry_run:
            return LabelsChanged(Changed(change, len(change.labels)), undone=True, dry=True)
        begin_revert(home)
    return LabelsChanged(labels_back.revert(home, catalogue), undone=True)


def _must_be_writable(folders: set[Path]) -> None:
    """Raise RoboError before the first move where a label folder cannot be written."""
    for folder in sorted(folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise RoboError(
                f"{folder} cannot be written, so nothing was moved.", "Change its owner or mode and harvest again."
            )


def _labels(basetag: str) -> set[str]:
    return {folder.name for folder in provenance.label_folders(basetag)}


def _plan(
    basetag: str, folders: list[Path], catalogue: Catalogue, checked_only: bool
) -> tuple[list[Move], int, int, dict[Path, str]]:
    """What a harvest will do.

    Returns:
        The moves; how many images are in the training data already; how many unchecked images are left out; and the
        sorted_ folders that stay for the next harvest, each with the reason: an image in it could not be read (or came
        while we looked); empty where unchecked images are left in it for a person.
    """
    labels = _labels(basetag)
    found = [i for f in folders for i in provenance.sorted_images(f, labels, catalogue)]
    known = {image.sha256 for image in provenance.training_images(basetag, catalogue)}
    seen = {image.path for image in found}
    missed = {
        f: n
        for f in folders
        if (n := sum(p not in seen for d in files.folders_in(f) if d.name in labels for p in files.images_in(d)))
    }
    staying = {
        f: f"{n} image{'s' * (n != 1)} in {f.name} could not be read; the folder stays for the next harvest"
        for f, n in missed.items()
    }
    already = sum(image.sha256 in known for image in found)
    fresh = [image for image in _one_each(found) if image.sha256 not in known]
    wanted = [i for i in fresh if i.given_by == PERSON or not checked_only]
    chosen = {i.sha256 for i in wanted}
    staying = {i.path.parent.parent: "" for i in fresh if i.sha256 not in chosen} | staying
    taken: set[Path] = set()
    moves = [_move(basetag, image, taken) for image in wanted]
    return moves, already, len(fresh) - len(wanted), staying


def _one_each(found: list[LabeledImage]) -> list[LabeledImage]:
    """Each content once: a person's label before a model's, a later sorting before an earlier one."""
    best: dict[str, LabeledImage] = {}
    for image in found:
        old = best.get(image.sha256)
        if old is None or not (old.given_by == PERSON and image.given_by == MODEL):
            best[image.sha256] = image
    return list(best.values())


def _move(basetag: str, image: LabeledImage, taken: set[Path]) -> Move:
    target = files.free_path(paths.training(basetag) / image.label, image.path.name, taken)
    taken.add(target)
    return Move(
        image.sha256,
        relative(image.path),
        relative(target),
        image.label,
        image.given_by,
        image.score,
        image.model,
        image.sampling,
    )


def _summary(
    moves: list[Move],
    already: int,
    left: int,
    folders: int,
    home: Path | None,
    problems: tuple[str, ...],
    dry: bool,
    own: tuple[str, ...],
) -> Harvested:
    by = Counter(m.given_by for m in moves)
    labels = dict(sorted(Counter(m.label for m in moves).items()))
    return Harvested(labels, by[PERSON], by[MODEL], already, left, own, folders, home, problems, dry)
