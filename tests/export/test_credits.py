"""Whose images are in an export: others with name and licence, a person's own without the paths of their computer."""

import csv
import json
import sqlite3
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import config as cfg
from flow.export import step
from flow.export.credits import COLUMNS, Credits, credits_of
from flow.export.front_matter import front_matter
from flow.export.step import ExportOptions
from flow.models.model_store import Model
from flow.records import provenance
from flow.records.open_catalogue import open_catalogue
from tests.export.test_model import quick

PHOTO = "/home/ada/Pictures/my cat/cat.jpg"
FACTS = {"accuracy": {"value": 0.97941, "low": 0.94, "high": 0.99, "total": 240}, "measured_on": {"test_alone": False}}


@pytest.fixture
def at_home(home, tf_files):
    cfg.path_to_tf_files = str(home)
    return home


def change(home, number: int, **columns: str) -> str:
    """Change what the catalogue says of an image; its content hash."""
    db = sqlite3.connect(home / "catalogues" / "robots.sqlite")
    (sha,) = db.execute("SELECT sha256 FROM images ORDER BY sha256 LIMIT 1 OFFSET ?", (number,)).fetchone()
    for name, value in columns.items():
        db.execute(f"UPDATE images SET {name}=? WHERE sha256=?", (value, sha))  # noqa: S608 - names of the test's own
    db.commit()
    db.close()
    return sha


def from_folder(home, number: int, **columns: str) -> str:
    """An image that came from a folder of the person's computer."""
    credit = f'"cat" is under an unknown licence, {PHOTO}'
    plain = {
        "source": "folder",
        "image_url": PHOTO,
        "title": "cat",
        "creator": "",
        "license": "unknown",
        "credit": credit,
    }
    return change(home, number, **{"page_url": "", **plain, **columns})


def exported(folder) -> dict[str, dict[str, str]]:
    """The rows of an export's credits by content hash."""
    with open_catalogue("robots") as catalogue:
        step.export("robots", ExportOptions(to=folder), catalogue)
    with open(folder / "CREDITS.csv", encoding="utf-8", newline="") as reader:
        return {row["sha256"]: row for row in csv.DictReader(reader)}


def test_an_export_names_no_folder_of_the_persons_computer(at_home, tmp_path, monkeypatch):
    quick(monkeypatch)
    own = from_folder(at_home, 0)
    shared = from_folder(at_home, 1, license="by", creator="Bob", credit=f'"cat" by Bob is under CC BY, {PHOTO}')
    rows = exported(tmp_path / "robots")
    assert len(rows) == 72
    assert rows[own]["credit"] == "your own photo" and rows[own]["file"].endswith(".jpg")
    assert rows[own]["license"] == rows[own]["license_url"] == "" and rows[own]["source"] == "own"
    assert rows[shared]["credit"] == '"cat" by Bob is under CC BY, cat.jpg' and rows[shared]["creator"] == "Bob"
    for path in (tmp_path / "robots").iterdir():
        assert b"/home/" not in path.read_bytes() and str(at_home).encode() not in path.read_bytes(), path.name
    card = (tmp_path / "robots" / "README.md").read_text()
    assert "1 own photos, or images without a record" in card and "1 under CC BY" in card
    assert json.loads((tmp_path / "robots" / "model.json").read_text())["licences_of_pictures"]["CC BY"] == 1


def test_the_exported_training_images_name_none_either(at_home, tmp_path):
    own = from_folder(at_home, 0)
    with open_catalogue("robots") as catalogue:
        name = next(i.path.name for i in provenance.training_images("robots", catalogue) if i.sha256 == own)
        step.export("robots", ExportOptions(data=tmp_path / "robots"), catalogue)
    text = (tmp_path / "robots" / "metadata.csv").read_text()
    row = next(row for row in csv.DictReader(text.splitlines()) if row["file_name"].endswith(f"/{name}"))
    assert (row["source"], row["licence"], row["credit"]) == ("own", "", "") and "/home/" not in text


def test_images_without_a_record_are_listed_by_their_file_names(at_home, tmp_path):
    with open_catalogue("robots") as catalogue:
        images = provenance.training_images("robots", catalogue)
        found = credits_of({images[0].sha256, "0" * 64}, catalogue, images)
        assert [image.sha256 for image in found.known] == [images[0].sha256] and found.own == (("", "0" * 64),)
    Credits((), (("=cmd.jpg", "a" * 64),)).write(tmp_path)
    heading, row = (tmp_path / "CREDITS.csv").read_text().splitlines()
    assert heading.split(",") == list(COLUMNS) and row.startswith("'=cmd.jpg,your own photo,")  # no formula


def parsed(labels: list[str], facts: dict, basetag: str = "robots") -> dict:
    """The front matter of a model with these labels, as a model hub reads it."""
    text = front_matter(basetag, Model(Path("a_model"), {**facts, "labels": labels}))
    assert text.startswith("---\n") and text.endswith("\n---\n") and "\n---\n" not in text[3:-4]
    return yaml.safe_load(text[4:-4])


def test_the_card_begins_with_what_model_hubs_read(at_home, tmp_path, monkeypatch):
    quick(monkeypatch)
    exported(tmp_path / "robots")
    card = (tmp_path / "robots" / "README.md").read_text()
    assert card.startswith("---\n")
    front_matter = yaml.safe_load(card.split("---\n")[1])
    assert front_matter["license"] == "other" and (tmp_path / "robots" / front_matter["license_link"]).is_file()
    assert front_matter["pipeline_tag"] == "image-classification" and front_matter["metrics"] == ["accuracy"]
    assert front_matter["labels"] == ["built", "drawn", "not"] and "tflite" in front_matter["tags"]
    (result,) = front_matter["model-index"][0]["results"]
    share = json.loads((tmp_path / "robots" / "model.json").read_text())["accuracy"]
    assert result["metrics"][0]["value"] == round(share["value"], 4) and result["dataset"]["name"] == "robots"
    licences = (tmp_path / "robots" / "LICENSE").read_text()
    assert "Apache License 2.0" in licences and "MIT License" in licences and "{{" not in licences


def test_a_model_that_was_not_measured_claims_no_accuracy():
    assert "model-index" not in parsed(["a", "b"], {"accuracy": {"value": 0.0, "low": 0, "high": 1, "total": 0}})


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40), min_size=2, max_size=6),
    st.text(max_size=20),
)
def test_it_is_valid_yaml_whatever_labels_are_called(labels, basetag):
    front_matter = parsed(labels, FACTS, basetag)
    assert (
        front_matter["labels"] == labels and front_matter["model-index"][0]["results"][0]["dataset"]["name"] == basetag
    )


@pytest.mark.parametrize(
    "label", ["no", "1.5", "null", "---", "- a", "a: b", "'", '"', "#", "{x}", "機械", "2024-01-01", "\u202e"]
)
def test_labels_that_yaml_has_another_word_for(label):
    assert parsed([label, "other"], FACTS)["labels"] == [label, "other"]
