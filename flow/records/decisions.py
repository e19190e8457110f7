"""What a person says of pictures at the check page: saved at every key, undone without end, never half done.

A decision is a row that is pending, then the file's move, then the row done. What a kill left pending is finished by
`settle` before anything else happens; undo and redo are the same, backwards and forwards again. Folders stay the truth:
a picture that is not where it was is left alone.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from flow.base import files, names, paths, quarantine
from flow.records.catalogue import Catalogue
from flow.records.journal import absolute, relative
from flow.records.rows import CHOSEN, HUMAN, PENDING, WHOLE, Decision, Label

KEEP, LABEL, ASIDE = "keep", "label", "aside"
DONE, UNDOING, UNDONE = "done", "undoing", "undone"
OVER = "over"  # undone, and something else was decided since: it is not done again
TRAINING = "training_photos"  # stands for the folder of decisions about training images
REASON = "set aside by a person"


@dataclass(frozen=True)
class Wish:
    """One picture and what a person says of it. `home`: the folder that its label folders lie in; `moves`: whether the
    picture goes into its label's folder, or stays where it lies and the decision alone tells."""

    path: Path
    home: Path
    sha256: str
    kind: str
    label: str  # the label it shall have; empty where it is set aside
    page: str = ""
    came: str = WHOLE
    moves: bool = True

    @property
    def folder(self) -> str:
        return TRAINING if self.home.parent == paths.training_root() else self.home.name


@dataclass(frozen=True)
class Did:
    """What became of wishes, an undo or a redo. `gone`: content hashes of pictures that were no longer there."""

    decisions: tuple[Decision, ...] = ()
    gone: tuple[str, ...] = ()


def decide(basetag: str, catalogue: Catalogue, wishes: Iterable[Wish]) -> Did:
    """Carry wishes out as one action, which is undone as one."""
    first = catalogue.last_decision() + 1
    stale = catalogue.decisions(UNDONE)
    if stale:
        catalogue.put_decisions([replace(row, state=OVER) for row in stale])
    at, who = _now(), names.account() or "a person"
    taken: set[Path] = set()
    rows: list[Decision] = []
    gone: list[str] = []
    for wish in wishes:
        if not wish.path.is_file():
            gone.append(wish.sha256)
            continue
        target = _target(basetag, wish, taken)
        had = catalogue.label(wish.sha256) if wish.folder == TRAINING else None
        before = json.dumps(asdict(had)) if had else ""
        rows.append(
            Decision(
                first + len(rows),
                first,
                wish.folder,
                wish.sha256,
                wish.kind,
                wish.label,
                relative(wish.path),
                relative(target),
                wish.page,
                wish.came,
                who,
                at,
                PENDING,
                before,
            )
        )
    if all(row.source == row.target for row in rows):  # no file moves: one step is enough
        return _noted(catalogue, [replace(row, state=DONE) for row in rows], gone)
    catalogue.put_decisions(rows)
    return _forwards(basetag, catalogue, rows, gone)


def undo(basetag: str, catalogue: Catalogue, folders: Iterable[str]) -> Did | None:
    """Take the last action in these folders back; None where there is none."""
    folders = set(folders)
    _, last = catalogue.actions(DONE, folders)
    if not last:
        return None
    rows = [replace(row, state=UNDOING) for row in catalogue.decisions(DONE, action=last) if row.folder in folders]
    catalogue.put_decisions(rows)
    return _backwards(basetag, catalogue, rows)


def redo(basetag: str, catalogue: Catalogue, folders: Iterable[str]) -> Did | None:
    """Do the action again that was undone last; None where something else was decided since."""
    folders = set(folders)
    _, last = catalogue.actions(DONE, folders)
    first, _ = catalogue.actions(UNDONE, folders, after=last)
    if not first:
        return None
    undone = [row for row in catalogue.decisions(UNDONE, action=first) if row.folder in folders]
    rows = [replace(row, state=PENDING, at=_now()) for row in undone]
    catalogue.put_decisions(rows)
    return _forwards(basetag, catalogue, rows, [])


def settle(basetag: str, catalogue: Catalogue) -> int:
    """Finish what a kill left half done, or forget it where its picture is gone. Returns how many that were."""
    pending, undoing = catalogue.decisions(PENDING), catalogue.decisions(UNDOING)
    outside = [row for row in pending + undoing if not _is_inside(row)]
    if outside:
        catalogue.drop_decisions(row.number for row in outside)
    if pending:
        _forwards(basetag, catalogue, [row for row in pending if row not in outside], [])
    if undoing:
        _backwards(basetag, catalogue, [row for row in undoing if row not in outside])
    return len(pending) + len(undoing)


