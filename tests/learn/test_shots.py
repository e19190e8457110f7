"""Which frames of a film are kept, and where it is cut."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from scripts.learn.fingerprints import fingerprint
from scripts.learn.shots import CELLS, ShotFinder, difference, is_flat, moved_difference


def large(number: int) -> Image.Image:
    blotches = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(blotches).resize((240, 240), Image.Resampling.BICUBIC)


def frame(number: int, x: int = 0, light: float = 1.0) -> Image.Image:
    """A scene of its own, seen from a little to the side."""
    return large(number).crop((x, 20, x + 200, 220)).point(lambda value: min(255, round(value * light)))


def cells(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L").resize((CELLS, CELLS), Image.Resampling.BOX))


def play(frames: list[Image.Image], look_every: int = 3) -> tuple[list[int], int]:
    """The numbers of the frames that are kept, and how many shots there were."""
    shots, kept = ShotFinder(), []
    for number, image in enumerate(frames):
        shots.watch(cells(image))
        if number % look_every == 0 and shots.is_kept(fingerprint(image)):
            kept.append(number)
    return kept, shots.shot


def test_a_still_scene_is_one_frame_of_one_shot():
    assert play([frame(1)] * 20) == ([0], 1)


def test_what_moves_is_kept_again_and_is_one_shot():
    kept, shots = play([frame(1, x=2 * n) for n in range(20)])
    assert shots == 1 and 1 < len(kept) < 7


def test_a_cut_begins_another_shot_whose_first_frame_is_kept():
    kept, shots = play([frame(1)] * 9 + [frame(2)] * 9 + [frame(3)] * 9)
    assert (kept, shots) == ([0, 9, 18], 3)


def test_a_scene_that_comes_back_is_a_shot_of_its_own():
    assert play([frame(1)] * 6 + [frame(2)] * 6 + [frame(1)] * 6)[1] == 3


@pytest.mark.parametrize("light", [0.5, 1.6])
def test_a_light_that_is_switched_is_no_cut(light):
    assert play([frame(1)] * 9 + [frame(1, light=light)] * 9)[1] == 1


def test_a_flash_is_no_cut():
    white = Image.new("RGB", (200, 200), "white")
    assert play([frame(1)] * 10 + [white] + [frame(1)] * 10)[1] == 1


def test_a_fade_through_black_keeps_no_black_frame():
    black = Image.new("RGB", (200, 200))
    kept, _ = play([frame(1)] * 6 + [black] * 6 + [frame(2)] * 6)
    assert all(not 6 <= number < 12 for number in kept) and len(kept) == 2
    assert is_flat(fingerprint(black)) and not is_flat(fingerprint(frame(1)))


def test_moving_is_less_than_a_cut_by_either_measure():
    still, moved, other = (cells(image) for image in (frame(1), frame(1, x=12), frame(2)))
    assert moved_difference(still, moved) < difference(still, moved) < difference(still, other)
    assert moved_difference(still, moved) < 5 and moved_difference(still, other) > 25


def test_a_fingerprint_that_came_through_a_jpeg_is_no_new_frame():
    shots, image = ShotFinder(), frame(1)
    assert shots.is_kept(fingerprint(image))
    buffer = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1)).save(buffer, "JPEG", quality=60)
    assert not shots.is_kept(fingerprint(Image.open(buffer).convert("RGB")))
