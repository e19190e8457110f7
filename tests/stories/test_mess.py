"""What people, disks and other programs leave in the folders: one clear sentence, the right code, nothing lost."""

import json
import os
import sqlite3
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults import hostile, meddler, world
from tests.faults.runner import run
from tests.faults.world import contents, fresh, sorted_folders, training

SURE = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"}


def clean(done, *codes):
    """A run that ended as it may, without a traceback."""
    assert done.code in codes, f"{done.code} {done.out} {done.err}"
    assert "Traceback" not in done.err and "mistake of mine" not in done.err
    return done


# Made by hand


def make_a_mess(folder, outside):
    """Everything people leave in a folder of images."""
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.jpg", "notes.txt", "video.mp4"):
        (folder / name).write_bytes(b"not a picture")
    (folder / "sub" / "deeper").mkdir(parents=True)
    (folder / "sub" / "deeper" / "x.jpg").write_bytes(world.image_bytes(901))
    (folder / "folder.jpg").mkdir()
    (folder / "out.jpg").symlink_to(outside)
    (folder / "out").symlink_to(outside.parent)
    (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
    (folder / "up").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe.jpg")
    (folder / ("x" * 200 + ".jpg")).write_bytes(world.image_bytes(902))
    (folder / ("y" * 251 + ".jpg")).write_bytes(world.image_bytes(903))
    with open(os.path.join(os.fsencode(folder), b"caf\xe9.jpg"), "wb") as writer:
        writer.write(world.image_bytes(904))
    (folder / "new\nline \x1b[31m\u202e.jpg").write_bytes(world.image_bytes(905))
    (folder / "<img src=x onerror=alert(1)>.jpg").write_bytes(world.image_bytes(906))
    (folder / "=cmd().jpg").write_bytes(world.image_bytes(907))


def test_a_messy_folder_goes_through_the_whole_loop(tmp_path):
    root = fresh(world.to_classify)
    outside = tmp_path / "private.jpg"
    outside.write_bytes(world.image_bytes(999))
    make_a_mess(world.unsorted(root), outside)
    make_a_mess(training(root) / "built", outside)
    (training(root) / os.fsdecode(b"caf\xe9")).mkdir()
    before = contents(root)
    done = clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 3)
    assert done.err == "" and "\x1b" not in done.out and "sorted 6" in done.out  # the mess's images are in training too
    for image in world.unsorted(root).glob("*.jpg"):
        if (
            image.is_file()
            and not image.is_symlink()
            and image.read_bytes() in {world.image_bytes(n) for n in range(902, 908)}
        ):
            image.rename(sorted_folders(root)[0] / "drawn" / image.name)
    for copy in list((training(root) / "built").glob("*.jpg")):
        if (
            copy.is_file()
            and not copy.is_symlink()
            and copy.read_bytes() in {world.image_bytes(n) for n in range(902, 908)}
        ):
            copy.unlink()
    done = clean(run(root, "robots", "harvest"), 0)
    assert "6 labelled by a person" in done.out
    for command in (("0", "0", "retrain_defaults", *world.TRAIN), ("models",), ("status",), ("undo",), ("harvest",)):
        clean(run(root, "robots", *command), 0)
    assert contents(root) >= before and outside.read_bytes() == world.image_bytes(999)
    assert "\x1b" not in (root / "logs/robots.log").read_text()


def test_classify_of_strange_names_keeps_every_image():
    root = fresh(world.with_model)
    folder = world.unsorted(root)
    folder.mkdir(parents=True)
    make_a_mess(folder, root / "nothing.jpg")
    done = clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 0)
    assert "sorted 6" in done.out
    assert all(len(os.fsencode(p.name)) <= 255 for p in root.rglob("*"))


def test_an_image_the_disk_does_not_give_is_left_and_the_others_sorted():
    root = fresh(world.to_classify)
    bad = world.unsorted(root) / "built_100.jpg"
    done = clean(run(root, "robots", "0", "mine", "classify_top", unreadable=(str(bad),)), 3)
    assert "sorted 5" in done.out and "1 not read from the disk" in done.out and bad.exists()
    assert "sorted 1" in run(root, "robots", "0", "mine", "classify_top").out


