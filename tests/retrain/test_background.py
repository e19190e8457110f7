"""Other ways to train, tried in a process of its own: what it tells, what becomes of it, and what ends it."""

import os
import signal
import sys
import time

import pytest

from flow.base import paths
from flow.base.errors import RoboError
from flow.models import model_store
from flow.retrain import step as retrain
from flow.retrain.background import Trial
from scripts.learn import child
from tests.retrain.test_try_harder import STAMP, training

WAIT_S = 60
TINY = (
    "import sys; sys.path[0:1] = [sys.argv[1]]; import tensorflow; from tests.learn.tiny_network import tiny_network; "
    "from scripts.learn import efficientnet_lite, model_selection; "
    "efficientnet_lite.read_network = lambda *_: tiny_network(); "
)
SERVE = "from scripts.learn.child import serve; serve()"
SLOW = "import time; model_selection.select = lambda c, d, s, stop: [time.sleep(.02) for _ in iter(stop, True)]; "
LATE = (
    "select = model_selection.select; "
    "model_selection.select = lambda c, d, s, stop: next(select(c, d, s, stop) for _ in iter(stop, None) if stop()); "
)
TAKE = (
    "from dataclasses import replace; select = model_selection.select; "
    "model_selection.select = lambda *args: replace(select(*args), name={!r}); "
)


@pytest.fixture
def begin(tiny_hues, monkeypatch):
    """Call it with what is different in the process: a trial after a head, which is `begin.head`."""
    trials = []

    def start(different: str = "") -> Trial:
        command = [sys.executable, "-c", TINY + different + SERVE, str(child.PROJECT)]
        monkeypatch.setattr(child, "COMMAND", command)
        start.head = retrain.retrain("hues", training(), STAMP, tiny_hues, attended=True)
        trials.append(Trial("hues", training(), STAMP, tiny_hues, start.head))
        return trials[-1]

    yield start
    for trial in trials:
        trial.close()


def wait(trial: Trial) -> None:
    end = time.monotonic() + WAIT_S
    while not trial.has_ended:
        assert time.monotonic() < end, "it goes on and on"
        time.sleep(0.05)


def folders() -> list[str]:
    return sorted(path.name for path in paths.summaries("hues").iterdir())


def test_the_head_stays_with_what_was_tried(begin):
    trial = begin(TAKE.format("head"))
    wait(trial)
    assert trial.bar is not None and trial.bar[0]
    done = trial.publish()
    assert done.model.name == begin.head.model.name and folders() == [done.model.name]
    assert [row["name"] for row in done.selection["tried"]] == ["head", "head, lbfgs", "last layers"]
    (stored,) = model_store.all_models("hues")
    assert stored.facts["selection"]["chosen"] == "head"
    model_store.verify(stored)


def test_what_is_better_becomes_a_model_of_this_run_only_when_its_result_is_taken(begin, tiny_hues):
    trial = begin(TAKE.format("last layers"))
    wait(trial)
    assert len(model_store.all_models("hues")) == 1
    done = trial.publish()
    assert "_tuned_" in done.model.name and folders() == sorted([begin.head.model.name, done.model.name])
    model_store.verify(done.model)
    facts = done.model.facts
    assert facts["name"] == done.model.name and facts["test_version"] == tiny_hues.split_version()
    assert facts["selection"]["chosen"] == "last layers" and facts["accuracy"]["total"] == 60


def test_a_stop_keeps_the_best_so_far(begin):
    trial = begin(LATE)
    trial.stop()
    wait(trial)
    assert [row["result"] for row in trial.publish().selection["tried"]][1:] == ["stopped", "stopped"]


@pytest.mark.parametrize("kind", ["killed", "breaks down"])
def test_where_the_process_breaks_down_the_head_stays(begin, kind):
    trial = begin(
        SLOW if kind == "killed" else "import os; print('no memory', file=sys.stderr, flush=True); os._exit(3); "
    )
    if kind == "killed":
        os.kill(trial._companion.process.pid, signal.SIGKILL)
    wait(trial)
    with pytest.raises(RoboError, match="so the model stays") as problem:
        trial.publish()
    assert ("-9" if kind == "killed" else "with 3: no memory") in problem.value.hint
    assert [model.name for model in model_store.all_models("hues")] == [begin.head.model.name]


def test_an_error_in_the_process_is_told_as_what_it_is(begin):
    trial = begin("model_selection.select = lambda *args: 1 / 0; ")
    wait(trial)
    with pytest.raises(RoboError, match="so the model stays") as problem:
        trial.publish()
    assert "ZeroDivisionError: division by zero" in problem.value.hint


def test_closed_in_the_middle_nothing_stays(begin):
    trial = begin(SLOW)
    trial.close()
    assert trial._companion.process.returncode == -signal.SIGKILL and folders() == [begin.head.model.name]


def test_it_ends_where_the_run_that_began_it_is_gone(begin):
    trial = begin(SLOW)
    time.sleep(0.5)
    trial._companion.process.stdin.close()  # as the system does where a run is killed
    assert trial._companion.process.wait(WAIT_S) == 1
