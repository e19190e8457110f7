"""How fast is sorting? One process an image, roboflow classify; and the steady state beside backbone alone and Keras.

In one run, on the same images; the ways of the steady state take turns, and the best round of each counts.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from scripts.learn import backbones, embeddings, runners
from scripts.learn.backbones import FLOAT32, INT8
from scripts.learn.images import load_pixels
from scripts.studies import keras_models, programs
from scripts.studies.bench_retrain import RETRAIN
from scripts.studies.programs import HEADINGS, app, timed
from scripts.studies.table import Table

OURS, BACKBONE = "roboflow, files to vectors", "backbone alone"
DECODING = "decoding alone, one thread"


def add_flags(p: argparse.ArgumentParser) -> None:
    programs.add_flags(p)


def run(flags: argparse.Namespace) -> None:
    n, processes = (24, 1) if flags.quick else (250, 5)
    with programs.place(flags) as (work, supply, folder, architecture):
        tf_files = work / "tf_files"
        supply.fill(tf_files / "training_photos" / "bench", 60)
        app(tf_files, *RETRAIN, "--architecture", architecture)
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
        best = steady(flags.backbone, architecture, folder, paths, work, 2 if flags.quick else 5)
        for name, (seconds, cpu) in best.items():
            timed(table, name, n, seconds, cpu, _against(name, best))


def steady(
    name: str, architecture: str, folder: Path, paths: list[Path], work: Path, rounds: int
) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each way's best round; the ways of a backbone that runs in int8 stand there twice."""
    ways: dict[str, Callable[[], object]] = {}
    for precision in dict.fromkeys(backbones.find(architecture, precision=p).precision for p in (INT8, FLOAT32)):
        backbone = backbones.find(architecture, precision=precision)
        runner = runners.open_runner(backbone, folder, work / "converted", "light")
        pixels = np.stack([load_pixels(path, backbone.input_size) for path in paths])
        alone = partial(runner.vectors, runners.as_pixels(pixels, runner.pixels))
        ways |= {f"{BACKBONE}, {precision}": alone, f"{OURS}, {precision}": partial(_embed, paths, runner, work)}
    loop = keras_models.Loop(name, folder, backbone.input_size)
    ways[DECODING] = lambda: [load_pixels(path, backbone.input_size) for path in paths]
    ways["plain Keras loop, batches of 32"] = lambda: loop.run(paths)
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for turn in range(rounds + 1):
        for way, work_of in ways.items():
            begin, cpu = time.monotonic(), time.process_time()
            work_of()
            if turn:  # the first calls allocate and trace
                taken[way].append((time.monotonic() - begin, time.process_time() - cpu))
    return {way: (min(t for t, _ in values), min(c for _, c in values)) for way, values in taken.items()}


def _against(name: str, best: dict[str, tuple[float, float]]) -> str:
    """A way beside the first of ours: the one in int8 where there is such a one."""
    ours_name = next(way for way in best if way.startswith(OURS))
    ours, theirs = best[ours_name], best[name]
    if name == ours_name:
        alone = next(values for way, values in best.items() if way.startswith(BACKBONE))
        both = alone[1] + best[DECODING][1]
        return f"best of the rounds; CPU time x {ours[1] / both:.2f} of backbone and decoding alone"
    if name == DECODING:
        return ""
    wall, cpu = theirs[0] / ours[0], theirs[1] / ours[1]
    return f"{ours_name} runs at {wall:.2f} of its speed (by CPU time {cpu:.2f})"


def _embed(paths: list[Path], runner: runners.Runner, work: Path) -> None:
    """Files to vectors, and these into a new store."""
    with TemporaryDirectory(dir=work) as place, embeddings.EmbeddingStore(Path(place) / "store.sqlite") as store:
        embeddings.embed({str(path): path for path in paths}, runner, store)
