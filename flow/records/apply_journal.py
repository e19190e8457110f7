"""Does what a journal says, forwards (harvest) and backwards (undo).

Every move is safe to repeat, so whatever was killed is finished by doing it again from the start. Nothing is ever
overwritten or deleted; what a person did meanwhile is respected.
"""

import os
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.records.catalogue import Catalogue
from flow.records.journal import (
    DONE,
    UNDER_WAY,
    UNDOING,
    UNDONE,
    Journal,
    Move,
    absolute,
    as_text,
    is_relabelling,
    journal_folders,
    label_of,
    new_number,
    read,
)
from flow.records.labels import apply as relabel
from flow.records.labels import revert as relabel_back
from flow.ui import console

LOG = "harvest_log.txt"
UNDONE_COPIES = "taken_back"  # in a harvested_ folder: where undo puts copies of a person's own images


def finish_unfinished(basetag: str, catalogue: Catalogue, undos: bool = True) -> list[str]:
    """Finish harvests, changes of labels, and undos, that were killed half-way. Returns a sentence for each, and what
    went wrong.

    Args:
        undos: False where `undo` comes next, which goes on with the one that was cut short.
    """
    messages = []
    for home in journal_folders(basetag):
        what = "change of labels" if is_relabelling(home) else "harvest"
        if (home / UNDER_WAY).exists():
            problems = relabel.apply(home, catalogue).problems if is_relabelling(home) else apply(home, catalogue)
            messages += [f"The {what} {home.name}, cut short earlier, is finished now.", *problems]
        elif undos and (home / UNDOING).exists():
            kept = (
                list(relabel_back.revert(home, catalogue).problems)
                if is_relabelling(home)
                else revert(home, catalogue)[1]
            )
            messages += [f"The undo of {home.name}, cut short earlier, is finished now.", *kept]
        elif all(entry.name.startswith(files.PART) for entry in home.iterdir()):  # killed before its journal was whole
            files.sweep_parts(home)
            home.rmdir()
    return messages


def is_undoing(basetag: str) -> bool:
    """Whether an undo was cut short."""
    return any((home / UNDOING).exists() for home in journal_folders(basetag))


def run_journal(
    basetag: str, moves: list[Move], folders: list[Path], stamp: str, catalogue: Catalogue
) -> tuple[Path, tuple[str, ...]]:
    """Write a whole plan into a new harvested_ folder, then carry it out: the next run finishes what a kill cut short,
    and undo takes it back. Returns the folder and what went wrong.

    Args:
        folders: those that leave for the harvested_ folder once the moves are done; see `journal.as_text`.
    """
    number = new_number(basetag)
    home = files.make_folder(files.free_folder(paths.testing(basetag), f"{cfg.harvested_name}{stamp}"))
    files.write_whole(home / UNDER_WAY, as_text(moves, folders, number))
    return home, apply(home, catalogue)


def apply(home: Path, catalogue: Catalogue) -> tuple[str, ...]:
    """Do what the journal says, as far as it is not done. Safe to repeat from the start."""
    journal = read(home / UNDER_WAY)
    moves = journal.moves
    catalogue.set_labels(label_of(m) for m in moves)
    problems = _damage(home, journal)
    with console.progress(len(moves), "harvesting") as advance:
        for move in moves:
            problems += _forward(move)
            advance(1)
    for name in journal.folders if not journal.torn else []:
        source = home.parent / name
        if source.exists() and not (home / name).exists():
            files.move_folder(source, home / name)
    files.write_whole(home / LOG, _log(moves, problems))
    os.rename(home / UNDER_WAY, home / DONE)
    files.sync_folder(home)
    return tuple(problems)


def revert(home: Path, catalogue: Catalogue) -> tuple[int, list[str]]:
    """The journal backwards: folders first, then images. Returns how many images are back, and why others are not."""
    journal = read(home / UNDOING)
    moves, kept, back = journal.moves, _damage(home, journal), 0
    for name in journal.folders:
        if not (home / name).exists():
            continue
        if (home.parent / name).exists():
            kept.append(f"there is another {name} now; the old one stays in {home.name}")
        else:
            files.move_folder(home / name, home.parent / name)
    for move in moves:
        why = _backward(move, home)
        kept += [why] if why else []
        back += not why
    catalogue.drop_labels(m.sha256 for m in moves if not absolute(m.target).exists())
    os.rename(home / UNDOING, home / UNDONE)
    files.sync_folder(home)
    return back, kept


def _forward(move: Move) -> list[str]:
    """One move; whatever a person did meanwhile is respected. Returns what to tell, if anything."""
    source, target = absolute(move.source), absolute(move.target)
    if move.copy:
        return _copied(move, source, target)
    try:
        files.move_to(source, target)
    except FileExistsError:
        free = files.free_path(target.parent, target.name)
        files.move_to(source, free)
        return [f"{target.name} was taken meanwhile; moved as {free.name}"]
    return []


def _copied(move: Move, source: Path, target: Path) -> list[str]:
    """One copy of a person's own image; the image itself is only read."""
    if target.exists():
        return [] if files.sha256_of(target) == move.sha256 else [f"{target.name} was taken meanwhile; not copied"]
    try:
        if files.sha256_of(source) != move.sha256:
            return [f"{source} changed meanwhile; not copied"]
        files.copy_new(source, target.parent, target.name)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return [f"{source} cannot be read any more; not copied"]
    return []


def _backward(move: Move, home: Path) -> str:
    """Put one image back, or say why not; never guesses. A copy goes aside: nothing is deleted."""
    source, target = absolute(move.source), absolute(move.target)
    if move.copy:
        source = home / UNDONE_COPIES / move.label / target.name
    if not target.exists():
        return "" if source.exists() else f"{target.name} is no longer where the harvest put it"
    if files.sha256_of(target) != move.sha256:
        return f"{target.name} is another image now"
    try:
        files.move_to(target, source)
    except FileExistsError:
        return f"{source.name} is taken by another image"
    return ""


def _damage(home: Path, journal: Journal) -> list[str]:
    return [
        f"the journal in {home} is damaged ({journal.torn} lines); images that it no longer lists stay where they are"
    ] * (journal.torn > 0)


def _log(moves: list[Move], problems: list[str]) -> str:
    rows = [f"{m.source}\t{m.target}\t{m.given_by}\t{m.score if m.score is not None else ''}" for m in moves]
    return "\n".join(["from\tto\tlabelled_by\tscore", *rows, *(f"# {t}" for t in problems)]) + "\n"
