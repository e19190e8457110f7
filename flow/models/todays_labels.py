"""What a model's labels are called today. A model goes on working under the labels it was trained on; comparisons,
sorting and suspects go by those of today."""

import contextlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from flow.base import files
from flow.models import model_store
from flow.models.model_store import Model
from flow.records.catalogue import Catalogue
from flow.records.labels import history
from flow.records.labels.history import LabelHistory

NOTE = re.compile(r"<!-- labels since -->.*?<!-- /labels since -->\n?", re.DOTALL)
PLACE = re.compile(r"<main>\n?|<body[^>]*>\n?")


@dataclass(frozen=True)
class TodaysLabels:
    """`names`: label of the model -> what it is today: one label, none where it was removed, several where it was
    split."""

    names: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, model: Model, changes: LabelHistory, known: Iterable[str] | None = None) -> "TodaysLabels":
        """Args: known: the labels of today; see `LabelHistory.today`."""
        version = model.facts.get("label_version", 0)
        return cls(changes.today(model.labels, version if isinstance(version, int) else 0, known))

    @property
    def known(self) -> set[str]:
        """The labels of today that the model can tell."""
        return {names[0] for names in self.names.values() if len(names) == 1}

    @property
    def words(self) -> str:
        """ "cat, now kitten"; empty where all are called as they were."""
        return history.words(self.names, self.names)

    @property
    def unclear(self) -> str:
        """The labels that were split since, in words: what the model says of them is neither right nor wrong."""
        return history.words([label for label, names in self.names.items() if len(names) > 1], self.names)

    def guess(self, label: str) -> str:
        """What a guess of the model is today; empty where that label is gone."""
        names = self.names.get(label, (label,))
        return names[0] if names else ""

    def scores(self, own: dict[str, float]) -> tuple[str, dict[str, float], bool]:
        """The label, the score 0..1 of each label of today, and whether the guess is clear. It is not where the model's
        label was split or removed since."""
        today: dict[str, float] = {}
        for label, score in own.items():
            if name := self.guess(label):
                today[name] = today.get(name, 0.0) + score
        best = max(own, key=own.__getitem__)
        is_clear = len(self.names.get(best, (best,))) == 1
        if not today:
            return best, own, False
        return self.guess(best) or max(today, key=today.__getitem__), today, is_clear


def best_of_today(found: list[Model], changes: LabelHistory, labels: Iterable[str]) -> Model | None:
    """Of the models that know most of today's labels, the one whose interval began highest when it was made: a model
    that few images measured is not the best for a figure that may be luck.

    Args:
        labels: those that hold images.
    """
    wanted = set(labels)

    def rank(model: Model) -> tuple[int, float]:
        return len(wanted & TodaysLabels.of(model, changes).known), float(model.facts["accuracy"].get("low", 0.0))

    return max(found, key=rank, default=None)


def note_labels(basetag: str, catalogue: Catalogue) -> None:
    """Write into the report of each model what its labels are called now; take the note out where they are as then."""
    changes = LabelHistory.of(catalogue.label_changes())
    for model in model_store.all_models(basetag):
        report = model.folder / "report.html"
        with contextlib.suppress(OSError, UnicodeError):
            text = report.read_text(encoding="utf-8")
            if (noted := _noted(text, TodaysLabels.of(model, changes).words)) != text:
                files.write_whole(report, noted)


def _noted(text: str, words: str) -> str:
    """A report with the note, in place of the one before."""
    text = NOTE.sub("", text)
    if not words or not (place := PLACE.search(text)):
        return text
    note = f"<p><strong>Labels have changed since:</strong> this model knows {html.escape(words)}.</p>"
    return f"{text[: place.end()]}<!-- labels since -->{note}<!-- /labels since -->\n{text[place.end() :]}"
