"""What a model says of a picture: the score of each label, whether it would be sure, and what it looks most like."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config as cfg
from flow.base import paths
from flow.base.errors import RoboError
from flow.base.names import percent
from flow.models import leaderboard, shelf
from flow.models.backbone import LazyRunner, head_of
from flow.models.shelf import Model
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.records.labelling import Labelled

if TYPE_CHECKING:
    import numpy as np

    from scripts.learn.gate import Gate
    from scripts.learn.head import Head

NEAR = 3  # training pictures named beside a look
KNOWN_MOST = 20_000  # training pictures compared with, evenly drawn from more; twice 165 MB of vectors at 2,064 numbers
Picture = Path | bytes


@dataclass(frozen=True)
class Near:
    """A training picture and its likeness: the cosine, -1..1, in the space the distance gate measures in."""

    path: Path
    label: str
    likeness: float
    sha256: str = ""


@dataclass(frozen=True)
class Look:
    """`scores`: label -> fraction 0..1, in the model's order. `distance`: 1 - likeness of the nearest picture the model
    learned from, 0..2; beyond `limit` a picture is unlike all of them. `line`: the score below which it is not sure."""

    scores: dict[str, float]
    distance: float
    limit: float
    line: float
    near: tuple[Near, ...] = ()

    @property
    def label(self) -> str:
        return max(self.scores, key=self.scores.__getitem__)

    @property
    def score(self) -> float:
        return self.scores[self.label]

    @property
    def why(self) -> str:
        """Why the model would not be sure: unsure, unlike or nothing; as in the log of a sorted_ folder."""
        if not self.score >= self.line:  # also where the score is no number
            return "unsure"
        return "unlike" if cfg.distance_gate and self.distance > self.limit else ""

    @property
    def sure(self) -> bool:
        return not self.why

    @property
    def verdict(self) -> str:
        """Whether the model would be sure, and why not, in words."""
        if self.why == "unsure":
            return f"not sure: {percent(self.score)} is below the line of {percent(self.line)}"
        if self.why == "unlike":
            far = f"distance {self.distance:.2f}, limit {self.limit:.2f}"
            return f"not sure: unlike everything it has learned from ({far})"
        return f"sure: {self.label}"

    def facts(self) -> dict:
        near = [{"path": str(n.path), "label": n.label, "likeness": round(n.likeness, 4)} for n in self.near]
        return {
            "label": self.label,
            "score": self.score,
            "sure": self.sure,
            "why": self.why,
            "scores": self.scores,
            "line": self.line,
            "distance": round(self.distance, 4),
            "limit": round(self.limit, 4),
            "near": near,
        }


@dataclass
class Looker:
    """A model with its backbone and the vectors of the training pictures; may be used from several threads."""

    model: Model
    runner: Any  # a LazyRunner, which can be all that a Runner can
    head: "Head"
    gate: "Gate"
    rows: "np.ndarray"  # float32 [n, d], unit length, of the training pictures whose vectors are known
    images: list[Labelled] = field(default_factory=list)  # of each row

    @classmethod
    def open(cls, basetag: str, catalogue: Catalogue, wanted: str = "") -> "Looker":
        """A looker with the best model, or the one named.

        Raises:
            NotReady: there is no model, or none by that name.
            RoboError: it is damaged.
        """
        model = shelf.pick(leaderboard.ranked(basetag, catalogue), wanted, basetag)
        return cls.with_model(basetag, catalogue, model)

    @classmethod
    def with_model(cls, basetag: str, catalogue: Catalogue, model: Model) -> "Looker":
        """A looker with this model. Raises RoboError where it is damaged."""
        shelf.verify_parts(model, "head.npz", "retrained_labels.txt")
        head, gate = head_of(model)
        runner = LazyRunner(model)
        vectors, images = _training(basetag, catalogue, runner)
        return cls(model, runner, head, gate, gate.unit(vectors), images)

    def look(
        self, pictures: dict[str, Picture], progress: Callable[[int], None] = lambda n: None
    ) -> tuple[dict[str, Look], dict[str, str]]:
        """Name -> look, and name -> why it cannot be read. Nothing is kept of the pictures."""
        from scripts.learn import bottlenecks

        with bottlenecks.Store(None) as nowhere:
            done = bottlenecks.compute(pictures, self.runner, nowhere, progress)
        names = [name for name in pictures if name in done.vectors]
        if not names:
            return {}, done.bad
        import numpy as np

        vectors = np.stack([done.vectors[name] for name in names])
        return dict(zip(names, self._looks(vectors), strict=True)), done.bad

    def scores_of(self, picture: Picture) -> Look:
        """One picture. Raises RoboError where it cannot be read."""
        looks, bad = self.look({"it": picture})
        if bad:
            raise RoboError(f"That picture cannot be read: {bad['it']}.", "JPEG, PNG, WebP, GIF and BMP are read.")
        return looks["it"]

    def near(self, sha256: str) -> tuple[Near, ...]:
        """The other training pictures most like a picture that went through the backbone before; none where it did not.
        Nothing is computed for it."""
        vector = _kept(self.runner, [sha256]).get(sha256)
        if vector is None:
            return ()
        ranked = self._ranked(vector[None], NEAR + 1)[0]
        return tuple(near for near in ranked if near.sha256 != sha256)[:NEAR]

    def _looks(self, vectors: "np.ndarray") -> list[Look]:
        distances, near = self.gate.distances(vectors), self._ranked(vectors, NEAR)
        looks = []
        for scores, distance, alike in zip(self.head.probabilities(vectors), distances, near, strict=True):
            by_label = dict(zip(self.model.labels, map(float, scores), strict=True))
            looks.append(Look(by_label, float(distance), self.gate.limit, cfg.confidence_min, alike))
        return looks

    def _ranked(self, vectors: "np.ndarray", count: int) -> list[tuple[Near, ...]]:
        """For each vector float32 [n, d] that many training pictures, most alike first."""
        likeness = self.gate.unit(vectors) @ self.rows.T
        return [tuple(self._near(i, float(row[i])) for i in (-row).argsort()[:count]) for row in likeness]

    def _near(self, at: int, likeness: float) -> Near:
        image = self.images[at]
        return Near(image.path, image.label, likeness, image.sha256)


def _training(basetag: str, catalogue: Catalogue, runner: LazyRunner) -> tuple["np.ndarray", list[Labelled]]:
    """Vectors float32 [n, d] of the training pictures that went through this backbone, and the pictures."""
    import numpy as np

    images = {i.sha256: i for i in labelling.training_images(basetag, catalogue, remember=False)}
    known = list(images)[:: len(images) // KNOWN_MOST + 1]
    vectors = _kept(runner, known)
    rows = np.stack(list(vectors.values())) if vectors else np.zeros((0, runner.vector_length), np.float32)
    return rows, [images[sha] for sha in vectors]


def _kept(runner: LazyRunner, shas: list[str]) -> "dict[str, np.ndarray]":
    """What the backbone saw in pictures, as far as it is kept."""
    from scripts.learn import bottlenecks

    path = bottlenecks.store_path(paths.bottlenecks(), runner.backbone, runner.key)
    with bottlenecks.Store(path) as store:
        return store.get(shas, runner.vector_length)
