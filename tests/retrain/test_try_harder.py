"""`--tune auto`: a head at once, then other ways to train, and what becomes of them."""

import json
import signal
from dataclasses import replace

import pytest

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, Stopped
from flow.base.options import filled
from flow.base.time_left import time_left
from flow.commands import training as command
from flow.commands.command import Outcome, Run
from flow.commands.parse import parse
from flow.models import leaderboard, model_store
from flow.retrain import explore, try_harder
from flow.retrain import step as retrain
from flow.retrain.options import TrainOptions
from flow.ui import console
from scripts.learn import candidates, model_selection

STAMP = "20261123_093011"
AUTO = {"tune": "auto", "effort": "normal", "tune_epochs": 1, "image_size": 128, "images_min": 20, "steps": 50}


def training(**more: object) -> TrainOptions:
    return filled(TrainOptions, {**AUTO, **more})


@pytest.fixture
def catalogue(tiny_hues):
    return tiny_hues


def train(catalogue, attended: bool = False, again: bool = True, **more: object):
    return retrain.retrain("hues", training(**more), STAMP, catalogue, attended, again)


def folders() -> list[str]:
    return sorted(p.name for p in paths.summaries("hues").iterdir())


@pytest.fixture
def takes(monkeypatch):
    """Call it with a name: that way is taken whatever was measured."""
    select = model_selection.select

    def take(name: str) -> None:
        monkeypatch.setattr(model_selection, "select", lambda *args: replace(select(*args), name=name))

    return take


def test_all_ways_are_measured_on_the_same_images_and_the_table_stays_with_the_model(catalogue):
    done = train(catalogue)
    selection = done.model.facts["selection"]
    assert [row["name"] for row in selection["tried"]] == ["head", "head, lbfgs", "last layers"]
    assert selection["images"] == 60 and all(row["right"] is not None for row in selection["tried"])
    assert (selection["effort"], selection["tried"][0]["result"]) == ("normal", "the simplest")
    assert done.facts()["selection"] == selection
    headings, *rows = try_harder.table(selection)
    assert headings[:2] == ["tried", "right of 60"] and len(rows) == 3


def test_what_is_clearly_better_becomes_the_model(catalogue, takes):
    takes(candidates.TUNED)
    done = train(catalogue)
    assert folders() == [done.model.name] and "_tuned_" in done.model.name
    assert done.model.facts["parameters"]["tune"] == "last" and done.model.facts["tune"]["trainings"] == 4
    assert done.model.facts["accuracy"]["total"] == 60 and done.model.facts["selection"]["chosen"] == "last layers"
    rows = {row["name"]: row["right"] for row in done.selection["tried"]}
    verdict = replace(done, advice=leaderboard.Advice("Same as the best so far.", True)).verdict
    assert f"{rows['last layers']} of 60 right, {rows['head']} by the head" in verdict


def test_the_other_solver_can_be_it_too(catalogue, takes):
    takes("head, lbfgs")
    done = train(catalogue)
    assert done.model.facts["parameters"]["solver"] == "lbfgs"
    assert "Fewer folds" not in replace(done, advice=leaderboard.Advice("Same.", True)).verdict  # as many as the head's
    takes("head, sgd")
    assert train(catalogue, solver="lbfgs").model.facts["parameters"]["solver"] == "sgd"


def test_nothing_new_is_tried_again_only_with_more_effort(catalogue, takes):
    takes("head, lbfgs")
    model = train(catalogue).model
    again = train(catalogue, again=False)
    assert isinstance(again, retrain.NothingNew) and again.model.name == model.name
    assert isinstance(train(catalogue, again=False, effort="quick"), retrain.Retrained)  # a head alone is another model
    takes("head")
    assert train(catalogue, again=False, effort="high").model.facts["selection"]["effort"] == "high"


def test_high_effort_tries_other_image_sizes(catalogue, takes):
    takes("efficientnet_lite0_160")
    model = train(catalogue, effort="high").model
    tried = {row["name"]: row for row in model.facts["selection"]["tried"]}
    assert {"efficientnet_lite0_224", "efficientnet_lite0_192", "efficientnet_lite0_160"} <= set(tried)
    assert tried["efficientnet_lite0_224"]["right"] is not None
    assert model.facts["backbone"]["input_size"] == 160 and "_img160_" in model.name


def test_quick_head_and_too_few_images_try_nothing(catalogue):
    assert "selection" not in train(catalogue, effort="quick").model.facts
    assert "selection" not in train(catalogue, tune="head").model.facts
    for folder in paths.training("hues").iterdir():
        for image in sorted(folder.iterdir())[5:]:
            image.unlink()
    done = retrain.retrain("hues", training(images_min=2), STAMP, catalogue, least=2)
    assert done.model.facts["selection"]["why"] == try_harder.NOT_TRIED
    assert "too few images" in try_harder.outcome(done.selection) and try_harder.table(done.selection) == []


def test_the_time_of_the_run_bounds_it(catalogue, monkeypatch):
    assert try_harder.seconds_for("normal") == 180
    monkeypatch.setattr(try_harder, "time_left", time_left)
    monkeypatch.setattr(signal, "getitimer", lambda _: (100.0, 0.0))
    assert time_left() == 100 and try_harder.seconds_for("high") == 60 and try_harder.seconds_for("quick") == 0
    monkeypatch.setattr(signal, "getitimer", lambda _: (0.0, 0.0))
    assert time_left() is None
    monkeypatch.setattr(try_harder, "time_left", lambda: 12.0)  # of which a part is left for writing the model
    tried = train(catalogue).model.facts["selection"]["tried"]
    assert [row["result"] for row in tried if row["right"] is None] == ["no time", "no time"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), Stopped(3, "The 5 minutes are over")])
