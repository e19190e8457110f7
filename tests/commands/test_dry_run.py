"""--dry-run changes nothing whatever the flowstep, and is refused where it makes no sense."""

import pytest

from flow.commands.command import all_commands
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import fresh


def everything(root):
    """Every path with its content's time of change: what a run that changes nothing leaves as it was."""
    return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*"))


TRAINING = ("--images-min", "20")
OUTPUTS = {
    ("5", "owl", "download", "--source", "sample"): "would look for 5 new images of owl",
    ("5", "mine", "classify", "--source", "sample"): "would sort copies of what is new among the 6 images",
    ("0", "mine", "classify_top"): "with the best model into sorted_",
    ("0", "0", "retrain_defaults", *TRAINING): "would train efficientnet_lite0 on built 20, drawn 20",
    ("0", "0", "retrain_defaults", "--harvest", *TRAINING): "would harvest 7",
    ("5", "mine", "automatic", "--source", "sample", *TRAINING): "would train",
    ("harvest",): "would harvest 7 (2 labelled by a person, 5 by the model alone)",
    (
        "harvest",
        "--checked-only",
    ): "would harvest 2 (2 labelled by a person, 0 by the model alone), 5 unchecked left out",
    ("approve",): "would approve 7 images",
    ("explore", "--steps", "5,10", *TRAINING): "would train 2 combinations",
}


@pytest.mark.parametrize(("arguments", "output"), OUTPUTS.items(), ids=lambda x: x[0] if isinstance(x, tuple) else "")
def test_a_dry_run_says_what_would_be_done_and_changes_nothing(arguments, output):
    root = fresh(world.to_harvest)
    before = everything(root)
    done = run(root, "robots", *arguments, "--dry-run")
    assert (done.code, done.err) == (0, "") and output in done.out
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


WITHOUT = ("check", "camera", "watch", "models", "try", "export", "status", "notify_test")


@pytest.mark.parametrize("flowstep", WITHOUT)
def test_elsewhere_it_is_refused(flowstep):
    root = fresh(world.to_harvest)
    before = everything(root)
    done = run(root, "robots", flowstep, "--dry-run")
    assert done.code == 2 and f"--dry-run does not go with {flowstep}." in done.err and everything(root) == before


def test_every_flowstep_has_a_dry_run_or_refuses_it():
    assert {command.name for command in all_commands().values() if not command.dry_run} == set(WITHOUT)


def test_what_the_options_make_wrong_is_refused_in_the_dry_run_too():
    root = fresh(world.to_harvest)
    (root / "empty").mkdir()
    before = everything(root)
    for options, code in (
        (("--model", "nosuch"), 10),
        (("--source", "nosuch"), 2),
        (("--source", f"folder:{root / 'empty'}"), 10),
    ):
        assert run(root, "robots", "5", "mine", "classify_top", *options, "--dry-run").code == code
    assert everything(root) == before


def test_take_and_forget_are_told_and_not_done(tmp_path):
    root = fresh(world.with_model)
    world.put(tmp_path / "drawn", "drawn", range(600, 603))
    for steps in ("10", "11"):
        assert run(root, "robots", "0", "0", "retrain_defaults", *TRAINING, "--steps", steps).code == 0
    before = everything(root)
    done = run(root, "robots", "take", str(tmp_path), "--dry-run")
    assert done.code == 0 and "would take drawn 3 as training data" in done.out
    done = run(root, "robots", "forget", "--keep", "1", "--dry-run")
    *leaving, output = done.out.splitlines()
    assert done.code == 0 and leaving and f"would forget {len(leaving)} model" in output
    assert all((root / "training_summaries/robots" / name).is_dir() for name in leaving)
    assert everything(root) == before
