"""Explore: every combination on one split, compared on the same images."""

import pytest

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, NotReady
from flow.models import model_store
from flow.records.catalogue import Catalogue
from flow.retrain import explore
from flow.ui import console
from tests.helpers import coloured, save_tiny_backbone, write_backbone_facts

STAMP = "20261123_093011"


@pytest.fixture
def catalogue(tf_files, kept_models):
    coloured(paths.training("robots"), 24)
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def options(tiny, **more) -> dict[str, object]:
    return {"architecture": str(tiny), "images_min": 20, "steps": 100, **more}


def run(tiny, catalogue, **more) -> explore.Explored:
    return explore.explore("robots", options(tiny, **more), STAMP, catalogue)


def test_every_combination_is_trained_and_ranked(tiny, catalogue, monkeypatch):
    notes = []
    monkeypatch.setattr(console, "note", notes.append)
    done = run(tiny, catalogue, steps=[5, 100], learning_rate=[0.001, 0.01], batch_size=[8, 32])
    assert len(done.models) == 8 == len(model_store.all_models("robots"))
    chosen = {
        (m.facts["parameters"]["steps"], m.facts["parameters"]["learning_rate"], m.facts["parameters"]["batch_size"])
        for m in done.models
    }
    assert len(chosen) == 8
    shares = [s.share["value"] for s in done.board.ranking]
    assert shares == sorted(shares, reverse=True)
    assert len({s.share["total"] for s in done.board.ranking}) == 1
    assert set(done.effects) == {"steps", "learning_rate", "batch_size"}
    assert set(done.effects["steps"]) == {"5", "100"}
    assert done.effects["steps"]["100"] == pytest.approx(
        sum(s.value for s in done.board.ranking if s.model.facts["parameters"]["steps"] == 100) / 4
    )
    assert notes[-1].endswith(f"tensorboard --logdir {paths.summaries('robots')}")
    assert "explored 8 combinations" in done.line() and done.facts()["leaderboard"]["images"] > 0


def test_all_share_one_split_and_one_pass_through_the_backbone(tiny, catalogue):
    done = run(tiny, catalogue, steps=[50, 100, 150])
    assert len({m.facts["made_from"] for m in done.models}) == 3
    assert len({str(m.facts["counts"]) for m in done.models}) == 1
    assert [m.facts["seconds"]["bottlenecks"] for m in done.models] == [
        done.models[0].facts["seconds"]["bottlenecks"]
    ] * 3


def test_backbones_are_compared_on_the_same_test_images(tiny, catalogue, tmp_path):
    other = write_backbone_facts(save_tiny_backbone(tmp_path / "other", seed=5))
    done = run(tiny, catalogue, architecture=[str(tiny), str(other)], solver=["sgd", "lbfgs"])
    assert len(done.models) == 4
    assert len(done.effects["architecture"]) == 2
    assert len({s.share["total"] for s in done.board.ranking}) == 1


def test_tensorboard_can_compare_them(tiny, catalogue):
    done = run(tiny, catalogue, steps=[50, 100])
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for model in done.models:
        assert "_hparams_/session_start_info" in EventAccumulator(str(model.folder)).Reload().summary_metadata
        assert (
            EventAccumulator(str(model.folder / "train")).Reload().Scalars("accuracy")[-1].step
            == model.facts["parameters"]["steps"]
        )


def test_the_same_value_twice_is_one_combination(tiny, catalogue):
    assert len(run(tiny, catalogue, steps=[50, 50, 60]).models) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({}, "several values"),
        ({"test_percent": [10, 20]}, "one value for --test-percent"),
        ({"images_min": [20, 30], "steps": [1, 2]}, "--images-min"),
        ({"steps": list(range(1, 21)), "batch_size": list(range(1, 12))}, "220 combinations"),
    ],
)
def test_what_cannot_be_compared_is_refused(tiny, catalogue, more, message):
    with pytest.raises(BadUsage, match=message):
        run(tiny, catalogue, **more)
    assert model_store.all_models("robots") == []


def test_too_few_images_are_refused_before_anything_is_trained(tiny, catalogue):
    with pytest.raises(NotReady, match="needs 30"):
        run(tiny, catalogue, steps=[1, 2], images_min=30)
    assert not (paths.bottlenecks() / "hashes.sqlite").exists() or not model_store.all_models("robots")


def test_one_value_of_every_other_option_is_kept(tiny, catalogue):
    cfg.retrain_batchsize_default = 16
    done = run(tiny, catalogue, steps=[50, 60], seed=9)
    assert {m.facts["parameters"]["batch_size"] for m in done.models} == {16}
    assert {m.facts["parameters"]["seed"] for m in done.models} == {9}
