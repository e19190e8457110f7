"""Does a loop that nobody watches get worse? Ten harvests: trained on all sure images, or only on those that help.

For each folder and seed some labels are drawn. A person sorts 20 images of each, a quarter is held out, and the others
come in ten batches, of which the model harvests what is above its threshold. The accuracy on held-out images is
compared with that of the first model.
"""

import argparse
from dataclasses import dataclass, field, replace

import numpy as np

from scripts.learn import unchecked
from scripts.learn.dataset import LabeledImage
from scripts.learn.train import TrainedHead, train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table, of

START, CYCLES, HELD_OUT, IMAGES_MIN = 20, 10, 0.25, 60  # images a label; cycles; share held out; of a drawn label
ALL, HELPFUL = "all", "only what helps"


@dataclass
class Loop:
    """One way to go on: the model, its threshold, its images, and the change of accuracy after each cycle;
    `trained_on`: cycles in which unchecked images were trained on; `wrong`: harvested images with a wrong label."""

    trained: TrainedHead
    threshold: float
    images: list[LabeledImage]
    changes: list[float] = field(default_factory=list)
    trained_on: int = 0
    wrong: int = 0


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=3)
    p.add_argument("--labels", type=int, default=6, help="of each folder, at most")


def cycle(
    data: StudyData, way: str, loop: Loop, first: TrainedHead, batch: list[LabeledImage], flags: argparse.Namespace
) -> None:
    """Harvest a batch and train again; what does not help leaves the first model as it is."""
    labels = sorted({image.label for image in loop.images})
    x, truth = data.arrays(batch, labels)
    p, novelty = loop.trained.head.probabilities(x), loop.trained.novelty
    good = np.flatnonzero((p.max(axis=1) >= loop.threshold) & (novelty.distances(x) <= novelty.limit))
    guesses = p.argmax(axis=1)
    loop.wrong += int((guesses[good] != truth[good]).sum())
    loop.images += [replace(batch[i], label=labels[guesses[i]], human=False) for i in good]
    train_set, config = data.dataset(loop.images), study_data.config(flags)
    if way == HELPFUL and not unchecked.compare(train_set, config).helps:
        loop.trained = first
        return
    loop.trained_on += 1
    loop.trained = train(train_set, config)
    loop.threshold = loop.trained.evidence.threshold(flags.confidence_min)


def one(data: StudyData, seed: int, flags: argparse.Namespace) -> tuple[float, dict[str, Loop]]:
    """The first model's accuracy, and both loops."""
    labels = data.some_labels(np.random.default_rng(seed), flags.labels, IMAGES_MIN)
    shares = data.share(HELD_OUT)
    held_out, start, rest = data.draw(seed, {label: shares[label] for label in labels}, dict.fromkeys(labels, START))
    pool = [image for image in rest if image.label in labels]
    x, y = data.arrays(held_out, labels)
    train_set = data.dataset(start)
    first = train(train_set, study_data.config(flags))
    before = float((first.head.logits(x).argmax(axis=1) == y).mean())
    threshold = first.evidence.threshold(flags.confidence_min)
    loops = {way: Loop(first, threshold, list(start)) for way in (ALL, HELPFUL)}
    for way, loop in loops.items():
        for number in range(CYCLES):
            cycle(data, way, loop, first, pool[number::CYCLES], flags)
            loop.changes.append(float((loop.trained.head.logits(x).argmax(axis=1) == y).mean()) - before)
    return before, loops


def run(flags: argparse.Namespace) -> None:
    headings = ("first", "after ten", "worst", "worse by .005", "cycles trained on", "harvested", "wrong")
    table = Table("", "data        ", "trained on     ", *headings)
    for name, data in study_data.each_folder(flags):
        runs = [one(data, seed, flags) for seed in range(flags.seeds)]
        for way in (ALL, HELPFUL):
            loops = [found[way] for _, found in runs]
            changes = np.array([loop.changes for loop in loops])
            worse = of(bool(each.any()) for each in changes < -0.005)
            counts = [(loop.trained_on, sum(not i.human for i in loop.images), loop.wrong) for loop in loops]
            taken, harvested, wrong = np.mean(counts, axis=0)
            first, last = float(np.mean([before for before, _ in runs])), f"{changes[:, -1].mean():+.3f}"
            row = (f"{changes.min():+.3f}", worse, f"{taken:.1f}", f"{harvested:.0f}", f"{wrong:.1f}")
            table.row(name, way, first, last, *row)
