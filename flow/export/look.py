"""What a model says of a picture: the score of each label, whether it would be sure, and what it looks most like.

`scores_of` is for one picture at a time, such as one dropped onto a page; a `Looker` is opened once and looks at many.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config as cfg
from flow.base import paths
from flow.base.errors import RoboError
from flow.models import leaderboard, shelf
from flow.models.backbone import LazyRunner, head_of
from flow.models.shelf import Model
from flow.records import labelling
from flow.records.catalogue import Catalogue

if TYPE_CHECKING:
    import numpy as np

    from scripts.learn.gate import Gate
    from scripts.learn.head import Head

NEAR = 3  # training pictures named beside a look
Picture = Path | bytes


@dataclass(frozen=True)
class Near:
    """A training picture and its likeness: the cosine, -1..1, in the space the distance gate measures in."""

    path: Path
    label: str
    likeness: float


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

    def facts(self) -> dict:
        near = [{"path": str(n.path), "label": n.label, "likeness": round(n.likeness, 4)} for n in self.near]
        return {"label": self.label, "score": self.score, "sure": self.sure, "why": self.why, "scores": self.scores,
                "line": self.line, "distance": round(self.distance, 4), "limit": round(self.limit, 4),
                "near": near}  # fmt: skip


@dataclass
class Looker:
    """A model with its backbone and the vectors of the training pictures; may be used from several threads."""

    model: Model
    runner: Any  # a LazyRunner, which can be all that a Runner can
    head: "Head"
    gate: "Gate"
    rows: "np.ndarray"  # float32 [n, d], unit length, of the training pictures whose vectors are known
    places: list[tuple[Path, str]] = field(default_factory=list)  # file and label of each row

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
        vectors, places = _training(basetag, catalogue, runner)
        return cls(model, runner, head, gate, gate.unit(vectors), places)

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

    def _looks(self, vectors: "np.ndarray") -> list[Look]:
        distances = self.gate.distances(vectors)
        likeness = self.gate.unit(vectors) @ self.rows.T
        looks = []
        for scores, distance, alike in zip(self.head.probabilities(vectors), distances, likeness, strict=True):
            near = tuple(Near(self.places[i][0], self.places[i][1], float(alike[i])) for i in (-alike).argsort()[:NEAR])
            by_label = dict(zip(self.model.labels, map(float, scores), strict=True))
            looks.append(Look(by_label, float(distance), self.gate.limit, cfg.confidence_min, near))
        return looks


def scores_of(basetag: str, image: bytes, catalogue: Catalogue, wanted: str = "") -> Look:
    """What the best model of a basetag, or the one named, says of one picture. Keep a `Looker` to ask more than once.

    Raises:
        NotReady: there is no model.
        RoboError: the model is damaged, or the picture cannot be read.
    """
    return Looker.open(basetag, catalogue, wanted).scores_of(image)


def _training(basetag: str, catalogue: Catalogue, runner: LazyRunner) -> tuple["np.ndarray", list[tuple[Path, str]]]:
    """Vectors float32 [n, d] of the training pictures that went through this backbone, and where each lies."""
    import numpy as np

    from scripts.learn import bottlenecks

    images = {i.sha256: i for i in labelling.training_images(basetag, catalogue, remember=False)}
    path = bottlenecks.store_path(paths.bottlenecks(), runner.backbone, runner.key)
    with bottlenecks.Store(path) as store:
        vectors = store.get(list(images), runner.vector_length)
    rows = np.stack(list(vectors.values())) if vectors else np.zeros((0, runner.vector_length), np.float32)
    return rows, [(images[sha].path, images[sha].label) for sha in vectors]
