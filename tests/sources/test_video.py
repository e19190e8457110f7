"""Frames of videos as a source: what is kept of each shot, and what is said of videos that cannot be read."""

import random
import sys

import pytest
from PIL import Image

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, NotReady
from flow.base.options import filled
from flow.download.options import DownloadOptions
from flow.download.step import download
from flow.records.catalogue import Catalogue
from flow.sources import check_ready, open_sources, video_frames
from flow.sources.video import videos_in
from tests.videos import scene, write_sound, write_video

SIX = 6


@pytest.fixture
def catalogue(tf_files):
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    """A minute of six scenes."""
    path = tmp_path_factory.mktemp("videos") / "six.mp4"
    return write_video(path, [scene(number, 10) for number in range(SIX)])


def frames_of(path, most=100):
    return list(video_frames.read_frames(path, most, lambda at, seconds: None))


def get(catalogue, spec: str, quantity: int = 100):
    wanted = filled(DownloadOptions, {"quantity": quantity, "searchtag": "clips", "source": spec})
    got = download("robots", wanted, catalogue)
    catalogue.finish("clips")
    return got


def kept(catalogue) -> dict[str, list]:
    """Group -> its images."""
    groups, found = catalogue.groups(), {}
    for image in catalogue.images_of("clips"):
        found.setdefault(groups[image.sha256], []).append(image)
    return found


