"""Small pictures for the page, made when they are first asked for and kept by content hash."""

import contextlib
import io
import os
import threading
from pathlib import Path

from flow.base import files, paths

SIZES = {"grid": 360, "large": 1400}  # pixels, longest side
QUALITY = {"grid": 80, "large": 86}
END = b"\xff\xd9"  # what every whole JPEG ends in


def thumbnail(path: Path | None, sha256: str, size: str) -> bytes | None:
    """The JPEG of a picture in one of SIZES; None where it cannot be read and was never made.

    Args:
        path: where the picture lies, None where it is gone: what was kept of it is still shown.
    """
    kept = paths.thumbnails() / sha256[:2] / f"{sha256}_{SIZES[size]}.jpg"
    with contextlib.suppress(OSError):
        was = kept.read_bytes()
        if was.endswith(END):
            return was
    data = _made(path, size) if path else None
    if data:
        with contextlib.suppress(OSError):  # a full disk: made again next time
            _keep(kept, data)
    return data


def sweep() -> None:
    """Remove what a kill left half-written."""
    for folder in files.folders_in(paths.thumbnails()):
        files.sweep_parts(folder)


def _made(path: Path, size: str) -> bytes | None:
    from PIL import Image

    from scripts.learn.images import Unreadable, decode

    side = SIZES[size]
    try:
        image = decode(path, draft_side=side)
    except Unreadable:
        return None
    image.thumbnail((side, side), Image.Resampling.LANCZOS if size == "large" else Image.Resampling.BICUBIC)
    image.info.clear()  # nothing that a camera wrote or that is hidden in the file is carried over
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY[size])
    return out.getvalue()


def _keep(path: Path, data: bytes) -> None:
    """Written beside and renamed; not synced, as one that a power cut tore is seen and made again."""
    files.make_folder(path.parent)
    part = path.with_name(f"{files.PART}{path.name}-{os.getpid()}-{threading.get_ident()}")
    part.write_bytes(data)
    os.replace(part, path)
