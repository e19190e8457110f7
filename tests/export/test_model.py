"""A model is exported as a folder that runs alone, says what it is, and never overwrites anything."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import config as cfg
from flow.base.errors import BadUsage, NotReady, RoboError
from flow.export import model as model_files
from flow.export import step
from flow.export.step import ExportOptions
from flow.models import model_store
from flow.models.prediction import Predictor
from flow.records.open_catalogue import open_catalogue
from tests.export.float32 import in_float32
from tests.terminal import run

WITHOUT = """
import runpy, sys
_, missing, *sys.argv = sys.argv
sys.modules[missing] = None
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def exported(grown, tmp_path_factory):
    """(data folder, folder of an export with all three files, what it said); int8 from few pictures, to be quick."""
    home, target = tmp_path_factory.mktemp("home") / "tf_files", tmp_path_factory.mktemp("out") / "robots"
    shutil.copytree(grown, home, symlinks=True)
    before, most = cfg.path_to_tf_files, model_files.EXAMPLES_MOST
    cfg.path_to_tf_files, model_files.EXAMPLES_MOST = str(home), 6
    try:
        with open_catalogue("robots") as catalogue:
            done = step.export("robots", ExportOptions(to=target, smaller=True), catalogue)
    finally:
        cfg.path_to_tf_files, model_files.EXAMPLES_MOST = before, most
    return home, target, done


@pytest.fixture
def at_home(home, tf_files):
    """The program's folders are those of `home`."""
    cfg.path_to_tf_files = str(home)
    return home


def quick(monkeypatch):
    """No conversion: what is tested is where files go."""
    from scripts.learn import tflite

    class Source:
        def converted(self, kind, examples=None):
            return b"lite"

    monkeypatch.setattr(tflite, "open_source", lambda *_: Source())


def predicts(
    folder: Path, without: str, *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess:
    """What the folder's own program says where a package is not installed."""
    command = [sys.executable, "-I", "-c", WITHOUT, without, folder / "predict.py", *arguments]
    return subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=120)


def test_predict_alone_gives_the_programs_probabilities(exported, tmp_path, tf_files):
    """With ai-edge-litert, as the card says, and no TensorFlow."""
    home, target, _ = exported
    cfg.path_to_tf_files = str(home)
    photos = sorted(home.glob("training_photos/robots/*/*.jpg"))[::6]
    moved = shutil.copytree(target, tmp_path / "elsewhere")
    done = predicts(moved, "tensorflow", "--json", *photos, "no.jpg", cwd=tmp_path)
    assert done.returncode == 3 and "no.jpg: cannot be read" in done.stderr
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    with open_catalogue("robots") as catalogue:
        predictions, _ = in_float32(Predictor.open("robots", catalogue)).predict({str(p): p for p in photos})
    assert [row["picture"] for row in theirs] == list(predictions)
    for row in theirs:
        ours = predictions[row["picture"]]
        assert row["label"] == ours.label and row["sure"] == (ours.score >= ours.threshold)
        assert np.allclose([row["scores"][label] for label in ours.scores], list(ours.scores.values()), atol=1e-4)


def test_predict_shows_a_person_bars(exported, tmp_path):
    home, target, _ = exported
    photo = next(home.glob("training_photos/robots/built/*.jpg"))
    done = predicts(target, "ai_edge_litert", photo, "--model", "model_int8.tflite")  # with TensorFlow then
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[0].startswith(f"{photo}: built (") and len(lines) == 4


def test_the_folder_holds_what_its_facts_say(exported, tf_files):
    home, target, done = exported
    names = {p.name for p in target.iterdir()}
    assert names == {
        "model.tflite",
        "model_float16.tflite",
        "model_int8.tflite",
        "labels.txt",
        "model.json",
        "predict.py",
        "README.md",
        "CREDITS.csv",
        "LICENSE",
    }
    assert (target / "labels.txt").read_text().split() == ["built", "drawn", "not"]
    facts = json.loads((target / "model.json").read_text())
    assert facts["input"]["size"] == 224 and facts["input"]["range"] == [0, 1] and facts["temperature_is_inside"]
    cfg.path_to_tf_files = str(home)
    (model,) = model_store.all_models("robots")
    assert facts["confidence_min"] == model_store.threshold(model) >= cfg.confidence_min
    sizes = {kind: row["bytes"] for kind, row in facts["files"].items()}
    assert sizes == done.files and sizes["int8"] < sizes["float16"] < sizes["float32"]
    assert len((target / "CREDITS.csv").read_text().splitlines()) == 1 + 72


