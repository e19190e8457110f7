"""The long texts are true and fit where they are shown."""

import config as cfg
from flow.front import arguments
from flow.plan import FLOWSTEPS, TRAINING_SETTINGS
from flow.ui import texts


def test_help_fits_one_screen_and_names_every_flowstep_and_option():
    text = texts.help_text()
    assert len(text.splitlines()) <= 40 and max(map(len, text.splitlines())) <= 80
    assert all(flowstep in text for flowstep in FLOWSTEPS)
    for action in arguments.parser()._actions:
        for option in (o for o in action.option_strings if o.startswith("--") and not o.startswith("--no-h")):
            base = option.replace("--no-checked-only", "--checked-only").replace("--no-keep-near", "--keep-near")
            assert base in text or base in ("--help", "--helpmore"), option


def test_helpmore_takes_its_figures_from_the_settings(monkeypatch):
    monkeypatch.setattr(cfg, "confidence_min", 0.8)
    monkeypatch.setattr(cfg, "imgnum_maxpercycle", 123)
    text = texts.helpmore()
    assert "80%" in text and "_under800" in text and "123" in text
    for word in (
        "BASETAG",
        "SEARCHTAG",
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


def test_every_training_question_has_its_words():
    assert set(texts.TRAINING_QUESTIONS) <= set(TRAINING_SETTINGS)
    assert all(title and advice for title, advice in texts.TRAINING_QUESTIONS.values())
