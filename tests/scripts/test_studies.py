"""`python -m scripts.studies NAME`: every study runs on a few drawn images and prints a table that makes sense."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from scripts.learn import dataset
from scripts.learn.dataset import LabeledImage
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.embeddings import EmbeddingStore
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import Examples
from scripts.studies import backbone_accuracy, bench_images, bench_scale, keras_models, labeling, study_data, suspects
from scripts.studies.__main__ import all_studies, main
from scripts.studies.oracle import Oracle
from scripts.studies.table import Table
from tests import helpers


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A little backbone of random weights."""
    return keras_models.save_backbone("tiny", tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """Three labels that differ in colour only."""
    return helpers.coloured(tmp_path_factory.mktemp("data") / "colours", each=40)


def run_study(name, capsys, *flags):
    """What the study prints, as the cells of its lines."""
    assert main([name, *map(str, flags)]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def small(colours, backbone, tmp_path):
    return ("--data", colours, "--architecture", backbone, "--work", tmp_path, "--seeds", 1)


def test_the_list_of_studies_names_every_one_with_what_it_answers():
    listed = subprocess.run(
        [sys.executable, "-m", "scripts.studies", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for name, study in all_studies().items():
        assert name in listed
        assert study.__doc__.split()[0] in listed
    assert {"first_hour", "labeling", "loop", "bench_classify", "bench_scale", "imagenet", "tune"} <= set(all_studies())


def test_each_study_is_short():
    for study in all_studies().values():
        with open(study.__file__, encoding="utf-8") as file:
            assert len(file.readlines()) < 120, study.__name__


def test_the_first_hour_compares_what_is_reported_with_the_truth(colours, backbone, tmp_path, capsys):
    lines = run_study("first_hour", capsys, *small(colours, backbone, tmp_path), "--per-label", 10, "--steps", 200)
    (row,) = [line for line in lines if line[:1] == ["0"]]
    reported, low, high, true = map(float, row[2:6])
    assert low <= reported <= high
    assert row[6] == ("yes" if low <= true <= high else "NO")
    assert true > 0.9  # colours are easy


def test_the_person_of_the_labeling_study_learns_what_there_is_and_pays_for_it(colours, backbone, tmp_path):
    with study_data.StudyData(colours, str(backbone), tmp_path) as data:
        held_out, pool = data.draw(0, data.share(0.3))
        marks = labeling.session(*data.arrays(pool), data.arrays(held_out), 0)
    assert {10, 20, 30, 50} <= set(marks)
    assert marks[50].true > 0.9
    assert marks[10].keys <= marks[50].keys < 50 + 3 * 7 + 30
    assert marks[50].low <= marks[50].true <= marks[50].high


def test_an_oracle_types_a_name_once_and_then_a_key_an_image():
    from scripts.learn.active_learning import Query, Strategy

    oracle = Oracle(np.array([0, 0, 1]))
    assert oracle.answer(Query(Strategy.TYPICAL, (0, 1, 2)), None) == {0: 0, 1: 0, 2: 1}
    assert oracle.keys == 3 + 2 * 7
    oracle.answer(Query(Strategy.CONFIRM, (0, 1), guess=0), np.array([0, 0, 1]))
    assert oracle.keys == 3 + 2 * 7 + 1  # ENTER alone


def test_the_loop_measures_both_rules_through_all_cycles(colours, backbone, tmp_path, capsys):
    lines = run_study("loop", capsys, *small(colours, backbone, tmp_path), "--steps", 100)
    rules = [line[2] for line in lines if line[:1] == ["0"]]
    assert rules == ["program"] * 6 + ["original"] * 6


@pytest.mark.parametrize("name", ["calibration", "suspects"])
def test_the_studies_of_one_figure_print_a_row_for_each_seed(name, colours, backbone, tmp_path, capsys):
    lines = run_study(name, capsys, *small(colours, backbone, tmp_path), "--steps", 100)
    assert sum(line[:1] == ["0"] for line in lines) >= 1
    assert any("0." in cell or "1.0" in cell for line in lines for cell in line)


def test_chosen_images_that_measure_are_compared_with_the_rule(colours, backbone, tmp_path, capsys):
    lines = run_study("random_sample", capsys, *small(colours, backbone, tmp_path), "--per-label", 10, "--steps", 100)
    assert [line[1] for line in lines if line[:1] == ["colours"]] == ["uncertain", "wrong", "sure"]


def test_planted_wrong_labels_are_never_the_right_ones(colours, backbone, tmp_path, capsys):
    lines = run_study("suspects", capsys, *small(colours, backbone, tmp_path), "--steps", 300)
    planted, listed = (int(cell) for cell in next(line for line in lines if line[:1] == ["0"])[2:4])
    assert planted == round(suspects.PLANTED * 120)
    assert listed >= planted - 1


def test_images_of_other_things_are_counted_beside_the_test_images(colours, backbone, tmp_path, capsys):
    foreign = tmp_path / "foreign" / "noise"
    foreign.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number in range(6):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(foreign / f"{number}.png")
    flags = (*small(colours, backbone, tmp_path), "--foreign", foreign.parent)
    lines = run_study("novelty", capsys, *flags)
    assert any(line[:2] == ["foreign", "6"] for line in lines)


def test_backbones_are_compared_at_each_number_of_images_a_label(colours, backbone, tmp_path, capsys):
    flags = ("--data", colours, "--backbone", backbone, "--work", tmp_path, "--seeds", 2, "--per-label", "2,20")
    lines = run_study("backbone_accuracy", capsys, *flags)
    means = [float(cell) for cell in lines[-1] if cell.startswith(("0.", "1."))]
    assert len(means) == 2
    assert means[1] > 0.9


def blobs(each, count, dims=20, gap=3.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(count), each)
    return (rng.normal(0, gap, (count, dims))[labels] + rng.normal(0, 1, (each * count, dims))).astype(
        np.float32
    ), labels


def test_the_l2_of_the_comparison_is_chosen_from_the_training_images_alone():
    x, y = blobs(30, 3)
    examples = Examples(EmbeddingTable.of(x), y, np.ones(len(y), np.float32), 3)
    assert backbone_accuracy.choose_l2(examples, np.random.default_rng(0)) in backbone_accuracy.L2_GRID
    one_each = examples.take(np.array([0, 30, 60]))
    assert backbone_accuracy.choose_l2(one_each, np.random.default_rng(0)) == backbone_accuracy.L2_GRID[1]


def test_parts_never_share_an_image_or_a_near_duplicate(colours, backbone, tmp_path):
    with study_data.StudyData(colours, str(backbone), tmp_path) as data:
        parts = data.draw(3, data.each(5), data.each(10))
        groups = [{data.group_of[image.sha256] for image in part} for part in parts]
    assert sum(len(part) for part in parts) == len(data.images)
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert all(isinstance(image, LabeledImage) for part in parts for image in part)


def test_a_folder_with_one_label_is_refused_in_one_line(tmp_path, backbone, capsys):
    (tmp_path / "set" / "only").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "set" / "only" / "a.png")
    assert main(["first_hour", *map(str, small(tmp_path / "set", backbone, tmp_path))]) == 1
    assert "two label folders" in capsys.readouterr().err


def test_an_unknown_backbone_is_an_error_of_one_line(colours, tmp_path, capsys):
    assert main(["backbone_accuracy", "--data", str(colours), "--backbone", "nosuch", "--work", str(tmp_path)]) == 1
    assert "nosuch" in capsys.readouterr().err


# Speed


@pytest.mark.timeout(240)
def test_the_bench_prints_every_row_of_classify(colours, backbone, capsys):
    assert main(["bench_classify", "--quick", "--data", str(colours), "--backbone", str(backbone)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "  " in line]
    cells = {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}
    for name in ("backbone alone, float32", "roboflow, files to vectors, float32", "plain Keras loop, batches of 32"):
        assert int(cells[name][0]) == 24
        assert float(cells[name][1]) >= 0
    assert float(cells["one process an image (1 run)"][1]) > float(cells["roboflow classify"][1]) > 0


@pytest.mark.timeout(240)
def test_the_bench_prints_every_row_of_retrain_and_start(colours, backbone, capsys):
    assert main(["bench_retrain", "--quick", "--data", str(colours), "--backbone", str(backbone)]) == 0
    printed = capsys.readouterr().out
    for name in ("first retrain", "second, other parameters", "after 6 new images", "plain Keras, one epoch", "--help"):
        assert name in printed
    assert "guided set-up, to the first question and out" in printed


def test_scale_measures_each_part_of_all_images(tmp_path):
    root = bench_images.photographs(tmp_path / "photos", 30, (48, 48))
    taken = bench_scale.parts(root)
    assert {"list and hash, new", "fingerprints, new", "near-duplicate groups", "split"} <= set(taken)
    assert all(wall >= 0 and cpu >= 0 for wall, cpu in taken.values())


def test_embeddings_are_invented_for_every_image_a_byte_a_number(tmp_path):
    root = bench_images.photographs(tmp_path / "training_photos" / "bench", 20, (48, 48))
    bench_images.invent_embeddings(root)
    (path,) = (tmp_path / "bottlenecks").glob("efficientnet_lite0_*.sqlite")
    with HashCache(None) as hashes, EmbeddingStore(path) as store:
        shas = [image.sha256 for image in dataset.list_images(root, hashes)]
        found = store.get(shas, 2064)
    assert len(found) == len(shas) == 20 and found.table(shas)._stored.dtype == np.int8


def test_a_supply_never_gives_a_content_twice(tmp_path):
    supply = bench_images.Supply(helpers.coloured(tmp_path / "data", each=2))
    assert len({supply.give(tmp_path / "given").read_bytes() for _ in range(15)}) == 15


def test_a_table_lines_up(capsys):
    table = Table("Title", "name    ", "share", "holds")
    table.row("a", 0.5, True)
    table.row("longer", 12, False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Title"
    assert lines[2].index("share") == 10
    assert [line.split() for line in lines[3:]] == [["a", "0.500", "yes"], ["longer", "12", "NO"]]
    assert lines[3].index("yes") == lines[4].index("NO")
