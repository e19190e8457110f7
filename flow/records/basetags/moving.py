"""Moves all of a basetag: to another name, to removed/, or back from there. Written down before the first move; every
part is safe to repeat, so that the next run of either name finishes what a kill cut short.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from flow.base import files, paths
from flow.base.errors import RoboError
from flow.records.basetags.names_inside import rename_inside
from flow.records.basetags.parts import is_of, parts_of, renamed
from flow.ui import console

RENAME, REMOVE, RESTORE = "rename", "remove", "restore"
MANIFEST = "roboflow_basetag.json"  # in a folder of removed/ and in a backup: whose it is


@dataclass(frozen=True)
class Moving:
    """`old` becomes `new`; `moves`: from and to, relative to tf_files; `home`: the folder in removed/ that is filled or
    emptied, relative too."""

    kind: str
    old: str
    new: str
    moves: tuple[tuple[str, str], ...]
    home: str = ""

    @property
    def words(self) -> str:
        if self.kind == RENAME:
            return f"The renaming of {self.old} to {self.new}"
        return f"The removal of {self.old}" if self.kind == REMOVE else f"The restoring of {self.new}"


def plan_rename(old: str, new: str) -> Moving:
    """All parts of a basetag under another name."""
    return Moving(RENAME, old, new, _moves(old, paths.tf_files(), paths.tf_files(), old, new))


def plan_removal(basetag: str, home: Path) -> Moving:
    """All parts of a basetag to a folder of removed/."""
    moves = _moves(basetag, paths.tf_files(), home, basetag, basetag)
    return Moving(REMOVE, basetag, basetag, moves, _relative(home))


def plan_restore(home: Path, old: str, new: str) -> Moving:
    """All that lies in a folder of removed/ to where it was, or under another name."""
    parts = sorted(part for root in home.iterdir() if root.is_dir() for part in root.iterdir())
    moves = tuple(
        (_relative(part), str(renamed(part.relative_to(home), old, new))) for part in parts if is_of(part, old)
    )
    return Moving(RESTORE, old, new, moves, _relative(home))


def carry_out(moving: Moving) -> None:
    """Write it down, then do it.

    Raises:
        RoboError: something lies on another disk; nothing was changed.
    """
    for pair in moving.moves:
        _must_share_a_disk(*(paths.tf_files() / text for text in pair))
    journal = files.make_folder(_journals()) / f"{moving.kind}_{moving.old}_{moving.new}.json"
    files.write_whole(journal, json.dumps(asdict(moving), indent=1))
    _do(moving, journal)


def unfinished(basetag: str) -> list[tuple[Path, Moving]]:
    """What a kill cut short, of a basetag under its old or its new name."""
    found = []
    for journal in sorted(_journals().glob("*.json")) if _journals().is_dir() else []:
        moving = _read(journal)
        if moving and basetag in (moving.old, moving.new):
            found.append((journal, moving))
    return found


def finish(basetag: str) -> list[str]:
    """Finish what a kill cut short. Returns a sentence for each."""
    messages = []
    for journal, moving in unfinished(basetag):
        _do(moving, journal)
        messages.append(f"{moving.words}, cut short earlier, is finished now.")
    return messages


def write_manifest(home: Path, basetag: str, kind: str) -> None:
    """Say whose a folder of removed/ is."""
    files.write_whole(home / MANIFEST, json.dumps({"basetag": basetag, "by": kind, "version": 1}))


def owner_of(home: Path) -> str:
    """The basetag that a folder of removed/ was; empty where it does not say."""
    try:
        return str(json.loads((home / MANIFEST).read_text(encoding="utf-8"))["basetag"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _do(moving: Moving, journal: Path) -> None:
    home = paths.tf_files() / moving.home if moving.home else None
    if moving.kind == REMOVE and home:
        files.make_folder(home)
        write_manifest(home, moving.old, REMOVE)
    for source_text, target_text in moving.moves:
        source, target = paths.tf_files() / source_text, paths.tf_files() / target_text
        if source.exists() and target.is_dir():
            files.remove_if_empty(target)  # made by a command that only looked
        if source.exists() and target.exists():
            console.warn(f"{target} was taken meanwhile; {source} stays")
        elif source.exists():
            files.move_folder(source, target)
    if moving.old != moving.new:
        rename_inside(moving.old, moving.new)
    if moving.kind == RESTORE and home:
        _sweep(home)
    journal.unlink()
    files.sync_folder(journal.parent)
    files.remove_if_empty(journal.parent)


def _must_share_a_disk(source: Path, target: Path) -> None:
    root = target.parent
    while not root.exists():
        root = root.parent
    if source.parent.stat().st_dev != root.stat().st_dev:
        raise RoboError(
            f"{source.parent} lies on another disk than {root}; nothing was changed.",
            "Move or copy it there by hand, or make a backup.",
        )


def _sweep(home: Path) -> None:
    """An emptied folder of removed/ goes; what is still in it stays."""
    if not home.is_dir():
        return
    for root in [entry for entry in home.iterdir() if entry.is_dir()]:
        files.remove_if_empty(root)
    if [entry.name for entry in home.iterdir()] == [MANIFEST]:
        (home / MANIFEST).unlink()
    files.remove_if_empty(home)


def _moves(basetag: str, start: Path, end: Path, old: str, new: str) -> tuple[tuple[str, str], ...]:
    found = []
    for part in parts_of(basetag):
        inside = part.relative_to(start)
        found.append((_relative(part), _relative(end / renamed(inside, old, new))))
    return tuple(found)


def _read(journal: Path) -> Moving | None:
    """A journal; None where it says nothing that could be done, or leads out of tf_files."""
    try:
        facts = json.loads(journal.read_text(encoding="utf-8"))
        moving = Moving(**{**facts, "moves": tuple((str(a), str(b)) for a, b in facts["moves"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    root = f"{paths.tf_files()}{os.sep}"
    ends = [os.path.normpath(paths.tf_files() / text) for pair in moving.moves for text in pair]
    return moving if all(end.startswith(root) for end in ends) else None


def _journals() -> Path:
    return paths.tf_files() / "unfinished"


def _relative(path: Path) -> str:
    return os.path.relpath(path, paths.tf_files())
