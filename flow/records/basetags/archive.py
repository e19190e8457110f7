"""A basetag as one zip file: images as they are, models, and the catalogue as SQLite itself copies it."""

import contextlib
import json
import os
import sqlite3
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flow.base import files, paths
from flow.base.errors import BadUsage, NotReady, RoboError
from flow.records.basetags.moving import MANIFEST
from flow.records.basetags.parts import catalogues_of, files_below, folders_of, is_photo
from flow.ui import console

PACKED = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".heic", ".avif", ".npz")  # pressing these once more saves nothing
ROOTS = ("training_photos", "testing_photos", "training_summaries", "catalogues")
FOLDERS = "folders"  # in the manifest: folders without files, which a zip file would lose


def check_target(target: Path) -> None:
    """Raise BadUsage where a backup cannot be written there."""
    if target.suffix.lower() != ".zip":
        raise BadUsage(f"{target.name} does not end in .zip.", f"For example: {target.stem}.zip")
    if target.exists():
        raise BadUsage(f"{target} is there already.", "Choose another name; nothing is overwritten.")
    if not target.parent.is_dir():
        raise BadUsage(f"There is no folder {target.parent}.", "Make it first, or choose another one.")


def back_up(basetag: str, target: Path) -> tuple[int, int]:
    """Write everything of a basetag into a new zip file. Returns how many files it holds, and its bytes.

    Raises:
        BadUsage: there is a file of that name already, or no such folder.
        RoboError: the disk is full.
    """
    part = target.parent / files.fitting(f"{files.PART}{target.stem}", ".zip")
    if target.is_file():
        part.unlink(missing_ok=True)  # a run that was killed when the file had got its name already
    check_target(target)
    listed = list(files_below(*folders_of(basetag)))
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, basetag, listed)
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        files.publish(part, target.parent, target.name)
    except OSError as problem:
        with contextlib.suppress(OSError):
            part.unlink()
        raise RoboError(f"{target} cannot be written: {problem.strerror}.", "Nothing was changed.") from problem
    return len(listed), target.stat().st_size


def _write(archive: zipfile.ZipFile, basetag: str, listed: list[Path]) -> None:
    with console.progress(len(listed), "backing up") as advance:
        for path in listed:
            name = path.relative_to(paths.tf_files()).as_posix()
            how = zipfile.ZIP_STORED if path.suffix.lower() in PACKED else zipfile.ZIP_DEFLATED
            with contextlib.suppress(FileNotFoundError):  # taken away by somebody at this very moment
                archive.write(path, _sayable(name), how)
            advance(1)
    with tempfile.TemporaryDirectory(prefix="roboflow_") as folder:
        for path in catalogues_of(basetag):
            copy = Path(folder) / path.name
            archive.write(copy if _copied(path, copy) else path, f"catalogues/{path.name}")
    empty = [f for root in folders_of(basetag) for f in _empty_folders(root)]
    facts = {"basetag": basetag, "by": "backup", "version": 1, FOLDERS: [_sayable(name) for name in empty]}
    archive.writestr(MANIFEST, json.dumps(facts))


def unpack(source: Path, home: Path) -> str:
    """Bring a backup into an empty folder; every file is checked against what was written. Returns its basetag.

    Raises:
        NotReady: it is no backup of a basetag, or a damaged one; nothing is left behind.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            facts = json.loads(archive.read(MANIFEST))
            basetag = str(facts["basetag"])
            names = [one for one in archive.infolist() if one.filename != MANIFEST and not one.is_dir()]
            for name in [*(one.filename for one in names), *facts.get(FOLDERS, [])]:
                _must_be_of(basetag, name)
            with console.progress(len(names), "restoring") as advance:
                for one in names:
                    target = home / _as_written(one.filename)
                    files.make_folder(target.parent)
                    with archive.open(one) as reader, open(target, "xb") as writer:
                        while block := reader.read(1 << 20):
                            writer.write(block)
                        writer.flush()
                        os.fsync(writer.fileno())
                    advance(1)
            for name in facts.get(FOLDERS, []):
                files.make_folder(home / _as_written(name))
    except FileNotFoundError as problem:
        raise NotReady(f"There is no file {source}.", "Give a file that backup has written.") from problem
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, NotImplementedError) as problem:
        hint = "Nothing was changed. Give a file that backup has written."
        raise NotReady(f"{source.name} is no backup of a basetag, or it is damaged.", hint) from problem
    return basetag


def count(source: Path) -> int:
    """How many images a backup holds. Raises NotReady."""
    try:
        with zipfile.ZipFile(source) as archive:
            archive.getinfo(MANIFEST)
            return sum(is_photo(PurePosixPath(name)) for name in archive.namelist())
    except FileNotFoundError as problem:
        raise NotReady(f"There is no file {source}.", "Give a file that backup has written.") from problem
    except (zipfile.BadZipFile, KeyError, OSError) as problem:
        raise NotReady(f"{source.name} is no backup of a basetag.", "Give a file that backup has written.") from problem


def _must_be_of(basetag: str, name: str) -> None:
    """Raise ValueError where a name in a backup would lead out of its basetag's folders."""
    root, *rest = PurePosixPath(name).parts
    inside = rest[0].partition(".")[0] if root == "catalogues" and len(rest) == 1 else rest[0] if rest else ""
    is_tame = root in ROOTS and inside == basetag and ".." not in rest and not name.startswith("/") and "\\" not in name
    if not is_tame or "/" in basetag or basetag in ("", ".", ".."):
        raise ValueError(name)


def _copied(path: Path, copy: Path) -> bool:
    """SQLite's own copy of a database, whole even where another run writes; False where it is none that can be read."""
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source,
            contextlib.closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.DatabaseError:
        return False
    return True


def _empty_folders(root: Path) -> Iterator[str]:
    for folder in [root, *sorted(root.rglob("*"))] if root.is_dir() else []:
        if folder.is_dir() and not stat.S_ISLNK(folder.lstat().st_mode) and not any(folder.iterdir()):
            yield folder.relative_to(paths.tf_files()).as_posix()


def _sayable(name: str) -> str:
    """A file's name as text that a zip file can hold: bytes that are no UTF-8, and the % itself, as %XX."""
    quoted = name.replace("%", "%25")
    return "".join(f"%{ord(c) - 0xDC00:02X}" if 0xDC80 <= ord(c) <= 0xDCFF else c for c in quoted)


def _as_written(name: str) -> str:
    """The file's name that `_sayable` wrote down."""
    head, *rest = name.split("%")
    out = head
    for part in rest:
        code = int(part[:2], 16)
        out += ("%" if code == 0x25 else chr(0xDC00 + code)) + part[2:]
    return out
