"""docs/sources.md is true: every source has its row, and a minute has as many searches as the table of manners lets it."""

import re
from pathlib import Path

import pytest

import config as cfg
from flow.sources import REGISTRY
from flow.web import manners
from flow.web.manners import family_of

PAGE = (Path(__file__).parent.parent.parent / "docs" / "sources.md").read_text(encoding="utf-8")
ROWS = {
    re.match(r"\| `(\w+)", line)[1]: [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
}
SITES = [name for name in REGISTRY if hasattr(cfg, f"url_{name}")]


def test_every_source_has_its_row_and_no_other():
    assert ROWS.keys() == REGISTRY.keys()
    assert list(ROWS)[-1] == list(REGISTRY)[-1] == "imgur"  # for owners of an old key alone
    assert all(len(cells) == 5 for cells in ROWS.values())


@pytest.mark.parametrize("name", SITES)
def test_how_many_searches_a_minute_are_made(name, tf_files):
    family = family_of(getattr(cfg, f"url_{name}_rows", getattr(cfg, f"url_{name}")))
    cfg.contact, cfg.host_pause_s = "jo@robots.club", 0.0
    assert int(re.match(r"\d+", ROWS[name][3])[0]) == round(60 / manners.pause_s(family, search=True))


def test_a_key_is_asked_of_none_but_the_last_two():
    assert [name for name, cells in ROWS.items() if "API" in cells[2]] == ["flickr", "imgur"]


def test_the_page_is_short():
    assert len(PAGE.splitlines()) < 150
