"""The parts of a report that are tables: what went in, how often it is right, what each score lets through."""

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Material
from scripts.learn.metrics import Share
from scripts.report import words
from scripts.report.charts import intervals
from scripts.report.html import (
    Safe,
    between,
    count,
    join,
    listed,
    more,
    name_of,
    paragraph,
    percent,
    score_up,
    scroll,
    section,
    table,
    tag,
)
from scripts.report.verdict import Scores, commonest

PER = 250  # images the expected mistakes are told for; one cycle of RoboFlow
ROOMY = 12  # labels up to which a confusion matrix has room for zeros and level headings
PAIRS = 6  # confused pairs told


def counts(facts: dict) -> Safe:
    """How many pictures of each label, who sorted them and what they were used for."""
    rows = facts["counts"]
    keys = ("images", "human", "robot", "train", "validation", "test")
    head = ["Label", "Pictures", "Sorted by a person", "Only by the robot", "Train", "Validation", "Test"]
    body = [[name_of(label), *[f"{row[k]:,}" for k in keys]] for label, row in rows.items()]
    foot = ["All", *[f"{sum(row[k] for row in rows.values()):,}" for k in keys]]
    told = paragraph(words.DATA)
    return section(
        "data", "What it learned from", told, table("Pictures of each label", head, body, foot), _aside(facts)
    )


def _aside(facts: dict) -> list[Safe]:
    """Pictures that took no part."""
    parts, used = [], ("train", "validation", "test")
    idle = sum(row["images"] - sum(row[k] for k in used) for row in facts["counts"].values())
    if idle:
        parts.append(paragraph(words.IDLE_PICTURES.format(pictures=count(idle, "picture"))))
    if facts.get("left_out"):
        parts.append(paragraph(words.LEFT_OUT.format(pictures=count(facts["left_out"], "picture"))))
    if facts.get("unreadable"):
        bad = list(facts["unreadable"].items())
        lines = [tag("li", tag("code", path), f" {why}") for path, why in bad[:100]]
        title = f"{count(len(bad), 'picture')} could not be read"
        rest = f"and {len(bad) - 100:,} more" if len(bad) > 100 else None
        parts.append(more(title, tag("ul", lines, class_="paths"), rest))
    return parts


def accuracy(facts: dict, material: Material) -> Safe:
    """The accuracies with their intervals, and precision, recall and F1 of each label."""
    tested, cross = facts["accuracy"], facts.get("cross_validation")
    rows = [(f"Test set: {_of(tested)}", tested)] if tested["total"] else []
    rows += [(f"Cross-validation: {_of(cross)}", cross)] if cross else []
    chance = commonest(facts) if tested["total"] else None
    if not rows:
        return section("accuracy", "How often it is right", _no_test())
    told = paragraph(words.INTERVAL, words.CHANCE.format(chance=percent(chance)) if chance else None)
    drawn = tag("figure", intervals(rows, chance), class_="narrow")
    both = tag("div", drawn, told, class_="beside")
    return section("accuracy", "How often it is right", both, _per_label(facts, material))


def _of(share: dict) -> str:
    return f"{percent(share['value'], 1)}, {between(share)} ({share['right']:,} of {share['total']:,})"


def _no_test() -> Safe:
    return paragraph(words.NO_TEST, kind="empty")


def _per_label(facts: dict, material: Material) -> Safe | None:
    if not facts["accuracy"]["total"]:
        return None
    body = []
    for label, row in zip(material.labels, metrics.per_label(np.array(facts["confusion"])), strict=True):
        cells = [_share(row["right"], row["said"]), _share(row["right"], row["n"]), percent(row["f1"]), f"{row['n']:,}"]
        body.append([name_of(label), *cells])
    told = paragraph(words.PER_LABEL)
    return join(
        [told, table("Precision, recall and F1 of each label", ["Label", "Precision", "Recall", "F1", "n"], body)]
    )


def _share(right: int, total: int) -> Safe:
    """A percentage with its interval in small print."""
    if not total:
        return join(["–"])
    return join([percent(right / total), " ", tag("small", between(Share(right, total).facts()))])


def confusion(facts: dict, material: Material) -> Safe:
    """The matrix: a row for each true label, a column for each guess; darker is more of the row."""
    title, labels, rows = "What it takes for what", material.labels, facts["confusion"]
    if not facts["accuracy"]["total"]:
        return section("confusion", title, _no_test())
    kind = "matrix" if len(labels) <= ROOMY else "matrix tight"
    heads = [tag("th", tag("span", name_of(label)), scope="col") for label in labels]
    body = [_matrix_row(i, labels[i], row, len(labels) <= ROOMY) for i, row in enumerate(rows)]
    caption = "Test pictures by true label (rows) and guess (columns)"
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", tag("tr", tag("td", "true \\ guess"), heads)),
        tag("tbody", body),
        class_=kind,
    )
    told = paragraph(words.CONFUSION)
    return section(
        "confusion", title, told, tag("div", scroll(inner, caption, len(rows)), _pairs(rows, labels), class_="beside")
    )


