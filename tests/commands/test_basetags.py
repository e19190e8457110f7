"""A basetag as a whole: backed up, restored, copied, renamed and put away, with nothing lost or overwritten."""

import json
import os
import re
import shutil
import zipfile

import pytest

from tests.faults import world
from tests.faults.runner import run
from tests.terminal import Terminal


@pytest.fixture
def root(tmp_path):
    return world.fresh(world.to_undo, tmp_path / "tf_files")


def as_it_is(root, basetag: str = "robots") -> dict:
    """Images with their places, and models, of one basetag."""
    return {
        "images": sorted(
            (str(p.parent.relative_to(root)).replace(basetag, "robots"), p.read_bytes())
            for name in ("training_photos", "testing_photos")
            for p in (root / name / basetag).rglob("*.jpg")
        ),
        "models": sorted(p.name for p in (root / "training_summaries" / basetag).iterdir()),
    }


def test_a_backup_brings_everything_back_and_undo_still_works(root, tmp_path):
    before, state = as_it_is(root), world.state(root)
    done = run(root, "robots", "backup", str(tmp_path / "robots.zip"))
    assert done.code == 0 and "backed up in" in done.out
    with zipfile.ZipFile(tmp_path / "robots.zip") as archive:
        assert archive.testzip() is None
    assert run(root, "robots", "remove", "--confirm", "robots").code == 0
    assert run(root, "robots", "restore", str(tmp_path / "robots.zip")).code == 0
    now = world.state(root)
    assert as_it_is(root) == before and now["labels"] == state["labels"] and now["splits"] == state["splits"]
    assert "put 7 images" in run(root, "robots", "undo").out


def test_restored_under_another_name_it_is_a_copy(root, tmp_path):
    before = as_it_is(root)
    assert run(root, "robots", "backup", str(tmp_path / "robots.zip")).code == 0
    assert run(root, "copy", "restore", str(tmp_path / "robots.zip")).code == 0
    assert as_it_is(root) == before and as_it_is(root, "copy") == before
    assert "put 7 images" in run(root, "copy", "undo").out
    assert as_it_is(root) == before
    facts = json.loads(next((root / "training_summaries/copy").glob("*/model.json")).read_text())
    assert facts["basetag"] == "copy"
    assert run(root, "copy", "models").code == 0


def test_what_is_there_is_never_overwritten(root, tmp_path):
    target = tmp_path / "robots.zip"
    assert run(root, "robots", "backup", str(target)).code == 0
    again = run(root, "robots", "backup", str(target))
    assert again.code == 2 and "is there already" in again.err
    back = run(root, "robots", "restore", str(target))
    assert back.code == 2 and "There is a basetag robots already" in back.err
    world.put(root / "training_photos/birds/owl", "built", range(3))
    taken = run(root, "robots", "rename-basetag", "birds")
    assert taken.code == 2 and "There is a basetag birds already" in taken.err


def test_a_renamed_basetag_goes_on(root):
    before = as_it_is(root)
    done = run(root, "robots", "rename-basetag", "Machines 2")
    assert done.code == 0 and "robots is called machines_2 now" in done.out
    assert as_it_is(root, "machines_2") == before
    assert run(root, "robots", "models").code == 10 and run(root, "machines_2", "models").code == 0
    assert "put 7 images" in run(root, "machines_2", "undo").out


def test_a_name_that_cannot_be_one_is_refused(root):
    assert run(root, "robots", "rename-basetag", "../x").code == 2
    assert run(root, "robots", "rename-basetag", "robots").code == 2
    assert run(root, "robots", "rename-basetag").code == 2


def test_put_away_and_brought_back(root):
    before, contents = as_it_is(root), world.contents(root)
    reported = run(root, "robots", "remove", "--dry-run")
    assert reported.code == 0 and "would be put away in" in reported.out and as_it_is(root) == before
    assert run(root, "robots", "remove").code == 2
    assert run(root, "robots", "remove", "--confirm", "robot").code == 2 and as_it_is(root) == before
    assert run(root, "robots", "remove", "--confirm", "robots").code == 0
    assert world.contents(root) == contents and not (root / "training_photos/robots").exists()
    [home] = (root / "removed").iterdir()
    assert home.name.startswith("robots_")
    assert run(root, "robots", "restore").code == 0
    assert as_it_is(root) == before and not home.exists()
    nothing = run(root, "owls", "restore")
    assert nothing.code == 10 and "No basetag owls was put away" in nothing.err


