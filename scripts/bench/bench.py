"""How fast RoboFlow is, and how fast the other ways are: everything side by side, in one run, on the same images.

    python -m scripts.bench --data DIR --backbone efficientnet_lite0
    python -m scripts.bench --quick

The whole program runs as `roboflow.py` in a temporary folder. Other work on the machine disturbs the seconds; the CPU
time of an image stays much the same.
"""

import argparse
import itertools
import os
import platform
import pty
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.bench import ground
from scripts.bench.ground import Row, Supply, app, table
from scripts.learn import backbones, embeddings, runners
from scripts.learn.images import load_pixels
from scripts.learn.tensor import light_interpreter

PARTS = ("retrain", "classify", "start", "scale")
RETRAIN = ("bench", "0", "0", "retrain_defaults", "--images-min", "20")
STEPS = 2600  # of 64 images: what retrain_defaults does


@dataclass(frozen=True)
class Sizes:
    """How much is measured: images to train on, new ones, images to classify, processes with one image each, rounds of
    the steady state, and the numbers of images of the scale part."""

    train: int = 2000
    new: int = 100
    classify: int = 250
    processes: int = 5
    rounds: int = 5
    scale: tuple[int, ...] = (1000, 10_000, 100_000)


QUICK = Sizes(train=60, new=6, classify=24, processes=1, rounds=2, scale=(60, 120))


@dataclass(frozen=True)
class Bench:
    """One bench: where it works, its pictures, the backbone (a name for eyes and a SavedModel folder), how much."""

    work: Path
    supply: Supply
    name: str
    folder: Path
    sizes: Sizes

    @property
    def tf_files(self) -> Path:
        return self.work / "tf_files"

    @property
    def photos(self) -> Path:
        return self.tf_files / "training_photos" / "bench"

    def add_photos(self, count: int) -> None:
        for number in range(count):
            self.supply.give(self.photos / ground.LABELS[number % len(ground.LABELS)])

    def unsorted(self, searchtag: str) -> list[Path]:
        """A fresh unsorted_ folder of images nobody has seen."""
        folder = self.tf_files / "testing_photos" / "bench" / f"unsorted_{searchtag}"
        return [self.supply.give(folder) for _ in range(self.sizes.classify)]


# Retrain


def retrain(bench: Bench) -> list[Row]:
    """First retrain, second with other parameters, after new images, and a plain Keras script."""
    from scripts.bench import plain

    how = (*RETRAIN, "--architecture", str(bench.folder))
    n, new = bench.sizes.train, bench.sizes.new
    first = app(bench.tf_files, *how)
    second = app(bench.tf_files, *how, "--steps", "4000", "--batch-size", "100")
    bench.add_photos(new)
    grown = app(bench.tf_files, *how)
    size = backbones.find(str(bench.folder)).input_size
    epoch = plain.epoch(bench.name, bench.folder, size, bench.photos)
    same = epoch * STEPS * plain.TRAIN_BATCH / (n + new)
    return [
        Row("first retrain", n, first.seconds, first.cpu, "backbone converted, bottlenecks computed, head trained"),
        Row("second, other parameters", n, second.seconds, second.cpu, _of_first(second, first)),
        Row(f"after {new} new images", n + new, grown.seconds, grown.cpu, _of_first(grown, first)),
        Row("plain Keras, one epoch", n + new, epoch, None, "measured; keeps no bottlenecks, import not counted"),
        Row(
            f"plain Keras, {STEPS:,} steps of 64",
            n + new,
            same,
            None,
            f"extrapolated from the epoch; x {same / second.seconds:.0f} the second retrain",
        ),
    ]


def _of_first(ran: ground.Ran, first: ground.Ran) -> str:
    return f"{ran.seconds / first.seconds:.3f} of the first (by CPU time {ran.cpu / first.cpu:.3f})"


# Classify


