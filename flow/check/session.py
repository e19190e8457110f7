"""What the page's questions mean: each is answered with how everything looks now. Only the main thread comes here."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base.errors import RoboError
from flow.check.board import OPEN, Answer, Board, Page, Refused
from flow.check.desk import Desk
from flow.records.decisions import KEEP
from flow.talk import console

if TYPE_CHECKING:
    from scripts.learn.backbones import Backbone

COUNT_MAX = 200  # pictures a page
LINES_MAX = 40


@dataclass(frozen=True)
class Ended:
    """What a harvest, a retrain or a lesson came to, as the front tells it. `report`: the new model's, if any."""

    line: str
    code: int = 0
    verdict: str = ""
    report: Path | None = None


@dataclass(frozen=True)
class Then:
    """What may come after checking, handed in by the front, as steps do not know each other. `teach`: what was taught
    becomes training data and a model, which sorts the rest; `backbone`: what a heap is looked at with, and where it
    lies."""

    harvest: Callable[[], Ended]
    retrain: Callable[[], Ended]
    teach: Callable[[], Ended] | None = None
    backbone: Callable[[], tuple["Backbone", Path]] | None = None


@dataclass
class Work:
    """How far harvest and retrain are. Written by the main thread, read by any: each field is replaced whole."""

    step: str = ""  # harvest, retrain, teach, or empty
    lines: tuple[str, ...] = ()
    bar: tuple[str, int, int | None] | None = None  # what, done, of how many
    ended: tuple[tuple[str, Ended], ...] = ()
    trouble: tuple[str, str] | None = None  # message and hint
    reports: dict[str, Path] = field(default_factory=dict)

    def noted(self, text: str) -> None:
        said = [line.strip() for line in text.split("\n") if line.strip()]
        self.lines = (*self.lines, *said)[-LINES_MAX:]

    def advanced(self, label: str, done: int, total: int | None) -> None:
        self.bar = (label, done, total)

    def facts(self, is_busy: bool) -> dict:
        ended = [{"step": step, "line": e.line, "verdict": e.verdict, "report": self._key(e)} for step, e in self.ended]
        return {
            "busy": is_busy,
            "step": self.step,
            "lines": list(self.lines),
            "bar": self.bar,
            "ended": ended,
            "trouble": self.trouble,
        }

    def _key(self, ended: Ended) -> str:
        return next((key for key, path in self.reports.items() if path == ended.report), "")


