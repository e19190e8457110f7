"""Every state of the loop has a next step, and the loop goes round: what ENTER does never leads back to where it was."""

import shlex
from dataclasses import replace

import pytest

from flow.front import arguments
from flow.front.next_steps import Kind, next_steps
from flow.front.state import Best, Count, State
from flow.plan import FLOWSTEPS

EMPTY = State("robots", known=False, wanted=750)
BEST = Best("m", 0.9, 0.8, 0.95, 80)
ENOUGH = {"built": Count(30, 0), "not": Count(25, 10)}
TRAINED = State("robots", labels=ENOUGH, best=BEST, models=1, wanted=750)
RETRAIN = "robots 0 0 retrain_defaults --images-min 30"

# What it is: (the state, the first step's command, a word of its title)
STATES = {
    "nothing at all": (EMPTY, "robots", "bring in pictures"),
    "label folders only": (State("robots", labels={"built": Count(), "not": Count()}), "robots", "bring in pictures"),
    "first downloads": (State("robots", unsorted={"art": 50}), "robots check", "say what is on the first pictures"),
    "first downloads, labels begun": (
        State("robots", unsorted={"art": 50}, labels={"built": Count(5), "not": Count()}),
        "robots check",
        "say what is on the first pictures",
    ),
    "a lesson broken off": (
        State("robots", unsorted={"art": 50}, said=39),
        "robots check",
        "go on saying what is on the pictures (39 said, 11 wait)",
    ),
    "one label short, pictures left": (
        State("robots", unsorted={"art": 9}, labels={"built": Count(30), "not": Count(4)}),
        "robots check",
        "say what",
    ),
    "one label short, none left": (
        State("robots", labels={"built": Count(30), "not": Count(4)}),
        "robots",
        "bring in more",
    ),
    "one label only": (State("robots", labels={"built": Count(30)}), "robots", "bring in more"),
    "enough for a first model": (
        State("robots", labels=ENOUGH, wanted=750, unsorted={"art": 4}),
        RETRAIN,
        "train the first model",
    ),
    "more than enough": (
        State("robots", labels={"a": Count(800), "b": Count(900)}, wanted=750),
        "robots 0 0 retrain_defaults",
        "train the first model",
    ),
    "a model, unsorted images": (
        replace(TRAINED, unsorted={"art": 40}),
        "robots 0 art classify_top",
        "sort the 40 images",
    ),
    "sorted images wait": (
        replace(TRAINED, waiting={"sorted_1": 40}, unsorted={"art": 9}),
        "robots check",
        "look at the 40",
    ),
    "looked at": (replace(TRAINED, looked_at={"sorted_1": 40}), "robots harvest", "harvest what you looked at (40"),
    "one looked at, one waits": (
        replace(TRAINED, waiting={"sorted_2": 7}, looked_at={"sorted_1": 40}),
        "robots check",
        "look at the 7",
    ),
    "harvested": (
        replace(TRAINED, new_images=40, harvest="harvested_1", last_flowstep="harvest"),
        RETRAIN,
        "40 new images",
    ),
    "retrained": (replace(TRAINED, harvest="harvested_1", last_flowstep="retrain_defaults"), "robots", "bring in more"),
    "undone": (
        replace(TRAINED, looked_at={"sorted_1": 40}, last_flowstep="undo"),
        "robots check",
        "look again at the 40 sorted images",
    ),
    "a few new images": (replace(TRAINED, new_images=3), "robots", "bring in more"),
    "a download stopped": (
        replace(TRAINED, unfinished={"art": (50, "auto")}),
        "robots 50 art download --source auto",
        "go on with",
    ),
    "no network, nothing there": (
        replace(EMPTY, known=True, offline=True, unfinished={"art": (50, "auto")}),
        "robots",
        "bring in",
    ),
    "no network, a model there": (
        replace(TRAINED, offline=True, unfinished={"art": (50, "auto")}),
        "robots explore --steps 500,2600 --learning-rate 0.01,0.1 --images-min 30",
        "explore",
    ),
    "new images, too few of one label": (
        replace(TRAINED, labels={"a": Count(99), "b": Count(4)}, new_images=50),
        "robots",
        "bring in",
    ),
    "somewhere else": (
        replace(TRAINED, looked_at={"sorted_1": 1}, elsewhere="/my data"),
        "robots harvest --tf-files '/my data'",
        "harvest",
    ),
}


@pytest.mark.parametrize(("state", "command", "title"), STATES.values(), ids=STATES)
def test_what_comes_first(state, command, title):
    first = next_steps(state)[0]
    assert first.command == f"python roboflow.py {command}" and title in first.title


@pytest.mark.parametrize("state", [state for state, _, _ in STATES.values()], ids=STATES)
def test_every_step_can_be_typed_and_stands_there_once(state):
    steps = next_steps(state)
    commands = [step.command for step in steps]
    assert len(set(commands)) == len(commands) and steps[-1].kind is Kind.BASETAG
    for step in steps:
        assert step.title and step.brings.endswith(".") and len(step.title) < 70
        words = shlex.split(step.command)
        assert words[:2] == ["python", "roboflow.py"]
        flowsteps = [word for word in words if word in FLOWSTEPS]
        assert len(flowsteps) == (step.kind in (Kind.RUN, Kind.PICTURE)), step
        if step.kind is Kind.RUN:
            request, _ = arguments.parse(words[2:])
            assert request.basetag == "robots" and request.flowstep == flowsteps[0]


def test_what_besides():
    titles = {
        step.title for step in next_steps(replace(TRAINED, waiting={"sorted_1": 40}, harvest="harvested_1", others=1))
    }
    assert {
        "harvest only what you checked",
        "explore training parameters",
        "try a picture",
        "export the best model",
        "undo the last harvest",
        "another basetag",
        "bring in more pictures",
    } <= titles


def test_without_a_model_nothing_that_needs_one():
    words = " ".join(step.command for step in next_steps(STATES["first downloads"][0]))
    assert not {"try", "export", "explore", "undo", "harvest"} & set(words.split())


def test_enter_alone_goes_round_the_loop_and_never_back():
    """Each step played as it changes the state: from nothing to a second model without standing still."""
    played = {
        "robots": lambda s: (
            replace(s, known=True, unsorted={"art": 60}) if not s.models else replace(s, unsorted={"art": 40})
        ),
        "robots check": lambda s: (
            replace(s, unsorted={}, labels=ENOUGH)
            if not s.models
            else replace(s, looked_at=s.waiting, waiting={}, last_flowstep="check")
        ),
        "robots 0 0 retrain_defaults": lambda s: replace(s, best=BEST, models=s.models + 1, new_images=0),
        "robots 0 art classify_top": lambda s: replace(s, unsorted={}, waiting={"sorted_1": 40}),
        "robots harvest": lambda s: replace(s, looked_at={}, new_images=40, harvest="harvested_1"),
    }
    state, seen = EMPTY, []
    while state.models < 2:
        command = next_steps(state)[0].command.removeprefix("python roboflow.py ").split(" --images-min")[0]
        state = played[command](state)
        assert state not in seen
        seen.append(state)
    assert len(seen) == 8
