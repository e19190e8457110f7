"""The one image decoder, for downloading, training and labelling alike. Pillow, and pi-heif for HEIC; no TensorFlow.

Every image is: first frame (of a HEIC file the one that it calls its first), turned as its EXIF says, 16-bit scaled,
alpha laid on white, RGB.

Memory: what an image will take is told by its header, and all threads of a process together decode no more at a time
than MEMORY bytes; a large image waits for its turn. Conversions go strip by strip, so that an image is there twice at
most, and a very large one that is wanted small is made smaller on the way.
"""

import contextlib
import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pi_heif
from PIL import Image, ImageFile, ImageOps

from scripts.learn.file_kinds import why_not_image
from scripts.learn.memory_budget import MemoryBudget

VERSION = 1  # part of every bottleneck store's name: other pixels, other vectors
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIF", "AVIF")
PIXELS_MAX = 50_000_000  # a 50 megapixel image is 150 MB of RGB; more is refused before it is decoded
# libwebp and Pillow hold a WebP four times over: 16 bytes a pixel (measured), 320 MB.
PIXELS_MAX_OF = {"WEBP": 20_000_000, "AVIF": 30_000_000}
MEMORY = 220_000_000  # bytes that images being decoded may take, all threads together; a larger one comes alone
REDUCED_OVER = 30_000_000  # pixels; a larger image that is wanted small is averaged down strip by strip
STRIP_PIXELS = 1_000_000  # pixels converted at a time
JPEG_LARGE = 4_000_000  # pixels from which it is worth looking whether a JPEG comes in several scans
READ_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    MemoryError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Warning,
)
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # in Pillow; 4 for all others
# Bytes a pixel of decoder and Pillow together, measured: of 2 to 48 megapixels of HEIC 8 to 10, of AVIF 10 to 11.
_DECODER_BYTES = {"WEBP": 16, "HEIF": 10, "AVIF": 12}
_COEFFICIENT_BYTES = 2
DAMAGED = "damaged or cut off"
_SCAN = b"\xff\xda"  # begins each scan of a JPEG
# Pillow warns of odd EXIF and large headers; here an image is read or refused. Once and for all, as filters cannot be
# set for a while only where many threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")
pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


class Unreadable(Exception):
    """Not an image we can use; the text says why in a few words."""


_memory = MemoryBudget(MEMORY)


def decode(source: Path | bytes, draft_side: int = 0) -> Image.Image:
    """An image as an RGB Pillow image.

    Args:
        source: file or its bytes.
        draft_side: where over 0, a JPEG or a very large image may come out smaller, but with both sides at least
            this many pixels (libjpeg's scaled decoding: 2 to 4 times faster).

    Raises:
        Unreadable: broken, truncated, too large, or not one of FORMATS.
    """
    with contextlib.ExitStack() as share:
        return _read(source, draft_side, False, lambda width, height: None, share)


@contextlib.contextmanager
def opened(
    source: Path | bytes,
    draft_side: int = 0,
    squeezed: bool = False,
    look: Callable[[int, int], None] = lambda width, height: None,
) -> Iterator[Image.Image]:
    """`decode` for one who goes on to make something of the image: its share of the memory is held until the end,
    when the image is closed.

    Args:
        squeezed: a very large image may be made smaller along each side on its own.
        look: called with width and height as the header tells them, before anything is decoded.

    Raises:
        Unreadable: see `decode`. What `look` raises is passed on.
    """
    with contextlib.ExitStack() as share:
        image = _read(source, draft_side, squeezed, look, share)
        try:
            yield image
        finally:
            image.close()


def load_pixels(source: Path | bytes, size: int, out: np.ndarray | None = None) -> np.ndarray:
    """An image as a backbone wants it: float32 [size, size, 3] in [0, 1], or uint8 0..255 where `out` is of that type.

    The whole image is squeezed to a square (Pillow's bilinear with antialiasing), as tensorflow-for-poets-2 does,
    so that nothing at the border is lost.

    Args:
        out: written to and returned where given; fresh memory for every image costs a quarter of the decoding.

    Raises:
        Unreadable: see `decode`.
    """
    with opened(source, draft_side=size, squeezed=True) as image:
        return pixels_of(image, size, out)


def pixels_of(image: Image.Image, size: int, out: np.ndarray | None = None) -> np.ndarray:
    """An RGB image as float32 [size, size, 3] in [0, 1], or as uint8; see `load_pixels`."""
    pixels = np.empty((size, size, 3), np.float32) if out is None else out
    pixels[...] = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    return pixels if pixels.dtype == np.uint8 else np.divide(pixels, np.float32(255), out=pixels)


