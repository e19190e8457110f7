"""A model from recordings tells what it knows of recordings it has not seen, or nothing."""

import numpy as np
import pytest
from PIL import Image

from flow.base import files, paths
from flow.base.options import filled
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.retrain import step as retrain
from flow.retrain.options import TrainOptions
from tests.helpers import COLOURS, coloured_image

STAMP = "20261129_101500"
FRAMES = 8


@pytest.fixture
def catalogue(tf_files, kept_models):
    with Catalogue.open(paths.catalogue("robots")) as opened:
        yield opened


def record(catalogue, each: int, first: int = 0, frames: int = FRAMES) -> None:
    """So many recordings of each colour: frames are one picture, a little lighter and shifted."""
    for label, colour in COLOURS.items():
        folder = files.make_folder(paths.training("robots") / label)
        for number in range(first, first + each):
            still = np.asarray(coloured_image(colour, number, 72))
            for frame in range(frames):
                part = np.clip(still[frame : frame + 64, frame : frame + 64].astype(int) + 3 * frame, 0, 255)
                path = folder / f"{label}_{number}_{frame}.png"
                Image.fromarray(part.astype(np.uint8)).save(path)
                catalogue.set_groups({files.sha256_of(path): f"{label}/{number}"})


def trained(tiny, catalogue, **more) -> retrain.Retrained:
    training = filled(TrainOptions, {"architecture": str(tiny), "images_min": 2, "steps": 100, **more})
    return retrain.retrain("robots", training, STAMP, catalogue, least=2)


def test_the_line_counts_recordings_and_asks_for_more(tiny, catalogue):
    record(catalogue, 4)
    done = trained(tiny, catalogue)
    assert "96 images of 12 recordings: accuracy " in done.line() and "% interval" in done.line()
    assert done.line().endswith("measured on recordings it had not seen; record each thing in more places")
    share = done.model.facts["accuracy"]
    assert share["total"] == 96 and share["high"] - share["low"] > 0.3  # of 12, not of 96
    assert done.model.measured_words == "cross-validated on 96 images of 12 recordings"


def test_below_three_recordings_of_a_label_no_accuracy_is_told(tiny, catalogue):
    record(catalogue, 2, frames=12)
    done = trained(tiny, catalogue)
    assert "not measured, as cyan comes from 2 recordings" in done.line() and "Record it again" in done.line()
    assert done.model.name.endswith("_unmeasured") and not done.model.measured
    board = leaderboard.leaderboard("robots", catalogue)
    assert board.ranking[0].share is None


def test_models_are_compared_by_recordings(tiny, catalogue):
    """The first model has learned from half of each recording: the other half is not new to it."""
    record(catalogue, 4, frames=4)
    first = trained(tiny, catalogue).model
    record(catalogue, 4)  # four more frames of the same recordings
    score = leaderboard.leaderboard("robots", catalogue).ranking[0]
    assert score.model.name == first.name and score.share["total"] == 4 * 3 * 4
    record(catalogue, 3, first=10)
    score = leaderboard.leaderboard("robots", catalogue).ranking[0]
    assert score.share["total"] == 4 * 3 * 4 + 3 * 3 * FRAMES
    plain = leaderboard.api.Share(score.share["right"], score.share["total"], leaderboard.api.FOLD_EFFICIENCY).facts()
    assert score.share["high"] - score.share["low"] > plain["high"] - plain["low"]


def test_new_recordings_of_one_place_tell_nothing(tiny, catalogue):
    record(catalogue, 2)
    model = trained(tiny, catalogue).model
    record(catalogue, 2, first=10)
    (score,) = leaderboard.leaderboard("robots", catalogue).ranking
    assert score.model.name == model.name and score.share is None
    assert "comes from 2 recordings, too few to measure" in score.why


def test_frames_are_told_apart_where_nobody_named_recordings(tiny, catalogue):
    """Without their groups the same frames promise much more: what the groups are for."""
    record(catalogue, 4)
    by_recording = trained(tiny, catalogue).model.facts["accuracy"]
    catalogue._db.execute("DELETE FROM image_groups")
    catalogue._db.commit()
    blind = trained(tiny, catalogue).model.facts["accuracy"]
    assert blind["high"] - blind["low"] < (by_recording["high"] - by_recording["low"]) / 2


def test_the_test_set_takes_whole_recordings(tiny, catalogue):
    record(catalogue, 110, frames=1)
    record(catalogue, 40, first=200, frames=3)
    done = trained(tiny, catalogue, test_percent=20)
    parts, groups = catalogue.splits(), catalogue.groups()
    held = {groups[sha] for sha, part in parts.items() if part == "test"}
    assert held and done.model.facts["measured_on"]["test_alone"] is False
    images = provenance.training_images("robots", catalogue)
    assert all(parts.get(i.sha256) == "test" for i in images if groups[i.sha256] in held)
    assert model_store.all_models("robots")
