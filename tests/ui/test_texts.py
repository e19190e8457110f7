"""The long texts are true and fit where they are shown."""

import json
import re

import pytest

import config as cfg
from flow.commands.command import all_commands
from flow.retrain.options import ASKED
from flow.ui import texts
from flow.ui.question_help import HELPS


def test_helpmore_takes_its_figures_from_the_settings(monkeypatch):
    monkeypatch.setattr(cfg, "confidence_min", 0.8)
    monkeypatch.setattr(cfg, "imgnum_maxpercycle", 123)
    text = texts.helpmore()
    assert "80 %" in text and "_under800" in text and "123" in text
    for word in (
        "BASETAG",
        "SEARCHTAG",
        "FLOWSTEP",
        "LABELS",
        "CLASSIFYING",
        "CONFIDENCEMIN",
        "HARVESTING",
        "QUALITY CONTROL CHECK",
        "CONFIG FILE",
        "LOG FILES",
        "TENSORFLOW",
        "DIRECTORY STRUCTURE",
        "BOOTSTRAPPING",
        "STARTING OVER",
        "PREVENTING DUPLICATES",
        "IMPROVING RESULTS",
        "TEXT MESSAGES",
        "SOURCES",
        "CRON",
        "REQUIREMENTS",
    ):
        assert word in text
    assert max(map(len, text.splitlines())) <= 79


def test_every_training_question_has_its_words_and_its_help():
    assert set(texts.TRAINING_QUESTIONS) == set(ASKED) <= set(HELPS)
    assert all(title and advice for title, advice in texts.TRAINING_QUESTIONS.values())
    assert all(text.startswith("  ") and text.strip() for text in HELPS.values())


def test_the_commands_in_helpmore_can_be_typed():
    """What stands behind `python roboflow.py` there is read without a complaint."""
    from flow.commands.parse import parse

    typed = re.findall(r"python roboflow\.py (robots .*?)(?:  |$)", texts.helpmore(), re.MULTILINE)
    commands = [line.split() for line in typed]
    assert len(commands) >= 6
    for words in commands:
        assert parse(words).command.name in all_commands()


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("retrain_steps_default", "a number from 1 on"),
        ("confidence_min", "a number from 0 to 1"),
        ("retrain_tune_rate_default", "a number from 0.000001 to 0.1"),
        ("retrain_solver_default", "sgd or lbfgs"),
        ("retrain_model_default", "a name, a handle or a folder"),
    ],
)
def test_a_range_is_said_as_config_py_declares_it(setting, text):
    assert texts.range_of(setting) == text


def test_an_accuracy_says_how_far_it_can_be_trusted():
    assert texts.accuracy_text(0.979, 0.946, 0.992, 240, "on 240 held-out images") == (
        "accuracy 97.9 % (95 % interval 94.6 to 99.2 %, on 240 held-out images)"
    )
    assert "so few images say little" in texts.accuracy_text(1.0, 0.7, 1.0, 12, "cross-validated on 12 images")
    assert "not measured" in texts.accuracy_text(0.0, 0.0, 0.0, 0, "")


def test_json_keeps_letters_and_takes_paths(tmp_path):
    assert json.loads(texts.as_json({"日本": tmp_path})) == {"日本": str(tmp_path)}
    assert "日本" in texts.as_json({"日本": 1})
