"""Every exit code is reached, and means what it says."""

import pytest

from flow.base import errors
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import fresh

NO_KEY = {name: "" for name in ("IMGURAPI_ID", "FLICKR_API_KEY", "IMGUR_CLIENT_ID")}


def done(root):
    return run(root, "robots", "harvest")


def nothing_to_do(root):
    run(root, "robots", "harvest")
    return run(root, "robots", "harvest")


def failed(root):
    return run(root, "robots", "harvest", nth=30, how="ENOSPC")


def damaged_model(root):
    next(root.rglob("head.npz")).write_bytes(b"PK nothing")
    world.put(world.unsorted(root, "more"), "built", range(60, 61))
    return run(root, "robots", "0", "more", "classify_top")


def bad_usage(root):
    return run(root, "robots", "0", "0", "fly")


def would_have_to_ask(root):
    return run(root, "robots")


def no_such_model(root):
    return run(root, "robots", "3", "art", "classify_top", "--source", "sample", "--model", "nosuch")


def no_such_source(root):
    return run(root, "robots", "3", "art", "download", "--source", "nosuch")


def nearly_a_basetag(root):
    return run(root, "robotss", "harvest")


def bad_settings(root):
    return run(root, "robots", "harvest", environ={"ROBOFLOW_CONFIDENCE_MIN": "high"})


def some_failed(root):
    (world.unsorted(root, "more")).mkdir(parents=True)
    (world.unsorted(root, "more") / "torn.jpg").write_bytes(world.image_bytes(1)[:200])
    return run(root, "robots", "0", "more", "classify_top")


def out_of_time(root):
    return run(root, "robots", "200", "robotart", "download", "--source", "sample", "--max-minutes", "0.01")


def no_such_basetag(root):
    return run(root, "birds", "harvest")


def too_few_images(root):
    return run(root, "robots", "0", "0", "retrain_defaults", "--images-min", "99")


def nothing_to_bring_in(root):
    (root / "empty").mkdir()
    return run(root, "robots", "3", "mine", "download", "--source", f"folder:{root / 'empty'}")


def nothing_to_take(root):
    (root / "empty/built").mkdir(parents=True)
    return run(root, "robots", "take", str(root / "empty"))


def an_empty_list(root):
    (root / "list.txt").write_text("# nothing yet\n")
    return run(root, "robots", "3", "mine", "download", "--source", f"urls:{root / 'list.txt'}")


def locked(root):
    from flow.base import locks

    with locks.held(root / "locks/robots.lock", 0, {"pid": 1, "since": "now", "command": "x"}):
        return run(root, "robots", "harvest")


def no_key(root):
    return run(root, "robots", "3", "robotart", "download", "--source", "flickr", environ=NO_KEY)


def ctrl_c(root):
    return run(root, "robots", "harvest", nth=40, how="int")


def terminated(root):
    return run(root, "robots", "harvest", nth=40, how="term")


CASES = {
    done: errors.DONE,
    nothing_to_do: errors.DONE,
    failed: errors.FAILED,
    damaged_model: errors.FAILED,
    bad_usage: errors.BAD_USAGE,
    would_have_to_ask: errors.BAD_USAGE,
    bad_settings: errors.BAD_USAGE,
    no_such_model: errors.NOT_READY,
    no_such_source: errors.BAD_USAGE,
    nearly_a_basetag: errors.BAD_USAGE,
    some_failed: errors.PARTIAL,
    out_of_time: errors.PARTIAL,
    no_such_basetag: errors.NOT_READY,
    too_few_images: errors.NOT_READY,
    nothing_to_bring_in: errors.NOT_READY,
    nothing_to_take: errors.NOT_READY,
    an_empty_list: errors.NOT_READY,
    locked: errors.LOCKED,
    no_key: errors.NO_CREDENTIALS,
    ctrl_c: errors.INTERRUPTED,
    terminated: errors.TERMINATED,
}


@pytest.mark.parametrize(("how", "code"), CASES.items(), ids=lambda x: getattr(x, "__name__", str(x)))
def test_a_run_ends_with_its_code(how, code):
    root = fresh(world.to_harvest)
    before = world.contents(root)
    ended = how(root)
    assert ended.code == code, ended
    assert before - world.contents(root) == set()
    assert "Traceback" not in ended.err
    if code in (errors.DONE, errors.PARTIAL) and how is not out_of_time:
        assert ended.err == "" and len(ended.out.splitlines()) == 1
    else:
        assert ended.out == "" and ended.err.startswith("oh no. ") and len(ended.err.splitlines()) <= 2


def test_no_code_is_left_out():
    every = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}
    assert every == set(CASES.values()) == {0, 1, 2, 3, 10, 11, 12, 130, 143}


def test_an_import_that_finds_nothing_begins_nothing(tmp_path):
    """A new basetag is not even begun, and an empty folder beside one with images is no trouble."""
    (tmp_path / "empty").mkdir()
    root = tmp_path / "tf_files"
    empty = f"folder:{tmp_path / 'empty'}"
    done = run(root, "birds", "3", "mine", "download", "--source", empty)
    assert done.code == 10 and f"There is no image in {tmp_path / 'empty'}." in done.err
    assert not list(root.glob("*_photos"))
    world.put(tmp_path / "full", "built", range(2))
    both, small = f"{empty},folder:{tmp_path / 'full'}", {"ROBOFLOW_IMAGE_SIDE_MIN": "16"}
    done = run(root, "birds", "2", "mine", "download", "--source", both, environ=small)
    assert (done.code, done.err) == (0, "") and "2 of 2 kept" in done.out
    done = run(root, "birds", "2", "mine", "download", "--source", both, environ=small)
    assert done.code == 0  # nothing new in a folder that holds images is no reason to complain