def test_a_bad_file_among_the_training_photos_is_named_and_left_out():
    root = fresh(world.beginning)
    torn = training(root) / "built" / "torn.jpg"
    torn.write_bytes(world.image_bytes(1)[:300])
    (training(root) / "drawn" / "page.jpg").write_bytes(b"<html>")
    done = clean(run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN), 3)
    facts = json.loads(next(root.rglob("model.json")).read_text())
    assert {p.rsplit("/", 1)[1] for p in facts["unreadable"]} == {"torn.jpg", "page.jpg"} and torn.exists()
    assert "retrained" in done.out


@pytest.mark.parametrize("when", ["images_vanish", "images_vanish_late"])
@pytest.mark.parametrize("command", [("0", "mine", "classify_top"), ("harvest",)])
def test_images_taken_away_while_it_runs_are_a_persons_doing(when, command):
    root = fresh(world.to_classify if command[0] == "0" else world.to_harvest)
    before = contents(root)
    clean(run(root, "robots", *command, before=when), 0, 3)
    assert contents(root) == before


def test_a_person_moving_images_about_all_the_time():
    """Real hands: a thread renames, removes and adds while classify and harvest run."""
    root = fresh(world.to_classify)
    before, stop = contents(root), threading.Event()
    elsewhere = root / "aside"
    elsewhere.mkdir()

    def hands():
        number = 0
        while not stop.is_set():
            number += 1
            images = list(world.unsorted(root).glob("*.jpg")) + [
                p for f in sorted_folders(root) for p in f.glob("*/*.jpg")
            ]
            if images:
                image = images[number % len(images)]
                try:
                    image.rename(elsewhere / f"{number}.jpg")
                    time.sleep(0.002)
                    (elsewhere / f"{number}.jpg").rename(image)
                except FileNotFoundError:
                    continue

    thread = threading.Thread(target=hands)
    thread.start()
    try:
        for _ in range(3):
            clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 0, 3)
            clean(run(root, "robots", "harvest"), 0, 3)
    finally:
        stop.set()
        thread.join()
    assert before <= contents(root)


# Damaged by a disk


@pytest.mark.parametrize("store", ["hashes.sqlite", "efficientnet_lite0*.sqlite"])
@pytest.mark.parametrize("damage", ["words", "half", "middle", "empty"])
def test_a_damaged_store_is_computed_again(store, damage):
    root = fresh(world.to_classify)
    path = next((root / "bottlenecks").glob(store))
    data = path.read_bytes()
    middle = data[:4096] + bytes(b ^ 0x5A for b in data[4096:])
    path.write_bytes(
        {"words": b"no database " * 99, "half": data[: len(data) // 2], "middle": middle, "empty": b""}[damage]
    )
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    done = clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 3)
    assert "sorted 6: 6 sure" in done.out
    clean(run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN), 0)


def test_bottlenecks_that_are_no_numbers_are_not_sure_of_anything():
    root = fresh(world.to_classify)
    clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 3)
    store = next((root / "bottlenecks").glob("efficientnet_lite0*.sqlite"))
    with sqlite3.connect(store) as db:
        db.execute("UPDATE vectors SET vector=?", (np.full(48, np.nan, np.float32).tobytes(),))
    db.close()
    sorted_folders(root)[0].rename(root / "aside")
    done = clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 0, 3)
    assert ": 0 sure" in done.out or ": 6 sure" in done.out  # held back, or computed again


def rewritten(path, change):
    facts = json.loads(path.read_text())
    change(facts)
    path.write_text(json.dumps(facts))


def drop_label(facts):
    facts["labels"] = facts["labels"][:1]


def swap_labels(facts):
    facts["labels"].reverse()


def other_hash(facts):
    facts["files"]["head.npz"] = "0" * 64


def outside(facts):
    facts["files"]["../../../../etc/passwd"] = "0" * 64


