"""report.html of a model: one file with everything in it, to be opened from disk; it fetches nothing from anywhere."""

import datetime
import math
from pathlib import Path

from scripts.learn.dataset import Material
from scripts.learn.train import Point, Trained
from scripts.report import tables, words
from scripts.report.charts import Line, curves, reliability
from scripts.report.html import (
    Safe,
    between,
    breakable,
    count,
    duration,
    more,
    paragraph,
    percent,
    score,
    section,
    table,
    tag,
)
from scripts.report.pictures import gallery, paths, suspects, worst_mistakes
from scripts.report.style import CSS
from scripts.report.verdict import Scores, tiles, verdict

__all__ = ["page", "suspects", "worst_mistakes", "write"]
MISTAKES_MAX = 24  # thumbnails; a picture is about 4 KB of the page
SUSPECTS_MAX = 40
# The page may load what it carries itself and nothing else, whatever a file name manages to smuggle in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write(path: Path, facts: dict, material: Material, trained: Trained) -> None:
    """Write the report of a model.

    Args:
        facts: `retrain.facts_of`, with `name`.
    """
    path.write_text(page(facts, material, trained), encoding="utf-8")


def page(facts: dict, material: Material, trained: Trained) -> str:
    """The report as HTML."""
    name, scores = facts.get("name") or "model", Scores.of(material, trained)
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{name}: report"),
        tag("style", Safe(CSS)),
    ]
    parts = [
        tables.warnings(facts),
        tables.counts(facts),
        tables.accuracy(facts, material),
        tables.confusion(facts, material),
        _reliability(facts),
        tables.thresholds(facts, material, scores),
        _curves(trained.curve),
        _mistakes(material, trained),
        _suspects(material, trained),
        _parameters(facts, material),
    ]
    top = tag(
        "header",
        paragraph("RoboFlow model report", kind="kicker"),
        tag("h1", breakable(name)),
        verdict(facts, material, scores),
        tiles(facts, material),
    )
    foot = tag("footer", words.FOOT.format(when=_when(facts)))
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', tag('main', top, parts, foot)), lang='en')}\n"


def _when(facts: dict) -> str:
    try:
        made = datetime.datetime.fromisoformat(facts["created"]).astimezone(datetime.timezone.utc)
    except (KeyError, TypeError, ValueError):
        return "at an unknown time"
    return f"on {made.day} {made:%B %Y at %H:%M} UTC"


def _reliability(facts: dict) -> Safe:
    """Do scores mean what they say?"""
    title = "Do the scores mean what they say?"
    if not facts["reliability"]:
        return section("reliability", title, paragraph(words.NO_TEST, kind="empty"))
    off, heat = facts.get("ece") or {}, facts["temperature"]
    changed = words.CALIBRATED.format(before=percent(off.get("before"), 1), temperature=heat)
    mean = tag("strong", percent(off.get("after"), 1))
    by = paragraph(
        "On average a score is off by ",
        mean,
        " (expected calibration error, ECE).",
        words.NOT_CALIBRATED if heat == 1 else changed,
    )
    body = [[score(r["score"]), percent(r["value"]), between(r), f"{r['total']:,}"] for r in facts["reliability"]]
    numbers = table("Scores in ten steps", ["Mean score", "Right", "95 % interval", "Pictures"], body)
    name = tag("figcaption", "Share that was right")
    drawn = tag("figure", name, reliability(facts["reliability"]), class_="narrow")
    told = tag("div", paragraph(words.RELIABILITY), by, more("The numbers", numbers))
    return section("reliability", title, tag("div", drawn, told, class_="beside"))


def _curves(points: list[Point]) -> Safe:
    """Accuracy and cross-entropy while it learned."""
    title = "How the training went"
    drawn = [_curve(points, "accuracy", "Accuracy"), _curve(points, "loss", "Cross-entropy")]
    if not any(drawn):
        return section("curves", title, paragraph(words.NO_CURVES, kind="empty"))
    names = (("training", "train"), ("validation", "validation"))
    key = tag("p", [tag("span", name, class_=f"key {kind}") for name, kind in names], class_="keys")
    return section("curves", title, paragraph(words.CURVES), key, tag("div", drawn, class_="pair"))


