"""What the bench stands on: pictures, backbones of random weights, programs run and timed, and the printed rows."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from scripts.learn import backbones
from scripts.learn.dataset import ENDINGS
from scripts.learn.images import Unreadable, decode
from scripts.learn.tensor import import_tensorflow

PROJECT = Path(__file__).resolve().parent.parent.parent
LABELS = ("one", "three", "two")
KERAS = {
    "inceptionv3": "InceptionV3",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3Small",
    "mobilenet_v3_large": "MobileNetV3Large",
    "efficientnet_v2_b0": "EfficientNetV2B0",
}


@dataclass(frozen=True)
class Ran:
    """A program that ran to its end: wall and CPU seconds, peak memory in MB (never told less than the peak of whoever
    started it), what it wrote to stdout."""

    seconds: float
    cpu: float
    peak_mb: float
    out: str


@dataclass(frozen=True)
class Row:
    """One line of the table. `images` 0 where there are none; `seconds` and `cpu` are of all images together."""

    what: str
    images: int
    seconds: float
    cpu: float | None = None
    compared: str = ""

    def cells(self) -> list[str]:
        each = f"{1000 * self.seconds / self.images:.2f}" if self.images else ""
        cpu = f"{1000 * self.cpu / self.images:.2f}" if self.images and self.cpu is not None else ""
        return [self.what, f"{self.images:,}" if self.images else "", f"{self.seconds:.2f}", each, cpu, self.compared]


HEAD = ["", "images", "seconds", "ms/image", "CPU ms/image", "compared"]


def table(title: str, rows: list[Row]) -> str:
    """Plain text, columns lined up."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    shown = [title]
    for line in lines:
        numbers = [cell.rjust(width) for cell, width in zip(line[1:5], widths[1:5], strict=True)]
        shown.append("  ".join([line[0].ljust(widths[0]), *numbers, line[5]]).rstrip())
    return "\n".join(shown)


def run(command: list[str], codes: tuple[int, ...] = (0,)) -> Ran:
    """Run a program from the project's folder.

    Raises:
        RuntimeError: it ended with a code not among `codes`; with the end of what it wrote.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (out, errors):
            stream.seek(0)
        text, trouble = out.read(), errors.read()
    if process.returncode not in codes:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {(text + trouble)[-1500:]}")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KB elsewhere
    return Ran(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6, text)


def app(tf_files: Path, *words: str) -> Ran:
    """roboflow.py, nobody watching."""
    return run([sys.executable, "roboflow.py", *words, "--tf-files", str(tf_files), "--no-input"])


# Pictures


class Supply:
    """Hands out pictures, each content once: those of `data`, then copies of them cut a little smaller."""

    def __init__(self, data: Path):
        self._sources = sorted(p for p in data.rglob("*") if p.suffix.lower() in ENDINGS and _readable(p))
        if not self._sources:
            raise ValueError(f"There are no pictures in {data}.")
        self._given = 0
        self.count = len(self._sources)

    def give(self, folder: Path) -> Path:
        """The next picture, as a file in `folder`."""
        turn, i = divmod(self._given, self.count)
        source = self._sources[i]
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self._given:06d}{source.suffix.lower() if turn == 0 else '.jpg'}"
        self._given += 1
        if turn == 0:
            target.write_bytes(source.read_bytes())
        else:
            image = decode(source)
            image.crop((turn, turn, image.width, image.height)).save(target, "JPEG", quality=90)
        return target


def photographs(folder: Path, count: int) -> Path:
    """Generated pictures like photographs: 800 x 600 pixels, JPEG, about 100 KB."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        blotches = Image.fromarray(rng.integers(0, 256, (38, 50, 3), dtype=np.uint8))
        pixels = np.asarray(blotches.resize((800, 600), Image.Resampling.BICUBIC)).astype(np.int16)
        grain = rng.integers(-6, 7, (600, 800, 1), dtype=np.int16)
        Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(folder / f"{number:05d}.jpg", quality=85)
    return folder


def miniatures(root: Path, count: int) -> Path:
    """`count` different little pictures (48 x 48 pixels, JPEG) in label folders under `root`."""
    rng = np.random.default_rng(0)
    for label in LABELS:
        (root / label).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        blotches = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
        small = blotches.resize((48, 48), Image.Resampling.BILINEAR)
        small.save(root / LABELS[number % len(LABELS)] / f"{number:06d}.jpg", quality=80)
    return root


def _readable(path: Path) -> bool:
    try:
        decode(path, draft_side=32)
    except Unreadable:
        return False
    return True


# Backbones


def keras_model(name: str) -> Any:
    """The Keras network behind a named backbone, with random weights; pixels in [0, 1] like all of ours.

    Raises:
        ValueError: Keras has no such network.
    """
    tf = import_tensorflow()
    found = backbones.find(name)
    shape = (found.input_size, found.input_size, 3)
    tf.keras.utils.set_random_seed(1)
    how = {"input_shape": shape, "include_top": False, "weights": None, "pooling": "avg"}
    if found.name in KERAS:
        return getattr(tf.keras.applications, KERAS[found.name])(**how)
    if found.name.startswith("mobilenet_"):
        return tf.keras.applications.MobileNet(alpha=float(found.name.removeprefix("mobilenet_")), **how)
    raise ValueError(f"Keras has no network called {name}.")


def save_backbone(name: str, folder: Path) -> Path:
    """A named backbone with random weights as a SavedModel, or `tiny`: one convolution, for tests and for scale."""
    tf = import_tensorflow()
    network = _tiny(tf) if name == "tiny" else keras_model(name)
    size = 32 if name == "tiny" else backbones.find(name).input_size

    class Features(tf.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        @tf.function(input_signature=[tf.TensorSpec([None, size, size, 3], tf.float32, name="images")])
        def __call__(self, images: Any) -> Any:
            return self.network(images, training=False)

    module = Features()
    tf.saved_model.save(module, str(folder), signatures=module.__call__.get_concrete_function())
    (folder / "backbone.json").write_text(f'{{"input_size": {size}}}', encoding="utf-8")
    return folder


def _tiny(tf: Any) -> Any:
    tf.keras.utils.set_random_seed(1)
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            layers.Input((32, 32, 3)),
            layers.Conv2D(16, 4, 4, activation="relu"),
            layers.AveragePooling2D(4),
            layers.Flatten(),
        ]
    )
