"""What the check page asks of whatever is checked: pages of pictures, decisions, and how far it is."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Protocol

from flow.base.errors import BadUsage

OPEN, MOVED, GONE = "", "moved", "gone"  # states of a picture beside keep, label and aside


class Refused(BadUsage):
    """What the page asked for makes no sense; nothing was changed."""


@dataclass(frozen=True)
class Picture:
    """One picture as the page shows it. `guess` is the robot's label; `given` the one that its folder gives it, where
    that is another question; `score` a fraction 0..1. `state`: OPEN, keep, label, aside, MOVED (by hand) or GONE, with
    the `label` it has by that."""

    sha256: str
    guess: str
    score: float | None = None
    given: str = ""
    under: bool = False
    reason: str = ""  # why it is under the line: unsure or unlike
    name: str = ""
    state: str = OPEN
    label: str = ""

    @property
    def usual(self) -> str:
        """The label it gets by being accepted."""
        return self.given or self.guess


@dataclass(frozen=True)
class Page:
    """Pictures that are looked at together. `kind`: sure, under or suspects; typical, doubt or guess while a heap is
    taught; again. `guess`: the label they share, if any; `fits`: it holds as many as were asked for."""

    id: str
    kind: str
    guess: str
    came: str
    title: str
    pictures: tuple[Picture, ...] = ()
    fits: bool = True

    @property
    def is_open(self) -> bool:
        return any(picture.state == OPEN for picture in self.pictures)

    def facts(self) -> dict:
        """As the page's own script reads it."""
        return asdict(self)

    def with_pictures(self, pictures: list[Picture]) -> "Page":
        return replace(self, pictures=tuple(pictures))


@dataclass(frozen=True)
class Answer:
    """What came of a decision, an undo or a redo: one sentence, and the page its pictures are on, as it is now.
    `touched`: content hashes of the pictures that it was about."""

    said: str
    page: Page | None = None
    touched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far it is. `share`: of the robot's guesses looked at, see scripts.learn.metrics.Share.facts; `harvest`: who
    labelled what a harvest would take now, by count; None where that is not the question; `teach`: where the lesson
    stands, see `standing.py`; None where none is given."""

    left: int
    decided: int
    total: int
    per_minute: float | None = None
    share: dict | None = None
    harvest: dict[str, int] | None = None
    counts: dict[str, int] = field(default_factory=dict)  # kept, relabelled, aside: in this session
    teach: dict | None = None

    def facts(self) -> dict:
        return asdict(self)


class Board(Protocol):
    """What is checked. Only one thread uses it, but for `find`. `teaches`: a model may come of it that is not there
    yet."""

    teaches: bool

    def labels(self) -> list[str]:
        """The labels a picture may get, in the order of their keys."""

    def next_page(self, count: int) -> Page | None:
        """Up to `count` pictures that nobody looked at yet; None where none is left."""

    def current(self) -> Page | None:
        """The page under way as it is now, what was dragged in a file manager meanwhile included."""

    def decide(self, page: str, pictures: list[str], kind: str, label: str = "") -> Answer:
        """Say something of pictures of a page. Raises Refused."""

    def later(self, page: str, pictures: list[str]) -> None:
        """These come again when all others are done. Raises Refused."""

    def undo(self) -> Answer: ...

    def redo(self) -> Answer: ...

    def progress(self) -> Progress: ...

    def details(self, sha256: str) -> dict:
        """What the large view tells: scores, source, credit. Raises Refused for a picture that was never shown."""

    def find(self, sha256: str) -> Path | None:
        """Where a picture lies. Any thread may ask."""

    def was_shown(self, sha256: str) -> bool:
        """Whether a picture was on a page. Any thread may ask."""

    def upcoming(self, count: int) -> list[str]:
        """Content hashes of what will probably be shown next."""
