"""A function in a process of its own: its result, its errors, and its end."""

import os
import subprocess
import sys
import time

import pytest

from scripts.learn import child
from scripts.learn.backbones import BackboneProblem, find
from tests.terminal import PROJECT

CALL = """
import sys
sys.path.insert(0, sys.argv[1])
from scripts.learn import child
from tests.learn import test_child
try:
    print(child.call(getattr(test_child, sys.argv[2]), "tea", "pot"))
except Exception as problem:
    print(type(problem).__name__, *problem.args)
"""


def joined(a: str, b: str) -> str:
    print("this reaches nobody")
    return f"{a}{b} {os.getpid()}"


def refused(a: str, b: str) -> None:
    raise BackboneProblem(f"no {a}", f"have a {b}", True)


def killed(*_: str) -> None:
    os.write(2, b"out of memory")
    os._exit(9)


def called(name: str) -> str:
    done = subprocess.run([sys.executable, "-c", CALL, str(PROJECT), name], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def test_the_result_comes_back_from_another_process():
    result, process = called("joined").split()
    assert result == "teapot" and int(process) != os.getpid()


def test_an_error_comes_back_with_its_hint():
    assert called("refused") == "BackboneProblem no tea have a pot True\n"


def test_a_process_that_breaks_down_is_told_with_its_last_words():
    assert called("killed").startswith("ChildFailed killed ended with 9: out of memory It takes 1.5 GB")


def test_where_tensorflow_is_there_already_no_process_is_started(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules.get("tensorflow", object()))
    assert child.call(joined, "a", "b") == f"ab {os.getpid()}"
    with pytest.raises(BackboneProblem):
        child.call(find, "nonsense")


# While this process goes on


def counts(begin: int, tell, is_stopped) -> str:
    """Counts until it is told to stop."""
    while not is_stopped():
        tell(begin)
        begin += 1
        time.sleep(0.05)
    return f"stopped at {begin}"


def gives_up(begin: int, *_) -> None:
    if begin:
        raise BackboneProblem("no tea", "have a pot")
    killed()


def until(true) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_companion_tells_how_far_it_is_and_stops_when_it_is_told_to():
    companion = child.Companion(counts, 5)
    until(lambda: companion.last_message and companion.last_message > 5)
    assert not companion.has_ended
    companion.stop()
    until(lambda: companion.has_ended)
    assert companion.result().startswith("stopped at ")


def test_a_companion_that_is_closed_is_gone():
    companion = child.Companion(counts, 0)
    companion.close()
    assert companion.process.returncode == -9 and companion.has_ended
    companion.stop()  # nobody hears it, and nothing is wrong with that


def test_the_error_of_a_companion_is_raised_and_its_breaking_down_is_told():
    companion = child.Companion(gives_up, 1)
    until(lambda: companion.has_ended)
    with pytest.raises(BackboneProblem, match="no tea") as problem:
        companion.result()
    assert problem.value.hint == "have a pot"
    companion = child.Companion(gives_up, 0)
    until(lambda: companion.has_ended)
    with pytest.raises(child.ChildFailed, match="ended with 9: out of memory"):
        companion.result()
