"""Which images train and which measure. By content, so that renaming, moving or another folder changes nothing.

Near-duplicate groups stay together. Only images a person labelled may measure. What is frozen stays: an image that
once trained never measures later, and the other way round, so that older models can be measured on today's test set.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

TEST, TRAIN, LEFT_OUT = "test", "train", "left_out"


@dataclass(frozen=True)
class Member:
    """One image: content hash, label, whether a person labelled it, and its near-duplicate group."""

    sha256: str
    label: str
    human: bool
    group: str


@dataclass
class Split:
    """`parts`: content hash -> TEST, TRAIN or LEFT_OUT. `fresh`: what was newly decided and should be frozen."""

    parts: dict[str, str] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)


def assign(members: Iterable[Member], percent: int, least: int, frozen: dict[str, str]) -> Split:
    """Assign every image.

    Args:
        percent: of a label's human images that measure, 1..50.
        least: at least so many per label, where the label has three times as many human images.
        frozen: content hash -> TEST or TRAIN from earlier runs.
    """
    by_group: dict[str, list[Member]] = defaultdict(list)
    for member in members:
        by_group[member.group].append(member)
    split = Split()
    open_groups = [g for g in by_group.values() if not _settle(g, frozen, split)]
    have = _counts(m for g in by_group.values() for m in g if split.parts.get(m.sha256) == TEST)
    total = _counts(m for g in by_group.values() for m in g if m.human)
    want = {label: _target(n, percent, least) for label, n in total.items()}
    for group in sorted(open_groups, key=_rank):
        label = group[0].label
        tests = want[label] - have.get(label, 0) >= len(group)
        if tests:
            have[label] = have.get(label, 0) + len(group)
        _put(group, TEST if tests else TRAIN, frozen, split)
    return split


def fold_of(group: str, folds: int) -> int:
    """The cross-validation fold 0..folds-1 of a near-duplicate group; stable."""
    return int(hashlib.sha256(b"fold" + group.encode()).hexdigest()[:8], 16) % folds


def is_validation(group: str, percent: int) -> bool:
    """Whether a group of training images is watched instead of trained on."""
    return int(hashlib.sha256(b"validation" + group.encode()).hexdigest()[:8], 16) % 10_000 < percent * 100


def _target(humans: int, percent: int, least: int) -> int:
    """How many of `humans` images measure: the percentage, or `least` where that is at most a third of them."""
    return max(round(humans * percent / 100), min(least, humans // 3), 1 if humans > 1 else 0)


def _settle(group: list[Member], frozen: dict[str, str], split: Split) -> bool:
    """Decide a group that earlier runs, robots or mixed labels leave no choice about; True where decided.

    A group with frozen test images tests (its robot-labelled ones are left out); one with frozen training images
    trains; one with both keeps what is frozen and leaves the rest out, as it would tie the two together.
    """
    known = {frozen[m.sha256] for m in group if m.sha256 in frozen}
    if known == {TEST, TRAIN}:
        for member in group:
            split.parts[member.sha256] = frozen.get(member.sha256, LEFT_OUT)
        return True
    if known:
        _put(group, known.pop(), frozen, split)
        return True
    if not all(m.human for m in group) or len({m.label for m in group}) > 1:
        _put(group, TRAIN, frozen, split)
        return True
    return False


def _put(group: list[Member], part: str, frozen: dict[str, str], split: Split) -> None:
    for member in group:
        place = part if member.human or part == TRAIN else LEFT_OUT
        split.parts[member.sha256] = place
        if member.sha256 not in frozen and place != LEFT_OUT:
            split.fresh[member.sha256] = place


def _rank(group: list[Member]) -> str:
    """A stable random order: by a hash of the smallest content hash in the group."""
    return hashlib.sha256(b"test" + min(m.sha256 for m in group).encode()).hexdigest()


def _counts(members: Iterable[Member]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for member in members:
        counts[member.label] += 1
    return counts
