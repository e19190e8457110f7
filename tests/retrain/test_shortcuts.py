"""After a training: what gives a label away is said where people look, and nothing is said of clean images."""

import json

import pytest
from PIL import Image, ImageDraw

from flow.models import model_store
from tests.conftest import KINDS, PER_LABEL
from tests.report.test_report import Page
from tests.terminal import Terminal, run

NIGHT = ("robots", "0", "0", "retrain_defaults", "--steps", "300", "--images-min", str(PER_LABEL))
SENTENCE = "images of drawn are recognised by their upper left corner, where they look the same"


@pytest.fixture
def stamped(home):
    """Every drawn robot carries the same mark."""
    for path in (home / "training_photos/robots/drawn").glob("*.jpg"):
        with Image.open(path) as image:
            marked = image.convert("RGB")
        side = min(marked.size) // 5
        draw = ImageDraw.Draw(marked)
        draw.rectangle((0, 0, side, side), fill=(250, 240, 40))
        draw.line((0, side, side, 0), fill=(10, 10, 120), width=side // 5)
        marked.save(path, quality=92)
    return home


def newest(home) -> dict:
    found = [json.loads(path.read_text()) for path in home.glob("training_summaries/robots/*/model.json")]
    return max(found, key=lambda facts: facts["created"])


def test_a_mark_on_every_image_of_a_label_is_said_by_cron_the_report_and_the_model(stamped):
    done = run(*NIGHT, "--json", "--tf-files", str(stamped))
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    (warning,) = [text for text in facts["warnings"] if "recognised by" in text]
    assert SENTENCE in warning and "Crop it off, or add images of drawn without it." in warning
    model = newest(stamped)
    (found,) = model["shortcuts"]
    assert (found["label"], found["place"], found["sentence"]) == ("drawn", "upper left corner", warning)
    assert found["count"] >= 0.8 * found["of"]
    page = Page((stamped / "training_summaries/robots" / model["name"] / "report.html").read_text())
    assert not page.faults
    patches = [a for a in page.all("img") if a["alt"] == "upper left corner of an image of drawn"]
    assert len(patches) == found["count"]


def test_the_run_says_so_at_a_terminal(stamped):
    with Terminal(*NIGHT, "--tf-files", str(stamped)) as terminal:
        terminal.expect("careful:", timeout=120)
        terminal.expect("recognised", timeout=60)
        assert terminal.ended() == 0


def test_nothing_is_said_of_clean_images_and_two_images_a_label_are_mapped(home):
    done = run(*NIGHT, "--again", "--json", "--tf-files", str(home))
    assert json.loads(done.stdout)["warnings"] == []
    model = newest(home)
    assert model["shortcuts"] == []
    page = Page((home / "training_summaries/robots" / model["name"] / "report.html").read_text())
    assert not page.faults and "What it looks at" in page.text
    maps = [a for a in page.all("img") if a["alt"] == "its map"]
    assert len(maps) == 2 * len(KINDS) + len(model["worst_mistakes"])


def test_a_model_of_an_earlier_version_has_none(home, tf_files):
    (path,) = home.glob("training_summaries/robots/*/model.json")
    facts = json.loads(path.read_text())
    del facts["shortcuts"]
    assert model_store.Model(path.parent, facts).shortcuts == []
