"""A model goes on working without the backbone it was trained with: its own graph holds that too."""

import json
import shutil
from pathlib import Path

import pytest

from tests.helpers import coloured, save_tiny_backbone, write_backbone_facts
from tests.terminal import run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(data folder with a model and six new images, folder of the backbone, what the model says of those). Copy it."""
    root = tmp_path_factory.mktemp("trained")
    backbone = write_backbone_facts(save_tiny_backbone(root / "tiny"))
    home = root / "tf_files"
    coloured(home / "training_photos" / "hues", 24)
    done = run(
        "hues",
        "0",
        "0",
        "retrain_defaults",
        "--architecture",
        str(backbone),
        "--steps",
        "300",
        "--images-min",
        "24",
        "--tf-files",
        str(home),
    )
    assert done.returncode == 0, done.stderr
    unsorted = home / "testing_photos" / "hues" / "unsorted_more"
    unsorted.mkdir(parents=True)
    for path in coloured(root / "new", 2, first=100).rglob("*.png"):
        path.rename(unsorted / path.name)
    before = shutil.copytree(home, root / "before")
    assert classify(before).returncode == 0
    return home, backbone, scores(before)


@pytest.fixture
def home(trained, tmp_path):
    return shutil.copytree(trained[0], tmp_path / "tf_files")


@pytest.fixture
def backbone(trained):
    """The backbone's folder, put back afterwards."""
    kept = shutil.copytree(trained[1], trained[1].with_name("kept"))
    yield trained[1]
    shutil.rmtree(trained[1], ignore_errors=True)
    kept.rename(trained[1])


def classify(home: Path):
    return run("hues", "0", "more", "classify_top", "--tf-files", str(home))


def scores(home: Path) -> dict[str, dict[str, float]]:
    """Image -> the score of every label, from the sorted folder's log."""
    folder = next((home / "testing_photos" / "hues").glob("sorted_*"))
    rows = [line.split("\t") for line in (folder / "scores.txt").read_text().splitlines()[3:]]
    return {row[6]: json.loads(row[5]) for row in rows}


def same_scores(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(
        abs(one[image][label] - other[image][label]) < 1e-4 for image in one for label in one[image]
    )


def remove_embeddings(home: Path) -> None:
    for path in (home / "bottlenecks").iterdir():
        path.unlink()


def remake(folder: Path) -> None:
    """Another backbone under the same name, as after an update."""
    shutil.rmtree(folder)
    write_backbone_facts(save_tiny_backbone(folder, seed=1))


@pytest.mark.parametrize("lost", [remake, shutil.rmtree], ids=["changed", "gone"])
def test_a_model_whose_backbone_is_lost_gives_the_same_scores_by_its_own_graph(trained, home, backbone, lost):
    lost(backbone)
    remove_embeddings(home)
    done = classify(home)
    assert (done.returncode, done.stderr) == (0, "")
    assert same_scores(scores(home), trained[2])
    board = run("hues", "models", "--tf-files", str(home))
    assert board.returncode == 0 and "%  " in board.stdout and "?" not in board.stdout


def test_a_model_whose_graph_gives_no_embeddings_is_refused_with_what_to_do(home, backbone):
    facts = next(home.rglob("model.json"))
    facts.write_text(json.dumps({k: v for k, v in json.loads(facts.read_text()).items() if k != "signatures"}))
    remake(backbone)
    done = classify(home)
    assert done.returncode == 1 and "has changed since this model was trained with it" in done.stderr
    assert (
        "%?" not in run("hues", "models", "--tf-files", str(home)).stdout
    )  # its predictions of its images were stored


def test_a_damaged_graph_is_not_loaded(home, backbone):
    shutil.rmtree(backbone)
    remove_embeddings(home)
    graph = next(home.rglob("retrained_graph")) / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:-1])
    done = classify(home)
    assert done.returncode == 1 and "saved_model.pb has changed" in done.stderr
