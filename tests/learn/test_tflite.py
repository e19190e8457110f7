"""TFLite files say what the SavedModel says, and how much less the smaller ones say is counted."""

import numpy as np
import pytest

from scripts.learn import model_files, tflite
from scripts.learn.head import Head
from scripts.learn.images import load_pixels
from tests.helpers import TINY_LENGTH, TINY_SIZE, coloured

LABELS = ("cyan", "magenta", "yellow")


@pytest.fixture(scope="module")
def graph(tiny, tmp_path_factory):
    """A SavedModel of three labels with a head that looks at the picture."""
    rng = np.random.default_rng(3)
    head = Head(rng.normal(0, 1, (TINY_LENGTH, 3)).astype(np.float32), np.zeros(3, np.float32))
    folder = tmp_path_factory.mktemp("graph") / "retrained_graph"
    model_files.save_graph(folder, tiny, TINY_SIZE, head)
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return sorted(coloured(tmp_path_factory.mktemp("photos"), 8).rglob("*.png"))


@pytest.fixture(scope="module")
def made(graph, photos, tmp_path_factory):
    """Kind -> file, of all kinds."""
    source, folder = tflite.open_source(graph, TINY_SIZE), tmp_path_factory.mktemp("made")
    for kind, name in tflite.FILES.items():
        (folder / name).write_bytes(source.converted(kind, photos))
    return {kind: folder / name for kind, name in tflite.FILES.items()}


def pixels(photos):
    return np.stack([load_pixels(path, TINY_SIZE) for path in photos])


def test_float32_gives_the_probabilities_of_the_graph(graph, made, photos):
    from scripts.learn.tensor import import_tensorflow

    tf = import_tensorflow()
    loaded = tf.saved_model.load(str(graph))
    want = loaded.signatures["serving_default"](images=tf.constant(pixels(photos)))["probabilities"].numpy()
    got = tflite.Lite(made["float32"]).scores(pixels(photos))
    assert got.shape == (len(photos), 3) and np.abs(got - want).max() < 1e-4
    assert len(set(got.argmax(axis=1))) > 1


@pytest.mark.parametrize(("kind", "most"), [("float16", 0.02), ("int8", 0.2)])
def test_smaller_files_are_near(made, photos, kind, most):
    plain, ours = (tflite.Lite(made[name]).scores(pixels(photos)) for name in ("float32", kind))
    assert ours.dtype == np.float32 and 0 < np.abs(ours - plain).max() < most
    assert np.allclose(ours.sum(axis=1), 1, atol=0.02)


def test_int8_works_in_whole_numbers_inside(made):
    from scripts.learn.tensor import import_tensorflow

    it = import_tensorflow().lite.Interpreter(model_path=str(made["int8"]))
    it.allocate_tensors()
    kinds = [t["dtype"] for t in it.get_tensor_details() if len(t["shape"]) == 4]
    assert kinds.count(np.int8) > kinds.count(np.float32)


def test_files_are_compared_on_labels_and_on_each_other(made, photos, tmp_path):
    predicted = tflite.Lite(made["float32"]).scores(pixels(photos)).argmax(axis=1).tolist()
    labelled = {path: label for path, label in zip(photos[:10], predicted, strict=False)}
    labelled[photos[0]] = (predicted[0] + 1) % 3
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"no picture")
    found = tflite.compare(
        {"float32": made["float32"], "float16": made["float16"]}, labelled, [*photos[5:], torn], TINY_SIZE
    )
    assert [c.kind for c in found] == ["float32", "float16"]
    assert (found[0].right, found[0].total) == (9, 10)
    assert (found[0].same, found[0].looked) == (len(photos) - 5,) * 2
    alone = tflite.compare({"float32": made["float32"]}, labelled, [], TINY_SIZE)[0]
    assert (alone.same, alone.looked) == (10, 10)


def test_a_graph_that_is_none_is_refused_with_words(tmp_path):
    with pytest.raises(tflite.ConversionProblem, match="cannot be loaded"):
        tflite.open_source(tmp_path, TINY_SIZE)


def test_what_differs_from_the_graph_is_not_given_out(graph, monkeypatch):
    source = tflite.open_source(graph, TINY_SIZE)
    monkeypatch.setattr(tflite.Lite, "scores", lambda self, pixels: np.zeros((len(pixels), 3), np.float32))
    with pytest.raises(tflite.ConversionProblem, match="other probabilities"):
        source.converted("float32")
