"""A backbone in int8: near float32, the same every time, and stored without loss in a quarter of the room."""

import contextlib
import hashlib
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.learn import conversion
from scripts.learn.backbone_files import key_on_disk, locate
from scripts.learn.backbones import BackboneProblem, find
from scripts.learn.embeddings import EmbeddingStore, embed, store_path
from scripts.learn.example_images import example_images
from scripts.learn.grid import Grid
from scripts.learn.images import load_pixels
from scripts.learn.runners import open_runner
from tests.helpers import coloured_image
from tests.terminal import PROJECT

INT8, FLOAT32 = (find("efficientnet_lite0", 128, precision) for precision in ("int8", "float32"))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    locate(INT8, folder)
    return folder


@pytest.fixture(scope="module")
def int8(models):
    return open_runner(INT8, locate(INT8, models), models / "converted")


@pytest.fixture(scope="module")
def images():
    return np.stack(list(example_images(500, 12, 128)))


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_the_drawn_images_are_the_same_everywhere():
    """Recorded when they were first drawn."""
    painted = b"".join(image.tobytes() for image in example_images(0, 32, 224))
    assert hashlib.sha256(painted).hexdigest()[:16] == "b3d5ab0e9a6b8dd3"
    assert len({image.tobytes() for image in example_images(0, 40, 64)}) == 40


def test_int8_is_what_a_lite_runs_in_unless_asked_otherwise():
    assert find("efficientnet_lite0").precision == find("efficientnet_lite2").precision == "int8"
    assert find("efficientnet_lite0", precision="float32").precision == "float32"
    assert find("mobilenet_1.0", precision="int8").precision == "float32"


def test_models_of_before_go_by_the_key_they_had(tmp_path):
    key = key_on_disk(find("efficientnet_lite0", precision="float32"), tmp_path)
    assert key.startswith("67b498623b12") and key_on_disk(find("efficientnet_lite0"), tmp_path) != key


def test_vectors_are_near_those_in_float32_and_the_same_every_time(models, int8, images):
    float32 = open_runner(FLOAT32, locate(FLOAT32, models), models / "converted")
    a, b = int8.vectors(images), float32.vectors(images)
    assert a.shape == b.shape == (12, 2064) and a.dtype == np.float32
    assert 0.97 < cosines(a, b).mean() < 0.9999
    centred = b.mean(axis=0)
    assert cosines(a - centred, b - centred).mean() > 0.9
    assert np.array_equal(a, int8.vectors(images))
    assert np.array_equal(a, np.concatenate([int8.vectors(images[i : i + 1]) for i in range(12)]))


def test_pixels_may_come_as_fractions_or_as_whole_numbers(models, int8, images):
    for runner in (int8, open_runner(FLOAT32, locate(FLOAT32, models), models / "converted")):
        assert np.array_equal(runner.vectors(images), runner.vectors(images.astype(np.float32) / np.float32(255)))


def test_a_conversion_that_was_cut_short_is_made_again_and_gives_the_same(models, int8, images):
    (kept,) = (models / "converted").glob(f"*{int8.key[:12]}.tflite")
    before = kept.read_bytes()
    kept.write_bytes(before[:1000])
    again = open_runner(INT8, locate(INT8, models), models / "converted")
    assert conversion.is_checked(kept) and kept.read_bytes() == before
    assert np.array_equal(again.vectors(images), int8.vectors(images))


def test_a_network_that_gives_other_vectors_is_refused(models, tmp_path, monkeypatch):
    monkeypatch.setattr(conversion, "LIKENESS", 1.1)
    monkeypatch.setattr(conversion, "convert", conversion.convert_here)
    monkeypatch.setattr("scripts.learn.runners.convert", conversion.convert_here)
    with pytest.raises(BackboneProblem, match="in int8 gives other vectors") as found:
        open_runner(INT8, locate(INT8, models), tmp_path)
    assert "--precision float32" in found.value.hint and not list(tmp_path.glob("*.tflite"))


def test_there_is_no_other_way_in_int8(models):
    with pytest.raises(BackboneProblem, match="float32 only"):
        open_runner(INT8, locate(INT8, models), models / "converted", "full")


# The store


def image_files(folder, count: int) -> dict:
    files = {}
    for number in range(count):
        files[f"{number:064x}"] = folder / f"{number}.png"
        coloured_image((90, 120, 200), number).save(folder / f"{number}.png")
    return files


