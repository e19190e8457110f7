"""The quarantine of a basetag: images that could not be used, each with its reason in reasons.txt."""

import contextlib
from collections.abc import Container
from pathlib import Path

from flow.base import files, paths
from flow.base.names import one_line

REASONS = "reasons.txt"


def copy_to_quarantine(basetag: str, path: Path, reason: str) -> None:
    """Keep a copy of a file of the user's own that was refused; the file stays where it is. Twice is once."""
    folder = files.make_folder(paths.quarantine(basetag))
    files.sweep_parts(folder)
    with contextlib.suppress(FileNotFoundError, PermissionError, IsADirectoryError):
        there = folder / path.name
        if not (there.exists() and files.sha256_of(there) == files.sha256_of(path)):
            there = files.copy_new(path, folder, path.name)
        _say_why(there, reason, str(path))


def move_to_quarantine(basetag: str, path: Path, sha256: str, reason: str, target: Path | None = None) -> None:
    """Take an image of the program's own folders out of the way; safe to be killed in and safe to repeat.

    The reason is written first, so that nothing lies there without one.

    Args:
        target: where to, as `place_for` said; empty = asked now.
    """
    target = target or place_for(basetag, path, sha256)
    files.make_folder(target.parent)
    _say_why(target, reason, path.parent.name)
    files.move_to(path, target)


def place_for(basetag: str, path: Path, sha256: str, taken: Container[Path] = ()) -> Path:
    """Where an image would lie in the quarantine: under its name, or a free one where another image has that.

    Args:
        taken: see `files.free_path`.
    """
    target = paths.quarantine(basetag) / path.name
    if target in taken or (target.exists() and files.sha256_of(target) != sha256):
        target = files.free_path(target.parent, target.name, taken)
    return target


def move_back(there: Path, home: Path) -> None:
    """Put an image back from the quarantine, and forget its reason; safe to be killed in and safe to repeat.

    Raises:
        FileExistsError: another image lies at `home`; both stay.
    """
    files.move_to(there, home)
    log = there.parent / REASONS
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        left = [line for line in lines if line.split("\t")[0] != one_line(there.name)]
        if left != lines:
            files.write_whole(log, "".join(left))


def _say_why(image: Path, reason: str, origin: str) -> None:
    """One line an image, once; a line that was cut off by a kill is written anew."""
    log = image.parent / REASONS
    old = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    line = f"{one_line(image.name)}\t{one_line(reason)}\t{one_line(origin)}"
    if line in old.split("\n")[:-1]:
        return
    with open(log, "a", encoding="utf-8", errors="backslashreplace") as writer:
        writer.write(f"{line}\n" if old.endswith("\n") or not old else f"\n{line}\n")