def classify(bench: Bench) -> list[Row]:
    """Whole processes: one for each image, and ours for all of them; then the steady state."""
    n, own = bench.sizes.classify, bench.unsorted("own")
    graph = next((bench.tf_files / "training_summaries" / "bench").glob("*/retrained_graph"))
    label = [sys.executable, "-m", "scripts.label_image", "--graph", str(graph), "--image"]
    each = [ground.run([*label, str(path)]) for path in own[: bench.sizes.processes]]
    one = sum(r.seconds for r in each) / len(each)
    cpu = sum(r.cpu for r in each) / len(each)
    rows = [Row(f"one process an image ({len(each)} run)", n, one * n, cpu * n, "extrapolated")]
    ran = app(bench.tf_files, "bench", "0", "own", "classify_top")
    told = f"x {one * n / ran.seconds:.0f} one process an image (by CPU time {cpu * n / ran.cpu:.0f})"
    return [*rows, Row("roboflow classify", n, ran.seconds, ran.cpu, told), *steady(bench, own)]


def steady(bench: Bench, paths: list[Path]) -> list[Row]:
    """The steady state: our pipeline, the backbone alone on decoded tensors, and a plain Keras loop, taking turns."""
    from scripts.bench import plain

    backbone = backbones.find(str(bench.folder))
    runner = runners.open_runner(backbone, bench.folder, bench.tf_files / "models" / "converted", "light")
    pixels = np.stack([load_pixels(path, backbone.input_size) for path in paths])
    loop = plain.Loop(bench.name, bench.folder, backbone.input_size)
    usual = _usual(next((bench.tf_files / "models" / "converted").glob("*.tflite")))

    stores = itertools.count()

    def pipeline() -> None:
        with embeddings.EmbeddingStore(bench.work / f"steady_{next(stores)}.sqlite") as store:
            embeddings.embed({str(path): path for path in paths}, runner, store)

    ways = {
        "backbone alone, our interpreters": lambda: runner.vectors(pixels),
        "backbone alone, one interpreter": lambda: usual(pixels),
        "decoding alone, one thread": lambda: [load_pixels(path, backbone.input_size) for path in paths],
        "roboflow, files to vectors": pipeline,
        "plain Keras loop, batches of 32": lambda: loop.run(paths),
    }
    for work in ways.values():
        work()  # once unmeasured: first calls allocate and trace
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(bench.sizes.rounds):
        for name, work in ways.items():
            begin, cpu = time.monotonic(), time.process_time()
            work()
            taken[name].append((time.monotonic() - begin, time.process_time() - cpu))
    best = {name: (min(t for t, _ in values), min(c for _, c in values)) for name, values in taken.items()}
    return [Row(name, len(paths), *values, _against(name, best)) for name, values in best.items()]


def _against(name: str, best: dict[str, tuple[float, float]]) -> str:
    ours, theirs = best["roboflow, files to vectors"], best[name]
    if name.startswith("roboflow"):
        both = best["backbone alone, our interpreters"][1] + best["decoding alone, one thread"][1]
        return f"steady state, best of the rounds; CPU time x {ours[1] / both:.2f} of backbone and decoding alone"
    if name.startswith("backbone"):
        return f"roboflow runs at {theirs[0] / ours[0]:.2f} of it (by CPU time {theirs[1] / ours[1]:.2f})"
    if name.startswith("plain"):
        return f"roboflow is x {theirs[0] / ours[0]:.1f} (by CPU time {theirs[1] / ours[1]:.1f})"
    return ""


def _usual(converted: Path) -> Callable[[np.ndarray], None]:
    """The runtime as it is mostly used: one interpreter with a thread for each core, a picture at a time."""
    interpreter = light_interpreter()(model_path=str(converted), num_threads=runners.CORES)
    interpreter.allocate_tensors()
    index, out = (d[0]["index"] for d in (interpreter.get_input_details(), interpreter.get_output_details()))

    def run(pixels: np.ndarray) -> None:
        for i in range(len(pixels)):
            interpreter.set_tensor(index, pixels[i : i + 1])
            interpreter.invoke()
            interpreter.get_tensor(out)

    return run


