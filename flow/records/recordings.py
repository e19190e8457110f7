"""Which images belong to one recording: in the catalogue, and in recordings.txt beside the images, from which a lost
catalogue is filled again. Without it frames of one recording would count as images of their own, and flatter."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from flow.base import files
from flow.records.catalogue import Catalogue

NAME = "recordings.txt"
LINE = re.compile(r"([0-9a-f]{64})\t([^\t\n]+)\n")


def remember(folder: Path, catalogue: Catalogue, groups: Mapping[str, str]) -> None:
    """Note which recordings images of an unsorted_ folder belong to; before the images get their names there.

    Args:
        groups: content hash -> recording.
    """
    if not groups:
        return
    files.make_folder(folder)
    with open(folder / NAME, "a+b") as log:
        log.seek(0, os.SEEK_END)
        torn = log.tell() and (log.seek(-1, os.SEEK_END), log.read(1))[1] != b"\n"
        log.write(b"\n" * bool(torn) + "".join(f"{sha}\t{group}\n" for sha, group in groups.items()).encode())
        log.flush()
        os.fsync(log.fileno())
    catalogue.set_groups(dict(groups))


def read(folder: Path) -> dict[str, str]:
    """Content hash -> recording, of the images of an unsorted_ folder; a line that a kill cut off is left out."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(LINE.findall(text))
