"""A person who drags, renames and deletes files while the program works: a real second process, round after round.

`python -m tests.faults.meddler FOLDER SEED` meddles until its input ends, and then prints the contents it deleted.
"""

import hashlib
import json
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
)
DELETED = 0.1  # share of what the person does that is deleting


def meddle(root: Path, seed: int, stopped: threading.Event) -> set[str]:
    """Drag, rename and delete pictures below testing_photos and training_photos. Returns what was deleted (sha256)."""
    rng, deleted = random.Random(seed), set[str]()
    while not stopped.is_set():
        files = [p for name in ("testing_photos", "training_photos") for p in (root / name).rglob("*.jpg")]
        folders = sorted({p.parent for p in files})
        if not files:
            break
        path = rng.choice(files)
        try:
            if rng.random() < DELETED:
                gone = hashlib.sha256(path.read_bytes()).hexdigest()
                path.unlink()
                deleted.add(gone)
            else:
                target = rng.choice(folders) / f"{rng.choice(['mine', path.stem])}_{rng.randrange(10**6)}.jpg"
                if not target.exists():
                    os.rename(path, target)
        except OSError:
            pass  # the program was faster
        time.sleep(rng.random() * 0.01)
    return deleted


def rounds(amount: int, seed: int = 1) -> Iterator[str]:
    """What was wrong in each round; empty where everything held: no content is gone but what the person deleted, and
    the program ended in words."""
    for number in range(amount):
        build, command = WORKS[number % len(WORKS)]
        root = world.fresh(build)
        before = world.contents(root)
        person = subprocess.Popen([sys.executable, "-m", "tests.faults.meddler", str(root), str(seed + number)], cwd=PROJECT,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        person.stdout.readline()  # it has begun
        done = run(root, *command)
        told, _ = person.communicate("")
        deleted = set(json.loads(told))
        lost = before - world.contents(root) - deleted
        spoken = done.code in (0, 1, 3, 10) and "mistake of mine" not in done.err
        good = not lost and spoken
        yield "" if good else f"somebody meddled with {' '.join(command)} (seed {seed + number}): lost {len(lost)}, {done}"


def main(arguments: list[str]) -> int:
    stopped = threading.Event()
    deleted: list[str] = []
    person = threading.Thread(target=lambda: deleted.extend(meddle(Path(arguments[0]), int(arguments[1]), stopped)))
    print("begun", flush=True)
    person.start()
    sys.stdin.read()
    stopped.set()
    person.join()
    print(json.dumps(deleted))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
