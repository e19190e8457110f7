"""Which images are held out for the test set, and the folds. By content hash: renaming and moving change nothing.

Only images that a person labelled and nobody chose may be held out; a group (near-duplicates, a recording) stays
together and counts as one. While any label's share would be under `least` groups there is no test set: so few images
say little about the classifier and are missed in training; cross-validation measures instead (`train.py`). What was
once held out stays held out, however the data grows.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

TEST, TRAIN, LEFT_OUT = "test", "train", "left_out"


@dataclass(frozen=True)
class Member:
    """One image. `measures`: a person labelled it and nobody chose it; `human`: a person labelled it."""

    sha256: str
    label: str
    measures: bool
    group: str
    human: bool = True


@dataclass
class Split:
    """`parts`: content hash -> TEST, TRAIN or LEFT_OUT. `newly_held_out`: content hash -> TEST, to be remembered."""

    parts: dict[str, str] = field(default_factory=dict)
    newly_held_out: dict[str, str] = field(default_factory=dict)


def assign(members: Iterable[Member], percent: int, least: int, frozen: dict[str, str]) -> Split:
    """Assign every image.

    Args:
        percent: of a label's groups that may measure, to hold out, 1..50.
        least: groups; while a label's share would be smaller, nothing new is held out.
        frozen: content hash -> TEST from earlier runs; other values are ignored.
    """
    by_group: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        by_group[member.group].append(member)
    split = Split()
    undecided = [g for g in by_group.values() if not _is_decided(g, frozen, split)]
    held_out = [g for g in by_group.values() if any(split.parts.get(m.sha256) == TEST for m in g)]
    have = Counter(group[0].label for group in held_out)
    want = _wanted([*by_group.values()], percent, least)
    for group in sorted(undecided, key=_rank):
        label = group[0].label
        tests = have[label] < want[label]
        have[label] += tests
        _put(group, TEST if tests else TRAIN, frozen, split)
    return split


def folds(labels: list[str], groups: list[str], count: int) -> list[int]:
    """The cross-validation fold 0..count-1 of each image; the images of a group share one.

    Every label is distributed evenly and from fold 0 on, so that a fold leaves out one group of each label where
    `count` is as large as the largest label. If it left out one image of one label, that label would be predicted less
    often just where it is right. So as many folds are used as the largest label has groups, at most `count`.
    """
    first: dict[str, str] = {}
    for label, group in zip(labels, groups, strict=True):
        first.setdefault(group, label)  # a group of several labels goes with the first one seen
    by_label: dict[str, list[str]] = defaultdict(list)
    for group, label in first.items():
        by_label[label].append(group)
    fold: dict[str, int] = {}
    for own in by_label.values():
        for number, group in enumerate(sorted(own, key=lambda g: _hash("fold", g))):
            fold[group] = number % count
    return [fold[group] for group in groups]


def is_validation(group: str, percent: int) -> bool:
    """Whether a group of training images is watched instead of trained on.

    Args:
        percent: 0..90.
    """
    return int(_hash("validation", group)[:8], 16) % 10_000 < percent * 100


def _wanted(groups: list[list[Member]], percent: int, least: int) -> Counter:
    """How many groups of each label should be held out; none while one label's share would be too small."""
    labels = {m.label for group in groups for m in group}
    measuring = Counter(group[0].label for group in groups if any(m.measures for m in group))
    shares = {label: round(n * percent / 100) for label, n in measuring.items()}
    enough = labels == set(shares) and min(shares.values(), default=0) >= least
    return Counter(shares if enough else {})


def _is_decided(group: list[Member], frozen: dict[str, str], split: Split) -> bool:
    """Assign a group about which there is no choice; True where assigned.

    A group with images held out earlier stays held out, with all near-duplicates that came since; what may not measure
    in it is left out. A group with images that may not measure, or with several labels, is trained on.
    """
    if any(frozen.get(m.sha256) == TEST for m in group):
        if any(m.measures for m in group):
            _put(group, TEST, frozen, split)
        else:
            _put(group, TRAIN if any(m.human for m in group) else LEFT_OUT, frozen, split)
        return True
    if not all(m.measures for m in group) or len({m.label for m in group}) > 1:
        _put(group, TRAIN, frozen, split)
        return True
    return False


def _put(group: list[Member], part: str, frozen: dict[str, str], split: Split) -> None:
    for member in group:
        place = part if member.measures or part != TEST else LEFT_OUT
        split.parts[member.sha256] = place
        if place == TEST and frozen.get(member.sha256) != TEST:
            split.newly_held_out[member.sha256] = TEST


def _rank(group: list[Member]) -> str:
    """A stable random order: by a hash of the smallest content hash in the group."""
    return _hash("test", min(m.sha256 for m in group))


def _hash(purpose: str, text: str) -> str:
    return hashlib.sha256(purpose.encode() + text.encode()).hexdigest()
