"""What do many images cost apart from the backbone? 1,000, 10,000 and 100,000 generated images of 48 x 48 pixels.

The parts run in a process of their own and the program in others, so that the memory of each is measured on
its own. A backbone of one convolution does the embedding; embeddings of the default backbone are invented, as what
training on them takes does not depend on the images.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.learn import backbones, dataset, split
from scripts.learn.hash_cache import HashCache
from scripts.learn.near_duplicate_groups import group_near_duplicates
from scripts.studies import bench_images, programs
from scripts.studies.programs import HEADINGS, app, timed
from scripts.studies.table import Table

STEPS = "500"  # of the head; what they take does not depend on the number of images


def add_flags(p: argparse.ArgumentParser) -> None:
    p.add_argument("--counts", default="1000,10000,100000", help="numbers of images, with commas between")
    p.add_argument("--parts", type=Path, help="internal: print the seconds of each part for this folder, as JSON")
    p.add_argument("--invent", type=Path, help="internal: store embeddings for the images of this folder")


def run(flags: argparse.Namespace) -> None:
    if flags.parts:
        print(json.dumps(parts(flags.parts)))
        return
    if flags.invent:
        bench_images.invent_embeddings(flags.invent)
        return
    table = Table("Scale", *HEADINGS)
    before: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="roboflow_bench_") as made:
        work = Path(made)
        backbone = _tiny_backbone(work / "tiny")
        for count in map(int, flags.counts.split(",")):
            for name, (seconds, cpu, peak) in measure(work / f"scale_{count}", count, backbone).items():
                note = f"peak {peak:,.0f} MB"
                if name in before:
                    note += f", CPU an image x {cpu / count / before[name]:.2f}"
                timed(table, name, count, seconds, cpu, note)
                before[name] = max(cpu / count, 1e-9)


def measure(home: Path, count: int, backbone: Path) -> dict[str, tuple[float, float, float]]:
    """Wall seconds, CPU seconds and peak MB by part and by flowstep."""
    photos = bench_images.photographs(home / "training_photos" / "bench", count, (48, 48))
    own = programs.run(sys.executable, "-m", "scripts.studies", "bench_scale", "--parts", str(photos))
    each = json.loads(own.out)
    each["all of these"] = [sum(values) for values in zip(*each.values(), strict=True)]
    taken = {name: (*values, own.peak_mb) for name, values in each.items()}
    retrain = ("bench", "0", "0", "retrain_defaults", "--images-min", "20", "--steps", STEPS, "--architecture")
    default = (*retrain, backbones.DEFAULT, "--effort", "quick", "--learning-rate")
    programs.run(sys.executable, "-m", "scripts.studies", "bench_scale", "--invent", str(photos))
    for name, words in (
        ("roboflow status", ("bench", "status")),
        ("roboflow retrain, all new", (*retrain, str(backbone))),
        ("roboflow retrain, all known", (*retrain, str(backbone))),
        ("roboflow retrain, int8, backbone built", (*default, "0.01")),
        ("roboflow retrain, int8", (*default, "0.02")),
        ("roboflow models (leaderboard)", ("bench", "models")),
    ):
        ran = app(home, *words)
        taken[name] = (ran.seconds, ran.cpu, ran.peak_mb)
    return taken


def parts(root: Path) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each part for all images under `root`."""
    taken: dict[str, tuple[float, float]] = {}

    def clocked(name: str, work: Callable[[], Any]) -> Any:
        begin, cpu = time.monotonic(), time.process_time()
        result = work()
        taken[name] = (time.monotonic() - begin, time.process_time() - cpu)
        return result

    with tempfile.TemporaryDirectory() as made, HashCache(Path(made) / "hashes.sqlite") as hashes:
        clocked("list and hash, new", lambda: dataset.list_images(root, hashes))
        images = clocked("list and hash, known", lambda: dataset.list_images(root, hashes))
        files = {image.sha256: image.path for image in images}
        clocked("fingerprints, new", lambda: hashes.fingerprints(files))
        prints = clocked("fingerprints, known", lambda: hashes.fingerprints(files))
    groups = clocked("near-duplicate groups", lambda: group_near_duplicates(prints.items()))
    members = [split.Member(image.sha256, image.label, True, groups[image.sha256]) for image in images]
    clocked("split", lambda: split.assign(members, 16, 20, {}))
    return taken


def _tiny_backbone(folder: Path) -> Path:
    """Made by a process of its own: TensorFlow's memory would be told as that of whatever this one starts."""
    code = "import pathlib, sys; from scripts.studies import keras_models as k"
    code += "; k.save_backbone('tiny', pathlib.Path(sys.argv[1]))"
    programs.run(sys.executable, "-c", code, str(folder))
    return folder
