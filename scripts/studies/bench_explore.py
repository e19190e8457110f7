"""What does explore cost beside as many separate retrains from nothing? Eight combinations, whole processes."""

import argparse
import itertools
import shutil
import tempfile
from pathlib import Path

from scripts.studies.programs import app

GRID = {"--steps": "500,2600", "--learning-rate": "0.01,0.1", "--batch-size": "16,64"}
COMMON = ("--images-min", "20", "--quiet")


def add_flags(p: argparse.ArgumentParser) -> None:
    p.add_argument("--data", type=Path, required=True, help="folder of label folders")


def run(flags: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="roboflow_bench_") as made:
        cold = []
        for number, values in enumerate(itertools.product(*(text.split(",") for text in GRID.values()))):
            options = [word for pair in zip(GRID, values, strict=True) for word in pair]
            cold.append(_seconds(_home(flags.data, Path(made) / str(number)), "retrain_defaults", *options))
            print(f"retrain {' '.join(options)}: {cold[-1]:.1f} s", flush=True)
        home = _home(flags.data, Path(made) / "explored")
        first = _seconds(home, "retrain_defaults")
        whole = _seconds(home, "explore", *(word for pair in GRID.items() for word in pair))
        print(
            f"8 separate retrains {sum(cold):.1f} s; one retrain that fills the cache {first:.1f} s; explore over 8 "
            f"combinations {whole:.1f} s = {whole / sum(cold):.3f} of the separate ones"
        )


def _home(data: Path, home: Path) -> Path:
    """A data folder with the images as one basetag."""
    shutil.copytree(data, home / "training_photos" / "study", copy_function=shutil.copyfile)
    return home


def _seconds(home: Path, flowstep: str, *options: str) -> float:
    return app(home, "study", "0", "0", flowstep, *COMMON, *options).seconds
