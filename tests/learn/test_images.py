"""The one decoder: odd files come out right, broken ones are said to be, and nothing else ever happens."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scripts.learn import images
from scripts.learn.images import Unreadable, decode, load_pixels
from tests.helpers import heic
from tests.terminal import PROJECT

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters() -> Image.Image:
    """Red, green over blue, white; wider than high so that a turned picture has another shape."""
    image = Image.new("RGB", (48, 32))
    for colour, corner in ((RED, (0, 0)), (GREEN, (24, 0)), (BLUE, (0, 16)), (WHITE, (24, 16))):
        image.paste(colour, (*corner, corner[0] + 24, corner[1] + 16))
    return image


def saved(image: Image.Image, form: str, **how) -> bytes:
    if form == "HEIF":
        return heic(image, **how)
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return buffer.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Left top, right top, left bottom, right bottom, each rounded to black, colours and white."""
    w, h = image.size
    places = ((4, 4), (w - 5, 4), (4, h - 5), (w - 5, h - 5))
    return [tuple(255 if band > 127 else 0 for band in image.getpixel(p)) for p in places]


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8))
UPRIGHT = [RED, GREEN, BLUE, WHITE]
# What the corners look like when a picture with quarters() in it is shown as each EXIF orientation says.
TURNED = {
    1: UPRIGHT,
    2: [GREEN, RED, WHITE, BLUE],
    3: [WHITE, BLUE, GREEN, RED],
    4: [BLUE, WHITE, RED, GREEN],
    5: [RED, BLUE, GREEN, WHITE],
    6: [BLUE, RED, WHITE, GREEN],
    7: [WHITE, GREEN, BLUE, RED],
    8: [GREEN, WHITE, RED, BLUE],
}


@pytest.mark.parametrize("form", images.FORMATS)
def test_every_format_is_read(form):
    read = decode(saved(quarters(), form))
    assert (read.mode, read.size) == ("RGB", (48, 32))
    assert corners(read) == UPRIGHT


@pytest.mark.parametrize("orientation", TURNED)
def test_a_photo_is_turned_as_the_camera_says(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = decode(saved(quarters(), "JPEG", exif=exif, quality=95, subsampling=0))
    assert corners(read) == TURNED[orientation]
    assert read.size == ((32, 48) if orientation > 4 else (48, 32))


@pytest.mark.parametrize("orientation", TURNED)
def test_a_telephones_photo_is_turned_once(orientation):
    """A HEIC file says twice how it is turned: in its EXIF and to its decoder."""
    image = quarters().resize((192, 128), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = orientation
    read = decode(heic(image, exif=exif.tobytes(), chroma=444))
    assert corners(read) == TURNED[orientation]
    assert read.size == ((128, 192) if orientation > 4 else (192, 128))


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_heic_with_several_images_the_one_that_it_calls_its_first_counts(first):
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, GREEN)]
    read = decode(heic(*frames, primary_index=first))
    assert corners(read)[0] == (RED, GREEN)[first]


def test_transparent_heic_is_laid_on_white():
    image = Image.new("RGBA", (64, 64), (200, 0, 0, 0))
    assert corners(decode(heic(image))) == [WHITE] * 4


def test_sixteen_bit_grey_keeps_its_tones():
    grey = np.array([[0, 257, 40_000, 65_535]], np.uint16)
    read = np.asarray(decode(saved(Image.fromarray(grey), "PNG")))
    assert read[0, :, 0].tolist() == [0, 1, 155, 255]  # clipped at 255 they would be 0 255 255 255


def test_print_colours_come_out_as_seen_on_a_screen():
    read = decode(saved(quarters().convert("CMYK"), "JPEG", quality=95, subsampling=0))
    assert corners(read) == UPRIGHT


def test_transparent_is_white_and_half_transparent_is_half():
    image = Image.new("RGBA", (3, 1))
    image.putdata([(255, 0, 0, 0), (255, 0, 0, 255), (0, 0, 0, 128)])
    read = np.asarray(decode(saved(image, "PNG")))[0]
    assert read.tolist() == [[255, 255, 255], [255, 0, 0], [127, 127, 127]]


def test_a_transparent_palette_entry_is_white():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putdata([0, 1])
    read = np.asarray(decode(saved(image, "PNG", transparency=0)))[0]
    assert read.tolist() == [[255, 255, 255], [200, 100, 50]]


def test_grey_with_alpha_is_laid_on_white():
    read = np.asarray(decode(saved(Image.fromarray(np.array([[[0, 0], [60, 255]]], np.uint8), "LA"), "PNG")))[0]
    assert read.tolist() == [[255, 255, 255], [60, 60, 60]]


def test_of_an_animation_the_first_frame_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN)]
    for form in ("GIF", "WEBP", "PNG"):
        raw = saved(
            frames[0], form, save_all=True, append_images=frames[1:], **({"lossless": True} if form == "WEBP" else {})
        )
        assert decode(raw).getpixel((4, 4)) == RED


def test_what_follows_an_image_is_ignored():
    assert corners(decode(saved(quarters(), "JPEG") + b"<?php evil(); ?>" * 100)) == UPRIGHT


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not an image"),
        (b"<html>404</html>", "not an image"),
        (b"\xff\xd8\xff\xe0", "not an image"),
        (saved(quarters(), "TIFF"), "not an image"),
        (saved(NOISE, "JPEG")[:2000], "damaged or cut off"),
        (saved(NOISE, "JPEG")[:300], "damaged or cut off"),
        (saved(NOISE, "PNG")[:2000], "damaged or cut off"),
        (saved(NOISE, "WEBP")[:200], "damaged or cut off"),
        (heic(NOISE)[:40], "damaged or cut off"),
        (heic(NOISE)[:-300], "damaged or cut off"),
        (saved(NOISE, "AVIF")[:300], "damaged or cut off"),
    ],
)
def test_broken_files_say_so_in_a_few_words(raw, reason):
    with pytest.raises(Unreadable, match=reason):
        decode(raw)


