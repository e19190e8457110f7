"""Memory of decoding: bounded over all threads of the process, with the pixels unchanged."""

import functools
import io
import random
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image, ImageOps

from scripts.learn import images
from scripts.learn.images import Unreadable, decode, opened
from scripts.learn.memory_budget import MemoryBudget
from scripts.learn.runners import CORES
from tests.helpers import heic
from tests.terminal import PROJECT


def plainly(raw: bytes, draft_side: int = 0) -> Image.Image:
    """The same in the simplest way, whole pictures at a time: what every bottleneck so far was made from."""
    with Image.open(io.BytesIO(raw)) as image:
        if draft_side and image.format == "JPEG":
            image.draft("RGB", (draft_side, draft_side))
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I"):
            grey = np.asarray(image).astype(np.int64)
            image = Image.fromarray((np.clip(grey, 0, 65535) // 257).astype(np.uint8), "L")
        if "A" in image.getbands() or "transparency" in image.info:
            layer = image.convert("RGBA")
            image = Image.new("RGBA", layer.size, "white")
            image.alpha_composite(layer)
        return image.convert("RGB")


def noise(mode: str, width: int, height: int, seed: int = 1) -> Image.Image:
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65_536, (height, width)).astype(np.uint16))
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    pixels = rng.integers(0, 256, (height, width, bands)).astype(np.uint8)
    return Image.fromarray(pixels[:, :, 0] if bands == 1 else pixels, mode)


TURNED = Image.Exif()
TURNED[0x0112] = 6
# Every mode and format that comes, of more than one strip: name -> (mode, format, how it is saved).
ZOO = {
    "grey 16": ("I;16", "PNG", {}),
    "grey 16 turned": ("I;16", "PNG", {"exif": TURNED}),
    "alpha": ("RGBA", "PNG", {}),
    "alpha turned": ("RGBA", "PNG", {"exif": TURNED}),
    "grey alpha": ("LA", "PNG", {}),
    "one colour out": ("RGB", "PNG", {"transparency": (1, 2, 3)}),
    "one grey out": ("L", "PNG", {"transparency": 7}),
    "palette": ("P", "PNG", {}),
    "palette alpha": ("P", "PNG", {"transparency": bytes(range(200))}),
    "gif": ("P", "GIF", {"transparency": 3}),
    "black and white": ("1", "PNG", {}),
    "webp": ("RGBA", "WEBP", {"lossless": True, "method": 0}),
    "colours": ("RGB", "PNG", {}),
    "bmp": ("RGB", "BMP", {}),
    "photo": ("RGB", "JPEG", {"exif": TURNED}),
    "grey photo": ("L", "JPEG", {}),
    "print": ("CMYK", "JPEG", {"progressive": True}),
}


@functools.cache
def saved(name: str) -> bytes:
    """One of the zoo as a file's bytes."""
    mode, form, how = ZOO[name]
    buffer = io.BytesIO()
    noisy(mode).save(buffer, form, **({"compress_level": 1} if form == "PNG" else {}), **how)
    return buffer.getvalue()


@functools.cache
def noisy(mode: str) -> Image.Image:
    if mode == "P":
        return noisy("RGB").quantize(200, Image.Quantize.FASTOCTREE)
    return noisy("L").convert("1") if mode == "1" else noise(mode, 1500, 900)


@pytest.mark.parametrize("name", ZOO)
def test_going_strip_by_strip_changes_no_pixel(name):
    """Another pixel here means other bottlenecks: then images.VERSION must change."""
    for side in (0, 160):
        assert decode(saved(name), side).tobytes() == plainly(saved(name), side).tobytes()