def no_head(facts):
    del facts["files"]["head.npz"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda m: (m / "head.npz").write_bytes(b""), "head.npz has changed"),
        (lambda m: (m / "head.npz").write_bytes((m / "head.npz").read_bytes()[:500]), "head.npz has changed"),
        (lambda m: (m / "head.npz").unlink(), "head.npz is missing"),
        (lambda m: (m / "retrained_labels.txt").write_text("other\nlabels\n"), "retrained_labels.txt has changed"),
        (lambda m: (m / "retrained_graph/saved_model.pb").write_bytes(b"x"), "saved_model.pb has changed"),
        (lambda m: rewritten(m / "model.json", drop_label), "other labels"),
        (lambda m: rewritten(m / "model.json", swap_labels), "other labels"),
        (lambda m: rewritten(m / "model.json", other_hash), "head.npz has changed"),
        (lambda m: rewritten(m / "model.json", outside), "passwd is missing"),
        (lambda m: rewritten(m / "model.json", no_head), "head.npz has changed"),
    ],
)
def test_a_damaged_model_is_refused_with_the_real_reason_and_nothing_is_sorted(damage, words):
    root = fresh(world.to_classify)
    damage(next(root.rglob("model.json")).parent)
    before = sorted(root.rglob("*.jpg"))
    done = clean(run(root, "robots", "0", "mine", "classify_top"), 1)
    assert words in done.err and "--model" in done.err and sorted(root.rglob("*.jpg")) == before


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 9999, '{"format": 99}', '{"format": 1, "accuracy": {"value": "high"}}', "\x00"],
)
def test_a_folder_without_a_whole_model_json_is_no_model(text):
    root = fresh(world.to_classify)
    folder = next(root.rglob("model.json")).parent
    (folder / "model.json").write_text(text)
    (folder.parent / "mine.h5").write_bytes(b"h5")
    (folder.parent / "notes").mkdir()
    done = clean(run(root, "robots", "0", "mine", "classify_top"), 10)
    assert "no model" in done.err.lower()
    assert "models: 0" in run(root, "robots", "status").out


def test_a_second_whole_model_is_still_offered():
    root = fresh(world.to_classify)
    clean(run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN[:-1], "30"), 0)
    broken = sorted(root.rglob("model.json"))[0].parent
    (broken / "head.npz").write_bytes(b"x")
    good = sorted(root.rglob("model.json"))[1].parent.name
    clean(run(root, "robots", "0", "mine", "classify", "--model", good), 3)


@pytest.mark.parametrize("build", ["one label", "an empty label", "one image", "all the same"])
def test_training_on_too_little_says_so_before_it_starts(build):
    root = fresh(world.beginning)
    folder = training(root) / "drawn"
    for number, image in enumerate(sorted(folder.glob("*.jpg"))):
        if build == "all the same":
            image.write_bytes(world.image_bytes(1))
        elif build != "one image" or number:
            image.unlink()
    if build == "one label":
        folder.rmdir()
    done = clean(run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN), 10)
    assert "drawn" in done.err or "2 labels" in done.err or "two labels" in done.err
    assert not list(root.rglob("model.json"))


def test_a_label_removed_after_training_is_no_trouble():
    root = fresh(world.to_classify)
    os.rename(training(root) / "drawn", root / "aside")
    clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 3)
    clean(run(root, "robots", "harvest"), 0)
    clean(run(root, "robots", "models"), 0)


# Damaged images


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_any_damaged_image_gives_an_image_or_a_reason(seed):
    for data in hostile.damaged(5, seed):
        assert hostile.problem_with_image(data) == ""


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF1234WEBP"]),
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_an_image_or_a_reason(data, magic):
    assert hostile.problem_with_image(magic + data) == ""


def test_a_folder_of_damaged_images_is_sorted_or_set_aside_one_by_one():
    root = fresh(world.with_model)
    folder = world.unsorted(root)
    folder.mkdir(parents=True)
    for number, data in enumerate(hostile.damaged(60, 7)):
        (folder / f"{number}.jpg").write_bytes(data)
    before = contents(root)
    clean(run(root, "robots", "0", "mine", "classify_top", environ=SURE), 3)
    assert contents(root) == before
    elsewhere = {p.name for p in (world.testing(root) / "quarantine").glob("*.jpg")}
    reasons = (world.testing(root) / "quarantine/reasons.txt").read_text().splitlines()
    assert elsewhere and {line.split("\t")[0] for line in reasons} == elsewhere
    assert all(len(line.split("\t")) == 3 and line.split("\t")[1] for line in reasons)


def test_a_clock_an_hour_or_years_off_changes_no_order():
    root = fresh(world.to_harvest)
    for hours in (-1, -30_000, 100_000):
        clean(run(root, "robots", "harvest", clock_s=hours * 3600), 0)
        clean(run(root, "robots", "undo", clock_s=-hours * 3600), 0)
    assert len(sorted_folders(root)) == 1
    clean(run(root, "robots", "status", clock_s=-7200), 0)


def test_somebody_drags_renames_and_deletes_while_it_works():
    """A real second process, a few rounds of each command; `python -m tests.faults` plays 200."""
    assert [wrong for wrong in meddler.rounds(8, seed=500) if wrong] == []
