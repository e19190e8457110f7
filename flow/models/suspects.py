"""The training images that a model takes for mislabelled, as they lie and are called today."""

from dataclasses import dataclass
from pathlib import Path

from flow.base import paths
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records.labels.history import LabelHistory


@dataclass(frozen=True)
class Suspect:
    """A training image in a label's folder, and the label that the model would give it with its score, 0..1."""

    path: Path
    label: str
    guess: str
    score: float


def suspects(basetag: str, model: Model | None, changes: LabelHistory) -> list[Suspect]:
    """The likeliest first. Only names are taken from model.json, never a path; whether the image is still there is for
    the caller to see."""
    if model is None:
        return []
    today, found = TodaysLabels.of(model, changes), []
    for path, label, guess, score in model.facts.get("suspects", []):
        label, guess = today.guess(label), today.guess(guess)
        if label and guess and label != guess:
            found.append(Suspect(paths.training(basetag) / label / Path(path).name, label, guess, float(score)))
    return found
