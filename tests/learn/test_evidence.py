"""The map of the evidence: its cells add up to the logits, and it lies where the evidence lies."""

import numpy as np
import pytest
from PIL import Image

from scripts.learn import backbone_files, backbones, efficientnet_lite, model_files
from scripts.learn.backbones import Backbone
from scripts.learn.dataset import list_images
from scripts.learn.evidence import SIDE, Evidence, evidence_of
from scripts.learn.explained import explain_rows
from scripts.learn.feature_maps import FeatureMaps, MapReader, NoMaps
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import Head
from scripts.learn.images import load_pixels
from scripts.learn.overlay import FULL, beside, jpeg, overlay
from scripts.learn.runners import open_runner
from scripts.learn.tensor import import_tensorflow
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import CachePaths, TrainingJob, run_job
from scripts.learn.tune import TuneConfig
from scripts.retrain import write_model
from tests.helpers import coloured, tiny_backbone
from tests.learn.tiny_network import SIZE, TOP, WIDTHS, tiny_network

LENGTH = TOP + sum(WIDTHS)
EXACT = 1e-4  # nats


def read_from(folder, network, size=SIZE):
    """The reader and the runner of a network, written and converted."""
    efficientnet_lite.save(network, size, folder / "graph")
    backbone = Backbone("small", size, folder=folder / "graph")
    reader = MapReader.of(backbone, folder / "graph", folder / "converted")
    return reader, open_runner(backbone, folder / "graph", folder / "converted", "light")


def random_head(labels=3, seed=0):
    rng = np.random.default_rng(seed)
    return Head(rng.normal(0, 3, (LENGTH, labels)).astype(np.float32), rng.normal(size=labels).astype(np.float32))


def noise(size=SIZE, seed=0):
    return np.random.default_rng(seed).random((size, size, 3), np.float32)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return read_from(tmp_path_factory.mktemp("small"), tiny_network())


@pytest.mark.parametrize("pair", [(0, 1), (2, 0), (1, 1)])
def test_cells_and_constant_are_the_difference_of_the_logits(small, pair):
    reader, runner = small
    head, usual = random_head(), np.random.default_rng(5).random(LENGTH).astype(np.float32)
    pixels = noise()
    logits = head.logits(runner.vectors(pixels[None]))[0]
    for mean in (None, usual):
        found = evidence_of(reader.read(pixels), head, *pair, mean)
        assert found.cells.shape == (SIDE, SIDE)
        assert abs(found.total - float(logits[pair[0]] - logits[pair[1]])) < EXACT


def test_of_the_default_backbone_too(small_eyes):
    backbone = backbones.find(backbones.DEFAULT, 128, backbones.FLOAT32)
    folder = backbone_files.locate(backbone, small_eyes)
    reader = MapReader.of(backbone, folder, small_eyes / "converted")
    vectors = open_runner(backbone, folder, small_eyes / "converted", "light").vectors
    rng = np.random.default_rng(1)
    head = Head(rng.normal(0, 0.3, (2064, 4)).astype(np.float32), rng.normal(size=4).astype(np.float32))
    for seed in range(3):
        pixels = noise(128, seed)
        logits = head.logits(vectors(pixels[None]))[0]
        found = evidence_of(reader.read(pixels), head, 0, 3, rng.random(2064).astype(np.float32))
        assert abs(found.total - float(logits[0] - logits[3])) < EXACT


def test_of_a_network_with_tuned_layers_too(tmp_path):
    rng, plain = np.random.default_rng(3), tiny_network()
    tuned = plain.with_tail(
        [(c.kernel + rng.normal(0, 0.05, c.kernel.shape).astype(np.float32), c.bias + 0.1) for c in plain.tail()]
    )
    reader, runner = read_from(tmp_path, tuned)
    assert np.array_equal(reader.read(noise()).vector, runner.vectors(noise()[None])[0])
    head = random_head(seed=4)
    logits = head.logits(runner.vectors(noise()[None]))[0]
    assert abs(evidence_of(reader.read(noise()), head, 1, 2).total - float(logits[1] - logits[2])) < EXACT


def test_sides_that_do_not_divide_the_grid_lose_nothing(tmp_path):
    reader, runner = read_from(tmp_path, tiny_network(), size=52)
    sides = {values.shape[0] for _, values in reader.read(noise(52)).parts}
    assert any(SIDE % side and side % SIDE for side in sides), sides
    head = random_head()
    logits = head.logits(runner.vectors(noise(52)[None]))[0]
    assert abs(evidence_of(reader.read(noise(52)), head, 0, 1).total - float(logits[0] - logits[1])) < EXACT


def test_it_lies_where_the_evidence_lies():
    maps = np.zeros((28, 28, 2), np.float32)
    maps[3, 20, 0], maps[25, 2, 1] = 784, 784
    head = Head(np.array([[1, 0], [0, 2]], np.float32), np.zeros(2, np.float32))
    found = evidence_of(FeatureMaps(maps.mean(axis=(0, 1)), ((0, maps),)), head, 0, 1)
    assert np.unravel_index(found.cells.argmax(), found.cells.shape) == (3, 20)
    assert np.unravel_index(found.cells.argmin(), found.cells.shape) == (25, 2)
    assert (found.cells[3, 20], found.cells[25, 2]) == (pytest.approx(1), pytest.approx(-2))


def test_what_all_images_have_in_common_is_no_evidence():
    """A cell that is as the mean of the training images speaks for nothing; the sum is the same."""
    maps = np.full((7, 7, 1), 0.5, np.float32)
    head = Head(np.array([[4, 0]], np.float32), np.array([1, 0], np.float32))
    found = evidence_of(FeatureMaps(np.array([0.5]), ((0, maps),)), head, 0, 1, np.array([0.5], np.float32))
    assert np.abs(found.cells).max() < 1e-7
    assert found.total == pytest.approx(3) == found.constant


