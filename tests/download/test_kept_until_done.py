"""A download is kept until the whole run it belongs to ended well: the same command never fetches as many again."""

import sqlite3
from pathlib import Path

from tests.faults import world
from tests.faults.runner import run

WANT = ("robots", "5", "built", "classify_top", "--source", "sample")


def kept(root: Path) -> int:
    return len(list(world.unsorted(root, "built").glob("*.jpg")))


def open_downloads(root: Path) -> int:
    with sqlite3.connect(root / "catalogues" / "robots.sqlite") as db:
        return db.execute("SELECT count(*) FROM downloads").fetchone()[0]


def test_ctrl_c_while_classifying_keeps_the_download():
    root = world.fresh(world.with_model)
    stopped = run(root, *WANT, before="stopped_while_classifying")
    assert (stopped.code, kept(root)) == (130, 5)
    twice = run(root, *WANT, before="stopped_while_classifying")
    assert (twice.code, kept(root)) == (130, 5)
    again = run(root, *WANT, "--verbose")
    assert (again.code, kept(root)) == (0, 5), again
    assert "the 5 images of the download begun " in again.err
    assert "5 of 5 kept (5 in an earlier run)" in again.out
    assert "sorted 5" in again.out
    anew = run(root, *WANT)
    assert (anew.code, kept(root)) == (0, 10), anew


def test_a_later_step_that_fails_keeps_it_too():
    root = world.fresh(world.with_model)
    want = ("robots", "4", "drawn", "automatic", "--source", "sample", *world.TRAIN)
    failed = run(root, *want, before="fails_to_retrain")
    assert failed.code == 10, failed
    assert open_downloads(root) == 1
    again = run(root, *want)
    assert again.code == 0, again
    assert "4 of 4 kept (4 in an earlier run)" in again.out
    assert open_downloads(root) == 0


def test_two_days_later_it_is_another_download():
    root = world.fresh(world.with_model)
    run(root, *WANT, before="stopped_while_classifying")
    later = run(root, *WANT, clock_s=49 * 3600)
    assert (later.code, kept(root)) == (0, 10), later


def test_another_quantity_is_another_download():
    root = world.fresh(world.with_model)
    run(root, *WANT, before="stopped_while_classifying")
    other = run(root, "robots", "3", "built", "classify_top", "--source", "sample")
    assert (other.code, kept(root)) == (0, 8), other
