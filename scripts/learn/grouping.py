"""Images that belong together, and how much evidence they are. numpy only.

The images of one group (a recording, an observation, near-duplicates) are right or wrong together: they are never both
trained on and measured by, and together they count as about one image in an interval.
"""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

RECORDINGS_MIN = 3  # of a label, before an accuracy is reported; with one or two it would hang on a single recording


def merge_groups(keys: Iterable[str], *groupings: Mapping[str, str]) -> dict[str, str]:
    """Key -> the name of its group, which is the smallest key in it. Two keys share a group where any of the groupings
    puts them together, directly or through others (union-find: Tarjan 1975, JACM 22, 215-225).

    Args:
        groupings: each key -> group name; the names of two groupings are unrelated. A missing key is a group of its
            own.
    """
    ordered = sorted(keys)
    parent = {key: key for key in ordered}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for grouping in groupings:
        first: dict[str, str] = {}
        for key in ordered:
            if name := grouping.get(key):
                one, other = sorted((root(key), root(first.setdefault(name, key))))
                parent[other] = one
    return {key: root(key) for key in ordered}


def effective_size(groups: ArrayLike) -> float:
    """How many independent images the groups [n], numbers or names, stand for: (sum of sizes)^2 / sum of squared
    sizes (Kish 1965, "Survey Sampling", section 11.7). The number of groups where all are equally large, fewer where
    one group outweighs the others."""
    sizes = np.unique(groups, return_counts=True)[1].astype(float)
    return float(sizes.sum() ** 2 / np.square(sizes).sum()) if len(sizes) else 0.0


def efficiency(groups: ArrayLike) -> float:
    """The evidence of one of these images, 0..1; 1 where each is a group of its own."""
    return effective_size(groups) / max(1, np.size(groups))


def too_few_recordings(labels: np.ndarray, groups: np.ndarray, grouped: np.ndarray) -> list[tuple[int, int]]:
    """(label, number of recordings) of each label that comes from fewer than RECORDINGS_MIN recordings.

    Args:
        labels, groups: int [n], of the images that may measure.
        grouped: bool [n], images whose group was given by the caller. A label of single images is never returned.
    """
    found = []
    for label in np.unique(labels[grouped]).tolist():
        count = len(np.unique(groups[labels == label]))
        if count < RECORDINGS_MIN:
            found.append((label, count))
    return found