def _curve(points: list[Point], what: str, name: str) -> Safe | None:
    lines = []
    for kind in ("train", "validation"):
        pairs = [(float(p.step), getattr(p, f"{kind}_{what}")) for p in points]
        pairs = [(x, float(y)) for x, y in pairs if y is not None and math.isfinite(y)]
        if len(pairs) > 1:
            lines.append(Line(kind, pairs))
    if not lines:
        return None
    return tag("figure", tag("figcaption", name), curves(f"{name} by training step", lines, what == "accuracy"))


def _mistakes(material: Material, trained: Trained) -> Safe:
    title, found = "Its worst mistakes", worst_mistakes(material, trained)
    if not found:
        none = words.NO_MISTAKES if material.test.any() else words.NO_TEST
        return section("mistakes", title, paragraph(none, kind="empty"))
    drawn, shown = gallery(found, MISTAKES_MAX, "taken for", title)
    told = paragraph(words.MISTAKES.format(pictures=count(len(found), "picture")), _shown(len(shown), len(found)))
    return section("mistakes", title, told, drawn, paths(shown) if shown else None)


def _suspects(material: Material, trained: Trained) -> Safe:
    title, found = "Perhaps in the wrong folder", suspects(material, trained)
    if not found:
        return section("suspects", title, paragraph(words.NO_SUSPECTS, kind="empty"))
    drawn, shown = gallery(found, SUSPECTS_MAX, "looks like", title)
    words_of = words.SUSPECTS.format(pictures=count(len(found), "picture"), total=int(trained.folded.sum()))
    told = paragraph(words_of, _shown(len(shown), len(found)))
    return section("suspects", title, told, drawn, paths(shown) if shown else None)


def _shown(some: int, of: int) -> str | None:
    if some == of:
        return None
    return words.SHOWN.format(some=some) if some else words.NONE_SHOWN


def _parameters(facts: dict, material: Material) -> Safe:
    """Everything needed to make it again."""
    backbone, given = facts["backbone"], facts["parameters"]
    rows = [[tag("code", key), value] for key, value in _flat(given)]
    made = [
        ["Backbone", backbone["title"]],
        ["From", str(backbone["handle"]).split("://")[-1]],
        ["Weights (sha256)", tag("code", backbone["sha256"])],
        ["Looks at", f"{backbone['input_size']} × {backbone['input_size']} pixels"],
        ["Sees", f"{backbone['vector_length']:,} numbers per picture"],
    ]
    if facts.get("strength") is not None:
        made.append(["Regularisation chosen", f"{facts['strength']:g}"])
    elif given.get("steps") and material.train.any():
        passes = given["steps"] * given["batch_size"] / material.train.sum()
        made.append(["Times through the training pictures", f"{passes:,.1f}"])
    made += [
        ["Temperature", f"{facts['temperature']:.4f}"],
        ["Cross-entropy on the test set", score(facts.get("loss"))],
    ]
    named = {"bottlenecks": "Time to look at the pictures", "head": "Time to learn"}
    made += [[named.get(key, f"Time: {key}"), duration(value)] for key, value in facts.get("seconds", {}).items()]
    idle = paragraph(words.IDLE) if given.get("solver") == "lbfgs" else None
    both = tag(
        "div",
        table("Parameters", ["Name", "Value"], rows, kind="facts"),
        table("The model", ["What", "Value"], made, kind="facts"),
        class_="pair",
    )
    return section("parameters", "How it was made", both, idle)


def _flat(values: dict, before: str = "") -> list[tuple[str, str]]:
    """Nested parameters as (name, value), such as ("distortions.crop", "10")."""
    rows = []
    for key, value in values.items():
        rows += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", str(value))]
    return rows
