"""A backbone runs two ways with the same result, whatever kind of SavedModel it is."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from scripts.learn import conversion, runners
from scripts.learn.backbones import BackboneProblem, find, fingerprint
from scripts.learn.conversion import PARITY
from scripts.learn.runners import open_runner
from scripts.learn.tensor import import_tensorflow
from tests.helpers import TINY_LENGTH, TINY_SIZE, save_tiny_backbone, tiny_backbone


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    return tmp_path_factory.mktemp("converted")


@pytest.fixture(scope="module")
def light(tiny, converted):
    return open_runner(tiny_backbone(tiny), tiny, converted, "light")


def noise(count: int, size: int = TINY_SIZE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, size, size, 3), np.float32)


def test_both_ways_give_the_same_vectors(tiny, converted, light):
    full = open_runner(tiny_backbone(tiny), tiny, converted, "full")
    assert (light.kind, full.kind) == ("light", "full")
    assert light.key == full.key == fingerprint(tiny)
    assert light.vector_length == full.vector_length == TINY_LENGTH
    images = noise(70)
    a, b = light.vectors(images), full.vectors(images)
    assert a.shape == (70, TINY_LENGTH) and a.dtype == np.float32
    assert np.abs(a - b).max() <= PARITY * max(1, np.abs(b).max())


def test_a_gpu_is_given_more_at_once(tiny, converted, light, monkeypatch):
    """The figures of a GPU cannot be had everywhere; that it is asked for in larger batches can."""
    monkeypatch.setattr(runners, "_has_gpu", lambda: True)
    runner = open_runner(tiny_backbone(tiny), tiny, converted)
    assert (runner.kind, runner.batch) == ("full", runners.GPU_BATCH)
    assert runner.batch > light.batch
    images = noise(runner.batch + 3)
    assert np.abs(runner.vectors(images) - light.vectors(images)).max() <= PARITY


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 33, 70])
def test_every_image_gets_its_own_vector(light, count):
    images = noise(count)
    together = light.vectors(images)
    alone = np.concatenate([light.vectors(images[i : i + 1]) for i in range(count)])
    assert np.array_equal(together, alone)


def test_threads_do_not_get_in_each_others_way(light):
    sets = [noise(5, seed=i) for i in range(12)]
    want = [light.vectors(images) for images in sets]
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(light.vectors, sets))
    assert all(np.array_equal(a, b) for a, b in zip(want, got, strict=True))


def test_a_backbone_is_converted_once(tiny, converted, light):
    kept = next(converted.glob("tiny*.tflite"))
    before = kept.stat().st_mtime_ns
    open_runner(tiny_backbone(tiny), tiny, converted)
    assert kept.stat().st_mtime_ns == before
    note = json.loads(kept.with_suffix(".json").read_text())
    assert note["backbone_sha256"] == light.key and note["largest_difference"] <= PARITY


def test_a_conversion_cut_short_is_done_again(tiny, tmp_path):
    first = open_runner(tiny_backbone(tiny), tiny, tmp_path).vectors(noise(2))
    kept = next(tmp_path.glob("*.tflite"))
    kept.write_bytes(kept.read_bytes()[:1000])
    assert np.array_equal(open_runner(tiny_backbone(tiny), tiny, tmp_path).vectors(noise(2)), first)
    kept.with_suffix(".json").unlink()
    assert np.array_equal(open_runner(tiny_backbone(tiny), tiny, tmp_path).vectors(noise(2)), first)
    assert not [*tmp_path.glob(".part*")]


def test_a_conversion_that_gives_other_vectors_is_not_used(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "PARITY", -1.0)  # TensorFlow is here already, so nothing runs in another process
    assert open_runner(tiny_backbone(tiny), tiny, tmp_path).kind == "full"
    with pytest.raises(BackboneProblem, match="other vectors"):
        open_runner(tiny_backbone(tiny), tiny, tmp_path, "light")
    assert not [*tmp_path.glob("*.tflite")]


def keras_export(folder):
    tf = import_tensorflow()
    layers = [
        tf.keras.Input((TINY_SIZE, TINY_SIZE, 3)),
        tf.keras.layers.Conv2D(4, 3),
        tf.keras.layers.GlobalAveragePooling2D(),
    ]
    tf.keras.Sequential(layers).export(str(folder), verbose=False)


def signatures_only(folder):
    """As modules of the TF1 time load: not callable, one signature, spatial features."""
    tf = import_tensorflow()
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, TINY_SIZE, TINY_SIZE, 3], tf.float32, name="images")])
    def features(images):
        return {"default": images[:, ::4, ::4]}

    tf.saved_model.save(module, str(folder), signatures={"default": features})


@pytest.mark.parametrize(
    ("make", "length"),
    [(keras_export, 4), (signatures_only, 3), (save_tiny_backbone, TINY_LENGTH)],
    ids=["keras", "signatures", "callable"],
)
def test_every_kind_of_saved_model_runs(make, length, tmp_path):
    folder = tmp_path / "model"
    make(folder)
    for way in ("full", "light"):
        runner = open_runner(find(str(folder), TINY_SIZE), folder, tmp_path, way)
        assert runner.vectors(noise(3)).shape == (3, length) and runner.vector_length == length


def test_what_is_no_backbone_is_refused(tiny, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nothing")
    with pytest.raises(BackboneProblem, match="cannot be loaded"):
        open_runner(find(str(tmp_path), TINY_SIZE), tmp_path, tmp_path)


def test_a_backbone_for_another_size_says_so(tmp_path):
    keras_export(tmp_path / "model")
    with pytest.raises(BackboneProblem, match="48 x 48") as found:
        open_runner(find(str(tmp_path / "model"), 48), tmp_path / "model", tmp_path)
    assert "--image-size" in found.value.hint


def test_no_core_is_promised_that_is_not_there():
    assert 1 <= runners.CORES <= (os.cpu_count() or 1)
