"""How fast is sorting? One process an image, roboflow classify; and the steady state beside backbone alone and Keras.

In one run, on the same images; the ways of the steady state take turns, and the best round of each counts.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scripts.learn import backbones, embeddings, runners
from scripts.learn.images import load_pixels
from scripts.learn.tensor import light_interpreter
from scripts.studies import keras_models, programs
from scripts.studies.bench_retrain import RETRAIN
from scripts.studies.programs import HEADINGS, app, timed
from scripts.studies.table import Table

OURS, BACKBONE = "roboflow, files to vectors", "backbone alone, our interpreters"
DECODING = "decoding alone, one thread"


def add_flags(p: argparse.ArgumentParser) -> None:
    programs.add_flags(p)


def run(flags: argparse.Namespace) -> None:
    n, processes = (24, 1) if flags.quick else (250, 5)
    with programs.place(flags) as (work, supply, folder):
        tf_files = work / "tf_files"
        supply.fill(tf_files / "training_photos" / "bench", 60)
        app(tf_files, *RETRAIN, "--architecture", str(folder))
        unsorted = tf_files / "testing_photos" / "bench" / "unsorted_own"
        paths = [supply.give(unsorted) for _ in range(n)]
        table = Table(f"Classify ({n} images; whole processes first, then the steady state)", *HEADINGS)
        graph = next((tf_files / "training_summaries" / "bench").glob("*/retrained_graph"))
        label = [sys.executable, "-m", "scripts.label_image", "--graph", str(graph), "--image"]
        each = [programs.run(*label, str(path)) for path in paths[:processes]]
        one, cpu = (sum(getattr(r, name) for r in each) / len(each) for name in ("seconds", "cpu"))
        timed(table, f"one process an image ({len(each)} run)", n, one * n, cpu * n, "extrapolated")
        ran = app(tf_files, "bench", "0", "own", "classify_top")
        note = f"x {one * n / ran.seconds:.0f} one process an image (by CPU time {cpu * n / ran.cpu:.0f})"
        timed(table, "roboflow classify", n, ran.seconds, ran.cpu, note)
        best = steady(flags.backbone, folder, tf_files / "models" / "converted", paths, work, 2 if flags.quick else 5)
        for name, (seconds, cpu) in best.items():
            timed(table, name, n, seconds, cpu, _against(name, best))


def steady(
    name: str, folder: Path, converted: Path, paths: list[Path], work: Path, rounds: int
) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each way's best round."""
    backbone = backbones.find(str(folder))
    runner = runners.open_runner(backbone, folder, converted, "light")
    pixels = np.stack([load_pixels(path, backbone.input_size) for path in paths])
    loop = keras_models.Loop(name, folder, backbone.input_size)
    plain = _one_interpreter(next(converted.glob("*.tflite")))
    stores = iter(range(rounds + 1))

    def files_to_vectors() -> None:
        with embeddings.EmbeddingStore(work / f"steady_{next(stores)}.sqlite") as store:
            embeddings.embed({str(path): path for path in paths}, runner, store)

    ways = {
        BACKBONE: lambda: runner.vectors(pixels),
        "backbone alone, one interpreter": lambda: plain(pixels),
        DECODING: lambda: [load_pixels(path, backbone.input_size) for path in paths],
        OURS: files_to_vectors,
        "plain Keras loop, batches of 32": lambda: loop.run(paths),
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way, work_of in ways.items():
            begin, cpu = time.monotonic(), time.process_time()
            work_of()
            if turn:  # the first calls allocate and trace
                taken[way].append((time.monotonic() - begin, time.process_time() - cpu))
    return {way: (min(t for t, _ in values), min(c for _, c in values)) for way, values in taken.items()}


def _against(name: str, best: dict[str, tuple[float, float]]) -> str:
    ours, theirs = best[OURS], best[name]
    if name == OURS:
        both = best[BACKBONE][1] + best[DECODING][1]
        return f"best of the rounds; CPU time x {ours[1] / both:.2f} of backbone and decoding alone"
    if name == DECODING:
        return ""
    wall, cpu = theirs[0] / ours[0], theirs[1] / ours[1]
    return f"roboflow runs at {wall:.2f} of its speed (by CPU time {cpu:.2f})"


def _one_interpreter(converted: Path) -> Callable[[np.ndarray], None]:
    """The runtime as it is mostly used: one interpreter with a thread for each core, an image at a time."""
    interpreter = light_interpreter()(model_path=str(converted), num_threads=runners.CORES)
    interpreter.allocate_tensors()
    index, out = (d[0]["index"] for d in (interpreter.get_input_details(), interpreter.get_output_details()))

    def run_all(pixels: np.ndarray) -> None:
        for i in range(len(pixels)):
            interpreter.set_tensor(index, pixels[i : i + 1])
            interpreter.invoke()
            interpreter.get_tensor(out)

    return run_all
