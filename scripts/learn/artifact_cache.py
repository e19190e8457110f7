"""Folders that are built once and stored: complete or not there, checked by hash, one builder at a time.

What a killed run left half built, or what has changed since, is built anew. A run that finds another one building
waits, and then uses what that one built.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

COMPLETE = "whole.json"  # our note in a stored folder: the hash of every file in it
PART = ".part-"


def cached_folder(folder: Path, make: Callable[[Path], None]) -> Path:
    """`folder` as `make` fills it; built where it is missing or damaged."""
    if not is_complete(folder):
        with exclusive(folder.parent):
            if not is_complete(folder):  # no other run built it while we waited
                part = folder.with_name(f"{PART}{folder.name}")
                for old in (part, folder):
                    shutil.rmtree(old, ignore_errors=True)
                make(part)
                (part / COMPLETE).write_text(json.dumps(_hashes(part)), encoding="utf-8")
                sync(part)
                os.rename(part, folder)
    return folder


def is_complete(folder: Path) -> bool:
    """Whether a stored folder is there and holds exactly what was built."""
    try:
        return json.loads((folder / COMPLETE).read_text(encoding="utf-8")) == _hashes(folder)
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Wait for whoever builds in this folder; the system frees the lock of one that was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "build.lock", "w", encoding="utf-8") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


def sync(folder: Path) -> None:
    """Make everything in a folder durable before the folder gets its final name."""
    for path in [folder, *folder.rglob("*")]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb") as reader:
        while chunk := reader.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != COMPLETE]
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in files}
