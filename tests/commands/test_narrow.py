"""A terminal of 60 columns: help, status, tables and last lines break between words, never inside one."""

import shutil

import pytest

from tests.faults import world
from tests.terminal import Terminal

COLUMNS = 60


def lines_of(*arguments: str, code: int = 0) -> list[str]:
    """What stands in a narrow terminal at the end of a run."""
    with Terminal(*arguments, columns=COLUMNS, rows=200) as t:
        assert t.ended() == code, t.screen
    return [line.replace("\a", "").rstrip() for line in t.shown()]


def assert_whole_words(lines: list[str]) -> None:
    """A line as wide as the screen would be broken by the terminal, wherever that is. Only a single word that is longer
    than the screen, as a path may be, has no other way."""
    too_wide = [line for line in lines if len(line) >= COLUMNS]
    assert [line for line in too_wide if len(line.split()) > 1 or line != line.lstrip()] == []


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--helpmore",), ("explore", "--help"), ("retrain_defaults", "--help")]
)
def test_help(arguments):
    with Terminal(*arguments, columns=COLUMNS, rows=2000) as t:
        if "--helpmore" in arguments:
            t.expect("Go on to the guided set-up?")
            t.type("n")
        assert t.ended() == 0
    assert_whole_words(t.screen.split("\n"))


@pytest.fixture
def two_models(home):
    """With a second model, sorted images and a quarantine: as much as status and models have to say."""
    model = next((home / "training_summaries/robots").iterdir())
    shutil.copytree(model, model.with_name(f"{model.name}_2"))
    world.put(home / "testing_photos/robots/quarantine", "built", range(2))
    world.put(home / "testing_photos/robots/unsorted_something_with_a_long_name", "built", range(3))
    return home


def test_status_tables_and_last_lines(two_models):
    at = ("--tf-files", str(two_models))
    sort = lines_of("robots", "6", "art", "classify_top", "--source", "sample", *at)
    status, models = lines_of("robots", "status", *at), lines_of("robots", "models", *at)
    image = str(next((two_models / "training_photos/robots/built").glob("*.jpg")))
    tried, unsure = lines_of("robots", "try", image, *at), lines_of("robots", "harvest", "--dry-run", *at)
    for lines in (sort, status, models, tried, unsure):
        assert_whole_words(lines)
    assert any(line.startswith("classify  sorted 6: ") for line in sort)
    name = next((two_models / "training_summaries/robots").iterdir()).name
    assert len(name) > 55 and any(line.strip() == name for line in status + models)
    for lines in (sort, models, tried):
        place = next(number for number, line in enumerate(lines) if line.startswith("next: "))
        command = [line for line in lines[place + 1 :] if line]
        assert command[0].startswith("  python roboflow.py robots") and all(
            line.endswith(" \\") for line in command[:-1]
        )


def test_an_error_and_a_question(two_models):
    refused = lines_of(
        "robots", "5", "art", "classify_top", "--model", "nosuch", "--tf-files", str(two_models), code=10
    )
    assert_whole_words(refused)
    with Terminal("robots", "5", "art", "--source", "sample", "--tf-files", str(two_models), columns=COLUMNS) as t:
        t.expect("Sort with which model?")
        t.expect("> ")
        t.type("q")
        assert t.ended() == 0
    assert_whole_words([line.rstrip() for line in t.shown()])
