"""`folder:DIR`: photos of one's own, from a folder and all folders in it. A CREDITS.csv beside them is read too."""

import contextlib
import csv
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import config as cfg
from flow.base.errors import BadUsage
from flow.base.files import IMAGE_ENDINGS, JUNK_NAMES
from flow.sources import FoundImage, Source

CREDITS = "CREDITS.csv"
CREDIT = "your own photo"
CREDITS_BYTES_MAX = 20_000_000


class Folder(Source):
    name = "folder"
    own = True
    online = False

    def __init__(self, folder: Path):
        self.folder = folder

    def search(self, tag: str) -> Iterator[FoundImage]:
        """Every image file, by path; the tag does not choose here."""
        for place, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            credits = _credits(Path(place) / CREDITS) if CREDITS in names else {}
            for name in sorted(names):
                path = Path(place) / name
                if _looks_like_image(path):
                    yield _found(path, credits.get(name, {}))

    def why_empty(self) -> str:
        return "" if next(self.search(""), None) else f"There is no image in {self.folder}."

    def read(self, found: FoundImage) -> bytes:
        path = Path(found.image_url)
        if path.stat().st_size > cfg.image_bytes_max:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return path.read_bytes()


def make(argument: str) -> list[Source]:
    folder = Path(argument).expanduser().absolute()
    if not folder.is_dir():
        raise BadUsage(f"There is no folder {folder}.", "Give the folder that holds your photos: --source folder:DIR")
    return [Folder(folder)]


def _looks_like_image(path: Path) -> bool:
    """Visible files with an image's ending, or with none at all (what they hold is found out on reading)."""
    name = path.name.lower()
    if name.startswith(".") or name in JUNK_NAMES or path.suffix.lower() not in {*IMAGE_ENDINGS, ""}:
        return False
    return path.is_file() and (bool(path.suffix) or _begins_like_image(path))


def _begins_like_image(path: Path) -> bool:
    from flow.base.file_type import kind_of

    with contextlib.suppress(OSError), path.open("rb") as reader:
        return kind_of(reader.read(16)) != ""
    return False


def _found(path: Path, credit: dict[str, str]) -> FoundImage:
    """The record of one file. Its id holds size and time of change, so that a changed file counts as a new one."""
    try:
        facts = path.stat()
        mark = f"{facts.st_size}-{facts.st_mtime_ns}"
    except OSError:
        mark = "gone"
    where = os.fsencode(path).decode("utf-8", "backslashreplace")
    return FoundImage(
        "folder",
        f"{where}|{mark}",
        str(path),
        credit.get("page_url", ""),
        credit.get("title", "") or path.stem,
        credit.get("creator", ""),
        credit.get("license", "") or "unknown",
        credit.get("license_url", ""),
        credit.get("credit", "") if credit else CREDIT,
    )


def _credits(path: Path) -> dict[str, dict[str, str]]:
    """Rows of a CREDITS.csv such as the downloader writes, by file name; empty where it cannot be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError, csv.Error):
        if path.stat().st_size <= CREDITS_BYTES_MAX:
            with path.open(newline="", encoding="utf-8-sig") as reader:
                return {row.get("file") or "": _texts(row) for row in csv.DictReader(reader)}
    return {}


def _texts(row: dict) -> dict[str, str]:
    """The cells of a row that have a heading, without the quote that keeps spreadsheets from calculating."""
    return {name: value.lstrip("'") for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
