"""Every state of the loop has a next step, and the loop goes round: what ENTER does never leads back to where it was."""

import shlex
from dataclasses import replace

import pytest

from flow.commands.command import all_commands
from flow.commands.parse import parse
from flow.guide.basetag_state import BasetagState, BestModel, LabelCount
from flow.guide.next_steps import Kind, next_steps

EMPTY = BasetagState("robots", known=False, least_usual=750)
BEST = BestModel("m", 0.9, 0.8, 0.95, 80)
ENOUGH = {"built": LabelCount(30, 0), "not": LabelCount(25, 10)}
TRAINED = BasetagState("robots", labels=ENOUGH, best=BEST, models=1, least_usual=750)
RETRAIN = "robots 0 0 retrain_defaults --images-min 30"

# What it is: (the state, the first step's command, a word of its title)
STATES = {
    "nothing at all": (EMPTY, "robots", "bring in images"),
    "label folders only": (
        BasetagState("robots", labels={"built": LabelCount(), "not": LabelCount()}),
        "robots",
        "bring in images",
    ),
    "first downloads": (
        BasetagState("robots", unsorted={"art": 50}),
        "robots check",
        "label the first images (50 are unsorted)",
    ),
    "first downloads, labels begun": (
        BasetagState("robots", unsorted={"art": 50}, labels={"built": LabelCount(5), "not": LabelCount()}),
        "robots check",
        "label the first images (50 are unsorted)",
    ),
    "labelling broken off": (
        BasetagState("robots", unsorted={"art": 50}, labeled_unsorted=39),
        "robots check",
        "go on labelling (39 labelled, 11 unsorted)",
    ),
    "one label short, images left": (
        BasetagState("robots", unsorted={"art": 9}, labels={"built": LabelCount(30), "not": LabelCount(4)}),
        "robots check",
        "label the first images (9 are unsorted)",
    ),
    "one label short, none left": (
        BasetagState("robots", labels={"built": LabelCount(30), "not": LabelCount(4)}),
        "robots",
        "bring in more",
    ),
    "one label only": (BasetagState("robots", labels={"built": LabelCount(30)}), "robots", "bring in more"),
    "enough for a first model": (
        BasetagState("robots", labels=ENOUGH, least_usual=750, unsorted={"art": 4}),
        RETRAIN,
        "train the first model",
    ),
    "more than enough": (
        BasetagState("robots", labels={"a": LabelCount(800), "b": LabelCount(900)}, least_usual=750),
        "robots 0 0 retrain_defaults",
        "train the first model",
    ),
    "a model, unsorted images": (
        replace(TRAINED, unsorted={"art": 40}),
        "robots 0 art classify_top",
        "sort the 40 images",
    ),
    "sorted images to check": (
        replace(TRAINED, to_check={"sorted_1": 40}, unsorted={"art": 9}),
        "robots check",
        "check the 40 images that a model sorted",
    ),
    "checked": (replace(TRAINED, checked={"sorted_1": 40}), "robots harvest", "harvest the 40 images you checked"),
    "one folder checked, one to check": (
        replace(TRAINED, to_check={"sorted_2": 7}, checked={"sorted_1": 40}),
        "robots check",
        "check the 7 images that a model sorted",
    ),
    "harvested": (
        replace(TRAINED, new_images=40, last_harvest="harvested_1", last_flowstep="harvest"),
        RETRAIN,
        "40 new images",
    ),
    "retrained": (
        replace(TRAINED, last_harvest="harvested_1", last_flowstep="retrain_defaults"),
        "robots",
        "bring in more",
    ),
    "undone": (
        replace(TRAINED, checked={"sorted_1": 40}, last_flowstep="undo"),
        "robots check",
        "check the 40 images again before they are harvested",
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
        replace(TRAINED, labels={"a": LabelCount(99), "b": LabelCount(4)}, new_images=50),
        "robots",
        "bring in",
    ),
    "somewhere else": (
        replace(TRAINED, checked={"sorted_1": 1}, tf_files="/my data"),
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
        assert step.title and step.about.endswith(".") and len(step.title) < 70
        words = shlex.split(step.command)
        assert words[:2] == ["python", "roboflow.py"]
        flowsteps = [word for word in words if word in all_commands()]
        assert len(flowsteps) == (step.kind in (Kind.RUN, Kind.IMAGE)), step
        if step.kind is Kind.RUN:
            one = parse(words[2:])
            assert one.basetag == "robots" and one.command.name == flowsteps[0] and not one.missing()


def test_what_besides():
    titles = {
        step.title
        for step in next_steps(
            replace(TRAINED, to_check={"sorted_1": 40}, last_harvest="harvested_1", other_basetags=1)
        )
    }
    assert {
        "harvest only what you checked",
        "explore training parameters",
        "try an image",
        "export the best model",
        "undo the last harvest",
        "another basetag",
        "bring in more images",
        "show it things with the camera",
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
            else replace(s, checked=s.to_check, to_check={}, last_flowstep="check")
        ),
        "robots 0 0 retrain_defaults": lambda s: replace(s, best=BEST, models=s.models + 1, new_images=0),
        "robots 0 art classify_top": lambda s: replace(s, unsorted={}, to_check={"sorted_1": 40}),
        "robots harvest": lambda s: replace(s, checked={}, new_images=40, last_harvest="harvested_1"),
    }
    state, seen = EMPTY, []
    while state.models < 2:
        command = next_steps(state)[0].command.removeprefix("python roboflow.py ").split(" --images-min")[0]
        state = played[command](state)
        assert state not in seen
        seen.append(state)
    assert len(seen) == 8


def test_labels_that_nothing_was_trained_on_come_before_a_model_that_sorts_the_same_images():
    """As after an undone harvest."""
    state = BasetagState(
        "robots", models=1, best=BestModel("m", 0.9, 0.8, 0.95, 90), unsorted={"art": 88}, labeled_unsorted=88
    )
    first, second = next_steps(state)[:2]
    assert first.title == "train on the 88 images you labelled" and first.command.endswith("robots check --teach")
    assert second.command.endswith("robots 0 art classify_top")
