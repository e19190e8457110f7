"""A function in a process of its own: its result, its errors, and its end."""

import os
import subprocess
import sys

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
