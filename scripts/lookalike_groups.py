"""Near-duplicate groups of very many pictures, by the rule of `lookalikes.alike` and without comparing all pairs.

Two hashes with at most four different bits agree in at least one of five bands (pigeonhole), so only pictures that
share a band are compared, a band at a time for all pictures at once. A band that very many share (drawings on white) is
cut further by the bits in which those still differ. Pictures with the very same hash (flat ones) are compared by their
thumbnails alone: whole boxes of thumbnails are told apart, or joined, at once.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from scripts.lookalikes import BANDS, BITS_MAX, CELL_MAX, SIDE, Look

SAME = 64  # pictures of one very hash beyond which they are taken as one
CROWD = 1000  # pictures of one band beyond which it is cut further: comparing two hashes takes 5 ns
DEEPEST = 2  # times a band is cut further, before all of its pairs are compared after all
FEW = 4096  # pairs of thumbnails that are simply all compared; 8 MB at a time
SOME = SIDE + 1  # every so many cells make a first look: 32 cells, no two in a row or column


def groups(looks: Iterable[tuple[str, Look]]) -> dict[str, str]:
    """Near-duplicate groups: key -> the group's name, which is the smallest key in it.

    A picture joins every group it is alike to, and so joins those groups.
    """
    by_key = dict(sorted(looks))
    if not by_key:
        return {}
    net = _Net(b"".join(look.thumb for look in by_key.values()))
    hashes = np.array([look.dhash for look in by_key.values()], np.uint64)
    order = np.argsort(hashes, kind="stable")
    same = np.split(order, np.flatnonzero(np.diff(hashes[order])) + 1)  # rows by their hash
    crowds = {int(rows[0]): rows for rows in same if len(rows) > SAME}
    for rows in crowds.values():
        net.within(rows)
    # A crowd of one hash is met by way of its first row; all others are met one by one.
    met = np.concatenate([rows[:1] if len(rows) > SAME else rows for rows in same])
    for ones, others in _near_pairs(hashes, met):
        net.between(crowds, ones, others)
    keys = list(by_key)
    return {key: keys[net.root(i)] for i, key in enumerate(keys)}


class _Net:
    """Pictures 0..n-1 and which of them hang together; the smallest number of a group is its root."""

    def __init__(self, thumbs: bytes):
        self._thumbs = np.frombuffer(thumbs, np.uint8).reshape(-1, SIDE * SIDE)
        self._some = np.ascontiguousarray(self._thumbs[:, ::SOME])
        self._parent = list(range(len(self._thumbs)))
        self._known = np.arange(len(self._thumbs))  # roots as they were some joins ago: the same means joined
        self._joins = 0

    def root(self, i: int) -> int:
        parent = self._parent
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    def within(self, rows: np.ndarray) -> None:
        """Join all that are alike among rows of one hash."""
        if len(rows) < 2:
            return
        low, high = self._box(rows)
        if (high - low).max() <= CELL_MAX:
            self._join_all(rows)
        elif len(rows) ** 2 <= FEW:
            self._compare(rows, rows)
        else:
            part, rest = self._halves(rows, low, high)
            self.within(part)
            self.within(rest)
            self._touch(part, rest)

    def between(self, crowds: dict[int, np.ndarray], ones: np.ndarray, others: np.ndarray) -> None:
        """Join what is alike between pairs of rows whose hashes are near; a row in `crowds` stands for its crowd."""
        if crowds:
            first = np.array(list(crowds))
            crowded = np.isin(ones, first) | np.isin(others, first)
            for a, b in zip(ones[crowded].tolist(), others[crowded].tolist(), strict=True):
                self._touch(crowds.get(a, np.array([a])), crowds.get(b, np.array([b])))
            ones, others = ones[~crowded], others[~crowded]
        self._join_alike(ones, others)

    def _touch(self, ones: np.ndarray, others: np.ndarray) -> None:
        """Join what is alike between two sets of rows, all of whose hashes are near each other.

        Sets that hang together already, that are all alike, or that are too far apart for any two to be alike, are
        done with at once; else the wider one is halved.
        """
        if len({self.root(i) for i in ones.tolist()} | {self.root(i) for i in others.tolist()}) == 1:
            return
        (low, high), (low2, high2) = self._box(ones), self._box(others)
        if max((low - high2).max(), (low2 - high).max()) > CELL_MAX:
            return
        if (np.maximum(high, high2) - np.minimum(low, low2)).max() <= CELL_MAX:
            self._join_all(np.concatenate([ones, others]))
        elif len(ones) * len(others) <= FEW:
            self._compare(ones, others)
        else:
            split_first = len(others) == 1 or (len(ones) > 1 and (high - low).max() >= (high2 - low2).max())
            whole, box, rest = (ones, (low, high), others) if split_first else (others, (low2, high2), ones)
            for half in self._halves(whole, *box):
                self._touch(half, rest)

    def _box(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest value of each cell, int16 [cells]."""
        thumbs = self._thumbs[rows]
        return thumbs.min(axis=0).astype(np.int16), thumbs.max(axis=0).astype(np.int16)

    def _halves(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows below and above the middle of the cell that varies most; in the middle of the list where none does."""
        cell = int((high - low).argmax())
        below = self._thumbs[rows, cell] <= (int(low[cell]) + int(high[cell])) // 2
        if below.all():
            return rows[: len(rows) // 2], rows[len(rows) // 2 :]
        return rows[below], rows[~below]

    def _compare(self, ones: np.ndarray, others: np.ndarray) -> None:
        """All pairs of two small sets."""
        self._join_alike(np.repeat(ones, len(others)), np.tile(others, len(ones)))

    def _join_alike(self, ones: np.ndarray, others: np.ndarray) -> None:
        """Join those pairs whose thumbnails are alike; their hashes are. A few cells tell most apart."""
        for begin in range(0, len(ones), FEW):
            a, b = ones[begin : begin + FEW], others[begin : begin + FEW]
            for thumbs in (self._some, self._thumbs):
                apart = self._known[a] != self._known[b]
                a, b = a[apart], b[apart]
                left, right = thumbs[a], thumbs[b]
                near = (np.maximum(left, right) - np.minimum(left, right)).max(axis=1, initial=0) <= CELL_MAX
                a, b = a[near], b[near]
            for i, j in zip(a.tolist(), b.tolist(), strict=True):
                self._join(i, j)

    def _join_all(self, rows: np.ndarray) -> None:
        for i in rows.tolist():
            self._join(int(rows[0]), i)

    def _join(self, i: int, j: int) -> None:
        a, b = self.root(i), self.root(j)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
            self._joins += 1
            if self._joins >= max(100, len(self._parent) // 20):
                self._joins = 0
                self._known = np.array([self.root(k) for k in range(len(self._parent))])


def _near_pairs(hashes: np.ndarray, rows: np.ndarray, depth: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows, as two index arrays at a time, whose hashes differ in at most BITS_MAX bits; some twice."""
    own = hashes[rows]
    varying = int(np.bitwise_or.reduce(own ^ own[0]))
    places = [bit for bit in range(64) if varying >> bit & 1]
    for cut in np.array_split(np.array(places, int), BANDS):
        band = own & np.uint64(sum(1 << int(bit) for bit in cut))
        order = np.argsort(band, kind="stable")
        edges = np.flatnonzero(np.diff(band[order])) + 1
        runs = np.split(rows[order], edges)
        long = [run for run in runs if len(run) > CROWD and depth < DEEPEST]
        lengths = np.diff(np.r_[0, edges, len(order)])
        short = np.repeat((lengths <= CROWD) | (depth >= DEEPEST), lengths)
        yield from _neighbours(hashes, rows[order][short], band[order][short])
        for run in long:
            yield from _near_pairs(hashes, run, depth + 1)


def _neighbours(hashes: np.ndarray, rows: np.ndarray, band: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The near pairs among rows of equal band; equal ones lie side by side, so the whole list is compared with itself
    shifted by one, by two, and so on."""
    for gap in range(1, len(rows)):
        same = np.flatnonzero(band[gap:] == band[:-gap])
        if not len(same):
            return
        ones, others = rows[same], rows[same + gap]
        different = hashes[ones] ^ hashes[others]
        for _ in range(BITS_MAX):
            different &= different - np.minimum(different, np.uint64(1))  # takes away the lowest bit that is set
        near = different == 0
        if near.any():
            yield ones[near], others[near]
