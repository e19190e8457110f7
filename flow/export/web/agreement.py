"""How far the scores of a page are from the model's own, measured with this very model when it is exported."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flow.base.learning import api
from flow.export.web.reading import read
from flow.models import model_store
from flow.models.backbone import embedder_of, load_head, precision_of
from flow.models.model_store import Model
from flow.models.prediction import Prediction

if TYPE_CHECKING:
    import numpy as np

# What browsers add to it: they decode and shrink images a little differently. See docs/export-web.md.
BROWSERS = (
    "Browsers also decode photos a little differently: with two other models and 101 images, the largest difference in "
    "Chromium and Firefox was {most} when this page was developed."
)
INT8 = " RoboFlow itself runs this model in 8-bit whole numbers (int8), the page does not: these figures contain that."
BROWSERS_MOST = {False: "0.013", True: "0.026"}  # 16-bit weights; 8-bit weights


@dataclass(frozen=True)
class Agreement:
    """`largest`: difference of a score on `images` images, 0..1; `same`: images with the same label and verdict;
    `learned`: images that the model has learned from, and is surer of than of others; `int8`: Python computes the model
    in int8, which a page never does."""

    images: int
    largest: float
    same: int
    learned: int
    int8: bool = False

    def words(self, smaller: bool) -> str:
        """In sentences, for the page and its card."""
        browsers = BROWSERS.format(most=BROWSERS_MOST[smaller])
        if not self.images:
            return f"This page was not compared with Python: no image could be read. {browsers}"
        same = "all" if self.same == self.images else str(self.same)
        gap = f"at most {self.largest:.3f}" if self.largest >= 0.001 else "less than 0.001"
        known = f" (it learned from {'all' if self.learned == self.images else self.learned} of them)"
        images = f"{self.images} images{known if self.learned else ''}"
        return (
            f"Compared with Python on the pixels of {images}: the scores of this page differ by {gap}, and label and "
            f"verdict are the same on {same}.{INT8 if self.int8 else ''} {browsers}"
        )


def agreement(
    model: Model,
    payload: bytes,
    fresh: "Iterable[np.ndarray]",
    learned: "Iterable[np.ndarray]",
    progress: Callable[[int], None],
) -> Agreement:
    """Run the model and its payload on the same pixels.

    Args:
        fresh, learned: images that the model has not learned from, and such that it has, as uint8 [1, size, size, 3].

    Raises:
        RoboError: the model or its backbone is damaged or missing.
    """
    page, embedder, (head, novelty) = read(payload), embedder_of(model), load_head(model)
    gaps: list[float] = []
    same, counts = 0, []
    for images in (fresh, learned):
        counts.append(len(gaps))
        for pixels in images:
            mine = _prediction(model, head, novelty, embedder.vectors(pixels.astype("float32") / 255))
            its = _prediction(model, page.head, page.novelty, page.embeddings(pixels))
            gaps.append(max(abs(mine.scores[label] - its.scores[label]) for label in model.labels))
            same += (mine.label, mine.reason) == (its.label, its.reason)
            progress(1)
    int8 = precision_of(model) == "int8"
    return Agreement(len(gaps), max(gaps, default=0.0), same, len(gaps) - counts[1], int8)


def _prediction(
    model: Model, head: "api.Head", novelty: "api.NoveltyDetector | None", vectors: "np.ndarray"
) -> Prediction:
    scores = dict(zip(model.labels, map(float, head.probabilities(vectors)[0]), strict=True))
    distance = float(novelty.distances(vectors)[0]) if novelty else 0.0
    return Prediction(scores, distance, novelty.limit if novelty else 2.0, model_store.threshold(model))