def test_what_is_stored_is_what_was_computed(int8, tmp_path):
    files = image_files(tmp_path, 9)
    path = store_path(tmp_path, INT8, int8.key)
    with EmbeddingStore(path) as store:
        computed = embed(files, int8, store)
    with EmbeddingStore(path) as store:
        kept = store.get(list(files), int8.vector_length)
    assert computed.computed == 9 and kept.keys() == computed.vectors.keys()
    assert all(np.array_equal(kept[sha], computed.vectors[sha]) for sha in files)
    pixels = load_pixels(files[f"{3:064x}"], 128)
    assert np.array_equal(kept[f"{3:064x}"], int8.vectors(pixels[None])[0])


def test_a_store_takes_a_quarter_of_the_space_it_took(int8, tmp_path):
    vectors = {f"{n:064x}": int8.grid.values(np.full(2064, n % 100, np.int8)) for n in range(2000)}
    with EmbeddingStore(tmp_path / "store.sqlite") as store:
        store.put(vectors, int8.grid)
    size = (tmp_path / "store.sqlite").stat().st_size
    assert size <= 0.3 * 17_575_936  # of 2,000 images in float32, before
    assert size / 2000 * 100_000 < 300_000_000


def test_a_store_of_before_is_read_on_and_may_hold_both(int8, tmp_path):
    old, new = np.linspace(-3, 3, 2064, dtype=np.float32), int8.grid.values(np.arange(2064).astype(np.int8))
    with EmbeddingStore(tmp_path / "store.sqlite") as store:
        store.put({"old": old})
        store.put({"new": new}, int8.grid)
    with EmbeddingStore(tmp_path / "store.sqlite") as store:
        kept = store.get(["old", "new"], 2064)
        assert np.array_equal(kept["old"], old) and np.array_equal(kept["new"], new)
        assert store.get(["old", "new"], 1000) == {}


def test_a_store_with_a_damaged_grid_computes_again(int8, tmp_path):
    files = image_files(tmp_path, 5)
    with EmbeddingStore(tmp_path / "store.sqlite") as store:
        want = embed(files, int8, store).vectors
        store._cache.write("UPDATE vectors SET vector = ? WHERE key = 'grid'", [(b"nothing",)])
    for computed in (5, 0):
        with EmbeddingStore(tmp_path / "store.sqlite") as store:
            done = embed(files, int8, store)
        assert done.computed == computed and all(np.array_equal(done.vectors[sha], want[sha]) for sha in files)


@given(
    st.lists(st.tuples(st.floats(1e-4, 10), st.integers(-128, 127), st.integers(-128, 127)), min_size=1, max_size=50)
)
def test_every_value_of_a_grid_is_kept_exactly(columns):
    scale, zero, places = (np.array(values) for values in zip(*columns, strict=True))
    grid = Grid(scale.astype(np.float32), zero.astype(np.float32))
    grid = Grid.from_bytes(grid.to_bytes())
    assert np.array_equal(grid.places(grid.values(places.astype(np.int8))), places)


@given(st.binary(max_size=64))
def test_damaged_bytes_are_a_grid_or_a_value_error(raw):
    with contextlib.suppress(ValueError):
        assert len(Grid.from_bytes(raw))


# In a process of its own


RUN = """
import re, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripts.learn import backbone_files, backbones, runners
import numpy as np
backbone = backbones.find("efficientnet_lite0", 128)
models = Path(sys.argv[1])
folder = backbone_files.locate(backbone, models, labels=3)
runner = runners.open_runner(backbone, folder, models / "converted")
print(runner.vectors(np.zeros((2, 128, 128, 3), np.uint8)).shape, "tensorflow" in sys.modules)
status = Path("/proc/self/status")
print(int(re.search("VmHWM:\\s+(\\d+)", status.read_text())[1]) // 1024 if status.exists() else 0)
"""


def begun(models) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", RUN, str(models), str(PROJECT)], stdout=subprocess.PIPE, text=True)


def test_the_process_that_stays_never_loads_tensorflow(tmp_path):
    lines = begun(tmp_path).communicate()[0].split("\n")
    assert lines[0] == "(2, 2064) False" and int(lines[1]) < 300
    assert list((tmp_path / "converted" / "graphs").glob("*_128_3_probabilities_3/saved_model.pb"))


def test_a_run_killed_while_it_builds_leaves_nothing_that_the_next_one_stumbles_over(tmp_path):
    first = begun(tmp_path)
    while not list(tmp_path.glob("efficientnet_lite0_128_*")) and first.poll() is None:
        time.sleep(0.05)
    first.kill()
    assert begun(tmp_path).communicate()[0].startswith("(2, 2064) False")
    until = time.monotonic() + 120  # what the killed one had begun goes on by itself, and then ends
    while list(tmp_path.rglob(".part-*")) and time.monotonic() < until:
        time.sleep(0.1)
    names = {path.name.split("_")[0] for path in tmp_path.iterdir()}
    assert names == {"efficientnet", "converted", "build.lock"} and not list(tmp_path.rglob(".part-*"))