def test_a_minute_of_six_scenes_gives_frames_of_each_in_six_groups(six, catalogue):
    got = get(catalogue, f"video:{six}")
    found = kept(catalogue)
    assert len(found) == SIX and got.kept == sum(map(len, found.values())) >= SIX
    folder = paths.unsorted_dir("robots", "clips")
    seconds = {}
    for group, images in found.items():
        assert all(image.credit == "your own video" and (folder / image.file_name).is_file() for image in images)
        clocks = [image.title.rpartition(", ")[2].split(":") for image in images]
        seconds[group] = {(60 * int(minutes) + int(rest)) // 10 for minutes, rest in clocks}
    assert sorted(next(iter(scene)) for scene in seconds.values()) == list(range(SIX))
    assert all(len(scene) == 1 for scene in seconds.values())  # no group spans a cut
    again = get(catalogue, f"video:{six}")
    assert again.kept == 0 and len(kept(catalogue)) == SIX


def test_at_most_so_many_frames_come_and_from_the_whole_length(six):
    frames = frames_of(six, most=8)
    assert len(frames) <= 8 and frames[0].at < 5 and frames[-1].at > 45


def test_a_still_scene_gives_one_frame(tmp_path):
    still = Image.new("RGB", (320, 240), (90, 20, 20))
    still.paste((200, 200, 60), (60, 60, 200, 180))
    path = write_video(tmp_path / "still.mp4", [[still] * 30])
    assert len(frames_of(path)) == 1


def test_frames_are_turned_as_the_telephone_noted(tmp_path):
    wide = Image.new("RGB", (320, 240), (20, 20, 160))
    wide.paste((220, 220, 40), (0, 0, 320, 60))  # a bar along the top of the frame as it lies
    plain = write_video(tmp_path / "plain.mp4", [[wide] * 5])
    turned = write_video(tmp_path / "turned.mp4", [[wide] * 5], turned=90)
    (one,), (other,) = frames_of(plain), frames_of(turned)
    images = [Image.open(__import__("io").BytesIO(frame.jpeg)).convert("RGB") for frame in (one, other)]
    assert images[0].size == (320, 240) and images[1].size == (240, 320)
    assert images[0].getpixel((160, 20))[2] < 120 and images[1].getpixel((120, 300))[2] > 120
    assert images[1].getpixel((20, 160))[2] < 120  # turned 90 degrees anticlockwise: the top is now on the left


def broken(folder, whole: bytes) -> dict[str, bytes]:
    """Twenty files that are no whole video."""
    rng = random.Random(1)
    found = {
        "empty.mp4": b"",
        "text.mp4": b"#!/bin/sh\necho nonsense\n" * 50,
        "zeros.mov": bytes(20_000),
        "noise.mkv": rng.randbytes(20_000),
        "noise.avi": b"RIFF\x00\x10\x00\x00AVI LIST" + rng.randbytes(5_000),
        "head.mp4": whole[:40],
        "playlist.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "list.mp4": b"ffconcat version 1.0\nfile six.mp4\n",
    }
    for part in range(6):
        found[f"cut{part}.mp4"] = whole[: len(whole) * (part + 1) // 7]
    for part in range(6):
        holes = bytearray(whole)
        for _ in range(400):
            at = rng.randrange(len(holes))
            holes[at : at + 200] = rng.randbytes(min(200, len(holes) - at))
        found[f"holes{part}.mp4"] = bytes(holes)
    return found


def test_twenty_broken_videos_are_a_sentence_each_and_nothing_half_kept(six, catalogue, tmp_path):
    home = tmp_path / "clips"
    home.mkdir()
    files = broken(home, six.read_bytes())
    assert len(files) == 20
    for name, data in files.items():
        (home / name).write_bytes(data)
    write_video(home / "whole.mp4", [scene(20, 3)])
    got = get(catalogue, f"video:{home}", quantity=250)
    assert got.code == 3
    for name in files:
        parts = [part for part in got.reason.split("; ") if part.lower().startswith(f"the video {name} ")]
        assert parts and "Error" not in parts[0], name
    folder = paths.unsorted_dir("robots", "clips")
    for path in folder.glob("*.jpg"):
        with Image.open(path) as image:
            image.load()
    assert not list(folder.glob(".*")) and any("whole" in image.title for image in catalogue.images_of("clips"))
    assert "passwd" not in got.reason


def test_a_video_that_is_cut_off_in_the_middle_keeps_what_came_before(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", [scene(1, 4), scene(2, 4)], codec="mpeg4")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = []
    with pytest.raises(video_frames.VideoProblem, match="what came before is kept"):
        for frame in video_frames.read_frames(cut, 100, lambda at, seconds: None):
            frames.append(frame)
    assert frames


def test_what_has_no_picture_is_too_small_or_too_long_is_said(tmp_path, monkeypatch):
    sound = write_sound(tmp_path / "sound.mp4")
    with pytest.raises(video_frames.VideoProblem, match="no picture, only sound"):
        frames_of(sound)
    small = write_video(tmp_path / "small.mp4", [scene(1, 1, (160, 96))])
    with pytest.raises(video_frames.VideoProblem, match="160 x 96 pixels; each side needs 160"):
        frames_of(small)
    large = write_video(tmp_path / "large.mp4", [scene(1, 1)])
    monkeypatch.setattr(video_frames, "PIXELS_MAX", 10_000)
    with pytest.raises(video_frames.VideoProblem, match="which are too many"):
        frames_of(large)


def test_a_video_without_an_end_is_left(tmp_path, monkeypatch):
    """One that says how long it is, and one that does not."""
    long = write_video(tmp_path / "long.mp4", [scene(1, 8)])
    endless = write_video(tmp_path / "endless.ts", [scene(1, 8)], codec="mpeg2video", fps=25)
    monkeypatch.setattr(video_frames, "MINUTES_MAX", 0.05)
    with pytest.raises(video_frames.VideoProblem, match="lasts 0 minutes; at most 0.05 are read"):
        frames_of(long)
    monkeypatch.setattr(video_frames, "_length", lambda container, stream: 0.0)
    with pytest.raises(video_frames.VideoProblem, match="What came before is kept"):
        frames_of(endless)


def test_films_of_live_photos_are_left_out(tmp_path):
    for name in ("IMG_1.MOV", "IMG_1.HEIC", "clip.mp4", "notes.txt", ".hidden.mp4"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.name for path in videos_in(tmp_path)] == ["clip.mp4"]


def test_a_source_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadUsage, match="There is no video"):
        open_sources(f"video:{tmp_path}/none.mp4")
    with pytest.raises(BadUsage, match="There is no video in"):
        open_sources(f"video:{tmp_path}")
    with pytest.raises(BadUsage, match="video:FILE"):
        check_ready("video:")


def test_without_pyav_the_command_is_named_that_installs_it(tmp_path, monkeypatch):
    (tmp_path / "clip.mp4").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NotReady) as problem:
        check_ready(f"video:{tmp_path}")
    assert "PyAV" in problem.value.message and f"pip install '{video_frames.PACKAGE}'" in problem.value.hint
    assert "GPL" in problem.value.hint


def test_no_video_no_pyav():
    import subprocess

    code = "import flow.sources, flow.sources.video, sys; print('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_setting_bounds_a_clip(six, catalogue):
    cfg.video_frames_max = 4
    assert get(catalogue, f"video:{six}").kept <= 4
