"""A data folder that the program left before catalogues had versions goes on: its models, journals, decisions, settings.

earlier_data.tar.xz is such a folder, made by that program (with a stand-in for TensorFlow, as in tests/faults/world.py):
two models, of which the first had three labels corrected on `check --training`; three downloaded images; three images
taken from ~/photos; one harvest; a sorted_ folder that was checked, one that was not, and unsorted images.
"""

import json
import tarfile
from pathlib import Path

import pytest

import config as cfg
from flow.base import settings
from flow.records import decisions
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, MODEL, PERSON, WHOLE_FOLDER
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import contents

BEST = "efficientnet_lite0_batch64_steps20_test16_img224_acc100.00"
FIRST = "efficientnet_lite0_batch64_steps20_test16_img224_acc90.70"
UNCHECKED, CHECKED = "sorted_20261129_002135", "sorted_20261129_002129"


@pytest.fixture
def root(tmp_path):
    with tarfile.open(Path(__file__).with_name("earlier_data.tar.xz")) as packed:
        packed.extractall(tmp_path)  # noqa: S202 - our own file
    return tmp_path / "tf_files"


def facts(root, *command, code=0, **options) -> dict:
    """What a flowstep says with --json; nothing else is said."""
    done = run(root, "robots", *command, "--json", **options)
    assert (done.code, done.err) == (code, ""), done
    return json.loads(done.out)["results"][command[0]]


def labels_in(folder) -> dict[str, int]:
    return {path.name: len(list(path.glob("*.jpg"))) for path in sorted(folder.iterdir())}


def test_status_says_what_it_said_before(root):
    done = run(root, "robots", "status", "--json")
    found = json.loads(done.out)["robots"]
    assert found["training"] == {"built": 22, "drawn": 30} and found["robot_only"] == {"built": 2, "drawn": 3}
    assert found["to_sort"] == {"fresh": 3, "robotart": 3} and found["quarantine"] == 2
    assert found["sorted_waiting"] == {UNCHECKED: 2, CHECKED: 7} and found["looked_at"] == [CHECKED]
    assert (found["models"], found["best_model"], found["new_since_the_last_model"]) == (2, BEST, 0)
    assert found["last_run"]["good"]["line"] == "robots: sorted 2: 2 sure, 0 under the line"
    assert found["next"]["command"].startswith("python roboflow.py robots check")
    assert sorted(path.name for path in (root / "catalogues").iterdir()) == ["robots.sqlite"]  # only looked at


def test_its_models_are_compared_on_the_same_images(root):
    board = facts(root, "models")
    shares = {model["model"]: (model["share"]["right"], model["share"]["total"]) for model in board["models"]}
    assert shares == {BEST: (43, 43), FIRST: (42, 43)} and board["images"] == 43
    assert sorted(path.name for path in (root / "catalogues").iterdir()) == ["robots.sqlite", "robots.v0.sqlite"]


@pytest.mark.parametrize("model", [BEST, FIRST])
def test_its_models_say_what_they_said_of_an_image_and_compute_nothing_again(root, model):
    stores = {path: path.read_bytes() for path in (root / "bottlenecks").glob("*.sqlite")}
    image = root / "training_photos/robots/built/built_3.jpg"
    [one] = facts(root, "try", str(image), "--model", model)["pictures"]
    assert one["label"] == "built" and one["near"][0]["path"] == str(image)
    if model == BEST:
        assert one["scores"] == pytest.approx({"built": 0.92546803, "drawn": 0.07453197}) and one["sure"]
    assert {path: path.read_bytes() for path in stores} == stores


def test_its_best_model_sorts_what_was_unsorted(root):
    before = contents(root)
    done = run(root, "robots", "0", "fresh", "classify_top", "--json")
    sorted_now = json.loads(done.out)["results"]["classify"]
    assert done.code == 0 and sorted_now["model"] == BEST and sum(sorted_now["places"].values()) == 3
    assert contents(root) == before


def test_what_was_checked_is_not_asked_again_and_harvested_with_the_rest(root):
    before = contents(root)
    seen = facts(root, "check", "--no-browser", before="looks_through")
    assert seen["counts"] == {"kept": 2, "relabelled": 0, "aside": 0} and seen["left"] == 0
    taken = facts(root, "harvest", "--checked-only")
    assert (taken["human"], taken["robot"], taken["labels"]) == (9, 0, {"built": 5, "drawn": 4})
    assert labels_in(world.training(root)) == {"built": 27, "drawn": 34} and contents(root) == before
    assert {row[1] for row in world.state(root)["decided"]} == {"", "built", "drawn"}


def test_its_harvests_are_undone_one_after_the_other(root):
    before, by_model = contents(root), [row for row in world.state(root)["labels"] if row[2] == MODEL]
    assert len(by_model) == 5
    assert facts(root, "undo")["back"] == 6
    assert labels_in(world.training(root)) == {"built": 20, "drawn": 26}
    assert not [row for row in world.state(root)["labels"] if row[2] == MODEL]
    copies = facts(root, "undo")
    assert (copies["back"], copies["copies"]) == (3, 3)
    assert labels_in(world.training(root)) == {"built": 20, "drawn": 23} and contents(root) == before
    done = run(root, "robots", "undo")
    assert done.code == 10 and "no harvest" in done.err


