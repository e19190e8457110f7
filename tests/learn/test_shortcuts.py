"""What gives a label away is found where images share it and the evidence lies on it; different images are left alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.learn.dataset import Dataset, LabeledImage
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.evidence import SIDE, Evidence
from scripts.learn.explained import SAMPLE, ExplainedImage, sample, typical
from scripts.learn.sameness import PLACES, sameness, views_of
from scripts.learn.shortcuts import FEWEST, find_shortcuts
from scripts.studies import planted

SIZES = ((320, 240), (240, 320), (300, 300), (320, 214))


def photo(seed: int) -> Image.Image:
    """Blobs as no two photos have them, of several shapes."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (9, 9, 3), np.uint8)
    return Image.fromarray(small).resize(SIZES[seed % len(SIZES)], Image.Resampling.BICUBIC)


def photos(kind: str = "", count: int = 15) -> list[Image.Image]:
    plain = [photo(seed) for seed in range(count)]
    return [planted.KINDS[kind](image, np.random.default_rng(i)) for i, image in enumerate(plain)] if kind else plain


def lies(*boxes: tuple[int, int, int, int], everywhere: float = 0.0) -> np.ndarray:
    """Evidence in boxes (top, left, bottom, right) of the grid, and a little everywhere."""
    cells = np.full((SIDE, SIDE), everywhere, np.float32)
    for top, left, bottom, right in boxes:
        cells[top:bottom, left:right] = 0.05
    return cells


MIDDLE, LOWER_RIGHT, LOWER_LEFT = (8, 8, 20, 20), (20, 14, 28, 28), (20, 0, 28, 14)
UPPER_LEFT = (0, 0, 9, 9)
FRAME = ((0, 0, 3, 28), (25, 0, 28, 28), (0, 0, 28, 3), (0, 25, 28, 28))


def dataset(count: int, groups: np.ndarray | None = None) -> Dataset:
    """`count` images of each of two labels."""
    n = 2 * count
    images = [LabeledImage(Path(f"{i}.jpg"), "ab"[i // count], f"{i:064d}") for i in range(n)]
    y, ones = np.repeat([0, 1], count), np.ones(n, bool)
    vectors = np.arange(n, dtype=np.float32)[:, None]
    return Dataset(
        ["sold", "free"],
        images,
        EmbeddingTable.of(vectors),
        y,
        ones,
        ~ones,
        ones,
        ~ones,
        np.ones(n, np.float32),
        np.arange(n) if groups is None else groups,
        np.arange(n) % 5,
    )


def found(images: list[Image.Image], cells: np.ndarray):
    explained = [ExplainedImage(i, 0, 1, Evidence(cells, 0.0), image) for i, image in enumerate(images)]
    return find_shortcuts(dataset(len(images)), explained)


# What is the same


def test_different_images_have_nothing_in_common():
    for pixels in views_of(photos()).pixels:
        assert np.abs(sameness(pixels)).max() < 0.3


@pytest.mark.parametrize(
    ("kind", "place"),
    [("text stamp", 4), ("dot", 1), ("scale bar", 3), ("white border", 1), ("white border", 4), ("same background", 0)],
)
def test_a_planted_cheat_is_the_same_in_its_place(kind, place):
    same = sameness(views_of(photos(kind)).pixels[place])
    assert same.max() > 0.35, PLACES[place]
    assert same.max() > 2 * sameness(views_of(photos()).pixels[place]).max()


def test_a_plain_background_is_no_mark():
    """White around a thing is the same in every image, and says nothing."""
    images = []
    for seed in range(15):
        image = Image.new("RGB", (240, 240), "white")
        image.paste(photo(seed).resize((100, 100)), (60 + 3 * seed % 50, 70 - seed))
        images.append(image)
    for pixels in views_of(images).pixels[1:]:
        assert sameness(pixels)[:5, :5].max() < 0.35


# What is warned of


@pytest.mark.parametrize(
    ("kind", "boxes", "place"),
    [
        ("text stamp", (LOWER_RIGHT,), "lower right corner"),
        ("scale bar", (LOWER_LEFT,), "lower left corner"),
        ("dot", (UPPER_LEFT,), "upper left corner"),
        ("white border", FRAME, "edges"),
    ],
)
def test_a_cheat_that_the_evidence_lies_on_is_named_with_its_place(kind, boxes, place):
    (one,) = found(photos(kind), lies(*boxes, everywhere=0.01))
    assert (one.label, one.place, one.count, one.total) == ("sold", place, 15, 15)
    assert len(one.patches) == 15
    assert f"15 of 15 images of sold are recognised by their {place}" in one.sentence


def test_one_background_is_found_though_the_thing_lies_somewhere_else_each_time():
    (one,) = found(photos("same background"), lies(*FRAME, everywhere=0.01))
    assert one.label == "sold" and one.count >= 12


def test_silent_where_the_evidence_lies_on_the_thing_itself():
    assert found(photos("text stamp"), lies(MIDDLE)) == []


def test_silent_where_images_have_nothing_in_common():
    for box in (LOWER_RIGHT, UPPER_LEFT, MIDDLE):
        assert found(photos(), lies(box)) == []


def test_silent_where_few_images_could_be_looked_at():
    assert found(photos("text stamp", FEWEST - 1), lies(LOWER_RIGHT)) == []
    assert found(photos("text stamp", FEWEST), lies(LOWER_RIGHT)) != []


def test_silent_of_mistakes():
    """Only images that were predicted rightly say what their label is recognised by."""
    explained = [
        ExplainedImage(i, 1, 0, Evidence(lies(LOWER_RIGHT), 0.0), image) for i, image in enumerate(photos("text stamp"))
    ]
    assert find_shortcuts(dataset(15), explained) == []


# Which images


def test_a_sample_takes_one_image_of_a_group_and_none_that_was_predicted_wrongly():
    groups = np.concatenate([np.repeat(np.arange(10), 4), np.arange(10, 50)])
    data = dataset(40, groups)
    scores = np.eye(2, dtype=np.float32)[data.y]
    scores[60:] = scores[60:, ::-1]
    rows = np.arange(80)
    some = sample(data, rows, scores)
    assert sorted(np.bincount(data.y[some])) == [10, SAMPLE]
    assert len(set(groups[some])) == len(some) and some.max() < 60


def test_typical_images_are_nearest_to_the_mean_of_their_label():
    data = dataset(9)
    explained = [
        ExplainedImage(row, int(data.y[row]), 1 - int(data.y[row]), Evidence(lies(), 0.0), photo(0))
        for row in range(18)
    ]
    assert [one.row for one in typical(data, explained, 1)] == [4, 13]
