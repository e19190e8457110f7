"""Images are made small to the very pixels that Pillow makes of them, JPEGs at a fraction of their size included."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from flow.export.web.from_model import _columns_first
from scripts.learn.images import load_pixels
from tests.export.web_models import needs_node, run_node

SIZE = 32


def photo_like(width: int, height: int) -> Image.Image:
    """Soft colours with fine grain, like a photo."""
    rng = np.random.default_rng([width, height])
    soft = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = rng.normal(0, 12, (height, width, 1)).astype(np.int16)
    return Image.fromarray(np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8))


def shrunk(image: Image.Image, head: bytes, folder, size: int = SIZE) -> tuple[np.ndarray, dict]:
    """What the page makes of an image as the browser gives it; `head`: the beginning of its file."""
    rgba = np.asarray(image.convert("RGBA"))
    answer = run_node(
        "resize",
        folder,
        rgba=rgba,
        head=head,
        width=image.width,
        height=image.height,
        size=size,
        columnsFirst=_columns_first(),
    )
    return np.array(answer["pixels"], np.uint8).reshape(size, size, 3), answer["blocks"]


@needs_node
@pytest.mark.parametrize(
    ("width", "height"),
    [
        (32, 32),
        (33, 31),
        (64, 48),
        (101, 77),
        (640, 480),
        (7, 5),
        (1, 90),
        (31, 300),
        (1000, 33),
        (48, 64),
        (48, 65),
        (20, 30),
        (33, 40),
    ],
)
def test_every_pixel_is_pillows(tmp_path, width, height):
    image = photo_like(width, height)
    got, _ = shrunk(image, b"\x89PNG", tmp_path)
    assert np.array_equal(got, np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR)))


@needs_node
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize(
    ("width", "height", "turned"),
    [
        (63, 80, 1),
        (64, 70, 1),
        (133, 150, 1),
        (333, 261, 1),
        (512, 300, 1),
        (133, 151, 2),
        (133, 151, 3),
        (133, 151, 4),
        (133, 151, 5),
        (133, 151, 6),
        (133, 151, 7),
        (133, 151, 8),
        (301, 263, 8),
    ],
)
def test_a_jpeg_comes_as_from_pillows_draft_mode(tmp_path, width, height, turned, subsampling):
    """Turned as its EXIF says, at sides that its blocks of pixels do not fill; between decoders a few levels are lost."""
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = turned
    photo_like(width, height).save(file, "JPEG", quality=90, subsampling=subsampling, exif=exif)
    want = load_pixels(file.getvalue(), SIZE) * 255
    as_shown = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue()))).convert("RGB")
    got, blocks = shrunk(as_shown, file.getvalue()[:4096], tmp_path)
    with Image.open(io.BytesIO(file.getvalue())) as drafted:
        drafted.draft("RGB", (SIZE, SIZE))
        assert -(-width // blocks["across"]) == drafted.width and -(-height // blocks["down"]) == drafted.height
    gap = np.abs(got.astype(float) - want)
    assert gap.mean() < (1.5 if subsampling else 0.7) and gap.max() <= (16 if subsampling else 8)
    if blocks["across"] > 1 and blocks["left"] == blocks["top"] == blocks["across"] and subsampling == 0:
        plain = np.asarray(as_shown.resize((SIZE, SIZE), Image.Resampling.BILINEAR), float)
        assert np.abs(plain - want).mean() > gap.mean()  # what would be without


@needs_node
@pytest.mark.parametrize(
    ("extra", "is_drafted"),
    [
        (b"", True),
        (b"\xff\xe2\x00\x08MPF\0II", False),
        (b'\xff\xe1\x00\x20http://x\0 hdrgm:Version="1.0".....'[:34] + b"\xff\xe2\x00\x08MPF\0II", True),
    ],
)
def test_a_file_of_several_images_is_decoded_whole(tmp_path, extra, is_drafted):
    file = io.BytesIO()
    image = photo_like(128, 128)
    image.save(file, "JPEG")
    head = file.getvalue()[:2] + extra + file.getvalue()[2:2000]
    _, blocks = shrunk(image, head, tmp_path)
    assert (blocks["across"] == 4) == is_drafted


@needs_node
def test_a_cut_off_or_damaged_head_turns_nothing(tmp_path):
    image = photo_like(128, 128)
    for head in (
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1\x00\x0aExif\0\0II",
        b"\xff\xd8\xff\xe1\xff\xffExif\0\0II*\0\xff\xff\xff\xff",
    ):
        assert shrunk(image, head, tmp_path)[1]["left"] in (1, 4)
