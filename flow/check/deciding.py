"""A board whose decisions are journalled: says them, undoes them, keeps the place, and counts."""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import replace
from pathlib import Path

from flow.check.board import GONE, MOVED, OPEN, Answer, Page, Picture, Refused
from flow.check.pace import Pace
from flow.records import decisions, labelling
from flow.records.catalogue import Catalogue
from flow.records.decisions import ASIDE, KEEP, LABEL, Did, Wish
from flow.records.journal import absolute
from flow.records.rows import Decision

NONE_OF_THESE = "not"
COUNTED = {ASIDE: "aside", KEEP: "kept", LABEL: "relabelled"}


class DecidingBoard(ABC):
    """What boards share. A board says which folders it is about, where a picture lies, and which pages come."""

    teaches = False

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        self.basetag, self.catalogue, self._stamp = basetag, catalogue, stamp
        self.decided: dict[str, Decision] = {}  # content hash -> the last done decision
        self.counts: Counter = Counter()  # kept, relabelled, aside: in this session
        self.pace = Pace()
        self._pages: dict[str, Page] = {}
        self._page = ""  # the one under way
        self._later: set[str] = set()
        self._shown: dict[str, Picture] = {}

    @abstractmethod
    def folders(self) -> list[str]:
        """The names that decisions of this board carry as their folder."""

    @abstractmethod
    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        """(file, the folder of its label folders, the folder it lies in) for each place a picture lies in now."""

    @abstractmethod
    def refresh(self, sure: bool = True) -> None:
        """Look at the folders again, as a person may have dragged something meanwhile.

        Args:
            sure: False where speed matters more than what happened this very moment.
        """

    @abstractmethod
    def compose(self, count: int) -> Page | None:
        """The next page, of pictures that are neither decided nor kept for later; None where there is none."""

    @abstractmethod
    def placed(self, decision: Decision) -> None:
        """Called for each decision that was carried out or taken back: its picture may lie elsewhere now."""

    def labels(self) -> list[str]:
        """`not` last, as it has a key of its own; the others keep theirs from page to page and from day to day."""
        found = [folder.name for folder in labelling.label_folders(self.basetag)]
        last = [NONE_OF_THESE] if NONE_OF_THESE in found else []
        return [*self.catalogue.by_keys([label for label in found if label != NONE_OF_THESE]), *last]

    def next_page(self, count: int) -> Page | None:
        self.refresh()
        page = self.compose(count)
        if page is None and self._later:
            self._later.clear()
            page = self.compose(count)
        self._page = page.id if page else ""
        if page:
            self._show(page)
        self.pace.shown()
        return page

    def current(self) -> Page | None:
        self.refresh()
        return self._now(self._page)

    def new_id(self) -> str:
        return f"{self._stamp}_{len(self._pages) + 1}"

    def decide(self, page: str, pictures: list[str], kind: str, label: str = "") -> Answer:
        shown = self._on_page(page, pictures)
        if kind not in (KEEP, LABEL, ASIDE) or (kind == LABEL and label not in self.labels()):
            raise Refused(f"There is no label {label}." if kind == LABEL else "That is no decision.")
        self.refresh(sure=False)
        wishes: list[Wish] = []
        for picture in shown:
            wishes += self._wishes(self._pages[page], picture, kind, label)
        did = decisions.decide(self.basetag, self.catalogue, wishes)
        self._later -= set(pictures)
        self._page = page
        said = self._took(did, kind, label, shown)
        self.refresh(sure=False)
        return Answer(said, self._now(page), tuple(pictures))

    def later(self, page: str, pictures: list[str]) -> None:
        self._on_page(page, pictures)
        self._later |= set(pictures)

    def undo(self) -> Answer:
        did = decisions.undo(self.basetag, self.catalogue, self.folders())
        if did is None:
            return Answer("Nothing to undo.", self.current())
        self._take_back(did)
        return self._turned(did, "undone")

    def redo(self) -> Answer:
        did = decisions.redo(self.basetag, self.catalogue, self.folders())
        if did is None:
            return Answer("Nothing to redo.", self.current())
        self._remember(did)
        return self._turned(did, "done again")

    def was_shown(self, sha256: str) -> bool:
        return sha256 in self._shown

    def shown(self, sha256: str) -> Picture:
        """A picture that was on a page. Raises Refused for any other."""
        if sha256 not in self._shown:
            raise Refused("That picture was not shown.")
        return self._shown[sha256]

    def is_waiting(self, sha256: str) -> bool:
        """Neither decided nor kept for later."""
        return sha256 not in self.decided and sha256 not in self._later

    def picture_of(self, decision: Decision) -> Picture:
        """A decided picture of an earlier session, as far as its decision tells."""
        return Picture(decision.sha256, decision.label, name=Path(decision.source).name)

    # What a person said

    def _on_page(self, page: str, pictures: list[str]) -> list[Picture]:
        there = {p.sha256: p for p in self._pages[page].pictures} if page in self._pages else {}
        if not there or not pictures or any(sha not in there for sha in pictures):
            raise Refused("That picture is not on this page.")
        return [there[sha] for sha in dict.fromkeys(pictures)]

    def _wishes(self, page: Page, picture: Picture, kind: str, label: str) -> list[Wish]:
        """One wish a place. What is confirmed stays where a person put it meanwhile."""
        wanted = picture.usual if kind == KEEP else label if kind == LABEL else ""
        kind = KEEP if kind == LABEL and wanted == picture.usual else kind
        found = []
        for path, home, place in self.places(picture.sha256):
            now = self.decided.get(picture.sha256)
            if kind == KEEP and not now and place in self.labels() and place != wanted:
                continue
            found.append(Wish(path, home, picture.sha256, kind, wanted, page.id, page.came))
        return found

    def _took(self, did: Did, kind: str, label: str, shown: list[Picture]) -> str:
        """Remember what was done, and say it."""
        done = self._remember(did)
        missing = len(shown) - len(done)
        self.pace.done(len(done))
        usual = {picture.usual for picture in shown}
        accepted = f"accepted as {usual.pop()}" if len(usual) == 1 else "accepted"
        what = {LABEL: f"now {label}", KEEP: accepted, ASIDE: "set aside"}[kind]
        said = f"{len(done)} {what}." if done else ""
        if missing:
            said += f" {missing} {'was' if missing == 1 else 'were'} moved or taken away meanwhile and left alone."
        return said.strip()

    def _remember(self, did: Did) -> set[str]:
        """Decisions that were carried out. Returns the pictures they were about."""
        done = {one.sha256: one for one in did.decisions}
        for sha, one in done.items():
            self._count(self.decided.get(sha), -1)
            self._count(one, 1)
        self.decided |= done
        for one in did.decisions:
            self.placed(one)
        return set(done)

    def _take_back(self, did: Did) -> None:
        """Decisions that were undone; what was decided before them counts again."""
        for sha in {one.sha256 for one in did.decisions}:
            self._count(self.decided.pop(sha, None), -1)
            earlier = self._earlier(sha)
            if earlier:
                self.decided[sha] = earlier
                self._count(earlier, 1)
        for one in did.decisions:
            self.placed(one)

    def _turned(self, did: Did, how: str) -> Answer:
        """After an undo or a redo: the page that its pictures are on comes back."""
        if not did.decisions:
            return Answer("Those pictures were moved or taken away meanwhile.", self.current())
        self.refresh()
        page = self._page = did.decisions[0].page
        if page not in self._pages:
            self._show(self._page_again(page))
        shas = tuple(dict.fromkeys(one.sha256 for one in did.decisions))
        said = f"{len(shas)} {how}."
        if did.gone:
            said += f" {len(set(did.gone))} could not be moved back: they are no longer where they were put."
        return Answer(said, self._now(page), shas)

    def _earlier(self, sha256: str) -> Decision | None:
        """What was decided on a picture before the decision that was just undone."""
        found = [d for folder in self.folders() for d in self.catalogue.decisions_of(sha256, folder)]
        return max(found, key=lambda d: d.number, default=None)

    def _count(self, decision: Decision | None, n: int) -> None:
        if decision and decision.page in self._pages:  # of this session
            self.counts[COUNTED[decision.kind]] += n

    def _page_again(self, page: str) -> Page:
        """The page of an earlier session, from its decisions."""
        rows = {row.sha256: row for row in self.catalogue.decisions_of_page(page)}
        pictures = tuple(self.picture_of(row) for row in rows.values())
        guesses = {p.guess for p in pictures}
        came = next(iter(rows.values())).came
        return Page(page, "again", guesses.pop() if len(guesses) == 1 else "", came, "Looked at before", pictures)

    def _show(self, page: Page) -> None:
        self._pages[page.id] = page
        self._shown |= {p.sha256: p for p in page.pictures}

    def _now(self, page: str) -> Page | None:
        """A page with each picture as it is now; its place and order stay."""
        if page not in self._pages:
            return None
        labels = self.labels()
        return self._pages[page].with_pictures([self._as_it_is(p, labels) for p in self._pages[page].pictures])

    def _as_it_is(self, picture: Picture, labels: list[str]) -> Picture:
        decided = self.decided.get(picture.sha256)
        if decided and decided.kind == ASIDE:
            return replace(picture, state=ASIDE, label="")
        lies = [place for _, _, place in self.places(picture.sha256)]
        if not lies:
            return replace(picture, state=GONE, label="")
        if decided and decided.label in lies:
            return replace(picture, state=decided.kind, label=decided.label)
        moved = next((place for place in lies if place in labels), "")
        if moved and (decided or moved != picture.usual or picture.under):
            return replace(picture, state=MOVED, label=moved)
        return replace(picture, state=OPEN, label="")


class OnePlaceBoard(DecidingBoard):
    """A board whose pictures lie in one place each, which is looked up once and then followed."""

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self._where: dict[str, Path] = {}  # content hash -> file

    def placed(self, decision: Decision) -> None:
        ends = (absolute(decision.target), absolute(decision.source))
        self._where[decision.sha256] = next((path for path in ends if path.is_file()), ends[0])

    def find(self, sha256: str) -> Path | None:
        """Where a picture lies. Any thread may ask."""
        path = self._where.get(sha256)
        return path if path and path.is_file() else None
