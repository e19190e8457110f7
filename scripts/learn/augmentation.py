"""Distorted copies of training images: flipped, cropped, scaled, brighter or darker, as in tensorflow-for-poets-2."""

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.learn.dataset import Dataset, LabeledImage
from scripts.learn.embedding_table import KeyedEmbeddings
from scripts.learn.embeddings import EmbeddingStore, compute_pixels
from scripts.learn.head import Examples
from scripts.learn.images import Unreadable, decode, pixels_of
from scripts.learn.runners import Runner

COPIES = 4  # distorted copies of each training image


@dataclass(frozen=True)
class Augmentation:
    """`crop`, `scale`, `brightness`: percent 0..99, how far a copy may differ; `flip`: half the copies are mirrored."""

    flip: bool = False
    crop: int = 0
    scale: int = 0
    brightness: int = 0

    def __bool__(self) -> bool:
        return self.flip or bool(self.crop or self.scale or self.brightness)

    def key(self, sha256: str, copy: int) -> str:
        """The name of one distorted copy in the bottleneck store; the same copy every time."""
        return f"{sha256}|flip{int(self.flip)}|crop{self.crop}|scale{self.scale}|bright{self.brightness}|{copy}"


def copies(original: LabeledImage, how: Augmentation, size: int) -> dict[str, np.ndarray]:
    """COPIES distorted versions by key, float32 [size, size, 3] in [0, 1]; none for an image that cannot be read."""
    try:
        image = decode(original.path)
    except Unreadable:
        return {}
    return {key: _distorted(image, how, size, key) for key in (how.key(original.sha256, i) for i in range(COPIES))}


def examples(data: Dataset, how: Augmentation, runner: Runner, store: EmbeddingStore) -> Examples:
    """Training rows from distorted copies of the training images; each has its original's weight and fold."""
    originals, vectors = list[int](), KeyedEmbeddings(data.vectors.shape[1], COPIES * int(data.train.sum()))
    for i in np.flatnonzero(data.train).tolist():
        made = compute_pixels(copies(data.images[i], how, runner.input_size), runner, store)
        vectors.update(made, runner.grid)
        originals += [i] * len(made)
    rows = np.array(originals, int)
    return Examples(vectors.table([*vectors]), data.y[rows], data.weights[rows], len(data.labels), data.folds[rows])


def _distorted(image: Image.Image, how: Augmentation, size: int, key: str) -> np.ndarray:
    rng = np.random.default_rng(int(hashlib.sha256(key.encode()).hexdigest()[:15], 16))
    if how.flip and rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    # Crop leaves a margin out, scale looks closer; both keep 1/((1 + crop)(1 + scale)) of each side, at a random place.
    part = 1 / ((1 + how.crop / 100) * (1 + rng.uniform(0, how.scale / 100)))
    width, height = max(1, round(image.width * part)), max(1, round(image.height * part))
    left, top = (int(rng.integers(0, slack + 1)) for slack in (image.width - width, image.height - height))
    pixels = pixels_of(image.crop((left, top, left + width, top + height)), size)
    if how.brightness:
        pixels = pixels * np.float32(rng.uniform(1 - how.brightness / 100, 1 + how.brightness / 100))
    return np.clip(pixels, 0, 1).astype(np.float32)
