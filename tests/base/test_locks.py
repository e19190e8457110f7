"""One writer per basetag; the others are told who, fast; a killed owner frees it."""

import contextlib
import json
import os
import signal
import time

import pytest

from flow.base import locks
from flow.base.errors import Locked
from tests.faults import world
from tests.faults.before import CHILD_S
from tests.faults.runner import Run, run, together


def runs(root, amount, *arguments, **options):
    return together(*(Run((*arguments, "--tf-files", str(root)), str(root), **options) for _ in range(amount)))


@pytest.mark.parametrize("amount", [2, 20])
def test_of_many_runs_at_once_one_works_and_the_others_say_who(amount):
    root = world.fresh(world.to_harvest)
    one = world.fresh(world.to_harvest)
    assert run(one, "robots", "harvest").code == 0
    done = runs(root, amount, "robots", "harvest", before="slow")
    codes = sorted(end.code for end in done)
    assert set(codes) == {0, 11}, done  # one that starts late on a busy machine finds nothing left to do: 0 too
    for end in done:
        if end.code == 11:
            assert "Another run works on robots (process " in end.err and "roboflow.py robots harvest" in end.err
            assert end.out == "" and len(end.err.splitlines()) == 2
    assert world.state(root) == world.state(one)


def test_other_basetags_are_not_in_the_way(tmp_path):
    done = together(
        *(
            Run(
                (tag, "1", "built", "download", "--source", "sample", "--tf-files", str(tmp_path)),
                str(tmp_path),
                before="slow",
            )
            for tag in ("robots", "birds")
        )
    )
    assert [end.code for end in done] == [0, 0]


def test_lock_wait_waits_for_the_other_run():
    root = world.fresh(world.to_harvest)
    done = runs(root, 2, "robots", "harvest", "--lock-wait", "20", before="slow")
    assert [end.code for end in done] == [0, 0]
    assert sorted(end.out.split(" ")[1] for end in done) == ["harvested", "nothing"]


def test_read_only_flowsteps_take_no_lock(tmp_path):
    root = world.fresh(world.to_harvest)
    with locks.held(root / "locks/robots.lock", 0, {"pid": os.getpid(), "since": "now", "command": "this test"}):
        assert run(root, "robots", "status").code == 0
        assert run(root, "robots", "models").code == 0
        done = run(root, "robots", "approve")
    assert done.code == 11 and f"process {os.getpid()}, since now): this test." in done.err


def test_a_killed_owner_frees_it_although_a_forked_child_lives_on():
    root = world.fresh(world.to_harvest)
    assert run(root, "robots", "harvest", before="fork_a_worker", nth=40).code == -9
    begin = time.monotonic()
    assert run(root, "robots", "harvest").code == 0
    assert time.monotonic() - begin < CHILD_S * 0.7  # while the child of the killed one sleeps


def test_the_wait_is_counted_on_a_clock_that_cannot_be_set(tmp_path):
    """Read by the clock given; nothing else decides when it is over."""
    path = tmp_path / "locks/robots.lock"
    ticks = iter(range(100))

    def hold():
        with locks.held(path, 0, {"pid": 1, "since": "x", "command": "y"}):
            signal.pause()

    with another_process(hold):
        while not path.exists() or not path.read_text():
            time.sleep(0.01)
        with pytest.raises(Locked), locks.held(path, 2, {}, lambda: next(ticks)):
            pass
        assert next(ticks) == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"pid": 3}', "\x00\xff", '{"pid": "\x1b[31m", "since": 1, "command": "x"}']
)
def test_a_lock_file_with_nonsense_in_it_still_locks(tmp_path, text):
    """Whoever holds it may have died while writing who it is."""
    path = tmp_path / "robots.lock"
    path.write_text(text, errors="replace")

    def hold():
        import fcntl

        handle = os.open(path, os.O_RDWR)
        fcntl.lockf(handle, fcntl.LOCK_EX)
        (tmp_path / "held").touch()
        signal.pause()

    with another_process(hold):
        while not (tmp_path / "held").exists():
            time.sleep(0.01)
        with pytest.raises(Locked, match="Another run works on robots"), locks.held(path, 0, {}):
            pass


@contextlib.contextmanager
def another_process(work):
    """A forked process that does this until the end of the block, however that comes."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            work()
        os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_the_file_stays_and_tells_nothing_when_nobody_holds_it(tmp_path):
    path = tmp_path / "robots.lock"
    with locks.held(path, 0, {"pid": 1}):
        assert json.loads(path.read_text()) == {"pid": 1}
    assert path.read_text() == ""


def test_a_folder_where_the_lock_should_be_is_one_sentence():
    root = world.fresh(world.beginning)
    (root / "locks/robots.lock").mkdir(parents=True)
    done = run(root, "robots", "approve")
    assert done.code == 1 and "robots.lock cannot be written: Is a directory" in done.err
