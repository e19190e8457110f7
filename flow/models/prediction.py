"""A model's prediction for an image: the score of each label, whether the model is sure, and similar images."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base.errors import RoboError
from flow.base.learning import api
from flow.base.names import percent
from flow.models import leaderboard, model_store
from flow.models.backbone import embedder_of, load_head
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory
from flow.records.provenance import LabeledImage

if TYPE_CHECKING:
    import numpy as np

NEIGHBORS = 3  # training images named beside a prediction
SAME = 0.001  # a distance up to which an image is one that the model was trained on
# Training images an image is compared with, evenly taken from more; 20,000 embeddings of 2,064 numbers are 165 MB.
COMPARED_MAX = 20_000
ImageSource = Path | bytes


@dataclass(frozen=True)
class Neighbor:
    """A training image and its similarity: the cosine, -1..1, in the space that novelty is measured in."""

    path: Path
    label: str
    similarity: float
    sha256: str = ""


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for one image.

    `scores`: label -> fraction 0..1, in the model's order; `distance`: 1 - similarity of the nearest image the model
    was trained on, 0..2; beyond `limit` an image is unfamiliar; `threshold`: the score below which it is unsure.
    """

    scores: dict[str, float]
    distance: float
    limit: float
    threshold: float
    near: tuple[Neighbor, ...] = ()
    now: str = ""  # what its label is called today, where that is otherwise

    @property
    def label(self) -> str:
        return max(self.scores, key=self.scores.__getitem__)

    @property
    def score(self) -> float:
        return self.scores[self.label]

    @property
    def reason(self) -> str:
        """Why the model is not sure: unsure, unlike (unfamiliar) or empty where it is sure; as in scores.txt."""
        if not self.score >= self.threshold:  # also where the score is no number
            return "unsure"
        return "unlike" if cfg.distance_gate and self.distance > self.limit else ""

    @property
    def sure(self) -> bool:
        return not self.reason

    @property
    def verdict(self) -> str:
        """Whether the model is sure, and why not, in words."""
        if self.reason == "unsure":
            if self.threshold > cfg.confidence_min:
                return f"unsure: {percent(self.score)} is below what this model needs ({percent(self.threshold)})"
            return f"unsure: {percent(self.score)} is below confidence_min ({percent(self.threshold)})"
        if self.reason == "unlike":
            far = f"distance {self.distance:.2f}, limit {self.limit:.2f}"
            return f"unfamiliar: unlike all training images ({far})"
        return f"sure: {self.label}{f' (now {self.now})' if self.now else ''}"

    @property
    def remark(self) -> str:
        """What to say of an image that the model was trained on; empty of others."""
        is_known = self.distance <= SAME and self.near and self.near[0].similarity >= 1 - SAME
        if not is_known:
            return ""
        return "The model was trained on this image, so its score says little about new ones."

    def facts(self) -> dict:
        near = [{"path": str(n.path), "label": n.label, "likeness": round(n.similarity, 4)} for n in self.near]
        return {
            "label": self.label,
            "score": self.score,
            "sure": self.sure,
            "why": self.reason,
            "scores": self.scores,
            "line": self.threshold,
            "distance": round(self.distance, 4),
            "limit": round(self.limit, 4),
            "near": near,
        }


