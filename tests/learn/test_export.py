"""The model that leaves the program: whole, checked, and good for a program that knows only TensorFlow."""

import json
import subprocess
import sys

import numpy as np
import pytest

from scripts.learn import model_files
from scripts.learn.dataset import list_images
from scripts.learn.embeddings import EmbeddingStore, embed
from scripts.learn.hash_cache import HashCache
from scripts.learn.images import load_pixels
from scripts.learn.runners import open_runner
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import CachePaths, TrainingJob, run_job
from scripts.retrain import write_model
from tests.helpers import TINY_SIZE, coloured, tiny_backbone

PLAIN = """
import sys
import numpy as np
import tensorflow as tf
assert not [m for m in sys.modules if m.split(".")[0] in ("scripts", "flow", "config", "tensorflow_hub")]
graph, pixels, out = sys.argv[1:]
loaded = tf.saved_model.load(graph)
images = np.load(pixels)
by_signature = loaded.signatures["serving_default"](images=tf.constant(images["images"]))
from_vectors = loaded.signatures["from_bottlenecks"](bottlenecks=tf.constant(images["bottlenecks"]))
np.savez(out, images=by_signature["probabilities"], bottlenecks=from_vectors["probabilities"],
         called=loaded(tf.constant(images["images"]))["probabilities"])
"""


@pytest.fixture(scope="module")
def made(tiny, tmp_path_factory):
    """(folder of a whole model, what was learned, where the photos lie)."""
    home = tmp_path_factory.mktemp("made")
    photos = coloured(home / "photos", 24)
    with HashCache(None) as book:
        images = list_images(photos, book)
    job = TrainingJob(images, tiny_backbone(tiny), tiny, HeadConfig(steps=300))
    learned = run_job(job, CachePaths(home / "models", home / "bottlenecks"))
    write_model(learned, home / "model_acc90")
    return home / "model_acc90", learned, photos


def test_a_plain_program_gets_the_same_probabilities(made, tiny, tmp_path):
    folder, learned, photos = made
    paths = sorted(photos.rglob("*.png"))[::5]
    pixels = np.stack([load_pixels(path, TINY_SIZE) for path in paths])
    with EmbeddingStore(None) as store:
        runner = open_runner(tiny_backbone(tiny), tiny, tmp_path)
        vectors = embed({str(p): p for p in paths}, runner, store).vectors
    stacked = np.stack([vectors[str(p)] for p in paths])
    np.savez(tmp_path / "in.npz", images=pixels, bottlenecks=stacked)
    (tmp_path / "plain.py").write_text(PLAIN)
    command = [sys.executable, "-I", "plain.py", str(folder / model_files.GRAPH), "in.npz", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    head, _ = model_files.load_head(folder)
    ours = head.probabilities(stacked)
    with np.load(tmp_path / "out.npz") as theirs:
        for name in ("images", "bottlenecks", "called"):
            assert theirs[name].shape == (len(paths), 3)
            assert np.abs(theirs[name] - ours).max() < 1e-4, name


def test_the_temperature_is_inside(made):
    folder, learned, _ = made
    head, _ = model_files.load_head(folder)
    assert learned.trained.temperature != 1
    assert np.allclose(head.weights, learned.trained.plain_head.weights / learned.trained.temperature)


def test_labels_stand_in_the_order_of_the_output(made):
    folder, learned, _ = made
    assert (folder / model_files.LABELS).read_text().split("\n") == [*learned.dataset.labels, ""]


def test_model_json_holds_everything_and_pins_every_file(made):
    folder, learned, _ = made
    facts = json.loads((folder / model_files.FACTS).read_text())
    assert facts["name"] == "model_acc90"
    assert facts["labels"] == ["cyan", "magenta", "yellow"]
    assert facts["accuracy"] == learned.trained.facts["accuracy"]
    assert facts["backbone"]["sha256"] == learned.backbone_key
    assert facts["parameters"]["steps"] == 300 and facts["temperature"] == learned.trained.temperature
    assert facts["files"] == model_files.file_hashes(folder)
    assert {"head.npz", "retrained_labels.txt", "retrained_graph/saved_model.pb"} <= set(facts["files"])


def test_the_novelty_detector_comes_back_as_it_was(made):
    folder, learned, _ = made
    _, novelty = model_files.load_head(folder)
    ours = learned.trained.novelty
    assert novelty.limit == ours.limit
    assert np.array_equal(novelty.distances(learned.dataset.vectors), ours.distances(learned.dataset.vectors))


def test_a_head_with_code_in_it_is_not_loaded(tmp_path):
    np.savez(tmp_path / model_files.HEAD, weights=np.array([print], object))
    with pytest.raises(ValueError, match="pickle"):
        model_files.load_head(tmp_path)


def test_tensorboard_finds_curves_and_parameters(made):
    folder, _, _ = made
    assert list((folder / "train").glob("events*")) and list((folder / "validation").glob("events*"))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder / "train")).Reload()
    assert [s.step for s in read.Scalars("accuracy")][-1] == 300
    assert "_hparams_/session_start_info" in EventAccumulator(str(folder)).Reload().summary_metadata


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "mobilenet_1.0_batch64_steps2600_test16_img224"),
        ({"learning_rate": 0.1}, "mobilenet_1.0_batch64_steps2600_lr0.1_test16_img224"),
        ({"solver": "lbfgs", "learning_rate": 0.1}, "mobilenet_1.0_lbfgs_test16_img224"),
    ],
)
def test_a_models_name_shows_its_parameters(parameters, name):
    usual = {"solver": "sgd", "batch_size": 64, "steps": 2600, "learning_rate": 0.01, "test_percent": 16}
    assert model_files.parameters_in_name("mobilenet_1.0", 224, usual | parameters) == name
