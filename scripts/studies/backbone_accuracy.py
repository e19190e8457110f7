"""How good is a backbone? Accuracy of a linear head for several backbones side by side, by images a label.

For each folder, backbone, number of training images a label and seed: a quarter of every label (at most 100) is held
out, training images are drawn from the rest, near-duplicates on one side, and a head is fitted by L-BFGS with the L2
that does best on a quarter of the training images. Every label weighs the same.
"""

import argparse
import time

import numpy as np

from scripts.learn import backbones
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples
from scripts.learn.lbfgs import fit_lbfgs
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table

L2_GRID = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # strong to weak, for features of mean square norm 1
TEST_SHARE, TEST_MOST = 0.25, 100  # of each label


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=3)
    p.add_argument("--backbone", action="append", help="name, handle or SavedModel folder; may be repeated")
    p.add_argument("--per-label", default="5,20,50,200", help="training images a label, with commas between")


def run(flags: argparse.Namespace) -> None:
    counts = [int(n) for n in flags.per_label.split(",")]
    for folder in flags.data:
        headings = [f"{n} a label     " for n in counts]
        table = Table(
            f"{folder.name}: mean accuracy ± standard deviation over {flags.seeds} seeds",
            "backbone" + " " * 20,
            "vector",
            "images/s",
            *headings,
        )
        for name, precision in _asked(flags.backbone or [backbones.DEFAULT]):
            with StudyData(folder, name, flags.work, precision) as data:
                cells = []
                for count in counts:
                    scores = [accuracy(data, count, seed) for seed in range(flags.seeds)]
                    cells.append(f"{np.mean(scores):.3f} ±{np.std(scores):.3f}")
                table.row(f"{name[-20:]} {precision}", data.runner.vector_length, f"{_speed(data):.0f}", *cells)


def _asked(names: list[str]) -> list[tuple[str, str]]:
    """(name, precision) of each: the EfficientNet-Lites in int8 and in float32."""
    both = (backbones.INT8, backbones.FLOAT32)
    return [(n, p) for n in names for p in both if p == backbones.FLOAT32 or backbones.can_be_cut(n)]


def accuracy(data: StudyData, per_label: int, seed: int) -> float:
    """Share of held-out images labelled rightly, every label weighing the same."""
    held = {label: max(1, min(TEST_MOST, n)) for label, n in data.share(TEST_SHARE).items()}
    held_out, train, _ = data.draw(seed, held, data.each(per_label))
    (x, y), (test, truth) = data.arrays(train), data.arrays(held_out)
    examples = Examples(EmbeddingTable.of(x), y, np.ones(len(y), np.float32), len(data.labels))
    head = fit_lbfgs(examples, choose_l2(examples, np.random.default_rng([seed, per_label])), iterations=100)
    guessed = head.logits(test).argmax(axis=1)
    return float(np.mean([np.mean(guessed[truth == label] == label) for label in np.unique(truth)]))


def choose_l2(examples: Examples, rng: np.random.Generator) -> float:
    """The L2 of the grid that does best on a quarter of the training images (ties: the stronger)."""
    held = np.zeros(len(examples.labels), bool)
    for label in np.unique(examples.labels):
        order = rng.permutation(np.flatnonzero(examples.labels == label))
        held[order[: max(1, len(order) // 4)]] = True
    if held.all():  # one image a label: nothing to choose by
        return L2_GRID[1]
    best, chosen, head = -1.0, L2_GRID[0], None
    for l2 in L2_GRID:
        head = fit_lbfgs(examples.take(~held), l2, start=head, iterations=100)
        right = float(np.mean(head.logits(examples.vectors[held]).argmax(axis=1) == examples.labels[held]))
        if right > best + 1e-9:
            best, chosen = right, l2
    return chosen


def _speed(data: StudyData) -> float:
    """Images a second through the backbone alone; the first batch warms up untimed."""
    pixels = np.random.default_rng(0).random((64, data.runner.input_size, data.runner.input_size, 3), np.float32)
    data.runner.vectors(pixels[:8])
    begin = time.perf_counter()
    data.runner.vectors(pixels)
    return len(pixels) / (time.perf_counter() - begin)
