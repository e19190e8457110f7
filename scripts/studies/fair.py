"""Why only fair draws measure: how far the accuracy would be off if images that somebody chose measured too.

    python -m scripts.studies.fair --data DIR [--data DIR ...] --seeds 5

A person sorts some images a label that came by chance; a head learns from them. Then more images are looked at, chosen
in one of three ways: the most doubtful, those that the robot had wrong (dragged out of an unapproved folder), or only
the sure ones. A new head learns from all of them, and its accuracy is told by the rule (chosen ones teach, never
measure) and without it, beside the accuracy on images apart. Reads images; writes into --work; prints a table.
"""

import sys
from dataclasses import replace

import numpy as np

from scripts.learn.dataset import LabeledImage
from scripts.learn.train import HeadConfig, TrainedHead, train
from scripts.studies.ground import Ground, parser_of

START, MORE, APART = 30, 60, 0.4  # images a label that came by chance; chosen ones in all; share kept apart
WAYS = ("doubtful", "wrong", "sure")


def chosen(ground: Ground, trained: TrainedHead, batch: list[LabeledImage], way: str) -> list[LabeledImage]:
    """MORE pictures of a batch that nobody has sorted, as a person would come to look at them."""
    x, y = ground.stack(batch)
    p = trained.head.probabilities(x)
    sure, wrong = p.max(axis=1), p.argmax(axis=1) != y
    order = np.argsort(sure) if way == "doubtful" else np.argsort(-sure) if way == "sure" else np.flatnonzero(wrong)
    return [batch[i] for i in order[:MORE]]


def one(ground: Ground, seed: int, way: str, recipe: HeadConfig) -> tuple[float, float, float]:
    """Accuracy apart, and by how much what is told is above it: by the rule, and without it."""
    apart, start, batch = ground.deal(seed, [ground.count(APART), dict.fromkeys(ground.labels, START)])
    more = chosen(ground, train(ground.gather(start, {}), recipe), batch, way)
    by_rule = train(ground.gather([*start, *(replace(p, chosen=True) for p in more)], {}), recipe)
    without = train(ground.gather([*start, *more], {}), recipe)
    x, y = ground.stack(apart)
    real = float((by_rule.head.logits(x).argmax(axis=1) == y).mean())
    return real, by_rule.facts["accuracy"]["value"] - real, without.facts["accuracy"]["value"] - real


def main(arguments: list[str] | None = None) -> int:
    p = parser_of("fair", __doc__, seeds=5)
    flags = p.parse_args(arguments)
    print(f"{'':<12}{'chosen':<10} apart  told less apart: by the rule  without it")
    for data in flags.data:
        with Ground(data, flags.architecture, flags.work) as ground:
            for way in WAYS:
                rows = [one(ground, seed, way, HeadConfig(every=10**9)) for seed in range(flags.seeds)]
                real, rule, without = np.mean(rows, axis=0)
                print(f"{data.name:<12}{way:<10} {real:.3f} {rule:>+28.3f} {without:>+11.3f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
