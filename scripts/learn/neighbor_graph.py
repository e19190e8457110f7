"""A heap of pictures without labels: what lies near what, which pictures are typical, and labels spread over it.

numpy only; nothing is read or written. Vectors come from a backbone (`bottlenecks.py`).
"""

from dataclasses import dataclass

import numpy as np

from scripts.learn.head import Scaler
from scripts.learn.metrics import unit_rows

NEAREST = 10  # neighbours in the graph (first tried with 10; 5 to 20 hardly differ)
ALPHA, ROUNDS = 0.9, 30  # how far labels travel (Zhou et al. 2004, "Learning with local and global consistency")
SHARPNESS = 3  # edges weigh cosine to this power; 8 gave .01 less after ten decisions (six heaps, 8 drawings each)
# Of how few seeds their number says little. Six uneven heaps came out .845 after 50 decisions, even ones .907; where
# every label weighed the same .806 and .905, where every seed did .819.
SMALL_MIN = 2
DIMENSIONS = 128  # directions kept for large heaps; with all 2,064 numbers 20,000 pictures would take minutes
LARGE = 4000  # pictures from which on only those are used
BLOCK = 512  # rows compared at a time
CLUSTERS_MAX = 400
TRIES, WORK = 20, 800_000  # k-means begun anew so often, as long as rows times clusters times tries stay below WORK


@dataclass(frozen=True)
class NeighborGraph:
    """`unit` float32 [n, d]: vectors with every feature of the same spread, scaled to length 1 (for large heaps only
    their main directions); `near` int [n, NEAREST] and `cosine` float32 [n, NEAREST]: each picture's nearest others."""

    unit: np.ndarray
    near: np.ndarray
    cosine: np.ndarray

    def __len__(self) -> int:
        return len(self.unit)


def build_graph(vectors: np.ndarray) -> NeighborGraph:
    """The heap of vectors float32 [n, d], n > 1; under a second for 2,000 pictures, some seconds for 20,000."""
    scaler = Scaler.fit(vectors, energy=1.0)
    unit = unit_rows(vectors, scaler.mean, scaler.spread).astype(np.float32)
    if len(unit) > LARGE:
        unit = _main_directions(unit)
    count = min(NEAREST, len(unit) - 1)
    near, cosine = np.empty((len(unit), count), int), np.empty((len(unit), count), np.float32)
    for begin in range(0, len(unit), BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, len(unit)))
        alike = unit[rows] @ unit.T
        alike[np.arange(len(rows)), rows] = -2
        best = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        near[rows], cosine[rows] = best, np.take_along_axis(alike, best, axis=1)
    return NeighborGraph(unit, near, np.maximum(cosine, 0))


def _main_directions(unit: np.ndarray) -> np.ndarray:
    """Rows seen along the directions in which a sample of them varies most, again of length 1."""
    some = unit[np.random.default_rng(0).permutation(len(unit))[:LARGE]]
    _, directions = np.linalg.eigh((some.T @ some).astype(np.float64) / len(some))
    return unit_rows(unit @ directions[:, -DIMENSIONS:].astype(np.float32), np.zeros(1, np.float32)).astype(np.float32)


def propagate_labels(heap: NeighborGraph, seeds: dict[int, int], labels: int) -> np.ndarray:
    """Labels spread over the graph: each picture's shares float32 [n, labels], rows sum to 1.

    Of a label with n seeds these sum to the root of n + 2: a frequent label weighs more, and a rare one is not drowned.
    Where nothing arrives, all shares are equal.

    Args:
        seeds: row -> label 0..labels-1.
    """
    start = np.zeros((len(heap), labels), np.float32)
    for row, label in seeds.items():
        start[row, label] = 1
    count = start.sum(axis=0)
    start *= np.sqrt(count + SMALL_MIN) / np.maximum(count, 1)
    rows, columns, weights = _edges(heap)
    begins = np.searchsorted(rows, np.arange(len(heap)))
    reach = start.copy()
    for _ in range(ROUNDS):
        flow = np.add.reduceat(weights[:, None] * reach[columns], begins, axis=0)
        reach = np.float32(ALPHA) * flow + np.float32(1 - ALPHA) * start
    total = reach.sum(axis=1, keepdims=True)
    return np.where(total > 1e-12, reach / np.maximum(total, 1e-12), np.float32(1 / labels)).astype(np.float32)


