"""The maps of `try --why`: an image file for each image, in the model's own folder."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flow.base import files
from flow.base.errors import RoboError
from flow.base.learning import api
from flow.models.explanation import Explainer, Explanation
from flow.models.prediction import ImageSource, Prediction, Predictor
from flow.ui import console
from flow.ui.layout import broken

FOLDER = "why"  # inside the model's folder
NOT_PLAIN = re.compile(r"[^\w.-]+")  # in the name of a file


@dataclass(frozen=True)
class WhyMap:
    """`path`: the image with its map beside it."""

    path: Path
    explanation: Explanation

    def lines(self, width: int) -> list[str]:
        """As the terminal shows it.

        Args:
            width: of the terminal, in columns.
        """
        made = self.explanation
        lines = [line for text in (made.sentence, made.sum) for line in broken(f"  {text}", width, "  ")]
        return [*lines, f"  {self.path}"]  # a path is never broken: it is to be opened

    def facts(self) -> dict:
        return {**self.explanation.facts(), "map": str(self.path)}


def open_explainer(predictor: Predictor) -> Explainer | None:
    """What draws maps; None, with a warning, where the model's backbone has none."""
    try:
        return Explainer(predictor)
    except RoboError as problem:
        console.warn(f"{problem.message} {problem.hint}".strip())
        return None


def explain_all(
    explainer: Explainer,
    images: Mapping[str, ImageSource],
    between: tuple[str, str] | None,
    progress: Callable[[int], None],
) -> tuple[dict[str, Prediction], dict[str, WhyMap], dict[str, str]]:
    """(predictions, maps, why an image cannot be read), by name; each image goes through the backbone once."""
    folder = files.make_folder(explainer.model.folder / FOLDER)
    predictions, maps, bad = dict[str, Prediction](), dict[str, WhyMap](), dict[str, str]()
    for name, image in images.items():
        try:
            found = explainer.explain(image, between)
        except api.Unreadable as problem:
            bad[name] = str(problem)
        else:
            path = files.write_new(folder, _file_name(name, found), found.beside())
            predictions[name], maps[name] = found.prediction, WhyMap(path, found)
        progress(1)
    return predictions, maps, bad


def _file_name(name: str, found: Explanation) -> str:
    """photo_metal_not_plastic.jpg"""
    stem = NOT_PLAIN.sub("_", Path(name).stem).strip("._") or "image"
    return files.fitting(stem[:80], f"_{found.first}_not_{found.second}.jpg")
