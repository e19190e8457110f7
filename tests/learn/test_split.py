"""Which images measure: only those labelled by people, never near-duplicates of training images, and always the same."""

import random
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.learn.split import LEFT_OUT, TEST, TRAIN, Member, assign, folds, is_validation

LABELS = ("built", "drawn", "not")
MEMBERS = st.lists(
    st.builds(
        Member,
        st.integers(0, 10**9).map(lambda n: f"{n:064x}"),
        st.sampled_from(LABELS),
        st.booleans(),
        st.integers(0, 40).map(lambda n: f"g{n:063x}"),
        st.booleans(),
    ),
    max_size=120,
    unique_by=lambda m: m.sha256,
)


def people(label: str, count: int, first: int = 0) -> list[Member]:
    """Images that a person sorted, none like another."""
    return [Member(f"{label}{n}", label, True, f"{label}{n}") for n in range(first, first + count)]


def measuring(members: list[Member], parts: dict[str, str]) -> Counter:
    return Counter(m.label for m in members if parts[m.sha256] == TEST)


def test_a_share_of_each_label_measures():
    members = people("built", 200) + people("drawn", 100)
    assert measuring(members, assign(members, 16, 5, {}).parts) == {"built": 32, "drawn": 16}


def test_while_a_share_would_be_small_nothing_is_held_out():
    """16 % of 124 images are fewer than 20; all of them train, and so do those of the label with enough."""
    few, enough = people("built", 100) + people("drawn", 300), people("built", 130) + people("drawn", 300)
    assert measuring(few, assign(few, 16, 20, {}).parts) == {}
    assert measuring(enough, assign(enough, 16, 20, {}).parts) == {"built": 21, "drawn": 48}


def test_a_label_that_only_a_model_filled_delays_the_test_set():
    members = people("built", 200) + [Member(f"r{n}", "drawn", False, f"r{n}", human=False) for n in range(200)]
    assert measuring(members, assign(members, 16, 20, {}).parts) == {}


def test_a_set_that_was_begun_stays_where_a_share_becomes_small():
    members = people("built", 130) + people("drawn", 130)
    frozen = assign(members, 16, 20, {}).newly_held_out
    fewer = [*members, *people("not", 5)]
    assert measuring(fewer, assign(fewer, 16, 20, frozen).parts) == {"built": 21, "drawn": 21}


def test_a_single_image_trains():
    members = people("built", 1) + people("drawn", 9)
    assert assign(members, 16, 1, {}).parts["built0"] == TRAIN


@settings(max_examples=150, deadline=None)
@given(MEMBERS, st.integers(1, 50), st.integers(1, 20))
def test_what_may_not_measure_never_does_and_groups_stay_together(members, percent, least):
    parts = assign(members, percent, least, {}).parts
    assert set(parts) == {m.sha256 for m in members}
    by_group = defaultdict(set)
    for m in members:
        assert m.measures or parts[m.sha256] != TEST
        by_group[m.group].add(parts[m.sha256])
    assert all(len(found - {LEFT_OUT}) == 1 for found in by_group.values())


@settings(max_examples=100, deadline=None)
@given(MEMBERS, MEMBERS, st.integers(1, 50))
def test_what_is_held_out_stays_however_the_data_grows(first, more, percent):
    """Also where new images tie old groups together, or an old image goes."""
    frozen = assign(first, percent, 1, {}).newly_held_out
    assert set(frozen.values()) <= {TEST}
    kept = [m for m in first if int(m.sha256, 16) % 4]
    grown = kept + [m for m in more if m.sha256 not in {k.sha256 for k in first}]
    again = assign(grown, percent, 1, frozen)
    for m in kept:
        if m.sha256 in frozen:
            assert again.parts[m.sha256] == TEST
    by_group = defaultdict(set)
    for m in grown:
        by_group[m.group].add(again.parts[m.sha256])
    assert not any({TEST, TRAIN} <= parts for parts in by_group.values())
    assert not set(again.newly_held_out) & set(frozen)


