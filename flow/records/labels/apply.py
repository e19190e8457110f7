"""Carries a change of labels out. Every part is safe to repeat, so that whatever was killed is finished by doing it
again from the start; nothing is overwritten or deleted, and what a person did meanwhile stays.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from flow.base import files, paths, quarantine
from flow.records import decisions, provenance
from flow.records.catalogue import Catalogue
from flow.records.journal import DONE, RELABELLED, UNDER_WAY, absolute, journal_folders, journal_number
from flow.records.labels.history import MOVE, RENAME, SPLIT, UNDO, LabelHistory, rows_of
from flow.records.labels.journal import Change, FileMove, as_text, read
from flow.records.labels.plan import plan, plan_split, renaming_of
from flow.records.rows import CHOSEN, PERSON, Label
from flow.ui import console

LOG, DAMAGED = "label_log.txt", "damaged.jsonl"
REASON = "its label was removed"


@dataclass(frozen=True)
class Changed:
    """What a change came to. `images`: training images under the changed labels; `waiting`: sorted copies; `trouble`:
    what could not be done, each with why."""

    change: Change
    images: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


def new_home(basetag: str, stamp: str) -> Path:
    """The folder that the next change's journal goes into; not made yet."""
    return files.free_folder(paths.testing(basetag), f"{RELABELLED}{stamp}")


def change_labels(
    basetag: str, catalogue: Catalogue, stamp: str, kind: str, olds: tuple[str, ...], new: str, by_hand: bool = False
) -> Changed:
    """Rename, merge or remove labels: the whole plan into a journal first, then the rows, then the files."""
    home = new_home(basetag, stamp)
    return carry_out(home, plan(basetag, catalogue, kind, olds, new, home, by_hand), catalogue)


def carry_out(home: Path, planned: Change, catalogue: Catalogue) -> Changed:
    """A planned change: its journal, then the rows and the files."""
    files.make_folder(home)
    files.write_whole(home / UNDER_WAY, as_text(planned))
    return apply(home, catalogue)


def label_after(change: Change, row: Label) -> Label:
    """What a change makes of an image's label. Who gave it and its sampling stay, but for single images that a person
    moved, as wherever a person chooses an image and puts it right."""
    if change.kind == MOVE:
        return Label(row.sha256, change.new, PERSON, at=change.at, sampling=CHOSEN)
    return renaming_of(change).label(row)


def begin_split(basetag: str, catalogue: Catalogue, stamp: str, old: str) -> int:
    """From now on images of a label may get another one because it is split: their rows go into a journal, so that undo
    can join them again. Returns its number; that of the last change where it is a split of this label already."""
    history = LabelHistory.of(catalogue.label_changes())
    last = history.last_done()
    if last and last.kind == SPLIT and last.old == old:
        return last.action
    home = files.make_folder(new_home(basetag, stamp))
    change = plan_split(basetag, catalogue, old)
    files.write_whole(home / DONE, as_text(change))
    return change.number


def note_split(basetag: str, catalogue: Catalogue, number: int, part: str) -> None:
    """Some of a label's images have another one now, because it is split; said once for each part."""
    home = next((home for home in journal_folders(basetag) if journal_number(home) == number), None)
    change = read(home / DONE) if home and (home / DONE).exists() else None
    if home is None or change is None or part in (*dict(change.parts), *change.olds):
        return
    version = LabelHistory.of(catalogue.label_changes()).version + 1
    change = replace(change, parts=(*change.parts, (part, version)))
    files.write_whole(home / DONE, as_text(change))
    catalogue.put_label_changes(rows_of(change))


def count(change: Change) -> Changed:
    """What a planned change would come to."""
    waiting = {(Path(row.source).parent.parent.name, row.sha256) for row in change.moves} if change.moves else set()
    folders = [absolute(source) for source, _ in change.folders]
    there = sum(files.count_images(folder) for folder in folders if folder.parent.name in change.sorted_in)
    moving = sum(home in change.sorted_in for home, _ in waiting)
    return Changed(change, len(change.labels), max(there, moving))


