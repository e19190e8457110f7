"""A heap of pictures: clouds of vectors whose kinds are known, so that what lies near what can be said beforehand."""

import numpy as np
import pytest

from scripts.learn import neighbor_graph as heaps
from scripts.learn.neighbor_graph import build_graph, farthest_points, kmeans, propagate_labels, typical
from tests.helpers import blobs

EACH, KINDS = 30, 6


@pytest.fixture(scope="module")
def clouds():
    """The heap of six clouds, and which cloud each row is of."""
    vectors, kinds = blobs(EACH, KINDS)
    return build_graph(vectors), kinds


def nothing(heap) -> np.ndarray:
    return np.zeros(len(heap), bool)


def test_what_lies_near_is_of_the_same_kind_and_never_oneself(clouds):
    heap, kinds = clouds
    assert np.allclose(np.linalg.norm(heap.unit, axis=1), 1, atol=1e-5)
    assert (kinds[heap.near] == kinds[:, None]).mean() > 0.99
    assert not (heap.near == np.arange(len(heap))[:, None]).any()
    for row in (0, 77, 179):
        others = np.delete(heap.unit @ heap.unit[row], row)
        assert np.allclose(np.sort(heap.cosine[row]), np.sort(others)[-heaps.NEAREST :], atol=1e-5)


def test_a_large_heap_is_seen_along_its_main_directions(monkeypatch):
    monkeypatch.setattr(heaps, "LARGE", 100)
    monkeypatch.setattr(heaps, "DIMENSIONS", 8)
    vectors, kinds = blobs(EACH, KINDS)
    heap = build_graph(vectors)
    assert heap.unit.shape == (EACH * KINDS, 8)
    assert (kinds[heap.near] == kinds[:, None]).mean() > 0.98


@pytest.mark.parametrize("count", [2, 3])
def test_a_heap_of_a_few_has_fewer_neighbours(count):
    heap = build_graph(blobs(1, count)[0])
    assert heap.near.shape == (count, count - 1)
    assert propagate_labels(heap, {0: 0, 1: 1}, 2).shape == (count, 2)


@pytest.mark.parametrize("seed", range(5))
def test_each_cloud_is_a_cluster_however_the_dice_fall(clouds, seed):
    heap, kinds = clouds
    member = kmeans(heap.unit, KINDS, seed)
    assert len(set(zip(member.tolist(), kinds.tolist(), strict=True))) == KINDS
    assert (member == kmeans(heap.unit, KINDS, seed)).all()


def test_the_tightest_of_several_tries_is_taken(clouds):
    heap, _ = clouds

    def tightness(member: np.ndarray) -> float:
        return sum(float(np.linalg.norm(heap.unit[member == c].sum(axis=0))) for c in np.unique(member))

    singly = [tightness(heaps._clusters(heap.unit, KINDS, np.random.default_rng(s))[0]) for s in range(20)]
    assert min(singly) < max(singly) - 1  # some tries put two clouds into one
    assert tightness(kmeans(heap.unit, KINDS)) > max(singly) - 1e-3


def test_equal_pictures_and_more_clusters_than_kinds_are_no_trouble():
    unit = np.tile(np.eye(4, dtype=np.float32)[0], (12, 1))
    assert set(kmeans(unit, 5)) == {0}
    heap = build_graph(np.zeros((12, 4), np.float32))
    rows = typical(heap, nothing(heap), 20)
    assert rows and len(set(rows)) == len(rows)


def test_the_first_pictures_are_one_of_each_kind_and_in_its_middle(clouds):
    heap, kinds = clouds
    rows = typical(heap, nothing(heap), KINDS)
    assert sorted(kinds[rows]) == list(range(KINDS))
    for row in rows:
        own = heap.unit[kinds == kinds[row]]
        assert heap.unit[row] @ own.mean(axis=0) >= np.quantile(own @ own.mean(axis=0), 0.95)


def test_kinds_that_hold_a_decided_picture_come_last(clouds):
    heap, kinds = clouds
    taken = nothing(heap)
    taken[[0, EACH]] = True  # of the first two kinds
    rows = typical(heap, taken, 4)
    assert set(kinds[rows]) == {2, 3, 4, 5} and not taken[rows].any()


def test_only_what_is_left_can_be_asked_for(clouds):
    heap, _ = clouds
    taken = ~nothing(heap)
    taken[[5, 50]] = False
    assert sorted(typical(heap, taken, 10)) == [5, 50]
    assert typical(heap, ~nothing(heap), 10) == []


def test_labels_travel_through_their_cloud(clouds):
    heap, kinds = clouds
    shares = propagate_labels(heap, {EACH * kind: kind for kind in range(KINDS)}, KINDS)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4) and (shares >= 0).all()
    assert (shares.argmax(axis=1) == kinds).mean() > 0.98


def test_a_label_with_one_picture_is_not_drowned_by_one_with_many(clouds):
    heap, kinds = clouds
    shares = propagate_labels(heap, {**dict.fromkeys(range(20), 0), EACH: 1}, 2)
    assert (shares[kinds == 1].argmax(axis=1) == 1).mean() > 0.95


def test_where_nothing_arrives_nothing_is_claimed():
    apart = np.repeat(np.eye(2, dtype=np.float32), 15, axis=0)  # two kinds without any way between them
    near = np.stack([np.delete(np.arange(15) + 15 * (row // 15), row % 15)[:10] for row in range(30)])
    heap = heaps.NeighborGraph(apart, near, np.ones((30, 10), np.float32))
    shares = propagate_labels(heap, {0: 0, 1: 1}, 3)
    assert np.allclose(shares[15:], 1 / 3) and np.allclose(heaps.confidence(shares[15:]), 0, atol=1e-6)
    assert np.allclose(heaps.confidence(np.eye(3, dtype=np.float32)), 1)


def test_a_handful_is_unlike_each_other_and_the_first_of_its_kind(clouds):
    heap, kinds = clouds
    worth = np.random.default_rng(1).permutation(len(heap))  # best first
    rows = farthest_points(heap, worth, KINDS)
    assert sorted(kinds[rows]) == list(range(KINDS))
    firsts = [next(int(row) for row in worth if kinds[row] == kind) for kind in range(KINDS)]
    assert set(rows) == set(firsts)
    assert farthest_points(heap, worth[:3], 5) == worth[:3].tolist()
