"""The loop turned five times without anyone looking: the program's rule, and the original's beside it.

The program: what only the model labelled trains at half weight and never measures, scores are calibrated, unfamiliar
images stay out. The original: whatever was harvested counts as sorted by a person, with raw scores.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from scripts.learn.dataset import LabeledImage
from scripts.learn.train import HeadConfig, TrainedHead, train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table, of, share

START, CYCLES, HELD_OUT = 20, 5, 0.25  # images a label at first; cycles; share held out


@dataclass
class Arm:
    """One rule. `own`: the program's, else the original's."""

    own: bool
    images: list[LabeledImage]
    frozen: dict[str, str]

    def train(self, data: StudyData, config: HeadConfig) -> TrainedHead:
        train_set = data.dataset(self.images, self.frozen)
        if self.own:
            self.frozen |= train_set.newly_held_out
        return train(train_set, config)

    def harvest(self, data: StudyData, trained: TrainedHead, batch: list[LabeledImage], threshold: float) -> None:
        """Take in what scores above the threshold, with the label that the model gives it."""
        if not batch:
            return
        x, _ = data.arrays(batch)
        p = (trained.head if self.own else trained.plain_head).probabilities(x)
        sure = p.max(axis=1) >= threshold
        if self.own:
            sure &= trained.novelty.distances(x) <= trained.novelty.limit
        for i in np.flatnonzero(sure):
            self.images.append(replace(batch[i], label=data.labels[p[i].argmax()], human=not self.own))


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        table = Table(name, "seed", "cycle", "rule    ", "images", "unchecked", "wrong", " " * 28, "true", "holds")
        holds, gaps = defaultdict(list), defaultdict(list)
        truth = {image.sha256: image.label for image in data.images}
        for seed in range(flags.seeds):
            held_out, start, pool = data.draw(seed, data.share(HELD_OUT), data.each(START))
            x, y = data.arrays(held_out)
            for arm in (Arm(True, list(start), {}), Arm(False, list(start), {})):
                rule = "program" if arm.own else "original"
                for cycle in range(CYCLES + 1):
                    trained = arm.train(data, study_data.config(flags))
                    facts, true = trained.facts["accuracy"], float((trained.head.logits(x).argmax(axis=1) == y).mean())
                    holds[rule].append(facts["low"] <= true <= facts["high"])
                    gaps[rule].append(facts["value"] - true)
                    taken = arm.images[len(start) :]
                    wrong = sum(truth[image.sha256] != image.label for image in taken)
                    row = (seed, cycle, rule, len(arm.images), len(taken), wrong, share(facts), true, holds[rule][-1])
                    table.row(*row)
                    arm.harvest(data, trained, pool[cycle::CYCLES] if cycle < CYCLES else [], flags.confidence_min)
        for rule, gap in gaps.items():
            means = ", ".join(f"{np.mean(gap[cycle :: CYCLES + 1]):+.3f}" for cycle in range(CYCLES + 1))
            print(f"{rule}: interval holds {of(holds[rule])}; reported less true, by cycle: {means}")
