"""The flowstep try: a model's predictions for any images, as bars, a table, JSON or CSV."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flow.base import files
from flow.base.names import percent
from flow.export.inputs import read_inputs
from flow.export.score_bars import bars
from flow.export.why import WhyMap, explain_all, open_explainer
from flow.export.write import csv_text, refuse_taken
from flow.models.explanation import two_labels
from flow.models.prediction import Prediction, Predictor
from flow.records.catalogue import Catalogue
from flow.ui import console

BARS_MAX = 3  # images shown as bars; more are shown as a table
COLUMNS = ("picture", "label", "score", "sure", "why", "distance", "nearest")
WHY = {"unsure": "unsure", "unlike": "unfamiliar"}  # reason of a prediction -> the word on the screen


@dataclass(frozen=True)
class TryResult:
    """`predictions`: image -> prediction; `bad`: image -> why it could not be read; `csv`: the table written; `why`:
    image -> the map of what spoke for its label, where asked for."""

    model: str
    predictions: dict[str, Prediction]
    bad: dict[str, str] = field(default_factory=dict)
    csv: Path | None = None
    why: dict[str, WhyMap] = field(default_factory=dict)

    @property
    def code(self) -> int:
        return 3 if self.bad else 0

    def line(self) -> str:
        text = "no image could be read"
        if len(self.predictions) == 1:
            prediction = next(iter(self.predictions.values()))
            text = f"{prediction.label} {percent(prediction.score)}, {WHY.get(prediction.reason, 'sure')}"
        elif self.predictions:
            counts = Counter(prediction.label for prediction in self.predictions.values()).most_common()
            sure = sum(prediction.sure for prediction in self.predictions.values())
            labels = ", ".join(f"{label} {n}" for label, n in counts)
            text = f"predicted {len(self.predictions)} images: {labels}; sure of {sure}"
        text += f", {len(self.bad)} unreadable" if self.bad else ""
        text += f", maps in {next(iter(self.why.values())).path.parent}" if self.why else ""
        return f"{text}, written to {self.csv}" if self.csv else text

    def facts(self) -> dict:
        rows = [
            {"picture": name, **prediction.facts(), "evidence": self.why[name].facts() if name in self.why else None}
            for name, prediction in self.predictions.items()
        ]
        return {
            "model": self.model,
            "pictures": rows,
            "unreadable": self.bad,
            "csv": str(self.csv) if self.csv else None,
        }


def try_images(
    basetag: str,
    words: Sequence[str],
    wanted: str,
    csv: Path | None,
    catalogue: Catalogue,
    why: bool = False,
    between: str = "",
) -> TryResult:
    """Predict images, and show the predictions.

    Args:
        words: files, folders, addresses.
        wanted: the model's name or number; empty = the best.
        csv: a new file for the table.
        why: also draw what spoke for the best label rather than the second, an image file for each image.
        between: two labels with a comma between, to draw what spoke for the first rather than the second.

    Raises:
        NotReady: there is no such model.
        BadUsage: a folder contains no images, `csv` exists already, or `between` is not two labels of the model.
    """
    if csv:
        refuse_taken(csv, "--csv")
    predictor = Predictor.open(basetag, catalogue, wanted)
    given = read_inputs(words)
    pair = two_labels(between, predictor.model.labels) if between else None
    explainer, maps = open_explainer(predictor) if why or pair else None, dict[str, WhyMap]()
    with console.progress(len(given.images), "predicting") as advance:
        if explainer:
            predictions, maps, bad = explain_all(explainer, given.images, pair, advance)
        else:
            predictions, bad = predictor.predict(given.images, advance)
    bad = {
        name: "there is no such file" if reason == "vanished" else reason for name, reason in bad.items()
    } | given.bad
    for name, reason in bad.items():
        console.warn(f"{name}: {reason}")
    if not console.is_json():
        _show(predictions, maps, as_table=given.folders or len(predictions) > BARS_MAX)
    written = _write(csv, predictor.model.labels, predictions) if csv else None
    return TryResult(predictor.model.name, predictions, bad, written, maps)


def _show(predictions: dict[str, Prediction], maps: dict[str, WhyMap], as_table: bool) -> None:
    if not as_table:
        for name, prediction in predictions.items():
            *lines, last = bars(name, prediction, console.columns())
            for line in [*lines, *(maps[name].lines(console.columns()) if name in maps else []), last]:
                console.result(line)
        return
    rows = [
        [percent(prediction.score), prediction.label, WHY.get(prediction.reason, "sure"), name]
        for name, prediction in predictions.items()
    ]
    console.table(["score", "label", "", "image"], rows, to_stdout=True)


def _write(path: Path, labels: list[str], predictions: dict[str, Prediction]) -> Path:
    """Write the table as a new CSV file, with a column for the score of each label."""
    rows = []
    for name, prediction in predictions.items():
        row = [
            name,
            prediction.label,
            f"{prediction.score:.6f}",
            "yes" if prediction.sure else "no",
            prediction.reason,
            f"{prediction.distance:.4f}",
        ]
        nearest = str(prediction.near[0].path) if prediction.near else ""
        rows.append([*row, nearest, *(f"{prediction.scores[label]:.6f}" for label in labels)])
    columns = [*COLUMNS, *(f"score {label}" for label in labels)]
    refuse_taken(path, "--csv")
    return files.write_new(path.parent, path.name, csv_text(columns, rows).encode("utf-8", "backslashreplace"))