def apply(home: Path, catalogue: Catalogue) -> Changed:
    """Do what the journal says, as far as it is not done."""
    change = read(home / UNDER_WAY)
    if change is None:
        return rename_damaged(home, UNDER_WAY, "done")
    counted, basetag = count(change), home.parent.name
    problems = [f"the journal in {home} is damaged ({change.torn} lines)"] if change.torn else []
    _write_rows(change, catalogue)
    with console.progress(len(change.moves), "moving") as advance:
        for move in change.moves:
            problems += _forward(basetag, move)
            advance(1)
    problems += _take_late_ones(basetag, change)
    for source, target in change.folders:
        problems += leave(change, absolute(source), absolute(target))
    files.write_whole(home / LOG, _log(change, problems))
    os.rename(home / UNDER_WAY, home / DONE)
    files.sync_folder(home)
    return replace(counted, problems=tuple(problems))


def _write_rows(change: Change, catalogue: Catalogue) -> None:
    """The rows, all together; nothing where that was done before a kill."""
    if any(row.action == change.number and row.kind != UNDO for row in catalogue.label_changes()):
        return
    renaming = renaming_of(change)
    stale = [replace(row, state=decisions.SUPERSEDED) for row in catalogue.decisions(decisions.UNDONE)]
    missing_files = [row.sha256 for row in change.labels if not change.new and not change.by_hand]
    catalogue.put_label_changes(
        rows_of(change),
        [label_after(change, row) for row in change.labels] if change.new else (),
        missing_files,
        [renaming.sorting(row) for row in change.sortings],
        [*stale, *(renaming.decision(row) for row in change.decisions)],
        {change.olds[0]: change.new} if change.kind == RENAME else {},
    )


def rename_damaged(home: Path, name: str, what: str) -> Changed:
    """A journal that cannot be read, under that name: nothing was done, or undone, by it."""
    os.rename(home / name, home / DAMAGED)
    problem = f"the journal in {home} is damaged; nothing was {what}"
    return Changed(Change(0, "", (), "", 0, 0, ""), problems=(problem,))


def _forward(basetag: str, move: FileMove) -> list[str]:
    """One move; whatever a person did meanwhile is respected. Returns what to tell, if anything."""
    source, target = absolute(move.source), absolute(move.target)
    try:
        if target.parent == paths.quarantine(basetag):
            if source.exists():
                quarantine.move_to_quarantine(basetag, source, move.sha256, REASON, target)
        else:
            files.move_to(source, target)
    except FileExistsError:
        free = files.free_path(target.parent, target.name)
        files.move_to(source, free)
        return [f"{target.name} was taken meanwhile; moved as {free.name}"]
    return []


def _take_late_ones(basetag: str, change: Change) -> list[str]:
    """Images that a person renamed within their folder while it was emptied: they go after the others. What came new
    stays, and is told."""
    notes: list[str] = []
    if change.kind in (RENAME, MOVE) or not change.moves:
        return notes
    targets = {(Path(move.source).parent, move.sha256): Path(move.target).parent for move in change.moves}
    for folder in dict.fromkeys(Path(move.source).parent for move in change.moves):
        for path, _, sha in provenance.hash_images([absolute(str(folder))]):
            target = targets.get((folder, sha))
            if target is None:
                notes.append(f"{path.name} came to {path.parent.name} meanwhile, and stays there")
                continue
            free = files.free_path(absolute(str(target)), path.name)
            notes += _forward(basetag, FileMove(sha, str(folder / path.name), os.path.relpath(free, paths.tf_files())))
    return notes


def leave(change: Change, source: Path, target: Path) -> list[str]:
    """A folder that is renamed, or was emptied. Returns what to tell, if anything."""
    if not source.exists():
        return []
    if target.exists():
        return [f"there is another {target.name} now; {source} stays"]
    if change.kind != RENAME and files.count_images(source):
        return []  # told before: what came meanwhile stays
    files.move_folder(source, target)
    return []


def _log(change: Change, problems: list[str]) -> str:
    """For people: what became what."""
    rows = [f"{move.source}\t{move.target}" for move in change.moves]
    rows += [f"{source}/\t{target}/" for source, target in change.folders]
    head = f"# {change.kind}: {', '.join(change.olds)} -> {change.new or 'set aside'}, {change.at}"
    return "\n".join([head, "from\tto", *rows, *(f"# {text}" for text in problems)]) + "\n"
