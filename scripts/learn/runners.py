"""Running a backbone: float32 pixels in, float32 vectors out. Two ways with the same result to 1e-4.

light   the backbone converted once to TFLite and run by XNNPACK in float32, one interpreter a core; loads in
        milliseconds, needs neither batches nor TensorFlow
full    the SavedModel itself, in large batches; on a GPU, for a backbone that cannot be converted, or to check
"""

import contextlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

import numpy as np

from scripts.learn import artifact_cache
from scripts.learn.backbones import Backbone, BackboneProblem, key_of
from scripts.learn.tensor import import_tensorflow, light_interpreter

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
PARITY = 1e-4  # largest difference allowed, relative to the largest entry of a vector
FEATURES = "bottlenecks"  # the signature by which a model of ours runs without the backbone it was trained with
CHECKS = 3  # random images a conversion is checked on
CPU_BATCH = 32  # on the CPU 8 to 32 is fastest, 64 is slower again (measured)
GPU_BATCH = 128  # a GPU is idle between batches; at 299 pixels 137 MB of host memory a thread (not measured)


@dataclass
class Runner:
    """`vectors`: float32 [n, size, size, 3] in [0, 1] -> float32 [n, vector_length]; safe to call from several threads.
    `key` names the weights (sha256); `batch`: images that are best given at once."""

    key: str
    input_size: int
    vector_length: int
    kind: str  # light or full
    vectors: Callable[[np.ndarray], np.ndarray]
    batch: int = CPU_BATCH


def open_runner(backbone: Backbone, folder: Path, converted_dir: Path, way: str = "auto") -> Runner:
    """A ready backbone.

    Args:
        folder: its SavedModel (`backbone_files.locate`).
        converted_dir: where converted backbones are kept.
        way: auto, light or full.

    Raises:
        BackboneProblem: cannot be loaded.
    """
    key = key_of(backbone, folder)
    if way == "full" or (way == "auto" and _has_gpu()):
        return _open_full(backbone, folder, key)
    converted = converted_path(backbone, key, converted_dir)
    problem = "" if _is_checked(converted) else _converted_alone(backbone, folder, key, converted)
    if problem and way == "light":
        raise BackboneProblem(f"{backbone.title} cannot be converted: {problem}.", "It still runs the full way.")
    return _open_full(backbone, folder, key) if problem else _open_light(backbone, converted, key)


def converted_path(backbone: Backbone, key: str, converted_dir: Path) -> Path:
    """Where a converted backbone lies; its note lies beside it, with the ending .json."""
    return converted_dir / f"{backbone.title}_{key[:12]}.tflite"


def load_callable(folder: Path, size: int) -> tuple[Any, Any]:
    """A SavedModel's feature function and the loaded object, which must be kept alive as long as the function.

    Handles the three kinds found in the wild: callable TF2 hub modules, Keras 3 exports (`serve`), signatures only; and
    the graphs of our own models, which say their bottlenecks beside their probabilities.

    Returns:
        (function of a float32 tensor [n, size, size, 3] -> tensor [n, d], loaded object)
    """
    tf = import_tensorflow()
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as problem:
        raise BackboneProblem(f"{folder} cannot be loaded: {' '.join(str(problem).split())[:200]}.") from problem
    signatures = getattr(loaded, "signatures", {})
    candidates = [signatures.get(FEATURES), loaded if callable(loaded) else None, getattr(loaded, "serve", None)]
    candidates += [signatures[n] for n in ("serving_default", "default", "image_feature_vector") if n in signatures]
    some = tf.TensorSpec([None, size, size, 3])
    for function in candidates:
        if function is None:
            continue
        with contextlib.suppress(TypeError, ValueError, tf.errors.OpError):
            wrapped = _one_output(tf, function)
            traced = tf.function(wrapped, autograph=False, input_signature=[some])
            if len(traced.get_concrete_function().output_shapes) == 2:  # stricter about sizes than a call
                return wrapped, loaded
    message = f"{folder} gives no feature vectors for {size} x {size} images."
    raise BackboneProblem(message, "Try another --image-size.")


def _one_output(tf: Any, function: Any) -> Callable[[Any], Any]:
    """The function with one tensor [n, d] as its result; spatial features are averaged."""

    def call(images: Any) -> Any:
        try:
            out = function(images)
        except TypeError:
            out = function(images=images)
        if isinstance(out, dict):
            out = out.get("default", next(iter(out.values())))
        elif isinstance(out, (list, tuple)):
            out = out[0]
        return tf.reduce_mean(out, axis=[1, 2]) if len(out.shape) == 4 else out

    return call


