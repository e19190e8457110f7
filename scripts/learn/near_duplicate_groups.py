"""Near-duplicate groups of many images, by the rule of `fingerprints.are_near_duplicates`, without comparing all pairs.

Two hashes with at most four different bits agree in at least one of five bands (pigeonhole), so only images that share
a band are compared: all neighbours in the order of the band at once, then those two places away, and so on. Copies with
the very same fingerprint count once, so that thousands of blank pages cost nothing.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from scripts.learn.fingerprints import BANDS, BITS_MAX, CELL_MAX, SIDE, Fingerprint

PAIRS = 4096  # pairs of thumbnails that are compared at a time; 8 MB


def group_near_duplicates(fingerprints: Iterable[tuple[str, Fingerprint]]) -> dict[str, str]:
    """Near-duplicate groups: key -> the group's name, which is the smallest key in it.

    An image joins every group that it is a near-duplicate of a member of, and so joins those groups.
    """
    copies: dict[Fingerprint, list[str]] = {}
    for key, one in sorted(fingerprints, key=lambda pair: pair[0]):
        copies.setdefault(one, []).append(key)
    hashes = np.array([one.dhash for one in copies], np.uint64)
    thumbs = np.frombuffer(b"".join(one.thumb for one in copies), np.uint8).reshape(-1, SIDE * SIDE)
    groups = _Groups(len(copies))
    cell_of = _distinctive_cells(thumbs)
    for ones, others in _near_pairs(hashes):
        cells = np.stack([cell_of[ones], cell_of[others]], axis=1)
        near = _is_near(thumbs[ones[:, None], cells], thumbs[others[:, None], cells])  # rules out most pairs
        ones, others = ones[near], others[near]
        for begin in range(0, len(ones), PAIRS):
            a, b = groups.not_joined(ones[begin : begin + PAIRS], others[begin : begin + PAIRS])
            near = _is_near(thumbs[a], thumbs[b])
            groups.join(a[near], b[near])
    names = [keys[0] for keys in copies.values()]  # in the order of their smallest keys
    return {key: names[groups.root(i)] for i, keys in enumerate(copies.values()) for key in keys}


class _Groups:
    """Union-find over rows 0..n-1; the smallest row of a group is its root."""

    def __init__(self, count: int):
        self._parent = list(range(count))

    def root(self, row: int) -> int:
        parent = self._parent
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    def join(self, ones: np.ndarray, others: np.ndarray) -> None:
        for i, j in zip(ones.tolist(), others.tolist(), strict=True):
            a, b = self.root(i), self.root(j)
            self._parent[max(a, b)] = min(a, b)

    def not_joined(self, ones: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The pairs that are not in one group yet."""
        pairs = zip(ones.tolist(), others.tolist(), strict=True)
        separate = np.fromiter((self.root(i) != self.root(j) for i, j in pairs), bool, len(ones))
        return ones[separate], others[separate]


def _near_pairs(hashes: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows, as two index arrays at a time, whose hashes differ in at most BITS_MAX bits; each once."""
    masks = [np.uint64(sum(1 << int(bit) for bit in bits)) for bits in np.array_split(np.arange(64), BANDS)]
    for number, mask in enumerate(masks):
        band = hashes & mask
        order = np.argsort(band, kind="stable")
        for gap in range(1, len(order)):
            same = np.flatnonzero(band[order[gap:]] == band[order[:-gap]])
            if not len(same):
                break
            ones, others = order[same], order[same + gap]
            different = hashes[ones] ^ hashes[others]
            near = _at_most(different, BITS_MAX)
            for earlier in masks[:number]:
                near &= (different & earlier) != 0
            yield ones[near], others[near]


def _at_most(bits: np.ndarray, count: int) -> np.ndarray:
    """Whether at most so many bits are set, number by number."""
    for _ in range(count):
        bits = bits & (bits - np.minimum(bits, np.uint64(1)))  # clears the lowest bit that is set
    return bits == 0


def _distinctive_cells(thumbs: np.ndarray) -> np.ndarray:
    """The cell int [n] in which each thumbnail differs most from the mean thumbnail."""
    if not len(thumbs):
        return np.zeros(0, int)
    mean = thumbs[:: max(1, len(thumbs) // 10_000)].mean(axis=0).astype(np.uint8)
    return np.concatenate(
        [_difference(part, mean).argmax(axis=1) for part in np.array_split(thumbs, 1 + len(thumbs) // PAIRS)]
    )


def _is_near(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether thumbnails, or cells of them, differ in no cell by more than CELL_MAX, pair by pair."""
    return _difference(left, right).max(axis=1, initial=0) <= CELL_MAX


def _difference(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.maximum(left, right) - np.minimum(left, right)  # uint8 has no sign
