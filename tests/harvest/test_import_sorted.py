"""Pictures of a person's own, sorted in folders: copied with a journal, and taken out again by undo."""

import shutil

import pytest

from flow.harvest.import_sorted import label_folders_in
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import contents, fresh, training


@pytest.fixture
def mine(tmp_path):
    """A folder with two label folders, one of them named as people do, and what else lies about."""
    world.put(tmp_path / "mine/Built", "built", range(500, 504))
    world.put(tmp_path / "mine/drawn", "drawn", range(500, 503))
    world.put(tmp_path / "mine/holiday", "holiday", range(2))
    (tmp_path / "mine/drawn/broken.jpg").write_bytes(world.image_bytes(1)[:200])
    (tmp_path / "mine/empty").mkdir()
    return tmp_path / "mine"


@pytest.fixture
def root():
    return fresh(world.beginning)


def listing(folder):
    return sorted((str(p), p.stat().st_mtime_ns) for p in folder.rglob("*"))


def test_folders_named_like_labels_are_copied_and_count_as_a_persons(root, mine):
    before = listing(mine)
    done = run(root, "robots", "take", str(mine))
    assert done.code == 0, done
    assert (
        "took built 4, drawn 3 as training data, 1 unreadable left out; left alone, as they are not labels: holiday"
        in done.out
    )
    assert len(list((training(root) / "built").iterdir())) == 24 and listing(mine) == before
    assert sorted(p.name for p in training(root).iterdir()) == ["built", "drawn"]
    labels = [label for label in world.state(root)["labels"] if "human" in str(label)]
    assert len(labels) >= 7


def test_twice_is_once(root, mine):
    run(root, "robots", "take", str(mine))
    done = run(root, "robots", "take", str(mine))
    assert done.code == 0 and "took nothing as training data, 7 already there" in done.out
    assert len(list(training(root).rglob("*.jpg"))) == 47


def test_undo_takes_exactly_the_copies_out_and_deletes_nothing(root, mine):
    before = sorted(training(root).rglob("*.jpg"))
    run(root, "robots", "take", str(mine))
    everything = contents(root, mine)
    done = run(root, "robots", "undo")
    assert done.code == 0 and "took 7 copies out of the training data; they lie in harvested_" in done.out
    assert sorted(training(root).rglob("*.jpg")) == before and contents(root) | contents(mine) == everything
    assert run(root, "robots", "undo").code == 10
    assert "took built 4, drawn 3" in run(root, "robots", "take", str(mine)).out


def test_undo_leaves_what_a_person_moved_since(root, mine):
    run(root, "robots", "take", str(mine))
    moved = training(root) / "built/drawn_500.jpg"
    shutil.move(training(root) / "drawn/drawn_500.jpg", moved)
    done = run(root, "robots", "undo")
    assert done.code == 3 and "no longer where" in done.out and moved.exists()


def test_killed_anywhere_it_is_finished_and_nothing_is_lost(root, mine):
    before = contents(root)
    for nth in (10, 20, 26, 30, 34, 40, 50, 60):
        ended = run(root, "robots", "take", str(mine), nth=nth)
        assert ended.code in (-9, 0) and contents(root) >= before and len(contents(mine)) == 10
    assert run(root, "robots", "take", str(mine)).code == 0
    assert len(list(training(root).rglob("*.jpg"))) == 47 and world.state(root)["half done"] == []


def test_a_new_basetag_gets_the_folders_as_its_labels(tmp_path, mine):
    done = run(tmp_path / "tf", "houses", "take", str(mine))
    assert done.code == 0 and "took built 4, drawn 3, holiday 2" in done.out
    folders = (tmp_path / "tf/training_photos/houses").iterdir()
    assert sorted(p.name for p in folders) == ["built", "drawn", "holiday"]


def test_one_image_in_two_label_folders_is_left_out(root, mine):
    shutil.copy(mine / "drawn/drawn_500.jpg", mine / "Built/again.jpg")
    done = run(root, "robots", "take", str(mine))
    assert "took built 4, drawn 2" in done.out and "2 in two folders left out" in done.out


def test_a_taken_name_keeps_both(root, mine):
    world.put(mine / "drawn", "drawn", range(3))  # the same pictures as in training, under the same names
    (mine / "drawn/drawn_0.jpg").write_bytes(world.image_bytes(4711))
    run(root, "robots", "take", str(mine))
    assert (training(root) / "drawn/drawn_0_2.jpg").exists()


def test_a_dry_run_copies_nothing(root, mine):
    before = listing(root)
    done = run(root, "robots", "take", str(mine), "--dry-run")
    assert done.code == 0 and "would take built 4, drawn 3" in done.out and listing(root) == before


@pytest.mark.parametrize(
    ("subject", "code", "message"),
    [
        ("/nowhere/at/all", 2, "There is no folder"),
        (None, 2, "take needs a folder."),
        (".", 10, "no folders of images"),
    ],
)
def test_what_cannot_be_taken_is_an_error_in_words(root, subject, code, message):
    done = run(root, "robots", "take", *([subject] if subject else []))
    assert done.code == code and message in done.err


def test_only_folders_with_images_look_sorted(mine):
    assert set(label_folders_in(mine, {"built", "drawn", "mechs"})) == {"built", "drawn"}
    assert set(label_folders_in(mine, set())) == {"built", "drawn", "holiday"}