def test_the_card_answers_what_a_stranger_asks(exported):
    home, target, done = exported
    card = (target / "README.md").read_text(encoding="utf-8")
    share = json.loads((target / "model.json").read_text())["accuracy"]
    for text in (
        "# robots: built, drawn, not",
        f"Accuracy {100 * share['value']:.1f} % (95 % interval {100 * share['low']:.1f} to {100 * share['high']:.1f} %",
        "cross-validated on 72 images",
        "Apache License 2.0",
        "ImageNet",
        "72 under CC0 1.0",
        "CREDITS.csv",
        "| built | 24 | 24 |",
        "no TFLite metadata",
        "| int8 |",
        "many of which the model has learned from",
    ):
        assert text in card, text
    assert "{{" not in card and "None" not in card


def test_the_smaller_files_are_measured_on_the_same_images(exported):
    _, _, done = exported
    plain, half, bytes_ = done.compared
    assert [c.kind for c in done.compared] == ["float32", "float16", "int8"]
    assert plain.total == half.total == bytes_.total == 72 and plain.same == plain.looked
    assert half.same >= 70 and bytes_.same >= 60
    assert f"float32 {done.files['float32'] / 1e6:.1f} MB" in done.line()


def test_a_folder_that_is_there_stays_as_it_is(home, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("dear diary")
    done = run("robots", "export", "--to", "mine", "--tf-files", str(home), cwd=tmp_path)
    assert done.returncode == 2 and "--to" in done.stderr and "ever overwritten" in done.stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["diary.txt"]


@pytest.mark.parametrize("place", ["training_photos/robots/tin", "training_summaries/robots/copy", "testing_photos/x"])
def test_an_export_among_the_programs_own_folders_is_refused(at_home, place):
    with open_catalogue("robots") as catalogue, pytest.raises(BadUsage, match="own folders"):
        step.export("robots", ExportOptions(to=at_home / place), catalogue)


def test_what_fails_half_way_leaves_nothing(at_home, tmp_path, monkeypatch):
    quick(monkeypatch)
    monkeypatch.setattr(model_files, "card", lambda *_: 1 / 0)
    with open_catalogue("robots") as catalogue, pytest.raises(ZeroDivisionError):
        step.export("robots", ExportOptions(to=tmp_path / "out" / "robots"), catalogue)
    assert list((tmp_path / "out").iterdir()) == []


def test_somebody_else_who_makes_the_folder_meanwhile_keeps_it(at_home, tmp_path, monkeypatch):
    quick(monkeypatch)
    target = tmp_path / "robots"
    real = model_files.card

    def slow(*given):
        target.mkdir()
        return real(*given)

    monkeypatch.setattr(model_files, "card", slow)
    with open_catalogue("robots") as catalogue, pytest.raises(BadUsage, match="exists already"):
        step.export("robots", ExportOptions(to=target), catalogue)
    assert list(target.iterdir()) == []


def test_without_a_name_it_goes_to_exports(at_home, monkeypatch):
    quick(monkeypatch)
    with open_catalogue("robots") as catalogue:
        done = step.export("robots", ExportOptions(), catalogue)
        assert done.folder == at_home / "exports" / "robots" / done.model and (done.folder / "model.tflite").exists()
        with pytest.raises(NotReady, match="no model 'other'"):
            step.export("robots", ExportOptions(model="other"), catalogue)


def test_a_damaged_model_is_not_exported(at_home, tmp_path):
    graph = model_store.all_models("robots")[0].folder / "retrained_graph" / "saved_model.pb"
    graph.write_bytes(graph.read_bytes() + b"x")
    with open_catalogue("robots") as catalogue, pytest.raises(RoboError, match="damaged"):
        step.export("robots", ExportOptions(to=tmp_path / "out"), catalogue)
    assert not (tmp_path / "out").exists()


def test_int8_needs_images_to_learn_its_ranges_from(at_home, tmp_path, monkeypatch):
    quick(monkeypatch)
    shutil.rmtree(at_home / "training_photos" / "robots")
    with open_catalogue("robots") as catalogue, pytest.raises(RoboError, match="int8 needs training images"):
        step.export("robots", ExportOptions(to=tmp_path / "out", smaller=True), catalogue)


def test_data_and_model_are_two_runs(at_home, tmp_path):
    with open_catalogue("robots") as catalogue, pytest.raises(BadUsage, match="--data exports the training images"):
        step.export("robots", ExportOptions(to=tmp_path / "a", data=tmp_path / "b"), catalogue)