def test_a_very_large_image_that_is_wanted_small_is_averaged(monkeypatch):
    monkeypatch.setattr(images, "REDUCED_OVER", 1_000_000)
    for name in ("alpha", "alpha turned", "grey 16", "palette alpha", "colours"):
        read, whole = decode(saved(name), 200), plainly(saved(name))
        assert read.size == tuple(-(-side // 4) for side in whole.size)
        assert read.tobytes() == whole.reduce(4).tobytes()
    assert decode(saved("alpha"), 700).size == (1500, 900)  # one side would fall below what is wanted
    with opened(saved("alpha"), 400, squeezed=True) as image:
        assert image.size == (500, 450)


def test_a_webp_takes_more_and_may_be_less_large(monkeypatch):
    monkeypatch.setitem(images.PIXELS_MAX_OF, "WEBP", 1_000_000)
    with pytest.raises(Unreadable, match="pixels are too many"):
        decode(saved("webp"))


def test_memory_is_given_out_in_turn_and_given_back():
    budget, order, started = MemoryBudget(100), [], threading.Event()

    def take(name: str, need: int) -> None:
        started.set()
        with budget.held(need):
            order.append(name)

    threads = []
    with budget.held(60):
        for name, need in (("large", 1_000), ("small", 10)):
            started.clear()
            threads.append(threading.Thread(target=take, args=(name, need)))
            threads[-1].start()
            started.wait(5)
            time.sleep(0.05)
        assert order == []  # the small one would fit and does not pass the large one
    for thread in threads:
        thread.join(5)
    assert sorted(order) == ["large", "small"]
    assert order[0] == "large"
    with budget.held(100):
        pass


def test_an_image_that_cannot_be_read_gives_its_memory_back():
    raw = saved("alpha")
    for keep in random.Random(1).sample(range(100, len(raw)), 30):
        with pytest.raises(Unreadable):
            decode(raw[:keep])
    with images._memory.held(images.MEMORY):
        pass


@pytest.fixture(scope="module")
def largest(tmp_path_factory):
    """A folder of the largest images that are accepted, of every kind."""
    folder = tmp_path_factory.mktemp("largest")
    for name, mode, size, value, how in (
        ("alpha.png", "RGBA", (7000, 7000), (90, 80, 70, 120), {"compress_level": 1}),
        ("grey_alpha.png", "LA", (7000, 7000), (90, 80), {"compress_level": 1}),
        ("photo.jpg", "RGB", (6500, 6500), (90, 80, 70), {"progressive": True, "subsampling": 0}),
        ("long.png", "RGB", (49000, 1000), (90, 80, 70), {"compress_level": 1}),
        ("alpha.webp", "RGBA", (4400, 4400), (90, 80, 70, 99), {"method": 0}),
    ):
        Image.new(mode, size, value).save(folder / name, **how)
    (folder / "photo.heic").write_bytes(heic(Image.new("RGB", (4032, 3024), (90, 80, 70))))
    Image.new("RGB", (5400, 5400), (90, 80, 70)).save(folder / "photo.avif", speed=10)
    ramp = np.broadcast_to(np.arange(7000, dtype=np.uint16) * 9, (7000, 7000))
    Image.fromarray(ramp).save(folder / "grey.png", compress_level=1)
    return folder


LARGEST = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
sys.path.insert(0, {root!r})
large = [path.read_bytes() for path in sorted(Path({largest!r}).iterdir())]
{work}
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
import os; print(peak // 1024)
"""
VALIDATE = """
from flow.download.validate import Rejected, validate_image
def validate(data):
    try:
        validate_image(data)
    except Rejected as problem:
        assert problem.reason in ("one flat colour", "too long and thin"), problem
with ThreadPoolExecutor(16) as pool:
    list(pool.map(validate, large))
"""
EMBED = """
from scripts.learn import embeddings
from tests.helpers import CountingRunner
files = {{}}
for n, data in enumerate(large):
    path = Path({folder!r}) / str(n)
    path.write_bytes(data)
    files[str(n)] = path
embeddings.THREADS = 16
done = embeddings.embed(files, CountingRunner(224, batch=1), embeddings.EmbeddingStore(None))
assert len(done.vectors) == len(files), done.bad
"""


@pytest.mark.parametrize(("work", "most_mb"), [(VALIDATE, 550), (EMBED, 550)], ids=["validate", "embed"])
def test_half_a_dozen_of_the_largest_images_at_once(largest, tmp_path, work, most_mb):
    """Without waiting for memory they take 1,100 MB."""
    code = LARGEST.format(root=str(PROJECT), largest=str(largest), work=work.format(folder=str(tmp_path)))
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert int(done.stdout) < most_mb


# Run by a small process: what a process took begins with what the one that started it took.
WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
"""


def test_the_program_sorts_them_in_bounded_memory(largest, home):
    """Eight in a searchtag, and no TensorFlow, which alone takes half a gigabyte. Before, 860 MB were taken."""
    unsorted = home / "testing_photos/robots/unsorted_large"
    unsorted.mkdir(parents=True)
    for number, source in enumerate(sorted(largest.iterdir())):
        copy = shutil.copy(source, unsorted / f"{number}{source.suffix}")
        with open(copy, "ab") as file:
            file.write(b"%d" % number)  # what follows a picture's end makes another file of it
    command = [
        sys.executable,
        str(PROJECT / "roboflow.py"),
        "robots",
        "0",
        "large",
        "classify_top",
        "--tf-files",
        str(home),
    ]
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 0 and "sorted 8" in done.stdout
    peak_mb = int(done.stdout.split()[-1])
    assert peak_mb < 550 + 40 * max(0, CORES - 2)  # an interpreter for each core
