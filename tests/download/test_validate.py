"""What comes in is an image worth keeping, or is refused with its reason."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

import config as cfg
from flow.download import validate
from flow.download.validate import Rejected, validate_image
from tests.servers import image_bytes


def as_bytes(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def kept(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(validate_image(data).jpeg))


def refused(data: bytes) -> str:
    with pytest.raises(Rejected) as problem:
        validate_image(data)
    return problem.value.reason


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_format_is_kept_as_jpeg(tf_files, form):
    image = kept(image_bytes(1, form=form))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (240, 200))


def test_large_image_is_made_smaller_and_keeps_no_location(tf_files):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    data = as_bytes(Image.open(io.BytesIO(image_bytes(2, (1800, 900)))), "JPEG", exif=exif, comment=b"secret")
    image = kept(data)
    assert image.size == (512, 1024)  # turned as its EXIF says
    assert not image.getexif()
    assert b"secret" not in validate_image(data).jpeg


def test_alpha_is_laid_on_white(tf_files):
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 100, 200))
    assert min(kept(as_bytes(image)).getpixel((180, 100))) > 245


def test_sixteen_bit_is_scaled_not_clipped(tf_files):
    pixels = np.full((200, 200), 40_000, np.uint16)
    pixels[:100] = 10_000
    assert abs(kept(as_bytes(Image.fromarray(pixels))).getpixel((100, 190))[0] - 155) <= 2


def test_cmyk_becomes_rgb(tf_files):
    data = as_bytes(Image.open(io.BytesIO(image_bytes(3))).convert("CMYK"), "JPEG")
    assert kept(data).mode == "RGB"


def test_first_frame_of_an_animation(tf_files):
    frames = [Image.open(io.BytesIO(image_bytes(n))).convert("P") for n in (4, 5, 6)]
    data = as_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert np.abs(np.asarray(kept(data), int) - np.asarray(kept(as_bytes(frames[0], "GIF")), int)).max() == 0


def test_refusals_by_reason(tf_files):
    whole = image_bytes(7)
    assert refused(b"") == validate.NOT_IMAGE
    assert refused(b"<html>") == validate.NOT_IMAGE
    assert refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 300 300\n") == validate.NOT_IMAGE
    assert refused(whole[: len(whole) // 2]) == validate.DAMAGED
    assert refused(whole[:-2]) == validate.DAMAGED
    assert refused(image_bytes(8, (300, 100))) == validate.TOO_SMALL
    assert refused(image_bytes(8, (1000, 200))) == validate.TOO_LONG
    assert refused(as_bytes(Image.new("RGB", (300, 300), "teal"))) == validate.FLAT


@pytest.mark.parametrize("side", [9_500, 14_000, 20_000, 60_000])
def test_bombs_are_refused_before_they_are_decoded(tf_files, side):
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )
    assert refused(bomb) == validate.TOO_MANY_PIXELS


def test_minimum_side_is_a_setting(tf_files):
    cfg.image_side_min = 100
    assert kept(image_bytes(9, (120, 110))).size == (120, 110)


SEEDS = [image_bytes(11, (170, 165), form) for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=6)), max_size=4),
    st.integers(0, 60_000),
)
@example(SEEDS[0], [], 3)
def test_damaged_bytes_are_kept_or_refused_never_a_crash(seed, changes, cut):
    data = bytearray(seed)
    for place, new in changes:
        place %= len(data)
        data[place : place + len(new)] = new
    if cut < len(data):
        del data[len(data) - cut % len(data) :]
    try:
        taken = validate_image(bytes(data))
    except Rejected as problem:
        assert problem.reason
    else:
        assert min(taken.width, taken.height) >= cfg.image_side_min
        assert Image.open(io.BytesIO(taken.jpeg)).format == "JPEG"