def _matrix_row(i: int, label: str, row: list[int], zeros: bool) -> Safe:
    total = max(sum(row), 1)
    return tag(
        "tr", tag("th", name_of(label), scope="row"), [_heat(n, n / total, i == j, zeros) for j, n in enumerate(row)]
    )


def _heat(number: int, share: float, right: bool, zeros: bool) -> Safe:
    """One cell; an empty one stays bare, as a hundred labels have ten thousand."""
    if not number:
        return tag("td", "0", class_="zero") if zeros else tag("td")
    strength = round(0.12 + 0.88 * share, 2)
    return tag("td", f"{number:,}", class_="hit" if right else "miss", style=f"--heat:{strength}")


def _pairs(rows: list[list[int]], labels: list[str]) -> Safe | None:
    """The commonest confusions in words."""
    found = [(n, i, j) for i, row in enumerate(rows) for j, n in enumerate(row) if n and i != j]
    found.sort(key=lambda f: (-f[0], f[1], f[2]))
    if not found:
        return paragraph(words.NO_CONFUSION)
    lines = [
        tag("li", name_of(labels[i]), " taken for ", name_of(labels[j]), f": {n} of {sum(rows[i])}")
        for n, i, j in found[:PAIRS]
    ]
    return tag("div", paragraph("Most confused:"), tag("ul", lines, class_="plain"))


def thresholds(facts: dict, material: Material, scores: Scores) -> Safe:
    """What each confidence_min lets through, and the score that reaches a wanted precision."""
    title = "Which confidence_min to choose"
    if not facts["accuracy"]["total"]:
        return section("thresholds", title, _no_test())
    told = paragraph(words.THRESHOLDS)
    head = ["confidence_min", "Sorted", "Of these right", f"Wrong per {PER} pictures"]
    body = [
        [f"{row['threshold']:g}", percent(row["coverage"]), _passed(row), _wrong(row)] for row in facts["thresholds"]
    ]
    return section(
        "thresholds",
        title,
        told,
        table("What each confidence_min lets through", head, body),
        _targets(facts, material.labels, scores),
        _gate(facts),
    )


def _passed(row: dict) -> Safe:
    return join([percent(row["value"], 1), " ", tag("small", between(row))]) if row["total"] else join(["–"])


def _wrong(row: dict) -> Safe:
    """Expected mistakes among PER pictures, of which `coverage` pass, with the interval of the precision."""
    if not row["total"]:
        return join(["–"])
    passing = PER * row["coverage"]
    middle, least, most = (passing * (1 - row[k]) for k in ("value", "high", "low"))
    return join([f"{middle:.0f}", " ", tag("small", f"{least:.0f} to {most:.0f}")])


def _targets(facts: dict, labels: list[str], scores: Scores) -> Safe:
    rows = facts["targets"]
    head = ["Label", *[f"{percent(row['precision'])} right" for row in rows]]
    body = [["All together", *[_reached(row["all"], scores) for row in rows]]]
    for i, label in enumerate(labels):
        body.append([name_of(label), *[_reached(row["labels"].get(label), scores, i) for row in rows]])
    told = paragraph(words.TARGETS)
    return join([told, table("The smallest score with that share right", head, body, kind="targets")])


def _reached(value: float | None, scores: Scores, label: int | None = None) -> Safe:
    """A score, and how many test pictures lie above it."""
    if value is None:
        return join(["–"])
    return join([score_up(value), " ", tag("small", count(scores.at_least(value, label), "picture"))])


def _gate(facts: dict) -> Safe | None:
    gate = facts.get("gate")
    if not gate or gate["limit"] >= 2:
        return paragraph(words.NO_GATE)
    outside, total = gate["test_outside"], gate["tests"]
    return paragraph(words.GATE.format(limit=gate["limit"], outside=outside, total=total))


def warnings(facts: dict) -> Safe:
    """What to be careful about."""
    found = list(dict.fromkeys(facts.get("warnings") or []))
    empty = [label for label, row in facts["counts"].items() if not row["test"]]
    if not found:
        return section("warnings", "Worth knowing", paragraph(words.NO_WARNINGS))
    named = paragraph("Not measured: ", listed(empty), ".") if len(empty) > 1 else None
    shown = [text for text in found if not (named and text.startswith("No image of "))]
    return section("warnings", "Worth knowing", tag("ul", [tag("li", t) for t in shown], class_="warnings"), named)
