"""How good is a backbone?  Accuracy of a linear head on folders of label folders, side by side.

    python -m scripts.probe --data DIR [--data DIR ...] --backbone efficientnet_lite0 --per-label 5,20,50,200 --seeds 3

For each folder, backbone, and number of training pictures a label, several random splits: a quarter
of every label (at most 100) is test, training pictures are drawn from the rest, and the head's L2 is
chosen on a quarter of those before it is fitted to all of them (L-BFGS, scripts/learn/head.py).

Splits are random, picture by picture.  Where a folder holds series of near-duplicates (the built
robots of robots3 do), they fall on both sides and every number is too high, for all backbones alike:
compare rows, not promises.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

if __package__ in (None, ""):  # started as a file: make `scripts` importable all the same
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.learn import backbones
from scripts.learn.head import Examples, fit_lbfgs
from scripts.learn.images import Unreadable, load_pixels

MODELS = Path(__file__).resolve().parent.parent / "tf_files" / "models"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
L2_GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # strong to weak, for features of mean square norm 1
TEST_SHARE, TEST_MOST = 0.25, 100  # of each label
BATCH = 64  # pictures handed over at once


@dataclass
class Row:
    """One cell of the table: mean and standard deviation of accuracy over the seeds."""

    data: str
    backbone: str
    per_label: int
    accuracy: float
    spread: float
    seeds: int


@dataclass
class Runner:
    """Something that turns pictures, float32 [n, side, side, 3] in 0..1, into vectors [n, d]."""

    name: str
    side: int  # pixels
    run: Callable[[np.ndarray], np.ndarray]
    bytes: int = 0  # on disk


# --- splits and accuracy -------------------------------------------------------------------


def split(labels: np.ndarray, per_label: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(training indices, test indices): at most `per_label` a label to train on, never one that is tested."""
    train, test = [], []
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        tested = min(TEST_MOST, max(1, int(TEST_SHARE * len(order))))
        test.append(order[:tested])
        train.append(order[tested : tested + per_label])
    return np.concatenate(train), np.concatenate(test)