# Start-up


def start(bench: Bench) -> list[Row]:
    """Seconds until each of these has said all it has to say."""
    rows = []
    for what, words in (("--help", ("--help",)), ("status", ("status",)), ("models", ("bench", "models"))):
        ran = app(bench.tf_files, *words)
        rows.append(Row(what, 0, ran.seconds, None, f"CPU {ran.cpu:.2f} s"))
    return [*rows, Row("guided set-up, to the first question and out", 0, _prompt(bench.tf_files))]


def _prompt(tf_files: Path) -> float:
    """roboflow.py on a terminal of its own, answered with the end of input."""
    begin = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ground.PROJECT)
        os.execv(sys.executable, [sys.executable, "roboflow.py", "--tf-files", str(tf_files)])
    os.write(terminal, b"\x04")
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # how a terminal whose program has left ends on Linux
        pass
    os.waitpid(pid, 0)
    return time.monotonic() - begin


# The whole


def scale(bench: Bench) -> list[Row]:
    from scripts.bench import scale

    return scale.in_own_process(bench.work, bench.sizes.scale, ground.save_backbone("tiny", bench.work / "tiny"))


TITLES = {
    "retrain": "Retrain ({train:,} images; whole processes)",
    "classify": "Classify ({classify} images; whole processes first, then the steady state)",
    "start": "Start-up",
    "scale": "Scale (generated images of 48 x 48 pixels, a backbone of one convolution)",
}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__.split("\n")[0])
    p.add_argument("--data", type=Path, help="folder with pictures (default: generated ones of 800 x 600 pixels)")
    p.add_argument("--backbone", default=backbones.DEFAULT, help="a name, `tiny`, or the folder of a SavedModel")
    p.add_argument("--quick", action="store_true", help="a few images only: to see that it runs, not how fast")
    p.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure")
    return p


def opened(flags: argparse.Namespace, work: Path) -> tuple[Bench, str]:
    """The bench, and what must be said of its backbone and pictures."""
    sizes = QUICK if flags.quick else Sizes()
    if Path(flags.backbone).is_dir():
        folder, told = Path(flags.backbone).resolve(), f"backbone {flags.backbone}"
    elif flags.backbone.startswith(backbones.DEFAULT):
        folder, told = backbones.locate(backbones.find(flags.backbone), work), f"backbone {flags.backbone}"
    else:
        folder = ground.save_backbone(flags.backbone, work / flags.backbone)
        told = f"backbone {flags.backbone} with random weights (speed does not depend on them)"
    data = flags.data or ground.photographs(work / "generated", sizes.classify)
    supply = Supply(data)
    kind = f"pictures of {data}" if flags.data else "generated pictures of 800 x 600 pixels"
    told += f"; {supply.count:,} {kind}, beyond them copies of those cut a little smaller"
    return Bench(work, supply, flags.backbone, folder, sizes), told


def main(arguments: list[str] | None = None) -> int:
    flags = parser().parse_args(arguments)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="roboflow_bench_") as made:
        bench, told = opened(flags, Path(made))
        load = os.getloadavg()[0]  # how many programs wanted to run lately, these here not counted
        print(f"{platform.machine()}, {runners.CORES} cores, load {load:.1f} before; {told}.")
        bench.add_photos(bench.sizes.train)
        if "retrain" not in flags.parts and {"classify", "start"} & set(flags.parts):
            app(bench.tf_files, *RETRAIN, "--architecture", str(bench.folder))
        for part in PARTS:
            if part in flags.parts:
                title = TITLES[part].format(train=bench.sizes.train, classify=bench.sizes.classify)
                print("\n" + table(title, globals()[part](bench)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
