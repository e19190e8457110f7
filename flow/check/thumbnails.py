"""Thumbnails for the page, made when they are first asked for and kept by content hash."""

import contextlib
import io
import os
import threading
from pathlib import Path

from flow.base import files, paths
from flow.base.learning import api

SIZES = {"grid": 360, "large": 1400}  # pixels, longest side
QUALITY = {"grid": 80, "large": 86}
END = b"\xff\xd9"  # what every whole JPEG ends in


def thumbnail(path: Path | None, sha256: str, size: str) -> bytes | None:
    """The JPEG of an image in one of SIZES; None where it cannot be read and was never made.

    Args:
        path: where the image lies; None where it is missing: a thumbnail made before is still shown.
    """
    cached = paths.thumbnails() / sha256[:2] / f"{sha256}_{SIZES[size]}.jpg"
    with contextlib.suppress(OSError):
        data = cached.read_bytes()
        if data.endswith(END):
            return data
    made = _made(path, size) if path else None
    if made:
        with contextlib.suppress(OSError):  # a full disk: made again next time
            _write(cached, made)
    return made


def sweep() -> None:
    """Remove what a kill left half-written."""
    for folder in files.folders_in(paths.thumbnails()):
        files.sweep_parts(folder)


def _made(path: Path, size: str) -> bytes | None:
    from PIL import Image

    side = SIZES[size]
    try:
        image = api.decode(path, draft_side=side)
    except api.Unreadable:
        return None
    image.thumbnail((side, side), Image.Resampling.LANCZOS if size == "large" else Image.Resampling.BICUBIC)
    image.info.clear()  # nothing that a camera wrote or that is hidden in the file is carried over
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY[size])
    return out.getvalue()


def _write(path: Path, data: bytes) -> None:
    """Written beside and renamed; not synced, as one that a power cut tore is seen and made again."""
    files.make_folder(path.parent)
    part = path.with_name(f"{files.PART}{path.name}-{os.getpid()}-{threading.get_ident()}")
    part.write_bytes(data)
    os.replace(part, path)