def test_decisions_from_before_are_undone_with_the_labels_that_they_replaced(tf_files, root):
    """On check --training three images were moved from built to drawn, then one was confirmed as built."""
    cfg.path_to_tf_files = str(root)
    with open_catalogue("robots") as catalogue:
        confirmed = decisions.undo("robots", catalogue, [decisions.TRAINING])
        moved = decisions.undo("robots", catalogue, [decisions.TRAINING])
        assert [[row.label for row in step.decisions] for step in (confirmed, moved)] == [["built"], ["drawn"] * 3]
        for row in (*confirmed.decisions, *moved.decisions):
            label = catalogue.label(row.sha256)
            assert (label.label, label.given_by, label.sampling) == ("built", PERSON, WHOLE_FOLDER)
            assert (root / row.source).parent.name == "built" and (root / row.source).exists()
        assert decisions.undo("robots", catalogue, [decisions.TRAINING]) is None
        again = decisions.redo("robots", catalogue, [decisions.TRAINING])
        assert {catalogue.label(row.sha256).sampling for row in again.decisions} == {CHOSEN}
    assert labels_in(world.training(root)) == {"built": 22, "drawn": 30}


def test_a_new_model_is_trained_and_compared_with_the_earlier_ones(root):
    done = run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN, "--again", "--json")
    assert (done.code, done.err) == (0, "")
    trained = json.loads(done.out)["results"]["retrain"]
    made = json.loads((Path(trained["folder"]) / "model.json").read_text())
    assert sum(row["images"] for row in made["counts"].values()) == 52
    assert sum(row["robot"] for row in made["counts"].values()) == 5
    assert len(facts(root, "models")["models"]) == 3 and made["accuracy"]["total"] == 43


def test_training_the_same_images_makes_one_model_by_todays_method_and_then_nothing_new(root):
    """The way heads are trained has a version, which is part of what a model is made from."""
    lines = [run(root, "robots", "0", "0", "retrain_defaults", *world.TRAIN).out for _ in range(2)]
    assert f"retrained {BEST}_2" in lines[0] and f"nothing new since {BEST}_2" in lines[1]
    assert len(facts(root, "models")["models"]) == 3


def test_its_model_is_exported(root):
    made = facts(root, "export")
    assert Path(made["folder"]).is_dir() and made["model"] == BEST


def test_a_lost_catalogue_is_filled_again_from_its_journals(root):
    by_model = [row for row in world.state(root)["labels"] if row[2] == MODEL]
    (root / "catalogues/robots.sqlite").unlink()
    assert run(root, "robots", "models").code == 0
    assert [row for row in world.state(root)["labels"] if row[2] == MODEL] == by_model


def test_images_downloaded_before_are_not_downloaded_again(root, tmp_path):
    """The image's file lies elsewhere by now; its content is known."""
    own = tmp_path / "again"
    own.mkdir()
    for path in (world.unsorted(root, "robotart")).glob("*.jpg"):
        (own / path.name).write_bytes(path.read_bytes())
    small = {"ROBOFLOW_IMAGE_SIDE_MIN": "16"}
    done = run(root, "robots", "3", "robotart", "download", "--source", f"folder:{own}", "--json", environ=small)
    assert json.loads(done.out)["results"]["download"]["kept"] == 0
    assert len(list(world.unsorted(root, "robotart").glob("*.jpg"))) == 3


def test_a_settings_file_from_before_is_read_whole(tf_files, tmp_path, monkeypatch):
    """Every setting that program had, under the name it had, and with the value that was its default."""
    monkeypatch.delenv("ROBOFLOW_RETRAIN_EFFORT_DEFAULT", raising=False)  # that all tests have
    (tmp_path / "roboflow.yaml").write_text(SETTINGS, encoding="utf-8")
    changed = settings.load(tmp_path)
    assert len(changed) == len(SETTINGS.split("\n")) - 2
    assert cfg.licences == ["cc0", "pdm", "by", "by-sa"] and changed["licences"].endswith("licenses")
    assert cfg.retrain_steps_default == 2600 and cfg.confidence_min == 0.925


SETTINGS = """
path_to_tf_files: "tf_files"
unsorted_name: "unsorted_"
sorted_name: "sorted_"
harvested_name: "harvested_"
under_name: "_under"
quarantine_name: "quarantine"
confidence_min: 0.925
distance_gate: true
scrapesite_default: "auto"
imgnum_default: 50
imgnum_maxpercycle: 250
licenses: ["cc0", "pdm", "by", "by-sa"]
contact: ""
image_side_max: 1024
image_side_min: 160
image_aspect_max: 4.0
image_bytes_max: 25000000
near_duplicates_keep: false
download_workers: 8
host_connections_max: 2
host_pause_s: 0.25
connect_timeout_s: 10.0
read_timeout_s: 20.0
file_deadline_s: 60.0
addresses_private_allowed: false
url_openverse: "https://api.openverse.org"
url_commons: "https://commons.wikimedia.org"
url_nasa: "https://images-api.nasa.gov"
url_inaturalist: "https://api.inaturalist.org"
url_imgur: "https://api.imgur.com"
url_flickr: "https://api.flickr.com"
retrain_imgcount_default: 750
retrain_label_min: 2
retrain_model_default: "efficientnet_lite0"
retrain_steps_default: 2600
retrain_batchsize_default: 64
retrain_learnrate_default: 0.01
retrain_testper_default: 16
retrain_valper_default: 10
retrain_imgsize_default: 224
retrain_solver_default: "sgd"
retrain_seed_default: 1
retrain_tune_default: "head"
retrain_tune_epochs_default: 12
retrain_tune_batch_default: 16
retrain_tune_rate_default: 0.0001
retrain_tune_folds: true
eval_step_interval: 10
test_min_per_label: 20
robot_label_weight: 0.5
robot_labels_max_ratio: 2.0
models_keep: 0
hub_mirrors: []
hub_timeout_s: 20.0
harvest_default: false
harvest_unchecked: true
twilio_active: false
sms_minsecstonotify: 60
twilio_base_url: ""
lock_wait_s: 0.0
max_minutes: 0.0
"""
