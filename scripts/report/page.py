"""report.html of a model: one file with everything in it, to be opened from disk; it fetches nothing from anywhere.

The words and the order stand in report.html.j2, the looks in report.css. Jinja escapes every text that a template puts
in; here are only the figures.
"""

import datetime
import functools
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.metrics import Share
from scripts.learn.trained_head import TrainedHead
from scripts.report import charts, figures
from scripts.report.measured import Measured
from scripts.report.pictures import gallery, suspects, worst_mistakes

__all__ = ["page", "suspects", "worst_mistakes", "write"]
HERE = Path(__file__).parent
MISTAKES_MAX = 24  # thumbnails; an image is about 4 KB of the page
SUSPECTS_MAX = 40
CONFIDENCE_MIN = 0.925  # the default of RoboFlow; one of metrics.THRESHOLDS
WANTED = 0.98  # the precision the advice speaks of; one of metrics.TARGETS
# The page may load what it carries itself and nothing else, whatever a file name manages to smuggle in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write(path: Path, facts: dict, data: Dataset, trained: TrainedHead) -> None:
    """Write the report of a model.

    Args:
        facts: `retrain.facts_of`, with `name`.
    """
    path.write_text(page(facts, data, trained), encoding="utf-8")


def page(facts: dict, data: Dataset, trained: TrainedHead) -> str:
    """The report as HTML."""
    mistakes, odd = worst_mistakes(data, trained), suspects(data, trained)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            policy=POLICY,
            css=Markup((HERE / "report.css").read_text(encoding="utf-8")),
            name=facts.get("name") or "model",
            when=_when(facts),
            facts=facts,
            labels=data.labels,
            humans=int(data.human.sum()),
            learners=int(data.train.sum()),
            folded=int(trained.folded.sum()),
            accuracy_curve=charts.curve(trained.curve, "accuracy"),
            loss_curve=charts.curve(trained.curve, "loss"),
            mistakes=mistakes,
            mistakes_shown=gallery(mistakes, MISTAKES_MAX),
            suspects=odd,
            suspects_shown=gallery(odd, SUSPECTS_MAX),
            parameters=_flat(facts["parameters"]),
            measured=Measured.of(data, trained),
            **_figures(facts, data.labels),
        )
    )


@functools.cache
def environment() -> Environment:
    """Templates of this folder, in which every text is escaped and a missing figure is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=figures.clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for show in (
        figures.percent,
        figures.score,
        figures.score_up,
        figures.between,
        figures.comma,
        figures.count,
        figures.duration,
    ):
        made.filters[show.__name__] = show
    made.globals.update(Axes=charts.Axes, ticks=charts.ticks, WIDTH=charts.WIDTH)
    return made


def _figures(facts: dict, labels: list[str]) -> dict[str, Any]:
    """What the facts amount to, for the words of the page."""
    matrix = facts["confusion"]
    sums = [sum(row) for row in matrix]
    pairs = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j]
    unmeasured = [label for label, n in zip(labels, sums, strict=True) if not n]
    warnings = list(dict.fromkeys(facts.get("warnings") or []))
    return {
        "unmeasured": unmeasured,
        "warnings": [text for text in warnings if len(unmeasured) < 2 or not text.startswith("No image of ")],
        "chance": max(sums) / sum(sums) if sum(sums) else 0.0,  # share right of who always says the commonest label
        "WANTED": WANTED,
        "usual": next((row for row in facts["thresholds"] if row["threshold"] == CONFIDENCE_MIN), None),
        "wanted": next((row["all"] for row in facts["targets"] if row["precision"] == WANTED), None),
        "confused": sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])),
        "shares": [_shares(row) for row in metrics.per_label(np.array(matrix))] if sum(sums) else [],
        "idle": sum(row["images"] - row["train"] - row["validation"] - row["test"] for row in facts["counts"].values()),
    }


def _shares(row: dict) -> dict[str, Any]:
    """Precision and recall of one label with their intervals, None where nothing was counted."""
    made = {"precision": row["said"], "recall": row["n"]}
    return {**row, **{what: Share(row["right"], of).facts() if of else None for what, of in made.items()}}


def _when(facts: dict) -> str:
    try:
        made = datetime.datetime.fromisoformat(facts["created"]).astimezone(datetime.timezone.utc)
    except (KeyError, TypeError, ValueError):
        return "at an unknown time"
    return f"on {made.day} {made:%B %Y at %H:%M} UTC"


def _flat(values: dict, before: str = "") -> list[tuple[str, str]]:
    """Nested parameters as (name, value), such as ("distortions.crop", "10")."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        rows += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(f"{before}{key}", str(value))]
    return rows
