"""Are the default backbone's weights right? Photos of known classes through its original 1,000-way layer.

    python -m scripts.studies imagenet pandas/=388 pianos/=579

For each folder and the number of its class (0..999, in the order of the ILSVRC 2012 synsets): how many of its photos
get that class, and the three classes that they get most.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from scripts.learn import backbone_files, backbones, runners
from scripts.learn.efficientnet_lite import imagenet_scores, read_network
from scripts.learn.images import Unreadable, load_pixels
from scripts.studies.study_data import MODELS

MOST = 100  # photos of a folder


def add_flags(p: argparse.ArgumentParser) -> None:
    p.add_argument("folders", nargs="+", metavar="FOLDER=CLASS")
    p.add_argument("--architecture", default=backbones.DEFAULT)


def classes(folder: Path, name: str) -> list[int]:
    """The class of each photo in a folder."""
    backbone = backbones.find(name)
    runner = runners.open_runner(backbone, backbone_files.locate(backbone, MODELS), MODELS / "converted")
    pixels = []
    for path in sorted(p for p in folder.iterdir() if p.is_file())[:MOST]:
        try:
            pixels.append(load_pixels(path, backbone.input_size))
        except Unreadable as problem:
            print(f"left out {path.name}: {problem}", file=sys.stderr)
    file = backbone.weights.path() if backbone.weights else None
    if not backbone.weights or not file or not pixels:
        raise ValueError(f"{folder} has no readable photos." if file else f"{name} has no such layer.")
    network = read_network(file, backbone.weights.sha256)
    return imagenet_scores(network, runner.vectors(np.stack(pixels))).argmax(axis=1).tolist()


def run(flags: argparse.Namespace) -> None:
    for text in flags.folders:
        folder, _, number = text.rpartition("=")
        found = classes(Path(folder), flags.architecture)
        most = ", ".join(f"{c} {n} times" for c, n in Counter(found).most_common(3))
        print(f"{Path(folder).name:<16} class {number}: {found.count(int(number))} of {len(found)} photos ({most})")