def test_a_stop_from_outside_keeps_the_head(catalogue, monkeypatch, stop):
    def stopped(*_):
        raise stop

    monkeypatch.setattr(model_selection, "select", stopped)
    with pytest.raises(type(stop)):
        train(catalogue)
    (model,) = model_store.all_models("hues")
    assert model.facts["parameters"]["tune"] == "head" and folders() == [model.name]


def test_with_a_person_the_head_comes_first_and_what_was_tried_is_added(catalogue, takes):
    takes(candidates.HEAD)
    head = train(catalogue, attended=True)
    assert head.selection is None
    done = retrain.harder("hues", training(), STAMP, catalogue, head)
    assert done.model.name == head.model.name and len(done.selection["tried"]) == 3
    (stored,) = model_store.all_models("hues")
    assert stored.facts["selection"] == json.loads(json.dumps(done.selection))
    model_store.verify(stored)
    assert isinstance(train(catalogue, again=False), retrain.NothingNew)  # the night has nothing to add


def test_what_was_chosen_over_a_head_ranks_before_it(catalogue, takes):
    takes(candidates.TUNED)
    head = train(catalogue, attended=True)
    done = retrain.harder("hues", training(), STAMP, catalogue, head)
    assert len(folders()) == 2 and done.model.name != head.model.name
    assert leaderboard.ranked("hues", catalogue)[0].name == done.model.name
    score = leaderboard.leaderboard("hues", catalogue).ranking
    lower = {"right": 50, "total": 60, "value": 0.5, "low": 0.4, "high": 0.6}
    by_name = {s.model.name: s for s in score}
    order = leaderboard._chosen_first([by_name[head.model.name], replace(by_name[done.model.name], share=lower)])
    assert [s.model.name for s in order] == [done.model.name, head.model.name]


@pytest.mark.parametrize("at", ["trying", "training"])
def test_ctrl_c_ends_the_trying_and_keeps_the_head(catalogue, takes, monkeypatch, at):
    from scripts.learn.tune import TuneRun

    def pressed(*_):
        raise KeyboardInterrupt

    takes(candidates.TUNED if at == "training" else candidates.HEAD)
    monkeypatch.setattr(TuneRun, "measure" if at == "trying" else "run", pressed)
    head = train(catalogue, attended=True)
    done = retrain.harder("hues", training(), STAMP, catalogue, head)
    assert done.model.name == head.model.name and done.selection["chosen"] == "head" and len(folders()) == 1
    assert (done.selection["tried"][2]["result"] == "stopped") == (at == "trying")


def test_the_page_can_stop_it(catalogue):
    head = train(catalogue, attended=True)
    done = retrain.harder("hues", training(), STAMP, catalogue, head, stop=lambda: True)
    assert [row["result"] for row in done.selection["tried"]] == ["the simplest", "stopped", "stopped"]


def test_at_a_terminal_it_is_asked_once_the_head_works(catalogue, takes, monkeypatch):
    takes(candidates.HEAD)
    asked, notes = [], []
    monkeypatch.setattr(console, "can_ask", lambda: True)
    monkeypatch.setattr(console, "note", lambda text="": notes.append(text))
    monkeypatch.setattr(console, "table", lambda headings, rows: notes.append(str(headings)))

    def yes_no(question, default, help):
        asked.append((question, len(folders())))
        return True

    monkeypatch.setattr(console, "yes_no", yes_no)
    run = Run("hues", STAMP, catalogue, Outcome("hues"), attended=True)
    done = command.train(run, training(), attended=True, again=True)
    ((question, models),) = asked
    assert question.startswith("Try other ways to train (about ") and models == 1
    assert done.selection and any("right of 60" in note for note in notes)
    assert notes[-1] == f"  {try_harder.outcome(done.selection)}"
    command.train(run, training(effort="quick"), attended=True, again=True)
    command.train(run, training(tune="head"), attended=True, again=True)
    assert len(asked) == 1


def test_options_and_settings(tf_files):
    usual = parse(["hues", "0", "0", "retrain_defaults"]).options
    assert (usual.tune, usual.effort) == ("auto", cfg.retrain_effort_default)
    cfg.retrain_effort_default = "high"
    assert parse(["hues", "0", "0", "retrain_defaults"]).options.effort == "high"
    assert parse(["hues", "0", "0", "retrain_defaults", "--effort", "normal"]).options.effort == "normal"
    with pytest.raises(BadUsage, match="quick, normal, high"):
        parse(["hues", "0", "0", "retrain_defaults", "--effort", "much"])


def test_explore_compares_heads_and_what_was_asked_for():
    found = explore.combinations({"tune": ["auto", "head", "last"], "effort": "high", "steps": [50, 60]})
    assert [(t.tune, t.steps) for t in found] == [("head", 50), ("head", 60), ("last", 50), ("last", 60)]


def test_how_long_is_told_in_round_words():
    assert [try_harder.minutes_words(s) for s in (12, 44, 46, 61, 170)] == [
        "about 20 seconds",
        "about 50 seconds",
        "about a minute",
        "about 2 minutes",
        "about 3 minutes",
    ]
