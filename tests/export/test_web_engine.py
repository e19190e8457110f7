"""The page's engine gives what Python gives: layer by layer in numpy, and whole networks by TFLite."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from flow.export.web import content, packing
from flow.export.web.content import Novelty, Unsupported
from flow.export.web.from_model import layers_of
from flow.export.web.thinning import thinned
from scripts.learn import backbone_files, backbones, efficientnet_lite, graph_weights, vectors
from scripts.learn.activations import network_of
from scripts.learn.head import softmax
from scripts.learn.images import pixels_of
from scripts.learn.runners import open_runner
from tests.export.web_models import ENGINE, embeddings_of, needs_node, predicted, small_model
from tests.helpers import COLOURS, coloured_image

SIZES = (1, 7, 16, 29, 34)  # of the image: with places left over that no block of four fills


def noise(count: int, size: int) -> np.ndarray:
    """Images that differ in brightness and colour."""
    rng = np.random.default_rng(size)
    grains = rng.integers(-60, 61, (count, size, size, 3))
    return np.clip(rng.integers(0, 256, (count, 1, 1, 3)) + grains, 0, 255).astype(np.uint8)


@pytest.mark.skipif(not shutil.which("wat2wasm"), reason="skipped: no wat2wasm (Debian's wabt)")
def test_the_assembled_kernels_are_those_of_the_text(tmp_path):
    subprocess.run(["wat2wasm", ENGINE / "kernels.wat", "-o", tmp_path / "kernels.wasm"], check=True)
    assert (tmp_path / "kernels.wasm").read_bytes() == (ENGINE / "kernels.wasm").read_bytes()


@needs_node
@pytest.mark.parametrize("size", SIZES)
def test_every_kind_of_layer_gives_what_numpy_gives(tmp_path, size):
    model, pixels = small_model(size), noise(3, size)
    want = embeddings_of(model, pixels)
    got = predicted(model, pixels, tmp_path)["embeddings"]
    assert np.abs(want).max() > 0.3 and np.allclose(got, want, atol=2e-5 * np.abs(want).max())


@needs_node
def test_scores_distances_and_verdicts(tmp_path):
    model, pixels = small_model(), noise(40, 29)
    got = predicted(model, pixels, tmp_path)
    scores = softmax((got["embeddings"] @ model.head_weights + model.head_bias) / model.temperature)
    assert np.allclose(got["scores"], scores, atol=1e-6) and np.allclose(got["scores"].sum(axis=1), 1)
    part = got["embeddings"][:, slice(*model.novelty.columns)]
    unit = vectors.unit_rows(part, model.novelty.centre, model.novelty.spread)
    want = vectors.nearest_distance(unit.astype(np.float32), model.novelty.rows)
    assert np.allclose(got["distance"], want, atol=0.01)  # the rows are rounded
    line, limit = float(np.median(scores.max(axis=1))), float(np.median(want))
    strict = replace(model, confidence_min=line, novelty=replace(model.novelty, limit=limit))
    kinds = predicted(strict, pixels, tmp_path)["kind"]
    wanted = np.where(scores.max(axis=1) < line, "unsure", np.where(got["distance"] > limit, "unfamiliar", "sure"))
    assert kinds.tolist() == wanted.tolist() and len(set(wanted)) == 3


@needs_node
@pytest.mark.parametrize(("smaller", "most"), [(False, 0.005), (True, 0.06)])
def test_lite0_gives_what_tflite_gives(small_eyes, tmp_path, smaller, most):
    """On drawn images of 128 pixels; `most`: the largest difference of an embedding, as a share of the largest one."""
    backbone = backbones.find(backbones.DEFAULT, 128, "float32")
    runner = open_runner(backbone, backbone_files.locate(backbone, small_eyes), small_eyes / "converted", "light")
    images = [pixels_of(coloured_image(colour, seed, 160), 128) for colour in COLOURS.values() for seed in range(2)]
    want = runner.vectors(np.stack(images))
    head = np.zeros((want.shape[1], 2), np.float32)
    model = content.WebModel("lite0", ("a", "b"), layers_of(network_of(backbone)), 128, head, head[0], 0.9)
    pixels = np.round(np.stack(images) * 255).astype(np.uint8)
    got = predicted(model, pixels, tmp_path, smaller)["embeddings"]
    assert np.abs(got - want).max() < most * np.abs(want).max()
    cosines = (got * want).sum(axis=1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
    assert cosines.min() > (0.998 if smaller else 0.9999)


def test_each_of_the_lites_can_be_a_page():
    """Whatever is installed of them; their widths and kernels are all that the engine must know."""
    for name in ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"):
        backbone = backbones.find(name)
        if backbone.weights.path():
            head = np.zeros((backbone.vector_length, 2), np.float32)
            content.check(content.WebModel(name, ("a", "b"), layers_of(network_of(backbone)), 224, head, head[0], 0.9))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kernel": np.zeros((7, 7, 16), np.float32)}, "no depthwise convolution of 7 x 7"),
        ({"stride": 3}, "stride 3"),
        ({"kernel": np.zeros((3, 3, 12), np.float32), "bias": np.zeros(12, np.float32)}, "12 channels"),
        ({"kernel": np.zeros((3, 3, 8), np.float32), "bias": np.zeros(8, np.float32)}, "depthwise"),
        ({"kind": "winograd"}, "no winograd"),
    ],
)
def test_what_the_engine_cannot_run_is_refused_with_the_reason(change, why):
    model = small_model()
    layers = (model.layers[0], replace(model.layers[1], **change), *model.layers[2:])
    with pytest.raises(Unsupported, match=why):
        content.check(replace(model, layers=layers))


def test_parts_that_do_not_fit_are_refused():
    model = small_model()
    for wrong in (
        replace(model, layers=model.layers[1:]),
        replace(model, head_weights=model.head_weights[1:]),
        replace(model, labels=("one",)),
    ):
        with pytest.raises(Unsupported):
            content.check(wrong)


def test_a_payload_is_the_same_bytes_each_time():
    assert packing.packed(small_model(), False) == packing.packed(small_model(), False)
    assert len(packing.packed(small_model(), True)) < 100_000


def test_few_training_images_stay_as_they_are_and_many_are_thinned():
    rng = np.random.default_rng(0)
    groups = np.repeat(rng.normal(0, 1, (20, 12)), 50, axis=0) + rng.normal(0, 0.01, (1000, 12))
    rows = vectors.unit_rows(groups.astype(np.float32), np.zeros(12, np.float32))
    assert thinned(rows[:20], 20) is not None and len(thinned(rows[:20], 20)) == 20
    kept = thinned(rows, 20)
    assert len(kept) == 20 and (rows @ kept.T).max(axis=1).min() > 0.99  # one of each group


@needs_node
def test_a_check_that_is_thinned_knows_what_the_page_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "ROWS_NUMBERS_MOST", {False: 24 * 4, True: 24 * 2})
    got = predicted(small_model(), noise(5, 29), tmp_path)
    assert len(set(got["distance"])) == 5 and (got["distance"] > 0).all()


def test_the_weights_of_a_tuned_model_are_read_from_its_graph(tmp_path):
    """Of a network as small as can be, written as a tuned one is."""
    rng = np.random.default_rng(1)

    def conv(*shape: int, stride: int = 1, depthwise: bool = False) -> efficientnet_lite.Conv:
        bias = rng.normal(0, 1, shape[2] if depthwise else shape[3]).astype(np.float32)
        return efficientnet_lite.Conv(rng.normal(0, 1, shape).astype(np.float32), bias, stride, depthwise)

    def network() -> efficientnet_lite.Network:
        blocks = [
            efficientnet_lite.Block((conv(3, 3, 8, 1, depthwise=True), conv(1, 1, 8, 8)), residual=n > 0)
            for n in range(7)
        ]
        top = (np.zeros((16, 1000), np.float32), np.zeros(1000, np.float32))
        return efficientnet_lite.Network(
            conv(3, 3, 3, 8, stride=2), tuple((b,) for b in blocks), conv(1, 1, 8, 16), top
        )

    tuned, base = network(), network()
    efficientnet_lite.save(tuned, 32, tmp_path / "graph")
    read = graph_weights.network_in(tmp_path / "graph", base)
    for got, want in zip(layers_of(read), layers_of(tuned), strict=True):
        assert np.array_equal(got.kernel, want.kernel) and np.array_equal(got.bias, want.bias) and got.adds == want.adds
    with pytest.raises(graph_weights.NotThisNetwork):
        graph_weights.network_in(tmp_path / "graph", replace(base, top=conv(1, 1, 8, 24)))
    (tmp_path / "graph" / "saved_model.pb").write_bytes(b"\xff\xff not a graph")
    with pytest.raises(graph_weights.NotThisNetwork):
        graph_weights.network_in(tmp_path / "graph", base)


def test_a_check_that_lets_everything_through_is_left_out():
    from flow.export.web.from_model import _novelty
    from scripts.learn.novelty import NoveltyDetector

    rows, one = np.eye(4, dtype=np.float16), np.ones(4, np.float32)
    assert (
        _novelty(NoveltyDetector(rows, one, one, 2.0)) is None
        and _novelty(NoveltyDetector(rows[:0], one, one, 0.5)) is None
    )
    assert isinstance(_novelty(NoveltyDetector(rows, one, one, 0.5)), Novelty)
