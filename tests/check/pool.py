"""A sorted_ folder as classify leaves it, of any size, made without a model: small images whose names tell the truth."""

import hashlib
import random
from pathlib import Path

from flow.base import files, paths
from flow.records import scores_file
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import SortedCopy
from tests.faults import world

LABELS = ("apple", "built", "cat", "drawn", "not")
STAMP = "20261123_093011"


def sorted_pool(amount: int, wrong: float = 0.3, below: float = 0.5, seed: int = 1) -> dict[str, int]:
    """Make `amount` images in cfg's data folder.

    Args:
        wrong: share of images that the model takes for another label; twice as many of those below the threshold.
        below: share of images below the threshold.

    Returns:
        How many there are: wrong, below, and drags: what a person would have to drag by hand.
    """
    rng = random.Random(seed)
    home = paths.testing("robots") / f"sorted_{STAMP}"
    for label in LABELS:
        files.make_folder(paths.training("robots") / label)
        files.make_folder(home / label)
        files.make_folder(home / f"{label}_under925")
    base, rows, lines, drags, bad = world.image_bytes(1), [], [], 0, 0
    for number in range(amount):
        is_below = rng.random() < below
        is_wrong = rng.random() < (wrong * 4 / 3 if is_below else wrong * 2 / 3)
        truth = rng.choice(LABELS)
        guess = rng.choice([label for label in LABELS if label != truth]) if is_wrong else truth
        score = rng.uniform(0.4, 0.92) if is_below else rng.uniform(0.925, 1)
        place = f"{guess}_under925" if is_below else guess
        data = base + f"{number} {seed}".encode()  # what follows a JPEG's end is not looked at
        path = home / place / f"{truth}_{number}_{int(score * 1000)}.jpg"
        path.write_bytes(data)
        sha = hashlib.sha256(data).hexdigest()
        reason = "unsure" if is_below else ""
        rows.append(SortedCopy(home.name, path.name, sha, place, guess, score, "model", STAMP))
        lines.append(scores_file.ScoreLine(path.name, place, guess, score, reason, {guess: score}, path.name))
        bad += is_wrong
        drags += is_wrong or is_below
    scores_file.write(home, "model", "0" * 16, lines)
    with open_catalogue("robots") as catalogue:
        catalogue.add_sortings(rows)
    return {"wrong": bad, "below": sum("_under" in row.place for row in rows), "drags": drags}


def truth_of(path: Path) -> str:
    return path.name.split("_")[0]
