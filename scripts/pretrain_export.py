"""Put the trained network and the patch dictionaries together and write the SavedModel.

Writes `saved_model.pb` (weights inside, as int8 and float16) and `backbone.json` with its hash.  What is
written needs only `tf.saved_model.load`: no Keras, no code of this project.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts import pretrain_dictionary as dictionary
from scripts import pretrain_net as net

INPUT_SIDE = 128  # pixels
# Principal components kept of each part, and the part's weight beside the others.  The network: pooled, top against
# bottom, left against right, middle against edge; then the dictionary: the same four.
KEPT = (640, 128, 64, 128, 512, 160, 96, 160)
WEIGHTS = (1.0, 0.7, 0.7, 0.7, 1.0, 0.7, 0.7, 0.7)
VECTOR_LENGTH = sum(KEPT)
WHITENING = 0.5  # 0 leaves the components' spreads as they are, 1 makes them equal
EIGENVALUE_FLOOR = 0.01  # of the mean one: what hardly varies is not blown up
SPREAD = 0.55  # root mean square of a vector's numbers: squared about 0.3, like pooled ImageNet features
STATISTICS = 4000  # pictures whose features set scale and components
VERSION = 2


def raw_features(images, convolutions, dictionaries):
    """All parts as they come, a list of float32 [n, features of the part] as long as KEPT."""
    return [*net.tf_features(images, convolutions), *dictionary.tf_features(images, dictionaries)]


def rounded(convolutions, dictionaries):
    """The same weights as they ship; the components are measured on these.

    A convolution becomes (int8 kernel, float32 step of each output channel, bias), which rounds by
    at most 0.4 % of a channel's largest weight; dictionaries become float16.
    """
    small = {}
    for name, (kernel, bias) in convolutions.items():
        step = np.maximum(np.abs(kernel).max((0, 1, 2)), 1e-12) / 127
        small[name] = np.round(kernel / step).astype(np.int8), step.astype(np.float32), bias
    words = [{**d, "kernel": d["kernel"].astype(np.float16)} for d in dictionaries]
    return small, words


@dataclass
class Projection:
    """What makes a part's raw features numbers of the vector: ((raw - mean) * factor) @ matrix.

    mean, factor: float32 [features of the part]; matrix: float16 [features of the part, KEPT of it].
    """

    mean: np.ndarray
    factor: np.ndarray
    matrix: np.ndarray


def measure_projections(run, pixels: np.ndarray, seed: int) -> list[Projection]:
    """Partly whitened principal components of every part over `pixels` (uint8 [n, s, s, 3]).

    On classes left out of training this added 5 points to a linear head (0.741 to 0.785 with 50
    pictures a class): features come in correlated groups, which drown the rarer ones.
    """
    rng = np.random.default_rng([seed, 7])
    chosen = rng.permutation(len(pixels))[:STATISTICS]
    batches = [run(pixels[chosen[i : i + 64]].astype(np.float32) / 255) for i in range(0, len(chosen), 64)]
    result = []
    for kept, weight, *parts in zip(KEPT, WEIGHTS, *batches, strict=True):
        features = np.concatenate([part.numpy() for part in parts])
        mean, spread = features.mean(0), features.std(0)
        factor = 1 / np.maximum(spread, 0.1 * np.median(spread) + 1e-6)
        matrix = _components((features - mean) * factor, kept) * np.float16(weight)
        result.append(Projection(mean.astype(np.float32), factor.astype(np.float32), matrix))
    return result


def _components(features: np.ndarray, kept: int) -> np.ndarray:
    """Matrix float16 [d, kept] to the strongest components, each divided by its spread to the power WHITENING."""
    values, vectors = np.linalg.eigh(np.cov(features, rowvar=False))
    values, vectors = np.maximum(values[::-1][:kept], 0), vectors[:, ::-1][:, :kept]
    matrix = vectors / (values + EIGENVALUE_FLOOR * values.mean() + 1e-9) ** (WHITENING / 2)
    size = np.sqrt(np.mean((features @ matrix) ** 2)) + 1e-9
    return (matrix * SPREAD / size).astype(np.float16)


def make_module(convolutions, dictionaries, pixels: np.ndarray, seed: int):
    """A callable tf.Module: images float32 [n, 128, 128, 3] in 0..1 -> float32 [n, VECTOR_LENGTH]."""
    import tensorflow as tf

    small, words = rounded(convolutions, dictionaries)

    def wide(array):  # stored in one or two bytes, multiplied as float32
        return tf.cast(tf.constant(array), tf.float32)

    def features(images):
        kernels = {name: (wide(kernel) * step, tf.constant(bias)) for name, (kernel, step, bias) in small.items()}
        lists = [{"kernel": wide(d["kernel"]), "threshold": tf.constant(d["threshold"])} for d in words]
        return raw_features(images, kernels, lists)

    projections = measure_projections(tf.function(features), pixels, seed)

    class Embedded(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, INPUT_SIDE, INPUT_SIDE, 3], tf.float32, "images")])
        def __call__(self, images):
            parts = zip(features(images), projections, strict=True)
            return tf.concat([((x - p.mean) * p.factor) @ wide(p.matrix) for x, p in parts], 1)

    return Embedded()


def untrained_module(pixels: np.ndarray, seed: int = 0):
    """The same architecture with random weights and random filters: what training is measured against."""
    import keras

    from scripts.pretrain_data import RENDERINGS

    keras.utils.set_random_seed(seed)
    model = net.build(2, len(RENDERINGS))
    return make_module(net.folded(model), dictionary.untrained(seed), pixels, seed)


def export(model, pool, output: Path, seed: int) -> None:
    """Learn the dictionaries from the pool's photos, then write model and hashes to `output`."""
    photos = pool.pixels[pool.renderings == 0]
    print("learning the patch dictionaries", flush=True)
    dictionaries = dictionary.learn(photos, seed, dictionary.SAMPLES)
    module = make_module(net.folded(model), dictionaries, pool.pixels, seed)
    write(module, output)
    size = sum(f.stat().st_size for f in output.rglob("*") if f.is_file())
    print(f"wrote {output}: {VECTOR_LENGTH} numbers a picture, {size / 1e6:.2f} MB", flush=True)


