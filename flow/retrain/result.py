"""What a training came to."""

from dataclasses import dataclass, field

from flow.base.names import joined
from flow.models import model_store
from flow.models.leaderboard import Advice
from flow.records import provenance
from flow.ui import texts

UNCHECKED = "nothing learned from "  # how the sentence begins (scripts/learn/unchecked.py)


def left_out_words(labels: dict[str, int]) -> str:
    """What follows a model's name in a result's line; empty where none was left out."""
    labelled = [f"{label} ({n} image{'s' * (n != 1)})" for label, n in labels.items()]
    return f" without {joined(labelled)}, as a label needs {provenance.IMAGES_FEW}" if labelled else ""


@dataclass(frozen=True)
class Retrained:
    """A new model; its accuracy is in its facts (see scripts/learn/intervals.py for shares and intervals)."""

    model: model_store.Model
    seconds: float
    unreadable: int = 0
    warnings: tuple[str, ...] = field(default=())
    left_out: dict[str, int] = field(default_factory=dict)  # labels with too few images -> how many
    advice: Advice | None = None  # how it compares with the best model before, and what would help most
    selection: dict | None = None  # what --tune auto tried; None where it tried nothing

    @property
    def code(self) -> int:
        return 3 if self.unreadable else 0

    @property
    def verdict(self) -> str:
        """Whether it is better than the best model before, in a sentence; of what was chosen over the head of the same
        images, how much better it was in the same folds: its own accuracy comes from fewer folds than the head's."""
        if self.advice is None:
            return ""
        selection = self.selection or {}
        tried = {row["name"]: row["right"] for row in selection.get("tried", ())}
        first, chosen = next(iter(tried), ""), selection.get("chosen", "")
        if chosen in ("", first):
            return self.advice.verdict
        is_tuned = "tune" in self.model.facts
        return texts.better_than_head(chosen, tried[chosen], tried[first], selection["images"], is_tuned)

    def line(self) -> str:
        left_out = f", {self.unreadable} images left out" if self.unreadable else ""
        name = f"{self.model.name}{left_out_words(self.left_out)}"
        left_out += f"; {self.unchecked}" if self.unchecked else ""
        if not self.model.measured:
            why = "" if "tune" in self.model.facts else " (no image that a person labelled can measure it)"
            if reasons := self.model.facts.get("not_measured"):
                why = f", as {reasons[0].rstrip('.')}"
            return f"retrained {name}: not measured{why}{left_out}"
        if self.model.facts["measured_on"].get("recordings"):
            return f"retrained {name}: {texts.recordings_text(self.model.facts)}{left_out}"
        return f"retrained {name}: {self.model.accuracy_words}{left_out}"

    @property
    def unchecked(self) -> str:
        """That images which only a model labelled taught nothing, where they did not; short enough for the one line."""
        sentence = next((text for text in self.warnings if text.startswith(UNCHECKED)), "")
        return sentence.partition(":")[0]

    def facts(self) -> dict:
        return {
            "model": self.model.name,
            "folder": str(self.model.folder),
            "accuracy": self.model.facts["accuracy"],
            "measured_on": self.model.measured_words,
            "unreadable": self.unreadable,
            "left_out": self.left_out,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
            "verdict": self.verdict,
            "tips": list(self.advice.tips) if self.advice else [],
            "selection": self.selection,
        }


@dataclass(frozen=True)
class NothingNew:
    """No new model was trained: `model` was made of the same images, labels and parameters."""

    model: model_store.Model
    left_out: dict[str, int] = field(default_factory=dict)  # labels with very few images -> how many
    code: int = 0

    def line(self) -> str:
        return f"nothing new since {self.model.name}{left_out_words(self.left_out)}"

    def facts(self) -> dict:
        return {"model": self.model.name, "folder": str(self.model.folder), "nothing_new": True}
