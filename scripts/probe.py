"""How good is a backbone?  Accuracy of a linear head on folders of label folders, side by side.

    python -m scripts.probe --data DIR [--data DIR ...] --backbone embedded --per-label 5,20,50,200 --seeds 3

For each folder, backbone, and number of training pictures a label, several random splits: a quarter
of every label (at most 100) is test, training pictures are drawn from the rest, and the head's L2 is
chosen on a quarter of those before it is fitted to all of them.  Two baselines come along: hand-made
features (scripts/handmade.py) and the embedded architecture with random weights.

Splits are random, picture by picture.  Where a folder holds series of near-duplicates, they fall on
both sides and every number is too high, for all backbones alike: compare columns, not promises.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

if __package__ in (None, ""):  # started as a file: make `scripts` importable all the same
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.images import FORMATS, Unreadable, load_pixels

MODELS = Path(__file__).resolve().parent.parent / "tf_files" / "models"
SUFFIXES = {".jpg", ".jpeg", *(f".{name.lower()}" for name in FORMATS)}
L2_GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # strong to weak; features have mean square norm 1
TEST_SHARE, TEST_MOST = 0.25, 100  # of each label
SIDE = 128  # pixels, of the baselines
BATCH = 64


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
class Backbone:
    """Something that turns pictures into vectors."""

    name: str
    side: int  # pixels
    run: object  # float32 [n, side, side, 3] in 0..1 -> [n, d]
    bytes: int = 0  # on disk


# --- the linear head -----------------------------------------------------------------------


def softmax_loss(weights: np.ndarray, x: np.ndarray, targets: np.ndarray, l2: float):
    """Mean cross-entropy + l2/2 |W|^2 and its gradient; the last row of `weights` [d+1, k] is the bias."""
    logits = x @ weights[:-1] + weights[-1]
    logits -= logits.max(1, keepdims=True)
    exponents = np.exp(logits)
    totals = exponents.sum(1, keepdims=True)
    loss = np.mean(np.log(totals[:, 0]) - (logits * targets).sum(1)) + l2 / 2 * np.sum(weights[:-1] ** 2)
    error = (exponents / totals - targets) / len(x)
    gradient = np.vstack([x.T @ error + l2 * weights[:-1], error.sum(0)])
    return loss, gradient


def fit_head(x, labels, count: int, l2: float, start=None, rounds: int = 100, memory: int = 8) -> np.ndarray:
    """Softmax regression by L-BFGS with backtracking: weights float64 [d+1, count]."""
    targets = np.eye(count)[labels]
    weights = np.zeros((x.shape[1] + 1, count)) if start is None else start.copy()
    loss, gradient = softmax_loss(weights, x, targets, l2)
    pairs: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(rounds):
        direction = _descent(gradient, pairs)
        slope = np.sum(direction * gradient)
        length = 1.0 if pairs else min(1.0, 1.0 / (np.abs(gradient).sum() + 1e-12))
        for _ in range(25):
            moved = weights + length * direction
            new_loss, new_gradient = softmax_loss(moved, x, targets, l2)
            if new_loss <= loss + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break
        step, change = moved - weights, new_gradient - gradient
        if np.sum(step * change) > 1e-12:
            pairs = [*pairs, (step, change)][-memory:]
        done = loss - new_loss < 1e-7 * max(1.0, abs(loss))
        weights, loss, gradient = moved, new_loss, new_gradient
        if done:
            break
    return weights


def _descent(gradient: np.ndarray, pairs) -> np.ndarray:
    """The L-BFGS direction: Nocedal's two loops over the remembered steps."""
    q, kept = gradient.copy(), []
    for step, change in reversed(pairs):
        weight = np.sum(step * q) / np.sum(step * change)
        q -= weight * change
        kept.append(weight)
    if pairs:
        step, change = pairs[-1]
        q *= np.sum(step * change) / np.sum(change**2)
    for (step, change), weight in zip(pairs, reversed(kept), strict=True):
        q += step * (weight - np.sum(change * q) / np.sum(step * change))
    return -q


