"""A table of embeddings reads like a float32 array, whatever it keeps, and stays small."""

import contextlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.learn.embedding_table import BLOCK, EmbeddingTable, KeyedEmbeddings
from scripts.learn.grid import Grid
from scripts.learn.head import Head, Moments

D = 7
GRID, OTHER = (
    Grid(np.linspace(0.1, scale, D, dtype=np.float32), np.arange(D, dtype=np.float32) - 3) for scale in (0.5, 0.7)
)


def places(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-128, 128, (n, D), dtype=np.int8)


@pytest.fixture(params=["int8", "float32"])
def pair(request) -> tuple[EmbeddingTable, np.ndarray]:
    """A table of more than two blocks, and what it should read like."""
    stored = places(2 * BLOCK + 5)
    if request.param == "int8":
        return EmbeddingTable(stored, GRID), GRID.values(stored)
    return EmbeddingTable.of(GRID.values(stored)), GRID.values(stored)


def test_it_reads_like_an_array(pair):
    table, array = pair
    assert table.shape == array.shape and len(table) == len(array) and table[:].dtype == np.float32
    mask = np.random.default_rng(1).random(len(array)) < 0.3
    for rows in (3, -1, slice(5, 9), [4, 4, 0], np.array([], int), mask, slice(None)):
        assert np.array_equal(table[rows], array[rows])
    assert np.array_equal(np.stack(list(table)), array) and np.array_equal(np.asarray(table), array)
    assert np.allclose(table.mean(), array.mean(axis=0), atol=1e-4)


def test_a_selection_of_a_selection_is_one_of_the_whole(pair):
    table, array = pair
    rows = np.random.default_rng(2).permutation(len(array))[:100]
    assert np.array_equal(table.subset(rows).subset(slice(10, 20))[:], array[rows][10:20])


def test_blocks_are_all_rows_in_order_and_there_is_always_one(pair):
    table, array = pair
    found = list(table.blocks())
    assert [len(block) for _, block in found] == [BLOCK, BLOCK, 5]
    assert all(np.array_equal(block, array[where]) for where, block in found)
    assert [block.shape for _, block in table.subset([]).blocks()] == [(0, D)]


def test_nobody_can_change_a_table_by_what_was_read(pair):
    table, array = pair
    for rows in (slice(None), slice(1, 3), [1, 2], 4):
        with contextlib.suppress(ValueError):  # read-only where it is no copy
            table[rows][:] = 0
    assert np.array_equal(table[:], array)


def test_rows_are_read_scaled(pair):
    table, array = pair
    mean, spread = array.mean(axis=0), array.std(axis=0)
    for one, rows in ((table, [5, 1, 1]), (table.subset([5, 1]), slice(0, 2))):
        assert np.allclose(one.scaled(mean, spread)(rows), (one[rows] - mean) / spread, atol=1e-4)


def test_a_head_predicts_a_table_as_it_does_an_array(pair):
    table, array = pair
    head = Head(np.random.default_rng(3).normal(size=(D, 4)).astype(np.float32), np.ones(4, np.float32))
    assert np.allclose(head.logits(table), head.logits(array), atol=1e-4)
    assert head.logits(table.subset([])).shape == (0, 4)


@pytest.mark.parametrize("other", [GRID, Grid(GRID.scale.copy(), GRID.zero.copy()), OTHER, None])
def test_two_tables_one_after_the_other(other):
    one, more = EmbeddingTable(places(4), GRID), places(3, 1)
    two = EmbeddingTable(more, other) if other else EmbeddingTable.of(GRID.values(more))
    both = one.subset([3, 0]).followed_by(two)
    assert np.array_equal(both[:], np.concatenate([one[[3, 0]], two[:]]))


def test_rows_of_one_table_are_put_together_without_a_copy():
    table = EmbeddingTable(places(4), GRID)
    both = table.subset([0, 1]).followed_by(table.subset([3]))
    assert both._stored is table._stored and np.array_equal(both[:], table[[0, 1, 3]])


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=5),
            st.sampled_from(["places", "of the grid", "of another grid", "any"]),
        ),
        max_size=6,
    ),
    st.integers(0, 4),
)
def test_whatever_is_added_is_found_again(additions, capacity):
    keyed, want = KeyedEmbeddings(D, capacity), dict[str, np.ndarray]()
    for number, (keys, kind) in enumerate(additions):
        some, grid = places(len(keys), number), OTHER if kind == "of another grid" else GRID
        values = grid.values(some) + np.float32(0.01 if kind == "any" else 0)
        keyed.add(keys, some if kind == "places" else values, None if kind == "any" else grid)
        want |= dict(zip(keys, values, strict=True))
    assert list(keyed) == list(want) and len(keyed) == len(want)
    assert all(np.array_equal(keyed[key], vector) for key, vector in want.items())
    assert np.array_equal(keyed.table([*want])[:], np.array([*want.values()], np.float32).reshape(-1, D))


def test_what_is_not_there_is_said_so():
    keyed = KeyedEmbeddings(D, 1)
    assert "a" not in keyed and keyed.get("a") is None and keyed.table([]).shape == (0, D)
    with pytest.raises(KeyError):
        keyed.table(["a"])


def test_moments_are_those_of_all_rows_however_they_come():
    x = np.random.default_rng(4).normal(1000, 0.5, (3 * BLOCK, 4)).astype(np.float32)  # far from 0: sums would round
    table = EmbeddingTable.of(x)
    parts = [table.subset(np.arange(len(x)) % 5 == fold) for fold in range(5)]
    found = Moments.of(table.subset([]))
    for part in parts:
        found = found.joined(Moments.of(part))
    exact = x.astype(np.float64)
    for moments in (found, Moments.of(table)):
        assert moments.count == len(x)
        assert np.allclose(moments.mean, exact.mean(axis=0), rtol=1e-6)
        assert np.allclose(moments.squares / len(x), exact.var(axis=0), rtol=1e-3)


TRAINING = """
import resource
import numpy as np
from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.grid import Grid
from scripts.learn.lbfgs import fit_lbfgs
from scripts.learn.train import HeadConfig, examples_of, train

n, d = 40_000, 1024
rng = np.random.default_rng(0)
y = np.arange(n) % 2
places = rng.integers(-128, 128, (n, d), dtype=np.int8)
places[:, :200] = np.where(y[:, None] == 1, 40, -40)
yes = np.ones(n, bool)
test = np.arange(n) % 6 == 0
data = Dataset(
    ["a", "b"], [None] * n, EmbeddingTable(places, Grid(np.full(d, 0.1, np.float32), np.zeros(d, np.float32))),
    y, yes, test, ~test, ~yes, np.ones(n, np.float32), np.arange(n), np.arange(n) % 5,
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
head = {fits}
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
right = (head.logits(data.vectors).argmax(axis=1) == y).mean()
print(right, 1024 * (after - before) / (n * d))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is counted in other units")
@pytest.mark.parametrize(
    "fits",
    ["train(data, HeadConfig(steps=50)).head", "fit_lbfgs(examples_of(data, data.train), 1e-4, iterations=10)"],
    ids=["sgd", "lbfgs"],
)
def test_training_makes_no_copy_of_all_embeddings(fits):
    """Beside the table itself, a byte a number, it takes the room of some blocks; a copy in float32 would take four
    bytes a number."""
    script = TRAINING.format(fits=fits)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    right, bytes_a_number = map(float, done.stdout.split())
    assert right > 0.99
    assert bytes_a_number < 2