def _read(
    source: Path | bytes, draft_side: int, squeezed: bool, look: Callable[[int, int], None], share: contextlib.ExitStack
) -> Image.Image:
    """The image; its share of the memory is waited for once its header is read, and given to `share`."""
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
            look(*image.size)
            pixels = image.width * image.height
            if pixels > PIXELS_MAX_OF.get(image.format or "", PIXELS_MAX):
                raise Unreadable(f"{image.width} x {image.height} pixels are too many")
            scans = _scans(image) if image.format == "JPEG" and pixels > JPEG_LARGE else 1
            if draft_side and image.format == "JPEG":
                image.draft("RGB", (draft_side, draft_side))
            factors = _factors(image.size, draft_side, squeezed)
            share.enter_context(_memory.held(_need(image, pixels, scans, factors)))
            return _upright_rgb(image, factors)
    except READ_ERRORS as problem:
        raise Unreadable(_reason(problem, source)) from problem


def _factors(size: tuple[int, int], side: int, squeezed: bool) -> tuple[int, int]:
    """How many pixels become one, across and down: 1 and 1 except where the image is very large and wanted small."""
    if not side or size[0] * size[1] <= REDUCED_OVER:
        return 1, 1
    across, down = (max(1, length // side) for length in size)
    return (across, down) if squeezed else (min(across, down), min(across, down))


def _need(image: Image.Image, pixels: int, scans: int, factors: tuple[int, int]) -> int:
    """Bytes that decoding will take: the image as it is, and as it becomes.

    Args:
        pixels: before libjpeg's scaling. A JPEG of several scans is kept whole as coefficients meanwhile.
    """
    now = image.width * image.height
    need = now * (_DECODER_BYTES.get(image.format or "") or _PIXEL_BYTES.get(image.mode, 4))
    need += 4 * now // (factors[0] * factors[1])
    return need + (pixels * len(image.getbands()) * _COEFFICIENT_BYTES if scans > 1 else 0)


def _scans(image: ImageFile.ImageFile) -> int:
    """How many scans a JPEG file seems to hold; 2 stands for more. Inside a scan the two bytes cannot occur."""
    file, found, last = image.fp, 0, b""
    if file is None:
        return 1
    place = file.tell()
    file.seek(0)
    while found < 2 and (piece := file.read(1 << 20)):
        found += (last + piece).count(_SCAN)
        last = piece[-1:]
    file.seek(place)
    return min(found, 2)


def _upright_rgb(image: Image.Image, factors: tuple[int, int]) -> Image.Image:
    if image.format != "HEIF":  # which opens at the image that the file calls its first
        image.seek(0)
    image.load()
    if factors != (1, 1):
        small = _in_strips(image, factors)
        small.info.update(image.info)  # for the EXIF
        ImageOps.exif_transpose(small, in_place=True)
        return small
    ImageOps.exif_transpose(image, in_place=True)  # else it is copied, also where there is nothing to turn
    if image.mode in _SIXTEEN_BIT or "A" in image.getbands() or "transparency" in image.info:
        return _in_strips(image, factors)
    # A plain image of the same pixels: `convert` would copy them where there is nothing to convert.
    return image._new(image.im) if image.mode == "RGB" else image.convert("RGB")  # noqa: SLF001


def _in_strips(image: Image.Image, factors: tuple[int, int]) -> Image.Image:
    """RGB, a few rows at a time: beside the image itself there is only what it becomes."""
    across, down = factors
    width, height = image.size
    result = Image.new("RGB", (-(-width // across), -(-height // down)))
    rows = max(1, STRIP_PIXELS // (width * down)) * down
    for top in range(0, height, rows):
        strip = _rgb(image.crop((0, top, width, min(height, top + rows))))
        result.paste(strip if factors == (1, 1) else strip.reduce(factors), (0, top // down))
    return result


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in _SIXTEEN_BIT:
        image = _eight_bit(image)
    if "A" in image.getbands() or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGBA", layer.size, "white")
        image.alpha_composite(layer)
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey scaled to 8 bits; Pillow's own conversion would clip 40000 of 65535 to white."""
    return Image.fromarray((np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8), "L")


def _reason(problem: Any, source: Path | bytes) -> str:
    name = type(problem).__name__
    if name == "UnidentifiedImageError":
        return why_not_image(source) or DAMAGED
    if "DecompressionBomb" in name:
        return "too many pixels"
    if isinstance(problem, FileNotFoundError):
        return "vanished"
    if isinstance(problem, OSError) and problem.errno:  # the disk's trouble, not the image's
        return f"unreadable ({os.strerror(problem.errno)})"
    return "too large for the memory" if isinstance(problem, MemoryError) else DAMAGED