@pytest.mark.parametrize(
    ("raw", "name", "reason"),
    [
        (b"", "a.jpg", "not an image: the file is empty"),
        (b"<!DOCTYPE html><html>", "a.jpg", "not an image: it is a web page"),
        (b"  \n<html>", "a.jpg", "not an image: it is a web page"),
        (b"%PDF-1.7", "a.jpg", "not an image: it is a PDF"),
        (b"\0\0\0\x18ftypmp42", "a.heic", "not an image: it is a video; --source video:FILE takes frames of it"),
        (b"RIFF\0\0\0\0AVI LIST", "a.jpg", "not an image: it is a video; --source video:FILE takes frames of it"),
        (saved(quarters(), "TIFF"), "a.tif", "not an image: it is a TIFF; save it as JPEG or PNG"),
        (saved(quarters(), "TIFF"), "a.NEF", "not an image: it is a raw photo; save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypcrx ", "a.cr3", "not an image: it is a raw photo; save it as JPEG or PNG"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a.jpg", "not an image: it is a JPEG XL; save it as JPEG or PNG"),
        (b"something else", "a.jpg", "not an image"),
    ],
)
def test_what_is_no_image_says_what_it_is(raw, name, reason, tmp_path):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(Unreadable) as problem:
        decode(tmp_path / name)
    assert str(problem.value) == reason


def test_a_live_photos_film_names_its_picture(tmp_path):
    film, other = tmp_path / "IMG_1.MOV", tmp_path / "IMG_2.MOV"
    for path in (film, other):
        path.write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    (tmp_path / "IMG_1.HEIC").write_bytes(heic(quarters()))
    for path, reason in (
        (film, "a Live Photo's film; its image is IMG_1.HEIC"),
        (other, "it is a video; --source video:FILE takes frames of it"),
    ):
        with pytest.raises(Unreadable) as problem:
            decode(path)
        assert str(problem.value) == f"not an image: {reason}"


def test_a_missing_file_is_unreadable_too(tmp_path):
    with pytest.raises(Unreadable, match="vanished"):
        decode(tmp_path / "gone.jpg")
    with pytest.raises(Unreadable):
        decode(tmp_path)


def png_of(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (9_000, 9_000), (2**31 - 1, 1), (50_000_001, 1)])
def test_bombs_are_refused_before_they_are_unpacked(width, height):
    with pytest.raises(Unreadable, match="pixels"):
        decode(png_of(width, height, bytes(1000)))


def test_a_text_bomb_inside_an_image_is_refused():
    packed = zlib.compress(bytes(200_000_000), 9)
    body = b"k\0\0" + packed
    text = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    raw = saved(quarters(), "PNG")
    with pytest.raises(Unreadable):
        decode(raw[:33] + text + raw[33:])


def test_odd_exif_says_nothing_on_stderr(tmp_path):
    """A run that goes well writes nothing there."""
    cut = b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    (tmp_path / "odd.jpg").write_bytes(saved(quarters(), "JPEG", exif=cut))
    code = "import sys; from pathlib import Path; from scripts.learn.images import decode; print(decode(Path(sys.argv[1])).size)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "odd.jpg")], cwd=PROJECT, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("(32, 48)\n", "")


def test_pixels_are_what_a_backbone_wants():
    pixels = load_pixels(saved(quarters(), "PNG"), 20)
    assert (pixels.dtype, pixels.shape) == (np.float32, (20, 20, 3))
    assert pixels[2, 2].tolist() == [1, 0, 0]
    assert pixels[17, 2].tolist() == [0, 0, 1]
    memory = np.full((20, 20, 3), 7, np.float32)
    assert load_pixels(saved(quarters(), "PNG"), 20, memory) is memory
    assert np.array_equal(memory, pixels)


def test_golden_values_of_resizing():
    """Other values here mean other bottlenecks: then images.VERSION must change."""
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    small = (load_pixels(saved(ramp, "PNG"), 4)[:, :, 0] * 255).round().astype(int)
    assert small.tolist() == [[32, 36, 40, 43], [90, 94, 98, 101], [154, 158, 162, 165], [212, 216, 220, 223]]


def test_the_quick_way_through_a_large_jpeg_shows_the_same_image():
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (12, 16, 3)).astype(np.uint8))
    raw = saved(noise.resize((1600, 1200), Image.Resampling.BICUBIC), "JPEG")
    assert decode(raw, draft_side=100).size[1] < 400
    whole, quick = images.pixels_of(decode(raw), 100), load_pixels(raw, 100)
    assert np.abs(whole - quick).max() < 0.05


SAMPLES = [saved(quarters(), form) for form in images.FORMATS] + [
    saved(quarters().convert("P"), "PNG"),
    saved(quarters().convert("CMYK"), "JPEG"),
    saved(
        quarters(), "JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    ),
    saved(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (48, 32), RED)]),
    saved(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000), "PNG"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
    st.sampled_from([0, 16]),
)
def test_damaged_bytes_give_an_image_or_a_reason_and_nothing_else(raw, changes, keep, draft):
    damaged = bytearray(raw)
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    cut = bytes(damaged[: round(len(damaged) * min(1, keep * 2))])
    try:
        assert decode(cut, draft).mode == "RGB"
    except Unreadable as problem:
        assert 0 < len(str(problem)) < 80
