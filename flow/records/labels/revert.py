"""Takes a change of labels back. Safe to repeat, as `apply.py` is; nothing is overwritten or deleted, and what a person
did meanwhile stays.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from flow.base import files, paths, quarantine
from flow.base.errors import NotReady
from flow.records import decisions, provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import TRAINING
from flow.records.journal import DONE, UNDOING, UNDONE, absolute
from flow.records.labels.apply import Changed, leave, rename_damaged
from flow.records.labels.history import RENAME, SPLIT, UNDO, LabelHistory
from flow.records.labels.journal import Change, as_text, read
from flow.records.labels.plan import now
from flow.records.labels.rows import Renaming
from flow.records.rows import LabelChange


def check_revert(home: Path) -> Change:
    """The change that an undo would take back. Raises NotReady where that cannot be done; nothing was changed then."""
    change = read(home / (DONE if (home / DONE).exists() else UNDOING))
    if change is None:
        raise NotReady(f"The journal in {home} is damaged.", "What it told cannot be undone any more.")
    there = [old for old in change.olds if (paths.training(home.parent.name) / old).exists()]
    if change.kind == RENAME and there:
        raise NotReady(
            f"There is a label {there[0]} again, so {change.new} cannot be called that.",
            f"Rename it first: python roboflow.py {home.parent.name} labels rename {there[0]} NEW",
        )
    return change


def begin_revert(home: Path) -> None:
    """From now on the undo is finished by the next run, should this one be killed."""
    os.rename(home / DONE, home / UNDOING)
    files.sync_folder(home)


def revert(home: Path, catalogue: Catalogue) -> Changed:
    """The journal backwards: folders first, then images, then the rows of what is back."""
    change = read(home / UNDOING)
    if change is None:
        return rename_damaged(home, UNDOING, "undone")
    take_back: Callable[[str, Change, Catalogue], tuple[int, list[str]]]
    take_back = {RENAME: _rename_back, SPLIT: _join}.get(change.kind, _move_back)
    back, problems = take_back(home.parent.name, change, catalogue)
    stale = catalogue.decisions(decisions.UNDONE)  # what was undone before is not done again under labels of then
    catalogue.put_decisions([replace(row, state=decisions.SUPERSEDED) for row in stale])
    history = LabelHistory.of(catalogue.label_changes())
    undone = next((c.number for c in history.changes if c.undoes == change.number), history.version)
    files.write_whole(home / UNDONE, as_text(replace(change, undo_version=undone)))
    (home / UNDOING).unlink()
    files.sync_folder(home)
    return Changed(change, back, problems=tuple(problems))


def _undo_row(change: Change, catalogue: Catalogue) -> list[LabelChange]:
    """The row that says a change was taken back; none where it is there already."""
    history = LabelHistory.of(catalogue.label_changes())
    if change.number in history.undone:
        return []
    return [
        LabelChange(
            history.version + 1, UNDO, change.new, "", now(), change.number, change.number, catalogue.last_decision()
        )
    ]


def _rename_back(basetag: str, change: Change, catalogue: Catalogue) -> tuple[int, list[str]]:
    """All that has the new name gets the old one, also what came since."""
    old, problems = change.olds[0], []
    mixed = {absolute(move.target).parent for move in change.moves}  # folders that were there under the new name
    for home in (paths.training(basetag), *provenance.sorted_folders(basetag)):
        for folder in files.folders_in(home, change.new):
            tail = folder.name.removeprefix(change.new)
            if folder not in mixed and Renaming({change.new: old}).place(folder.name) == f"{old}{tail}":
                problems += leave(change, folder, home / f"{old}{tail}")
    kept = _files_back(basetag, change)
    sorted_in = [folder.name for folder in provenance.sorted_folders(basetag)]
    back = Renaming({change.new: old})
    labels = [row for row in catalogue.labels().values() if row.label == change.new]
    sortings = [row for name in sorted_in for row in catalogue.sortings(name).values()]
    where = (TRAINING, *sorted_in, *(folder.name for folder in provenance.unsorted_folders(basetag)))
    decided = [row for name in where for row in catalogue.decisions(decisions.DONE, name)]
    catalogue.put_label_changes(
        _undo_row(change, catalogue),
        map(back.label, labels),
        sortings=[back.sorting(row) for row in sortings],
        decisions=[back.decision(row) for row in decided if back.decision(row) != row],
        keys={change.new: old},
    )
    return len(labels), problems + kept


def _move_back(basetag: str, change: Change, catalogue: Catalogue) -> tuple[int, list[str]]:
    """Images and rows of labels that were put together, or set aside, as they were; what came since stays."""
    for source, target in change.folders:
        if absolute(target).exists() and not absolute(source).exists():
            files.move_folder(absolute(target), absolute(source))
    kept = _files_back(basetag, change)
    into = paths.training(basetag) / change.new if change.new else paths.quarantine(basetag)
    staying = {sha for _, _, sha in provenance.hash_images([into])} if change.new or not change.by_hand else set()
    now = catalogue.labels()
    labels = [
        row
        for row in change.labels
        if row.sha256 not in staying and (now.get(row.sha256, replace(row, label=change.new)).label == change.new)
    ]
    lying = {
        (home.name, sha)
        for home in provenance.sorted_folders(basetag)
        for _, _, sha in provenance.hash_images([home / change.new] if change.new else [])
    } & {(Path(move.source).parent.parent.name, move.sha256) for move in change.moves}
    catalogue.put_label_changes(
        _undo_row(change, catalogue),
        labels,
        sortings=[row for row in change.sortings if (row.folder, row.sha256) not in lying],
        decisions=[row for row in change.decisions if row.sha256 not in staying],
    )
    if change.makes_new:
        files.remove_if_empty(paths.training(basetag) / change.new)
    return len(labels), kept


def _files_back(basetag: str, change: Change) -> list[str]:
    """Every moved image to where it came from, also one that a person renamed where it was put. Returns why others are
    not."""
    folders = list(dict.fromkeys(absolute(move.target).parent for move in change.moves))
    lies = {(path.parent, sha): path for path, _, sha in provenance.hash_images(folders)}
    kept = []
    for move in reversed(change.moves):
        source, target = absolute(move.source), absolute(move.target)
        there = target if target.exists() and files.sha256_of(target) == move.sha256 else None
        there = there or lies.get((target.parent, move.sha256))
        if there is None or not there.exists():
            kept += [] if source.exists() else [f"{target.name} is no longer where the change put it"]
            continue
        try:
            if target.parent == paths.quarantine(basetag):
                quarantine.move_back(there, source)
            else:
                files.move_to(there, source)
        except FileExistsError:
            kept.append(f"{source.name} is taken by another image")
    return kept


def _join(basetag: str, change: Change, catalogue: Catalogue) -> tuple[int, list[str]]:
    """Images of a label that was split are in one folder again, as labelled by whom they were."""
    training = paths.training(basetag)
    parts = set(dict(change.parts)) - {change.olds[0]}
    before = {row.sha256: row for row in change.labels}
    home = training / change.olds[0]
    for path, _, sha in provenance.hash_images([training / part for part in sorted(parts)]):
        if sha in before:
            files.move_to(path, files.free_path(home, path.name))
    lies = {sha for _, _, sha in provenance.hash_images([home])}
    back = [row for sha, row in before.items() if sha in lies]
    decided = [
        replace(row, state=decisions.SUPERSEDED)
        for row in catalogue.decisions(decisions.DONE, TRAINING)
        if row.number > change.after and row.sha256 in lies and row.sha256 in before
    ]
    catalogue.put_label_changes(_undo_row(change, catalogue), back, decisions=decided)
    for part in parts:
        files.remove_if_empty(training / part)
    return len(back), []
