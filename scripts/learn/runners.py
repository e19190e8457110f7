"""Running a backbone: pixels in, vectors out. In float32 there are two ways with the same result to 1e-4, in int8
there is one, the light one, so that the vectors of an image mean the same on every machine.

light   the backbone converted once to TFLite and run by XNNPACK, one interpreter a core; loads in milliseconds, needs
        neither batches nor TensorFlow
full    the SavedModel itself, in large batches; on a GPU, for a backbone that cannot be converted, or to check
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

import numpy as np

from scripts.learn.backbones import FLOAT32, INT8, Backbone, BackboneProblem, key_of
from scripts.learn.conversion import convert, converted_path, is_checked, read_note
from scripts.learn.grid import Grid
from scripts.learn.interpreters import Float32Worker, Int8Worker
from scripts.learn.saved_model import load_callable
from scripts.learn.tensor import import_tensorflow, light_interpreter

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CPU_BATCH = 32  # on the CPU 8 to 32 is fastest, 64 is slower again (measured)
GPU_BATCH = 128  # a GPU is idle between batches; at 299 pixels 137 MB of host memory a thread (not measured)


@dataclass
class Runner:
    """`vectors`: float32 [n, size, size, 3] in [0, 1], or uint8 0..255 -> float32 [n, vector_length]; safe to call from
    several threads. `key` names the weights and the precision (sha256); `batch`: images that are best given at once;
    `pixels`: the type that it takes without a copy; `grid`: the values its vectors take, None = any."""

    key: str
    input_size: int
    vector_length: int
    kind: str  # light or full
    vectors: Callable[[np.ndarray], np.ndarray]
    batch: int = CPU_BATCH
    pixels: type = np.float32
    grid: Grid | None = None
    speed: str = ""  # in int8: how much faster than in float32, on which processor


def open_runner(backbone: Backbone, folder: Path, converted_dir: Path, way: str = "auto") -> Runner:
    """A ready backbone.

    Args:
        folder: its SavedModel (`backbone_files.locate`).
        converted_dir: where converted backbones are kept.
        way: auto, light or full.

    Raises:
        BackboneProblem: cannot be loaded.
    """
    key, int8 = key_of(backbone, folder), backbone.precision == INT8
    if way == "full" and int8:
        raise BackboneProblem(f"{backbone.title} runs the full way in {FLOAT32} only.", f"Use --precision {FLOAT32}.")
    if way == "full" or (way == "auto" and not int8 and _has_gpu()):
        return _open_full(backbone, folder, key)
    converted = converted_path(backbone, key, converted_dir)
    problem = "" if is_checked(converted) else convert(backbone, folder, key, converted)
    if problem and (way == "light" or int8):
        hint = f"Use --precision {FLOAT32}." if int8 else "It still runs the full way."
        raise BackboneProblem(f"{backbone.title} cannot be converted: {problem}.", hint)
    return _open_full(backbone, folder, key) if problem else _open_light(backbone, converted, key)


def as_pixels(images: np.ndarray, kind: type) -> np.ndarray:
    """Images float32 in [0, 1] or uint8 0..255, as the other of the two where `kind` is that."""
    if images.dtype == kind:
        return images
    return np.rint(images * 255).astype(np.uint8) if kind is np.uint8 else images.astype(np.float32) / np.float32(255)


def _open_full(backbone: Backbone, folder: Path, key: str) -> Runner:
    tf = import_tensorflow()
    function, loaded = load_callable(folder, backbone.input_size)
    graph = tf.function(
        function, autograph=False, input_signature=[tf.TensorSpec([None, backbone.input_size, backbone.input_size, 3])]
    )
    batch = GPU_BATCH if _has_gpu() else CPU_BATCH

    def vectors(pixels: np.ndarray) -> np.ndarray:
        starts = range(0, len(pixels), batch)
        return np.concatenate([graph(as_pixels(pixels[i : i + batch], np.float32)).numpy() for i in starts])

    vectors.keeps = loaded  # type: ignore[attr-defined]  # a function whose variables are gone cannot be called
    length = vectors(np.zeros((1, backbone.input_size, backbone.input_size, 3), np.float32)).shape[1]
    return Runner(key, backbone.input_size, length, "full", vectors, batch)


def _open_light(backbone: Backbone, converted: Path, key: str) -> Runner:
    """One single-threaded interpreter a core: images side by side need not wait for each other.

    `vectors` may be called from several threads at once; each call takes an interpreter that is free. They are opened
    when the first image comes: where every bottleneck is known, nothing is loaded at all.
    """
    kind = Int8Worker if backbone.precision == INT8 else Float32Worker
    free: SimpleQueue[Int8Worker | Float32Worker] = SimpleQueue()
    pool, opening, opened = ThreadPoolExecutor(CORES), Lock(), list[Int8Worker | Float32Worker]()

    def open_all() -> None:
        with opening:
            if not opened:
                interpreter = light_interpreter()
                opened.extend(kind(interpreter, converted) for _ in range(CORES))
                for worker in opened:
                    free.put(worker)

    def share(pixels: np.ndarray) -> np.ndarray:
        open_all()
        worker = free.get()
        try:
            return worker.run(as_pixels(pixels, kind.pixels))
        finally:
            free.put(worker)

    def vectors(pixels: np.ndarray) -> np.ndarray:
        if len(pixels) <= CPU_BATCH:
            found = share(pixels)
        else:
            rounds = -(-len(pixels) // (CPU_BATCH * CORES))  # a share for each core, so that all end together
            found = np.concatenate(list(pool.map(share, np.array_split(pixels, rounds * CORES))))
        return grid.values(found) if grid else found

    note = read_note(converted)
    grid = Grid.from_bytes(bytes.fromhex(note["grid"])) if backbone.precision == INT8 else None
    length = int(note["vector_length"])
    return Runner(
        key, backbone.input_size, length, "light", vectors, pixels=kind.pixels, grid=grid, speed=_speed_words(note)
    )


def _speed_words(note: dict) -> str:
    if "times_float32" not in note:
        return ""
    return f"int8 is {note['times_float32']} times as fast as float32 on {note['processor']}"


def _has_gpu() -> bool:
    """A look at the device files first, so that a machine without a GPU need not import TensorFlow to know."""
    return Path("/dev/nvidia0").exists() and bool(import_tensorflow().config.list_physical_devices("GPU"))
