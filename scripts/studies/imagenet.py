"""Do the default backbone's weights sit right?  Photos of known classes through the original 1,000-way layer.

    python -m scripts.studies.imagenet pandas/=388 pianos/=579

For each folder and the number of its class (0..999, in the order of the ILSVRC 2012 synsets): how many of its photos
get that class, and the three that they get most. Reads the pictures; builds the backbone in tf_files/models.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from scripts.learn import backbones, runners
from scripts.learn.efficientnet_lite import imagenet_scores, read_network
from scripts.learn.images import Unreadable, load_pixels

MODELS = Path(__file__).resolve().parent.parent.parent / "tf_files" / "models"
MOST = 100  # photos of a folder


def classes(folder: Path, name: str) -> list[int]:
    """The class of each photo in a folder."""
    backbone = backbones.find(name)
    runner = runners.open_runner(backbone, backbones.locate(backbone, MODELS), MODELS / "converted")
    pixels = []
    for path in sorted(p for p in folder.iterdir() if p.is_file())[:MOST]:
        try:
            pixels.append(load_pixels(path, backbone.input_size))
        except Unreadable as problem:
            print(f"left out {path.name}: {problem}", file=sys.stderr)
    assert backbone.weights and (file := backbone.weights.path())
    network = read_network(file, backbone.weights.sha256)
    return imagenet_scores(network, runner.vectors(np.stack(pixels))).argmax(axis=1).tolist()


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(prog="python -m scripts.studies.imagenet", description=__doc__.split("\n")[0])
    p.add_argument("folders", nargs="+", metavar="FOLDER=CLASS")
    p.add_argument("--backbone", default=backbones.DEFAULT)
    flags = p.parse_args(arguments)
    for text in flags.folders:
        folder, _, number = text.rpartition("=")
        found = classes(Path(folder), flags.backbone)
        most = ", ".join(f"{c} {n} times" for c, n in Counter(found).most_common(3))
        print(f"{Path(folder).name:<16} class {number}: {found.count(int(number))} of {len(found)} photos ({most})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
