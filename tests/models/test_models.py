"""Models on disk: facts come from model.json, never from the folder's name."""

import json

import pytest

from flow.base import paths
from flow.base.errors import NotReady, RoboError
from flow.models import model_store


def put_model(name: str, accuracy: float, created: str = "2026-01-01T00:00:00+00:00", **more) -> None:
    """A model folder with just what a model needs to be listed."""
    folder = paths.summaries("robots") / name
    folder.mkdir(parents=True)
    (folder / "head.npz").write_bytes(name.encode())
    facts = {
        "format": 1,
        "labels": ["a", "b"],
        "accuracy": {"value": accuracy},
        "created": created,
        "backbone": {"sha256": "x"},
        "files": {"head.npz": "0" * 64},
        **more,
    }
    (folder / "model.json").write_text(json.dumps(facts))


def test_the_best_is_the_highest_number_not_the_last_text(tf_files):
    """100.0 sorts before 9.5 before 91.7 as text; and names lie."""
    put_model("x_acc9.50", 0.095)
    put_model("x_acc91.70", 0.917)
    put_model("x_acc100.00", 1.0)
    put_model("x_acc99.99_says_the_name", 0.5)
    assert [m.accuracy for m in model_store.all_models("robots")] == [1.0, 0.917, 0.5, 0.095]


def test_a_tie_goes_to_the_newer(tf_files):
    put_model("old", 0.9, "2026-01-01T00:00:00+00:00")
    put_model("new", 0.9, "2026-02-01T00:00:00+00:00")
    assert model_store.all_models("robots")[0].name == "new"


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "{}", '{"format": 99}', '{"format": 1, "accuracy": "high"}', "\x00\xff"]
)
def test_half_made_and_foreign_folders_are_left_out(tf_files, damage):
    put_model("good", 0.5)
    folder = paths.summaries("robots") / "other"
    folder.mkdir()
    (folder / "model.json").write_text(damage)
    (paths.summaries("robots") / "empty").mkdir()
    assert [m.name for m in model_store.all_models("robots")] == ["good"]


def test_pick_by_number_name_or_nothing(tf_files):
    for name, accuracy in (("a", 0.9), ("b", 0.8), ("7", 0.7)):
        put_model(name, accuracy)
    ranked = model_store.all_models("robots")
    assert [model_store.pick(ranked, wanted, "robots").name for wanted in ("", "1", "2", "b", "7")] == [
        "a",
        "a",
        "b",
        "b",
        "7",
    ]
    for wanted in ("0", "4", "c"):
        with pytest.raises(NotReady):
            model_store.pick(ranked, wanted, "robots")
    with pytest.raises(NotReady, match="no model for robots"):
        model_store.pick([], "", "robots")


def test_a_changed_or_missing_file_is_found(tf_files):
    put_model("a", 0.9)
    model = model_store.all_models("robots")[0]
    with pytest.raises(RoboError, match=r"head.npz has changed"):
        model_store.verify(model)
    (model.folder / "head.npz").unlink()
    with pytest.raises(RoboError, match=r"head.npz is missing"):
        model_store.verify_parts(model, "head.npz")
