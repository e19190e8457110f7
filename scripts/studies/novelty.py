"""Are unfamiliar images kept out? Test images, and images of other things: unfamiliar, and over the threshold."""

import argparse
from pathlib import Path

import numpy as np

from scripts.learn import dataset
from scripts.learn.train import TrainedHead, train
from scripts.studies import study_data
from scripts.studies.table import Table


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=1)
    p.add_argument("--foreign", type=Path, nargs="*", default=[], help="label folders of other things")
    p.add_argument("--by-label", action="store_true", help="one line for each of their labels")


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        train_set = data.dataset(data.images)
        trained = train(train_set, study_data.config(flags))
        title = f"{name}: distance threshold {trained.novelty.limit:.3f}; sure = score at least {flags.confidence_min}"
        table = Table(title, " " * 28, "images", "unfamiliar", "sure", "sure and familiar")
        if train_set.test.any():
            table.row("test images", *_cells(trained, train_set.vectors[train_set.test], flags.confidence_min))
        for folder in flags.foreign:
            images = dataset.list_images(folder, data.hashes)
            for label in sorted({image.label for image in images}) if flags.by_label else [""]:
                vectors = data.embed([image for image in images if label in ("", image.label)])
                cells = _cells(trained, np.stack(list(vectors.values())), flags.confidence_min)
                table.row(f"{folder.name} {label}", *cells)


def _cells(trained: TrainedHead, x: np.ndarray, threshold: float) -> list[str]:
    far = trained.novelty.distances(x) > trained.novelty.limit
    sure = trained.head.probabilities(x).max(axis=1) >= threshold
    return [str(len(x)), *(f"{share.mean():.1%}" for share in (far, sure, sure & ~far))]
