"""What a model says of an image: bars, a table, JSON, CSV; files, folders and addresses."""

import csv
import json
from pathlib import Path

import pytest

import config as cfg
from flow.base.errors import NotReady, RoboError
from flow.commands.parse import parse
from flow.export.score_bars import bars
from flow.models.prediction import Neighbor, Prediction, Predictor
from flow.records.open_catalogue import open_catalogue
from tests.faults import world
from tests.faults.runner import run
from tests.servers import Server, status
from tests.terminal import Terminal

HERE = {"ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "true"}
PREDICTION = Prediction(
    {"built": 0.7, "drawn": 0.25, "not": 0.05}, 0.3, 0.8, 0.925, (Neighbor(Path("a/b.jpg"), "built", 0.7),)
)


@pytest.fixture(scope="module")
def root():
    return world.fresh(world.with_model)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Five images the model has not seen, a torn one and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for label, count in (("built", 3), ("drawn", 2)):
        world.put(folder, label, range(700, 700 + count))
    (folder / "torn.jpg").write_bytes(world.image_bytes(1)[:200])
    (folder / "notes.txt").write_text("no picture")
    return folder


def tried(root, *words):
    done = run(root, "robots", "try", *map(str, words), "--json")
    facts = json.loads(done.out)
    assert facts["exit"] == done.code
    return done.code, facts["results"]["try"], facts["warnings"]


def test_one_image(root, photos):
    done = run(root, "robots", "try", str(photos / "built_700.jpg"))
    lines = done.out.splitlines()
    assert done.code == 0 and done.err == ""
    assert lines[0] == str(photos / "built_700.jpg") and lines[1].startswith("  built ") and "#" in lines[1]
    assert max(map(len, lines[1:3])) <= 80
    near = lines[lines.index("  most similar training images") + 1 :][:3]
    assert all("training_photos/robots/" in line for line in near)
    assert lines[-1].startswith("robots: built ")


def test_a_training_image_is_most_similar_to_itself(root):
    photo = sorted(world.training(root).glob("drawn/*.jpg"))[3]
    _, found, _ = tried(root, photo)
    best = found["pictures"][0]["near"][0]
    assert (best["path"], best["label"]) == (str(photo), "drawn") and best["likeness"] > 0.999
    assert found["pictures"][0]["distance"] < 0.001


def test_an_image_that_the_model_was_trained_on_is_said_to_be_one(root, photos):
    remark = "  The model was trained on this image, so its score says little about new ones."
    photo = sorted(world.training(root).glob("drawn/*.jpg"))[3]
    assert remark in run(root, "robots", "try", str(photo)).out.splitlines()
    assert remark not in run(root, "robots", "try", str(photos / "built_700.jpg")).out


def test_a_folder_is_a_table_and_unreadable_files_are_named_and_counted(root, photos):
    done = run(root, "robots", "try", str(photos))
    lines = done.out.splitlines()
    assert done.code == 3 and lines[0].split() == ["score", "label", "image"]
    assert sum(str(photos) in line and " % " in line for line in lines[:-1]) == 5
    assert (
        "predicted 5 images: built 3, drawn 2" in lines[-1] and "1 unreadable" in lines[-1] and "torn.jpg" in lines[-1]
    )


def test_json_holds_all_scores(root, photos):
    code, found, warnings = tried(root, photos / "built_700.jpg", photos / "missing.jpg")
    assert code == 3 and warnings == [f"{photos / 'missing.jpg'}: there is no such file"]
    one = found["pictures"][0]
    assert set(one["scores"]) == set(world.LABELS) and abs(sum(one["scores"].values()) - 1) < 1e-5
    assert one["score"] == max(one["scores"].values()) and found["unreadable"] == {
        str(photos / "missing.jpg"): "there is no such file"
    }


def test_csv_is_a_new_file(root, photos, tmp_path):
    table = tmp_path / "scores.csv"
    assert run(root, "robots", "try", str(photos), "--csv", str(table)).code == 3
    with open(table, encoding="utf-8", newline="") as reader:
        rows = list(csv.DictReader(reader))
    assert len(rows) == 5 and {
        "picture",
        "label",
        "score",
        "sure",
        "why",
        "nearest",
        "score built",
        "score drawn",
    } <= set(rows[0])
    before = table.read_bytes()
    again = run(root, "robots", "try", str(photos), "--csv", str(table))
    assert again.code == 2 and "--csv" in again.err and table.read_bytes() == before


def test_an_address_is_fetched_and_never_kept(root, photos):
    raw = (photos / "drawn_700.jpg").read_bytes()
    before = {p for p in root.rglob("*") if p.suffix in (".jpg", ".png")}
    with Server() as site:
        good, missing, page = site.put("/a.jpg", raw), site.put("/gone.jpg", status(404)), site.put("/p.jpg", b"<html>")
        done = run(root, "robots", "try", good, missing, page, "--json", environ=HERE)
        refused = run(root, "robots", "try", good, "--json")
    found = json.loads(done.out)["results"]["try"]
    assert done.code == 3 and [p["picture"] for p in found["pictures"]] == [good]
    assert found["pictures"][0]["label"] == "drawn"
    assert found["unreadable"] == {missing: "gone (404)", page: "not an image: it is a web page"}
    assert (
        json.loads(refused.out)["results"]["try"]["unreadable"] == {good: "not a public address"} and refused.code == 3
    )
    assert {p for p in root.rglob("*") if p.suffix in (".jpg", ".png")} == before


def test_below_a_high_confidence_min_it_is_not_sure(root, photos):
    done = run(root, "robots", "try", str(photos / "built_701.jpg"), environ={"ROBOFLOW_CONFIDENCE_MIN": "1"})
    assert "unsure: " in done.out and "below confidence_min (100.0 %)" in done.out


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("robots", "try"), 2, "photo.jpg"),
        (("try", "photo.jpg"), 2, "basetag is missing"),
        (("robots", "try", "photo.jpg", "--model", "other"), 10, "no model 'other'"),
        (("birds", "try", "photo.jpg"), 10, "no basetag birds"),
        (("robots", "export", "now", "or", "never"), 2, "too many"),
    ],
)
def test_what_is_missing_is_named(root, words, code, named):
    done = run(root, *words)
    assert done.code == code and named in " ".join(done.err.split()) and done.out == ""