def _edges(heap: NeighborGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The graph both ways, sorted by row: rows, columns, weights normalised by both ends (D^-1/2 W D^-1/2). Every row
    has edges, for it has nearest neighbours."""
    n, k = heap.near.shape
    one, other = np.repeat(np.arange(n), k), heap.near.reshape(-1)
    key = np.concatenate([one * n + other, other * n + one])
    key, first = np.unique(key, return_index=True)
    weights = np.tile(np.maximum(heap.cosine.reshape(-1), 1e-3) ** SHARPNESS, 2)[first].astype(np.float32)
    rows, columns = key // n, key % n
    degree = np.bincount(rows, weights=weights, minlength=n).astype(np.float32)
    return rows, columns, weights / np.sqrt(degree[rows] * degree[columns])


def confidence(shares: np.ndarray) -> np.ndarray:
    """How decided shares are, 0..1: 0 where all labels are equal, 1 where there is one."""
    k = shares.shape[1]
    return ((shares.max(axis=1) - 1 / k) / (1 - 1 / k)).astype(np.float32)


def typical(heap: NeighborGraph, taken: np.ndarray, count: int, seed: int = 0) -> list[int]:
    """The most typical picture of each of the largest clusters that hold none of `taken` (TypiClust: Hacohen et al.
    2022, "Active learning on a budget: opposite strategies suit high and low budgets").

    Args:
        taken: bool [n], pictures that are decided or not to be asked for.
    """
    clusters = min(CLUSTERS_MAX, int(taken.sum()) + count, len(heap))
    member = kmeans(heap.unit, clusters, seed)
    covered = np.zeros(clusters, bool)
    covered[np.unique(member[taken])] = True
    sizes = np.bincount(member[~taken], minlength=clusters)
    order = sorted(np.flatnonzero(sizes), key=lambda c: (covered[c], -sizes[c]))
    chosen: list[int] = []
    for cluster in order[:count]:
        rows = np.flatnonzero((member == cluster) & ~taken)
        centre = heap.unit[member == cluster].mean(axis=0)
        chosen.append(int(rows[(heap.unit[rows] @ centre).argmax()]))
    return chosen


def farthest_points(heap: NeighborGraph, rows: np.ndarray, count: int, seed: int = 0) -> list[int]:
    """`count` of the rows, unlike each other; rows come in the order of their worth, and of each cluster the first is
    taken."""
    if len(rows) <= count:
        return [int(row) for row in rows]
    member = kmeans(heap.unit[rows], count, seed)
    firsts = [int(np.flatnonzero(member == c)[0]) for c in range(count) if (member == c).any()]
    rest = [i for i in range(len(rows)) if i not in set(firsts)]
    return [int(rows[i]) for i in sorted([*firsts, *rest[: count - len(firsts)]])]


def kmeans(unit: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Clusters int [n] of rows of unit length by spherical k-means, the tightest of several tries: ten decisions on the
    typical picture of each of ten clusters gave .850 after 20 tries, .845 after 5, .827 after one (six heaps)."""
    tries = int(np.clip(WORK // (len(unit) * count), 1, TRIES))
    found = [_clusters(unit, count, np.random.default_rng([seed, turn])) for turn in range(tries)]
    return max(found, key=lambda made: made[1])[0]


def _clusters(unit: np.ndarray, count: int, rng: np.random.Generator, rounds: int = 25) -> tuple[np.ndarray, float]:
    """One try, begun with k-means++ (Arthur & Vassilvitskii 2007): clusters int [n], and the sum of each row's cosine
    to its centre."""
    n = len(unit)
    centres = np.empty((count, unit.shape[1]), np.float32)
    centres[0] = unit[rng.integers(n)]
    away = np.maximum(1 - unit @ centres[0], 0)
    for i in range(1, count):
        total = float(away.sum())
        row = rng.choice(n, p=away / total) if total > 0 else rng.integers(n)
        centres[i] = unit[row]
        away = np.minimum(away, np.maximum(1 - unit @ centres[i], 0))
    member = np.zeros(n, int)
    for turn in range(rounds):
        cosine = unit @ centres.T
        closest = cosine.argmax(axis=1)
        if turn and (closest == member).all():
            break
        member = closest
        sums = (member == np.arange(count)[:, None]).astype(np.float32) @ unit
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(length > 1e-9, sums / np.maximum(length, 1e-9), centres)
    return member, float(cosine.max(axis=1).sum())


def margins(probabilities: np.ndarray) -> np.ndarray:
    """The best score less the second best, float32 [n]; small where the guess is in doubt."""
    ordered = np.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]