@settings(max_examples=100, deadline=None)
@given(MEMBERS, st.lists(st.sets(st.integers(0, 119)), min_size=2, max_size=5), st.integers(1, 50))
def test_images_removed_and_put_back_never_train_and_measure(members, removed, percent):
    """Round after round others are missing; near-duplicates of test images come and go."""
    frozen: dict[str, str] = {}
    for away in removed:
        here = [m for n, m in enumerate(members) if n not in away]
        split = assign(here, percent, 1, frozen)
        frozen |= split.newly_held_out
        by_group = defaultdict(set)
        for m in here:
            by_group[m.group].add(split.parts[m.sha256])
        assert not any({TEST, TRAIN} <= parts for parts in by_group.values())


@settings(max_examples=60, deadline=None)
@given(MEMBERS, st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(members, rng: random.Random):
    shuffled = members[:]
    rng.shuffle(shuffled)
    assert assign(members, 16, 20, {}).parts == assign(shuffled, 16, 20, {}).parts


def test_the_test_set_only_grows():
    first = people("built", 100)
    before = assign(first, 16, 5, {})
    grown = first + people("built", 200, first=100)
    after = assign(grown, 16, 5, before.newly_held_out)
    tests = [{sha for sha, part in split.parts.items() if part == TEST} for split in (before, after)]
    assert len(tests[0]) == 16 and len(tests[1]) == 48 and tests[0] < tests[1]


def test_a_copy_of_a_test_image_labelled_by_a_model_is_left_out():
    frozen = {"a": TEST}
    parts = assign([Member("a", "built", True, "g"), Member("b", "built", False, "g", False)], 16, 20, frozen).parts
    assert parts == {"a": TEST, "b": LEFT_OUT}


def test_a_copy_of_a_test_image_that_a_person_chose_is_left_out():
    parts = assign([Member("a", "built", True, "g"), Member("b", "built", False, "g")], 16, 20, {"a": TEST}).parts
    assert parts == {"a": TEST, "b": LEFT_OUT}


def test_near_duplicates_in_two_labels_train():
    parts = assign([Member("a", "built", True, "g"), Member("b", "drawn", True, "g")], 50, 1, {}).parts
    assert parts == {"a": TRAIN, "b": TRAIN}


def test_a_near_duplicate_that_trained_while_the_test_image_was_away_measures_with_it():
    a, b = Member("a", "built", True, "g"), Member("b", "built", True, "g")
    assert assign([b, *people("built", 9)], 16, 20, {"a": TEST}).parts["b"] == TRAIN
    parts = assign([a, b, *people("built", 9)], 16, 20, {"a": TEST, "b": TRAIN}).parts
    assert (parts["a"], parts["b"]) == (TEST, TEST)


def test_a_test_image_that_only_a_model_labels_now_measures_no_more():
    parts = assign([Member("a", "built", False, "a", False)], 16, 20, {"a": TEST}).parts
    assert parts == {"a": LEFT_OUT}


def test_a_test_image_that_was_moved_because_it_looked_wrong_trains_from_now_on():
    assert assign([Member("a", "built", False, "a")], 16, 20, {"a": TEST}).parts == {"a": TRAIN}


def test_folds_are_dealt_out_evenly_label_by_label():
    labels, groups = ["built"] * 20 + ["drawn"] * 25 + ["not"] * 3, [f"{n:064x}" for n in range(48)]
    dealt = folds(labels, groups, 5)
    assert folds(labels, groups, 5) == dealt
    for label, each in (("built", {4}), ("drawn", {5}), ("not", {1, 0})):
        counts = Counter(f for f, other in zip(dealt, labels, strict=True) if other == label)
        assert {counts[f] for f in range(5)} == each
    assert len({*folds(["a", "a", "b"], ["g", "g", "g"], 5)}) == 1


def test_validation_holds_about_its_share():
    names = [f"{n:064x}" for n in range(5000)]
    assert 400 < sum(is_validation(name, 10) for name in names) < 600
    assert not any(is_validation(name, 0) for name in names)
