"""What a person's answer to "where from?" means."""

import shlex

import pytest

import config as cfg
from flow.base.errors import BadUsage
from flow.guide import source_prompt
from tests.faults import world


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "it's my (best) photos"
    world.put(home, "built", range(3))
    (home / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    return home


def test_a_path_is_understood_as_terminals_paste_it(folder):
    text = str(folder)
    escaped = text.replace(" ", "\\ ").replace("'", "\\'").replace("(", "\\(").replace(")", "\\)")
    ways = (text, f" {text} ", shlex.quote(text), f'"{text}"', escaped, f"folder:{text}", folder.as_uri(), f"{text}/")
    for way in ways:
        assert source_prompt.typed_path(way) == folder, way


def test_a_home_and_a_relative_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.chdir(folder.parent)
    assert (
        source_prompt.typed_path("~/" + folder.name)
        == source_prompt.typed_path(folder.name)
        == source_prompt.typed_path(f"./{folder.name}")
        == folder
    )


def test_ones_own_images_are_counted_at_once(folder):
    found = source_prompt.read_source(str(folder))
    assert (found.source, found.images, found.usable, found.own) == (f"folder:{folder}", 4, 3, True)
    assert source_prompt.describe(found) == ["4 images, 1 that cannot be read", "  broken.png: damaged or cut off"]


def test_words_are_sources_also_where_a_folder_is_called_so(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "sample").mkdir()
    assert source_prompt.read_source("search").source == cfg.scrapesite_default
    assert (
        source_prompt.read_source("sample").source == "sample"
        and source_prompt.read_source("openverse,nasa").source == "openverse,nasa"
    )


def test_a_list_of_addresses(tmp_path):
    listed = tmp_path / "my list.txt"
    listed.write_text("http://a.example/1.jpg\n# no\nname\thttps://a.example/2.jpg\n")
    found = source_prompt.read_source(shlex.quote(str(listed)))
    assert found.source == f"urls:{listed}" and source_prompt.describe(found) == ["2 addresses"] and found.own


@pytest.mark.parametrize(
    "answer",
    ["/nowhere/at/all", "nonsense", "folder:/nowhere", "urls:/nowhere", "x" * 5000, "a\0b", "'", "", "~nobody9/x"],
)
def test_what_is_not_there_is_said(answer):
    with pytest.raises(BadUsage) as refusal:
        source_prompt.read_source(answer)
    assert refusal.value.message.isprintable() and len(refusal.value.message) < 700


def test_no_images_one_image_no_addresses(tmp_path, folder):
    (tmp_path / "notes.txt").write_text("nothing here")
    (tmp_path / "empty").mkdir()
    for path, message in (
        (tmp_path / "empty", "There is no image in"),
        (folder / "built_1.jpg", "built_1.jpg is one image"),
        (tmp_path / "notes.txt", "no addresses"),
    ):
        with pytest.raises(BadUsage, match=message):
            source_prompt.read_source(str(path))


def test_a_video_and_a_folder_of_videos_are_video_sources(tmp_path, folder):
    (tmp_path / "clips").mkdir()
    for name in ("a.mp4", "b.MOV", "notes.txt"):
        (tmp_path / "clips" / name).write_bytes(b"x")
    one = source_prompt.read_source(str(tmp_path / "clips/a.mp4"))
    both = source_prompt.read_source(f"video:{tmp_path}/clips")
    assert (one.source, one.usable, one.own) == (f"video:{tmp_path}/clips/a.mp4", cfg.video_frames_max, True)
    assert (both.source, both.videos) == (f"video:{tmp_path}/clips", 2)
    assert source_prompt.describe(both) == [f"2 videos, of each at most {cfg.video_frames_max} frames"]
    (folder / "clip.mp4").write_bytes(b"x")
    mixed = source_prompt.read_source(str(folder))
    assert mixed.source == f"folder:{folder}"
    assert f"1 video beside them; for those: video:{folder}" in source_prompt.describe(mixed)


def test_the_camera_is_an_answer_also_where_a_folder_is_called_so(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "camera").mkdir()
    found = source_prompt.read_source(" Camera ")
    assert (found.source, found.own) == (source_prompt.CAMERA, False)
