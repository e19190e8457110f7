"""Files that are never lost and never half there: write beside, fsync, publish under a name nobody has.

Everything that puts a file under its final name goes through here. No function in this module overwrites a file
except `write_whole`, which replaces our own state files in one step.
"""

import contextlib
import ctypes
import errno
import hashlib
import os
import shutil
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO

from flow.base.errors import RoboError

PART = ".part-"  # how a file begins its name while it is being written; ignored by every listing
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif", ".hif")
JUNK_NAMES = {"thumbs.db", "desktop.ini"}
NAME_BYTES_MAX = 255  # what file systems allow a name
NO_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES}
NO_REPLACE, HERE = 1, -100  # RENAME_NOREPLACE and AT_FDCWD of Linux's renameat2


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable (fsync on the folder itself)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with _about(folder):
            os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's content durable (fsync)."""
    with open(path, "rb") as reader:
        os.fsync(reader.fileno())


def sync_all(folder: Path) -> None:
    """Everything in a folder is durable before the folder gets its name; the kernel has written most of it by now."""
    for root, _, names in os.walk(folder):
        for name in names:
            sync_file(Path(root, name))
        sync_folder(Path(root))


def make_folder(folder: Path) -> Path:
    """The folder, made with its parents where missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_whole(path: Path, data: bytes | str) -> None:
    """Replace a state file of ours in one step; a reader sees the old or the new one, never half of either."""
    raw = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    part = _part(path)
    _write(part, raw)
    os.replace(part, path)
    sync_folder(path.parent)


def write_new(folder: Path, name: str, data: bytes) -> Path:
    """Write `data` under `name` in `folder`, or under name_2, name_3 ... where taken. Returns the path it got."""
    make_folder(folder)
    part = _part(folder / name)
    _write(part, data)
    return publish(part, folder, name)


def copy_new(source: Path, folder: Path, name: str) -> Path:
    """Copy a file under a free name in `folder`, complete or not at all. Returns the path it got."""
    make_folder(folder)
    part = _part(folder / name)
    with open(source, "rb") as reader, open(part, "wb") as writer:
        shutil.copyfileobj(reader, writer, 1 << 20)
        writer.flush()
        os.fsync(writer.fileno())
    return publish(part, folder, name)


def write_part(folder: Path, name: str, data: bytes) -> Path:
    """Write `data` durably under a part name, for `publish` later. `name` must be unlike that of any other part."""
    part = _part(folder / name)
    _write(part, data)
    return part


def publish(part: Path, folder: Path, name: str, sync: bool = True) -> Path:
    """Give a finished part file its final name without ever replacing another file.

    Args:
        sync: False where the caller publishes many and calls `sync_folder` once after the last.
    """
    while True:
        target = free_path(folder, name)
        try:
            _give_name(part, target)
        except FileExistsError:
            continue  # somebody took the name between the look and the link: take the next
        if sync:
            sync_folder(folder)
        return target


def move_to(source: Path, target: Path) -> bool:
    """Move one file to exactly `target`, never overwriting; safe to be killed in and safe to repeat.

    Returns:
        True if the file now lies at `target` (also when it did before), False where `source` is gone and
        `target` is not there.

    Raises:
        FileExistsError: another content lies at `target`; both stay.
    """
    if not source.exists():
        return target.exists()
    make_folder(target.parent)
    with contextlib.suppress(FileNotFoundError):  # taken away by somebody at this very moment
        try:
            if not _linked(source, target):
                _copy_exclusive(source, target)
        except FileExistsError:
            if not _same_content(source, target):
                raise
        sync_folder(target.parent)
        source.unlink()
        sync_folder(source.parent)
    return target.exists()


def move_folder(source: Path, target: Path) -> None:
    """Rename a folder to a name that must be free."""
    if target.exists():
        raise FileExistsError(errno.EEXIST, "exists already", str(target))
    make_folder(target.parent)
    os.rename(source, target)
    sync_folder(target.parent)
    if source.parent != target.parent and source.parent.exists():
        sync_folder(source.parent)


def remove_if_empty(folder: Path) -> None:
    """An empty folder goes; one that holds anything at all stays."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; 0 where there is none."""
    return sum(os.lstat(os.path.join(root, name)).st_size for root, _, names in os.walk(folder) for name in names)


def free_path(folder: Path, name: str, taken: Container[Path] = ()) -> Path:
    """`folder/name`, or name_2, name_3 ... where that is taken; too long a name is cut.

    Args:
        taken: paths that are promised to others already, though nothing lies there yet.
    """
    stem, ending = Path(name).stem, Path(name).suffix
    path, number = folder / fitting(stem, ending), 2
    while os.path.lexists(path) or path in taken:
        path, number = folder / fitting(stem, f"_{number}{ending}"), number + 1
    return path