def predict(weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Label numbers [n]."""
    return (x @ weights[:-1] + weights[-1]).argmax(1)


# --- splits and accuracy -------------------------------------------------------------------


def split(labels: np.ndarray, per_label: int, rng: np.random.Generator):
    """(training indices, test indices): at most `per_label` a label to train on, never one that is tested."""
    train, test = [], []
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        tested = min(TEST_MOST, max(1, int(TEST_SHARE * len(order))))
        test.append(order[:tested])
        train.append(order[tested : tested + per_label])
    return np.concatenate(train), np.concatenate(test)


def scaled(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Every feature to mean 0, spread 1 on the training pictures, then mean square norm 1."""
    mean, spread = train.mean(0), train.std(0)
    spread = np.maximum(spread, 0.05 * np.median(spread) + 1e-9)  # a feature that is nearly always the same stays small
    root = np.sqrt(train.shape[1])
    return [(part - mean) / spread / root for part in (train, *others)]


def choose_l2(x: np.ndarray, labels: np.ndarray, count: int, rng: np.random.Generator) -> float:
    """The L2 of the grid that does best on a quarter of the training pictures (ties: the stronger)."""
    held = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == label))
        held[order[: max(1, len(order) // 4)]] = True
    if held.all():
        return L2_GRID[1]
    best, weights = (-1.0, L2_GRID[1]), None
    for l2 in L2_GRID:
        weights = fit_head(x[~held], labels[~held], count, l2, start=weights)
        right = np.mean(predict(weights, x[held]) == labels[held])
        if right > best[0] + 1e-9:
            best = (right, l2)
    return best[1]


def accuracy(features: np.ndarray, labels: np.ndarray, per_label: int, seed: int) -> float:
    """Share of test pictures labelled rightly, every label weighing the same."""
    rng = np.random.default_rng([seed, per_label])
    train, test = split(labels, per_label, rng)
    x, x_test = scaled(features[train].astype(np.float64), features[test].astype(np.float64))
    count = int(labels.max()) + 1
    weights = fit_head(x, labels[train], count, choose_l2(x, labels[train], count, rng))
    guessed = predict(weights, x_test)
    return float(np.mean([np.mean(guessed[labels[test] == k] == k) for k in np.unique(labels[test])]))


# --- pictures and backbones ----------------------------------------------------------------


def read_folder(folder: Path, side: int, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(uint8 [n, side, side, 3], label numbers [n]) of a folder of label folders; `most` pictures a label."""
    pixels, labels, names = [], [], sorted(p for p in folder.iterdir() if p.is_dir())
    for number, name in enumerate(names):
        for path in sorted(p for p in name.iterdir() if p.suffix.lower() in SUFFIXES)[:most]:
            try:
                pixels.append((load_pixels(path, side) * 255 + 0.5).astype(np.uint8))
            except Unreadable as reason:
                print(f"left out {path.name}: {reason}", file=sys.stderr)
                continue
            labels.append(number)
    if len(set(labels)) < 2:
        raise ValueError(f"{folder} needs at least two label folders with readable pictures")
    return np.stack(pixels), np.array(labels)


def load_backbone(name: str) -> Backbone:
    """A backbone by name (a folder under tf_files/models) or by the path of a SavedModel.

    Raises:
        ValueError: there is none.
    """
    import tensorflow as tf

    folder = Path(name) if Path(name).is_dir() else MODELS / name
    if not (folder / "saved_model.pb").exists():
        raise ValueError(f"no SavedModel in {folder}")
    model = tf.saved_model.load(str(folder))
    note = folder / "backbone.json"
    side = json.loads(note.read_text(encoding="utf-8"))["input_size"] if note.exists() else SIDE
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    return Backbone(name, side, lambda x: np.asarray(model(tf.constant(x))), size)


def untrained_backbone(pixels: np.ndarray) -> Backbone:
    """The embedded architecture with random weights, scaled on `pixels`."""
    import tensorflow as tf

    from scripts import pretrain_export

    module = pretrain_export.untrained_module(pixels)
    return Backbone("untrained", SIDE, lambda x: np.asarray(module(tf.constant(x))))


def vectors(backbone: Backbone, pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """(features float32 [n, d], pictures a second) of uint8 pictures; the first batch warms up untimed."""
    backbone.run(pixels[:BATCH].astype(np.float32) / 255)
    started = time.perf_counter()
    parts = [
        np.asarray(backbone.run(pixels[i : i + BATCH].astype(np.float32) / 255))
        for i in range(0, len(pixels), BATCH)
    ]
    return np.concatenate(parts), len(pixels) / (time.perf_counter() - started)


def probe(folder: Path, wanted: list[str], per_label: list[int], seeds: int, baselines: bool = True):
    """(rows of the table, facts about each backbone) for one folder."""
    rows, facts, cache = [], {}, {}

    def pictures(side: int):
        if side not in cache:
            cache[side] = read_folder(folder, side)
        return cache[side]

    makers = [lambda name=name: load_backbone(name) for name in wanted]
    if baselines:
        from scripts import handmade

        makers.append(lambda: Backbone("hand-made", SIDE, handmade.features))
        makers.append(lambda: untrained_backbone(pictures(SIDE)[0]))
    for make in makers:
        backbone = make()
        pixels, labels = pictures(backbone.side)
        features, speed = vectors(backbone, pixels)
        facts[backbone.name] = {
            "vector_length": features.shape[1],
            "images_per_second": round(speed, 1),
            "megabytes": round(backbone.bytes / 1e6, 2),
        }
        for number in per_label:
            scores = [accuracy(features, labels, number, seed) for seed in range(seeds)]
            rows.append(
                Row(folder.name, backbone.name, number, float(np.mean(scores)), float(np.std(scores)), seeds)
            )
    return rows, facts


def table(rows: list[Row], facts: dict[str, dict]) -> str:
    """The rows of one folder as plain text."""
    numbers = sorted({row.per_label for row in rows})
    lines = [f"{rows[0].data:<16}{'vector':>7}{'MB':>7}{'images/s':>10}" + "".join(f"{n:>8}/label" for n in numbers)]
    for name, fact in facts.items():
        cells = {row.per_label: f"{row.accuracy:.3f} ±{row.spread:.3f}" for row in rows if row.backbone == name}
        lines.append(
            f"{name[-16:]:<16}{fact['vector_length']:>7}{fact['megabytes']:>7.2f}{fact['images_per_second']:>10.0f}"
            + "".join(f"{cells[n]:>14}" for n in numbers)
        )
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """0 done, 1 a folder or a backbone will not do."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", action="append", type=Path, required=True, help="folder of label folders")
    parser.add_argument("--backbone", action="append", default=[], help="name or path of a SavedModel")
    parser.add_argument("--per-label", default="5,20,50,200", help="training pictures a label, with commas")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-baselines", action="store_true", help="the named backbones only")
    parser.add_argument("--json", action="store_true", help="print data instead of tables")
    args = parser.parse_args(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    per_label = [int(n) for n in args.per_label.split(",")]
    collected = []
    try:
        for folder in args.data:
            rows, facts = probe(
                folder, args.backbone or ["embedded"], per_label, args.seeds, not args.no_baselines
            )
            collected.append({"data": folder.name, "backbones": facts, "rows": [asdict(r) for r in rows]})
            if not args.json:
                print(table(rows, facts) + "\n", flush=True)
    except (ValueError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps(collected, indent=2))
    else:
        print("± is the standard deviation over seeds; near-duplicates on both sides of a split flatter every row.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
