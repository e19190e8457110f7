"""Why a model prefers one label to another: where in an image the evidence lay, drawn over the image."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flow.base.errors import BadUsage, RoboError
from flow.base.learning import api
from flow.base.names import nearest
from flow.models.backbone import map_reader
from flow.models.model_store import Model
from flow.models.prediction import ImageSource, Prediction, Predictor

if TYPE_CHECKING:
    from PIL import Image

SIDE_MAX = 640  # pixels, longest side of an image with its map
IT_IS = (
    "It shows where in the image the evidence lay, exact for the cells of the model's feature maps; it does not prove "
    "what the model understood."
)


@dataclass(frozen=True)
class Explanation:
    """What in an image spoke for label `first` rather than `second`; `image`: RGB, at most SIDE_MAX pixels a side."""

    prediction: Prediction
    first: str
    second: str
    evidence: "api.Evidence"
    image: "Image.Image"

    @property
    def title(self) -> str:
        return f"What spoke for {self.first} rather than {self.second}"

    @property
    def sentence(self) -> str:
        """What the map is, and what it is not."""
        return f"{self.title}: orange spoke for {self.first}, blue for {self.second}. {IT_IS}"

    @property
    def sum(self) -> str:
        """The sum that the map is, in nats."""
        cells = self.evidence.total - self.evidence.constant
        return f"cells {cells:+.2f}, in any image {self.evidence.constant:+.2f}: {self.evidence.total:+.2f} together"

    def beside(self) -> bytes:
        """A JPEG: the image, and its map to the right."""
        return api.jpeg_of(api.evidence_beside(self.image, self.evidence))

    def over(self) -> bytes:
        """A JPEG: the map alone, over the image in grey."""
        return api.jpeg_of(api.evidence_over(self.image, self.evidence))

    def facts(self) -> dict:
        return {
            "for": self.first,
            "rather_than": self.second,
            "cells": round(self.evidence.total - self.evidence.constant, 4),
            "any_image": round(self.evidence.constant, 4),
            "logit_difference": round(self.evidence.total, 4),
        }


class Explainer:
    """A model that says why. The graph with the maps is opened with it.

    Raises:
        RoboError: there are no maps; the sentence says why.
    """

    def __init__(self, predictor: Predictor):
        self._predictor = predictor
        try:
            self._reader = map_reader(predictor.model)
        except api.NoMaps as problem:
            raise RoboError(str(problem), "Models of efficientnet_lite0, _lite1 and _lite2 have maps.") from problem

    @property
    def model(self) -> Model:
        return self._predictor.model

    def explain(self, image: ImageSource, between: tuple[str, str] | None = None) -> Explanation:
        """Predict and explain an image, in one pass through the backbone.

        Args:
            between: what spoke for the first label rather than the second; None = the best two.

        Raises:
            api.Unreadable: it cannot be read.
        """
        pixels = api.load_pixels(image, self._reader.input_size)
        maps, embedder = self._reader.read(pixels), self._predictor.embedder
        # Where the model runs another way than its maps (in whole numbers, say), what it predicts is its own.
        is_same = self._reader.key == embedder.key
        vector = maps.vector if is_same else embedder.vectors(pixels[None])[0]
        with api.open_image(image, draft_side=SIDE_MAX) as opened:
            opened.thumbnail((SIDE_MAX, SIDE_MAX))
            shown = opened.copy()
        prediction = self._predictor.predictions(vector[None])[0]
        first, second = between or _best_two(prediction)
        labels = self.model.labels
        head, usual = self._predictor.head, self._predictor.usual
        evidence = api.evidence_of(maps, head, labels.index(first), labels.index(second), usual)
        return Explanation(prediction, first, second, evidence, shown)


def two_labels(typed: str, labels: list[str]) -> tuple[str, str]:
    """`metal,plastic` as two labels of a model. Raises BadUsage."""
    pair = [part.strip() for part in typed.split(",")]
    for label in pair:
        if label not in labels:
            raise BadUsage(
                f"The model has no label {label!r}{nearest(label, labels) or '.'}", f"It has {', '.join(labels)}."
            )
    if len(pair) != 2 or pair[0] == pair[1]:
        raise BadUsage("--between needs two different labels.", f"For example: --between {labels[0]},{labels[1]}")
    return pair[0], pair[1]


def _best_two(prediction: Prediction) -> tuple[str, str]:
    first, second = sorted(prediction.scores, key=prediction.scores.__getitem__, reverse=True)[:2]
    return first, second
