"""Each picture goes through a backbone once in its life."""

import sqlite3
import threading
import time

import numpy as np
import pytest

from scripts.learn import bottlenecks, images
from scripts.learn.backbones import find
from scripts.learn.bottlenecks import Store, compute, compute_pixels, store_path
from scripts.learn.images import load_pixels
from scripts.learn.runners import CORES
from tests.helpers import CountingRunner, coloured


@pytest.fixture
def files(tmp_path):
    found = sorted(coloured(tmp_path / "photos", 30).rglob("*.png"))
    return {f"{i:064x}": path for i, path in enumerate(found)}


def test_once_is_enough(files, tmp_path):
    runner = CountingRunner()
    with Store(tmp_path / "b.sqlite") as store:
        first = compute(files, runner, store)
    assert (first.computed, runner.seen) == (90, 90)
    with Store(tmp_path / "b.sqlite") as store:
        again = compute(files, runner, store)
    assert (again.computed, runner.seen) == (0, 90)
    assert all(np.array_equal(first.vectors[sha], again.vectors[sha]) for sha in files)


def test_each_vector_is_its_own_pictures(files):
    runner = CountingRunner()
    with Store(None) as store:
        done = compute(files, runner, store)
    for sha in list(files)[::7]:
        assert np.array_equal(done.vectors[sha], runner.vectors(load_pixels(files[sha], 16)[None])[0])


def test_large_pictures_are_decoded_before_the_backbone_is_opened_and_come_out_the_same(files, monkeypatch):
    """Some are large, one of those is broken: nothing else of them is decoded once the backbone runs."""
    shas = list(files)
    small = compute(files, CountingRunner(), Store(None))
    for n in (3, 40, 88):
        with images.opened(files[shas[n]]) as image:
            image.resize((130, 130)).save(files[shas[n]])
    whole = files[shas[40]].read_bytes()
    files[shas[40]].write_bytes(whole[: len(whole) // 2])
    expected = {sha: load_pixels(files[sha], 16) for sha in (shas[3], shas[88])}
    read, runner = [], CountingRunner()
    monkeypatch.setattr(images, "LARGE", 128 * 128)
    for name in ("load_square", "load_pixels"):
        true = getattr(bottlenecks, name)
        monkeypatch.setattr(bottlenecks, name, lambda source, *how, true=true, name=name: read.append(
            (name, source, runner.seen)) or true(source, *how))  # fmt: skip
    done = compute(files, runner, Store(None))
    first = {source: seen for name, source, seen in read if name == "load_square"}
    assert first == {files[shas[n]]: 0 for n in (3, 40, 88)}
    assert not {source for name, source, _ in read if name == "load_pixels"} & {files[shas[3]], files[shas[88]]}
    assert done.bad == {shas[40]: "damaged or cut off"} and len(done.vectors) == 89
    for sha, pixels in expected.items():
        assert np.array_equal(done.vectors[sha], runner.vectors(pixels[None])[0])
    assert np.array_equal(done.vectors[shas[0]], small.vectors[shas[0]])


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_the_first_readable_picture_goes_alone_and_the_others_in_batches(files, batch):
    files[next(iter(files))].write_bytes(b"nothing")
    runner = CountingRunner(batch=batch)
    with Store(None) as store:
        assert compute(files, runner, store).computed == 89
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
    with Store(None) as store:
        compute(files, runner, store)
    assert 1 <= runner.most <= CORES


def test_broken_and_vanished_pictures_are_set_aside_with_the_reason(files, tmp_path):
    shas = list(files)
    files[shas[0]].write_bytes(b"nothing")
    files[shas[45]].unlink()
    steps = []
    with Store(None) as store:
        done = compute(files, CountingRunner(), store, steps.append)
    assert done.bad == {shas[0]: "not a picture", shas[45]: "vanished"}
    assert len(done.vectors) == done.computed == 88
    assert sum(steps) == 90


def test_nothing_but_broken_pictures(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with Store(None) as store:
        done = compute({"a": tmp_path / "a.jpg"}, CountingRunner(), store)
        assert (done.vectors, list(done.bad)) == ({}, ["a"])
        assert compute({}, CountingRunner(), store).computed == 0


def test_a_run_that_breaks_off_keeps_what_it_has(files, tmp_path):
    class Breaks(CountingRunner):
        def _vectors(self, pixels):
            if self.seen > 40:
                raise KeyboardInterrupt
            return super()._vectors(pixels)

    with Store(tmp_path / "b.sqlite") as store, pytest.raises(KeyboardInterrupt):
        compute(files, Breaks(), store)
    runner = CountingRunner()
    with Store(tmp_path / "b.sqlite") as store:
        compute(files, runner, store)
    assert 8 <= 90 - runner.seen <= 60


def test_a_damaged_store_is_begun_anew(files, tmp_path):
    (tmp_path / "b.sqlite").write_bytes(b"rubbish" * 1000)
    with Store(tmp_path / "b.sqlite") as store:
        assert compute(files, CountingRunner(), store).computed == 90
    with Store(tmp_path / "b.sqlite") as store:
        assert compute(files, CountingRunner(), store).computed == 0


def test_vectors_of_the_wrong_length_are_computed_again(files, tmp_path):
    with Store(tmp_path / "b.sqlite") as store:
        compute(files, CountingRunner(), store)
    with sqlite3.connect(tmp_path / "b.sqlite") as db:
        db.execute("UPDATE vectors SET vector = x'0011' WHERE key = ?", (list(files)[3],))
    with Store(tmp_path / "b.sqlite") as store:
        assert compute(files, CountingRunner(), store).computed == 1


def test_other_weights_sizes_and_decoders_have_stores_of_their_own(tmp_path, monkeypatch):
    one = store_path(tmp_path, find("mobilenet_0.50_160"), "a" * 64)
    others = [store_path(tmp_path, find("mobilenet_0.50_160"), "b" * 64), store_path(tmp_path, find("mobilenet_0.50"), "a" * 64)]
    monkeypatch.setattr(bottlenecks, "VERSION", 99)
    others.append(store_path(tmp_path, find("mobilenet_0.50_160"), "a" * 64))
    assert len({one, *others}) == 4


def test_pictures_made_in_memory_are_kept_by_their_name():
    runner = CountingRunner()
    made = {f"sha|flip|{i}": np.full((16, 16, 3), i / 9, np.float32) for i in range(9)}
    with Store(None) as store:
        first, again = (compute_pixels(made, runner, store) for _ in range(2))
    assert runner.seen == 9
    assert all(np.array_equal(first[key], again[key]) for key in made)
