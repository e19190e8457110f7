"""Killed, stopped or out of disk at any file operation: nothing lost, nothing half done, and the next run finishes it.

A sample of what `python -m tests.faults` does at every point.
"""

import pytest

from tests.faults import kills, world
from tests.faults.runner import run

SCENES = {scene.name: scene for scene in kills.scenes()}
SAMPLE = 8  # points a scene


def holds(trial: kills.Trial, breaks, how="kill", codes=(kills.KILLED,)) -> None:
    wrong = [text for text in trial.each(breaks, how, codes) if text]
    trial.close()
    assert not wrong


def spread(trial: kills.Trial, amount: int = SAMPLE) -> list[tuple[int, ...]]:
    return kills.every(trial, max(1, trial.points // amount), start=3)


@pytest.mark.parametrize(
    "name",
    [
        "harvest",
        "undo",
        "classify",
        "download folder",
        "download sample",
        "retrain",
        "approve",
        "check",
        "check and harvest",
        "check training",
        "export model",
        "export data",
        "labels rename",
        "labels merge",
        "labels remove",
        "labels remove to",
        "labels move",
        "undo a merge",
        "undo a renaming",
        "renamed by hand",
        "backup",
        "restore",
        "restore what was put away",
        "rename-basetag",
        "remove",
    ],
)
def test_killed_anywhere_the_same_command_finishes_it(name):
    trial = kills.Trial(SCENES[name])
    holds(trial, spread(trial))


@pytest.mark.parametrize(
    "name",
    [
        "harvest",
        "undo",
        "download folder",
        "check",
        "check and harvest",
        "labels merge",
        "undo a merge",
        "undo a renaming",
        "restore",
        "rename-basetag",
    ],
)
def test_killed_again_while_it_recovers(name):
    trial = kills.Trial(SCENES[name])
    holds(trial, kills.nested(trial, 3) + kills.nested(trial, 1, depth=3))


@pytest.mark.parametrize("how", ["int", "ENOSPC", "EIO", "EROFS"])
def test_a_checking_session_ends_well_or_in_a_sentence(how):
    """Ctrl-C at the page is how one leaves it; a disk that fails costs a sentence."""
    trial = kills.Trial(SCENES["check"])
    holds(trial, spread(trial, 6), how, (0, 1, 130))


@pytest.mark.parametrize("code", ["EPERM", "EXDEV"])
def test_without_hard_links_it_copies_checks_and_renames(code):
    trial = kills.Trial(SCENES["harvest"], no_links=code)
    plain = kills.Trial(SCENES["harvest"])
    assert trial.end == plain.end
    plain.close()
    holds(trial, spread(trial))


@pytest.mark.parametrize(("how", "codes"), [("int", (130,)), ("term", (143, -15))])
@pytest.mark.parametrize("name", ["harvest", "classify", "download folder", "retrain"])
def test_stopped_anywhere_it_says_so_and_goes_on_next_time(name, how, codes):
    trial = kills.Trial(SCENES[name])
    holds(trial, spread(trial, 4), how, codes)


@pytest.mark.parametrize("how", ["ENOSPC", "EIO", "EROFS"])
@pytest.mark.parametrize("name", ["harvest", "undo", "classify", "download folder", "retrain"])
def test_a_disk_that_fails_anywhere_costs_a_sentence_and_no_image(name, how):
    trial = kills.Trial(SCENES[name])
    holds(trial, spread(trial, 4), how, (0, 1, 3))


@pytest.mark.parametrize(("how", "words"), [("ENOSPC", "disk is full"), ("EROFS", "read-only")])
def test_a_full_or_read_only_disk_is_named(how, words):
    root = world.fresh(world.to_harvest)
    done = run(root, "robots", "harvest", nth=25, how=how)
    assert done.code == 1 and words in done.err and len(done.err.splitlines()) == 2


@pytest.mark.parametrize("careless", ["moves_without_care", "writes_without_care"])
def test_the_trial_notices_careless_code(careless):
    """The harness itself: a program that writes in place, or removes before it has copied, is found out where it does."""
    scene = SCENES["harvest"]
    trial = kills.Trial(scene, before=careless)
    assert any(trial.each(kills.every(trial, start=25)))  # lazily: the first find will do
    trial.close()
