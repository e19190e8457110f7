"""Little pictures and little backbones for the tests."""

import functools
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.learn.backbones import Backbone
from scripts.learn.dataset import LabeledImage
from scripts.learn.runners import Runner

COLOURS = {"cyan": (40, 180, 180), "magenta": (180, 40, 180), "yellow": (180, 180, 40)}
TINY_SIZE, TINY_LENGTH = 32, 128


def coloured_image(colour: tuple[int, int, int], seed: int, side: int = 64) -> Image.Image:
    """Soft blotches around a colour; unlike those of any other seed."""
    rng = np.random.default_rng([seed, *colour])
    blotches = np.array(colour) + rng.integers(-90, 90, (6, 6, 3))
    image = Image.fromarray(np.clip(blotches, 0, 255).astype(np.uint8))
    return image.resize((side, side), Image.Resampling.BICUBIC)


def heic(image: Image.Image, *more: Image.Image, **how) -> bytes:
    """An image, and those that follow it in the same file, as a telephone's HEIC."""
    import pillow_heif

    buffer = io.BytesIO()
    file = pillow_heif.from_bytes(image.mode, image.size, image.tobytes())
    for another in more:
        file.add_frombytes(another.mode, another.size, another.tobytes())
    file.save(buffer, **{"quality": 90, "enc_params": {"preset": "ultrafast"}} | how)
    return buffer.getvalue()


def coloured(
    root: Path, each: int = 24, labels: tuple[str, ...] = ("cyan", "magenta", "yellow"), first: int = 0
) -> Path:
    """A folder of label folders whose pictures differ in colour; the same ones every time."""
    for label in labels:
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + each):
            (root / label / f"{label}_{number}.png").write_bytes(_file(COLOURS[label], number))
    return root


@functools.cache
def _file(colour: tuple[int, int, int], seed: int) -> bytes:
    """`picture` as a PNG file; most tests begin with the same ones."""
    buffer = io.BytesIO()
    coloured_image(colour, seed).save(buffer, "PNG")
    return buffer.getvalue()


def save_tiny_backbone(folder: Path, seed: int = 0) -> Path:
    """A SavedModel as TF Hub has them: one convolution with fixed random weights, averaged over 4 x 4 places."""
    from scripts.learn.tensor import import_tensorflow

    tf = import_tensorflow()

    class Tiny(tf.Module):
        def __init__(self):
            super().__init__()
            filters = np.random.default_rng(seed).normal(0, 0.5, (3, 3, 3, 8)).astype(np.float32)
            self.filters = tf.Variable(filters, trainable=False)

        @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
        def __call__(self, images):
            maps = tf.nn.relu(tf.nn.conv2d(images - 0.5, self.filters, 1, "SAME"))
            pooled = tf.nn.avg_pool2d(tf.image.resize(maps, [TINY_SIZE, TINY_SIZE]), 8, 8, "VALID")
            return tf.reshape(pooled, [-1, TINY_LENGTH])

    tf.saved_model.save(Tiny(), str(folder))
    return folder


def tiny_backbone(folder: Path) -> Backbone:
    """The description of `save_tiny_backbone`'s."""
    return Backbone("tiny", TINY_SIZE, TINY_LENGTH, folder=folder, again=str(folder))


def write_backbone_facts(folder: Path) -> Path:
    """Say beside a SavedModel what it takes and gives, so that its path alone is enough as an architecture."""
    facts = {"name": "tiny", "input_size": TINY_SIZE, "vector_length": TINY_LENGTH}
    (folder / "backbone.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


class CountingRunner(Runner):
    """A backbone without TensorFlow: an 8 x 8 copy of the picture. `calls`: pictures of each call."""

    def __init__(self, size: int = 16, batch: int = 32):
        super().__init__("f" * 64, size, 192, "light", self._vectors, batch)
        self.calls: list[int] = []  # appended to, as several threads call at once

    @property
    def seen(self) -> int:
        return sum(self.calls)

    def _vectors(self, pixels: np.ndarray) -> np.ndarray:
        self.calls.append(len(pixels))
        step = pixels.shape[1] // 8
        return pixels[:, ::step, ::step][:, :8, :8].reshape(len(pixels), -1).copy()


def blobs(each: int, count: int, gap: float = 2.0, dims: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """float32 [n, dims] clouds around random centres, and int labels [n]."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, gap, (count, dims))
    labels = np.repeat(np.arange(count), each)
    return (centres[labels] + rng.normal(0, 1, (len(labels), dims))).astype(np.float32), labels


def by_label(images: list[LabeledImage]) -> dict[str, list[LabeledImage]]:
    found: dict[str, list[LabeledImage]] = {}
    for one in images:
        found.setdefault(one.label, []).append(one)
    return found
