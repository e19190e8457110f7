"""What belongs together is never both learned from and measured by, and counts as one."""

from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import calibration, grouping, intervals, split
from scripts.learn.dataset import Dataset
from scripts.learn.split import Member
from scripts.learn.train import HeadConfig, train
from tests.helpers import blobs
from tests.learn.test_train import dataset

QUICK = HeadConfig(steps=400, batch_size=32, every=10**9)


def recordings(each: int, frames: int, labels: int = 3, seed: int = 0, gap: float = 1.0) -> Dataset:
    """Rows of `each` recordings a label: frames differ hardly, recordings as images do."""
    rng = np.random.default_rng(seed)
    x, y = blobs(each, labels, gap=gap, dims=40, seed=seed)
    x, y = np.repeat(x, frames, axis=0), np.repeat(y, frames)
    x = (x + rng.normal(0, 0.1, x.shape)).astype(np.float32)
    group = np.repeat(np.arange(each * labels), frames)
    data = dataset(x, y, np.zeros(len(y), bool), watched=0)
    folds = split.folds([str(i) for i in y], [f"g{i}" for i in group], 20)
    return replace(data, groups=group, folds=np.array(folds), grouped=np.ones(len(y), bool))


def test_groups_of_several_kinds_join_where_they_touch():
    near_duplicates = {"a": "1", "b": "1", "c": "2", "d": "2"}
    recorded = {"b": "evening", "c": "evening", "e": "1"}  # this 1 is not that 1
    found = grouping.merge_groups("edcbaf", near_duplicates, recorded)
    assert found == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e", "f": "f"}
    assert grouping.merge_groups([]) == {}


@pytest.mark.parametrize(
    ("groups", "count"),
    [([], 0), ([1, 2, 3], 3), ([1] * 5 + [2] * 5, 2), ([1] * 90 + [*range(2, 12)], 100**2 / (90**2 + 10))],
)
def test_how_many_independent_images_groups_stand_for(groups, count):
    assert grouping.effective_size(np.array(groups, int)) == pytest.approx(count)
    assert grouping.efficiency(np.array(groups, int)) == pytest.approx(count / max(1, len(groups)))


def test_frames_told_apart_by_recording_tell_what_is_true():
    """Told by frames, each is known by its neighbour; the interval counts recordings."""
    data = recordings(8, 12, gap=0.5)
    out_of_fold = train(data, QUICK).facts["accuracy"]
    n = len(data.y)
    frames = replace(data, groups=np.arange(n), folds=np.arange(n) % 10)
    blind = train(frames, QUICK)
    x, y = blobs(400, 3, gap=0.5, dims=40, seed=0)
    true = float((blind.head.logits(x[24:]).argmax(axis=1) == y[24:]).mean())
    assert blind.facts["accuracy"]["low"] > true
    assert out_of_fold["low"] < true < out_of_fold["high"] and out_of_fold["high"] - out_of_fold["low"] > 0.25
    rows = train(data, QUICK).facts["thresholds"][0]
    assert rows["high"] - rows["low"] > 0.2  # what lies over a line counts recordings too


@pytest.mark.parametrize(("each", "tells"), [(2, False), (3, True)])
def test_below_three_recordings_a_label_no_accuracy_is_told(each, tells):
    trained = train(recordings(each, 10, gap=3), QUICK)
    assert bool(trained.facts["accuracy"]["total"]) is tells
    assert any("comes from 2 recordings" in w for w in trained.warnings) is not tells
    stills = replace(recordings(each, 1, gap=3), grouped=np.zeros(each * 3, bool))
    assert train(stills, QUICK).facts["accuracy"]["total"] == 3 * each


def test_a_test_set_counts_recordings():
    """Two labels of 40 recordings of 5 frames: a fifth is 8 recordings; of 4 long ones none is held out."""
    members = [
        Member(f"{label}{g}-{f}", label, True, f"{label}{g}") for label in "ab" for g in range(40) for f in range(5)
    ]
    held_out = split.assign(members, 20, 8, {})
    assert sum(part == split.TEST for part in held_out.parts.values()) == 2 * 8 * 5
    long = [
        Member(f"{label}{g}-{f}", label, True, f"{label}{g}") for label in "ab" for g in range(4) for f in range(50)
    ]
    assert split.TEST not in split.assign(long, 20, 8, {}).parts.values()
    frozen = {next(sha for sha, part in held_out.parts.items() if part == split.TEST): split.TEST}
    assert sum(p == split.TEST for p in split.assign(members, 20, 8, frozen).parts.values()) == 2 * 8 * 5


def test_two_classifiers_are_compared_by_groups():
    one, other = np.array([1, 1, 1, 0, 1], bool), np.array([0, 0, 0, 1, 1], bool)
    assert intervals.paired_test(one, other, np.arange(5)) == (3, 1, intervals.mcnemar(3, 1))
    assert intervals.paired_test(one, other, np.array([0, 0, 0, 1, 2])) == (1, 1, 1.0)


def test_frames_that_are_all_right_rule_out_no_more_than_pictures_do():
    logits, y = np.eye(2)[np.arange(40) % 2] * 4.0, np.arange(40) % 2
    assert calibration.fit_temperature(logits, y, effective=4) > calibration.fit_temperature(logits, y)