def test_a_backbone_that_is_no_mean_of_maps_gives_a_sentence(tiny, tmp_path):
    with pytest.raises(NoMaps, match="There is no map for tiny_32: its embedding is not the mean of its feature maps"):
        MapReader.of(tiny_backbone(tiny), tiny, tmp_path)


def test_the_file_on_disk_stays_as_it_is(tmp_path):
    read_from(tmp_path, tiny_network())
    before = {path: path.read_bytes() for path in (tmp_path / "converted").iterdir()}
    MapReader(next((tmp_path / "converted").glob("*.tflite")))
    assert {path: path.read_bytes() for path in (tmp_path / "converted").iterdir()} == before


# Drawing


def colours_at(value):
    cells = np.zeros((SIDE, SIDE), np.float32)
    cells[10:18, 10:18] = value
    return np.asarray(overlay(Image.new("RGB", (84, 56), (128, 128, 128)), Evidence(cells, 0.0))).astype(int)


def test_orange_is_for_and_blue_against():
    red, _, blue = colours_at(FULL)[28, 42]
    assert red > blue + 100
    red, _, blue = colours_at(-FULL)[28, 42]
    assert blue > red + 100


def test_a_weak_map_looks_weak():
    """One scale for all images: half the evidence is half the colour, and none is the grey image."""
    grey, weak, full, more = (colours_at(FULL * share)[28, 42] for share in (0, 0.25, 1, 5))
    assert len(set(grey)) == 1
    assert np.abs(weak - grey).max() < 0.35 * np.abs(full - grey).max()
    assert np.array_equal(full, more)


def test_an_image_keeps_its_shape_and_gets_its_map_beside_it():
    image = Image.new("RGB", (120, 60), (10, 200, 30))
    both = beside(image, Evidence(np.zeros((SIDE, SIDE), np.float32), 0.0))
    assert both.size == (244, 60)
    assert both.getpixel((5, 5)) == (10, 200, 30)
    assert len(set(both.getpixel((200, 30)))) == 1


def test_nothing_but_pixels_is_written():
    image = Image.new("RGB", (8, 8))
    image.info["comment"] = b"secret"
    assert b"secret" not in jpeg(image)


# After a training


@pytest.fixture(scope="module")
def results(tmp_path_factory, small_eyes):
    """(how it was trained, its result, where backbones are): a head alone, and tuned last layers."""
    folder = tmp_path_factory.mktemp("trained")
    places = CachePaths(small_eyes, folder / "bottlenecks", None)
    coloured(folder / "images", 24)
    backbone = backbones.find(backbones.DEFAULT, 128, backbones.FLOAT32)
    with HashCache(None) as hashes:
        images = list_images(folder / "images", hashes)
    made = {}
    for how in ("head", "last"):
        tune = TuneConfig(epochs=1, folds=False) if how == "last" else None
        job = TrainingJob(images, backbone, backbone_files.locate(backbone, small_eyes), HeadConfig(100), tune=tune)
        made[how] = run_job(job, places)
    return made, places, folder


@pytest.mark.parametrize("how", ["head", "last"])
def test_the_map_of_a_trained_model_adds_up_to_its_logits(results, how):
    """By the files of the model: the probabilities are those that its SavedModel gives."""
    made, places, folder = results
    target = folder / how
    write_model(made[how], target, places=places)
    graph = import_tensorflow().saved_model.load(str(target / model_files.GRAPH))
    own = Backbone("own", 128, folder=target / model_files.GRAPH)
    reader = MapReader.of(own, target / model_files.GRAPH, places.converted)
    head, _ = model_files.load_head(target)
    usual = made[how].dataset.vectors.mean()
    for image in made[how].dataset.images[::17]:
        pixels = load_pixels(image.path, 128)
        p = graph.signatures["serving_default"](images=pixels[None])["probabilities"].numpy()[0].astype(np.float64)
        found = evidence_of(reader.read(pixels), head, 0, 1, usual)
        assert abs(found.total - float(np.log(p[0]) - np.log(p[1]))) < EXACT * max(1, abs(found.total))


def test_the_mistakes_of_folds_are_explained_by_the_heads_that_made_them(results):
    made, places, _ = results
    result = made["head"]
    data, trained = result.dataset, result.trained
    reader = MapReader.of(result.job.backbone, result.job.folder, places.converted)
    rows = np.flatnonzero(trained.folded)[:4]
    for one in explain_rows(data, trained, reader, rows, trained.out_of_fold[rows]):
        head = trained.fold_heads[data.folds[one.row]].with_temperature(trained.temperature)
        logits = head.logits(data.vectors[one.row][None])[0]
        assert abs(one.evidence.total - float(logits[one.first] - logits[one.second])) < EXACT * 10
        assert not np.array_equal(head.weights, trained.head.weights)


def test_a_report_of_a_backbone_without_maps_says_so(tiny, tmp_path):
    coloured(tmp_path / "images", 20)
    with HashCache(None) as hashes:
        images = list_images(tmp_path / "images", hashes)
    places = CachePaths(tmp_path / "models", tmp_path / "bottlenecks", None)
    result = run_job(TrainingJob(images, tiny_backbone(tiny), tiny, HeadConfig(100)), places)
    facts = write_model(result, tmp_path / "model", places=places)
    assert facts["shortcuts"] == []
    assert "There is no map for tiny_32" in (tmp_path / "model" / "report.html").read_text()
