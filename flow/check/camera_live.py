"""The model that learns while things are shown: from the training images and from what was recorded, in a thread."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import config as cfg
from flow.base.learning import api
from flow.check.camera_board import unlearned
from flow.check.latest_task import LatestTask
from flow.models.prediction import Prediction
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.rows import PERSON
from flow.ui import texts

if TYPE_CHECKING:
    import numpy as np

KNOWN_MAX = 2000  # images from before that it learns from, evenly taken from more; with them it takes two seconds


@dataclass(frozen=True)
class Examples:
    """Labelled images: embeddings float32 [n, d], and of each its label, its group, and whether that is a
    recording."""

    vectors: "list[np.ndarray]" = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    recorded: list[bool] = field(default_factory=list)

    def joined(self, other: "Examples") -> "Examples":
        return Examples(
            self.vectors + other.vectors,
            self.labels + other.labels,
            self.groups + other.groups,
            self.recorded + other.recorded,
        )


class LiveLearner:
    """Only the board's thread tells it what to learn; any thread may ask what it says."""

    def __init__(self) -> None:
        self._learning: LatestTask[Examples, tuple[int, api.LiveModel | None]] = LatestTask(self._learn)
        self._known = Examples()
        self._version = 0

    @property
    def is_learning(self) -> bool:
        return self._learning.is_busy

    @property
    def version(self) -> int:
        """A number that changes with what it says."""
        return self._learning.result[0] if self._learning.result else 0

    @property
    def model(self) -> "api.LiveModel | None":
        return self._learning.result[1] if self._learning.result else None

    @property
    def known(self) -> dict[str, int]:
        """Label -> images from before."""
        counts: dict[str, int] = {}
        for label in self._known.labels:
            counts[label] = counts.get(label, 0) + 1
        return counts

    def remember(self, basetag: str, catalogue: Catalogue, embedder: "api.Embedder", folder: str) -> None:
        """What people labelled before this session, as far as the backbone has seen it.

        Args:
            folder: the name of this session's unsorted_ folder.
        """
        images = provenance.training_images(basetag, catalogue, remember=False)
        labels = {i.sha256: i.label for i in images if i.given_by == PERSON}
        labels = {sha: label for sha, (_, label) in unlearned(basetag, catalogue, folder).items()} | labels
        groups, some = catalogue.groups(), list(labels)[:: len(labels) // KNOWN_MAX + 1]
        vectors = embedder.cached(some)
        shas = [sha for sha in some if sha in vectors]
        self._known = Examples(
            [vectors[sha] for sha in shas],
            [labels[sha] for sha in shas],
            [groups.get(sha, sha) for sha in shas],
            [sha in groups for sha in shas],
        )

    def learn(self, shown: Iterable[tuple["np.ndarray", str, str]]) -> None:
        """Learn anew, in a thread.

        Args:
            shown: embedding, label and recording of each image of this session.
        """
        rows = list(shown)
        new = Examples([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], [True] * len(rows))
        self._learning.submit(self._known.joined(new))

    def wait(self, seconds: float) -> None:
        """Until it has learned, or so many seconds."""
        self._learning.wait(seconds)

    def predict(self, vector: "np.ndarray") -> Prediction | None:
        """What it says of one embedding float32 [d]; None before it knows two labels."""
        if (model := self.model) is None:
            return None
        scores = dict(zip(model.labels, map(float, model.head.probabilities(vector[None])[0]), strict=True))
        distance = float(model.novelty.distances(vector[None])[0])
        return Prediction(scores, distance, model.novelty.limit, cfg.confidence_min)

    def measured_sentences(self) -> tuple[str, str]:
        """How good it is, and what would help: two texts, either of which may be empty."""
        if self._learning.failed:
            return "It no longer learns.", f"{self._learning.failed}; the log has the details."
        if (model := self.model) is None:
            return "It predicts once two labels have images.", ""
        if model.facts["not_measured"]:
            few = [text.partition(" comes from ")[0] for text in model.facts["not_measured"]]
            return (
                "Its accuracy is not known yet.",
                f"It takes three recordings of each label. Record {_listed(few)} again, somewhere else.",
            )
        if model.facts["measured_on"].get("recorded"):
            sentence, _, advice = texts.recordings_text(model.facts).partition("; ")
            return f"{sentence}.", f"{advice[:1].upper()}{advice[1:]}." if advice else ""
        share, words = model.facts["accuracy"], model.facts["measured_on"]["words"]
        text = texts.accuracy_text(share["value"], share["low"], share["high"], share["total"], words)
        return f"{text[:1].upper()}{text[1:]}.", ""

    def _learn(self, examples: Examples) -> "tuple[int, api.LiveModel | None]":
        import numpy as np

        vectors = np.stack(examples.vectors) if examples.vectors else np.zeros((0, 1), np.float32)
        model = api.learn_live(vectors, examples.labels, examples.groups, examples.recorded)
        self._version += 1
        return self._version, model


def _listed(names: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
