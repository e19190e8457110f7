"""Each image goes through a backbone once in its life."""

import sqlite3
import threading
import time

import numpy as np
import pytest

from scripts.learn import embeddings
from scripts.learn.backbones import find
from scripts.learn.embeddings import EmbeddingStore, compute_pixels, embed, store_path
from scripts.learn.images import load_pixels
from scripts.learn.runners import CORES
from tests.helpers import CountingRunner, coloured


@pytest.fixture
def files(tmp_path):
    found = sorted(coloured(tmp_path / "photos", 30).rglob("*.png"))
    return {f"{i:064x}": path for i, path in enumerate(found)}


def test_a_second_run_computes_nothing(files, tmp_path):
    runner = CountingRunner()
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        first = embed(files, runner, store)
    assert (first.computed, runner.seen) == (90, 90)
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        again = embed(files, runner, store)
    assert (again.computed, runner.seen) == (0, 90)
    assert all(np.array_equal(first.vectors[sha], again.vectors[sha]) for sha in files)


def test_each_vector_is_that_of_its_own_image(files):
    runner = CountingRunner()
    with EmbeddingStore(None) as store:
        done = embed(files, runner, store)
    for sha in list(files)[::7]:
        assert np.array_equal(done.vectors[sha], runner.vectors(load_pixels(files[sha], 16)[None])[0])


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_the_first_readable_image_goes_alone_and_the_others_in_batches(files, batch):
    files[next(iter(files))].write_bytes(b"nothing")
    runner = CountingRunner(batch=batch)
    with EmbeddingStore(None) as store:
        assert embed(files, runner, store).computed == 89
    assert runner.calls[0] == 1
    assert max(runner.calls) <= batch


def test_no_more_threads_than_cores_are_in_the_backbone(files):
    class Crowded(CountingRunner):
        inside, most = 0, 0

        def _vectors(self, pixels):
            with lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
            time.sleep(0.002)
            with lock:
                self.inside -= 1
            return super()._vectors(pixels)

    lock, runner = threading.Lock(), Crowded()
    with EmbeddingStore(None) as store:
        embed(files, runner, store)
    assert 1 <= runner.most <= CORES


def test_broken_and_vanished_images_are_left_out_with_the_reason(files, tmp_path):
    shas = list(files)
    files[shas[0]].write_bytes(b"nothing")
    files[shas[45]].unlink()
    steps = []
    with EmbeddingStore(None) as store:
        done = embed(files, CountingRunner(), store, steps.append)
    assert done.bad == {shas[0]: "not an image", shas[45]: "vanished"}
    assert len(done.vectors) == done.computed == 88
    assert sum(steps) == 90


def test_nothing_but_broken_images(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with EmbeddingStore(None) as store:
        done = embed({"a": tmp_path / "a.jpg"}, CountingRunner(), store)
        assert (list(done.vectors), list(done.bad)) == ([], ["a"])
        assert embed({}, CountingRunner(), store).computed == 0


def test_a_run_that_breaks_off_keeps_what_it_has(files, tmp_path):
    class Breaks(CountingRunner):
        def _vectors(self, pixels):
            if self.seen > 40:
                raise KeyboardInterrupt
            return super()._vectors(pixels)

    with EmbeddingStore(tmp_path / "b.sqlite") as store, pytest.raises(KeyboardInterrupt):
        embed(files, Breaks(), store)
    runner = CountingRunner()
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        embed(files, runner, store)
    assert 8 <= 90 - runner.seen <= 60


def test_a_damaged_store_is_begun_anew(files, tmp_path):
    (tmp_path / "b.sqlite").write_bytes(b"rubbish" * 1000)
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        assert embed(files, CountingRunner(), store).computed == 90
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        assert embed(files, CountingRunner(), store).computed == 0


def test_vectors_of_the_wrong_length_are_computed_again(files, tmp_path):
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        embed(files, CountingRunner(), store)
    with sqlite3.connect(tmp_path / "b.sqlite") as db:
        db.execute("UPDATE vectors SET vector = x'0011' WHERE key = ?", (list(files)[3],))
    with EmbeddingStore(tmp_path / "b.sqlite") as store:
        assert embed(files, CountingRunner(), store).computed == 1


def test_other_weights_sizes_and_decoders_have_stores_of_their_own(tmp_path, monkeypatch):
    one = store_path(tmp_path, find("mobilenet_0.50_160"), "a" * 64)
    others = [
        store_path(tmp_path, find("mobilenet_0.50_160"), "b" * 64),
        store_path(tmp_path, find("mobilenet_0.50"), "a" * 64),
    ]
    monkeypatch.setattr(embeddings, "VERSION", 99)
    others.append(store_path(tmp_path, find("mobilenet_0.50_160"), "a" * 64))
    assert len({one, *others}) == 4


def test_images_made_in_memory_are_stored_by_their_name():
    runner = CountingRunner()
    made = {f"sha|flip|{i}": np.full((16, 16, 3), i / 9, np.float32) for i in range(9)}
    with EmbeddingStore(None) as store:
        first, again = (compute_pixels(made, runner, store) for _ in range(2))
    assert runner.seen == 9
    assert all(np.array_equal(first[key], again[key]) for key in made)