@dataclass
class Predictor:
    """A model with its backbone and the embeddings of the training images; may be used from several threads."""

    model: Model
    embedder: "api.Embedder"
    head: "api.Head"
    novelty: "api.NoveltyDetector"
    rows: "np.ndarray"  # float32 [n, d], unit length, of the training images whose embeddings are cached
    images: list[LabeledImage] = field(default_factory=list)  # of each row
    threshold: float = 1.0  # the score from which on the model is sure
    today: TodaysLabels = field(default_factory=lambda: TodaysLabels({}))
    usual: "np.ndarray | None" = None  # float32 [d], their mean embedding; None where there are none

    @classmethod
    def open(cls, basetag: str, catalogue: Catalogue, wanted: str = "") -> "Predictor":
        """The best model, or the one named.

        Raises:
            NotReady: there is no model, or none by that name.
            RoboError: it is damaged.
        """
        model = model_store.pick(leaderboard.ranked(basetag, catalogue), wanted, basetag)
        return cls.of(basetag, catalogue, model)

    @classmethod
    def of(cls, basetag: str, catalogue: Catalogue, model: Model) -> "Predictor":
        """This model. Raises RoboError where it is damaged."""
        model_store.verify_parts(model, "head.npz", "retrained_labels.txt")
        head, novelty = load_head(model)
        embedder = embedder_of(model)
        vectors, images = _training_embeddings(basetag, catalogue, embedder)
        today = TodaysLabels.of(model, LabelHistory.of(catalogue.label_changes()))
        threshold, usual = model_store.threshold(model), vectors.mean(axis=0) if len(vectors) else None
        return cls(model, embedder, head, novelty, novelty.unit(vectors), images, threshold, today, usual)

    def predict(
        self, images: dict[str, ImageSource], progress: Callable[[int], None] = lambda n: None
    ) -> tuple[dict[str, Prediction], dict[str, str]]:
        """Name -> prediction, and name -> why an image cannot be read. Nothing of the images is stored."""
        done = self.embedder.embed(images, progress, keep=False)
        names = [name for name in images if name in done.vectors]
        return dict(zip(names, self.predictions(done.vectors.table(names)[:]), strict=True)), done.bad

    def predict_one(self, image: ImageSource) -> Prediction:
        """One image. Raises RoboError where it cannot be read."""
        predictions, bad = self.predict({"it": image})
        if bad:
            raise unreadable(bad["it"])
        return predictions["it"]

    def near(self, sha256: str) -> tuple[Neighbor, ...]:
        """The other training images most similar to one whose embedding is cached; none where it is not."""
        vector = self.embedder.cached([sha256]).get(sha256)
        if vector is None:
            return ()
        ranked = self._ranked(vector[None], NEIGHBORS + 1)[0]
        return tuple(near for near in ranked if near.sha256 != sha256)[:NEIGHBORS]

    def predictions(self, vectors: "np.ndarray") -> list[Prediction]:
        """One for each embedding float32 [n, d]."""
        distances, near = self.novelty.distances(vectors), self._ranked(vectors, NEIGHBORS)
        predictions = []
        for scores, distance, similar in zip(self.head.probabilities(vectors), distances, near, strict=True):
            by_label = dict(zip(self.model.labels, map(float, scores), strict=True))
            best = max(by_label, key=by_label.__getitem__)
            now = self.today.guess(best)
            limits = (float(distance), self.novelty.limit, self.threshold)
            predictions.append(Prediction(by_label, *limits, similar, now if now != best else ""))
        return predictions

    def _ranked(self, vectors: "np.ndarray", count: int) -> list[tuple[Neighbor, ...]]:
        """For each embedding float32 [n, d] that many training images, most similar first."""
        similarity = self.novelty.unit(vectors) @ self.rows.T
        return [tuple(self._neighbor(i, float(row[i])) for i in (-row).argsort()[:count]) for row in similarity]

    def _neighbor(self, at: int, similarity: float) -> Neighbor:
        image = self.images[at]
        return Neighbor(image.path, image.label, similarity, image.sha256)


def unreadable(why: str) -> RoboError:
    """The error to raise where a person's own image cannot be read."""
    return RoboError(f"That image cannot be read: {why}.", "It must be a JPEG, PNG, WebP, GIF, BMP, HEIC or AVIF file.")


def _training_embeddings(
    basetag: str, catalogue: Catalogue, embedder: "api.Embedder"
) -> tuple["np.ndarray", list[LabeledImage]]:
    """Embeddings float32 [n, d] of the training images that went through this backbone, and the images."""
    images = {i.sha256: i for i in provenance.training_images(basetag, catalogue, remember=False)}
    some = list(images)[:: len(images) // COMPARED_MAX + 1]
    vectors = embedder.cached(some)
    return vectors.table([*vectors])[:], [images[sha] for sha in vectors]