class Session:
    """One checking session: a board, and what is offered after it."""

    def __init__(self, make_board: Callable[[], Board], after: tuple[str, ...], then: Then, desk: Desk):
        self._make_board, self._after, self._desk = make_board, after, desk
        self._does = {"harvest": then.harvest, "retrain": then.retrain}
        if then.teach:
            self._does["teach"] = then.teach
        self.board = make_board()
        self.work = Work()
        self.changes: dict[str, int] = {}  # kept, relabelled, aside: of boards that were done with

    @property
    def after(self) -> tuple[str, ...]:
        """What may come after what is looked at now."""
        return tuple(step for step in ("teach",) if step in self._does) if self.board.teaches else self._after

    def view(self, count: int, again: bool = False) -> dict:
        """The page under way, or the next one.

        Args:
            again: whether an untouched page may be cut anew, as the window or the size of the pictures changed.
        """
        page = self.board.current()
        untouched = page is not None and all(p.state == OPEN for p in page.pictures)
        cut_anew = again and untouched and page is not None and page.fits and len(page.pictures) != count
        if page is None or not page.is_open or cut_anew:
            page = self.board.next_page(_count(count))
        return self._seen(Answer("", page))

    def decide(self, asked: dict) -> dict:
        page, pictures = _text(asked, "page"), _hashes(asked, "pictures")
        answer = self.board.decide(page, pictures, _text(asked, "kind"), _text(asked, "label"))
        return self._led_on(answer, _count(asked.get("count")))

    def accept(self, asked: dict) -> dict:
        """Everything named, as far as it is still open, gets the label it was shown under; the next page comes."""
        page, pictures, later = _text(asked, "page"), _hashes(asked, "pictures"), _hashes(asked, "later")
        count, now = _count(asked.get("count")), self.board.current()
        if now is None or now.id != page or set(pictures) & set(later):
            raise Refused("That page is no longer the one under way.")
        states = {p.sha256: p.state for p in now.pictures}
        if any(sha not in states for sha in [*pictures, *later]):
            raise Refused("That picture is not on this page.")
        pictures = [sha for sha in pictures if states[sha] == OPEN]
        answer = self.board.decide(page, pictures, KEEP) if pictures else Answer("")
        if later:
            self.board.later(page, later)
        said = answer.said + (f" {len(later)} left for later." if later else "")
        said = said.strip() or "Nothing was left to accept."
        return self._seen(Answer(said, self.board.next_page(count), answer.touched))

    def undo(self, _asked: dict) -> dict:
        return self._seen(self.board.undo())

    def redo(self, asked: dict) -> dict:
        return self._led_on(self.board.redo(), _count(asked.get("count")))

    def then(self, asked: dict) -> dict:
        """Harvest, retrain, or both; or the end of a lesson. Begun after this answer."""
        steps = asked.get("steps")
        if not isinstance(steps, list) or not steps or any(step not in self.after for step in steps):
            raise Refused("That cannot be done here.")
        wanted = [step for step in self.after if step in steps]
        self.work = Work(step=wanted[0], reports=self.work.reports)
        self._desk.begin(lambda: self._carry_out(wanted))
        return {"work": self.work.facts(True)}

    def finish(self, _asked: dict) -> dict:
        self._desk.is_done = True
        return {"done": True, "counts": self.counts()}

    def counts(self) -> dict[str, int]:
        """What was decided in this session."""
        now = self.board.progress().counts
        return {name: self.changes.get(name, 0) + now.get(name, 0) for name in ("kept", "relabelled", "aside")}

    def details(self, sha256: str) -> dict:
        return self.board.details(sha256)

    def progress(self) -> dict:
        return self.board.progress().facts()

    def _led_on(self, answer: Answer, count: int) -> dict:
        """A page on which nothing is left open leads on to the next."""
        if answer.page is None or not answer.page.is_open:
            answer = Answer(answer.said, self.board.next_page(count), answer.touched)
        return self._seen(answer)

    def _seen(self, answer: Answer) -> dict:
        page: Page | None = answer.page
        return {
            "page": page.facts() if page else None,
            "said": answer.said,
            "touched": list(answer.touched),
            "labels": self.board.labels(),
            "progress": self.board.progress().facts(),
            "after": list(self.after),
            "counts": self.counts(),
            "work": self.work.facts(self._desk.is_busy),
        }

    def _carry_out(self, steps: list[str]) -> None:
        """Harvest and retrain as the front does them, with what they say told to the page. What goes wrong is said."""
        work = self.work
        try:
            with console.heard_by(work):
                for step in steps:
                    work.step, work.bar = step, None
                    ended = self._does[step]()
                    if ended.report:
                        work.reports = {**work.reports, f"{len(work.reports) + 1}": ended.report}
                    work.ended = (*work.ended, (step, ended))
        except RoboError as problem:
            work.trouble = (problem.message, problem.hint)
            console.note(f"  {problem.message} {problem.hint}".rstrip())
        finally:
            work.step, work.bar = "", None
            self.changes = self.counts()
            with contextlib.suppress(RoboError):
                self.board = self._make_board()


def _text(asked: dict, name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str) or len(value) > 500:
        raise Refused(f"{name} must be a text.")
    return value


def _hashes(asked: dict, name: str) -> list[str]:
    found = asked.get(name, [])
    if not isinstance(found, list) or len(found) > 2 * COUNT_MAX or not all(isinstance(sha, str) for sha in found):
        raise Refused(f"{name} must be a list of content hashes.")
    return list(dict.fromkeys(found))


def _count(value: object) -> int:
    """Pictures a page, within reason."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused("count must be a whole number.")
    return max(1, min(COUNT_MAX, value))
