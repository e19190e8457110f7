"""scripts.retrain on its own, with tensorflow-for-poets-2's flags."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts import retrain
from scripts.label_image import Graph
from scripts.learn import augmentation
from scripts.learn.augmentation import Augmentation
from scripts.learn.dataset import SplitRules, list_images
from scripts.learn.hash_cache import HashCache
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import CachePaths, TrainingJob, fit, prepare_data
from tests.helpers import TINY_SIZE, coloured, tiny_backbone


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return coloured(tmp_path_factory.mktemp("photos"), 24)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Where backbones and bottlenecks are kept between the tests, as between runs."""
    return tmp_path_factory.mktemp("shared")


def flags(photos: Path, tiny: Path, shared: Path, out: Path, *more: str) -> list[str]:
    return [
        "--image_dir",
        str(photos),
        "--architecture",
        str(tiny),
        "--model_dir",
        str(shared / "models"),
        "--bottleneck_dir",
        str(shared / "bottlenecks"),
        "--output_graph",
        str(out / "retrained_graph"),
        "--output_labels",
        str(out / "labels.txt"),
        "--summaries_dir",
        str(out / "summaries"),
        "--how_many_training_steps",
        "200",
        *more,
    ]


def test_every_flag_of_the_original_is_taken(photos, tiny, shared, tmp_path, capsys):
    code = retrain.main(
        flags(
            photos,
            tiny,
            shared,
            tmp_path,
            "--learning_rate",
            "0.02",
            "--testing_percentage",
            "20",
            "--validation_percentage",
            "15",
            "--eval_step_interval",
            "50",
            "--train_batch_size",
            "32",
            "--test_batch_size",
            "-1",
            "--validation_batch_size",
            "10",
            "--print_misclassified_test_images",
            "--final_tensor_name",
            "answer",
            "--flip_left_right",
            "--random_crop",
            "5",
            "--random_scale",
            "5",
            "--random_brightness",
            "5",
            "--intermediate_store_frequency",
            "100",
            "--intermediate_output_graphs_dir",
            str(tmp_path / "middle"),
            "--saved_model_dir",
            str(tmp_path / "second"),
        )
    )
    out = capsys.readouterr().out
    assert code == 0
    assert re.search(r"Final test accuracy = \d+\.\d% \(N=72, .*cross-validated on 72 images\)", out)
    assert "=== MISCLASSIFIED TEST IMAGES ===" in out
    assert (tmp_path / "labels.txt").read_text() == "cyan\nmagenta\nyellow\n"
    assert list((tmp_path / "summaries" / "train").glob("events*")) and list(
        (tmp_path / "summaries" / "validation").glob("events*")
    )
    for graph in ("retrained_graph", "second", "middle/intermediate_100", "middle/intermediate_200"):
        assert Graph(tmp_path / graph, tmp_path / "labels.txt", output_layer="answer").height == TINY_SIZE
    pixels = np.random.default_rng(0).random((2, TINY_SIZE, TINY_SIZE, 3), np.float32)
    early, late, final, second = (
        Graph(tmp_path / g, tmp_path / "labels.txt").scores(pixels)
        for g in ("middle/intermediate_100", "middle/intermediate_200", "retrained_graph", "second")
    )
    assert np.allclose(final, second, atol=1e-6)
    assert not np.allclose(early, late, atol=1e-3)
    assert (early.argmax(axis=1) == final.argmax(axis=1)).any()


def test_the_misclassified_are_listed_with_what_they_were_taken_for(tiny, shared, tmp_path, capsys):
    """Magenta images among the cyan ones, so that some of the test set must be wrong."""
    photos = coloured(tmp_path / "photos", 20)
    for n in range(20):
        Image.open(photos / "magenta" / f"magenta_{n}.png").rotate(90).save(photos / "cyan" / f"wrong_{n}.png")
    retrain.main(flags(photos, tiny, shared, tmp_path, "--print_misclassified_test_images"))
    out = capsys.readouterr().out
    listed = out.split("=== MISCLASSIFIED TEST IMAGES ===\n")[1].split("Final")[0].splitlines()
    assert listed and all(re.fullmatch(r"\S+\.png  (cyan|magenta|yellow)", line) for line in listed)
    right, total = re.search(r"= (\d+\.\d)% \(N=(\d+)", out).groups()
    assert len(listed) == round(int(total) * (1 - float(right) / 100))


def test_the_same_seed_gives_the_same_model(photos, tiny, shared, tmp_path):
    heads = []
    for name, seed in (("a", "7"), ("b", "7"), ("c", "8")):
        assert retrain.main(flags(photos, tiny, shared, tmp_path / name, "--seed", seed)) == 0
        heads.append(tmp_path / name / "head.npz")
    with np.load(heads[0]) as a, np.load(heads[1]) as b, np.load(heads[2]) as c:
        assert np.array_equal(a["weights"], b["weights"]) and not np.array_equal(a["weights"], c["weights"])


