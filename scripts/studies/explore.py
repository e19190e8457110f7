"""What explore costs beside as many separate retrains from nothing; used by scripts/studies/loop.py.

Reads images; everything it makes lies in folders of its own under `work`.
"""

import shutil
import subprocess
import sys
import time
from pathlib import Path

OPTIONS = ("--steps", "500,2600", "--learning-rate", "0.01,0.1", "--batch-size", "16,64")
PROJECT = Path(__file__).resolve().parent.parent.parent


def explore(data: Path, work: Path) -> None:
    """Eight combinations: each trained from nothing by a run of its own, then all by one explore on cached images."""
    cold = []
    for number, options in enumerate(_each()):
        home = _home(data, work / f"cold{number}")
        cold.append(_run(home, "retrain_defaults", options))
        print(f"retrain {' '.join(options)}: {cold[-1]:.1f} s", flush=True)
        shutil.rmtree(home)
    home = _home(data, work / "explored")
    first = _run(home, "retrain_defaults", [])
    whole = _run(home, "explore", list(OPTIONS))
    print(
        f"8 separate retrains {sum(cold):.1f} s; one retrain that fills the cache {first:.1f} s; "
        f"explore over 8 combinations {whole:.1f} s = {whole / sum(cold):.3f} of the separate ones"
    )
    shutil.rmtree(home)


def _each() -> list[list[str]]:
    return [
        ["--steps", s, "--learning-rate", r, "--batch-size", b]
        for s in ("500", "2600")
        for r in ("0.01", "0.1")
        for b in ("16", "64")
    ]


def _home(data: Path, home: Path) -> Path:
    """A data folder with the images as one basetag."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(data, home / "training_photos" / "study", copy_function=shutil.copyfile)
    return home


def _run(home: Path, flowstep: str, options: list[str]) -> float:
    """Seconds that one run of the program takes."""
    command = [
        sys.executable,
        str(PROJECT / "roboflow.py"),
        "study",
        "0",
        "0",
        flowstep,
        "--images-min",
        "20",
        "--tf-files",
        str(home),
        "--no-input",
        "--quiet",
        *options,
    ]
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return time.monotonic() - begin
