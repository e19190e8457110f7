"""take huggingface:DATASET: labelled rows become training data by a journal, as sorted folders of a person do."""

import json

import pytest

from tests import sites
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import training
from tests.servers import Server, image_bytes

SPEC = "huggingface:ai-lab/beans"
UNSORTED = "unsorted_ai-lab_beans"


@pytest.fixture
def beans():
    """A dataset of 30 rows that lie sorted by its three labels, and the settings that lead to it."""
    with Server() as server:
        cells = [(server.put(f"/{n}.jpg", image_bytes(n)), n // 10) for n in range(30)]
        sites.huggingface(server, "ai-lab/beans", cells)
        yield server


def leading_to(server: Server) -> dict[str, str]:
    urls = {f"ROBOFLOW_URL_{name}": server.base for name in ("HUGGINGFACE", "HUGGINGFACE_ROWS")}
    return {**urls, "ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "true", "ROBOFLOW_HOST_PAUSE_S": "0"}


def take(server: Server, root, *options: str, **more):
    return run(root, "beans", "take", SPEC, *options, environ=leading_to(server), **more)


def labels_of(root) -> dict[str, int]:
    folder = root / "training_photos" / "beans"
    return {f.name: len(list(f.glob("*.jpg"))) for f in sorted(folder.iterdir())} if folder.exists() else {}


def test_a_dataset_becomes_training_data_with_its_own_labels_balanced(beans, tmp_path):
    done = take(beans, tmp_path, "--images", "12")
    assert (done.code, done.err) == (0, "")
    assert "12 of 12 kept (12 by label); took angular_leaf_spot 4, bean_rust 4, healthy 4 as training data" in done.out
    assert labels_of(tmp_path) == {"angular_leaf_spot": 4, "bean_rust": 4, "healthy": 4}
    assert len(list((tmp_path / "testing_photos/beans" / UNSORTED).glob("*.jpg"))) == 12
    assert "angular_leaf_spot" in (tmp_path / "testing_photos/beans" / UNSORTED / "CREDITS.csv").read_text()
    found = json.loads(run(tmp_path, "beans", "status", "--json").out)
    assert "12" in json.dumps(found)


def test_twice_brings_more_and_takes_each_once(beans, tmp_path):
    take(beans, tmp_path, "--images", "12")
    assert "took angular_leaf_spot 2, bean_rust 2, healthy 2" in take(beans, tmp_path, "--images", "6").out
    last = take(beans, tmp_path, "--images", "50")
    assert last.code == 3 and "12 of 50 kept" in last.out
    assert sum(labels_of(tmp_path).values()) == 30
    assert "took nothing as training data, 30 already there" in take(beans, tmp_path, "--images", "50").out


def test_undo_takes_them_out_again(beans, tmp_path):
    take(beans, tmp_path, "--images", "12")
    assert "took 12 copies out of the training data" in run(tmp_path, "beans", "undo").out
    assert sum(labels_of(tmp_path).values()) == 0


def test_killed_at_any_moment_the_same_command_completes_it(beans, tmp_path):
    whole = take(beans, tmp_path / "whole", "--images", "9")
    assert whole.code == 0
    for share in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9):
        root = tmp_path / str(share)
        killed = take(beans, root, "--images", "9", nth=int(whole.points * share))
        assert killed.code == -9
        again = take(beans, root, "--images", "9")
        assert again.code == 0, again
        assert labels_of(root) == {"angular_leaf_spot": 3, "bean_rust": 3, "healthy": 3}, share


def test_a_basetag_with_labels_takes_those_alone(beans, tmp_path):
    for label in ("healthy", "other"):
        (tmp_path / "training_photos/beans" / label).mkdir(parents=True)
    done = take(beans, tmp_path, "--images", "5")
    assert "took healthy 5 as training data" in done.out
    assert labels_of(tmp_path) == {"healthy": 5, "other": 0}


def test_a_dataset_without_the_labels_of_the_basetag_is_not_downloaded(beans):
    root = world.fresh(world.beginning)
    done = run(root, "robots", "take", SPEC, environ=leading_to(beans))
    assert done.code == 10
    assert "has none of your labels (built, drawn); it has angular_leaf_spot, bean_rust, healthy." in done.err
    assert not [path for path in beans.paths() if path.endswith(".jpg")]
    assert sorted(f.name for f in training(root).iterdir()) == ["built", "drawn"]


def test_a_dry_run_names_the_labels_and_fetches_no_image(beans, tmp_path):
    done = take(beans, tmp_path, "--images", "12", "--dry-run")
    assert done.code == 0
    sentence = "would download 12 of 30 images and take angular_leaf_spot, bean_rust, healthy as training data"
    assert sentence in done.out
    assert not [path for path in beans.paths() if path.endswith(".jpg")] and not list(tmp_path.iterdir())


def test_a_dataset_that_is_not_there_is_one_sentence(beans, tmp_path):
    done = run(tmp_path, "beans", "take", "huggingface:ai-lab/bean", environ=leading_to(beans))
    assert done.code == 1
    assert done.err.startswith("oh no. Huggingface shows no rows of 'ai-lab/bean' (The dataset does not exist")


@pytest.mark.parametrize("name", ["huggingface:", "huggingface:a/b/c"])
def test_what_is_no_dataset_is_bad_usage(tmp_path, name):
    assert run(tmp_path, "beans", "take", name).code == 2
