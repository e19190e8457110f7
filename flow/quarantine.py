"""The quarantine of a basetag: files of the user's that could not be used, each with its reason in reasons.txt."""

import contextlib
from pathlib import Path

from flow import files, paths
from flow.credits import one_line

REASONS = "reasons.txt"


def into_quarantine(basetag: str, path: Path, reason: str) -> None:
    """Keep a copy of a user's file that was refused, with the reason in a log beside it. Twice is once."""
    folder = files.make_folder(paths.quarantine(basetag))
    files.sweep_parts(folder)
    with contextlib.suppress(FileNotFoundError, PermissionError, IsADirectoryError):
        there = folder / path.name
        if not (there.exists() and files.sha256_of(there) == files.sha256_of(path)):
            there = files.copy_new(path, folder, path.name)
        log = folder / REASONS
        old = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        line = f"{one_line(there.name)}\t{one_line(reason)}\t{one_line(path)}\n"
        if line not in old:
            files.write_whole(log, old + line)
