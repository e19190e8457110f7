"""Training images that may be mislabelled: what becomes of their labels, and of what they measure."""

import pytest

import config as cfg
from flow.base import paths
from flow.check.training_board import TrainingBoard
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, MODEL, PERSON, WHOLE_FOLDER, Label
from tests.check.places import shas
from tests.faults import world


@pytest.fixture
def suspects(tf_files):
    folder = world.fresh(world.to_check_training)
    cfg.path_to_tf_files = str(folder)
    with open_catalogue("robots") as catalogue:
        yield TrainingBoard("robots", catalogue, "stamp")


def test_a_relabelled_training_image_moves_and_is_a_persons_choice(suspects):
    page = suspects.next_page(24)
    wrong = next(image for image in page.images if image.given == "built" and image.name.startswith("drawn"))
    suspects.decide(page.id, [wrong.sha256], "label", "drawn")
    assert suspects.find(wrong.sha256) == paths.training("robots") / "drawn" / wrong.name
    label = suspects.catalogue.labels()[wrong.sha256]
    assert (label.label, label.given_by, label.sampling) == ("drawn", PERSON, CHOSEN)
    suspects.undo()
    assert suspects.find(wrong.sha256) == paths.training("robots") / "built" / wrong.name
    assert suspects.catalogue.labels()[wrong.sha256].sampling == WHOLE_FOLDER


def test_a_confirmed_label_is_not_doubted_again_and_goes_on_measuring(suspects):
    page = suspects.next_page(24)
    [one] = shas(page, 0)
    before = suspects.catalogue.labels()[one]
    suspects.decide(page.id, [one], "keep")
    assert suspects.catalogue.labels()[one] == before
    again = TrainingBoard("robots", suspects.catalogue, "again")
    assert one not in shas(again.next_page(24))


def test_a_training_image_set_aside_leaves_the_training_and_comes_back(suspects):
    page = suspects.next_page(24)
    one = page.images[0]
    suspects.decide(page.id, [one.sha256], "aside")
    assert one.sha256 not in suspects.catalogue.labels()
    assert suspects.find(one.sha256) == paths.quarantine("robots") / one.name
    suspects.undo()
    assert suspects.find(one.sha256) == paths.training("robots") / one.given / one.name
    assert suspects.catalogue.labels()[one.sha256].label == one.given


def test_a_models_label_that_a_person_confirms_is_a_persons(suspects):
    page = suspects.next_page(24)
    one = page.images[0]
    suspects.catalogue.set_labels([Label(one.sha256, one.given, MODEL, 0.9, "model")])
    suspects.decide(page.id, [one.sha256], "keep")
    assert suspects.catalogue.labels()[one.sha256].given_by == PERSON
