"""A basetag of many images, killed while it is sorted, harvested and undone: `python -m tests.faults.large`.

Takes half an hour with the 50,000 images it is made for, so it is not part of `make faults`. Exit 1 where anything was
lost.
"""

import argparse
import os
import random
import sys
import time
from pathlib import Path

from tests.faults import kills, world
from tests.faults.runner import run

ALL_SURE = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"}
SIDE = 24  # pixels; small ones, as their number is what is tried
images = 50_000
# Their names begin with large_, as each kind of data folder is built once and kept by its name; see `world.fresh`.


def large_to_classify(root: Path) -> None:
    """So many pictures wait in unsorted_mine."""
    world.with_model(root)
    for label in world.LABELS:
        folder = world.unsorted(root)
        folder.mkdir(parents=True, exist_ok=True)
        for seed in range(1000, 1000 + images // len(world.LABELS)):
            (folder / f"{label}_{seed}.jpg").write_bytes(world.image_bytes(seed, label, SIDE))


def large_to_harvest(root: Path) -> None:
    """Sorted, every hundredth moved by a person."""
    large_to_classify(root)
    done = run(root, world.BASETAG, "0", "mine", "classify_top", environ=ALL_SURE)
    assert done.code == 0, done
    folder = world.sorted_folders(root)[0]
    for path in sorted((folder / "built").iterdir())[::100]:
        os.rename(path, folder / "drawn" / path.name)


def large_to_undo(root: Path) -> None:
    large_to_harvest(root)
    done = run(root, world.BASETAG, "harvest")
    assert done.code == 0, done


SCENES = (
    kills.Scene("classify", large_to_classify, ("robots", "0", "mine", "classify_top"), environ=ALL_SURE),
    kills.Scene("harvest", large_to_harvest, ("robots", "harvest")),
    kills.Scene("undo", large_to_undo, ("robots", "undo"), again=(10,)),
)


def main() -> int:
    global images
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=images)
    parser.add_argument("--kills", type=int, default=6, help="of each command, spread by chance")
    flags = parser.parse_args()
    images, begin, wrong = flags.images, time.monotonic(), 0
    for scene in SCENES:
        trial = kills.Trial(scene)
        points = sorted(random.Random(1).sample(range(1, trial.points + 1), flags.kills))
        found = [text for text in trial.each([(n,) for n in points]) if text]
        trial.close()
        wrong += len(found)
        print(
            "\n".join(
                [f"WRONG {text}" for text in found]
                + [
                    f"{time.monotonic() - begin:5.0f} s  {scene.name} of {images} images: {trial.points} operations, killed at {len(points)} of them"
                ]
            ),
            flush=True,
        )
    print("nothing lost, everything held" if not wrong else f"{wrong} WRONG")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
