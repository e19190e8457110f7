"""How far do tens of decisions go?  A simulated person teaches the program what a heap is about.

    python -m scripts.studies.teach --data DIR [--data DIR ...] --seeds 5 [--uneven]

For each folder of label folders and each seed, 30 % of every label are kept apart. The rest is one heap without labels;
the person, who knows the truth, answers page after page as the check page shows them: typed names once, then a key a
picture on the first pages; on pages with guesses ENTER, and two keys (to the picture, its label) for each wrong one.
Printed beside it: a head on as many pictures drawn by chance, and on all of them. Reads images, writes into --work.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.learn import active_learning
from scripts.learn.active_learning import LabelingState, Strategy
from scripts.learn.head import Examples, Sgd, fit_sgd
from scripts.learn.neighbor_graph import build_graph
from scripts.studies.ground import Ground, parser_of

MARKS = (10, 20, 30, 50, 100, 200)  # decisions
KEYS = 200
NAME_KEYS = 7  # a label's name, typed once, and ENTER


@dataclass
class Person:
    """Counts what teaching costs: `keys` pressed, pictures looked at, decisions made one by one."""

    keys: int = 0
    fingerprints: int = 0

    def answer(
        self, page: active_learning.Query, truth: np.ndarray, guesses: np.ndarray | None, known: set[int]
    ) -> dict[int, int]:
        """The right label of every picture on the page."""
        self.fingerprints += len(page.rows)
        for row in page.rows:
            label = int(truth[row])
            if label not in known:
                known.add(label)
                self.keys += NAME_KEYS
            guess = page.guess if page.guess >= 0 else -1 if guesses is None else guesses[row]
            self.keys += 1 if page.kind is Strategy.TYPICAL else 2 * int(guess != label)
        self.keys += guesses is not None and page.kind is not Strategy.TYPICAL
        return {row: int(truth[row]) for row in page.rows}


def right(head: object, x: np.ndarray, y: np.ndarray) -> float:
    return float((head.logits(x).argmax(axis=1) == y).mean())  # type: ignore[attr-defined]


def by_chance(x: np.ndarray, y: np.ndarray, count: int, seed: int, labels: int) -> object:
    """A head on so many pictures drawn at random."""
    rows = np.random.default_rng([seed, count]).permutation(len(y))[:count]
    return fit_sgd(Examples(x[rows], y[rows], np.ones(len(rows), np.float32), labels), Sgd(1500, 64, 0.01, 1))


def lesson_of(x: np.ndarray, y: np.ndarray, apart: tuple[np.ndarray, np.ndarray], seed: int) -> dict[int | str, tuple]:
    """One person's evening: accuracy apart and what was said of it, by decisions; and after so many keys."""
    lesson, person = LabelingState(build_graph(x), x), Person()
    taught: active_learning.Propagated | None = None
    told: dict[int | str, tuple] = {}
    names: dict[int, int] = {}  # true label -> number in the order of their first appearance
    known: set[int] = set()
    turn = 0
    marks = [m for m in MARKS if m < len(y)]
    while (marks or person.keys < KEYS) and (page := active_learning.next_query(lesson, taught, turn, seed)):
        guesses = None if taught is None else np.array([_back(names, g) for g in taught.guesses])
        if page.guess >= 0:
            page = active_learning.Query(page.kind, page.rows, page.random, _back(names, page.guess))
        answers = person.answer(page, y, guesses, known)
        for row, label in answers.items():
            lesson.decided[row] = names.setdefault(label, len(names))
        lesson.random |= page.random
        turn += 1
        if lesson.can_learn():
            taught = active_learning.fit(lesson)
        reached = [m for m in marks if len(lesson.decided) >= m]
        if taught and (reached or person.keys >= KEYS > told.get("keys", (0,))[0]):
            real = _accuracy(taught, names, *apart)
            for mark in reached:
                share = active_learning.accuracy(lesson, active_learning.cross_validate(lesson, taught))
                told[mark] = (real, share.interval, share.total, person.keys, person.fingerprints, taught.propagates)
                marks.remove(mark)
            if person.keys >= KEYS and "keys" not in told:
                told["keys"] = (person.keys, real, len(lesson.decided), person.fingerprints)
    return told


def _back(names: dict[int, int], number: int) -> int:
    return next((label for label, n in names.items() if n == number), -1)


def _accuracy(taught: active_learning.Propagated, names: dict[int, int], x: np.ndarray, y: np.ndarray) -> float:
    guesses = [_back(names, int(g)) for g in taught.head.logits(x).argmax(axis=1)]
    return float(np.mean(np.array(guesses) == y))


def study(data: Path, flags: argparse.Namespace) -> None:
    rows: dict[int | str, list] = defaultdict(list)
    with Ground(data, flags.architecture, flags.work) as ground:
        for seed in range(flags.seeds):
            apart, rest = ground.deal(seed, [ground.count(0.3)])
            if flags.uneven:
                rest = _uneven(rest, ground.labels, seed)
            x, y = ground.stack(rest)
            xa, ya = ground.stack(apart)
            told = lesson_of(x, y, (xa, ya), seed)
            everything = right(by_chance(x, y, len(y), seed, len(ground.labels)), xa, ya)
            for mark, row in told.items():
                if mark == "keys":
                    rows["keys"].append(row)
                    continue
                real, (low, high), n, keys, looks, _ = row
                chance = right(by_chance(x, y, int(mark), seed, len(ground.labels)), xa, ya)
                rows[mark].append((real, chance, low <= real <= high, n, keys, looks))
            rows["all"].append(everything)
    print(
        f"\n{data.name}{' cut unevenly' if flags.uneven else ''}: {len(y)} pictures in the heap, all of them sorted "
        f"{np.mean(rows['all']):.3f}\ndecisions  taught  by chance  drawn  interval holds  keys  looks"
    )
    for mark in (m for m in MARKS if m in rows):
        real, chance, holds, n, keys, looks = (np.mean([r[i] for r in rows[mark]]) for i in range(6))
        print(f"{mark:>9}  {real:>6.3f}  {chance:>9.3f}  {n:>5.0f}  {holds:>14.2f}  {keys:>4.0f}  {looks:>5.0f}")
    if rows["keys"]:
        keys, real, decided, looks = (np.mean([r[i] for r in rows["keys"]]) for i in range(4))
        print(f"after {keys:.0f} key presses: {real:.3f}, {decided:.0f} pictures decided, {looks:.0f} looked at")


def _uneven(pictures: list, labels: list[str], seed: int) -> list:
    """Every further label has half as many pictures as the one before; the last at least 8."""
    rng, kept = np.random.default_rng(seed), []
    for i, label in enumerate(labels):
        own = [p for p in pictures if p.label == label]
        kept += [own[j] for j in rng.permutation(len(own))[: max(8, len(own) >> i)]]
    return kept


def main(arguments: list[str] | None = None) -> int:
    p = parser_of("teach", __doc__, seeds=5)
    p.add_argument("--uneven", action="store_true", help="each further label half as large as the one before")
    flags = p.parse_args(arguments)
    for data in flags.data:
        study(data, flags)
    return 0


if __name__ == "__main__":
    sys.exit(main())
