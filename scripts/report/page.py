"""report.html of a model: one file with everything in it, to be opened from disk; it uses no network.

The text is in report.html.j2 and the templates it includes, the style in report.css. Jinja escapes every text that a
template inserts. Here are only the figures.
"""

import datetime
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.metrics import Share
from scripts.learn.trained_head import TrainedHead
from scripts.report import charts, figures
from scripts.report.measured import Measured
from scripts.report.thumbnails import gallery, suspects, worst_mistakes
from scripts.report.why import MISTAKES_MAX, Why

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page", "suspects", "worst_mistakes", "write"]
HERE = Path(__file__).parent
SUSPECTS_MAX = 40  # thumbnails; each takes about 4 KB of the page
CONFIDENCE_MIN = 0.925  # the default of RoboFlow; one of metrics.THRESHOLDS
WANTED = 0.98  # the precision that the lead mentions; one of metrics.TARGETS
# The page may load only what is in it, whatever a file name might smuggle in.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write(path: Path, facts: dict, data: Dataset, trained: TrainedHead, why: Why | None = None) -> None:
    """Write the report of a model.

    Args:
        facts: `retrain.facts_of`, with `name`.
        why: where the evidence lay; None = nobody looked.
    """
    path.write_text(page(facts, data, trained, why), encoding="utf-8")


def page(facts: dict, data: Dataset, trained: TrainedHead, why: Why | None = None) -> str:
    """The report as HTML."""
    from markupsafe import Markup

    mistakes, odd = worst_mistakes(data, trained), suspects(data, trained)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            policy=POLICY,
            css=Markup((HERE / "report.css").read_text(encoding="utf-8")),
            name=facts.get("name") or "model",
            basetag=facts.get("basetag", ""),
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
            why=why or Why(),
            **_figures(facts, data.labels),
        )
    )


@functools.cache
def environment() -> "Environment":
    """The templates of this folder: every text is escaped, a missing figure is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

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
    """Figures that the text of the page needs, from the facts."""
    matrix = facts["confusion"]
    sums = [sum(row) for row in matrix]
    pairs = [(n, i, j) for i, row in enumerate(matrix) for j, n in enumerate(row) if n and i != j]
    unmeasured = [label for label, n in zip(labels, sums, strict=True) if not n]
    warnings = list(dict.fromkeys(facts.get("warnings") or []))
    return {
        "unmeasured": unmeasured,
        "warnings": [text for text in warnings if len(unmeasured) < 2 or not text.startswith("No image of ")],
        "chance": max(sums) / sum(sums) if sum(sums) else 0.0,  # accuracy of always predicting the most frequent label
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
