"""How far do tens of decisions go? A simulated person labels a pool page by page, as the check page asks.

30 % of every label are held out; the rest is the pool. The person, who knows the truth, types a new label's name once,
then presses a key an image on the first pages; on pages with guesses ENTER, and two keys (to the image, its label) for
each wrong one. Printed beside it: a head on as many images drawn at random, and on all of them.
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from scripts.learn import active_learning
from scripts.learn.dataset import LabeledImage
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Examples, Head
from scripts.learn.sgd import Sgd, fit_sgd
from scripts.studies import study_data
from scripts.studies.oracle import Oracle, sessions
from scripts.studies.study_data import HELD_OUT
from scripts.studies.table import Table

MARKS = (10, 20, 30, 50, 100, 200)  # decisions after which is measured


@dataclass(frozen=True)
class Mark:
    """After so many decisions: accuracy on held-out images, what was reported of it, and what it cost."""

    true: float
    low: float
    high: float
    random: int
    keys: int
    seen: int


def session(x: np.ndarray, y: np.ndarray, held_out: tuple[np.ndarray, np.ndarray], seed: int) -> dict[int, Mark]:
    """One person's session: decisions -> Mark."""
    oracle, found = Oracle(y), dict[int, Mark]()
    marks = [m for m in MARKS if m < len(y)]
    for now in sessions(x, oracle, seed):
        reached = [m for m in marks if len(now.state.decided) >= m]
        if reached:
            assert now.propagated is not None
            share = active_learning.accuracy(now.state, active_learning.cross_validate(now.state, now.propagated))
            mark = Mark(now.accuracy(*held_out), *share.interval, share.total, oracle.keys, oracle.seen)
            found |= dict.fromkeys(reached, mark)
            marks = marks[len(reached) :]
        if not marks:
            break
    return found


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=5)
    p.add_argument("--uneven", action="store_true", help="each further label half as large as the one before")


def run(flags: argparse.Namespace) -> None:
    for name, data in study_data.each_folder(flags):
        rows: dict[int, list] = defaultdict(list)
        everything, count = [], 0
        for seed in range(flags.seeds):
            held_out, pool = data.draw(seed, data.share(HELD_OUT))
            pool = _uneven(pool, data.labels, seed) if flags.uneven else pool
            (x, y), unseen = data.arrays(pool), data.arrays(held_out)
            count = len(y)
            for mark, m in session(x, y, unseen, seed).items():
                at_random = _right(_at_random(x, y, mark, seed, len(data.labels)), *unseen)
                rows[mark].append((m.true, at_random, m.low <= m.true <= m.high, m.random, m.keys, m.seen))
            everything.append(_right(_at_random(x, y, count, seed, len(data.labels)), *unseen))
        title = f"{name}: {count} images in the pool; all of them labelled: {np.mean(everything):.3f}"
        table = Table(title, "decisions", "true", "at random", "random sample", "interval holds", "keys", "seen")
        for mark, cells in sorted(rows.items()):
            true, at_random, holds, sample, keys, seen = np.mean(cells, axis=0)
            table.row(
                mark, float(true), float(at_random), f"{sample:.0f}", f"{holds:.2f}", f"{keys:.0f}", f"{seen:.0f}"
            )


def _right(head: Head, x: np.ndarray, y: np.ndarray) -> float:
    return float((head.logits(x).argmax(axis=1) == y).mean())


def _at_random(x: np.ndarray, y: np.ndarray, count: int, seed: int, labels: int) -> Head:
    """A head on so many images drawn at random."""
    rows = np.random.default_rng([seed, count]).permutation(len(y))[:count]
    return fit_sgd(
        Examples(EmbeddingTable.of(x[rows]), y[rows], np.ones(len(rows), np.float32), labels), Sgd(1500, 64, 0.01, 1)
    )


def _uneven(images: list[LabeledImage], labels: list[str], seed: int) -> list[LabeledImage]:
    """Every further label has half as many images as the one before; the last at least 8."""
    rng, kept = np.random.default_rng(seed), []
    for i, label in enumerate(labels):
        own = [image for image in images if image.label == label]
        kept += [own[j] for j in rng.permutation(len(own))[: max(8, len(own) >> i)]]
    return kept
