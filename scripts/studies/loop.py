"""How far the program's own figures can be trusted, measured on real images that lie beside the project:

    python -m scripts.studies.loop loop --data DIR         the loop turned five times without anyone looking
    python -m scripts.studies.loop calibration --data DIR  calibration error, and what gets over the line
    python -m scripts.studies.loop suspects --data DIR     planted wrong labels found again
    python -m scripts.studies.loop gate --data DIR --foreign OTHER...  images of other things kept under the line
    python -m scripts.studies.loop explore --data DIR      what explore costs beside separate retrains

DIR holds label folders. Reads images; writes bottlenecks and hashes into --work; prints tables.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scripts.learn import dataset, metrics
from scripts.learn.dataset import LabeledImage
from scripts.learn.metrics import Share
from scripts.learn.train import HeadConfig, TrainedHead, train
from scripts.studies.explore import explore
from scripts.studies.ground import Ground, common_flags

START = 20  # images of each label that a person sorted before the first cycle
CYCLES = 5
APART = 0.25  # share of each label that no cycle ever sees
PLANTED = 0.05  # share of labels made wrong
LOOKED_AT = 0.10  # share of the training images, the most suspicious first, that a person would look at
HEADING = "images robot wrong  reported  interval      n  apart     "


# The loop


@dataclass
class Arm:
    """One way of keeping the books. `honest`: the robot's labels are known as such and never measure; scores are
    calibrated. Otherwise as the original: whatever was harvested counts as sorted, raw scores."""

    evaluation: bool
    images: list[LabeledImage]
    frozen: dict[str, str]

    def cycle(self, ground: Ground, recipe: HeadConfig) -> tuple[TrainedHead, dict, list[str]]:
        stuff = ground.gather(self.images, self.frozen)
        if self.evaluation:
            self.frozen |= stuff.fresh
        trained = train(stuff, recipe)
        return trained, trained.facts["accuracy"], stuff.labels

    def harvest(self, ground: Ground, trained: TrainedHead, batch: list[LabeledImage], line: float) -> None:
        """Take in what scores above the line, with the label the model gives it."""
        x, _ = ground.stack(batch)
        p = (trained.head if self.evaluation else trained.plain_head).probabilities(x)
        sure = p.max(axis=1) >= line
        if self.evaluation:
            sure &= trained.gate.distances(x) <= trained.gate.limit
        self.images += [
            replace(batch[i], label=ground.labels[p[i].argmax()], human=not self.evaluation)
            for i in np.flatnonzero(sure)
        ]


def loop(ground: Ground, flags: argparse.Namespace) -> None:
    """Five cycles of unseen images, nobody looking: the program's rule and, beside it, the original's."""
    print(f"{'':<10} | {'the program: robots train, never measure':<58} | the original: what was harvested measures")
    print(f"seed cycle | {HEADING} | {HEADING}")
    inside, gaps = defaultdict(list), defaultdict(list)
    for seed in range(flags.seeds):
        apart, start, unseen = ground.deal(seed, [ground.count(APART), dict.fromkeys(ground.labels, START)])
        x, y = ground.stack(apart)
        truth = {p.sha256: p.label for p in ground.images}
        arms = [Arm(True, list(start), {}), Arm(False, list(start), {})]
        for cycle in range(CYCLES + 1):
            cells = []
            for arm in arms:
                trained, reported, _ = arm.cycle(ground, flags.head_config)
                real = float((trained.head.logits(x).argmax(axis=1) == y).mean())
                inside[arm.evaluation].append(reported["low"] <= real <= reported["high"])
                gaps[arm.evaluation, cycle].append(reported["value"] - real)
                robots = [p for p in arm.images[len(start) :]]
                wrong = sum(truth[p.sha256] != p.label for p in robots)
                cells.append(_cell(len(arm.images), len(robots), wrong, reported, real, inside[arm.evaluation][-1]))
                arm.harvest(ground, trained, unseen[cycle::CYCLES] if cycle < CYCLES else unseen[:1], flags.line)
            print(f"{seed:>4} {cycle:>5} | {' | '.join(cells)}", flush=True)
    for honest, name in ((True, "the program's rule"), (False, "the original's rule")):
        means = ", ".join(f"{np.mean(gaps[honest, c]):+.3f}" for c in range(CYCLES + 1))
        print(
            f"{name}: the accuracy apart lies in the reported interval {sum(inside[honest])} of {len(inside[honest])}"
            f" times; reported less apart, mean by cycle: {means}"
        )


def _cell(images: int, robots: int, wrong: int, share: dict, real: float, inside: bool) -> str:
    return (
        f"{images:>6} {robots:>5} {wrong:>5}  {share['value']:>8.3f}  {share['low']:.3f}-{share['high']:.3f} "
        f"{share['total']:>3}  {real:.3f} {'yes' if inside else 'NO ':<3}"
    )


# Calibration


def calibration(ground: Ground, flags: argparse.Namespace) -> None:
    """Calibration error before and after; what is predicted above the line and what happens on images kept apart."""
    print(
        f"seed  accuracy  temperature  ece on test images  on images apart | above {flags.line}: predicted  interval"
        "      n  apart      of"
    )
    inside, before, after, truth = [], [], [], []
    for seed in range(flags.seeds):
        apart, rest = ground.deal(seed, [ground.count(APART)])
        trained = train(ground.gather(rest, ground.random_split(rest, seed)), flags.head_config)
        x, y = ground.stack(apart)
        truth.append(y)
        before.append(trained.plain_head.probabilities(x))
        after.append(trained.head.probabilities(x))
        row = next(t for t in trained.facts["thresholds"] if abs(t["threshold"] - flags.line) < 1e-9)
        got, ece = metrics.above(after[-1], y, flags.line), trained.facts["ece"]
        inside.append(row["low"] <= got["value"] <= row["high"])
        print(
            f"{seed:>4}  {trained.facts['accuracy']['value']:>8.3f}  {trained.temperature:>11.3f}"
            f"      {ece['before']:.3f} -> {ece['after']:.3f}"
            f"   {metrics.ece(before[-1], y):.3f} -> {metrics.ece(after[-1], y):.3f}"
            f" | {row['value']:>22.3f}  {row['low']:.3f}-{row['high']:.3f} {row['total']:>3}  {got['value']:.3f}"
            f" {'yes' if inside[-1] else 'NO ':<3} {got['total']:>3}",
            flush=True,
        )
    y, plain, ours = np.concatenate(truth), np.concatenate(before), np.concatenate(after)
    old, new, line = metrics.ece(plain, y), metrics.ece(ours, y), flags.line
    raw, cooled = metrics.above(plain, y, line), metrics.above(ours, y, line)
    print(
        f"ece on all {len(y)} images apart taken together: {old:.3f} -> {new:.3f}, ratio {new / old:.2f} (by chance "
        f"alone right scores show {_chance_ece(ours):.3f}); over the line {raw['coverage']:.1%} -> "
        f"{cooled['coverage']:.1%} of them, right {raw['value']:.1%} -> {cooled['value']:.1%}; within the interval"
        f" {sum(inside)} of {len(inside)} times"
    )


def _chance_ece(p: np.ndarray) -> float:
    """The calibration error that labels drawn by these very scores show on average: what so few images cannot tell."""
    rng, edges = np.random.default_rng(0), p.cumsum(axis=1)
    draws = [(rng.random((len(p), 1)) * edges[:, -1:] > edges).sum(axis=1) for _ in range(20)]
    return float(np.mean([metrics.ece(p, y) for y in draws]))


# Wrong labels


def suspects(ground: Ground, flags: argparse.Namespace) -> None:
    """Wrong labels planted at random, and how many stand among the first of the list of suspects."""
    print("seed  training images  planted  listed | found in the first 10 %         as many as planted")
    found = []
    for seed in range(flags.seeds):
        rng = np.random.default_rng(seed)
        wrong = set(rng.permutation(len(ground.images))[: round(PLANTED * len(ground.images))].tolist())
        pictures = [
            replace(p, label=str(rng.choice([o for o in ground.labels if o != p.label]))) if i in wrong else p
            for i, p in enumerate(ground.images)
        ]
        planted = {ground.images[i].sha256 for i in wrong}
        stuff = ground.gather(pictures, ground.random_split(pictures, seed))
        trained = train(stuff, flags.head_config)
        rows = np.flatnonzero(trained.folded)
        listed = metrics.suspects(trained.out_of_fold[rows], stuff.y[rows])
        hits = np.array([stuff.images[rows[i]].sha256 in planted for i in listed])
        there = sum(stuff.images[i].sha256 in planted for i in rows)
        first, as_many = hits[: round(LOOKED_AT * len(rows))].sum(), hits[:there].sum()
        found.append(first / there)
        print(
            f"{seed:>4}  {len(rows):>15}  {there:>7}  {len(listed):>6} | {first:>4} = {found[-1]:.3f}"
            f"            {as_many:>4} = {as_many / there:.3f}",
            flush=True,
        )
    print(f"mean share found in the first 10 % of the training images: {np.mean(found):.3f}")


# Other things


def gate(ground: Ground, flags: argparse.Namespace) -> None:
    """Test images that the distance gate turns away, and images of other things: turned away, and over the line."""
    stuff = ground.gather(ground.images, {})
    trained = train(stuff, flags.head_config)
    print(f"gate {trained.gate.limit:.3f}\n{'':<28} images  beyond  over the line -> with the gate")
    if stuff.test.any():
        _gate_row("test images", trained, stuff.vectors[stuff.test], flags.line)
    for folder in flags.foreign:
        pictures = dataset.list_images(folder, ground.book)
        names = {p.label for p in pictures} if flags.by_label else {""}
        for name in sorted(names):
            vectors = ground.vectors_of([p for p in pictures if not name or p.label == name])
            _gate_row(f"{folder.name} {name}", trained, np.stack(list(vectors.values())), flags.line)


def _gate_row(name: str, trained: TrainedHead, x: np.ndarray, line: float) -> None:
    far = trained.gate.distances(x) > trained.gate.limit
    sure = trained.head.probabilities(x).max(axis=1) >= line
    caught = Share(int((far & sure).sum()), int(sure.sum()))
    print(
        f"{name:<28} {len(x):>5}  {far.mean():>6.1%}  {sure.mean():>6.1%} -> {(sure & ~far).mean():>6.1%}  "
        f"({caught.right} of {caught.total})",
        flush=True,
    )


STUDIES = {"loop": loop, "calibration": calibration, "suspects": suspects, "gate": gate}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m scripts.studies.loop", description=__doc__.split("\n")[0])
    p.add_argument("study", choices=(*STUDIES, "explore"))
    p.add_argument("--data", type=Path, required=True, help="folder of label folders")
    p.add_argument("--foreign", type=Path, nargs="*", default=[], help="gate: label folders of other things")
    p.add_argument("--by-label", action="store_true", help="gate: one line for each of their labels")
    common_flags(p, seeds=5)
    p.add_argument("--solver", choices=("sgd", "lbfgs"), default="sgd")
    p.add_argument("--steps", type=int, default=2600)
    p.add_argument("--learning-rate", type=float, default=0.01)
    p.add_argument("--line", type=float, default=0.925, help="confidence_min")
    return p


def main(arguments: list[str] | None = None) -> int:
    flags = parser().parse_args(arguments)
    if flags.study == "explore":
        explore(flags.data, flags.work)
        return 0
    flags.head_config = HeadConfig(flags.steps, learning_rate=flags.learning_rate, solver=flags.solver, every=10**9)
    with Ground(flags.data, flags.architecture, flags.work) as ground:
        STUDIES[flags.study](ground, flags)
    return 0


if __name__ == "__main__":
    sys.exit(main())