def fitting(stem: str, tail: str) -> str:
    """stem + tail, the stem cut so that no name is longer than a file system allows."""
    limit = NAME_BYTES_MAX - len(os.fsencode(tail))
    while len(os.fsencode(stem)) > limit:
        stem = stem[:-1]
    return stem + tail


def free_folder(home: Path, name: str) -> Path:
    """`home/name`, or name_2, name_3 ... where that is taken; a folder's name has no ending to keep."""
    path, number = home / name, 2
    while os.path.lexists(path):
        path, number = home / f"{name}_{number}", number + 1
    return path


def images_in(folder: Path) -> list[Path]:
    """The image files directly in a folder, by name: no hidden files, no sub-folders, no symbolic links.

    A missing folder has none. Files are judged by their ending; what cannot be read is found out on reading.
    """
    return [folder / name for name in sorted(image_names(folder))]


def image_names(folder: Path) -> list[str]:
    """The names of `images_in`, in no order."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if _is_image_file(entry)]
    except FileNotFoundError:
        return []


def count_images(folder: Path) -> int:
    """How many `images_in` would give, in less than half the time."""
    return len(image_names(folder))


def folders_in(folder: Path, start: str = "") -> list[Path]:
    """The visible sub-folders of a folder whose names begin with `start`, by name."""
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")]
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(names) if name.startswith(start)]


def sweep_parts(folder: Path) -> None:
    """Remove what a killed run had begun to write. Only for a folder whose writers all hold our lock."""
    for part in parts_in(folder):
        part.unlink(missing_ok=True)


def sweep_folders(home: Path, start: str) -> None:
    """Remove folders in `home` whose names begin with `start`: ours, half-filled or half-removed by a killed run."""
    if home.is_dir():
        for entry in home.iterdir():
            if entry.name.startswith(start) and entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)


def parts_in(folder: Path) -> Iterator[Path]:
    """Left-over part files of a run that was killed: never a finished file."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(PART) and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with open(path, "rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(reader)


def need_space(folder: Path, megabytes: int) -> None:
    """Raise RoboError where the disk holding `folder` has less than `megabytes` free."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < megabytes:
        raise RoboError(
            f"The disk with {folder} is nearly full: {free} MB free, {megabytes} MB needed.",
            "Make room and run the same command again; nothing was lost.",
        )


def _digest(reader: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := reader.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _is_image_file(entry: os.DirEntry) -> bool:
    """Visible regular files. A symbolic link is none: moved away, it might point nowhere."""
    name = entry.name.lower()
    if name.startswith(".") or name in JUNK_NAMES or not name.endswith(IMAGE_ENDINGS):
        return False
    return entry.is_file(follow_symlinks=False)


def _part(path: Path) -> Path:
    """Where a file is written before it gets its name. Its own name each time but short enough for any file system;
    the same after a kill, so that the next run writes over it."""
    return path.parent / fitting(f"{PART}{path.name}", f"-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}")


def _write(path: Path, raw: bytes) -> None:
    with _about(path), open(path, "wb") as writer:
        writer.write(raw)
        writer.flush()
        os.fsync(writer.fileno())


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    """Trouble with writing names the file: the system names one only where it is opened."""
    try:
        yield
    except OSError as problem:
        problem.filename = problem.filename or str(path)
        raise


def _give_name(part: Path, target: Path) -> None:
    """A finished part file gets its name, which must be free."""
    if _linked(part, target):
        part.unlink()
    else:
        _rename_new(part, target)


def _linked(source: Path, target: Path) -> bool:
    """Make `target`, which must be free, the same file as `source`; False where links are not possible."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as problem:
        if problem.errno not in NO_LINKS:
            raise
        return False
    return True


def _copy_exclusive(source: Path, target: Path) -> None:
    """Copy where hard links are not possible: written and verified beside, then renamed to a name that must be free."""
    part = _part(target)
    shutil.copyfile(source, part)
    with open(part, "rb") as reader:
        os.fsync(reader.fileno())
    if not _same_content(source, part):
        part.unlink()
        raise OSError(errno.EIO, "the copy differs from the original", str(source))
    try:
        _rename_new(part, target)
    except FileExistsError:
        part.unlink()
        raise


def _rename_new(source: Path, target: Path) -> None:
    """Rename to a name that must be free. Linux does both in one step; elsewhere we look first."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename and rename(HERE, os.fsencode(source), HERE, os.fsencode(target), NO_REPLACE) == 0:
        return
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)


def _same_content(one: Path, other: Path) -> bool:
    if one.samefile(other):
        return True
    return one.stat().st_size == other.stat().st_size and sha256_of(one) == sha256_of(other)
