"""Who labelled what: folders are the truth, the catalogue remembers what only a model said."""

import shutil

import pytest

from flow.base import paths
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.rows import MODEL, PERSON, Label, SortedCopy
from tests.helpers import coloured

STAMP = "20261123_093011"


@pytest.fixture
def robots(tf_files):
    """Training pictures of two labels that a person sorted."""
    return coloured(paths.training("robots"), 4, ("cyan", "yellow"))


@pytest.fixture
def catalogue(tf_files):
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def given(catalogue) -> dict[str, str]:
    """File name -> label/who gave it."""
    return {i.path.name: f"{i.label}/{i.given_by}" for i in provenance.training_images("robots", catalogue)}


def sha_of(catalogue, name: str) -> str:
    return next(i.sha256 for i in provenance.training_images("robots", catalogue) if i.path.name == name)


def by_model(catalogue, name: str) -> None:
    """As a harvest leaves it: the model's label, remembered before the file moves in."""
    old = next(i for i in provenance.training_images("robots", catalogue) if i.path.name == name)
    catalogue.set_labels([Label(old.sha256, old.label, MODEL, 0.97, "model")])


def test_what_lies_in_a_folder_was_sorted_by_a_person(robots, catalogue):
    assert set(given(catalogue).values()) == {"cyan/human", "yellow/human"}
    assert {row.given_by for row in catalogue.labels().values()} == {PERSON}


def test_an_image_labelled_by_the_model_stays_so_under_any_name(robots, catalogue):
    by_model(catalogue, "cyan_1.png")
    (robots / "cyan" / "cyan_1.png").rename(robots / "cyan" / "renamed.png")
    found = given(catalogue)
    assert found["renamed.png"] == "cyan/robot"
    assert found["cyan_2.png"] == "cyan/human"


def test_moving_an_image_makes_it_a_persons_for_good(robots, catalogue):
    by_model(catalogue, "cyan_1.png")
    (robots / "cyan" / "cyan_1.png").rename(robots / "yellow" / "cyan_1.png")
    assert given(catalogue)["cyan_1.png"] == "yellow/human"
    assert given(catalogue)["cyan_1.png"] == "yellow/human"


def test_moving_it_there_and_back_is_a_persons_doing_too(robots, catalogue):
    by_model(catalogue, "cyan_1.png")
    moved = (robots / "cyan" / "cyan_1.png").rename(robots / "yellow" / "cyan_1.png")
    given(catalogue)
    moved.rename(robots / "cyan" / "cyan_1.png")
    assert given(catalogue)["cyan_1.png"] == "cyan/human"


def test_deleting_and_adding_by_hand_is_normal(robots, catalogue):
    given(catalogue)
    (robots / "cyan" / "cyan_0.png").unlink()
    coloured(robots, 1, ("yellow",), first=90)
    found = given(catalogue)
    assert "cyan_0.png" not in found and found["yellow_90.png"] == "yellow/human"


def test_a_deleted_image_that_comes_back_is_what_it_was(robots, catalogue, tmp_path):
    by_model(catalogue, "cyan_1.png")
    kept = shutil.move(robots / "cyan" / "cyan_1.png", tmp_path / "kept.png")
    given(catalogue)
    shutil.move(kept, robots / "cyan" / "back.png")
    assert given(catalogue)["back.png"] == "cyan/robot"


def test_one_content_in_two_labels_is_a_conflict(robots, catalogue):
    by_model(catalogue, "cyan_1.png")
    shutil.copy(robots / "cyan" / "cyan_1.png", robots / "yellow" / "copy.png")
    images = provenance.training_images("robots", catalogue)
    assert provenance.conflicting_labels(images) == 1
    assert given(catalogue)["copy.png"] == "yellow/human"  # a person put the copy there
    assert given(catalogue)["cyan_1.png"] == "cyan/robot"  # and the model's is still the model's


def test_own_words_and_hidden_folders_are_no_labels(robots, catalogue):
    for name in ("sorted_20261123_093011", "unsorted_x", ".hidden", "quarantine"):
        coloured(robots / name, 1, ("cyan",))
    assert provenance.label_counts("robots") == {"cyan": 4, "yellow": 4}


# sorted_ folders


@pytest.fixture
def sorted_folder(robots, catalogue):
    """Two images sorted by the model, one below confidence_min."""
    folder = paths.testing("robots") / f"sorted_{STAMP}"
    coloured(folder, 2, ("cyan",), first=50)
    (folder / "yellow").mkdir()
    under = coloured(folder / "x", 1, ("yellow",), first=60) / "yellow"
    under.rename(folder / "yellow_under925")
    (folder / "x").rmdir()
    rows = [
        SortedCopy(folder.name, path.name, sha, path.parent.name, "cyan", 0.97, "model", STAMP)
        for path, _, sha in provenance.hash_images([folder / "cyan", folder / "yellow_under925"])
    ]
    catalogue.add_sortings(rows)
    return folder


def labels_in(folder, catalogue) -> dict[str, str]:
    return {
        i.path.name: f"{i.label}/{i.given_by}" for i in provenance.sorted_images(folder, {"cyan", "yellow"}, catalogue)
    }


def test_what_nobody_touched_is_labelled_by_the_model(sorted_folder, catalogue):
    assert labels_in(sorted_folder, catalogue) == {"cyan_50.png": "cyan/robot", "cyan_51.png": "cyan/robot"}


def test_what_a_person_moved_or_added_is_theirs(sorted_folder, catalogue):
    (sorted_folder / "cyan" / "cyan_50.png").rename(sorted_folder / "yellow" / "moved.png")
    next((sorted_folder / "yellow_under925").iterdir()).rename(sorted_folder / "yellow" / "raised.png")
    coloured(sorted_folder, 1, ("yellow",), first=70)
    assert labels_in(sorted_folder, catalogue) == {
        "cyan_51.png": "cyan/robot",
        "moved.png": "yellow/human",
        "raised.png": "yellow/human",
        "yellow_70.png": "yellow/human",
    }


def test_an_approved_folder_is_a_persons_as_a_whole(sorted_folder, catalogue):
    catalogue.approve(sorted_folder.name, STAMP)
    assert set(labels_in(sorted_folder, catalogue).values()) == {"cyan/human"}


def test_folders_wait_oldest_first(sorted_folder, catalogue):
    later = coloured(paths.testing("robots") / "sorted_20270101_000000", 1, ("cyan",))
    assert provenance.sorted_folders("robots") == [sorted_folder, later]
