"""Nights when nothing is new, old models that are removed, and what training leaves behind."""

import json
import os
import shutil
import subprocess
import sys

import pytest

import config as cfg
from flow.base import paths
from flow.base.errors import Quit
from flow.base.options import filled
from flow.models import leaderboard, model_store, prune
from flow.records.catalogue import Catalogue
from flow.retrain import publish
from flow.retrain import step as retrain
from flow.retrain.options import TrainOptions
from flow.ui import console
from tests.conftest import PER_LABEL
from tests.helpers import coloured
from tests.terminal import PROJECT, run

STAMP = "20261123_093011"
NIGHT = ("robots", "0", "0", "retrain_defaults", "--steps", "300", "--images-min", str(PER_LABEL))


@pytest.fixture
def catalogue(tf_files, kept_models):
    coloured(paths.training("robots"), 30)
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def made(tiny, catalogue, **more) -> model_store.Model:
    training = filled(TrainOptions, {"architecture": str(tiny), "images_min": 20, "steps": 100, **more})
    return retrain.retrain("robots", training, STAMP, catalogue).model


def models(home) -> list[str]:
    return sorted(p.name for p in (home / "training_summaries/robots").iterdir() if not p.name.startswith("."))


def test_the_same_images_again_write_nothing_and_say_so_in_one_line(home):
    before = models(home)
    done = run(*NIGHT, "--tf-files", str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"robots: nothing new since {before[0]}\n"
    assert models(home) == before
    done = run(*NIGHT, "--again", "--tf-files", str(home))
    assert done.returncode == 0 and len(models(home)) == 2
    assert "robots: retrained" in done.stdout


def test_other_parameters_one_image_more_or_a_moved_one_are_something_new(home):
    done = run(*NIGHT[:5], "310", *NIGHT[6:], "--tf-files", str(home))
    assert "retrained" in done.stdout and len(models(home)) == 2
    built = home / "training_photos/robots/built"
    image = sorted(built.glob("*.jpg"))[0]
    image.rename(home / "aside.jpg")
    assert "retrained" in run(*NIGHT[:-1], str(PER_LABEL - 1), "--tf-files", str(home)).stdout
    (home / "aside.jpg").rename(image)
    assert "nothing new since" in run(*NIGHT, "--tf-files", str(home)).stdout


def test_a_test_set_that_a_training_has_held_out_is_nothing_new(tiny, catalogue):
    """What the first training holds out is found held out by the second."""
    coloured(paths.training("robots"), 110, first=30)
    training = filled(TrainOptions, {"architecture": str(tiny), "images_min": 20, "steps": 50})
    first = retrain.retrain("robots", training, STAMP, catalogue, again=False)
    assert first.model.facts["counts"]["cyan"]["test"] == 22 and catalogue.split_version() == 1
    second = retrain.retrain("robots", training, STAMP, catalogue, again=False)
    assert isinstance(second, retrain.NothingNew) and second.model.name == first.model.name


def test_forget_keeps_the_best_and_the_newest(tiny, catalogue, capsys, monkeypatch):
    best = made(tiny, catalogue, steps=400)
    others = [
        made(tiny, catalogue, steps=1, batch_size=1, seed=n) for n in (1, 2, 3, 4)
    ]  # one image seen is not enough
    for n, model in enumerate([best, *others]):
        facts = json.loads((model.folder / "model.json").read_text())
        (model.folder / "model.json").write_text(json.dumps({**facts, "created": f"2026-11-2{n}T00:00:00+00:00"}))
    ranked = leaderboard.ranked("robots", catalogue)
    assert ranked[0].name == best.name
    shown = prune.prune("robots", ranked, 2, dry_run=True)
    assert shown.line().startswith("would forget 2 models") and len(model_store.all_models("robots")) == 5
    assert capsys.readouterr().out.split() == [others[1].name, others[0].name]
    monkeypatch.setattr(console, "can_ask", lambda: True)
    monkeypatch.setattr(console, "yes_no", lambda *_: False)
    with pytest.raises(Quit):
        prune.prune("robots", ranked, 2)
    monkeypatch.setattr(console, "yes_no", lambda *_: True)
    done = prune.prune("robots", ranked, 2)
    assert done.line().startswith("forgot 2 models") and done.size > 0
    assert {m.name for m in model_store.all_models("robots")} == {best.name, others[2].name, others[3].name}
    assert prune.prune("robots", leaderboard.ranked("robots", catalogue), 10).line() == "nothing to forget: 3 models"


def test_killed_while_models_are_removed_no_half_model_is_left(tiny, catalogue, monkeypatch):
    made(tiny, catalogue), made(tiny, catalogue, steps=5)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(shutil, "rmtree", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        prune.prune("robots", leaderboard.ranked("robots", catalogue), 1)
    assert len(model_store.all_models("robots")) == 1
    publish.sweep(paths.summaries("robots"))
    assert not list(paths.summaries("robots").glob(".forgotten_*"))


def test_forget_needs_a_number(home):
    done = run("robots", "forget", "--tf-files", str(home))
    assert done.returncode == 2 and "--keep 10" in done.stderr
    assert run("robots", "forget", "--keep", "0", "--tf-files", str(home)).returncode == 2
    done = run("robots", "forget", "--keep", "3", "--tf-files", str(home))
    assert (done.returncode, done.stdout) == (0, "robots: nothing to forget: 1 model\n")


def test_after_a_nightly_retrain_the_setting_keeps_models_few(home):
    for steps in ("20", "30"):
        done = run(*NIGHT[:5], steps, *NIGHT[6:], "--tf-files", str(home), environ={"ROBOFLOW_MODELS_KEEP": "1"})
        assert done.returncode == 0
    assert 1 <= len(models(home)) <= 2 and any("steps30" in name for name in models(home))


def test_nothing_of_tensorflows_own_is_left_in_the_temporary_folder(tmp_path, tiny):
    """It writes a Python file for each function it rewrites, and forgets them where a process ends at once."""
    coloured(tmp_path / "tf_files/training_photos/hues", 24)
    own = tmp_path / "tmp"
    own.mkdir()
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [
            sys.executable,
            str(PROJECT / "roboflow.py"),
            "hues",
            "0",
            "0",
            "retrain_defaults",
            "--architecture",
            str(tiny),
            "--images-min",
            "24",
            "--steps",
            "20",
            "--tf-files",
            str(tmp_path / "tf_files"),
        ],
        env={**usual, "TMPDIR": str(own)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not list(own.rglob("__autograph_generated_file*"))


def test_models_keep_is_off_unless_asked_for():
    assert cfg.models_keep == 0
