"""The camera page's requests: what is recorded lies on the disk with its label, its recording and its credit, and can
be taken back."""

import contextlib
import io
import json
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from flow.base import files, paths
from flow.base.errors import BadUsage
from flow.base.learning import find_backbone
from flow.check.camera_live import LiveLearner
from flow.check.camera_session import PORT, CameraOptions, CameraSession
from flow.harvest.import_decisions import import_decisions
from flow.records.open_catalogue import open_catalogue
from tests.check.serving import camera_served
from tests.terminal import PROJECT

STAMP = "20261126_101010"


def frame(number: int, side: int = 336, shade: int = 0) -> bytes:
    """A JPEG as the page sends it: a picture of its own for each number; of one `shade` they look alike to a model."""
    rng = np.random.default_rng(number)
    blotches = rng.integers(0, 150, (6, 6, 3)) + np.array([shade, 100 - shade, 60])
    buffer = io.BytesIO()
    image = Image.fromarray(np.clip(blotches, 0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture
def backbone(tiny, tf_files, kept_models):
    found = find_backbone(str(tiny), 32)
    return lambda: (found, tiny)


@pytest.fixture
def page(backbone):
    with camera_served(backbone) as served:
        yield served


def see(page, data: bytes, recording: str = "", **headers: str) -> dict:
    own = {**page.own_headers(), "Content-Type": "application/octet-stream", "X-Recording": recording, **headers}
    status, _, body = page.send("POST", "/api/frame", data, **own)
    assert status in (200, 400), body
    return json.loads(body)


def record(page, label: str, frames: list[bytes]) -> dict:
    """One hold of a label's key."""
    status, begun = page.post("record", label=label)
    assert status == 200, begun
    for data in frames:
        time.sleep(0.1)
        answer = see(page, data, begun["recording"])
        assert answer["why"] == "", answer
    status, view = page.post("recorded", recording=begun["recording"])
    assert status == 200
    return view


def rows(view: dict) -> dict:
    return {row["label"]: (row["images"], row["recordings"]) for row in view["shown"]}


def two_labels(page, recordings: int = 1, frames: int = 3, first: int = 0) -> dict:
    view = {}
    for number in range(first, first + recordings):
        for shade, label in ((0, "cup"), (100, "key")):
            start = 1000 * shade + 10 * number
            view = record(page, label, [frame(start + n, shade=shade) for n in range(frames)])
    return view


@contextlib.contextmanager
def another_run():
    """A process that holds the basetag's lock."""
    code = (
        "import sys, time, pathlib; from flow.base import locks\n"
        "who = {'pid': 1, 'since': 'now', 'command': 'roboflow.py robots 0 0 retrain'}\n"
        "with locks.held(pathlib.Path(sys.argv[1]), 5, who): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(paths.lock("robots"))]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    try:
        yield
    finally:
        process.kill()
        process.communicate()


def shown_groups() -> dict[str, str]:
    with open_catalogue("robots") as catalogue:
        return catalogue.groups()


def until_learned(page, version: int = 0) -> dict:
    end = time.monotonic() + 30
    while True:
        _, view = page.get("/api/shown")
        if view["version"] > version and not view["quality"]["learning"]:
            return view
        assert time.monotonic() < end, view
        time.sleep(0.1)


def test_a_hold_lies_on_the_disk_with_its_label_its_recording_and_its_credit(page):
    view = two_labels(page)
    assert rows(view) == {"cup": (3, 1), "key": (3, 1), "not": (0, 0)}
    folder = paths.unsorted_dir("robots", f"camera_{STAMP}")
    images = files.images_in(folder)
    assert len(images) == 6
    by_group = {}
    with open_catalogue("robots") as catalogue:
        groups, known = catalogue.groups(), {image.sha256: image for image in catalogue.images()}
    for path in images:
        sha = files.sha256_of(path)
        image = known[sha]
        assert (image.credit, image.source, image.file_name) == ("your own camera", "camera", path.name) and image.at
        by_group.setdefault(groups[sha], []).append(image.title)
    assert sorted(by_group.values()) == [["cup"] * 3, ["key"] * 3]
    assert len((folder / "recordings.txt").read_text().splitlines()) == 6


def test_it_predicts_after_two_labels_and_says_how_good_it_is_by_recordings(page):
    assert "scores" not in see(page, frame(1))
    two_labels(page)
    view = until_learned(page)
    assert view["quality"]["text"] == "Its accuracy is not known yet."
    assert "Record cup and key again, somewhere else." in view["quality"]["advice"]
    for shade, label in ((0, "cup"), (100, "key")):
        answer = see(page, frame(77, shade=shade))
        assert max(answer["scores"], key=answer["scores"].__getitem__) == label and answer["version"] == view["version"]
    two_labels(page, recordings=3, first=1)
    text = until_learned(page, view["version"])["quality"]["text"]
    assert "images of 8 recordings: accuracy " in text and "measured on recordings it had not seen" in text


def test_a_sentence_of_before_is_never_the_last_one(page, monkeypatch):
    """It goes on learning while the answer is put together, and has learned before that is sent."""
    sentences_of = LiveLearner.measured_sentences

    def tell(self):
        sentences = sentences_of(self)
        self.wait(30)
        return sentences

    monkeypatch.setattr(LiveLearner, "measured_sentences", tell)
    two_labels(page)
    quality = page.get("/api/shown")[1]["quality"]
    assert quality["learning"] or quality["text"] == "Its accuracy is not known yet."


def test_undo_takes_a_whole_recording_back_and_redo_brings_it_again(page):
    two_labels(page)
    _, view = page.post("undo")
    assert rows(view)["key"] == (0, 0) and rows(view)["cup"] == (3, 1)
    _, view = page.post("redo", count=1)
    assert rows(view)["key"] == (3, 1)


def test_images_of_a_recording_are_set_aside_or_get_another_label(page):
    view = two_labels(page)
    newest = view["recordings"][-1]["id"]
    _, found = page.get(f"/api/images?recording={newest}")
    shas = [image["sha256"] for image in found["images"]]
    _, view = page.post("decide", page=newest, images=shas[:1], kind="aside", label="", count=1)
    assert rows(view)["key"] == (2, 1)
    _, view = page.post("decide", page=newest, images=shas[1:], kind="label", label="cup", count=1)
    assert rows(view)["cup"] == (5, 2)
    on_disk = [path for path in paths.testing("robots").rglob("*.jpg")]
    assert sorted(map(files.sha256_of, on_disk)) == sorted(shown_groups())  # set aside, never deleted


def test_frames_that_cannot_be_kept_are_refused_in_words(page):
    _, begun = page.post("record", label="cup")
    id = begun["recording"]
    assert "at least 320 are needed" in see(page, frame(1, side=200), id)["error"]
    assert "cannot be read" in see(page, b"\xff\xd8\xff nonsense", id)["error"]
    png = io.BytesIO()
    Image.open(io.BytesIO(frame(1))).save(png, "PNG")
    assert "Only JPEG" in see(page, png.getvalue(), id)["error"]
    status, problem = page.post("record", label="a/b:c")
    assert status == 400 and problem["error"]
    assert not list(paths.testing("robots").rglob("*.jpg"))


def test_what_was_recorded_becomes_training_data_and_outlives_a_lost_catalogue(page):
    two_labels(page)
    groups = shown_groups()
    with open_catalogue("robots") as catalogue:
        imported = import_decisions("robots", "20261126_111111", catalogue)
    assert imported.line() == "took cup 3, key 3 as training data"
    assert {p.parent.name for p in paths.training("robots").glob("*/*.jpg")} == {"cup", "key"}
    for path in paths.catalogue("robots").parent.glob("robots.sqlite*"):
        path.rename(path.with_name(f"gone_{path.name}"))
    with open_catalogue("robots") as again:
        assert again.groups() == groups
        assert {label.given_by for label in again.labels().values()} == {"human"}


def test_while_another_run_works_what_is_recorded_waits_and_is_said(page):
    page.lock.give_back()
    with another_run():
        _, begun = page.post("record", label="cup")
        see(page, frame(1), begun["recording"])
        time.sleep(1)
        assert "Another run works" in see(page, frame(2))["problem"]
        assert not list(paths.testing("robots").rglob("*.jpg"))
    end = time.monotonic() + 10
    while not list(paths.testing("robots").rglob("*.jpg")):
        assert time.monotonic() < end
        time.sleep(0.1)
    _, view = page.post("recorded", recording=begun["recording"])
    assert rows(view)["cup"] == (1, 1) and view["problem"] == ""


def test_train_needs_two_labels_and_begins_another_part(page):
    record(page, "cup", [frame(n) for n in range(3)])
    status, problem = page.post("work", steps=["train"])
    assert status == 400 and "at least two labels" in problem["error"]
    record(page, "key", [frame(500 + n, shade=100) for n in range(3)])
    page.post("work", steps=["train"])
    end = time.monotonic() + 20
    while page.get("/api/work")[1]["busy"] or not page.done:
        assert time.monotonic() < end
        time.sleep(0.1)
    record(page, "key", [frame(900 + n, shade=100) for n in range(2)])
    folders = sorted(path.name for path in paths.testing("robots").glob("unsorted_*"))
    assert page.done == ["train"] and folders == [f"unsorted_camera_{STAMP}", f"unsorted_camera_{STAMP}_2"]


def test_only_this_page_may_use_the_camera_and_nothing_leaves_the_machine(page):
    _, headers, _ = page.send("GET", "/", Cookie=page.cookie)
    assert headers["Permissions-Policy"] == "camera=(self), microphone=(), geolocation=()"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "connect-src 'self'" in policy and "media-src blob:" in policy
    status, _, _ = page.send("POST", "/api/frame", frame(1), **{"Content-Type": "application/octet-stream"})
    assert status == 403


def test_the_port_is_always_the_same_and_nobody_without_a_terminal_is_asked(backbone):
    assert 1024 <= PORT <= 65535
    with open_catalogue("robots") as catalogue, pytest.raises(BadUsage, match="without a terminal"):
        CameraSession("robots", STAMP, catalogue, CameraOptions(), backbone)
