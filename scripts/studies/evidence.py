"""Does the map show what the prediction rests on? Cells are taken away, and the probability is looked at again.

For each folder a head is trained on most images; of some that it has not seen, a fifth of the grid's cells is filled
with the image's mean colour: those with most evidence, those with least, and the first ones moved to a random place.
Also: how far the cells and the constant are from the difference of the logits.
"""

import argparse

import numpy as np

from scripts.learn.evidence import SIDE, evidence_of
from scripts.learn.images import load_pixels
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.table import Table

TAKEN = 0.2  # of the cells


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=1)
    p.add_argument("--per-label", type=int, default=60, help="images to learn from")
    p.add_argument("--images", type=int, default=34, help="images of a folder that are looked at")


def without(pixels: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """float32 [side, side, 3] with the cells bool [SIDE, SIDE] filled with the mean colour."""
    at = np.arange(len(pixels)) * SIDE // len(pixels)
    return np.where(cells[np.ix_(at, at)][:, :, None], pixels.mean(axis=(0, 1)), pixels).astype(np.float32)


def run(flags: argparse.Namespace) -> None:
    table = Table(
        "", "folder      ", "images", "probability", "most away", "random away", "least away", "error of the sum"
    )
    falls = list[list[float]]()
    for name, data in study_data.each_folder(flags):
        learned, rest = data.draw(0, data.each(flags.per_label))
        made = data.dataset(learned)
        head, usual = train(made, study_data.config(flags)).head, made.vectors.mean()
        reader = data.map_reader()
        rng, rows, errors = np.random.default_rng(0), list[list[float]](), list[float]()
        for i in rng.permutation(len(rest))[: flags.images]:
            pixels = load_pixels(rest[i].path, reader.input_size)
            maps = reader.read(pixels)
            scores = head.probabilities(maps.vector[None])[0]
            second, first = np.argsort(scores)[-2:].tolist()
            found = evidence_of(maps, head, first, second, usual)
            logits = head.logits(maps.vector[None])[0]
            errors.append(abs(found.total - float(logits[first] - logits[second])))
            ranked = found.cells.ravel().argsort().argsort().reshape(SIDE, SIDE)
            count = round(TAKEN * SIDE * SIDE)
            most, least = ranked >= SIDE * SIDE - count, ranked < count
            moved = np.roll(most, rng.integers(0, SIDE, 2), axis=(0, 1))
            changed = np.stack([reader.read(without(pixels, cells)).vector for cells in (most, moved, least)])
            rows.append([scores[first], *head.probabilities(changed)[:, first].tolist()])
        mean = np.mean(rows, axis=0)
        falls += [[row[0] - value for value in row[1:]] for row in rows]
        table.row(name, len(rows), *(float(value) for value in mean), f"{max(errors):.1e}")
    most, moved, least = np.mean(falls, axis=0)
    print(f"\n{len(falls)} images: the probability falls by {most:.3f}, {moved:.3f} and {least:.3f}")