def judge(output: Path, unseen) -> None:
    """Print how well a linear head does on classes the backbone was not trained on (three splits each)."""
    import tensorflow as tf

    from scripts import probe

    model = tf.saved_model.load(str(output))
    features, _ = probe.vectors(probe.Runner("new", INPUT_SIDE, lambda x: model(x).numpy()), unseen.pixels)
    for number in (5, 20, 50):
        scores = [probe.accuracy(features, unseen.classes, number, seed) for seed in range(3)]
        mean, spread = np.mean(scores), np.std(scores)
        print(f"classes left out, {number:>2} pictures a class: {mean:.3f} ±{spread:.3f}", flush=True)


def write(module, output: Path) -> None:
    """Save beside, then move each file into place; other files in `output` (the model card) stay."""
    import tensorflow as tf

    beside = output.with_name(output.name + ".part")
    shutil.rmtree(beside, ignore_errors=True)
    tf.saved_model.save(module, str(beside), signatures={"serving_default": module.__call__})
    output.mkdir(parents=True, exist_ok=True)
    kept = {}
    for file in sorted(p for p in beside.rglob("*") if p.is_file()):
        relative = file.relative_to(beside)
        if relative.name == "fingerprint.pb":
            continue  # optional, and not needed to load
        (output / relative).parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, output / relative)
        kept[relative.as_posix()] = hashlib.sha256((output / relative).read_bytes()).hexdigest()
    shutil.rmtree(beside, ignore_errors=True)
    note = {
        "name": "embedded",
        "input_size": INPUT_SIDE,
        "vector_length": VECTOR_LENGTH,
        "version": VERSION,
        "sha256": kept,
    }
    fresh = output / "backbone.json.part"
    fresh.write_text(json.dumps(note, indent=2) + "\n", encoding="utf-8")
    os.replace(fresh, output / "backbone.json")
