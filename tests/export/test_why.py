"""`try --why`: an image file for each image, whose path is shown; any two labels; backbones without maps say so."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import config as cfg
from flow.export.try_images import try_images
from flow.models import explanation
from flow.models.explanation import Explainer
from flow.models.prediction import Predictor
from flow.records.open_catalogue import open_catalogue
from flow.ui import console
from scripts.learn.feature_maps import MapReader
from tests.conftest import PER_LABEL
from tests.helpers import tiny_backbone
from tests.terminal import run as program

LABELS = ("built", "drawn", "not")


@pytest.fixture(scope="module")
def root(grown, tmp_path_factory):
    """A data folder with a real model that runs in float32, as its maps do."""
    home = shutil.copytree(grown, tmp_path_factory.mktemp("root") / "tf_files", symlinks=True)
    shutil.rmtree(home / "training_summaries")
    night = ("robots", "0", "0", "retrain_defaults", "--steps", "300", "--images-min", str(PER_LABEL))
    done = program(*night, "--precision", "float32", "--tf-files", str(home))
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def photos(root, tmp_path_factory):
    """Two images and a torn one."""
    folder = tmp_path_factory.mktemp("photos")
    for number, image in enumerate(sorted(root.glob("training_photos/robots/built/*.jpg"))[:2], 700):
        shutil.copy(image, folder / f"built_{number}.jpg")
    (folder / "torn.jpg").write_bytes((folder / "built_700.jpg").read_bytes()[:200])
    return folder


def run(root, *words):
    return program(*words, "--tf-files", str(root))


def facts_of(done):
    return json.loads(done.stdout)["results"]["try"]


def test_an_image_and_its_map_lie_side_by_side_in_a_file(root, photos):
    photo = photos / "built_700.jpg"
    done = run(root, "robots", "try", str(photo), "--why")
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    assert "What spoke for built rather than" in text
    assert "it does not prove what the model understood" in text
    (path,) = (
        Path(line.strip()) for line in done.stdout.splitlines() if line.strip().endswith(".jpg") and "/why/" in line
    )
    assert root / "training_summaries" / "robots" in path.parents
    with Image.open(path) as both, Image.open(photo) as plain:
        assert both.height == plain.height and both.width > 2 * plain.width
        half = np.asarray(both.convert("RGB").crop((both.width - plain.width, 0, both.width, both.height)), int)
    assert np.abs(half[:, :, 0] - half[:, :, 2]).max() > 20, "no colour on the map"


def test_the_sum_in_json_is_that_of_the_scores(root, photos):
    found = facts_of(run(root, "robots", "try", str(photos / "built_700.jpg"), "--why", "--json"))
    one = found["pictures"][0]
    why, scores = one["evidence"], one["scores"]
    wanted = np.log(scores[why["for"]]) - np.log(scores[why["rather_than"]])
    assert why["for"] == one["label"]
    assert abs(why["logit_difference"] - wanted) < 1e-3
    assert abs(why["cells"] + why["any_image"] - why["logit_difference"]) < 1e-3
    assert Path(why["map"]).is_file()


def test_the_scores_are_those_of_a_plain_try(root, photos):
    photo = str(photos / "built_701.jpg")
    plain = facts_of(run(root, "robots", "try", photo, "--json"))["pictures"][0]
    explained = facts_of(run(root, "robots", "try", photo, "--why", "--json"))["pictures"][0]
    assert plain["scores"] == pytest.approx(explained["scores"], abs=1e-5)


def test_any_two_labels(root, photos):
    photo = str(photos / "built_700.jpg")
    one, other = LABELS[:2]
    there = facts_of(run(root, "robots", "try", photo, "--between", f"{one},{other}", "--json"))["pictures"][0]
    back = facts_of(run(root, "robots", "try", photo, "--between", f"{other}, {one}", "--json"))["pictures"][0]
    assert (there["evidence"]["for"], back["evidence"]["for"]) == (one, other)
    assert there["evidence"]["logit_difference"] == pytest.approx(-back["evidence"]["logit_difference"], abs=1e-3)


@pytest.mark.parametrize("typed", ["built", "built,built", "built,burned", ","])
def test_what_is_not_two_labels_is_bad_usage(root, photos, typed):
    done = run(root, "robots", "try", str(photos / "built_700.jpg"), "--between", typed)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_what_cannot_be_read_is_named_and_the_rest_is_drawn(root, photos):
    done = run(root, "robots", "try", str(photos), str(photos / "gone.jpg"), "--why", "--json")
    found = facts_of(done)
    assert done.returncode == 3 and len(found["pictures"]) == 2
    assert found["unreadable"] == {
        str(photos / "torn.jpg"): "damaged or cut off",
        str(photos / "gone.jpg"): "there is no such file",
    }
    assert all(Path(one["evidence"]["map"]).is_file() for one in found["pictures"])


def test_nothing_is_drawn_unless_asked_for(root, photos):
    found = facts_of(run(root, "robots", "try", str(photos / "built_700.jpg"), "--json"))
    assert found["pictures"][0]["evidence"] is None


def test_each_image_goes_through_the_backbone_once(root, photos, tf_files, monkeypatch):
    """The graph with the maps gives the embedding too: nothing else is opened."""
    cfg.path_to_tf_files = str(root)
    with open_catalogue("robots") as catalogue:
        predictor = Predictor.open("robots", catalogue)
    monkeypatch.setattr(predictor.embedder, "_opens", lambda: pytest.fail("the plain graph was opened too"))
    made = Explainer(predictor).explain(photos / "built_700.jpg")
    assert made.prediction.label == "built"


def test_a_backbone_without_maps_says_so_and_predicts(root, tiny, photos, tf_files, monkeypatch):
    cfg.path_to_tf_files = str(root)
    monkeypatch.setattr(
        explanation, "map_reader", lambda model: MapReader.of(tiny_backbone(tiny), tiny, tf_files / "converted")
    )
    console.setup(quiet=True)
    with open_catalogue("robots") as catalogue:
        done = try_images("robots", [str(photos / "built_700.jpg")], "", None, catalogue, why=True)
    assert done.code == 0 and not done.why
    assert [prediction.label for prediction in done.predictions.values()] == ["built"]
    (warning,) = console.warnings()
    assert warning.startswith("There is no map for tiny_32: its embedding is not the mean of its feature maps.")


def test_a_model_in_int8_predicts_as_ever_and_its_map_is_the_float32_networks(home, photos):
    photo = str(photos / "built_700.jpg")
    plain = facts_of(run(home, "robots", "try", photo, "--json"))["pictures"][0]
    explained = facts_of(run(home, "robots", "try", photo, "--why", "--json"))["pictures"][0]
    assert plain["scores"] == pytest.approx(explained["scores"], abs=1e-5)
    why, scores = explained["evidence"], explained["scores"]
    wanted = np.log(scores[why["for"]]) - np.log(scores[why["rather_than"]])
    assert 1e-4 < abs(why["logit_difference"] - wanted) < 0.5 * abs(wanted)
