"""The page of code that goes with an export sees pictures as the program does."""

import io

import numpy as np
import pytest
from PIL import Image

from scripts.learn import predict
from scripts.learn.images import load_pixels
from tests.helpers import coloured_image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(coloured_image((200, 40, 40), 1, 90).resize((90, 40)), "JPEG", exif=exif)


def deep() -> bytes:
    return saved(Image.fromarray((np.arange(64 * 64).reshape(64, 64) * 15).astype(np.uint16)), "PNG")


def clear() -> bytes:
    image = coloured_image((40, 40, 200), 2).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return saved(image, "PNG")


def moving() -> bytes:
    frames = [coloured_image((40, 200, 40), n) for n in (3, 4)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


CASES = {
    "large jpeg": lambda: saved(coloured_image((200, 100, 50), 5, 700), "JPEG"),
    "turned": turned,
    "16 bit": deep,
    "see-through": clear,
    "see-through palette": lambda: saved(coloured_image((10, 200, 10), 6).quantize(16), "GIF", transparency=3),
    "first frame": moving,
    "grey": lambda: saved(coloured_image((90, 90, 90), 7).convert("L"), "PNG"),
    "cmyk": lambda: saved(coloured_image((90, 10, 90), 8).convert("CMYK"), "JPEG"),
    "webp": lambda: saved(coloured_image((20, 110, 90), 9), "WEBP"),
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
@pytest.mark.parametrize("size", [32, 224])
def test_the_same_pixels(make, size):
    raw = make()
    ours = predict.load(raw, size)
    assert ours.shape == (1, size, size, 3) and ours.dtype == np.float32
    assert np.array_equal(ours[0], load_pixels(raw, size))


@pytest.mark.parametrize(
    "raw", [b"", b"no picture", saved(coloured_image((1, 2, 3), 1), "TIFF")], ids=["empty", "text", "tiff"]
)
def test_what_the_program_does_not_read_it_does_not_either(raw):
    with pytest.raises(OSError, match="identify"):
        predict.load(raw, 32)
