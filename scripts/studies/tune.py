"""What it brings to let the last layers learn too: head against tuned network, on images that neither has seen.

    python -m scripts.studies.tune --data DIR [--data DIR ...] --per-label 20,100 --seeds 3

For each folder of label folders, number of images a label and seed: so many are drawn as a person would have sorted
them, a head is trained on them and a network tuned from it, and both are tried on 30 % of the folder set apart
beforehand; with the gate of each, the seconds, and the number of images apart that it turns away. Reads the images;
writes bottlenecks and hashes into --work; prints a table.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.learn import activations, backbones
from scripts.learn.activations import Activations
from scripts.learn.dataset import LabeledImage
from scripts.learn.efficientnet_lite import Network
from scripts.learn.train import HeadConfig, train
from scripts.learn.tune import TuneConfig, TuneRun, features_of
from scripts.studies.ground import Ground, parser_of

APART = 0.3  # share of each label that nothing learns from


@dataclass(frozen=True)
class Row:
    """One seed: shares right of the images apart, by the head, the tuned network and the mean of both; seconds; the
    shares of the images apart that the gates of head and tuned network turn away."""

    head: float
    tuned: float
    mean: float
    head_s: float
    tuned_s: float
    gate: float
    tuned_gate: float


@dataclass(frozen=True)
class Yard:
    """A folder's ground, with the activations of all its pictures."""

    ground: Ground
    network: Network
    kept: Activations
    row: dict[str, int]

    def of(self, pictures: list[LabeledImage]) -> Activations:
        rows = np.array([self.row[p.sha256] for p in pictures])
        return Activations(self.kept.maps[rows], self.kept.means[rows])


def yard_of(ground: Ground, architecture: str, work: Path) -> Yard:
    """Computes the activations of every picture of the folder."""
    backbone = backbones.find(architecture)
    network = activations.network_of(backbone)
    trunk = activations.trunk_of(backbone, network, work / "models")
    kept = activations.compute(ground.images, trunk, network, work / "converted", work)
    return Yard(ground, network, kept, {p.sha256: i for i, p in enumerate(ground.images)})


def one(yard: Yard, per_label: int, seed: int, recipe: HeadConfig, how: TuneConfig) -> Row:
    """One drawing of images, learned from both ways and tried on the same images apart."""
    ground = yard.ground
    apart, start, _ = ground.deal(seed, [ground.count(APART), dict.fromkeys(ground.labels, per_label)])
    stuff = ground.gather(start, {})
    begin = time.monotonic()
    head = train(stuff, recipe)
    middle = time.monotonic()
    tuning = TuneRun(stuff, recipe, how, yard.of(stuff.images), yard.network)
    tuning.run()
    net, _, tuned = tuning.finish()
    end = time.monotonic()
    x, y = ground.stack(apart)
    more = features_of(tuning.tail, yard.of(apart), np.arange(len(y)))
    p, q = head.head.probabilities(x), net.head.probabilities(more)
    right = [float((each.argmax(axis=1) == y).mean()) for each in (p, q, p + q)]
    beyond = [float((t.gate.distances(v) > t.gate.limit).mean()) for t, v in ((head, x), (tuned, more))]
    return Row(right[0], right[1], right[2], middle - begin, end - middle, beyond[0], beyond[1])


def study(data: Path, flags: argparse.Namespace) -> None:
    """All numbers and seeds of one folder, a line each."""
    recipe = HeadConfig(flags.steps, every=10**9)
    how = TuneConfig(flags.epochs, flags.batch, flags.rate, folds=False)
    with Ground(data, flags.architecture, flags.work) as ground:
        begin = time.monotonic()
        yard = yard_of(ground, flags.architecture, flags.work)
        seconds = time.monotonic() - begin
        print(
            f"\n{data.name}: {len(ground.images)} images, the first stages of all, mirrored too, {seconds:.0f} s\n"
            "per label seed   head  tuned  mean   gain | seconds head, tuned | beyond gate head, tuned"
        )
        for per_label in map(int, flags.per_label.split(",")):
            rows = []
            for seed in range(flags.seeds):
                rows.append(one(yard, per_label, seed, recipe, how))
                _tell(per_label, str(seed), rows[-1])
            if len(rows) > 1:
                values = np.mean([list(vars(r).values()) for r in rows], axis=0)
                _tell(per_label, "mean", Row(*(float(v) for v in values)))


def _tell(per_label: int, name: str, r: Row) -> None:
    print(
        f"{per_label:>9} {name:>4}  {r.head:.3f}  {r.tuned:.3f}  {r.mean:.3f} {100 * (r.tuned - r.head):>+5.1f} | "
        f"{r.head_s:>12.1f} {r.tuned_s:>6.1f} | {r.gate:>20.1%} {r.tuned_gate:>6.1%}",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    p = parser_of("tune", __doc__, seeds=3)
    p.add_argument("--per-label", default="20,100", help="training images a label, with commas between")
    p.add_argument("--steps", type=int, default=2600, help="of the head")
    p.add_argument("--epochs", type=int, default=TuneConfig.epochs)
    p.add_argument("--batch", type=int, default=TuneConfig.batch)
    p.add_argument("--rate", type=float, default=TuneConfig.rate)
    flags = p.parse_args(arguments)
    for data in flags.data:
        study(data, flags)
    return 0


if __name__ == "__main__":
    sys.exit(main())
