"""The neighbour graph of a pool of images: which images are similar, which are typical, and label propagation over it.

numpy only; nothing is read or written. Vectors come from a backbone (`embeddings.py`).
"""

from dataclasses import dataclass

import numpy as np

from scripts.learn.head import Scaler
from scripts.learn.vectors import unit_rows

NEAREST = 10  # neighbours in the graph (first tried with 10; 5 to 20 hardly differ)
ALPHA, ROUNDS = 0.9, 30  # of label propagation (Zhou et al. 2004, "Learning with local and global consistency")
SHARPNESS = 3  # edges weigh cosine to this power; 8 gave .01 less after ten decisions (six pools, 8 seeds each)
# Added to the number of a label's seeds, as the number of few seeds says little of the label's share in the pool. After
# 50 decisions six uneven pools were .845 right and even ones .907; with equal weight for every label .806 and .905,
# with equal weight for every seed .819.
SEEDS_PRIOR = 2
DIMENSIONS = 128  # main directions used for large pools; with all 2,064 numbers 20,000 images would take minutes
LARGE = 4000  # images, from which on only those are used
BLOCK = 512  # rows compared at a time
CLUSTERS_MAX = 400
TRIES, WORK = 20, 800_000  # k-means starts, while rows times clusters times starts stay below WORK


@dataclass(frozen=True)
class NeighborGraph:
    """`unit` float32 [n, d]: vectors with every feature of the same spread, scaled to length 1 (for large pools only
    their main directions); `near` int [n, NEAREST] and `cosine` float32 [n, NEAREST]: each image's nearest others."""

    unit: np.ndarray
    near: np.ndarray
    cosine: np.ndarray

    def __len__(self) -> int:
        return len(self.unit)


def build_graph(vectors: np.ndarray) -> NeighborGraph:
    """The graph of vectors float32 [n, d], n > 1; under a second for 2,000 images, some seconds for 20,000."""
    scaler = Scaler.fit(vectors, energy=1.0)
    unit = unit_rows(vectors, scaler.mean, scaler.spread).astype(np.float32)
    if len(unit) > LARGE:
        unit = _main_directions(unit)
    count = min(NEAREST, len(unit) - 1)
    near, cosine = np.empty((len(unit), count), int), np.empty((len(unit), count), np.float32)
    for begin in range(0, len(unit), BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, len(unit)))
        similarity = unit[rows] @ unit.T
        similarity[np.arange(len(rows)), rows] = -2
        best = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        near[rows], cosine[rows] = best, np.take_along_axis(similarity, best, axis=1)
    return NeighborGraph(unit, near, np.maximum(cosine, 0))


def _main_directions(unit: np.ndarray) -> np.ndarray:
    """Rows projected on the directions in which a sample of them varies most (PCA), again of length 1."""
    sample = unit[np.random.default_rng(0).permutation(len(unit))[:LARGE]]
    _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64) / len(sample))
    return unit_rows(unit @ directions[:, -DIMENSIONS:].astype(np.float32), np.zeros(1, np.float32)).astype(np.float32)


def propagate_labels(graph: NeighborGraph, seeds: dict[int, int], labels: int) -> np.ndarray:
    """Label propagation: each image's shares of the labels, float32 [n, labels], rows sum to 1; equal where no label
    arrives.

    The seeds of a label with n of them have a total weight of the root of n + 2: a frequent label weighs more, and a
    rare one is not drowned.

    Args:
        seeds: row -> label 0..labels-1.
    """
    start = np.zeros((len(graph), labels), np.float32)
    for row, label in seeds.items():
        start[row, label] = 1
    count = start.sum(axis=0)
    start *= np.sqrt(count + SEEDS_PRIOR) / np.maximum(count, 1)
    rows, columns, weights = _edges(graph)
    begins = np.searchsorted(rows, np.arange(len(graph)))
    propagated = start.copy()
    for _ in range(ROUNDS):
        flow = np.add.reduceat(weights[:, None] * propagated[columns], begins, axis=0)
        propagated = np.float32(ALPHA) * flow + np.float32(1 - ALPHA) * start
    total = propagated.sum(axis=1, keepdims=True)
    return np.where(total > 1e-12, propagated / np.maximum(total, 1e-12), np.float32(1 / labels)).astype(np.float32)


