"""Pretraining on a few drawn pictures, and what the shipped backbone promises."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from scripts import pretrain_data as data
from scripts import probe

SHIPPED = probe.MODELS / "embedded"


def draw(kind: str, rng: np.random.Generator, side: int = 96) -> Image.Image:
    """A striped, dotted, boxed or ringed picture in random colours, sizes and places."""
    ground, ink = (tuple(int(v) for v in rng.integers(low, low + 100, 3)) for low in (150, 0))
    picture = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(picture)
    step = int(rng.integers(10, 20))
    x, y, r = *(int(v) for v in rng.integers(35, 60, 2)), int(rng.integers(15, 32))
    if kind == "stripes":
        for at in range(int(rng.integers(step)), side, step):
            pen.line([(at, 0), (at, side)], fill=ink, width=3)
    elif kind == "dots":
        for place in rng.integers(0, side, (20, 2)):
            pen.ellipse([*(place - 4).tolist(), *(place + 4).tolist()], fill=ink)
    elif kind == "box":
        pen.rectangle([x - r, y - r, x + r, y + r], fill=ink)
    else:
        pen.ellipse([x - r, y - r, x + r, y + r], outline=ink, width=4)
    return picture


KINDS = ("stripes", "dots", "box", "ring")


def draw_folders(root, each: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        (root / kind).mkdir(parents=True)
        for number in range(each):
            draw(kind, rng).save(root / kind / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return draw_folders(tmp_path_factory.mktemp("pretrain") / "drawn", 10)


def arguments(folders, work, *more: str) -> list[str]:
    return ["--data", str(folders), "--output", str(work / "out"), "--checkpoints", str(work / "checkpoints"),
            "--batch", "8", "--chunk", "1", "--precision", "float32", *more]  # fmt: skip


# --- data ----------------------------------------------------------------------------------


def test_leaf_folders_are_classes_and_a_broken_file_is_left_out(tmp_path, capsys):
    draw_folders(tmp_path / "deep" / "er", 2)
    (tmp_path / "deep" / "er" / "box" / "broken.jpg").write_bytes(b"not a picture")
    pool = data.load_pool([tmp_path])
    assert pool.names == ["er/box", "er/dots", "er/ring", "er/stripes"]
    assert pool.pixels.shape == (8, data.STORE_SIDE, data.STORE_SIDE, 3)
    assert "left out broken.jpg" in capsys.readouterr().out


def test_held_out_classes_are_not_read(folders):
    assert "drawn/box" not in data.load_pool([folders], {"box"}).names


def test_one_class_is_too_few(folders):
    with pytest.raises(ValueError, match="two class folders"):
        data.load_pool([folders], {"box", "dots", "ring"})


def test_drawings_keep_their_class_and_shapes_have_none(folders):
    photos = data.load_pool([folders])
    pool = data.with_drawings(photos, 0.5, seed=1)
    drawn = pool.renderings > 0
    assert drawn.sum() == 20
    assert set(pool.renderings[drawn]) == {1, 2, 3, 4, 5}
    assert (pool.classes[pool.renderings == 5] == -1).all()
    assert (pool.classes[(pool.renderings > 0) & (pool.renderings < 5)] >= 0).all()


def test_a_batch_depends_on_seed_and_step_alone(folders):
    pool = data.with_drawings(data.load_pool([folders]), 0.5, seed=1)
    first, again, other = (data.Batches(pool, 8, seed) for seed in (3, 3, 4))
    first.batch(0, 32)  # a batch read before must not matter
    for a, b in zip(first.batch(5, 32), again.batch(5, 32), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first.batch(5, 32)[0], other.batch(5, 32)[0])


def test_a_batch_is_in_range_and_its_labels_add_up(folders):
    pool = data.with_drawings(data.load_pool([folders]), 0.5, seed=1)
    images, classes, renderings, weights = data.Batches(pool, 8, 3, cutmix=1.0).batch(0, 32)
    assert images.shape == (8, 32, 32, 3)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    np.testing.assert_allclose(classes.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(renderings.sum(1), 1)
    assert set(weights) <= {0.0, 1.0}


def test_every_photo_is_seen_once_an_epoch(folders):
    batches = data.Batches(data.load_pool([folders]), 8, seed=3)
    seen = np.concatenate([batches._photos_of(step) for step in range(5)])
    assert sorted(seen) == list(range(40))


# --- training ------------------------------------------------------------------------------


def test_the_schedule_follows_the_nearer_limit():
    from scripts.pretrain import Progress

    halfway = Progress(step=10, seconds=50, steps=100, budget=100)
    assert halfway.share() == 0.5
    assert Progress(steps=100).side() < Progress(step=100, steps=100).side()
    assert Progress(steps=100, least=96).side() == 96
    assert Progress(step=10, steps=100, peak=1e-3).rate() < Progress(step=10, steps=100).rate()
    assert Progress(step=100, steps=100).rate() < 0.01 * Progress(step=10, steps=100).rate()


@pytest.fixture(scope="module")
def trained(folders, tmp_path_factory):
    """Two steps, stopped, resumed to four and exported; and four in one go."""
    pytest.importorskip("tensorflow")
    from scripts import pretrain
    from scripts import pretrain_dictionary as dictionary

    patch = pytest.MonkeyPatch()
    patch.setattr(dictionary, "SAMPLES", 2000)
    patch.setattr(pretrain, "SIDES", ((1.0, 32),))
    patch.setattr(pretrain.Progress, "rate", lambda self: 1e-3)  # the same whatever the limit
    parts, whole = tmp_path_factory.mktemp("parts"), tmp_path_factory.mktemp("whole")
    assert pretrain.main(arguments(folders, parts, "--steps", "2", "--train-only")) == 0
    assert pretrain.main(arguments(folders, parts, "--steps", "4")) == 0
    assert pretrain.main(arguments(folders, whole, "--steps", "4", "--train-only")) == 0
    yield parts, whole
    patch.undo()


def test_a_stopped_run_resumes_to_the_same_weights(trained):
    parts, whole = (np.load(folder / "checkpoints" / "checkpoint.npz") for folder in trained)
    assert json.loads(str(parts["note"]))["step"] == 4
    for name in parts.files:
        if name != "note":
            np.testing.assert_allclose(parts[name], whole[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_other_classes_refuse_the_checkpoint(trained, folders, tmp_path, capsys):
    from scripts import pretrain

    code = pretrain.main(arguments(folders, trained[0], "--steps", "5", "--hold-out", "1"))
    assert code == 1
    assert "other classes" in capsys.readouterr().err


def test_a_warm_restart_begins_anew_from_finished_weights(trained, folders, tmp_path, capsys):
    from scripts import pretrain

    start = ("--start", str(trained[1] / "checkpoints"))
    assert pretrain.main(arguments(folders, tmp_path, "--steps", "1", "--train-only", *start)) == 0
    assert "trained for 4 steps" in capsys.readouterr().out
    whole, fresh = (np.load(folder / "checkpoints" / "checkpoint.npz") for folder in (trained[1], tmp_path))
    assert json.loads(str(fresh["note"]))["step"] == 1
    change = np.abs(fresh["w0"] - whole["w0"]).max()
    assert 0 < change < 0.01  # one small step on
    assert pretrain.main(arguments(folders, tmp_path / "x", "--steps", "1", "--start", str(tmp_path / "none"))) == 1
    assert "no checkpoint" in capsys.readouterr().err


def test_the_export_loads_without_keras_and_has_its_shape(trained):
    import tensorflow as tf

    out = trained[0] / "out"
    note = json.loads((out / "backbone.json").read_text())
    model = tf.saved_model.load(str(out))
    images = np.random.default_rng(0).random((3, 128, 128, 3), np.float32)
    vectors = model(images).numpy()
    assert vectors.shape == (3, note["vector_length"])
    assert vectors.dtype == np.float32
    served = model.signatures["serving_default"](tf.constant(images))
    np.testing.assert_allclose(next(iter(served.values())).numpy(), vectors, atol=1e-4)
    assert b"keras" not in (out / "saved_model.pb").read_bytes().lower()


def test_the_folded_network_gives_what_the_trained_one_gives():
    keras = pytest.importorskip("keras")
    from scripts import pretrain_net as net

    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(1)
    model = net.build(3, 2)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    images = rng.random((2, 64, 64, 3), np.float32)
    pooled = keras.Model(model.input, model.layers[-3].output)
    expected = np.asarray(pooled(images, training=False))
    got, *contrasts = (part.numpy() for part in net.tf_features(images, net.folded(model)))
    assert [c.shape for c in contrasts] == [(2, net.DEEP)] * 3
    assert got.shape == (2, net.FEATURES)
    np.testing.assert_allclose(got[:, -net.EXPANDED :], expected, rtol=2e-3, atol=1e-4)


def test_contrasts_say_where_something_is():
    tf = pytest.importorskip("tensorflow")
    from scripts import pretrain_layout as layout

    spots = np.zeros((3, 18, 18, 1), np.float32)
    spots[0, :4] = spots[1, :, :4] = spots[2, 4:12, 4:12] = 1
    top, left, middle = (c.numpy()[:, 0] for c in layout.contrasts(layout.grid(tf.constant(spots))))
    assert top[0] > 0.3
    assert left[1] > 0.3
    assert middle[2] > 0.3 > 0 > middle[0]
    np.testing.assert_allclose([top[1], left[0]], 0, atol=1e-6)


# --- what ships ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    pytest.importorskip("tensorflow")
    return probe.load_backbone("embedded")


def test_the_shipped_files_are_small_and_hash_to_what_is_written_down():
    note = json.loads((SHIPPED / "backbone.json").read_text())
    assert note["name"] == "embedded"
    assert note["input_size"] == 128
    assert note["vector_length"] <= 2048
    assert "saved_model.pb" in note["sha256"]
    for name, digest in note["sha256"].items():
        assert hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest() == digest, name
    assert sum(f.stat().st_size for f in SHIPPED.rglob("*") if f.is_file()) <= 8_000_000


def test_shipped_vectors_are_finite_and_scaled_whatever_the_picture(shipped):
    rng = np.random.default_rng(0)
    drawn = [np.asarray(draw(kind, rng, 128), np.float32) / 255 for kind in KINDS * 6]
    images = np.stack([np.zeros_like(drawn[0]), np.ones_like(drawn[0]), *drawn])
    vectors = shipped.run(images)
    note = json.loads((SHIPPED / "backbone.json").read_text())
    assert vectors.shape == (len(images), note["vector_length"])
    assert np.isfinite(vectors).all()
    assert 0.02 < np.mean(vectors[2:] ** 2) < 5
    assert np.mean(vectors.std(0) > 1e-4) > 0.95  # hardly a number is the same for every picture


def test_shipped_vectors_tell_drawn_kinds_apart_better_than_untrained(shipped):
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(len(KINDS)), 24)
    pixels = np.stack([np.asarray(draw(KINDS[k], rng, 128)) for k in labels])
    features, _ = probe.vectors(shipped, pixels)
    plain, _ = probe.vectors(probe.untrained_backbone(pixels), pixels)
    good, poor = (np.mean([probe.accuracy(f, labels, 2, s) for s in range(6)]) for f in (features, plain))
    assert good > poor
    assert good > 0.7
