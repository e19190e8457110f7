"""A heap of unsorted pictures without a model: the telling ones first, then pages of one guess and of doubt in turns.

Nothing moves but what is set aside; a decision alone says what a picture is, and from the decisions everything is
built anew, after a kill as after an undo.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base import names, paths
from flow.check.board import GONE, OPEN, Answer, Page, Picture, Progress, Refused
from flow.check.deciding import NONE_OF_THESE, OnePlaceBoard
from flow.check.pace import REST_S
from flow.check.pile import Pile, done_here, drawn_here
from flow.check.sorted_board import credit
from flow.check.standing import Learned, Learner, Told
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.records.decisions import ASIDE, KEEP, LABEL, Did, Wish
from flow.records.rows import CHOSEN, DRAWN, Decision

if TYPE_CHECKING:
    from scripts.learn.teach import Lesson
    from scripts.learn.teach import Page as Asked

LABELS_MAX = 100
SHORT_BELOW = 8  # pictures of a label; with fewer it is told as short
SEED = 1


class TeachBoard(OnePlaceBoard):
    """What waits in the unsorted_ folders of a basetag, asked for in the order in which it teaches most."""

    teaches = True

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str, pile: Pile):
        super().__init__(basetag, catalogue, stamp)
        self._pile, self._row = pile, {sha: row for row, sha in enumerate(pile.shas)}
        self._where = dict(pile.where)
        self._lost: set[str] = set()  # pictures that vanished or changed meanwhile
        done = [row for row in done_here(basetag, catalogue) if row.sha256 in self._row]
        self.decided = {row.sha256: row for row in done}
        self._drawn = drawn_here(basetag, catalogue)
        self._pages_done = {row.page for row in done}  # pages that the person is done with
        self._labels = [folder.name for folder in labelling.label_folders(basetag)]
        self._labels += [row.label for row in done if row.label and row.label not in self._labels]
        self._labels = [name for name in dict.fromkeys(self._labels) if name != NONE_OF_THESE]
        self.learner = Learner()
        self.learner.learn(self._told())

    def folders(self) -> list[str]:
        return [folder.name for folder in labelling.unsorted_folders(self.basetag)]

    def labels(self) -> list[str]:
        """As elsewhere, and those that have been named and are no folder yet."""
        return [*self.catalogue.by_keys(self._labels), NONE_OF_THESE]

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        path = self.find(sha256)
        return [(path, path.parent, "")] if path else []

    def refresh(self, sure: bool = True) -> None:
        """Nothing: what vanished is found out when it would be shown."""

    def decide(self, page: str, pictures: list[str], kind: str, label: str = "") -> Answer:
        """As elsewhere; a label that is not there yet is made by naming it. Raises BadUsage for one that cannot be."""
        if kind == LABEL and label not in self.labels():
            label = names.label_name(label)
            if label not in self.labels():
                self._name(page, pictures, label)
        return super().decide(page, pictures, kind, label)

    def later(self, page: str, pictures: list[str]) -> None:
        super().later(page, pictures)
        self._pages_done.add(page)

    def compose(self, count: int) -> Page | None:
        from scripts.learn import teach

        learned = self.learner.learn(self._told())
        while True:
            lesson = self._lesson(without=self._later | self._lost)
            asked = teach.next_page(lesson, learned.taught if learned else None, len(self._pages_done), SEED)
            if asked is None:
                return None
            if good := self._checked([self._pile.shas[row] for row in asked.rows]):
                return self._page_of(asked, good, learned, count)

    def progress(self) -> Progress:
        lesson = self._lesson(without=self._lost)
        left = int((~lesson.taken).sum())
        return Progress(
            left,
            len(self.decided),
            len(self._pile),
            self.pace.per_minute,
            counts=dict(self.counts),
            teach=self._standing(),
        )

    def details(self, sha256: str) -> dict:
        picture = self.shown(sha256)
        return {"name": picture.name, "reason": "", "scores": [], **credit(self.catalogue.image(sha256))}

    def upcoming(self, count: int) -> list[str]:
        return []  # what comes next is decided by what is said now

    def picture_of(self, decision: Decision) -> Picture:
        guess = decision.label if decision.kind == KEEP else ""
        return Picture(decision.sha256, guess, name=Path(decision.source).name)

    # The lesson

    def _told(self) -> Told:
        lesson = self._lesson()
        return Told(lesson, self._numbered())

    def _numbered(self) -> tuple[str, ...]:
        """The labels of decided pictures, in the order of their first decision."""
        return tuple(dict.fromkeys(row.label for row in self._in_order() if row.label))

    def _in_order(self) -> list[Decision]:
        return sorted(self.decided.values(), key=lambda row: row.number)

    def _lesson(self, without: set[str] | None = None) -> "Lesson":
        """What is decided now.

        Args:
            without: pictures that are not asked for either.
        """
        from scripts.learn.teach import Lesson

        number = {label: i for i, label in enumerate(self._numbered())}
        decided = {self._row[row.sha256]: number[row.label] for row in self._in_order() if row.label}
        gone = {self._row[sha] for sha in without or ()}
        gone |= {self._row[sha] for sha, row in self.decided.items() if row.kind == ASIDE}
        for row in [*decided, *(self._row[sha] for sha in self.decided)]:
            gone.update(self._pile.alike.get(row, ()))
        drawn = {row for row in decided if self._pile.shas[row] in self._drawn}
        return Lesson(self._pile.heap, self._pile.vectors, decided, drawn, gone - set(decided))

    def _page_of(self, asked: "Asked", good: list[str], learned: Learned | None, count: int) -> Page:
        """What was asked for, as a page. A page of one guess is cut to what fits; the others are few."""
        from scripts.learn.teach import Kind

        self._drawn |= {self._pile.shas[row] for row in asked.drawn}
        guessed = learned is not None and asked.kind is not Kind.TYPICAL
        pictures = []
        for sha in good if asked.kind is not Kind.GUESS else good[:count]:
            guess = learned.guess(self._row[sha]) if learned and guessed else ""
            pictures.append(Picture(sha, guess, name=self._where[sha].name))
        guess = pictures[0].guess if asked.kind is Kind.GUESS else ""
        title = {Kind.TYPICAL: "What is this?", Kind.DOUBT: "In doubt"}.get(asked.kind, f"{guess}?")
        return Page(self.new_id(), asked.kind.value, guess, CHOSEN, title, tuple(pictures), asked.kind is Kind.GUESS)

    def _checked(self, shas: list[str]) -> list[str]:
        """Those that still lie where they lay and are what they were; others are not asked for again."""
        from scripts.learn.hashes import HashBook

        with HashBook(paths.hashes()) as book:
            real = book.sha256s([self._where[sha] for sha in shas])
        good = [sha for sha in shas if real.get(self._where[sha]) == sha]
        self._lost |= set(shas) - set(good)
        return good

    # What a person said

    def _name(self, page: str, pictures: list[str], label: str) -> None:
        """A new label; it gets the next key."""
        self._on_page(page, pictures)  # what makes no sense makes no label
        if len(self._labels) >= LABELS_MAX:
            raise Refused(f"More than {LABELS_MAX} labels are too many for keys.")
        self._labels.append(label)

    def _wishes(self, page: Page, picture: Picture, kind: str, label: str) -> list[Wish]:
        if kind == KEEP and not picture.usual:
            raise Refused("Nobody has said yet what that is.")
        came = DRAWN if picture.sha256 in self._drawn else CHOSEN
        wishes = super()._wishes(page, picture, kind, label)
        return [replace(wish, came=came, moves=False) for wish in wishes]

    def _remember(self, did: Did) -> set[str]:
        self._pages_done |= {row.page for row in did.decisions}
        return super()._remember(did)

    def _as_it_is(self, picture: Picture, labels: list[str]) -> Picture:
        decided = self.decided.get(picture.sha256)
        if decided:
            return replace(picture, state=decided.kind, label=decided.label)
        return replace(picture, state=OPEN if self.find(picture.sha256) else GONE, label="")

    def _standing(self) -> dict:
        """Where the lesson stands, as the page tells it."""
        now, learner = self.learner.standing, self.learner
        counts = Counter(row.label for row in self.decided.values() if row.label)
        ready = {name for name, n in labelling.label_counts(self.basetag).items() if n} | set(counts)
        short = sorted(((n, label) for label, n in counts.items() if n < SHORT_BELOW))
        return {
            "decisions": sum(counts.values()),
            "minutes": round(self._minutes(), 1),
            "share": now.share if now else None,
            "draws": now.draws if now else 0,
            "enough": bool(now and now.enough),
            "mixed_up": list(now.mixed_up) if now and now.mixed_up else None,
            "short": [[label, n] for n, label in short],
            "curve": learner.curve,
            "measuring": learner.is_measuring,
            "ready": len(ready) > 1,
        }

    def _minutes(self) -> float:
        """What the decisions took, pauses left out, earlier sessions too."""
        at = sorted(datetime.fromisoformat(row.at).timestamp() for row in self.decided.values())
        return sum(min(REST_S, b - a) for a, b in zip(at, at[1:], strict=False)) / 60
