"""Folders of images -> rows to train and measure on. No TensorFlow: a stand-in reads 8 x 8 pixels."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from scripts.learn.dataset import SplitRules, TooFewImages, build_dataset, list_images, without_repeats
from scripts.learn.embeddings import EmbeddingStore
from scripts.learn.hash_cache import HashCache
from scripts.learn.split import TEST
from tests.helpers import COLOURS, CountingRunner, by_label, coloured, coloured_image

LABELS = tuple(COLOURS)


@pytest.fixture
def photos(tmp_path):
    return coloured(tmp_path / "photos", 30)


HELD = SplitRules(test_min=4)  # 16 % of 30 images are enough to be held out


def gathered(images, rules=HELD, frozen=None):
    with HashCache(None) as hashes, EmbeddingStore(None) as store:
        return build_dataset(images, CountingRunner(), store, hashes, rules, frozen)


def listed(folder):
    with HashCache(None) as hashes:
        return list_images(folder, hashes)


def part(dataset, name: str) -> set[str]:
    return {p.sha256 for p, there in zip(dataset.images, getattr(dataset, name), strict=True) if there}


def test_every_image_is_in_one_part(photos):
    found = gathered(listed(photos))
    assert found.labels == list(LABELS)
    assert (found.test.astype(int) + found.train + found.validation == 1).all()
    assert {label: row["test"] for label, row in found.counts().items()} == dict.fromkeys(LABELS, 5)
    assert found.vectors.shape == (90, 192)
    assert all(found.labels[y] == p.label for y, p in zip(found.y, found.images, strict=True))


def test_few_images_all_train_and_nothing_is_held_out(photos):
    found = gathered(listed(photos), SplitRules())
    assert found.train.all() and not found.test.any() and not found.validation.any() and not found.newly_held_out
    assert set(found.folds) == set(range(20)) and all(set(found.y[found.folds == f]) == {0, 1, 2} for f in range(20))
    assert all(len({*found.folds[found.groups == g]}) == 1 for g in set(found.groups))


def test_images_labelled_by_a_model_are_in_no_fold_and_move_no_others(photos):
    images = listed(photos)
    people = {p.sha256 for p in images[::3]}
    before = gathered([p for p in images if p.sha256 in people], SplitRules())
    after = gathered([replace(p, human=p.sha256 in people) for p in images], SplitRules())
    fold_of = {p.sha256: fold for p, fold in zip(before.images, before.folds, strict=True)}
    assert after.train.all() and len(after.images) == 90 and len(people) == 30
    for one, fold in zip(after.images, after.folds, strict=True):
        assert fold == fold_of.get(one.sha256, -1)


def test_chosen_images_train_and_never_measure(photos):
    images = [replace(p, chosen=n % 3 == 0) for n, p in enumerate(listed(photos))]
    found = gathered(images, SplitRules(test_min=2))
    assert found.test.any() and not (found.test & found.chosen).any() and not (found.validation & found.chosen).any()
    assert found.train[found.chosen].all() and found.measures.sum() == 60
    assert set(found.weights[found.chosen]) == {1.0}


def test_hidden_files_and_other_endings_are_no_images(photos):
    (photos / "cyan" / ".hidden.png").write_bytes(b"x")
    (photos / "cyan" / "notes.txt").write_bytes(b"x")
    (photos / ".trash").mkdir()
    assert len(listed(photos)) == 90


def test_a_content_in_two_labels_counts_once_where_a_person_put_it(photos):
    shutil.copy(photos / "cyan" / "cyan_0.png", photos / "yellow" / "same.png")
    twice = [p for p in listed(photos) if p.sha256 == listed(photos)[0].sha256]
    assert len(listed(photos)) == 90 and len(twice) == 1
    model, human = replace(twice[0], human=False), replace(twice[0], label="yellow")
    assert without_repeats([model, human]) == without_repeats([human, model]) == [human]


def test_near_duplicates_across_labels_never_straddle(photos):
    """Ten images of each label are copied, re-encoded and resized, into the next label."""
    for i, label in enumerate(LABELS):
        for number in range(10):
            image = Image.open(photos / label / f"{label}_{number}.png")
            other = photos / LABELS[(i + 1) % 3]
            image.resize((96, 96)).save(other / f"stolen_{label}_{number}.jpg", quality=70)
    found = gathered(listed(photos))
    for group in set(found.groups):
        own = found.groups == group
        assert len({*found.test[own]}) == 1
        assert not (found.train[own].any() and found.validation[own].any())
        assert len({*found.folds[own]}) == 1
    assert len(set(found.groups)) == 90 and len(found.y) == 120
    mixed = [g for g in set(found.groups) if len(set(found.y[found.groups == g])) > 1]
    assert len(mixed) == 30
    assert not any(found.test[found.groups == g].any() for g in mixed)  # nobody knows which label is right


def test_reencoded_copies_within_a_label_stay_together(photos):
    for path in sorted(photos.rglob("*.png")):
        Image.open(path).save(path.with_suffix(".webp"), quality=60)
    found = gathered(listed(photos))
    assert len(set(found.groups)) == 90 and len(found.y) == 180
    assert all(len({*found.test[found.groups == g]}) == 1 for g in set(found.groups))
    assert found.test.any()


def test_the_split_survives_renames_another_folder_and_growth(photos, tmp_path):
    before = gathered(listed(photos))
    for path in sorted(photos.rglob("*.png")):
        path.rename(path.with_name(f"{path.stem}_967.png"))
    moved = photos.rename(tmp_path / "elsewhere")
    assert part(gathered(listed(moved)), "test") == part(before, "test")
    coloured(moved, 30, first=30)
    grown = gathered(listed(moved), frozen=before.newly_held_out)
    assert part(before, "test") <= part(grown, "test")
    assert set(before.newly_held_out.values()) == {TEST}


def with_model_labels(photos, each: int):
    """The images of `photos`, and `each` more a label that only a model sorted."""
    human = listed(photos)
    coloured(photos, each, first=100)
    known = {p.sha256 for p in human}
    return [p if p.sha256 in known else replace(p, human=False) for p in listed(photos)]


def test_images_labelled_by_a_model_train_at_half_weight_and_never_measure(photos):
    found = gathered(with_model_labels(photos, 20))
    assert (~found.human).sum() == 60
    assert not (found.test & ~found.human).any() and not (found.validation & ~found.human).any()
    assert (found.train & ~found.human).sum() == 60
    assert set(found.weights[~found.human]) == {0.5} and set(found.weights[found.human]) == {1.0}


def test_at_most_twice_as_many_images_labelled_by_a_model_as_by_people(photos):
    found = gathered(with_model_labels(photos, 80))
    assert {label: row["robot"] for label, row in found.counts().items()} == dict.fromkeys(LABELS, 60)
    assert found.left_out == 60
    none = gathered(with_model_labels(photos, 80), SplitRules(model_ratio=0, test_min=4))
    assert not (~none.human).any()


def test_a_copy_of_a_test_image_labelled_by_a_model_takes_no_part(photos):
    first = gathered(listed(photos))
    tested = [p for p in first.images if p.sha256 in part(first, "test")]
    for p in tested:
        Image.open(p.path).save(p.path.with_suffix(".jpg"), quality=80)
    images = [p if p.path.suffix == ".png" else replace(p, human=False) for p in listed(photos)]
    again = gathered(images, frozen=first.newly_held_out)
    assert part(again, "test") == part(first, "test")
    assert again.left_out == len(tested) == 15


def test_broken_images_are_listed_with_their_reason(photos):
    (photos / "cyan" / "broken.png").write_bytes(b"no picture")
    found = gathered(listed(photos))
    assert {p.name: why for p, why in found.unreadable.items()} == {"broken.png": "not an image"}
    assert len(found.y) == 90


def test_one_label_is_no_choice(photos):
    only = by_label(listed(photos))["cyan"]
    with pytest.raises(TooFewImages, match="two labels") as problem:
        gathered(only)
    assert problem.value.counts == {"cyan": 30}


def test_no_images_at_all_are_too_few():
    with pytest.raises(TooFewImages):
        gathered([])


def test_a_label_that_only_a_model_filled_is_an_error(photos):
    images = [replace(p, human=p.label != "yellow") for p in listed(photos)]
    with pytest.raises(TooFewImages, match="yellow") as problem:
        gathered(images)
    assert problem.value.counts == {"cyan": 30, "magenta": 30, "yellow": 0}


def test_a_label_without_a_readable_image_is_an_error(photos):
    for path in (photos / "yellow").iterdir():
        path.write_bytes(path.name.encode())
    with pytest.raises(TooFewImages, match="yellow"):
        gathered(listed(photos))


def test_an_image_a_person_moved_measures_under_its_new_label(photos):
    before = gathered(listed(photos))
    tested = next(p for p in before.images if p.sha256 in part(before, "test") and p.label == "cyan")
    tested.path.rename(photos / "yellow" / "was_yellow.png")
    after = gathered(listed(photos), frozen=before.newly_held_out)
    row = [p.sha256 for p in after.images].index(tested.sha256)
    assert after.test[row] and after.labels[after.y[row]] == "yellow"


def test_vectors_belong_to_their_images(photos):
    found = gathered(listed(photos))
    row = next(i for i, p in enumerate(found.images) if p.path.name == "magenta_3.png")
    seen = coloured_image(COLOURS["magenta"], 3).resize((16, 16), Image.Resampling.BILINEAR)
    assert np.allclose(found.vectors[row], (np.asarray(seen, np.float32) / 255)[::2, ::2].reshape(-1))