def choose_l2(examples: Examples, rng: np.random.Generator) -> float:
    """The L2 of the grid that does best on a quarter of the training pictures (ties: the stronger)."""
    held = np.zeros(len(examples.labels), bool)
    for label in np.unique(examples.labels):
        order = rng.permutation(np.flatnonzero(examples.labels == label))
        held[order[: max(1, len(order) // 4)]] = True
    if held.all():  # one picture a label: nothing to choose on
        return L2_GRID[1]
    best, chosen, head = -1.0, L2_GRID[0], None
    for l2 in L2_GRID:
        head = fit_lbfgs(examples.take(~held), l2, start=head, iterations=100)
        right = float(np.mean(head.logits(examples.vectors[held]).argmax(1) == examples.labels[held]))
        if right > best + 1e-9:
            best, chosen = right, l2
    return chosen


def accuracy(features: np.ndarray, labels: np.ndarray, per_label: int, seed: int) -> float:
    """Share of test pictures labelled rightly, every label weighing the same."""
    rng = np.random.default_rng([seed, per_label])
    train, test = split(labels, per_label, rng)
    examples = Examples(features, labels, np.ones(len(labels)), int(labels.max()) + 1).take(train)
    head = fit_lbfgs(examples, choose_l2(examples, rng), iterations=100)
    guessed = head.logits(features[test]).argmax(1)
    return float(np.mean([np.mean(guessed[labels[test] == k] == k) for k in np.unique(labels[test])]))


# --- pictures and backbones ----------------------------------------------------------------


def read_folder(folder: Path, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [n, side, side, 3], label numbers [n]) of a folder of label folders.

    Raises:
        ValueError: fewer than two labels hold readable pictures.
    """
    pixels, labels = [], []
    for number, name in enumerate(sorted(p for p in folder.iterdir() if p.is_dir())):
        for path in sorted(p for p in name.iterdir() if p.suffix.lower() in SUFFIXES):
            try:
                pixels.append((load_pixels(path, side) * 255 + 0.5).astype(np.uint8))
            except Unreadable as reason:
                print(f"left out {path.name}: {reason}", file=sys.stderr)
                continue
            labels.append(number)
    if len(set(labels)) < 2:
        raise ValueError(f"{folder} needs at least two label folders with readable pictures")
    return np.stack(pixels), np.array(labels)


def load_backbone(name: str) -> Runner:
    """A backbone by name, hub handle, or path of a SavedModel folder.

    Raises:
        BackboneProblem: there is none, or it cannot be loaded.
    """
    from scripts.learn.runners import open_runner

    found = backbones.find(name)
    folder = backbones.locate(found, MODELS)
    runner = open_runner(found, folder, MODELS, way="full")
    files = [folder / "saved_model.pb", *folder.glob("variables/*")]
    return Runner(name, runner.input_size, runner.vectors, sum(f.stat().st_size for f in files))


def vectors(runner: Runner, pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """(features float32 [n, d], pictures a second) of uint8 pictures; the first batch warms up untimed."""
    runner.run(pixels[:BATCH].astype(np.float32) / 255)
    started = time.perf_counter()
    parts = [runner.run(pixels[i : i + BATCH].astype(np.float32) / 255) for i in range(0, len(pixels), BATCH)]
    return np.concatenate(parts), len(pixels) / (time.perf_counter() - started)


# --- the table -----------------------------------------------------------------------------


def probe(folder: Path, wanted: list[str], per_label: list[int], seeds: int) -> tuple[list[Row], dict[str, dict]]:
    """(rows of the table, facts about each backbone by name) for one folder."""
    rows, facts, pictures = [], {}, {}
    for runner in map(load_backbone, wanted):  # one loaded at a time
        if runner.side not in pictures:
            pictures[runner.side] = read_folder(folder, runner.side)
        pixels, labels = pictures[runner.side]
        features, speed = vectors(runner, pixels)
        facts[runner.name] = {
            "vector_length": features.shape[1],
            "megabytes": round(runner.bytes / 1e6, 2),
            "images_per_second": round(speed, 1),
        }
        for number in per_label:
            scores = [accuracy(features, labels, number, seed) for seed in range(seeds)]
            mean, spread = float(np.mean(scores)), float(np.std(scores))
            rows.append(Row(folder.name, runner.name, number, mean, spread, seeds))
    return rows, facts


def table(rows: list[Row], facts: dict[str, dict]) -> str:
    """The rows of one folder as plain text, a backbone a line."""
    numbers = sorted({row.per_label for row in rows})
    heading = f"{rows[0].data:<20}{'vector':>7}{'MB':>7}{'images/s':>10}"
    lines = [heading + "".join(f"{n:>8}/label" for n in numbers)]
    for name, fact in facts.items():
        cells = {row.per_label: f"{row.accuracy:.3f} ±{row.spread:.3f}" for row in rows if row.backbone == name}
        start = f"{name[-20:]:<20}{fact['vector_length']:>7}{fact['megabytes']:>7.2f}{fact['images_per_second']:>10.0f}"
        lines.append(start + "".join(f"{cells[n]:>14}" for n in numbers))
    return "\n".join(lines)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", action="append", type=Path, required=True, help="folder of label folders")
    parser.add_argument("--backbone", action="append", default=[], help="name, handle or SavedModel folder")
    parser.add_argument("--per-label", default="5,20,50,200", help="training pictures a label, with commas")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print data instead of tables")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """0 done, 1 a folder or a backbone will not do."""
    args = parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    per_label, wanted = [int(n) for n in args.per_label.split(",")], args.backbone or [backbones.DEFAULT]
    collected = []
    try:
        for folder in args.data:
            rows, facts = probe(folder, wanted, per_label, args.seeds)
            collected.append({"data": folder.name, "backbones": facts, "rows": [asdict(r) for r in rows]})
            if not args.json:
                print(table(rows, facts) + "\n", flush=True)
    except (ValueError, RuntimeError, OSError, backbones.BackboneProblem) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(collected, indent=2))
    else:
        print("± is the standard deviation over seeds. Near-duplicates on both sides of a split flatter every row.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
