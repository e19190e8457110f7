"""A person who drags, renames and deletes files while the program works: a real second process, round after round.

`python -m tests.faults.meddler FOLDER SEED` meddles until its input ends.
"""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.faults import world
from tests.faults.runner import PROJECT, run

WORKS = (
    (world.to_harvest, ("robots", "harvest")),
    (world.to_harvest, ("robots", "approve")),
    (world.to_classify, ("robots", "0", "mine", "classify_top")),
    (world.to_undo, ("robots", "undo")),
    (world.to_relabel, ("robots", "labels", "rename", "built", "machine")),
    (world.to_relabel, ("robots", "labels", "merge", "built", "drawn", "both")),
    (world.merged, ("robots", "undo")),
    (world.to_undo, ("robots", "rename-basetag", "machines")),
)
DELETED = 0.1  # share of what the person does that is throwing away
BIN = "bin"  # where it goes: taken out of the program's sight in one step, so that nobody guesses what it was


def meddle(root: Path, seed: int, stopped: threading.Event) -> None:
    """Drag, rename and throw away pictures below testing_photos and training_photos."""
    rng = random.Random(seed)
    bin_ = root / BIN
    bin_.mkdir()
    while not stopped.is_set():
        try:
            found = [p for name in ("testing_photos", "training_photos") for p in (root / name).rglob("*.jpg")]
        except OSError:
            continue  # a folder went while one looked into it
        files = [
            p for p in found if not any(part.startswith(".") for part in p.relative_to(root).parts)
        ]  # as people see
        folders = sorted({p.parent for p in files})
        if not files:
            break
        path = rng.choice(files)
        folder = bin_ if rng.random() < DELETED else rng.choice(folders)
        target = folder / f"{rng.choice(['mine', path.stem[:40]])}_{rng.randrange(10**9)}.jpg"
        try:
            if not target.exists():
                os.rename(path, target)
        except OSError:
            pass  # the program was faster
        time.sleep(rng.random() * 0.01)


def rounds(amount: int, seed: int = 1) -> Iterator[str]:
    """What was wrong in each round; empty where everything held: no content is gone, what the person threw away
    included, and the program ended in words."""
    for number in range(amount):
        build, command = WORKS[number % len(WORKS)]
        root = world.fresh(build)
        before = world.contents(root)
        person = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.meddler", str(root), str(seed + number)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        person.stdout.readline()  # it has begun
        done = run(root, *command)
        person.communicate("")
        lost = before - world.contents(root)
        spoken = done.code in (0, 1, 3, 10) and "mistake of mine" not in done.err
        good = not lost and spoken
        yield (
            ""
            if good
            else f"somebody meddled with {' '.join(command)} (seed {seed + number}): lost {len(lost)}, {done}"
        )


def main(arguments: list[str]) -> int:
    stopped = threading.Event()
    person = threading.Thread(target=meddle, args=(Path(arguments[0]), int(arguments[1]), stopped))
    person.start()
    print("begun", flush=True)
    sys.stdin.read()
    stopped.set()
    person.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
