"""What a model is worth, in plain words: the first thing a report says."""

from dataclasses import dataclass

import numpy as np

from scripts.learn.dataset import Material
from scripts.learn.train import Trained
from scripts.report import words
from scripts.report.html import Safe, between, count, join, listed, paragraph, percent, score_up, tag

USUAL = 0.925  # the confidence_min RoboFlow comes with; it is one of metrics.THRESHOLDS
WANTED = 0.98  # the precision the advice speaks of; one of metrics.TARGETS
LITTLE = 0.05  # share of the pictures; who sorts less hardly sorts
FEW = 30  # test pictures below which a share above a score is mostly luck


@dataclass(frozen=True)
class Scores:
    """The test pictures' guesses: `sure` float [n] is the score of each, `guess` int [n] its label."""

    sure: np.ndarray
    guess: np.ndarray

    @classmethod
    def of(cls, material: Material, trained: Trained) -> "Scores":
        p = trained.honest.headline(material).calibrated
        if not len(p):
            return cls(np.zeros(0), np.zeros(0, int))
        return cls(p.max(axis=1), p.argmax(axis=1))

    def at_least(self, value: float, label: int | None = None) -> int:
        """How many score so high, of all or of those with one guess."""
        pool = self.sure if label is None else self.sure[self.guess == label]
        return int((pool >= value).sum())


def verdict(facts: dict, material: Material, scores: Scores) -> Safe:
    """One paragraph: what it tells apart, how often it is right, and what to do with it."""
    labels = material.labels
    told = join([f"This robot tells {len(labels)} labels apart: ", listed(labels), ". "])
    return paragraph(told, _measured(facts), " ", _advice(facts, scores), kind="lead")


def _measured(facts: dict) -> Safe:
    share = facts["accuracy"]
    if not share["total"]:
        return join([words.NOT_MEASURED])
    told = [
        f"It was shown {count(share['total'], 'picture')} it had never seen, each sorted by a person, and got ",
        tag("strong", f"{share['right']:,} right: {percent(share['value'], 1)}"),
        f". With pictures like these, expect somewhere from {between(share)}. ",
        _tone(share, commonest(facts)),
    ]
    return join(told)


def _tone(share: dict, chance: float) -> str:
    """How that compares with knowing nothing, and with being done."""
    if share["low"] <= chance:
        return words.TONE_CHANCE.format(chance=percent(chance))
    if share["low"] >= 0.95:
        return words.TONE_MASTER
    if share["value"] >= 0.8:
        return words.TONE_GOOD
    return words.TONE_LEARNING.format(chance=percent(chance))


def _advice(facts: dict, scores: Scores) -> str:
    """Which confidence_min to use."""
    row = usual(facts)
    if not facts["accuracy"]["total"] or row is None:
        return ""
    if row["coverage"] >= LITTLE:
        share = percent(row["coverage"])
        told = words.SORTS.format(at=row["threshold"], coverage=share, right=row["right"], total=row["total"])
    else:
        told = words.SORTS_FEW.format(at=row["threshold"])
    wanted = next((t["all"] for t in facts["targets"] if t["precision"] == WANTED), None)
    if wanted is None:
        return told + words.NO_SCORE.format(wanted=percent(WANTED))
    n = scores.at_least(wanted)
    text = words.A_SCORE if n >= FEW else words.A_SCORE_OF_FEW
    return told + text.format(score=score_up(wanted), wanted=percent(WANTED), n=n)


def usual(facts: dict) -> dict | None:
    """What the usual confidence_min lets through."""
    return next((row for row in facts["thresholds"] if row["threshold"] == USUAL), None)


def commonest(facts: dict) -> float:
    """The share right of someone who always says the commonest label of the test set, 0..1."""
    rows = [sum(row) for row in facts["confusion"]]
    return max(rows) / sum(rows) if sum(rows) else 0.0


def tiles(facts: dict, material: Material) -> Safe:
    """The few numbers people look for first."""
    share, cross, row = facts["accuracy"], facts.get("cross_validation"), usual(facts)
    humans, total = int(material.human.sum()), len(material.y)
    sorted_alone = row if share["total"] and row and row["total"] else None
    return tag(
        "dl",
        _tile(
            "Right on pictures kept apart",
            percent(share["value"], 1) if share["total"] else "–",
            f"95 % sure: {between(share)}" if share["total"] else "none were kept apart",
        ),
        _tile(
            "Right in cross-validation",
            percent(cross["value"], 1) if cross else "–",
            f"95 % sure: {between(cross)}" if cross else "too few pictures",
        ),
        _tile(
            f"Sorted alone at {USUAL:g}",
            percent(sorted_alone["coverage"]) if sorted_alone else "–",
            f"{sorted_alone['right']:,} of {sorted_alone['total']:,} right" if sorted_alone else _none_sorted(share),
        ),
        _tile("Learned from", f"{total:,}", f"pictures, {humans:,} sorted by a person"),
        class_="tiles",
    )


def _none_sorted(share: dict) -> str:
    return "nothing scored as high" if share["total"] else "no test pictures to tell"


def _tile(name: str, value: str, note: str) -> Safe:
    return tag("div", tag("dt", name), tag("dd", value, class_="value"), tag("dd", note, class_="note"))
