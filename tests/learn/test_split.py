"""Which images measure: people's only, never near-duplicates of training images, and the same ones for ever."""

import random
from collections import Counter, defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.learn.split import LEFT_OUT, TEST, TRAIN, Member, assign, fold_of, is_validation

LABELS = ("built", "drawn", "not")
MEMBERS = st.lists(
    st.builds(Member, st.integers(0, 10**9).map(lambda n: f"{n:064x}"), st.sampled_from(LABELS), st.booleans(),
              st.integers(0, 40).map(lambda n: f"g{n:063x}")),
    max_size=120, unique_by=lambda m: m.sha256)  # fmt: skip


def people(label: str, count: int, first: int = 0) -> list[Member]:
    """Images that a person sorted, none like another."""
    return [Member(f"{label}{n}", label, True, f"{label}{n}") for n in range(first, first + count)]


def measuring(members: list[Member], parts: dict[str, str]) -> Counter:
    return Counter(m.label for m in members if parts[m.sha256] == TEST)


def test_a_share_of_each_label_measures():
    members = people("built", 200) + people("drawn", 100)
    assert measuring(members, assign(members, 16, 5, {}).parts) == {"built": 32, "drawn": 16}


def test_at_least_twenty_measure_where_there_are_three_times_as_many():
    members = people("built", 60) + people("drawn", 30) + people("not", 2)
    assert measuring(members, assign(members, 16, 20, {}).parts) == {"built": 20, "drawn": 10, "not": 1}


def test_a_single_image_trains():
    members = people("built", 1) + people("drawn", 9)
    assert assign(members, 16, 20, {}).parts["built0"] == TRAIN


@settings(max_examples=150, deadline=None)
@given(MEMBERS, st.integers(1, 50), st.integers(1, 20))
def test_robots_never_measure_and_groups_stay_together(members, percent, least):
    parts = assign(members, percent, least, {}).parts
    assert set(parts) == {m.sha256 for m in members}
    by_group = defaultdict(set)
    for m in members:
        assert m.human or parts[m.sha256] != TEST
        by_group[m.group].add(parts[m.sha256])
    assert all(len(found - {LEFT_OUT}) == 1 for found in by_group.values())


@settings(max_examples=100, deadline=None)
@given(MEMBERS, MEMBERS, st.integers(1, 50))
def test_what_is_frozen_stays_however_the_data_grows(first, more, percent):
    """Also where new images tie old groups together, or an old image goes."""
    frozen = assign(first, percent, 5, {}).fresh
    kept = [m for m in first if int(m.sha256, 16) % 4]
    grown = kept + [m for m in more if m.sha256 not in {k.sha256 for k in first}]
    again = assign(grown, percent, 5, frozen)
    for m in kept:
        if m.sha256 in frozen:
            assert again.parts[m.sha256] == frozen[m.sha256]
    assert not set(again.fresh) & set(frozen)
    assert again.fresh == {sha: part for sha, part in again.parts.items() if sha not in frozen and part != LEFT_OUT}


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
    after = assign(grown, 16, 5, before.fresh)
    tests = [{sha for sha, part in split.parts.items() if part == TEST} for split in (before, after)]
    assert len(tests[0]) == 16 and len(tests[1]) == 48 and tests[0] < tests[1]
    assert {sha for sha in tests[1] - tests[0]} <= {m.sha256 for m in grown[100:]}


def test_a_copy_of_a_test_image_is_held_back_from_training_if_a_robot_labelled_it():
    frozen = {"a": TEST}
    parts = assign([Member("a", "built", True, "g"), Member("b", "built", False, "g")], 16, 20, frozen).parts
    assert parts == {"a": TEST, "b": LEFT_OUT}


def test_a_copy_of_a_training_image_trains():
    parts = assign([Member("a", "built", True, "g"), Member("b", "drawn", True, "g")], 50, 1, {"a": TRAIN}).parts
    assert parts == {"a": TRAIN, "b": TRAIN}


def test_an_image_like_both_a_test_and_a_training_image_takes_no_part():
    members = [Member(sha, "built", True, "g") for sha in "abc"]
    assert assign(members, 16, 20, {"a": TEST, "b": TRAIN}).parts == {"a": TEST, "b": TRAIN, "c": LEFT_OUT}


def test_a_test_image_that_only_a_robot_vouches_for_now_measures_no_more():
    parts = assign([Member("a", "built", False, "a")], 16, 20, {"a": TEST}).parts
    assert parts == {"a": LEFT_OUT}


def test_a_robots_image_stays_in_training_when_a_person_confirms_it():
    members = [*people("built", 30), Member("r", "built", False, "r")]
    frozen = assign(members, 50, 20, {}).fresh
    confirmed = [*people("built", 30), Member("r", "built", True, "r")]
    assert assign(confirmed, 50, 20, frozen).parts["r"] == TRAIN


def test_folds_and_validation_hold_about_their_share():
    names = [f"{n:064x}" for n in range(5000)]
    assert all(900 < n < 1100 for n in Counter(fold_of(name, 5) for name in names).values())
    assert 400 < sum(is_validation(name, 10) for name in names) < 600
    assert not any(is_validation(name, 0) for name in names)