def _edges(graph: NeighborGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The edges in both directions, sorted by row: rows, columns, and weights normalised by both ends (D^-1/2 W
    D^-1/2). Every row has some."""
    n, k = graph.near.shape
    one, other = np.repeat(np.arange(n), k), graph.near.reshape(-1)
    key = np.concatenate([one * n + other, other * n + one])
    key, first = np.unique(key, return_index=True)
    weights = np.tile(np.maximum(graph.cosine.reshape(-1), 1e-3) ** SHARPNESS, 2)[first].astype(np.float32)
    rows, columns = key // n, key % n
    degree = np.bincount(rows, weights=weights, minlength=n).astype(np.float32)
    return rows, columns, weights / np.sqrt(degree[rows] * degree[columns])


def confidence(shares: np.ndarray) -> np.ndarray:
    """How clear the shares float32 [n, k] are, float32 [n]: 0 where all labels are equal, 1 where there is one."""
    k = shares.shape[1]
    return ((shares.max(axis=1) - 1 / k) / (1 - 1 / k)).astype(np.float32)


def typical(graph: NeighborGraph, taken: np.ndarray, count: int, seed: int = 0) -> list[int]:
    """The most typical image of each of the largest clusters without any of `taken` (TypiClust: Hacohen et al.
    2022, "Active learning on a budget: opposite strategies suit high and low budgets").

    Args:
        taken: bool [n], images that are decided or not to be asked about.
    """
    clusters = min(CLUSTERS_MAX, int(taken.sum()) + count, len(graph))
    member = kmeans(graph.unit, clusters, seed)
    covered = np.zeros(clusters, bool)
    covered[np.unique(member[taken])] = True
    sizes = np.bincount(member[~taken], minlength=clusters)
    order = sorted(np.flatnonzero(sizes), key=lambda c: (covered[c], -sizes[c]))
    chosen: list[int] = []
    for cluster in order[:count]:
        rows = np.flatnonzero((member == cluster) & ~taken)
        centre = graph.unit[member == cluster].mean(axis=0)
        chosen.append(int(rows[(graph.unit[rows] @ centre).argmax()]))
    return chosen


def farthest_points(graph: NeighborGraph, rows: np.ndarray, count: int, seed: int = 0) -> list[int]:
    """`count` of the rows that are unlike each other: the first of each cluster.

    Args:
        rows: int [m], the best first.
    """
    if len(rows) <= count:
        return [int(row) for row in rows]
    member = kmeans(graph.unit[rows], count, seed)
    firsts = [int(np.flatnonzero(member == c)[0]) for c in range(count) if (member == c).any()]
    rest = [i for i in range(len(rows)) if i not in set(firsts)]
    return [int(rows[i]) for i in sorted([*firsts, *rest[: count - len(firsts)]])]


def kmeans(unit: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Clusters int [n] of rows of unit length by spherical k-means, the tightest of several tries: ten decisions on the
    typical image of each of ten clusters gave .850 after 20 tries, .845 after 5, .827 after one (six pools)."""
    tries = int(np.clip(WORK // (len(unit) * count), 1, TRIES))
    found = [_clusters(unit, count, np.random.default_rng([seed, turn])) for turn in range(tries)]
    return max(found, key=lambda made: made[1])[0]


def _clusters(unit: np.ndarray, count: int, rng: np.random.Generator, rounds: int = 25) -> tuple[np.ndarray, float]:
    """One try, started by k-means++ (Arthur & Vassilvitskii 2007): clusters int [n], and the sum of each row's cosine
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
    """The best score less the second best, float32 [n]; small where the prediction is uncertain."""
    ordered = np.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]
