"""--dry-run changes nothing whatever the flowstep, and is refused where it makes no sense."""

import pytest

from flow.plan import DRY_RUNS, FLOWSTEPS
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import fresh


def everything(root):
    """Every path with its content's time of change: what a run that changes nothing leaves as it was."""
    return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*"))


TRAINING = ("--images-min", "20")
SAID = {
    ("5", "owl", "download", "--source", "sample"): "would look for 5 new images of owl",
    ("5", "mine", "classify", "--source", "sample"): "would sort copies of what is new among the 6 images",
    ("0", "mine", "classify_top"): "with the best model into sorted_",
    ("0", "0", "retrain_defaults", *TRAINING): "would train efficientnet_lite0 on built 20, drawn 20",
    ("0", "0", "retrain_defaults", "--harvest", *TRAINING): "would harvest 7",
    ("5", "mine", "automatic", "--source", "sample", *TRAINING): "would train",
    ("harvest",): "would harvest 7 (2 checked by a person, 5 by the robot alone)",
    ("approve",): "would approve 7 images",
    ("explore", "--steps", "5,10", *TRAINING): "would train 2 combinations",
}


@pytest.mark.parametrize(("arguments", "said"), SAID.items(), ids=lambda x: x[0] if isinstance(x, tuple) else "")
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(arguments, said):
    root = fresh(world.to_harvest)
    before = everything(root)
    done = run(root, "robots", *arguments, "--dry-run")
    assert (done.code, done.err) == (0, "") and said in done.out
    assert everything(root) == before


def test_an_undo_is_told_and_not_done():
    root = fresh(world.to_undo)
    before = everything(root)
    done = run(root, "robots", "undo", "--dry-run")
    assert done.code == 0 and "would put 7 images of harvested_" in done.out and everything(root) == before


def test_a_new_basetag_is_not_made(tmp_path):
    done = run(tmp_path, "birds", "5", "owl", "download", "--source", "sample", "--dry-run")
    assert done.code == 0 and "would look for 5" in done.out and not list(tmp_path.iterdir())
    assert run(tmp_path, "birds", "harvest", "--dry-run").code == 10 and not list(tmp_path.iterdir())


def test_a_harvest_cut_short_is_not_finished_by_a_dry_run():
    root = fresh(world.to_harvest)
    assert run(root, "robots", "harvest", nth=45).code == -9
    before = everything(root)
    run(root, "robots", "approve", "--dry-run")
    assert everything(root) == before


def test_what_would_fail_fails_in_the_dry_run_too():
    root = fresh(world.beginning)
    before = everything(root)
    done = run(root, "robots", "0", "0", "retrain_defaults", "--images-min", "60", "--dry-run")
    assert done.code == 10 and "Too few images" in done.err and everything(root) == before


@pytest.mark.parametrize("flowstep", [f for f in FLOWSTEPS if f not in DRY_RUNS])
def test_elsewhere_it_is_refused(flowstep):
    root = fresh(world.to_harvest)
    before = everything(root)
    done = run(root, "robots", flowstep, "--dry-run")
    assert done.code == 2 and f"--dry-run makes no sense with {flowstep}" in done.err and everything(root) == before