def _open_full(backbone: Backbone, folder: Path, key: str) -> Runner:
    tf = import_tensorflow()
    function, loaded = load_callable(folder, backbone.input_size)
    graph = tf.function(
        function, autograph=False, input_signature=[tf.TensorSpec([None, backbone.input_size, backbone.input_size, 3])]
    )
    batch = GPU_BATCH if _has_gpu() else CPU_BATCH

    def vectors(pixels: np.ndarray) -> np.ndarray:
        parts = [graph(pixels[i : i + batch]).numpy() for i in range(0, len(pixels), batch)]
        return np.concatenate(parts)

    vectors.keeps = loaded  # type: ignore[attr-defined]  # a function whose variables are gone cannot be called
    length = vectors(np.zeros((1, backbone.input_size, backbone.input_size, 3), np.float32)).shape[1]
    return Runner(key, backbone.input_size, length, "full", vectors, batch)


def _open_light(backbone: Backbone, converted: Path, key: str) -> Runner:
    """One single-threaded interpreter a core: images side by side need not wait for each other.

    `vectors` may be called from several threads at once; each call takes an interpreter that is free. They are opened
    when the first image comes: where every bottleneck is known, nothing is loaded at all.
    """
    free: SimpleQueue[_Worker] = SimpleQueue()
    pool, opening, opened = ThreadPoolExecutor(CORES), Lock(), list[_Worker]()

    def open_all() -> None:
        with opening:
            if not opened:
                interpreter = light_interpreter()
                opened.extend(_Worker(interpreter, converted) for _ in range(CORES))
                for worker in opened:
                    free.put(worker)

    def share(pixels: np.ndarray) -> np.ndarray:
        open_all()
        worker = free.get()
        try:
            return worker.run(pixels)
        finally:
            free.put(worker)

    def vectors(pixels: np.ndarray) -> np.ndarray:
        if len(pixels) <= CPU_BATCH:
            return share(pixels)
        rounds = -(-len(pixels) // (CPU_BATCH * CORES))  # a share for each core, so that all end together
        return np.concatenate(list(pool.map(share, np.array_split(pixels, rounds * CORES))))

    return Runner(key, backbone.input_size, _note(converted)["vector_length"], "light", vectors)


class _Worker:
    """One interpreter; fed one image at a time (XNNPACK gains nothing from batches)."""

    def __init__(self, interpreter: type, converted: Path):
        self._it = interpreter(model_path=str(converted), num_threads=1)
        self._it.allocate_tensors()
        self._input = self._it.get_input_details()[0]["index"]
        self._output = self._it.get_output_details()[0]["index"]
        self.length = int(self._it.get_output_details()[0]["shape"][-1])

    def run(self, pixels: np.ndarray) -> np.ndarray:
        out = np.empty((len(pixels), self.length), np.float32)
        for i in range(len(pixels)):
            self._it.set_tensor(self._input, pixels[i : i + 1])
            self._it.invoke()
            out[i] = self._it.get_tensor(self._output)[0]
        return out


def _converted_alone(backbone: Backbone, folder: Path, key: str, converted: Path) -> str:
    """Convert unless another run did so while we waited for it; see `_convert`."""
    with artifact_cache.exclusive(converted.parent):
        return "" if _is_checked(converted) else _convert(backbone, folder, key, converted)


def _convert(backbone: Backbone, folder: Path, key: str, converted: Path) -> str:
    """Convert and check against the SavedModel; what does not agree is not kept. Returns the trouble, or ''."""
    tf = import_tensorflow()
    size = backbone.input_size
    function, loaded = load_callable(folder, size)
    graph = tf.function(function, autograph=False, input_signature=[tf.TensorSpec([1, size, size, 3])])
    try:
        raw = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], loaded).convert()
    except Exception as problem:  # noqa: BLE001 - the converter raises whatever it likes; the full way still works
        return type(problem).__name__
    part = converted.with_name(f".part-{os.getpid()}-{converted.name}")
    part.write_bytes(raw)
    images = np.random.default_rng(0).random((CHECKS, size, size, 3), np.float32)
    want = np.concatenate([graph(p[None]).numpy() for p in images])
    got = _Worker(light_interpreter(), part).run(images)
    if not np.abs(want - got).max() <= PARITY * max(1.0, float(np.abs(want).max())):
        part.unlink()
        return "the converted backbone gives other vectors"
    os.replace(part, converted)
    difference = float(np.abs(want - got).max())
    note = {
        "backbone": backbone.title,
        "backbone_sha256": key,
        "sha256": artifact_cache.sha256_of(converted),
        "vector_length": int(got.shape[1]),
        "largest_difference": difference,
    }
    converted.with_suffix(".json").write_text(json.dumps(note, indent=1), encoding="utf-8")
    return ""


def _is_checked(converted: Path) -> bool:
    """True where a conversion is there and is what was checked: its note is written last and holds its hash."""
    try:
        note = _note(converted)
        return artifact_cache.sha256_of(converted) == note["sha256"] and note["vector_length"] > 0
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _note(converted: Path) -> dict:
    return json.loads(converted.with_suffix(".json").read_text(encoding="utf-8"))


def _has_gpu() -> bool:
    """A look at the device files first, so that a machine without a GPU need not import TensorFlow to know."""
    return Path("/dev/nvidia0").exists() and bool(import_tensorflow().config.list_physical_devices("GPU"))