def test_what_was_put_away_comes_back_beside_a_new_one_of_that_name(root):
    before = as_it_is(root)
    assert run(root, "robots", "remove", "--confirm", "robots").code == 0
    [home] = (root / "removed").iterdir()
    world.put(root / "training_photos/robots/owl", "built", range(3))
    assert run(root, "robots", "restore").code == 2
    assert run(root, "old", "restore", home.name).code == 0
    assert as_it_is(root, "old") == before


def test_the_name_is_asked_for_once_more(root):
    with Terminal("robots", "remove", "--tf-files", str(root)) as t:
        t.expect("Type its name")
        t.type("robot")
        t.expect("type robots, or q")
        t.type("q")
        assert t.ended() == 0
    assert (root / "training_photos/robots").is_dir()
    with Terminal("robots", "remove", "--tf-files", str(root)) as t:
        t.expect("Type its name")
        t.type("robots")
        assert t.ended() == 0
    assert not (root / "training_photos/robots").exists()


def test_deleted_by_hand_and_restored_from_a_backup(root, tmp_path):
    """The seed's way: a backup, then the directories are simply deleted."""
    before = as_it_is(root)
    backed = world.fresh(world.backed_up, tmp_path / "other")
    assert run(backed, "robots", "restore", str(backed / "backup.zip")).code == 0
    assert [row[0] for row in as_it_is(backed)["images"]] == [row[0] for row in before["images"]]
    assert any(home.name.endswith("_left") for home in (backed / "removed").iterdir())


def test_the_pictures_of_a_report_are_no_images_of_the_basetag(root, tmp_path):
    maps = root / "training_summaries/robots/a_model/why"
    maps.mkdir(parents=True)
    shutil.copy(next((root / "training_photos/robots").glob("*/*.jpg")), maps / "map.jpg")
    target = tmp_path / "robots.zip"
    lines = [run(root, "robots", "backup", str(target)).out, run(root, "robots", "remove", "--confirm", "robots").out]
    lines += [run(root, "robots", "restore").out, run(root, "copy", "restore", str(target), "--new").out]
    assert len({re.search(r"(\d+) images", text)[1] for text in lines}) == 1, lines


@pytest.mark.parametrize("damage", ["cut", "changed", "no zip", "other names", "nothing"])
def test_a_damaged_backup_is_refused_and_leaves_nothing_behind(root, tmp_path, damage):
    target = tmp_path / "robots.zip"
    assert run(root, "robots", "backup", str(target)).code == 0
    data = bytearray(target.read_bytes())
    if damage == "cut":
        target.write_bytes(data[: len(data) // 2])
    elif damage == "changed":
        data[300:310] = b"0123456789"
        target.write_bytes(data)
    elif damage == "no zip":
        target.write_bytes(b"robots")
    elif damage == "other names":
        with zipfile.ZipFile(target, "a") as archive:
            archive.writestr("training_photos/robots/../../../evil.jpg", b"evil")
    else:
        target.unlink()
    done = run(root, "copy", "restore", str(target))
    assert done.code == 10 and "mistake of mine" not in done.err, done
    assert not (root / "training_photos/copy").exists() and not list((root / "removed").glob("*"))
    assert not list(tmp_path.rglob("evil.jpg"))


def test_names_that_are_no_utf8_and_empty_folders_are_kept(root, tmp_path):
    home = os.fsencode(root / "training_photos/robots/built")
    with open(home + b"/caf\xe9 100%.jpg", "wb") as writer:
        writer.write(world.image_bytes(5555))
    (root / "training_photos/robots/empty").mkdir()
    before = sorted(entry.name for entry in os.scandir(home))
    assert run(root, "robots", "backup", str(tmp_path / "robots.zip")).code == 0
    assert run(root, "copy", "restore", str(tmp_path / "robots.zip")).code == 0
    assert sorted(entry.name for entry in os.scandir(os.fsencode(root / "training_photos/copy/built"))) == before
    assert (root / "training_photos/copy/empty").is_dir()