def test_an_empty_folder_is_refused(root, tmp_path):
    done = run(root, "robots", "try", str(tmp_path))
    assert done.code == 2 and "no image files" in done.err


def test_without_a_model_it_is_not_ready(photos):
    done = run(world.fresh(world.beginning), "robots", "try", str(photos / "built_700.jpg"))
    assert done.code == 10 and "no model for robots yet" in done.err


def test_it_needs_no_lock_and_records_nothing(root, photos):
    from flow.base import locks

    last = root / "logs" / "robots_last_run.json"
    before = last.read_bytes()
    with locks.held(root / "locks/robots.lock", 0, {"pid": 1, "since": "now", "command": "x"}):
        assert run(root, "robots", "try", str(photos / "built_700.jpg")).code == 0
    assert last.read_bytes() == before


@pytest.mark.parametrize(
    ("line", "images"),
    [
        ("robots try a.jpg", ("a.jpg",)),
        ("robots try a b c d e f", tuple("abcdef")),
        ("robots 0 0 try a.jpg", ("a.jpg",)),
        ("robots try --csv x.csv a.jpg b.jpg", ("a.jpg", "b.jpg")),
        ("robots try try", ("try",)),
    ],
)
def test_words_after_try_are_images(line, images):
    asked = parse(line.split())
    assert (asked.basetag, asked.command.name, asked.options.images) == ("robots", "try", images)


@pytest.mark.parametrize(
    ("line", "flowstep", "tag"),
    [("try 200 robotart", "classify", "robotart"), ("robots 5 try download", "download", "try")],
)
def test_try_is_still_a_name_like_any_other(line, flowstep, tag):
    asked = parse(line.split())
    assert (asked.command.name, asked.options.searchtag) == (flowstep, tag)


@pytest.mark.parametrize("width", [30, 80, 10_000])
def test_bars_are_as_long_as_the_scores(width):
    lines = bars("x.jpg", PREDICTION, width)
    full, quarter, little = (line.count("#") for line in lines[1:4])
    assert full > quarter > little >= 0 and max(map(len, lines[1:4])) < width
    assert quarter / full == pytest.approx(0.25 / 0.7, abs=0.2)
    assert "unsure: 70.0 % is below confidence_min (92.5 %)" in lines[4]


def test_bars_of_a_damaged_score_and_of_many_labels():
    many = {f"label {n} with quite a long name": 1 / 30 for n in range(30)}
    lines = bars("x", Prediction({**many, "odd": float("nan")}, 0.9, 0.8, 0.925), 40)
    assert "and 19 more" in lines[13] and max(map(len, lines[:14])) <= 40


def test_an_unfamiliar_image_is_not_sure_however_high_it_scores():
    far = Prediction({"built": 0.99, "not": 0.01}, 0.9, 0.8, 0.925)
    assert (far.reason, far.sure) == ("unlike", False)
    assert any(
        "unfamiliar: unlike all training images (distance 0.90, limit 0.80)" in line for line in bars("x", far, 80)
    )


def test_a_prediction_for_an_image_in_memory(home, tf_files):
    cfg.path_to_tf_files = str(home)
    photo = sorted(home.glob("training_photos/robots/built/*.jpg"))[0]
    with open_catalogue("robots") as catalogue:
        one = Predictor.open("robots", catalogue).predict_one(photo.read_bytes())
        predictor = Predictor.open("robots", catalogue, "1")
        assert predictor.predict_one(photo).scores == one.scores and one.label == "built"
        assert one.near[0].path == photo
        with pytest.raises(RoboError, match="cannot be read: not an image"):
            predictor.predict_one(b"<html>")
        with pytest.raises(NotReady):
            Predictor.open("robots", catalogue, "9")


def test_a_terminal_gets_bars_of_its_own_width(home):
    photo = sorted(home.glob("training_photos/robots/built/*.jpg"))[0]
    with Terminal("robots", "try", str(photo), "--tf-files", str(home), columns=50) as screen:
        screen.expect("built  ")
        screen.expect("most similar training images")
        assert screen.ended() == 0
    rows = [line for line in screen.screen.splitlines() if "#" in line]
    assert rows and all(len(line) < 50 for line in rows)
