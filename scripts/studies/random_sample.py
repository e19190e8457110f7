"""Why only randomly drawn images measure accuracy: how far off it would be if chosen images measured too.

A person sorts some images a label that were drawn at random; a head learns from them. Then more images are looked at,
chosen in one of three ways: the most uncertain, those that the model had wrong, or only the sure ones. A new head
learns from all of them. Its reported accuracy, by the rule (chosen images teach but never measure) and without it, is
compared with the accuracy on held-out images.
"""

import argparse
from dataclasses import replace

import numpy as np

from scripts.learn.train import HeadConfig, train
from scripts.studies import study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table

MORE, HELD_OUT = 60, 0.4  # chosen images in all; share held out
WAYS = ("uncertain", "wrong", "sure")


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)
    p.add_argument("--per-label", type=int, default=30, help="images a label before any is chosen")


def one(data: StudyData, seed: int, way: str, per_label: int, config: HeadConfig) -> tuple[float, float, float]:
    """Accuracy on held-out images, and how far the reported one is above it: by the rule, and without it."""
    held_out, start, pool = data.draw(seed, data.share(HELD_OUT), data.each(per_label))
    x, y = data.arrays(pool)
    p = train(data.dataset(start), config).head.probabilities(x)
    score, wrong = p.max(axis=1), p.argmax(axis=1) != y
    order = {"uncertain": np.argsort(score), "wrong": np.flatnonzero(wrong), "sure": np.argsort(-score)}[way]
    chosen = [pool[i] for i in order[:MORE]]
    by_rule = train(data.dataset([*start, *(replace(image, chosen=True) for image in chosen)]), config)
    without = train(data.dataset([*start, *chosen]), config)
    x, y = data.arrays(held_out)
    true = float((by_rule.head.logits(x).argmax(axis=1) == y).mean())
    return true, by_rule.facts["accuracy"]["value"] - true, without.facts["accuracy"]["value"] - true


def run(flags: argparse.Namespace) -> None:
    table = Table("", "data        ", "chosen    ", "held out", "reported less true: by the rule", "without it")
    for name, data in study_data.each_folder(flags):
        for way in WAYS:
            rows = [one(data, seed, way, flags.per_label, study_data.config(flags)) for seed in range(flags.seeds)]
            true, rule, without = np.mean(rows, axis=0)
            table.row(name, way, f"{true:.3f}", f"{rule:+.3f}", f"{without:+.3f}")
