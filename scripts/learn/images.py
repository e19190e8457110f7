"""The one image decoder, for downloading, training and labelling alike. Pillow only, no TensorFlow.

Every picture is: first frame, turned as its EXIF says, 16-bit scaled, alpha laid on white, RGB.
"""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

VERSION = 1  # part of every bottleneck store's name: other pixels, other vectors
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
PIXELS_MAX = 50_000_000  # a 50 megapixel picture is 150 MB of RGB; more is refused before it is decoded
TROUBLE = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError, EOFError,
           OverflowError, ZeroDivisionError, NotImplementedError, Image.DecompressionBombError, Warning)  # fmt: skip
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")
# Pillow warns of odd EXIF and large headers; here a picture is read or refused. Once and for all, as filters cannot be
# set for a while only where many threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")


class Unreadable(Exception):
    """Not a picture we can use; the text says why in a few words."""


def decode(source: Path | bytes, draft_side: int = 0) -> Image.Image:
    """A picture as an RGB Pillow image.

    Args:
        source: file or its bytes.
        draft_side: where over 0, a JPEG may come out smaller, but with both sides at least this many pixels
            (libjpeg's scaled decoding: 2 to 4 times faster).

    Raises:
        Unreadable: broken, truncated, too large, or not one of FORMATS.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            return _upright_rgb(image, draft_side)
    except Unreadable:
        raise
    except TROUBLE as problem:
        raise Unreadable(_reason(problem)) from problem


def load_pixels(source: Path | bytes, size: int, out: np.ndarray | None = None) -> np.ndarray:
    """A picture as a backbone wants it: float32 [size, size, 3] in [0, 1].

    The whole picture is squeezed to a square (Pillow's bilinear with antialiasing), as tensorflow-for-poets-2 does,
    so that nothing at the border is lost.

    Args:
        out: written to and returned where given; fresh memory for every picture costs a quarter of the decoding.

    Raises:
        Unreadable: see `decode`.
    """
    return pixels_of(decode(source, draft_side=size), size, out)


def pixels_of(image: Image.Image, size: int, out: np.ndarray | None = None) -> np.ndarray:
    """An RGB image as float32 [size, size, 3] in [0, 1]; see `load_pixels`."""
    pixels = np.empty((size, size, 3), np.float32) if out is None else out
    pixels[...] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    return np.divide(pixels, np.float32(255), out=pixels)


def _upright_rgb(image: Image.Image, draft_side: int) -> Image.Image:
    if image.width * image.height > PIXELS_MAX:
        raise Unreadable(f"{image.width} x {image.height} pixels are too many")
    if draft_side and image.format == "JPEG":
        image.draft("RGB", (draft_side, draft_side))
    image.seek(0)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)  # else it is copied, also where there is nothing to turn
    if image.mode in _SIXTEEN_BIT:
        image = _eight_bit(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8 bits; Pillow's own conversion would clip 40000 of 65535 to white."""
    grey = np.asarray(image).astype(np.int64)
    return Image.fromarray((np.clip(grey, 0, 65535) // 257).astype(np.uint8), "L")


def _reason(problem: Any) -> str:
    name = type(problem).__name__
    if name == "UnidentifiedImageError":
        return "not a picture"
    if "DecompressionBomb" in name:
        return "too many pixels"
    if isinstance(problem, FileNotFoundError):
        return "vanished"
    if getattr(problem, "errno", None):  # the disk's trouble, not the picture's
        return f"unreadable ({os.strerror(problem.errno)})"
    return "too large for the memory" if isinstance(problem, MemoryError) else "damaged or cut off"