def done_in(catalogue: Catalogue, folder: str) -> dict[str, Decision]:
    """The last done decision on each picture of a folder, by content hash."""
    return {row.sha256: row for row in catalogue.decisions(DONE, folder)}


def _forwards(basetag: str, catalogue: Catalogue, rows: list[Decision], gone: list[str]) -> Did:
    """Move the files of pending rows; then the rows are done, or forgotten where the picture was gone."""
    done, lost = [], []
    for row in rows:
        moved = _move(basetag, catalogue, row)
        done += [replace(moved, state=DONE)] if moved else []
        lost += [] if moved else [row]
    if lost:
        catalogue.drop_decisions(row.number for row in lost)
    return _noted(catalogue, done, [*gone, *(row.sha256 for row in lost)])


def _noted(catalogue: Catalogue, done: list[Decision], gone: list[str]) -> Did:
    given = [_label_given(row) for row in done if row.folder == TRAINING and row.kind != ASIDE]
    dropped = [row.sha256 for row in done if row.folder == TRAINING and row.kind == ASIDE]
    catalogue.put_decisions(done, given, dropped)
    return Did(tuple(done), tuple(gone))


def _backwards(basetag: str, catalogue: Catalogue, rows: list[Decision]) -> Did:
    """Move the files of undoing rows back, the last first; then the rows are undone."""
    undone, gone = [], []
    for row in reversed(rows):
        back = _move_back(catalogue, row)
        gone += [] if back else [row.sha256]
        undone.append(replace(back or row, state=UNDONE))
    training = [row for row in undone if row.folder == TRAINING and row.sha256 not in gone]
    labels = [Label(**json.loads(row.before)) for row in training if row.before]
    catalogue.put_decisions(undone[::-1], labels, [row.sha256 for row in training if not row.before])
    return Did(tuple(undone[::-1]), tuple(gone))


def _label_given(row: Decision) -> Label:
    """A training image's label after a person's word. A label that is only confirmed keeps how its image came: the
    doubt chose which to look at, not which to have."""
    old = Label(**json.loads(row.before)) if row.before else None
    if row.kind == KEEP and old and old.label == row.label and old.given_by == HUMAN:
        return old
    return Label(row.sha256, row.label, HUMAN, at=row.at, came=CHOSEN)


def _move(basetag: str, catalogue: Catalogue, row: Decision) -> Decision | None:
    """The file to where the row says, or beside it where that name was taken meanwhile; None where it is gone."""
    while True:
        source, target = absolute(row.source), absolute(row.target)
        if not source.exists():
            return row if _is_there(target, row.sha256) else None
        if source == target:
            return row
        try:
            if row.kind == ASIDE:
                quarantine.move_aside(basetag, source, row.sha256, REASON, target)
            else:
                files.move_to(source, target)
        except FileExistsError:
            row = replace(row, target=relative(files.free_path(target.parent, target.name)))
            catalogue.put_decisions([row])  # before the move, so that a kill knows where to look


def _move_back(catalogue: Catalogue, row: Decision) -> Decision | None:
    while True:
        home, there = absolute(row.source), absolute(row.target)
        if not there.exists():
            if row.kind == ASIDE:
                quarantine.move_back(there, home)  # killed between the move and the reason
            return row if _is_there(home, row.sha256) else None
        if home == there:
            return row
        if not _is_there(there, row.sha256):
            return None
        try:
            if row.kind == ASIDE:
                quarantine.move_back(there, home)
            else:
                files.move_to(there, home)
        except FileExistsError:
            row = replace(row, source=relative(files.free_path(home.parent, home.name)))
            catalogue.put_decisions([row])


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and files.sha256_of(path) == sha256


def _target(basetag: str, wish: Wish, taken: set[Path]) -> Path:
    """Where the picture goes: to its label's folder under its name, or to the quarantine; or nowhere."""
    if wish.kind == ASIDE:
        target = quarantine.place_for(basetag, wish.path, wish.sha256, taken)
    elif not wish.moves or wish.path.parent == wish.home / wish.label:
        return wish.path
    else:
        target = files.free_path(wish.home / wish.label, wish.path.name, taken)
    taken.add(target)
    return target


def _is_inside(row: Decision) -> bool:
    """Whether a row's paths stay among the photos; a catalogue may come from elsewhere."""
    roots = tuple(f"{root}{os.sep}" for root in (paths.training_root(), paths.testing_root()))
    return all(os.path.normpath(absolute(text)).startswith(roots) for text in (row.source, row.target))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
