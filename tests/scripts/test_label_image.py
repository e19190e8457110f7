"""scripts.label_image on its own, with tensorflow-for-poets-2's flags and lines."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts import label_image, retrain
from scripts.learn.images import load_pixels
from tests.helpers import COLOURS, TINY_SIZE, coloured, coloured_image
from tests.terminal import PROJECT


@pytest.fixture(scope="module")
def model(tiny, tmp_path_factory):
    """A model folder made by scripts.retrain."""
    home = tmp_path_factory.mktemp("labelled")
    assert (
        retrain.main(
            [
                "--image_dir",
                str(coloured(home / "photos", 20)),
                "--architecture",
                str(tiny),
                "--model_dir",
                str(home / "models"),
                "--bottleneck_dir",
                str(home / "bottlenecks"),
                "--output_graph",
                str(home / "retrained_graph"),
                "--output_labels",
                str(home / "retrained_labels.txt"),
                "--summaries_dir",
                str(home / "summaries"),
                "--how_many_training_steps",
                "300",
            ]
        )
        == 0
    )
    return home


@pytest.fixture
def image(tmp_path):
    coloured_image(COLOURS["magenta"], 500).save(tmp_path / "new.png")
    return tmp_path / "new.png"


def label(model: Path, *images: Path, more: tuple[str, ...] = ()) -> int:
    return label_image.main(["--graph", str(model / "retrained_graph"), "--image", *map(str, images), *more])


def test_the_lines_of_the_original(model, image, capsys):
    assert label(model, image, more=("--labels", str(model / "retrained_labels.txt"))) == 0
    out = capsys.readouterr().out
    assert re.fullmatch(r"\nEvaluation time \(1-image\): \d+\.\d{3}s\n\n(\w+ \(score=\d\.\d{5}\)\n){3}", out)
    lines = out.splitlines()[3:]
    scores = [float(line.split("score=")[1][:-1]) for line in lines]
    assert lines[0].startswith("magenta") and scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=1e-4)


def test_every_flag_of_the_original_is_there():
    taken = {option for action in label_image.parser()._actions for option in action.option_strings}
    assert {
        "--image",
        "--graph",
        "--labels",
        "--input_height",
        "--input_width",
        "--input_mean",
        "--input_std",
        "--input_layer",
        "--output_layer",
    } <= taken


def test_many_images_each_under_its_name_and_labels_found_beside_the_graph(model, image, capsys):
    others = sorted((model / "photos").rglob("*.png"))[::2]
    assert label(model, image, *others) == 0
    out = capsys.readouterr().out
    assert out.count("score=") == 3 * (1 + len(others))
    assert all(str(path) in out for path in others)


def test_an_unreadable_image_is_reported_and_the_rest_labelled(model, image, tmp_path, capsys):
    (tmp_path / "bad.jpg").write_bytes(b"no")
    assert label(model, tmp_path / "bad.jpg", image, tmp_path / "gone.jpg") == 3
    shown = capsys.readouterr()
    assert "bad.jpg: not an image" in shown.err and "gone.jpg: vanished" in shown.err
    assert shown.out.count("score=") == 3
    assert label(model, tmp_path / "bad.jpg") == 3


def test_the_pixels_are_those_of_training(image):
    ours = label_image.read(image, TINY_SIZE, TINY_SIZE, 0, 255)
    assert np.abs(ours - load_pixels(image, TINY_SIZE)).max() < 1e-6


def test_mean_and_spread_are_taken_off(image):
    plain, moved = (label_image.read(image, 16, 16, *how) for how in ((0, 255), (128, 128)))
    assert np.allclose(moved, (plain * 255 - 128) / 128, atol=1e-5)


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--input_height", "99"), 2, "32 x 32"),
        (("--input_std", "0"), 2, "must not be 0"),
        (("--input_layer", "nothing"), 1, "no input called nothing"),
        (("--output_layer", "nothing"), 1, "no output called nothing"),
        (("--labels", "/no/such"), 1, "cannot be read"),
    ],
)
def test_flags_that_do_not_fit_the_graph(model, image, capsys, more, code, message):
    assert label(model, image, more=more) == code
    assert message in capsys.readouterr().err


def test_layers_by_name(model, image, capsys):
    assert label(model, image, more=("--input_layer", "images", "--output_layer", "final_result")) == 0
    assert "magenta (score=" in capsys.readouterr().out


def test_no_graph_a_broken_one_and_too_few_labels(model, image, tmp_path, capsys):
    assert label_image.main(["--graph", str(tmp_path), "--image", str(image)]) == 1
    assert "no SavedModel" in capsys.readouterr().err
    (tmp_path / "saved_model.pb").write_bytes(b"nothing")
    (tmp_path / "labels.txt").write_text("cyan\n")
    assert (
        label_image.main(["--graph", str(tmp_path), "--labels", str(tmp_path / "labels.txt"), "--image", str(image)])
        == 1
    )
    assert "cannot be read" in capsys.readouterr().err
    assert label(model, image, more=("--labels", str(tmp_path / "labels.txt"))) == 1
    assert "1 labels" in capsys.readouterr().err


def test_damaged_weights_are_reported(model, image, tmp_path, capsys):
    graph = shutil.copytree(model / "retrained_graph", tmp_path / "retrained_graph")
    for path in (graph / "variables").iterdir():
        path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2])
    shutil.copy(model / "retrained_labels.txt", tmp_path)
    assert label_image.main(["--graph", str(graph), "--image", str(image)]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_it_runs_alone_as_a_module(model, image):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.label_image", "--graph", str(model / "retrained_graph"), "--image", str(image)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "magenta (score=" in done.stdout
