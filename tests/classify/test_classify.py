"""Sorting: where an image goes, how it is named, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import config as cfg
from flow import classify
from flow.base import files
from flow.classify import scorer
from flow.models import model_store
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import scores_file
from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import fresh, sorted_folders

UNCHANGED = TodaysLabels({})  # no label was changed since
SURE = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"}


def placed(score: float, unfamiliar: bool = False, name: str = "a.jpg"):
    scores = {"built": score, "drawn": min(1 - score, score / 2)}
    return scorer._placed(Path(name), "0" * 64, scores, cfg.confidence_min, unfamiliar, UNCHANGED)


def test_a_score_of_confidence_min_is_sure_and_just_below_is_not():
    assert placed(cfg.confidence_min).place == "built"
    assert placed(cfg.confidence_min - 1e-9).place == "built_under925"
    assert placed(cfg.confidence_min - 1e-9).reason == "unsure"


def test_what_a_model_needs_to_be_sure_counts_and_the_folder_is_named_after_the_setting():
    scores = {"built": 0.96, "drawn": 0.04}
    unsure, sure = (
        scorer._placed(Path("a.jpg"), "0" * 64, scores, needed, False, UNCHANGED) for needed in (0.961, 0.96)
    )
    assert (unsure.place, unsure.reason) == ("built_under925", "unsure") and sure.place == "built"


@pytest.mark.parametrize(
    ("share_right", "words"), [(0.999, ""), (0.93, "sure from a score of 9"), (0.8, "sure of nothing yet")]
)
def test_a_model_is_sure_where_its_own_predictions_were_right_often_enough(share_right, words, monkeypatch):
    """200 predictions above confidence_min; the higher ones are right more often."""
    from scripts import api
    from scripts.learn.threshold import Evidence

    scores = np.linspace(0.93 if share_right < 0.99 else 0.96, 0.999, 200) if share_right > 0.9 else np.full(200, 0.93)
    correct = np.arange(200) >= 200 * (1 - share_right)  # the lowest ones are wrong
    evidence = Evidence(scores, correct, np.arange(200))
    monkeypatch.setattr(api, "load_out_of_fold", lambda *_: api.OutOfFold({}, {}, {}, frozenset(), evidence=evidence))
    model = Model(Path("m"), {"labels": ["built", "drawn"]})
    needed = model_store.threshold(model)
    assert words in model_store.threshold_words(model) and bool(words) == (needed > cfg.confidence_min)
    assert round(1000 * needed) == pytest.approx(1000 * needed) and needed >= evidence.threshold(cfg.confidence_min)
    monkeypatch.setattr(cfg, "confidence_min", 0.0)  # everything is to count as sure
    assert model_store.threshold(model) == 0 and model_store.threshold_words(model) == ""


def test_an_image_unlike_all_training_images_waits_however_sure_the_head_is():
    assert (placed(1.0, unfamiliar=True).place, placed(1.0, unfamiliar=True).reason) == ("built_under925", "unlike")


def test_a_score_that_is_no_number_is_not_sure():
    assert placed(float("nan")).place.endswith("_under925")


@given(st.floats(0.5, 1))
def test_the_name_never_promises_more_than_the_score(score):
    digits = placed(score).name.removeprefix("a_").removesuffix(".jpg")
    assert len(digits) == 3 and int(digits) / 1000 <= score
    if score < cfg.confidence_min:
        assert int(digits) < 925


def test_a_long_name_keeps_its_score_and_ending():
    name = placed(0.9671, name="é" * 120 + ".jpeg").name
    assert name.endswith("_967.jpeg") and len(name.encode()) <= files.NAME_BYTES_MAX


@pytest.mark.parametrize(("threshold", "expected"), [(0.92, (2.7, 7.0)), (0.95, (0.4, 3.0))])
def test_expected_mistakes_come_from_the_cross_validated_predictions_above_confidence_min(
    threshold, expected, monkeypatch
):
    """Of 49 that scored .93 or more 4 were wrong; of 39 that scored .96 none was."""
    from scripts import api

    monkeypatch.setattr(api.OutOfFold, "threshold", lambda _, confidence_min: confidence_min)

    guesses = {f"{n}": "built" for n in range(100)}
    scores = {f"{n}": 0.96 if n < 39 else 0.93 if n < 49 else 0.5 for n in range(100)}
    labels = {f"{n}": "drawn" if 39 <= n < 43 or n > 60 else "built" for n in range(100)}
    monkeypatch.setattr(api, "load_out_of_fold", lambda *_: api.OutOfFold(guesses, scores, labels, frozenset()))
    monkeypatch.setattr(cfg, "confidence_min", threshold)
    facts = {"labels": ["built", "drawn"]}
    images = [placed(1.0)] * 30 + [placed(0.5, unfamiliar=True)] * 5
    assert classify._expected_wrong(Model(Path("m"), facts), images) == expected


def test_no_mistakes_are_expected_where_nothing_was_measured():
    assert classify._expected_wrong(Model(Path("m"), {"labels": ["a"]}), [placed(1.0)]) is None


def test_scores_txt_has_every_score_and_where_the_image_came_from():
    root = fresh(world.to_classify)
    assert run(root, "robots", "0", "mine", "classify_top", environ=SURE).code == 3
    lines = (sorted_folders(root)[0] / scores_file.NAME).read_text().splitlines()
    heading, rows = lines[2].split("\t"), [line.split("\t") for line in lines[3:]]
    assert heading == ["file", "folder", "label", "score", "why_under", "all_scores", "original"]
    assert {row[6] for row in rows} == {p.name for p in world.unsorted(root).glob("*.jpg")}
    for row in rows:
        assert (sorted_folders(root)[0] / row[1] / row[0]).exists()


def test_every_label_has_its_folder_also_where_nothing_fell_into_it():
    root = fresh(world.to_classify)
    for path in world.unsorted(root).glob("drawn_*"):
        path.unlink()
    run(root, "robots", "0", "mine", "classify_top", environ=SURE)
    assert {p.name for p in sorted_folders(root)[0].iterdir() if p.is_dir()} >= set(world.LABELS)


def test_a_bad_image_is_set_aside_with_its_reason_once():
    root = fresh(world.to_classify)
    bad, quarantine = world.unsorted(root) / "bad.jpg", world.testing(root) / "quarantine"
    content = bad.read_bytes()
    for _ in range(2):
        assert run(root, "robots", "0", "mine", "classify_top", environ=SURE).code == 3
        assert not bad.exists() and (quarantine / "bad.jpg").read_bytes() == content
        bad.write_bytes(content)  # it comes again
    assert (quarantine / "reasons.txt").read_text() == "bad.jpg\tdamaged or cut off\tunsorted_mine\n"
    bad.write_bytes(world.image_bytes(998)[:-100])
    assert run(root, "robots", "0", "mine", "classify_top", environ=SURE).code == 3
    assert {p.name for p in quarantine.iterdir()} == {"bad.jpg", "bad_2.jpg", "reasons.txt"}
    assert len((quarantine / "reasons.txt").read_text().splitlines()) == 2


def test_rows_are_rebuilt_from_the_log_also_for_what_a_person_moved():
    root = fresh(world.to_harvest)
    before = world.state(root)["sortings"]
    (root / "catalogues" / "robots.sqlite").unlink()
    assert run(root, "robots", "models").code == 0
    assert world.state(root)["sortings"] == before
    assert "2 labelled by a person" in run(root, "robots", "harvest").out


def test_scores_of_merged_labels_add_up_and_a_split_label_is_never_sure():
    """Two labels that are one today are sure together; of a label that became two nobody knows which."""
    own = {"cat": 0.5, "dog": 0.45, "owl": 0.05}
    merged = TodaysLabels({"cat": ("pet",), "dog": ("pet",), "owl": ("owl",)})
    one = scorer._placed(Path("a.jpg"), "0" * 64, own, 0.9, False, merged)
    assert (one.place, one.scores) == ("pet", {"pet": 0.95, "owl": 0.05})
    parted = TodaysLabels({"cat": ("kitten", "lion"), "dog": ("dog",), "owl": ("owl",)})
    one = scorer._placed(Path("a.jpg"), "0" * 64, {"cat": 0.99, "dog": 0.01, "owl": 0.0}, 0.9, False, parted)
    assert (one.label, one.place, one.reason) == ("kitten", "kitten_under925", "unsure")
