"""Near-duplicates: copies are found, other images are not, however many there are."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from scripts.learn.fingerprints import Fingerprint, FingerprintIndex, are_near_duplicates, fingerprint
from scripts.learn.near_duplicate_groups import group_near_duplicates
from tests.helpers import coloured_image

PHOTO = coloured_image((120, 120, 120), 1, side=400)


def through(image: Image.Image, form: str, **how) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, form, **how)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def captioned() -> Image.Image:
    image = PHOTO.copy()
    ImageDraw.Draw(image).text((20, 380), "holiday 2026", fill="white")
    return image


@pytest.mark.parametrize(
    "copy",
    [
        through(PHOTO, "JPEG", quality=40),
        through(PHOTO, "WEBP", quality=50),
        PHOTO.resize((200, 200)),
        PHOTO.resize((640, 600)),
        captioned(),
        PHOTO.point(lambda v: min(255, int(v * 1.05))),
    ],
    ids=["jpeg", "webp", "half", "stretched", "captioned", "brighter"],
)
def test_a_copy_is_a_near_duplicate(copy):
    assert are_near_duplicates(fingerprint(PHOTO), fingerprint(copy))


def test_another_image_is_none():
    prints = [fingerprint(coloured_image((120, 120, 120), seed)) for seed in range(60)]
    assert not any(are_near_duplicates(a, b) for i, a in enumerate(prints) for b in prints[:i])


def test_different_marks_on_white_are_no_near_duplicates():
    def mark(x: int, y: int) -> Fingerprint:
        page = Image.new("RGB", (300, 300), "white")
        ImageDraw.Draw(page).ellipse((x, y, x + 40, y + 40), fill="black")
        return fingerprint(page)

    assert not are_near_duplicates(mark(30, 30), mark(200, 180))
    assert are_near_duplicates(mark(30, 30), mark(30, 30))


def test_an_index_finds_what_it_holds_and_nothing_else():
    index = FingerprintIndex()
    for seed in range(50):
        index.add(str(seed), fingerprint(coloured_image((90, 90, 90), seed)))
    again = through(coloured_image((90, 90, 90), 31, side=300), "JPEG", quality=60)
    assert index.find(fingerprint(again)) == "31"
    assert index.find(fingerprint(coloured_image((90, 90, 90), 99))) is None
    assert len(index) == 50


def test_a_chain_of_near_duplicates_is_one_group():
    thumb = [bytes([v]) * 1024 for v in (0, 30, 60, 200)]
    named = group_near_duplicates([(key, Fingerprint(0, t)) for key, t in zip("dcba", thumb, strict=True)])
    assert named == {"d": "b", "c": "b", "b": "b", "a": "a"}


def slowly(prints: list[tuple[str, Fingerprint]]) -> dict[str, str]:
    """Groups by comparing all pairs."""
    name = {key: key for key, _ in prints}
    for a, one in prints:
        for b, other in prints:
            if are_near_duplicates(one, other):
                low, high = sorted((name[a], name[b]))
                name = {k: low if v == high else v for k, v in name.items()}
    return name


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 70), st.integers(1, 4), st.integers(1, 6))
def test_groups_are_those_of_comparing_all_pairs(seed, count, hashes, bits):
    """Crowds of nearly equal hashes and thumbnails, the worst there is for any short cut."""
    rng = np.random.default_rng(seed)
    bases = rng.integers(0, 2**63, hashes)
    prints = []
    for i in range(count):
        flips = sum(1 << int(b) for b in set(rng.integers(0, 64, rng.integers(0, bits))))
        thumb = np.full(1024, rng.choice([0, 35, 70, 140]), np.uint8)
        thumb[rng.integers(0, 1024)] += rng.integers(0, 80)
        prints.append((f"{i:03}", Fingerprint(int(bases[rng.integers(0, hashes)]) ^ flips, thumb.tobytes())))
    assert group_near_duplicates(prints) == slowly(prints)


def test_ten_thousand_blank_pages_are_grouped_quickly():
    pages = [(f"{i:05}", Fingerprint(0, bytes([255 - i % 3]) * 1024)) for i in range(10_000)]
    assert set(group_near_duplicates(pages).values()) == {"00000"}


def test_ten_thousand_pages_with_few_marks_are_grouped_quickly():
    """Their hashes are all but the same, and none is a copy of another but every hundredth."""
    rng, pages = np.random.default_rng(0), []
    for i in range(10_000):
        thumb = np.full((32, 32), 255, np.uint8)
        for _ in range(4):
            row, column = rng.integers(0, 32), rng.integers(0, 24)
            thumb[row, column : column + 8] = rng.integers(0, 200)
        dhash = sum(1 << int(b) for b in set(rng.integers(0, 64, rng.integers(0, 4))))
        pages.append(
            (
                f"{i:05}",
                Fingerprint(dhash, thumb.tobytes() if i % 100 else pages[-1][1].thumb if i else thumb.tobytes()),
            )
        )
    named = group_near_duplicates(pages)
    assert 9_900 <= len(set(named.values())) < 10_000
