"""Does a labeling session get worse between 50 and 100 decisions? Accuracy at each mark, and its change, many seeds.

A simulated person labels a pool of some labels drawn at random, page by page. Printed: the accuracy on held-out images
at each number of decisions, and how it changed since the mark before, with its standard error over seeds.
"""

import argparse

import numpy as np

from scripts.studies import study_data
from scripts.studies.labeling import session
from scripts.studies.study_data import HELD_OUT, StudyData
from scripts.studies.table import Table, of

POOL = 600  # images of the pool, at most


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=20)
    p.add_argument("--labels", type=int, default=10, help="of each folder, drawn at random, at most")


def one(data: StudyData, seed: int, count: int) -> dict[int, float]:
    """Decisions -> accuracy on held-out images."""
    labels = data.some_labels(np.random.default_rng([seed, 6]), count, 40)
    shares = data.share(HELD_OUT)
    held_out, rest = data.draw(seed, {label: shares[label] for label in labels})
    pool = [image for image in rest if image.label in labels]
    some = [pool[i] for i in np.random.default_rng(seed).permutation(len(pool))[:POOL]]
    marks = session(*data.arrays(some, labels), data.arrays(held_out, labels), seed)
    return {decisions: mark.true for decisions, mark in marks.items()}


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        runs = [one(data, seed, flags.labels) for seed in range(flags.seeds)]
        table = Table(f"{name}: {flags.seeds} seeds", "decisions", "true", "change", "standard error", "fell")
        before: np.ndarray | None = None
        for mark in sorted(set.intersection(*(set(found) for found in runs))):
            true = np.array([found[mark] for found in runs])
            if before is None:
                table.row(mark, float(true.mean()))
            else:
                change = true - before
                error = f"{change.std(ddof=1) / len(change) ** 0.5:.4f}" if len(change) > 1 else ""
                table.row(mark, float(true.mean()), f"{change.mean():+.4f}", error, of((change < 0).tolist()))
            before = true