def test_the_solver_without_knobs(photos, tiny, shared, tmp_path, capsys):
    assert retrain.main(flags(photos, tiny, shared, tmp_path, "--solver", "lbfgs", "--validation_percentage", "0")) == 0
    assert float(re.search(r"= (\d+\.\d)%", capsys.readouterr().out)[1]) > 70


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--testing_percentage", "0"], "between 1 and 90"),
        (["--how_many_training_steps", "0"], "between 1"),
        (["--random_crop", "100"], "between 0 and 99"),
        (["--learning_rate", "0"], "above 0"),
        (["--learning_rate", "nan"], "above 0"),
        (["--image_dir", "/no/such"], "no folder"),
    ],
)
def test_flags_out_of_range_are_refused(photos, tiny, shared, tmp_path, capsys, wrong, message):
    assert retrain.main([*flags(photos, tiny, shared, tmp_path), *wrong]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_trained_says_why(photos, tiny, shared, tmp_path, capsys):
    (tmp_path / "one" / "only").mkdir(parents=True)
    assert retrain.main([*flags(photos, tiny, shared, tmp_path), "--image_dir", str(tmp_path / "one")]) == 10
    assert "two labels" in capsys.readouterr().err
    assert retrain.main([*flags(photos, tiny, shared, tmp_path), "--architecture", "mobilnet"]) == 1
    assert "did you mean" in capsys.readouterr().err


def test_unreadable_images_are_left_out_and_reported(photos, tiny, shared, tmp_path, capsys):
    mine = coloured(tmp_path / "photos", 20)
    (mine / "cyan" / "broken.jpg").write_bytes(b"no")
    assert retrain.main(flags(mine, tiny, shared, tmp_path)) == 0
    assert re.search(r"Left out .*broken\.jpg: not an image", capsys.readouterr().err)


# Augmentation


def job(photos: Path, tiny: Path, how: Augmentation) -> TrainingJob:
    with HashCache(None) as cache:
        return TrainingJob(
            list_images(photos, cache),
            tiny_backbone(tiny),
            tiny,
            HeadConfig(steps=50),
            SplitRules(test_min=2),
            augmentation=how,
        )


@pytest.mark.parametrize(
    "how",
    [Augmentation(flip=True), Augmentation(crop=30), Augmentation(scale=50), Augmentation(brightness=60)],
    ids=["flip", "crop", "scale", "brightness"],
)
def test_each_augmentation_changes_what_is_learned(photos, tiny, shared, how):
    paths = CachePaths(shared / "models", shared / "bottlenecks")
    plain, bent = (prepare_data(job(photos, tiny, d), paths) for d in (Augmentation(), how))
    assert plain.augmented is None
    rows = np.flatnonzero(bent.dataset.train)
    assert len(bent.augmented.labels) == augmentation.COPIES * len(rows)
    originals = np.repeat(bent.dataset.vectors[rows], augmentation.COPIES, axis=0)
    changed = (np.abs(originals - bent.augmented.vectors[:]).max(axis=1) > 1e-3).mean()
    assert (0.3 < changed < 0.7) if how.flip else changed > 0.95
    assert np.array_equal(bent.augmented.labels, np.repeat(bent.dataset.y[rows], augmentation.COPIES))
    assert np.array_equal(bent.augmented.folds, np.repeat(bent.dataset.folds[rows], augmentation.COPIES))
    a, b = (fit(job(photos, tiny, Augmentation()), g).trained.head.weights for g in (plain, bent))
    assert not np.allclose(a, b)
    again = prepare_data(job(photos, tiny, how), paths)
    assert np.array_equal(again.augmented.vectors, bent.augmented.vectors)


def test_augmented_test_images_never_train(photos, tiny, shared):
    prepared = prepare_data(
        job(photos, tiny, Augmentation(flip=True)), CachePaths(shared / "models", shared / "bottlenecks")
    )
    tests = prepared.dataset.vectors[prepared.dataset.test]
    nearest = np.abs(prepared.augmented.vectors[:][:, None] - tests[None]).max(axis=2).min()
    assert nearest > 1e-3


def test_a_mirrored_copy_is_the_mirrored_image(photos):
    with HashCache(None) as cache:
        one = list_images(photos, cache)[0]
    made = list(augmentation.copies(one, Augmentation(flip=True), 32).values())
    plain = next(iter(augmentation.copies(one, Augmentation(scale=0, crop=0, brightness=0), 32).values()))
    mirrored = [bool(np.allclose(c, plain[:, ::-1], atol=0.01)) for c in made]
    assert all(m or np.allclose(c, plain) for c, m in zip(made, mirrored, strict=True))


def test_brightness_and_crop_stay_within_what_was_asked(photos):
    with HashCache(None) as cache:
        images = list_images(photos, cache)[:10]
    for one in images:
        plain = next(iter(augmentation.copies(one, Augmentation(), 32).values()))
        for bright in augmentation.copies(one, Augmentation(brightness=20), 32).values():
            inside = (plain > 0.05) & (plain < 0.8)
            assert ((bright / np.maximum(plain, 1e-6))[inside] > 0.79).all()
            assert ((bright / np.maximum(plain, 1e-6))[inside] < 1.21).all()
            assert bright.max() <= 1
