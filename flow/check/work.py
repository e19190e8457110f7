"""The steps that the page started: how far they are and what they came to."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LINES_MAX = 40


class StepResult(Protocol):
    """What a harvest or a training started from the page came to; `verdict` and `report` of a new model, `more` and
    `tried` where other ways to train than its head can be, or were, tried."""

    @property
    def code(self) -> int: ...

    def line(self) -> str: ...


@dataclass
class Work:
    """How far the steps are that the page started. Written by the main thread, read by any: fields are replaced
    whole."""

    step: str = ""  # harvest, retrain, first_model, or empty
    lines: tuple[str, ...] = ()
    bar: tuple[str, int, int | None] | None = None  # what, done, of how many
    ended: tuple[dict, ...] = ()
    problem: tuple[str, str] | None = None  # message and hint
    reports: dict[str, Path] = field(default_factory=dict)
    suspects: int = 0  # training images that the new model's report calls likely mislabelled
    more: str = ""  # how long other ways to train would take to try
    address: str = ""  # of another page, which the step leads to

    def noted(self, text: str) -> None:
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        self.lines = (*self.lines, *lines)[-LINES_MAX:]

    def advanced(self, label: str, done: int, total: int | None) -> None:
        self.bar = (label, done, total)

    def add(self, step: str, result: StepResult) -> None:
        """A step has ended."""
        self.ended = (*self.ended, self.outcome(step, result))
        self.more = getattr(result, "more", "")
        self.suspects = getattr(result, "suspects", self.suspects)

    def outcome(self, step: str, result: StepResult) -> dict:
        """What a step came to, as the page shows it; its report can be opened from now on."""
        report = getattr(result, "report", None)
        key = f"{len(self.reports) + 1}" if report else ""
        if report:
            self.reports = {**self.reports, key: report}
        return {
            "step": step,
            "line": result.line(),
            "verdict": getattr(result, "verdict", ""),
            "report": key,
            "tried": [list(row) for row in getattr(result, "tried", ())],
            "shortcuts": list(getattr(result, "shortcuts", ())),
        }

    def facts(self, is_busy: bool) -> dict:
        return {
            "busy": is_busy,
            "step": self.step,
            "lines": list(self.lines),
            "bar": self.bar,
            "ended": list(self.ended),
            "problem": self.problem,
            "suspects": self.suspects,
            "more": self.more,
            "address": self.address,
        }
