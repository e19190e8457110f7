"""Which frames of a camera or a video are kept, and which recording they are of."""

import itertools

import numpy as np
import pytest
from PIL import Image

from flow.check.camera_recorder import FRAMES_MAX, PAUSE_S, Recorder, new_frame
from scripts.learn.fingerprints import fingerprint

VECTOR = np.zeros(2, np.float32)


def look(number: int):
    blotches = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    return fingerprint(Image.fromarray(blotches).resize((96, 96), Image.Resampling.BICUBIC))


@pytest.fixture
def recorder():
    ids, now = (f"r{number}" for number in itertools.count(1)), [0.0]
    made = Recorder(lambda: next(ids), lambda: now[0])
    made.now = now
    return made


def offer(recorder, id: str, number: int, cut: bool = False, after: float = 0.1):
    recorder.now[0] += after
    return recorder.offer(id, new_frame(f"frame {number}".encode(), VECTOR), look(number), cut)


def test_a_hold_is_one_recording_of_what_differs_at_most_ten_a_second(recorder):
    id = recorder.begin("cup")
    assert offer(recorder, id, 1) == (1, "")
    assert offer(recorder, id, 2, after=PAUSE_S / 2) == (1, "same")
    assert offer(recorder, id, 1) == (1, "same")
    assert offer(recorder, id, 2) == (2, "")
    assert [(recording.id, recording.label) for recording, _ in recorder.take()] == [("r1", "cup")] * 2
    assert recorder.take() == []
    recorder.end(id)
    assert offer(recorder, id, 3) == (0, "closed")


def test_another_hold_is_another_recording_and_no_content_comes_twice(recorder):
    first = recorder.begin("cup")
    offer(recorder, first, 1)
    recorder.end(first)
    second = recorder.begin("cup")
    assert second != first
    assert offer(recorder, second, 1) == (0, "same")
    assert offer(recorder, second, 2) == (1, "")


def test_one_recording_has_an_end(recorder):
    id = recorder.begin("cup")
    for number in range(FRAMES_MAX):
        assert offer(recorder, id, number)[1] == ""
    assert offer(recorder, id, FRAMES_MAX + 1) == (FRAMES_MAX, "full")


def test_a_covered_camera_records_nothing(recorder):
    id, black = recorder.begin("cup"), fingerprint(Image.new("RGB", (96, 96)))
    assert recorder.offer(id, new_frame(b"black", VECTOR), black) == (0, "covered")


def test_a_cut_in_a_video_begins_another_recording(recorder):
    id = recorder.begin("", "clip.mp4")
    assert offer(recorder, id, 1) == (1, "") and offer(recorder, id, 2, cut=True) == (1, "")
    recordings = [recording for recording, _ in recorder.take()]
    assert [recording.id for recording in recordings] == ["r1", "r2"]
    assert {recording.video for recording in recordings} == {"clip.mp4"}


def test_what_could_not_be_put_away_comes_again_first(recorder):
    id = recorder.begin("cup")
    offer(recorder, id, 1)
    taken = recorder.take()
    offer(recorder, id, 2)
    recorder.give_back(taken)
    assert [frame.data for _, frame in recorder.take()] == [b"frame 1", b"frame 2"]
