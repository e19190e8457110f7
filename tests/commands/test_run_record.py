"""last_run.json: what the last run came to, however it ended."""

import json

import pytest

from flow.base import locks, paths, runlog
from flow.guide import basetag_state, status
from flow.records.catalogue import Catalogue
from flow.records.rows import UnfinishedDownload
from tests.faults import world
from tests.faults.runner import run
from tests.helpers import coloured_image
from tests.terminal import Terminal
from tests.terminal import run as typed


def last_run(root):
    return json.loads((root / "logs/robots_last_run.json").read_text())


@pytest.mark.parametrize(
    ("how", "code", "words"), [("term", 143, "Told to stop"), ("int", 130, "Ctrl-C"), ("EIO", 1, "disk failed")]
)
def test_a_run_that_was_stopped_or_failed_is_remembered_as_that(how, code, words):
    root = world.fresh(world.to_harvest)
    done = run(root, "robots", "harvest", nth=45, how=how)
    assert done.code == code, done
    assert (last_run(root)["exit"], last_run(root)["good"]["exit"]) == (code, 3) and words in last_run(root)["line"]


def test_a_download_that_brought_nothing_was_no_good_run_and_is_not_what_comes_next(tf_files, tmp_path):
    (tmp_path / "photos").mkdir()
    coloured_image((40, 180, 180), 1, 300).save(tmp_path / "photos/one.png")
    (tmp_path / "dead.txt").write_text("http://127.0.0.1:9/gone.jpg\n")
    before = {"end": "2026-01-01T00:00:00+00:00", "exit": 0, "line": "robots: all well"}
    runlog.save_last_run(paths.last_run("robots"), before)
    for tag, source, kept in (
        ("dead", f"urls:{tmp_path / 'dead.txt'}", 0),
        ("mine", f"folder:{tmp_path / 'photos'}", 1),
    ):
        done = typed("robots", "5", tag, "download", "--source", source, "--tf-files", str(tf_files))
        assert done.returncode == (0 if kept else 3) and f"{kept} of 5 kept" in done.stdout
        facts = runlog.read_last_run(paths.last_run("robots"))
        assert runlog.ended_well(facts) == bool(kept) and (facts["good"]["line"] == before["line"]) != bool(kept)
        assert ("the last run failed" in "\n".join(status.lines(basetag_state.read_state("robots")))) != bool(kept)
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        catalogue.begin(
            UnfinishedDownload("dead", 5, "auto", 0, "2026-11-25T10:00:00+00:00")
        )  # as where a site is away
    assert not basetag_state.read_state("robots").unfinished
    coloured_image((40, 180, 180), 2).save(paths.unsorted_dir("robots", "dead") / "half.png")
    assert set(basetag_state.read_state("robots").unfinished) == {"dead"}


def test_a_killed_run_leaves_the_record_of_the_one_before():
    root = world.fresh(world.to_harvest)
    before = last_run(root)
    assert run(root, "robots", "harvest", nth=40).code == -9
    assert last_run(root) == before


def test_a_run_that_found_the_basetag_locked_writes_nothing():
    root = world.fresh(world.to_harvest)
    before = last_run(root)
    with locks.held(root / "locks/robots.lock", 0, {"pid": 1, "since": "now", "command": "x"}):
        assert run(root, "robots", "harvest").code == 11
    assert last_run(root) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"end": 3}',
        '{"end": "x", "exit": 0, "line": "y"}',
        "[" * 9999,
        "\x00",
        '{"end": "2999-01-01T00:00:00+00:00", "exit": 1, "line": "y", "good": {"end": 1}}',
    ],
)
def test_a_damaged_record_is_no_trouble(text):
    root = world.fresh(world.to_harvest)
    (root / "logs/robots_last_run.json").write_text(text)
    done = run(root, "robots", "status")
    assert done.code == 0 and "last good run" in done.out and done.err == ""
    assert run(root, "robots", "approve").code == 0 and last_run(root)["exit"] == 0


def test_quitting_is_not_remembered_as_a_failure():
    """With nothing done yet the record stays; with something done, that is what the run came to."""
    root = world.fresh(world.to_harvest)
    before = last_run(root)
    arguments = ("robots", "--tf-files", str(root), "--images-min", "20")
    with Terminal(*arguments[:1], "0", "0", "retrain", *arguments[1:]) as t:
        t.expect("Harvest into the training data")
        t.type("q")
        assert t.ended() == 0
    assert last_run(root) == before
    with Terminal(*arguments[:1], "0", "0", "retrain", *arguments[1:]) as t:
        t.expect("Harvest into the training data")
        t.type("c")
        t.expect("Backbone")
        t.type("q")
        assert t.ended() == 0
    assert last_run(root)["exit"] == 0 and "harvested 2" in last_run(root)["good"]["line"]
