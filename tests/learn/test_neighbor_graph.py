"""The neighbour graph: clouds of vectors whose kinds are known, so that the neighbours are known beforehand."""

import numpy as np
import pytest

from scripts.learn import neighbor_graph
from scripts.learn.neighbor_graph import build_graph, farthest_points, kmeans, propagate_labels, typical
from tests.helpers import blobs

EACH, KINDS = 30, 6


@pytest.fixture(scope="module")
def clouds():
    """The graph of six clouds, and which cloud each row is of."""
    vectors, kinds = blobs(EACH, KINDS)
    return build_graph(vectors), kinds


def nothing(graph) -> np.ndarray:
    return np.zeros(len(graph), bool)


def test_neighbours_are_of_the_same_kind_and_never_the_image_itself(clouds):
    graph, kinds = clouds
    assert np.allclose(np.linalg.norm(graph.unit, axis=1), 1, atol=1e-5)
    assert (kinds[graph.near] == kinds[:, None]).mean() > 0.99
    assert not (graph.near == np.arange(len(graph))[:, None]).any()
    for row in (0, 77, 179):
        others = np.delete(graph.unit @ graph.unit[row], row)
        assert np.allclose(np.sort(graph.cosine[row]), np.sort(others)[-neighbor_graph.NEAREST :], atol=1e-5)


def test_a_large_graph_is_built_along_its_main_directions(monkeypatch):
    monkeypatch.setattr(neighbor_graph, "LARGE", 100)
    monkeypatch.setattr(neighbor_graph, "DIMENSIONS", 8)
    vectors, kinds = blobs(EACH, KINDS)
    graph = build_graph(vectors)
    assert graph.unit.shape == (EACH * KINDS, 8)
    assert (kinds[graph.near] == kinds[:, None]).mean() > 0.98


@pytest.mark.parametrize("count", [2, 3])
def test_a_graph_of_a_few_images_has_fewer_neighbours(count):
    graph = build_graph(blobs(1, count)[0])
    assert graph.near.shape == (count, count - 1)
    assert propagate_labels(graph, {0: 0, 1: 1}, 2).shape == (count, 2)


@pytest.mark.parametrize("seed", range(5))
def test_each_cloud_is_a_cluster_whatever_the_seed(clouds, seed):
    graph, kinds = clouds
    member = kmeans(graph.unit, KINDS, seed)
    assert len(set(zip(member.tolist(), kinds.tolist(), strict=True))) == KINDS
    assert (member == kmeans(graph.unit, KINDS, seed)).all()


def test_the_tightest_of_several_tries_is_taken(clouds):
    graph, _ = clouds

    def tightness(member: np.ndarray) -> float:
        return sum(float(np.linalg.norm(graph.unit[member == c].sum(axis=0))) for c in np.unique(member))

    singly = [tightness(neighbor_graph._clusters(graph.unit, KINDS, np.random.default_rng(s))[0]) for s in range(20)]
    assert min(singly) < max(singly) - 1  # some tries put two clouds into one
    assert tightness(kmeans(graph.unit, KINDS)) > max(singly) - 1e-3


def test_equal_images_and_more_clusters_than_kinds_do_no_harm():
    unit = np.tile(np.eye(4, dtype=np.float32)[0], (12, 1))
    assert set(kmeans(unit, 5)) == {0}
    graph = build_graph(np.zeros((12, 4), np.float32))
    rows = typical(graph, nothing(graph), 20)
    assert rows and len(set(rows)) == len(rows)


def test_the_first_images_are_one_of_each_kind_and_in_its_middle(clouds):
    graph, kinds = clouds
    rows = typical(graph, nothing(graph), KINDS)
    assert sorted(kinds[rows]) == list(range(KINDS))
    for row in rows:
        own = graph.unit[kinds == kinds[row]]
        assert graph.unit[row] @ own.mean(axis=0) >= np.quantile(own @ own.mean(axis=0), 0.95)


def test_kinds_with_a_labelled_image_come_last(clouds):
    graph, kinds = clouds
    taken = nothing(graph)
    taken[[0, EACH]] = True  # of the first two kinds
    rows = typical(graph, taken, 4)
    assert set(kinds[rows]) == {2, 3, 4, 5} and not taken[rows].any()


def test_only_what_is_left_can_be_asked_for(clouds):
    graph, _ = clouds
    taken = ~nothing(graph)
    taken[[5, 50]] = False
    assert sorted(typical(graph, taken, 10)) == [5, 50]
    assert typical(graph, ~nothing(graph), 10) == []


def test_labels_travel_through_their_cloud(clouds):
    graph, kinds = clouds
    shares = propagate_labels(graph, {EACH * kind: kind for kind in range(KINDS)}, KINDS)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4) and (shares >= 0).all()
    assert (shares.argmax(axis=1) == kinds).mean() > 0.98


def test_a_label_with_one_image_is_not_drowned_by_one_with_many(clouds):
    graph, kinds = clouds
    shares = propagate_labels(graph, {**dict.fromkeys(range(20), 0), EACH: 1}, 2)
    assert (shares[kinds == 1].argmax(axis=1) == 1).mean() > 0.95


def test_where_no_label_arrives_nothing_is_claimed():
    separate = np.repeat(np.eye(2, dtype=np.float32), 15, axis=0)  # two kinds without any way between them
    near = np.stack([np.delete(np.arange(15) + 15 * (row // 15), row % 15)[:10] for row in range(30)])
    graph = neighbor_graph.NeighborGraph(separate, near, np.ones((30, 10), np.float32))
    shares = propagate_labels(graph, {0: 0, 1: 1}, 3)
    assert np.allclose(shares[15:], 1 / 3) and np.allclose(neighbor_graph.confidence(shares[15:]), 0, atol=1e-6)
    assert np.allclose(neighbor_graph.confidence(np.eye(3, dtype=np.float32)), 1)


def test_the_farthest_points_are_the_best_of_each_kind(clouds):
    graph, kinds = clouds
    worth = np.random.default_rng(1).permutation(len(graph))  # best first
    rows = farthest_points(graph, worth, KINDS)
    assert sorted(kinds[rows]) == list(range(KINDS))
    firsts = [next(int(row) for row in worth if kinds[row] == kind) for kind in range(KINDS)]
    assert set(rows) == set(firsts)
    assert farthest_points(graph, worth[:3], 5) == worth[:3].tolist()
