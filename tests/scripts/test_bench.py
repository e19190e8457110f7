"""The bench runs and says what is sane; and what it measures, counted instead of timed."""

import numpy as np
import pytest

import config as cfg
from scripts.bench import bench, ground
from scripts.label_image import Graph
from scripts.learn import embeddings, model_files, runners
from scripts.learn.backbones import find
from scripts.learn.head import Head
from scripts.learn.images import load_pixels
from tests import helpers


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A little backbone of random weights as the bench makes them."""
    return ground.save_backbone("tiny", tmp_path_factory.mktemp("models") / "tiny")


def figures(printed: str) -> dict[str, list[str]]:
    """Row's name -> its other cells, of everything the bench printed."""
    lines = [line for line in printed.splitlines() if "  " in line]
    return {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}


@pytest.mark.timeout(240)
def test_bench_prints_every_row_of_classify_and_start(backbone, tmp_path, capsys):
    pictures = helpers.coloured(tmp_path / "data", each=4)
    assert (
        bench.main(["--quick", "--data", str(pictures), "--backbone", str(backbone), "--parts", "classify", "start"])
        == 0
    )
    rows = figures(capsys.readouterr().out)
    for name in ("backbone alone, our interpreters", "roboflow, files to vectors", "plain Keras loop, batches of 32"):
        assert int(rows[name][0]) == bench.QUICK.classify
        assert float(rows[name][1]) >= 0
    assert float(rows["one process an image (1 run)"][1]) > float(rows["roboflow classify"][1]) > 0
    assert float(rows["--help"][0]) > 0
    assert "guided set-up, to the first question and out" in rows


def test_scale_counts_every_picture(backbone, tmp_path):
    root = ground.miniatures(tmp_path / "photos", 30)
    from scripts.bench import scale

    taken = scale.parts(root, tmp_path / "hashes.sqlite")
    assert {"list and hash, new", "looks, new", "near-duplicate groups", "split"} <= set(taken)
    assert all(wall >= 0 and cpu >= 0 for wall, cpu in taken.values())


def test_table_lines_up():
    rows = [ground.Row("a", 10, 1.0, 0.5, "x"), ground.Row("longer", 0, 12.25)]
    lines = ground.table("Title", rows).splitlines()
    assert lines[0] == "Title"
    assert lines[2].split() == ["a", "10", "1.00", "100.00", "50.00", "x"]
    assert lines[3].split() == ["longer", "12.25"]


def test_supply_never_gives_a_content_twice(tmp_path):
    supply = ground.Supply(helpers.coloured(tmp_path / "data", each=2))
    contents = {supply.give(tmp_path / "given").read_bytes() for _ in range(15)}
    assert len(contents) == 15


# Counted, not timed


def test_classify_harvest_retrain_computes_no_bottleneck_twice(backbone, tf_files, monkeypatch):
    """One store from sorting to training: the images that classify saw are not computed again after the harvest."""
    from flow.base.paths import catalogue as catalogue_path
    from flow.classify import classify
    from flow.harvest import step as harvest
    from flow.models import model_store
    from flow.plan import Disk, Request, make_plan, make_training
    from flow.records.catalogue import Catalogue
    from flow.retrain import step as retrain

    cfg.confidence_min = 0.34
    counted: list[int] = []
    compute = embeddings.embed

    def counting(*given, **named):
        done = compute(*given, **named)
        counted.append(done.computed)
        return done

    monkeypatch.setattr(embeddings, "compute", counting)
    helpers.coloured(tf_files / "training_photos" / "hues", each=24)
    new = helpers.coloured(tf_files / "new", each=5, first=100)
    unsorted = tf_files / "testing_photos" / "hues" / "unsorted_more"
    unsorted.mkdir(parents=True)
    for path in sorted(new.rglob("*.png")):
        path.rename(unsorted / path.name)
    training = make_training({"architecture": str(backbone), "images_min": 20, "steps": 50})
    with Catalogue.open(catalogue_path("hues")) as catalogue:
        retrain.retrain("hues", training, "20261123_000000", catalogue)
        plan = make_plan(Request("hues", 0, "more", "classify_top"), Disk(models=1), "20261123_000001", False)
        done = classify(plan, catalogue, model_store.all_models("hues")[0])
        harvested = harvest.harvest("hues", "20261123_000002", catalogue)
        retrain.retrain("hues", training, "20261123_000003", catalogue)
    assert done.total == 15
    assert harvested.total > 0
    assert sum(counted) == 72 + 15


def test_probabilities_agree_whatever_runs_the_backbone(backbone, tmp_path):
    """Light interpreter, SavedModel, and the exported graph: the same to 1e-4."""
    pictures = sorted(helpers.coloured(tmp_path / "photos", each=3).rglob("*.png"))
    pixels = np.stack([load_pixels(path, 32) for path in pictures])
    known = find(str(backbone))
    light = runners.open_runner(known, backbone, tmp_path / "converted", "light")
    full = runners.open_runner(known, backbone, tmp_path / "converted", "full")
    rng = np.random.default_rng(3)
    head = Head(rng.normal(0, 3, (light.vector_length, 3)).astype(np.float32), np.zeros(3, np.float32))
    model_files.save_graph(tmp_path / "graph", backbone, 32, head)
    model_files.save_labels(tmp_path / "labels.txt", ["cyan", "magenta", "yellow"])
    scores = [
        head.probabilities(light.vectors(pixels)),
        head.probabilities(full.vectors(pixels)),
        Graph(tmp_path / "graph", tmp_path / "labels.txt").scores(pixels),
    ]
    assert (light.kind, full.kind) == ("light", "full")
    assert np.abs(scores[0] - scores[1]).max() < 1e-4
    assert np.abs(scores[0] - scores[2]).max() < 1e-4


def test_many_threads_share_the_interpreters(backbone, tmp_path):
    known = find(str(backbone))
    light = runners.open_runner(known, backbone, tmp_path / "converted", "light")
    pixels = np.random.default_rng(1).random((40, 32, 32, 3), np.float32)
    whole = light.vectors(pixels)
    assert np.allclose(whole, np.concatenate([light.vectors(pixels[i : i + 1]) for i in range(40)]), atol=1e-6)
