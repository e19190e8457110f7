"""From rows to a trained, calibrated, measured head."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import IN_NO_FOLD, Examples
from scripts.learn.train import HeadConfig, curve_facts, train
from tests.helpers import blobs

QUICK = HeadConfig(steps=400, batch_size=32, every=50)
SOLVERS = [QUICK, replace(QUICK, solver="lbfgs")]
both = pytest.mark.parametrize("config", SOLVERS, ids=["sgd", "lbfgs"])


def dataset(
    x: np.ndarray, y: np.ndarray, tests: Sequence[bool] | None = None, watched: float = 0.1, seed: int = 0
) -> Dataset:
    """Rows as if a person had sorted them all, none like another; a fifth of them measures."""
    rng = np.random.default_rng(seed)
    n = len(y)
    test = rng.random(n) < 0.2 if tests is None else np.array(tests, bool)
    validation = ~test & (rng.random(n) < watched)
    return Dataset(
        [f"label{i}" for i in range(int(y.max()) + 1)],
        [None] * n,
        EmbeddingTable.of(x),
        y,
        np.ones(n, bool),
        test,
        ~test & ~validation,
        validation,
        np.ones(n, np.float32),
        np.arange(n),
        rng.integers(0, 5, n),
    )


@both
def test_the_reported_accuracy_is_that_on_images_never_seen(config):
    x, y = blobs(800, 4, gap=0.8)
    data = dataset(x[::4], y[::4])
    trained = train(data, config)
    share = trained.facts["accuracy"]
    real = (trained.head.logits(x[1::4]).argmax(axis=1) == y[1::4]).mean()
    assert share["total"] == data.test.sum() >= 100
    assert share["low"] < real < share["high"]
    assert trained.facts["cross_validation"]["low"] - 0.03 < real < trained.facts["cross_validation"]["high"] + 0.03


@both
def test_with_a_small_test_set_every_image_measures(config):
    """Those that trained by the head that left them out, those held back by the head itself; said in words."""
    x, y = blobs(60, 4, gap=1.2)
    data = dataset(x, y)
    trained = train(data, config)
    assert 0 < data.test.sum() < 100
    assert trained.facts["accuracy"]["total"] == 240 == sum(map(sum, trained.facts["confusion"]))
    assert trained.facts["measured_on"] == {
        "images": 240,
        "test_alone": False,
        "words": "cross-validated on 240 images",
    }
    assert trained.facts["test"]["total"] == data.test.sum()
    assert sum(row["total"] for row in trained.facts["reliability"]) == 240
    more, labels = blobs(120, 4, gap=1.2)
    large = train(dataset(more, labels, np.arange(480) < 100), config)
    assert large.facts["accuracy"]["total"] == 100
    assert large.facts["measured_on"]["words"] == "on 100 held-out images"
    assert large.facts["honest_thresholds"][0]["total"] > 100  # what is said of the sure ones rests on all


@both
def test_labels_given_by_a_model_never_reach_the_heads_that_measure(config):
    """A model's labels come from one that knew every person's label: copies of each image, with the very label that
    the folds hold back, would let the accuracy rise while the classifier does not."""
    x, y = blobs(60, 2, gap=0, dims=200)  # nothing to be learned
    y = np.random.default_rng(0).permutation(y)
    n = len(y)
    both_x, both_y = np.concatenate([x, x + 0.01]), np.concatenate([y, y])
    data = dataset(both_x, both_y, np.zeros(2 * n, bool), watched=0)
    data.human = np.arange(2 * n) < n
    data.weights = np.where(data.human, 1, 0.5).astype(np.float32)
    leaking = replace(data, folds=np.arange(2 * n) % 5)
    clean = replace(data, folds=np.where(data.human, np.arange(2 * n) % 5, IN_NO_FOLD))
    strong = replace(config, steps=1500, learning_rate=0.1)
    assert (
        train(replace(leaking, folds=(np.arange(2 * n) + (np.arange(2 * n) >= n)) % 5), strong).facts["accuracy"][
            "value"
        ]
        > 0.8
    )
    assert train(clean, strong).facts["accuracy"]["value"] < 0.65


@both
def test_labels_given_by_a_model_change_no_accuracy_but_its_upper_limit(config):
    """The heads that measure are the same with and without it, so the figure stays; the head itself may be better, so
    the interval's upper end is that of heads that learned it too."""
    x, y = blobs(150, 3, gap=0.6)
    people = np.arange(450) % 5 == 0
    folds = np.where(people, np.arange(450) // 5 % 5, IN_NO_FOLD)
    data = replace(dataset(x, y, np.zeros(450, bool), watched=0), human=people, folds=folds)
    data.weights = np.where(people, 1, 0.5).astype(np.float32)
    alone = dataset(x[people], y[people], np.zeros(90, bool), watched=0)
    before = train(replace(alone, folds=folds[people]), config)
    after = train(data, config)
    was, now = before.facts["accuracy"], after.facts["accuracy"]
    if config.solver == "sgd":  # by lbfgs another strength may be found
        assert np.allclose(before.evaluation.plain, after.evaluation.plain, atol=1e-4)
    assert was["total"] == now["total"] == 90 and abs(was["value"] - now["value"]) < 0.05
    assert now["with_robots"] > now["value"] and "with_robots" not in was
    assert now["high"] > was["high"] and now["high"] - now["value"] > was["high"] - was["value"]


def test_chosen_images_train_and_do_not_measure():
    """Half of the images are the hard ones that somebody looked for: they would make the accuracy too low."""
    x, y = blobs(200, 3, gap=0.9)
    data = dataset(x, y, np.zeros(600, bool), watched=0)
    plain = train(data, QUICK)
    wrong = np.zeros(600, bool)
    wrong[plain.evaluation.rows[plain.evaluation.calibrated.argmax(axis=1) != y[plain.evaluation.rows]]] = True
    chosen = replace(data, chosen=wrong)
    trained = train(chosen, QUICK)
    assert np.array_equal(trained.head.weights * trained.temperature > 0, plain.head.weights * plain.temperature > 0)
    assert trained.facts["accuracy"]["total"] == 600 - wrong.sum()
    assert not wrong[trained.evaluation.rows].any() and trained.folded[wrong].all()


def test_where_everything_was_chosen_nothing_is_measured_and_all_is_calibrated():
    x, y = blobs(60, 2)
    data = replace(dataset(x, y), chosen=np.ones(120, bool))
    trained = train(data, QUICK)
    assert trained.facts["accuracy"]["total"] == 0 and trained.temperature != 1.0
    assert any("Nothing could be measured" in w for w in trained.warnings)


@both
def test_random_labels_cannot_be_learned_and_the_figures_say_so(config):
    x, y = blobs(200, 4)
    trained = train(dataset(x, np.random.default_rng(5).permutation(y)), config)
    share = trained.facts["accuracy"]
    assert share["low"] < 0.25 < share["high"]
    assert trained.facts["cross_validation"]["value"] < 0.32
    p = trained.head.probabilities(x)
    assert (p.max(axis=1) > 0.925).mean() < 0.01  # and none of it reaches confidence_min


@both
def test_the_same_seed_gives_the_same_figures(config):
    x, y = blobs(60, 3)
    one, same = (train(dataset(x, y), config) for _ in range(2))
    assert one.facts == same.facts
    assert np.array_equal(one.head.weights, same.head.weights)


def test_another_seed_gives_another_head():
    x, y = blobs(60, 3)
    one, other = (train(dataset(x, y), replace(QUICK, seed=s)) for s in (1, 2))
    assert not np.array_equal(one.head.weights, other.head.weights)


@pytest.mark.parametrize("rate", [0.01, 0.1])
def test_scores_mean_what_they_say_after_calibration(rate):
    """Far too many long steps make a head far too sure; one temperature mends it."""
    x, y = blobs(1500, 4, gap=0.45)
    few = np.zeros(len(y), bool)
    few[::6] = True
    trained = train(dataset(x[few], y[few]), replace(QUICK, steps=1500, learning_rate=rate))
    before, after = (metrics.ece(h.probabilities(x[~few]), y[~few]) for h in (trained.plain_head, trained.head))
    assert after < 0.06
    assert before < 0.1 or after < before / 2
    assert set(trained.facts["ece"]) == {"before", "after"}
    assert np.allclose(trained.head.weights * trained.temperature, trained.plain_head.weights, rtol=1e-4)


@pytest.mark.parametrize("each", [6, 15, 20])
def test_few_images_are_calibrated_too_and_never_too_sure(each):
    x, y = blobs(each, 2, gap=6)
    trained = train(dataset(x, y), QUICK)
    assert trained.temperature > 0.3
    assert not any("calibrat" in w for w in trained.warnings)
    more, _ = blobs(300, 2, gap=6)
    assert trained.head.probabilities(more).max() < 0.9999


def test_an_uncertain_accuracy_is_called_so():
    x, y = blobs(25, 2, gap=0.8)
    assert any("uncertain" in w for w in train(dataset(x, y), QUICK).warnings)
    x, y = blobs(2000, 2)
    assert not any("uncertain" in w for w in train(dataset(x, y), QUICK).warnings)


@both
def test_with_labels_of_a_model_alone_nothing_is_claimed(config):
    x, y = blobs(40, 2)
    data = dataset(x, y, np.zeros(80, bool), watched=0)
    data.human[:] = False
    trained = train(data, config)
    assert trained.facts["accuracy"]["total"] == 0
    assert (trained.facts["accuracy"]["low"], trained.facts["accuracy"]["high"]) == (0, 1)
    assert trained.facts["thresholds"][0]["total"] == 0


@both
def test_planted_wrong_labels_are_found(config):
    x, y = blobs(150, 4)
    planted = np.random.default_rng(2).permutation(600)[:30]
    noisy = y.copy()
    noisy[planted] = (y[planted] + 1) % 4
    trained = train(dataset(x, noisy), config)
    rows = np.flatnonzero(trained.folded)
    first = [rows[i] for i in metrics.suspects(trained.out_of_fold[rows], noisy[rows])][: len(rows) // 10]
    there = set(planted) & set(rows)
    assert len(set(first) & there) >= 0.8 * len(there)


def test_out_of_fold_scores_are_only_of_peoples_training_images():
    x, y = blobs(60, 3)
    data = dataset(x, y)
    data.human[::7] = False
    data.test &= data.human
    trained = train(data, QUICK)
    assert np.array_equal(trained.folded, data.human & ~data.test)
    assert np.allclose(trained.out_of_fold[trained.folded].sum(axis=1), 1, atol=1e-5)
    assert not trained.out_of_fold[~trained.folded].any()


def test_images_are_scored_by_a_head_that_has_not_seen_their_copies():
    """Pairs of copies with random labels: a head that has seen the copy knows the label."""
    x, y = blobs(100, 2, gap=0, dims=300)
    x, y = np.repeat(x, 2, axis=0), np.repeat(np.random.default_rng(0).permutation(y), 2)
    data = dataset(x, y, np.zeros(400, bool), watched=0)
    data.groups = np.repeat(np.arange(200), 2)
    data.folds = np.repeat(np.arange(200) % 5, 2)
    trained = train(data, replace(QUICK, learning_rate=0.1, steps=1500))
    assert trained.facts["cross_validation"]["value"] < 0.6
    leaking = replace(data, folds=np.arange(400) % 5)
    assert train(leaking, replace(QUICK, learning_rate=0.1, steps=1500)).facts["cross_validation"]["value"] > 0.6


def test_one_fold_with_all_images_is_no_cross_validation():
    x, y = blobs(40, 2)
    data = dataset(x, y)
    data.folds[:] = 3
    trained = train(data, QUICK)
    assert not trained.folded.any() and trained.temperature == 1.0


def test_images_unlike_all_training_images_are_unfamiliar():
    x, y = blobs(300, 3)
    trained = train(dataset(x, y), QUICK)
    again, _ = blobs(300, 3, seed=0)
    strange = np.random.default_rng(9).normal(0, 6, (200, 20)).astype(np.float32)
    ours, theirs = (trained.novelty.distances(v) > trained.novelty.limit for v in (again + 0.01, strange))
    assert ours.mean() < 0.03 < 0.5 < theirs.mean()


def test_few_images_have_no_novelty_limit():
    x, y = blobs(12, 2)
    trained = train(dataset(x, y), QUICK)
    assert trained.novelty.limit == 2.0
    assert not (trained.novelty.distances(x + 1000) > trained.novelty.limit).any()


def test_the_curve_has_a_point_every_so_often_and_one_at_the_end():
    x, y = blobs(60, 3)
    trained = train(dataset(x, y), replace(QUICK, steps=120, every=50))
    assert [p.step for p in trained.curve] == [50, 100, 120]
    assert set(curve_facts(trained.curve)[0]) == {
        "step",
        "train_accuracy",
        "train_loss",
        "validation_accuracy",
        "validation_loss",
    }
    unwatched = train(dataset(x, y, watched=0), QUICK)
    last = unwatched.facts["cross_validation"]["value"]
    assert unwatched.curve[-1].validation_accuracy == pytest.approx(last, abs=0.05)  # the folds are watched then


def test_a_training_stopped_too_early_is_a_warning():
    x, y = blobs(300, 4, gap=0.6)
    warned = [
        any(
            "still getting better" in w for w in train(dataset(x, y), replace(QUICK, learning_rate=r, every=5)).warnings
        )
        for r in (0.0003, 0.03)
    ]
    assert warned == [True, False]


def test_heads_are_handed_out_during_the_training():
    x, y = blobs(60, 3)
    kept = {}
    trained = train(
        dataset(x, y),
        replace(QUICK, steps=90, every=25),
        checkpoint=lambda s, h: kept.update({s: h}),
        checkpoint_every=30,
    )
    assert list(kept) == [30, 60, 90]
    assert np.array_equal(kept[90].weights, trained.plain_head.weights)
    assert [p.step for p in trained.curve] == [25, 50, 75, 90]


def test_lbfgs_chooses_a_strength_that_suits_the_data():
    """Much noise wants a strong pull towards simple weights, clear data do not; with and without watched images."""
    for watched in (0.15, 0.0):
        x, y = blobs(100, 3, gap=1.5)
        noise = np.random.default_rng(5).permutation(y)
        clear, muddled = (train(dataset(x, labels, watched=watched), SOLVERS[1]).strength for labels in (y, noise))
        assert clear < muddled


@both
def test_augmented_copies_take_part_in_training(config):
    x, y = blobs(60, 3)
    data = dataset(x, y)
    rows = np.flatnonzero(data.train)
    augmented = Examples(EmbeddingTable.of(x[rows] + 0.3), y[rows], np.ones(len(rows), np.float32), 3, data.folds[rows])
    plain, more = train(data, config), train(data, config, augmented)
    assert not np.allclose(plain.head.weights, more.head.weights)
    assert more.facts["accuracy"]["total"] == plain.facts["accuracy"]["total"]
    assert more.folded.sum() == plain.folded.sum()
