"""Where a basetag stands, read from the disk."""

from pathlib import Path

import pytest

import config as cfg
from flow.guide import basetag_state
from flow.guide.basetag_state import LabelCount
from flow.models.model_store import Model
from tests.faults import world
from tests.faults.runner import run


@pytest.fixture
def at(tf_files):
    """Make a data folder of the tests the program's own."""

    def choose(build):
        cfg.path_to_tf_files = str(world.fresh(build))
        return Path(cfg.path_to_tf_files)

    return choose


def test_the_best_model_is_the_one_whose_interval_begins_highest(tf_files, monkeypatch):
    """All of 16 images right says less than 57 of 61."""

    def made(name: str, value: float, low: float, total: int) -> Model:
        accuracy = {"value": value, "low": low, "high": 1.0, "total": total}
        return Model(Path(name), {"accuracy": accuracy, "created": name, "counts": {}, "labels": ["built", "drawn"]})

    monkeypatch.setattr(
        basetag_state.model_store, "all_models", lambda _: [made("few", 1.0, 0.758, 16), made("many", 0.934, 0.824, 61)]
    )
    best = basetag_state.read_state("robots").best
    assert (best.name, best.total) == ("many", 61)


def test_nothing_is_there_for_a_new_basetag(tf_files):
    now = basetag_state.read_state("birds")
    assert not now.known and not now.labels and not now.models and not now.can_train and now.best is None
    assert not tf_files.exists()


def test_training_images_alone(at):
    at(world.beginning)
    now = basetag_state.read_state("robots")
    assert now.labels == {"built": LabelCount(20), "drawn": LabelCount(20)} and now.can_train and not now.models
    assert now.lacking == {} and now.least == 20 and now.least_usual == 750


def test_a_label_with_very_few_images_is_left_out_and_a_short_one_keeps_from_training(at):
    root = at(world.beginning)
    (world.training(root) / "not").mkdir()
    assert basetag_state.read_state("robots").can_train and "not" in basetag_state.read_state("robots").labels
    world.put(world.training(root) / "not", "built", range(50, 54))
    now = basetag_state.read_state("robots")
    assert now.can_train and now.trainable == {"built": 20, "drawn": 20} and now.filled["not"] == 4
    world.put(world.training(root) / "not", "built", range(54, 55))
    assert basetag_state.read_state("robots").lacking == {"not": 15}
    assert not basetag_state.read_state("robots").can_train


def test_what_a_model_sorted_is_to_be_checked_until_a_person_approves_it(at):
    root = at(world.to_harvest)
    folder = world.sorted_folders(root)[0].name
    now = basetag_state.read_state("robots")
    assert now.models == 1 and now.to_check == {folder: 5} and not now.checked and not now.unsorted
    assert now.tf_files == str(root)
    assert run(root, "robots", "approve").code == 0
    now = basetag_state.read_state("robots")
    assert not now.to_check and now.checked == {folder: 7} and now.last_flowstep == "approve"


def test_a_harvest_gives_new_images_and_can_be_undone(at):
    root = at(world.to_undo)
    now = basetag_state.read_state("robots")
    assert now.new_images == 7 and now.last_harvest.startswith("harvested_") and not now.to_check
    assert sum(count.by_model for count in now.labels.values()) == 5
    assert run(root, "robots", "undo").code == 0
    now = basetag_state.read_state("robots")
    assert now.new_images == 0 and now.last_harvest == "" and now.last_flowstep == "undo"


def test_images_that_are_neither_sorted_nor_training_are_unsorted(at):
    root = at(world.to_harvest)
    world.put(world.unsorted(root, "more"), "built", range(400, 403))
    (world.testing(root) / "unsorted_none").mkdir()
    (root / "training_photos/birds").mkdir()
    now = basetag_state.read_state("robots")
    assert now.unsorted == {"more": 3} and now.other_basetags == 1
    assert basetag_state.basetags() == ["birds", "robots"]
