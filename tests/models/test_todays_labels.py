"""Models whose labels have changed since: what they are measured as, what is refused, and which one is gone by."""

import json
from dataclasses import replace

import pytest

import config as cfg
from flow.models import leaderboard, model_store
from flow.models.suspects import suspects
from flow.models.todays_labels import TodaysLabels, best_of_today
from flow.records.labels.history import LabelHistory
from flow.records.open_catalogue import open_catalogue
from tests.faults import world
from tests.faults.runner import run

TRAIN = ("robots", "0", "0", "retrain_defaults", *world.TRAIN)


def three_labels(root) -> None:
    """A third label that looks like the other two, so that the model mixes them up."""
    world.beginning(root)
    world.put(world.training(root) / "third", "built", range(400, 410))
    world.put(world.training(root) / "third", "drawn", range(400, 410))
    done = run(root, *TRAIN)
    assert done.code == 0, done


@pytest.fixture
def root(tf_files):
    folder = world.fresh(three_labels)
    cfg.path_to_tf_files = str(folder)
    return folder


def measured() -> leaderboard.ModelScore:
    with open_catalogue("robots") as catalogue:
        return leaderboard.leaderboard("robots", catalogue).ranking[0]


def change(root, *words: str) -> None:
    done = run(root, "robots", "labels", *words)
    assert done.code == 0, done


def history() -> LabelHistory:
    with open_catalogue("robots") as catalogue:
        return LabelHistory.of(catalogue.label_changes())


def test_a_renaming_keeps_every_answer_and_the_interval(root):
    before = measured()
    assert 0 < before.share["right"] < before.share["total"]
    change(root, "rename", "third", "mixed")
    now = measured()
    assert (now.share, now.answers) == (before.share, before.answers)
    assert now.since == "third, now mixed"


def test_a_merge_is_as_right_as_the_old_confusion_matrix_says(root):
    before = measured()
    labels = {
        sha: guess if right else None
        for (sha, guess), right in zip(before.guesses.items(), before.answers.values(), strict=True)
    }
    with open_catalogue("robots") as catalogue:
        truth = {sha: row.label for sha, row in catalogue.labels().items()}
    assert all(label in (None, truth[sha]) for sha, label in labels.items())
    pair = {"third", "drawn"}
    expected = sum(guess == truth[sha] or {guess, truth[sha]} <= pair for sha, guess in before.guesses.items())
    assert before.share["right"] < expected < before.share["total"] + 1
    change(root, "merge", "third", "drawn")
    now = measured()
    assert (now.share["right"], now.share["total"]) == (expected, before.share["total"])


def test_a_split_label_cannot_be_compared_and_says_why(root):
    with open_catalogue("robots") as catalogue:
        from flow.records.labels import apply

        number = apply.begin_split("robots", catalogue, "20261129_101010", "third")
        for part, kind in (("red", "built"), ("blue", "drawn")):
            apply.note_split("robots", catalogue, number, part)
            (world.training(root) / part).mkdir()
            for path in sorted((world.training(root) / "third").glob(f"{kind}_*.jpg")):
                path.rename(world.training(root) / part / path.name)
        (world.training(root) / "third").rmdir()
    now = measured()
    assert now.share is None and now.why == "it knows third, now red or blue, and cannot tell which"
    assert "cannot be measured now" in run(root, "robots", "models", "--verbose").err


def test_a_removed_label_is_said_so_and_its_guesses_are_wrong(root):
    change(root, "remove", "third")
    now = measured()
    assert now.since == "third, since removed"
    assert all(guess != "third" for guess in now.guesses.values())


def test_suspects_follow_their_labels(root):
    model = model_store.all_models("robots")[0]
    before = suspects("robots", model, history())
    assert before and any("third" in (one.label, one.guess) for one in before)
    change(root, "rename", "third", "mixed")
    after = suspects("robots", model, history())
    assert len(after) == len(before) and all(one.path.is_file() for one in after)
    assert not any("third" in (one.label, one.guess) for one in after)
    change(root, "merge", "mixed", "drawn")
    merged = suspects("robots", model, history())
    assert len(merged) < len(before) and not any(one.label == one.guess for one in merged)


def test_the_model_that_knows_all_labels_of_today_is_gone_by_rather_than_the_one_with_the_best_figure(root):
    """A new label came: the older model, which has the better figure, cannot give it."""
    world.put(world.training(root) / "green", "drawn", range(600, 620))
    assert run(root, *TRAIN).code == 0
    found = model_store.all_models("robots")
    old = next(model for model in found if "green" not in model.labels)
    new = next(model for model in found if "green" in model.labels)
    assert old.accuracy > new.accuracy
    assert best_of_today(found, history(), ["built", "drawn", "third", "green"]) == new
    facts = json.loads(run(root, "robots", "status", "--json").out)["robots"]
    assert facts["best_model"] == new.name and facts["unknown_labels"] == []
    change(root, "remove", "green")
    assert TodaysLabels.of(new, history()).words == "green, since removed"


def test_a_label_that_no_model_knows_is_named(root):
    world.put(world.training(root) / "green", "drawn", range(600, 620))
    assert "it does not know green yet" in run(root, "robots", "status").out


def test_labels_of_very_few_images_are_left_out_and_named(root):
    world.put(world.training(root) / "rare", "drawn", range(700, 704))
    assert "nothing new" in run(root, *TRAIN).out
    done = run(root, *TRAIN, "--again")
    assert done.code == 0 and "without rare (4 images), as a label needs 5: accuracy" in done.out
    newest = max(model_store.all_models("robots"), key=lambda model: model.folder.stat().st_mtime_ns)
    assert "rare" not in newest.labels
    options = ("--architecture", "efficientnet_lite0", "--steps", "20", "--images-min", "4", "--again")
    asked = run(root, "robots", "0", "0", "retrain_defaults", *options)  # who asks for it is told what it lacks
    assert asked.code == 10 and "rare 4" in asked.err


def test_what_may_be_mislabelled_is_offered_at_a_runs_end_and_in_the_guide(root):
    facts = json.loads(run(root, "robots", "status", "--json").out)["robots"]
    assert facts["suspects"] > 0
    done = run(root, *TRAIN, "--again", "--verbose")
    assert (
        "training images may be mislabelled." in done.err
        and "to look at them: python roboflow.py robots check --training" in done.err
    )


def test_a_model_that_few_images_measured_is_not_the_best_for_a_lucky_figure(root):
    model = model_store.all_models("robots")[0]
    lucky = replace(model, facts={**model.facts, "accuracy": {"value": 0.95, "low": 0.6, "high": 1.0, "total": 20}})
    known = replace(model, facts={**model.facts, "accuracy": {"value": 0.9, "low": 0.85, "high": 0.94, "total": 200}})
    for found in ([lucky, known], [known, lucky]):
        assert best_of_today(found, history(), model.labels) is known
