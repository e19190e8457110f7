"""The catalogue: what is written comes back, and a damaged one costs memory but no truth."""

import os
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow.base.errors import RoboError
from flow.records.catalogue import Catalogue
from flow.records.rows import MODEL, PERSON, WHOLE_FOLDER, ArchiveEntry, Image, Label, SortedCopy
from tests.faults import world
from tests.faults.runner import run

TEXT = st.text(max_size=30)
PLACE = world.scratch()


@pytest.fixture
def catalogue(tmp_path):
    with Catalogue.open(tmp_path / "catalogues/robots.sqlite") as opened:
        yield opened


def image(sha="s", **other):
    return Image(
        **{
            "sha256": sha,
            "origin_sha256": "o",
            "file_name": "f",
            "source": "site",
            "source_id": "1",
            "image_url": "u",
            "page_url": "p",
            "title": "t",
            "creator": "c",
            "licence": "by",
            "licence_url": "l",
            "credit": "x",
            "searchtag": "tag",
            "at": "now",
            **other,
        }
    )


@given(TEXT, TEXT, st.sampled_from([PERSON, MODEL]), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_label_comes_back_as_it_was(label, model, by, score):
    with Catalogue.open(PLACE / "labels.sqlite") as opened:
        opened.set_labels([Label("sha", label, by, score, model)])
    with Catalogue.open(PLACE / "labels.sqlite") as opened:
        assert opened.labels() == {"sha": Label("sha", label, by, score, model)}


def test_texts_that_are_no_text_can_be_kept(catalogue):
    name = os.fsdecode(b"caf\xe9.jpg")
    catalogue.add_sortings([SortedCopy("sorted_1", name, "sha", "built", "built", 0.5, "m", "now")])
    assert catalogue.sortings("sorted_1")["sha"].file_name == "caf\\udce9.jpg"


def test_kept_images_are_written_all_or_none(catalogue):
    bad = ArchiveEntry("site", "2", "u", "kept", None)
    with pytest.raises(sqlite3.IntegrityError):
        catalogue.keep((ArchiveEntry("site", "1", "u", "kept", "now"), image("a")), (bad, image("b")))
    assert catalogue.images() == [] and catalogue.archived("site", "1", "u") is None


def test_a_label_keeps_its_key_whatever_comes_or_goes(tmp_path):
    with Catalogue.open(tmp_path / "robots.sqlite") as catalogue:
        assert catalogue.by_keys(["rose", "fig"]) == ["rose", "fig"]
        assert catalogue.by_keys(["apple", "fig", "rose"]) == ["rose", "fig", "apple"]
        assert catalogue.by_keys(["apple", "rose"]) == ["rose", "apple"]
    with Catalogue.open(tmp_path / "robots.sqlite") as catalogue:
        assert catalogue.by_keys(["apple", "date", "fig", "rose"]) == ["rose", "fig", "apple", "date"]
        assert catalogue.by_keys([]) == []


def test_what_is_held_out_keeps_its_version(catalogue):
    assert catalogue.add_splits({"a": "test"}) == 1
    assert catalogue.add_splits({"a": "test", "c": "test"}) == 2
    assert catalogue.add_splits({}) == 2
    assert catalogue.splits() == {"a": "test", "c": "test"}
    assert [catalogue.held_out_by(v) for v in (0, 1, 2)] == [set(), {"a"}, {"a", "c"}]


def test_a_catalogue_from_before_sampling_was_recorded_counts_as_sorted_in_whole_folders(tmp_path):
    path = tmp_path / "old.sqlite"
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE labels(sha256 TEXT PRIMARY KEY, label TEXT NOT NULL, given_by TEXT NOT NULL, score REAL, model TEXT, at TEXT);"
        "INSERT INTO labels VALUES('a','built','human',NULL,'','');"
        "CREATE TABLE splits(sha256 TEXT PRIMARY KEY, part TEXT NOT NULL, version INTEGER NOT NULL);"
        "INSERT INTO splits VALUES('a','test',1),('b','train',1);"
    )
    old.commit()
    old.close()
    with Catalogue.open(path) as catalogue:
        assert catalogue.damaged is None and catalogue.labels()["a"].sampling == WHOLE_FOLDER
        catalogue.add_splits({"b": "test"})  # trained then, held out now
        assert catalogue.held_out_by(1) == {"a"} and catalogue.held_out_by(2) == {"a", "b"}


def test_a_hostile_text_is_only_a_text(catalogue):
    title = "x'); DROP TABLE images; --\n\x1b[31m"
    catalogue.keep((ArchiveEntry("site", "1", "u", "kept", "now"), image("a", title=title)))
    assert catalogue.image("a").title == title


DAMAGES = {
    "empty": lambda data: b"",
    "words": lambda data: b"this is no database " * 100,
    "half": lambda data: data[: len(data) // 2],
    "zeros": lambda data: data[:4096] + b"\0" * (len(data) - 4096),
    "flips": lambda data: data[:5000] + bytes(b ^ 255 for b in data[5000:9000]) + data[9000:],
    "other tables": lambda data: other_tables(),
}


def other_tables():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "other.sqlite"
        db = sqlite3.connect(path)
        db.execute("CREATE TABLE labels(x)")
        db.close()
        return path.read_bytes()


def by_model(state):
    return {sha for sha, _, by in state["labels"] if by == MODEL}


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_catalogue_is_renamed_and_rebuilt_from_journals_and_score_files(how):
    """What the model sorted, waiting or harvested, stays the model's: none of it may become a person's label."""
    root = world.fresh(world.to_undo)
    assert run(root, "robots", "undo").code == 0 and run(root, "robots", "harvest").code == 0
    world.put(world.unsorted(root), "drawn", range(400, 403))
    assert (
        run(
            root,
            "robots",
            "0",
            "mine",
            "classify_top",
            environ={"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"},
        ).code
        == 0
    )
    waiting = world.sorted_folders(root)[0]
    moved = next((waiting / "drawn").glob("*.jpg"))
    moved.rename(waiting / "built" / moved.name)
    before = world.state(root)
    path = root / "catalogues/robots.sqlite"
    path.write_bytes(DAMAGES[how](path.read_bytes()))
    (root / "catalogues/robots.sqlite-journal").write_bytes(b"left over by a killed run")
    done = run(root, "robots", "harvest", "--checked-only")
    assert done.code == 0 and done.err == ""
    assert ("catalogue was damaged" in done.out) == (root / "catalogues/robots.damaged").exists() == (how != "empty")
    assert "harvested 1 (1 labelled by a person, 0 by the model alone)" in done.out
    after = world.state(root)
    assert by_model(after) == by_model(before) != set()
    assert {sha for _, sha in after["images"]} == {sha for _, sha in before["images"]}


def test_a_catalogue_that_cannot_be_opened_is_one_sentence(tmp_path):
    (tmp_path / "robots.sqlite").mkdir()
    with pytest.raises(RoboError, match="cannot be opened"):
        Catalogue.open(tmp_path / "robots.sqlite")
