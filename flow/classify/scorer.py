"""What a model says of images, and the folder that each belongs in."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base import files, paths
from flow.models import model_store
from flow.models.backbone import embedder_of, load_head
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Scored:
    """One image and what the model says: `scores` label -> fraction 0..1; `reason` it is unsure, if any."""

    path: Path
    sha256: str
    scores: dict[str, float]
    label: str
    place: str
    reason: str

    @property
    def score(self) -> float:
        return self.scores[self.label]

    @property
    def name(self) -> str:
        """robotart_12_093011.jpg scored 0.9671 -> robotart_12_093011_967.jpg; rounded down, so never up to the
        threshold."""
        return files.fitting(self.path.stem, f"_{min(999, int(self.score * 1000)):03d}{self.path.suffix}")


class Scorer:
    """A model that is ready to score images, under the labels of today. Raises RoboError where it is damaged."""

    def __init__(self, model: Model, today: TodaysLabels):
        self._labels, self.today = model.labels, today
        self._head, self._novelty = load_head(model)
        self._embedder = embedder_of(model)
        self._threshold = model_store.threshold(model)

    def score(
        self, images: dict[str, Path], advance: Callable[[int], None] = lambda n: None
    ) -> tuple[list[Scored], dict[str, str]]:
        """The predictions, and content hash -> why an image cannot be read.

        Args:
            images: content hash -> file.
        """
        done = self._embedder.embed(images, advance)
        shas = [sha for sha in images if sha in done.vectors]
        vectors = done.vectors.table(shas)
        unfamiliar = self._novelty.distances(vectors) > self._novelty.limit
        rows = self._head.probabilities(vectors)
        return [
            _placed(images[sha], sha, self._by_label(row), self._threshold, bool(far), self.today)
            for sha, row, far in zip(shas, rows, unfamiliar & cfg.distance_gate, strict=True)
        ], done.bad

    def _by_label(self, row: "np.ndarray") -> dict[str, float]:
        return dict(zip(self._labels, map(float, row), strict=True))


def labels_of_today(basetag: str, catalogue: Catalogue, model: Model) -> TodaysLabels:
    """What the model's labels are called now."""
    known = [folder.name for folder in provenance.label_folders(basetag)]
    return TodaysLabels.of(model, LabelHistory.of(catalogue.label_changes()), known)


def _placed(
    path: Path, sha256: str, own: dict[str, float], threshold: float, unfamiliar: bool, today: TodaysLabels
) -> Scored:
    """The prediction for an image and the folder it belongs in; `threshold`: the score below which it is unsure;
    `unfamiliar`: it is unlike all training images. The folder is named after confidence_min, whatever the threshold."""
    label, scores, is_clear = today.scores(own)
    unsure = not is_clear or not scores[label] >= threshold  # also where damage made the score no number
    place = paths.under_label(label, cfg.confidence_min) if unsure or unfamiliar else label
    return Scored(path, sha256, scores, label, place, "unsure" if unsure else "unlike" if unfamiliar else "")
