"""The unlearned half of the embedded backbone: dictionaries of whitened patches found by k-means.

After Coates & Ng, "The importance of encoding versus training" (ICML 2011) and Thiry et al., "The
unreasonable effectiveness of patches" (ICLR 2021): cut small patches from photos, take away their
mean and contrast, whiten, cluster by direction; each cluster centre becomes one filter, and a
picture is described by how much each filter finds in it.  Needs no labels and a minute of CPU.
"""

from __future__ import annotations

import numpy as np

PATCH = 6  # pixels a side
WORDS = 384  # filters a scale
SCALES = ((1, 2), (2, 1))  # (how much the picture is shrunk first, stride of the filters)
FEATURES = WORDS * len(SCALES)
CONTRAST_FLOOR = 0.03  # added to a patch's spread (pixels in 0..1), so flat patches stay quiet
SAMPLES = 150_000  # patches a scale to learn from
ACTIVE = 0.05  # share of patches a filter answers to; sets its threshold


def learn(pixels: np.ndarray, seed: int, samples: int) -> list[dict[str, np.ndarray]]:
    """One dictionary a scale from pictures uint8 [n, s, s, 3]: {'kernel' [6, 6, 3, k], 'threshold' [k]}."""
    result = []
    for number, (shrink, _) in enumerate(SCALES):
        rng = np.random.default_rng([seed, 4, number])
        patches = _normalised(_sample(pixels, shrink, samples, rng))
        whiten = _whitening(patches)
        white = patches @ whiten
        words = _cluster(white, WORDS, rng)
        answers = white[: min(len(white), 30_000)] @ words.T
        threshold = np.quantile(answers, 1 - ACTIVE, axis=0)
        kernel = whiten @ words.T  # whitening is linear, so it folds into the filters
        kernel -= kernel.mean(0)  # and so does taking away a patch's mean
        result.append(
            {
                "kernel": kernel.reshape(PATCH, PATCH, 3, WORDS).astype(np.float32),
                "threshold": threshold.astype(np.float32),
            }
        )
    return result


def untrained(seed: int) -> list[dict[str, np.ndarray]]:
    """Random filters of the same shape, to compare with."""
    rng = np.random.default_rng([seed, 5])
    result = []
    for _ in SCALES:
        kernel = rng.normal(0, 1, (PATCH * PATCH * 3, WORDS))
        kernel = (kernel - kernel.mean(0)) / np.sqrt(len(kernel))
        result.append(
            {
                "kernel": kernel.reshape(PATCH, PATCH, 3, WORDS).astype(np.float32),
                "threshold": np.full(WORDS, 1.2, np.float32),
            }
        )
    return result


def _sample(pixels: np.ndarray, shrink: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` random patches, float32 [count, 108] in 0..1."""
    side = pixels.shape[1] // shrink
    patches = np.empty((count, PATCH, PATCH, 3), np.float32)
    each = max(1, count // min(len(pixels), 8000))
    for start in range(0, count, each):
        picture = pixels[rng.integers(len(pixels))].astype(np.float32) / 255
        if shrink > 1:
            picture = picture[: side * shrink, : side * shrink]
            picture = picture.reshape(side, shrink, side, shrink, 3).mean((1, 3))
        for place in range(start, min(start + each, count)):
            top, left = rng.integers(0, side - PATCH + 1, 2)
            patches[place] = picture[top : top + PATCH, left : left + PATCH]
    return patches.reshape(count, -1)


def _normalised(patches: np.ndarray) -> np.ndarray:
    """Patches without their mean, divided by their spread."""
    patches = patches - patches.mean(1, keepdims=True)
    return patches / np.sqrt((patches**2).mean(1, keepdims=True) + CONTRAST_FLOOR**2)


def _whitening(patches: np.ndarray) -> np.ndarray:
    """ZCA matrix [108, 108]; the small term keeps noise from being blown up."""
    values, vectors = np.linalg.eigh(np.cov(patches, rowvar=False))
    return ((vectors / np.sqrt(np.maximum(values, 0) + 0.02)) @ vectors.T).astype(np.float32)


def _cluster(points: np.ndarray, count: int, rng: np.random.Generator, rounds: int = 12) -> np.ndarray:
    """Spherical k-means: unit vectors [count, dims]; an empty cluster is refilled with a random point."""
    points = points / (np.linalg.norm(points, axis=1, keepdims=True) + 1e-6)
    centres = points[rng.choice(len(points), count, replace=len(points) < count)]
    for _ in range(rounds):
        sums, sizes = np.zeros_like(centres), np.zeros(count)
        for start in range(0, len(points), 20_000):
            part = points[start : start + 20_000]
            nearest = (part @ centres.T).argmax(1)
            np.add.at(sums, nearest, part)
            sizes += np.bincount(nearest, minlength=count)
        empty = sizes == 0
        sums[empty] = points[rng.choice(len(points), int(empty.sum()))]
        centres = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6)
    return centres


def tf_features(images, dictionaries):
    """How much each filter finds, square-rooted: 1 + CONTRASTS times float32 [n, FEATURES], in plain TensorFlow.

    The root damps filters that answer all over one picture, as in the signed-root of Fisher vectors.
    """
    import tensorflow as tf

    from scripts import pretrain_layout as layout

    def root(x):
        return tf.sqrt(x + 1e-4)

    found = []
    for (shrink, stride), words in zip(SCALES, dictionaries, strict=True):
        x = tf.nn.avg_pool2d(images, shrink, shrink, "VALID") if shrink > 1 else images
        mean = tf.nn.avg_pool2d(tf.reduce_mean(x, 3, keepdims=True), PATCH, stride, "VALID")
        square = tf.nn.avg_pool2d(tf.reduce_mean(x * x, 3, keepdims=True), PATCH, stride, "VALID")
        spread = tf.sqrt(tf.nn.relu(square - mean * mean) + CONTRAST_FLOOR**2)
        answers = tf.nn.conv2d(x, words["kernel"], stride, "VALID") / spread
        answers = tf.nn.relu(answers - words["threshold"])
        found.append(layout.grid(answers))
    cells = tf.concat(found, 3)
    return [root(tf.reduce_mean(cells, (1, 2))), *layout.contrasts(cells, root)]
