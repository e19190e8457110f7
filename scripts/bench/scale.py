"""What many images cost apart from the backbone. In processes of its own, so that the memory of each is told apart:

python -m scripts.bench.scale all FOLDER BACKBONE 1000 10000      prints rows as JSON
python -m scripts.bench.scale parts FOLDER_OF_LABEL_FOLDERS HASHES.sqlite
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scripts.bench import ground
from scripts.bench.ground import Row
from scripts.learn import dataset, split
from scripts.learn.hash_cache import HashCache
from scripts.learn.near_duplicate_groups import group_near_duplicates

STEPS = 500  # of the head; what they take does not depend on the number of images


def parts(root: Path, store: Path) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each part for all images under `root`."""
    taken: dict[str, tuple[float, float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        begin, cpu = time.monotonic(), time.process_time()
        result = work()
        taken[name] = (time.monotonic() - begin, time.process_time() - cpu)
        return result

    with HashCache(store) as book:
        timed("list and hash, new", lambda: dataset.list_images(root, book))
        pictures = timed("list and hash, known", lambda: dataset.list_images(root, book))
        files = {p.sha256: p.path for p in pictures}
        timed("looks, new", lambda: book.fingerprints(files))
        looks = timed("looks, known", lambda: book.fingerprints(files))
    found = timed("near-duplicate groups", lambda: group_near_duplicates(looks.items()))
    members = [split.Member(p.sha256, p.label, True, found[p.sha256]) for p in pictures]
    timed("split", lambda: split.assign(members, 16, 20, {}))
    return taken


def rows(work: Path, counts: tuple[int, ...], backbone: Path) -> list[Row]:
    """The rows of every count; the last one is compared with the one before, per image."""
    before: dict[str, float] = {}
    found = []
    for count in counts:
        home = work / f"scale_{count}"
        photos = ground.miniatures(home / "training_photos" / "bench", count)
        store = str(home / "parts.sqlite")
        own = ground.run([sys.executable, "-m", "scripts.bench.scale", "parts", str(photos), store])
        each = json.loads(own.out)
        each["all of these"] = [sum(values) for values in zip(*each.values(), strict=True)]
        taken = {name: (*values, own.peak_mb) for name, values in each.items()}
        how = ("--architecture", str(backbone), "--images-min", "20", "--steps", str(STEPS))
        for name, words in (
            ("roboflow status", ("bench", "status")),
            ("roboflow retrain, all new", ("bench", "0", "0", "retrain_defaults", *how)),
            ("roboflow retrain, all known", ("bench", "0", "0", "retrain_defaults", *how)),
            ("roboflow models (leaderboard)", ("bench", "models")),
        ):
            ran = ground.app(home, *words)
            taken[name] = (ran.seconds, ran.cpu, ran.peak_mb)
        for name, (seconds, cpu, peak) in taken.items():
            told = f"peak {peak:,.0f} MB"
            if name in before:
                told += f", CPU an image x {cpu / count / before[name]:.2f}"
            found.append(Row(name, count, seconds, cpu, told))
            before[name] = max(cpu / count, 1e-9)
    return found


def in_own_process(work: Path, counts: tuple[int, ...], backbone: Path) -> list[Row]:
    """`rows`, made by a small process: what it starts is never told less memory than it has itself."""
    command = [sys.executable, "-m", "scripts.bench.scale", "all", str(work), str(backbone), *map(str, counts)]
    return [Row(**facts) for facts in json.loads(ground.run(command).out)]


def main(words: list[str]) -> None:
    if words[0] == "parts":
        print(json.dumps(parts(Path(words[1]), Path(words[2]))))
    else:
        found = rows(Path(words[1]), tuple(map(int, words[3:])), Path(words[2]))
        print(json.dumps([asdict(row) for row in found]))


if __name__ == "__main__":
    main(sys.argv[1:])
