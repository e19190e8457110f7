"""Are scores probabilities? Calibration error before and after the temperature, and what passes the threshold."""

import argparse

import numpy as np

from scripts.learn import metrics
from scripts.learn.train import train
from scripts.studies import study_data
from scripts.studies.table import Table, of, share

HELD_OUT = 0.25


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        headings = ("seed", "accuracy", "T", "error before", "after", "on held-out images before", "after")
        table = Table(name, *headings, f"right over {flags.confidence_min}: reported", "held out", "holds")
        holds, before, after, truth = [], [], [], []
        for seed in range(flags.seeds):
            held_out, rest = data.draw(seed, data.share(HELD_OUT))
            trained = train(data.dataset(rest, data.random_split(rest, seed)), study_data.config(flags))
            x, y = data.arrays(held_out)
            truth.append(y)
            before.append(trained.plain_head.probabilities(x))
            after.append(trained.head.probabilities(x))
            thresholds = trained.facts["thresholds"]
            reported = next(t for t in thresholds if abs(t["threshold"] - flags.confidence_min) < 1e-9)
            got, error = metrics.above(after[-1], y, flags.confidence_min), trained.facts["ece"]
            holds.append(reported["low"] <= got["value"] <= reported["high"])
            errors = error["before"], error["after"], metrics.ece(before[-1], y), metrics.ece(after[-1], y)
            accuracy = trained.facts["accuracy"]["value"]
            table.row(seed, accuracy, trained.temperature, *errors, share(reported), got["value"], holds[-1])
        y, plain, ours = np.concatenate(truth), np.concatenate(before), np.concatenate(after)
        old, new, chance = metrics.ece(plain, y), metrics.ece(ours, y), _chance_error(ours)
        raw, cooled = (metrics.above(p, y, flags.confidence_min) for p in (plain, ours))
        print(
            f"calibration error on all {len(y)} held-out images: {old:.3f} -> {new:.3f}, ratio {new / old:.2f} (right "
            f"scores would show {chance:.3f} by chance); over the threshold {raw['coverage']:.1%} -> "
            f"{cooled['coverage']:.1%}, right {raw['value']:.1%} -> {cooled['value']:.1%}; interval holds {of(holds)}"
        )


def _chance_error(p: np.ndarray) -> float:
    """The calibration error that labels drawn by these very scores show on average: what so few images cannot tell."""
    rng, edges = np.random.default_rng(0), p.cumsum(axis=1)
    draws = [(rng.random((len(p), 1)) * edges[:, -1:] > edges).sum(axis=1) for _ in range(20)]
    return float(np.mean([metrics.ece(p, y) for y in draws]))
