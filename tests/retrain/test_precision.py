"""A model in int8 and one in float32, from the option to the sorted image: each is run by the eyes it learned with."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.helpers import coloured
from tests.terminal import run

SMALL = ("--image-size", "128", "--steps", "300", "--images-min", "20")


@pytest.fixture(scope="module")
def trained(small_eyes, tmp_path_factory):
    """A data folder with a model of each precision, and nine new images."""
    home = tmp_path_factory.mktemp("precision") / "tf_files"
    coloured(home / "training_photos" / "hues", 24)
    shutil.copytree(small_eyes, home / "models")
    for precision in ("int8", "float32"):
        done = app(home, "0", "0", "retrain_defaults", *SMALL, "--precision", precision)
        assert (done.returncode, done.stderr) == (0, "")
    unsorted = home / "testing_photos" / "hues" / "unsorted_more"
    unsorted.mkdir(parents=True)
    for path in coloured(home.parent / "new", 3, first=100).rglob("*.png"):
        path.rename(unsorted / path.name)
    return home


@pytest.fixture
def home(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "tf_files")


def app(home: Path, *words: str):
    return run("hues", *words, "--tf-files", str(home))


def model(home: Path, precision: str) -> Path:
    folders = (home / "training_summaries" / "hues").glob("efficientnet_lite0_*")
    return next(f for f in folders if facts(f)["backbone"].get("precision", "float32") == precision)


def facts(folder: Path) -> dict:
    return json.loads((folder / "model.json").read_text())


def rewrite(folder: Path, changed: dict) -> None:
    (folder / "model.json").write_text(json.dumps(changed))


def scores(home: Path, chosen: Path) -> tuple[dict, str]:
    """Image -> score of every label as a model sorts them, and what was output."""
    done = app(home, "0", "more", "classify_top", "--model", chosen.name)
    assert done.returncode == 0, done.stderr
    folder = max((home / "testing_photos" / "hues").glob("sorted_*"), key=lambda f: f.stat().st_mtime_ns)
    rows = [line.split("\t") for line in (folder / "scores.txt").read_text().splitlines()[3:]]
    shutil.rmtree(folder)
    return {row[6]: json.loads(row[5]) for row in rows}, done.stdout + done.stderr


def test_each_precision_has_its_name_its_store_and_its_word_in_model_json(home):
    int8, float32 = model(home, "int8"), model(home, "float32")
    assert "float32" in float32.name and "float32" not in int8.name
    stores = list((home / "bottlenecks").glob("efficientnet_lite0_128_*.sqlite"))
    lengths = sorted(
        sqlite3.connect(s).execute("SELECT min(length(vector)) FROM vectors").fetchone()[0] for s in stores
    )
    assert lengths == [2064, 4 * 2064]
    assert facts(int8)["backbone"]["sha256"] != facts(float32)["backbone"]["sha256"]


def test_the_graph_of_a_model_in_int8_says_how_far_it_is_from_the_model(home):
    found = facts(model(home, "int8"))["graph"]
    assert found["images"] == 72 and found["right"] >= 70 and found["same"] >= 70
    assert 0 < found["mean_difference"] <= found["largest_difference"] < 0.5
    assert "graph" not in facts(model(home, "float32"))


def test_a_model_of_before_says_no_precision_and_is_run_in_float32(home):
    float32 = model(home, "float32")
    want, _ = scores(home, float32)
    before = facts(float32)
    del before["backbone"]["precision"]
    rewrite(float32, before)
    for path in (home / "bottlenecks").glob("efficientnet*"):
        path.unlink()
    got, _ = scores(home, float32)
    assert len(got) == 9 and got == want
    assert scores(home, model(home, "int8"))[0] != want


def test_an_image_sorted_again_has_the_same_scores_from_the_store(home):
    int8 = model(home, "int8")
    first, _ = scores(home, int8)
    again, _ = scores(home, int8)
    assert first == again


def test_without_its_backbone_a_model_in_int8_is_run_by_its_graph_and_says_so(home):
    int8 = model(home, "int8")
    want, output = scores(home, int8)
    assert "float32" not in output
    changed = facts(int8)
    changed["backbone"]["sha256"] = "0" * 64  # as if quantization had become another one since
    rewrite(int8, changed)
    got, output = scores(home, int8)
    assert "its graph in float32 is used" in output
    assert all(abs(got[image][label] - want[image][label]) < 0.5 for image in want for label in want[image])


def test_an_export_tells_both_accuracies(home, tmp_path):
    int8 = model(home, "int8")
    done = app(home, "0", "0", "export", "--to", str(tmp_path / "out"), "--model", int8.name)
    assert done.returncode == 0, done.stderr
    card, found = (
        (tmp_path / "out" / "README.md").read_text(),
        json.loads((tmp_path / "out" / "model.json").read_text()),
    )
    assert found["graph"] == facts(int8)["graph"] and found["backbone"]["precision"] == "int8"
    assert f"the float32 file gave {found['graph']['right']} correct labels" in card


def test_a_precision_that_there_is_not_is_refused(home):
    done = app(home, "0", "0", "retrain_defaults", "--precision", "int4")
    assert done.returncode == 2 and "int4" in done.stderr
