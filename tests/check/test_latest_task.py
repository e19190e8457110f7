"""Work in a thread of its own: the latest task counts."""

import threading

from flow.check.latest_task import LatestTask


def test_a_newer_task_replaces_an_older_one_and_a_failure_keeps_the_last_result():
    seen, begun, may_end = [], threading.Event(), threading.Event()

    def slow(task):
        seen.append(task)
        begun.set()
        assert may_end.wait(5)
        if task == "bad":
            raise ValueError(task)
        return task

    latest = LatestTask(slow)
    latest.submit("a")
    assert begun.wait(5)
    latest.submit("b")
    latest.submit("c")
    may_end.set()
    assert latest.wait(5) == "c" and seen == ["a", "c"] and latest.failed == ""
    latest.submit("bad")
    assert latest.wait(5) == "c" and not latest.is_busy and latest.failed == "ValueError"
    begun.clear()
    may_end.clear()
    latest.submit("d")
    assert begun.wait(5)
    latest.drop()
    may_end.set()
    assert latest.wait(5) is None  # what was under way comes too late
    latest.submit("e")
    assert latest.wait(5) == "e" and latest.failed == ""
