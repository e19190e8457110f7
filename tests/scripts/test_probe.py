"""The probe's head, its splits, and its table on generated pictures."""

import json

import numpy as np
import pytest
from PIL import Image

from scripts import probe


def blobs(each: int, count: int, dims: int = 20, gap: float = 3.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, gap, (count, dims))
    labels = np.repeat(np.arange(count), each)
    return centres[labels] + rng.normal(0, 1, (each * count, dims)), labels


def colour_folders(root, each: int = 12):
    """Three labels that differ in colour only, with noise."""
    rng = np.random.default_rng(0)
    for label, colour in {"cyan": (40, 180, 180), "magenta": (180, 40, 180), "yellow": (180, 180, 40)}.items():
        (root / label).mkdir(parents=True)
        for number in range(each):
            noisy = np.array(colour) + rng.integers(-40, 40, (64, 64, 3))
            Image.fromarray(noisy.astype(np.uint8)).save(root / label / f"{number}.png")
    return root


def test_nothing_that_is_tested_is_trained_on():
    labels = np.repeat([0, 1, 2], [200, 9, 40])
    train, test = probe.split(labels, 20, np.random.default_rng(0))
    assert not set(train) & set(test)
    assert np.bincount(labels[train]).tolist() == [20, 7, 20]
    assert np.bincount(labels[test]).tolist() == [50, 2, 10]


def test_noise_scores_like_chance_and_signal_does_not():
    x, labels = blobs(60, 4)
    noise = np.random.default_rng(2).normal(0, 1, x.shape)
    assert probe.accuracy(x, labels, 40, seed=0) > 0.95
    assert probe.accuracy(noise, labels, 40, seed=0) < 0.5
    assert probe.accuracy(x, labels, 40, seed=0) == probe.accuracy(x, labels, 40, seed=0)


def test_one_picture_a_label_is_enough_to_run():
    x, labels = blobs(5, 3, gap=8)
    assert probe.accuracy(x, labels, 1, seed=0) > 0.6


def test_a_folder_with_one_label_is_refused(tmp_path):
    (tmp_path / "only").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "only" / "a.png")
    with pytest.raises(ValueError, match="two label folders"):
        probe.read_folder(tmp_path, 16)


def test_a_broken_picture_is_left_out_and_said(tmp_path, capsys):
    colour_folders(tmp_path, 2)
    (tmp_path / "cyan" / "broken.png").write_bytes(b"no")
    pixels, labels = probe.read_folder(tmp_path, 16)
    assert len(pixels) == len(labels) == 6
    assert "broken.png" in capsys.readouterr().err


def test_an_unknown_backbone_is_an_error_of_one_line(tmp_path, capsys):
    pytest.importorskip("tensorflow")
    colour_folders(tmp_path / "set", 4)
    code = probe.main(["--data", str(tmp_path / "set"), "--backbone", "nosuch"])
    assert code == 1
    assert "nosuch" in capsys.readouterr().err


def test_the_table_shows_backbones_side_by_side(tmp_path, capsys):
    pytest.importorskip("tensorflow")
    colour_folders(tmp_path / "colours")
    assert probe.main(["--data", str(tmp_path / "colours"), "--per-label", "2,8", "--seeds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[0] == "colours"
    assert lines[1].split()[0] == "efficientnet_lite0"
    assert "2/label" in lines[0]
    assert "8/label" in lines[0]


def test_json_carries_every_cell(tmp_path, capsys):
    pytest.importorskip("tensorflow")
    colour_folders(tmp_path / "colours")
    probe.main(["--data", str(tmp_path / "colours"), "--per-label", "2,8", "--seeds", "2", "--json"])
    (answer,) = json.loads(capsys.readouterr().out)
    assert {row["per_label"] for row in answer["rows"]} == {2, 8}
    assert answer["backbones"]["efficientnet_lite0"]["images_per_second"] > 0
    assert all(0.5 < row["accuracy"] <= 1 for row in answer["rows"])
