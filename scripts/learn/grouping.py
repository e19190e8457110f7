"""Which images belong together, and how much so many of them tell. numpy only.

What is in one group (a recording, an observation, near-duplicates) is right or wrong together: it is never both learned
from and measured by, and counts as one where an interval is told.
"""

from collections.abc import Iterable, Mapping

import numpy as np

LEAST = 3  # recordings a label needs before an accuracy is told; with one or two a label it would hang on a single one


def merged(keys: Iterable[str], *kinds: Mapping[str, str]) -> dict[str, str]:
    """One group for each key, named by its smallest key: keys hang together where any of the kinds puts them together
    (union-find: Tarjan 1975, JACM 22, 215-225).

    Args:
        kinds: key -> the group's name; names of different kinds have nothing to do with each other. A key that a kind
            does not name is alone in it.
    """
    ordered = sorted(keys)
    parent = {key: key for key in ordered}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = key = parent[parent[key]]
        return key

    for kind in kinds:
        first: dict[str, str] = {}
        for key in ordered:
            if name := kind.get(key):
                one, other = sorted((root(key), root(first.setdefault(name, key))))
                parent[other] = one
    return {key: root(key) for key in ordered}


def effective(groups: np.ndarray) -> float:
    """How many independent images int [n] group numbers stand for: (sum of sizes)^2 / sum of squared sizes (Kish 1965,
    "Survey Sampling", section 11.7). The number of groups where they are equally large, less where one outweighs the
    others in the share of right ones."""
    sizes = np.unique(groups, return_counts=True)[1].astype(float)
    return float(sizes.sum() ** 2 / np.square(sizes).sum()) if len(sizes) else 0.0


def worth(groups: np.ndarray) -> float:
    """What one of these images tells beside one that is alone in its group, 0..1."""
    return effective(groups) / max(1, len(groups))


def too_few(labels: np.ndarray, groups: np.ndarray, recorded: np.ndarray) -> list[tuple[int, int]]:
    """(label, recordings) of each label that comes from fewer than LEAST recordings.

    Args:
        labels, groups: int [n] of the images that may measure; recorded: bool [n], those whose group somebody gave. A
            label of stills alone is not meant, however few.
    """
    found = []
    for label in np.unique(labels[recorded]).tolist():
        count = len(np.unique(groups[labels == label]))
        if count < LEAST:
            found.append((label, count))
    return found
