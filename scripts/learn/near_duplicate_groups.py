"""Near-duplicate groups of very many pictures, by the rule of `lookalikes.alike` and without comparing all pairs.

Two hashes with at most four different bits agree in at least one of five bands (pigeonhole), so only pictures that
share a band are compared, a band at a time for all pictures at once. A band that very many share is cut further by the
bits in which those still differ. Crowds that the hash does not tell apart (flat pictures, marks on white) are taken
apart by their thumbnails: whole boxes of thumbnails are separated, or joined, at once.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from scripts.learn.fingerprints import BANDS, BITS_MAX, CELL_MAX, SIDE, Fingerprint

SAME = 64  # pictures of one very hash beyond which they are taken as one
CROWD = 1000  # pictures of one band beyond which it is cut further: comparing two hashes takes 5 ns
DEEPEST = 2  # times a band is cut further, before all of its pairs are compared after all
FEW = 4096  # pairs of thumbnails that are simply all compared; 8 MB at a time
FIRST_LOOK = 65536  # pairs that are looked at in their telling cells at a time
TELLING = 4  # cells of a thumbnail in which it is most unlike the others, each in a quarter of its own


def group_near_duplicates(looks: Iterable[tuple[str, Fingerprint]]) -> dict[str, str]:
    """Near-duplicate groups: key -> the group's name, which is the smallest key in it.

    A picture joins every group it is alike to, and so joins those groups.
    """
    by_key = dict(sorted(looks))
    if not by_key:
        return {}
    hashes = np.array([look.dhash for look in by_key.values()], np.uint64)
    net = _Net(hashes, b"".join(look.thumb for look in by_key.values()))
    order = np.argsort(hashes, kind="stable")
    same = np.split(order, np.flatnonzero(np.diff(hashes[order])) + 1)  # rows by their hash
    crowds = {int(rows[0]): rows for rows in same if len(rows) > SAME}
    for rows in crowds.values():
        net.within(rows)
    # A crowd of one hash is met by way of its first row; all others are met one by one.
    met = np.concatenate([rows[:1] if len(rows) > SAME else rows for rows in same])
    for ones, others in _near_pairs(hashes, met):
        if others is None:
            net.within(np.concatenate([crowds.get(row, np.array([row])) for row in ones.tolist()]))
        else:
            net.between(crowds, ones, others)
    keys = list(by_key)
    return {key: keys[net.root(i)] for i, key in enumerate(keys)}


class _Net:
    """Pictures 0..n-1 and which of them hang together; the smallest number of a group is its root."""

    def __init__(self, hashes: np.ndarray, thumbs: bytes):
        self._hashes = hashes
        self._thumbs = np.frombuffer(thumbs, np.uint8).reshape(-1, SIDE * SIDE)
        self._telling = _telling_cells(self._thumbs)
        self._parent = list(range(len(self._thumbs)))
        self._known = np.arange(len(self._thumbs))  # roots as they were some joins ago: the same means joined
        self._joins = 0

    def root(self, i: int) -> int:
        parent = self._parent
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    def within(self, rows: np.ndarray) -> None:
        """Join all that are alike among rows; the smaller half of each cut is gone into, the larger one goes on."""
        while len(rows) > 1:
            low, high = self._box(rows)
            if len(rows) ** 2 <= FEW:
                self._compare(rows, rows)
                return
            if (high - low).max() <= CELL_MAX:
                self._join_near(rows)
                return
            part, rows = sorted(self._halves(rows, low, high), key=len)
            self.within(part)
            self._touch(part, rows)

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
        """Join what is alike between two sets of rows.

        Sets that hang together already, or that are too far apart for any two to be alike, are done with at once, and
        sets all of whose thumbnails are near by their hashes alone; else the wider one is halved.
        """
        while not self._hang_together(np.concatenate([ones, others])):
            (low, high), (low2, high2) = self._box(ones), self._box(others)
            if max((low - high2).max(), (low2 - high).max()) > CELL_MAX:
                return
            if (np.maximum(high, high2) - np.minimum(low, low2)).max() <= CELL_MAX:
                self._join_near(np.concatenate([ones, others]))
                return
            if len(ones) * len(others) <= FEW:
                self._compare(ones, others)
                return
            if len(others) > 1 and (len(ones) == 1 or (high2 - low2).max() > (high - low).max()):
                ones, others, low, high = others, ones, low2, high2
            part, ones = sorted(self._halves(ones, low, high), key=len)
            self._touch(part, others)

    def _hang_together(self, rows: np.ndarray) -> bool:
        """Whether all rows are known to be joined."""
        return bool((self._known[rows] == self._known[rows[0]]).all())

    def _box(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The least and the greatest value of each cell, int16 [cells]."""
        thumbs = self._thumbs[rows]
        return thumbs.min(axis=0).astype(np.int16), thumbs.max(axis=0).astype(np.int16)

    def _halves(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows below and above the widest gap between the values of the cell that varies most; a gap of more than
        CELL_MAX sets the two apart for good, so where there is none the middle is as good."""
        values = self._thumbs[rows, int((high - low).argmax())]
        steps = np.unique(values).astype(np.int16)
        gaps = np.diff(steps)
        if not len(gaps):
            return rows[: len(rows) // 2], rows[len(rows) // 2 :]
        edge = steps[gaps.argmax()] if gaps.max() > CELL_MAX else (steps[0] + steps[-1]) // 2
        return rows[values <= edge], rows[values > edge]

    def _compare(self, ones: np.ndarray, others: np.ndarray) -> None:
        """All pairs of two small sets."""
        left, right = np.repeat(ones, len(others)), np.tile(others, len(ones))
        near = _near(self._hashes[left], self._hashes[right])
        self._join_alike(left[near], right[near])

    def _join_alike(self, ones: np.ndarray, others: np.ndarray) -> None:
        """Join those pairs whose thumbnails are alike; their hashes are. The telling cells set most apart."""
        for begin in range(0, len(ones), FIRST_LOOK):
            a, b = self._not_joined(ones[begin : begin + FIRST_LOOK], others[begin : begin + FIRST_LOOK])
            cells = np.concatenate([self._telling[a], self._telling[b]], axis=1)
            a, b = _alike(self._thumbs[a[:, None], cells], self._thumbs[b[:, None], cells], a, b)
            for some in range(0, len(a), FEW):
                left, right = self._not_joined(a[some : some + FEW], b[some : some + FEW])
                self._join_pairs(*_alike(self._thumbs[left], self._thumbs[right], left, right))

    def _join_near(self, rows: np.ndarray) -> None:
        """Join those rows whose hashes are near; their thumbnails are."""
        if (self._hashes[rows] == self._hashes[rows[0]]).all():
            self._join_pairs(np.repeat(rows[:1], len(rows)), rows)
            return
        for ones, others in _neighbours(self._hashes, rows, np.zeros(len(rows), np.uint64)):
            self._join_pairs(*self._not_joined(ones, others))

    def _not_joined(self, ones: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        apart = self._known[ones] != self._known[others]
        return ones[apart], others[apart]

    def _join_pairs(self, ones: np.ndarray, others: np.ndarray) -> None:
        for i, j in zip(ones.tolist(), others.tolist(), strict=True):
            self._join(i, j)

    def _join(self, i: int, j: int) -> None:
        a, b = self.root(i), self.root(j)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
            self._joins += 1
            if self._joins >= max(100, len(self._parent) // 20):
                self._joins = 0
                self._known = np.array([self.root(k) for k in range(len(self._parent))])


def _telling_cells(thumbs: np.ndarray) -> np.ndarray:
    """The cells [n, TELLING] in which thumbnails [n, cells] differ most from the mean one."""
    mean = thumbs[:: max(1, len(thumbs) // 10_000)].mean(axis=0).astype(np.uint8)
    width = thumbs.shape[1] // TELLING
    found = np.empty((len(thumbs), TELLING), np.int32)
    for begin in range(0, len(thumbs), FEW):
        some = thumbs[begin : begin + FEW]
        off = (np.maximum(some, mean) - np.minimum(some, mean)).reshape(-1, TELLING, width)
        found[begin : begin + FEW] = off.argmax(axis=2) + np.arange(TELLING) * width
    return found


def _alike(left: np.ndarray, right: np.ndarray, *rows: np.ndarray) -> list[np.ndarray]:
    """Those of the rows whose thumbnails, or cells of them, differ in no cell by more than CELL_MAX."""
    same = (np.maximum(left, right) - np.minimum(left, right)).max(axis=1, initial=0) <= CELL_MAX
    return [some[same] for some in rows]


def _near_pairs(hashes: np.ndarray, rows: np.ndarray, depth: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Pairs of rows, as two index arrays at a time, whose hashes differ in at most BITS_MAX bits; some twice. Or rows
    and None: a crowd that the hash hardly tells apart."""
    own = hashes[rows]
    varying = int(np.bitwise_or.reduce(own ^ own[0]))
    places = [bit for bit in range(64) if varying >> bit & 1]
    bands = [own & np.uint64(sum(1 << int(bit) for bit in cut)) for cut in np.array_split(np.array(places, int), BANDS)]
    if len(rows) > CROWD and max(np.unique(band, return_counts=True)[1].max() for band in bands) > len(rows) / 2:
        yield rows, None
        return
    for band in bands:
        order = np.argsort(band, kind="stable")
        edges = np.flatnonzero(np.diff(band[order])) + 1
        runs = np.split(rows[order], edges)
        lengths = np.diff(np.r_[0, edges, len(order)])
        short = np.repeat(lengths <= CROWD, lengths)
        yield from _neighbours(hashes, rows[order][short], band[order][short])
        for run in runs:
            if len(run) > CROWD and depth < DEEPEST:
                yield from _near_pairs(hashes, run, depth + 1)
            elif len(run) > CROWD:
                yield run, None


def _neighbours(hashes: np.ndarray, rows: np.ndarray, band: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The near pairs among rows of equal band; equal ones lie side by side, so the whole list is compared with itself
    shifted by one, by two, and so on."""
    for gap in range(1, len(rows)):
        same = np.flatnonzero(band[gap:] == band[:-gap])
        if not len(same):
            return
        ones, others = rows[same], rows[same + gap]
        near = _near(hashes[ones], hashes[others])
        if near.any():
            yield ones[near], others[near]


def _near(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether hashes differ in at most BITS_MAX bits, pair by pair."""
    different = ones ^ others
    for _ in range(BITS_MAX):
        different &= different - np.minimum(different, np.uint64(1))  # takes away the lowest bit that is set
    return different == 0
