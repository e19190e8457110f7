"""What a person decides about images on the check page: saved at every key, undone step by step, never half done.

A decision is a row that is pending, then the file's move, then the row is done. What a kill left pending is finished by
`finish_pending` before anything else happens; undo and redo are the same, backwards and forwards again. Folders stay
the truth: an image that is not where it was is left alone.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from flow.base import files, names, paths, quarantine
from flow.records.catalogue import Catalogue
from flow.records.journal import absolute, relative
from flow.records.rows import CHOSEN, PENDING, PERSON, WHOLE_FOLDER, Decision, Label, from_columns, to_columns

ACCEPT, RELABEL, QUARANTINE = "keep", "label", "aside"
DONE, UNDOING, UNDONE = "done", "undoing", "undone"
SUPERSEDED = "over"  # undone, and something else was decided since: it is not done again
TRAINING = "training_photos"  # stands for the folder of decisions about training images
REASON = "set aside by a person"


@dataclass(frozen=True)
class DecisionRequest:
    """One image and what a person decides about it.

    `home`: the folder that its label folders lie in; `label`: the label it shall have, empty where it is set aside;
    `moves`: whether the image goes into its label's folder, or stays where it lies and only the row tells the label.
    """

    path: Path
    home: Path
    sha256: str
    kind: str
    label: str
    page: str = ""
    sampling: str = WHOLE_FOLDER
    moves: bool = True

    @property
    def folder(self) -> str:
        return TRAINING if self.home.parent == paths.training_root() else self.home.name


@dataclass(frozen=True)
class DecisionResult:
    """What requests, an undo or a redo did. `missing`: content hashes of images that were no longer there."""

    decisions: tuple[Decision, ...] = ()
    missing: tuple[str, ...] = ()


def decide(basetag: str, catalogue: Catalogue, requests: Iterable[DecisionRequest], action: int = 0) -> DecisionResult:
    """Carry requests out as one action, which is undone as one.

    Args:
        action: an earlier one that they are part of; 0 = an action of their own.
    """
    first = catalogue.last_decision() + 1
    if stale := catalogue.decisions(UNDONE):
        catalogue.put_decisions([replace(row, state=SUPERSEDED) for row in stale])
    at, who = _now(), names.account() or "a person"
    taken: set[Path] = set()
    rows: list[Decision] = []
    missing: list[str] = []
    for request in requests:
        if not request.path.is_file():
            missing.append(request.sha256)
            continue
        target = _target(basetag, request, taken)
        had = catalogue.label(request.sha256) if request.folder == TRAINING else None
        rows.append(
            Decision(
                number=first + len(rows),
                action=action or first,
                folder=request.folder,
                sha256=request.sha256,
                kind=request.kind,
                label=request.label,
                source=relative(request.path),
                target=relative(target),
                page=request.page,
                sampling=request.sampling,
                who=who,
                at=at,
                state=PENDING,
                before=json.dumps(to_columns(had)) if had else "",
            )
        )
    if all(row.source == row.target for row in rows):  # no file moves: one step is enough
        return _record(catalogue, [replace(row, state=DONE) for row in rows], missing)
    catalogue.put_decisions(rows)
    return _apply(basetag, catalogue, rows, missing)


def undo(basetag: str, catalogue: Catalogue, folders: Iterable[str]) -> DecisionResult | None:
    """Take the last action in these folders back; None where there is none."""
    folders = set(folders)
    _, last = catalogue.actions(DONE, folders)
    if not last:
        return None
    rows = [replace(row, state=UNDOING) for row in catalogue.decisions(DONE, action=last) if row.folder in folders]
    catalogue.put_decisions(rows)
    return _revert(basetag, catalogue, rows)


def redo(basetag: str, catalogue: Catalogue, folders: Iterable[str]) -> DecisionResult | None:
    """Do the action again that was undone last; None where something else was decided since."""
    folders = set(folders)
    _, last = catalogue.actions(DONE, folders)
    first, _ = catalogue.actions(UNDONE, folders, after=last)
    if not first:
        return None
    undone = [row for row in catalogue.decisions(UNDONE, action=first) if row.folder in folders]
    rows = [replace(row, state=PENDING, at=_now()) for row in undone]
    catalogue.put_decisions(rows)
    return _apply(basetag, catalogue, rows, [])


def finish_pending(basetag: str, catalogue: Catalogue) -> int:
    """Finish what a kill left half done, or drop it where its image is missing. Returns how many that were."""
    pending, undoing = catalogue.decisions(PENDING), catalogue.decisions(UNDOING)
    outside = [row for row in pending + undoing if not _is_inside(row)]
    if outside:
        catalogue.drop_decisions(row.number for row in outside)
    if pending:
        _apply(basetag, catalogue, [row for row in pending if row not in outside], [])
    if undoing:
        _revert(basetag, catalogue, [row for row in undoing if row not in outside])
    return len(pending) + len(undoing)


def decided_in(catalogue: Catalogue, folder: str) -> dict[str, Decision]:
    """The last done decision about each image of a folder, by content hash."""
    return {row.sha256: row for row in catalogue.decisions(DONE, folder)}


def _apply(basetag: str, catalogue: Catalogue, rows: list[Decision], missing: list[str]) -> DecisionResult:
    """Move the files of pending rows; then the rows are done, or dropped where the image is missing."""
    done, lost = [], []
    for row in rows:
        moved = _move(basetag, catalogue, row)
        done += [replace(moved, state=DONE)] if moved else []
        lost += [] if moved else [row]
    if lost:
        catalogue.drop_decisions(row.number for row in lost)
    return _record(catalogue, done, [*missing, *(row.sha256 for row in lost)])


def _record(catalogue: Catalogue, done: list[Decision], missing: list[str]) -> DecisionResult:
    given = [_label_given(row) for row in done if row.folder == TRAINING and row.kind != QUARANTINE]
    dropped = [row.sha256 for row in done if row.folder == TRAINING and row.kind == QUARANTINE]
    catalogue.put_decisions(done, given, dropped)
    return DecisionResult(tuple(done), tuple(missing))


def _revert(basetag: str, catalogue: Catalogue, rows: list[Decision]) -> DecisionResult:
    """Move the files of undoing rows back, the last first; then the rows are undone."""
    undone, missing = [], []
    for row in reversed(rows):
        back = _move_back(catalogue, row)
        missing += [] if back else [row.sha256]
        undone.append(replace(back or row, state=UNDONE))
    training = [row for row in undone if row.folder == TRAINING and row.sha256 not in missing]
    labels = [label for row in training if (label := _label_before(row))]
    catalogue.put_decisions(undone[::-1], labels, [row.sha256 for row in training if not row.before])
    return DecisionResult(tuple(undone[::-1]), tuple(missing))


def _label_before(row: Decision) -> Label | None:
    return from_columns(Label, json.loads(row.before)) if row.before else None


def _label_given(row: Decision) -> Label:
    """A training image's label after a person's decision. A label that is only confirmed keeps its sampling: the
    model's doubt chose which image to look at, not which label to give. So does one that was given where a whole label
    was looked at, to split it."""
    old = _label_before(row)
    if row.kind == ACCEPT and old and old.label == row.label and old.given_by == PERSON:
        return old
    sampling = (old.sampling if old else WHOLE_FOLDER) if row.sampling == WHOLE_FOLDER else CHOSEN
    return Label(row.sha256, row.label, PERSON, at=row.at, sampling=sampling)


def _move(basetag: str, catalogue: Catalogue, row: Decision) -> Decision | None:
    """Move the file to where the row says, or beside it where that name was taken meanwhile; None where it is
    missing."""
    while True:
        source, target = absolute(row.source), absolute(row.target)
        if not source.exists():
            return row if _is_there(target, row.sha256) else None
        if source == target:
            return row
        try:
            if row.kind == QUARANTINE:
                quarantine.move_to_quarantine(basetag, source, row.sha256, REASON, target)
            else:
                files.move_to(source, target)
        except FileExistsError:
            row = replace(row, target=relative(files.free_path(target.parent, target.name)))
            catalogue.put_decisions([row])  # before the move, so that a kill knows where to look


def _move_back(catalogue: Catalogue, row: Decision) -> Decision | None:
    while True:
        home, there = absolute(row.source), absolute(row.target)
        if not there.exists():
            if row.kind == QUARANTINE:
                quarantine.move_back(there, home)  # killed between the move and the reason
            return row if _is_there(home, row.sha256) else None
        if home == there:
            return row
        if not _is_there(there, row.sha256):
            return None
        try:
            if row.kind == QUARANTINE:
                quarantine.move_back(there, home)
            else:
                files.move_to(there, home)
        except FileExistsError:
            row = replace(row, source=relative(files.free_path(home.parent, home.name)))
            catalogue.put_decisions([row])


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and files.sha256_of(path) == sha256


def _target(basetag: str, request: DecisionRequest, taken: set[Path]) -> Path:
    """Where the image goes: to its label's folder under its name, or to the quarantine; or it stays."""
    if request.kind == QUARANTINE:
        target = quarantine.place_for(basetag, request.path, request.sha256, taken)
    elif not request.moves or request.path.parent == request.home / request.label:
        return request.path
    else:
        target = files.free_path(request.home / request.label, request.path.name, taken)
    taken.add(target)
    return target


def _is_inside(row: Decision) -> bool:
    """Whether a row's paths stay among the photos; a catalogue may come from elsewhere."""
    roots = tuple(f"{root}{os.sep}" for root in (paths.training_root(), paths.testing_root()))
    return all(os.path.normpath(absolute(text)).startswith(roots) for text in (row.source, row.target))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
