"""What the studies of speed share: programs run and timed, and where they run."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from scripts.learn import backbone_files, backbones, runners
from scripts.studies.bench_images import Supply, photographs
from scripts.studies.table import Table

PROJECT = Path(__file__).resolve().parent.parent.parent
HEADINGS = (" " * 42, "images", "seconds", "ms/image", "CPU ms/image", "compared")


@dataclass(frozen=True)
class Ran:
    """A program that ran to its end: wall and CPU seconds, peak memory in MB (never less than the peak of whoever
    started it), what it wrote to stdout."""

    seconds: float
    cpu: float
    peak_mb: float
    out: str


def run(*command: str) -> Ran:
    """Run a program from the project's folder.

    Raises:
        RuntimeError: it failed; with the end of what it wrote.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        begin = monotonic()
        process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        seconds = monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        text, problem = out.read(), errors.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {(text + problem)[-1500:]}")
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KB elsewhere
    return Ran(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6, text)


def app(tf_files: Path, *words: str) -> Ran:
    """roboflow.py, with nobody there."""
    return run(sys.executable, "roboflow.py", *words, "--tf-files", str(tf_files), "--no-input")


def timed(table: Table, what: str, images: int, seconds: float, cpu: float | None = None, compared: str = "") -> None:
    """One line; `seconds` and `cpu` are of all images together, 0 images where there are none."""
    each = [f"{1000 * s / images:.2f}" if images and s is not None else "" for s in (seconds, cpu)]
    table.row(what, images or "", f"{seconds:.2f}", *each, compared)


def add_flags(p: argparse.ArgumentParser) -> None:
    p.add_argument("--data", type=Path, help="folder with images (default: generated ones of 800 x 600 pixels)")
    p.add_argument("--backbone", default=backbones.DEFAULT, help="a name, `tiny`, or the folder of a SavedModel")
    p.add_argument("--quick", action="store_true", help="a few images only: to see that it runs, not how fast")


@contextmanager
def place(flags: argparse.Namespace) -> Iterator[tuple[Path, Supply, Path, str]]:
    """A temporary folder, images, the backbone's folder, and what --architecture takes for it; prints what they are."""
    with tempfile.TemporaryDirectory(prefix="roboflow_bench_") as made:
        work, name, architecture = Path(made), flags.backbone, ""
        if Path(name).is_dir():
            folder = Path(name).resolve()
        elif name.startswith("efficientnet_lite"):
            folder, architecture = backbone_files.locate(backbones.find(name), work / "backbones"), name
        else:
            from scripts.studies.keras_models import save_backbone

            folder, name = (
                save_backbone(name, work / name),
                f"{name} with random weights (speed does not depend on them)",
            )
        supply = Supply(flags.data or photographs(work / "generated", 24 if flags.quick else 250))
        load = os.getloadavg()[0]  # how many programs wanted to run lately
        print(
            f"{platform.machine()}, {runners.CORES} cores, load {load:.1f} before; backbone {name}; "
            f"{supply.count:,} images"
        )
        yield work, supply, folder, architecture or str(folder)
