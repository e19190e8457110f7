"""Are the numbers true from the first hour on?  A few sorted images a label, and what is said, against the truth.

    python -m scripts.studies.first_hour --data DIR [--data DIR ...] --per-label 20 --seeds 10

For each folder of label folders and each seed: so many images of each label are drawn as a person would have sorted
them, a head is trained and measured as the program does it, and what it says is compared with the images left over.
Reads the images; writes bottlenecks and hashes into --work; prints a table.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.learn import metrics
from scripts.learn.metrics import wilson
from scripts.learn.train import HeadConfig, train
from scripts.studies.ground import Ground, parser_of

BATCH = 250  # images a cycle, of which the wrong ones among the sure are told beforehand


@dataclass(frozen=True)
class Row:
    """One seed. Shares are fractions 0..1; `wrong` of the `sure` ones of a batch really are, `most` was said."""

    temperature: float
    reported: float
    low: float
    high: float
    images: int
    apart: float
    over: float
    right_over: float
    sure: int
    wrong: int
    about: float
    most: int

    @property
    def holds(self) -> bool:
        return self.low <= self.apart <= self.high

    @property
    def within(self) -> bool:
        return self.wrong <= self.most


def one(ground: Ground, per_label: int, seed: int, recipe: HeadConfig, line: float) -> Row:
    """One drawing of images, trained on and compared with the others."""
    start, rest = ground.deal(seed, [dict.fromkeys(ground.labels, per_label)])
    stuff = ground.gather(start, {})
    trained = train(stuff, recipe)
    x, y = ground.stack(rest)
    p = trained.head.probabilities(x)
    sure, right = p.max(axis=1) >= line, p.argmax(axis=1) == y
    batch = np.random.default_rng(seed).permutation(len(y))[:BATCH]
    n, wrong = int(sure[batch].sum()), int((sure & ~right)[batch].sum())
    honest, truth = trained.evaluation.calibrated, stuff.y[trained.evaluation.rows]
    over = honest.max(axis=1) >= line
    seen, bad = int(over.sum()), int((over & (honest.argmax(axis=1) != truth)).sum())
    share = trained.facts["accuracy"]
    return Row(
        trained.temperature,
        share["value"],
        share["low"],
        share["high"],
        share["total"],
        float(right.mean()),
        float(sure.mean()),
        float(right[sure].mean()) if sure.any() else 1.0,
        n,
        wrong,
        n * (bad + 0.5) / (seen + 1),
        metrics.most_wrong(bad, seen, n),
    )


def study(data: Path, flags: argparse.Namespace) -> list[Row]:
    """All seeds of one folder, a line each."""
    recipe = HeadConfig(flags.steps, solver=flags.solver, every=10**9)
    print(
        f"\n{data.name}: {flags.per_label} a label\nseed      T  reported  interval          n  apart     | over "
        f"{flags.line}  right there | of {BATCH}: sure  wrong  said"
    )
    rows = []
    with Ground(data, flags.architecture, flags.work) as ground:
        for seed in range(flags.seeds):
            r = one(ground, flags.per_label, seed, recipe, flags.line)
            rows.append(r)
            print(
                f"{seed:>4}  {r.temperature:>5.2f}  {r.reported:>8.3f}  {r.low:.3f}-{r.high:.3f} {r.images:>6}  "
                f"{r.apart:.3f} {'yes' if r.holds else 'NO ':<3} | {r.over:>10.1%} {r.right_over:>12.3f} "
                f"| {r.sure:>12}  {r.wrong:>5}  about {r.about:.1f}, at most {r.most} "
                f"{'yes' if r.within else 'NO'}",
                flush=True,
            )
    held = flags.per_label * len(ground.labels) * 6 // 20  # the test set that used to be set apart
    old = np.mean([np.diff(wilson(round(r.reported * held), held)) for r in rows])
    width = np.mean([r.high - r.low for r in rows])
    print(
        f"mean: apart {np.mean([r.apart for r in rows]):.3f}, reported {np.mean([r.reported for r in rows]):.3f}, "
        f"interval holds it {sum(r.holds for r in rows)} of {len(rows)}, is {width / old:.2f} as wide as one from "
        f"{held} images held back; T at least {min(r.temperature for r in rows):.2f}; right over the line "
        f"{np.mean([r.right_over for r in rows]):.3f}; wrong within what was said {sum(r.within for r in rows)} of "
        f"{len(rows)}"
    )
    return rows


def main(arguments: list[str] | None = None) -> int:
    p = parser_of("first_hour", __doc__, seeds=10)
    p.add_argument("--per-label", type=int, default=20)
    p.add_argument("--solver", choices=("sgd", "lbfgs"), default="sgd")
    p.add_argument("--steps", type=int, default=2600)
    p.add_argument("--line", type=float, default=0.925, help="confidence_min")
    flags = p.parse_args(arguments)
    rows = [row for data in flags.data for row in study(data, flags)]
    print(
        f"\nall: interval holds the accuracy apart {sum(r.holds for r in rows)} of {len(rows)} times; right over the "
        f"line {np.mean([r.right_over for r in rows]):.3f}; wrong ones within what was said "
        f"{sum(r.within for r in rows)} of {len(rows)}; T at least "
        f"{min(r.temperature for r in rows):.2f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
