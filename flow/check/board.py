"""What is checked: pages of images, decisions that are saved at once, undone step by step, and counted.

`Board` is what the boards of sorted, training and unlabeled images share. A board says which folders it is about, where
an image lies, and which images come next.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from flow.base import files, paths
from flow.base.errors import BadUsage
from flow.base.names import label_name
from flow.check.pace import Pace
from flow.records import decisions, provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import ACCEPT, QUARANTINE, RELABEL, DecisionRequest, DecisionResult
from flow.records.journal import absolute
from flow.records.labels.history import LabelHistory
from flow.records.rows import CHOSEN, Decision

OPEN, MOVED, MISSING = "", "moved", "missing"  # states of an image beside ACCEPT, RELABEL and QUARANTINE
NONE_OF_THESE = "not"
LOOK_BACK = "back"  # a page of what was decided
QUARANTINED = " aside"  # there, what was set aside: no label begins with a blank
LABELS_MAX = 100
COUNTED = {QUARANTINE: "aside", ACCEPT: "kept", RELABEL: "relabelled"}  # as the counts of a run have always been called


class Refused(BadUsage):
    """What the page asked for makes no sense; nothing was changed."""


@dataclass(frozen=True)
class BoardImage:
    """One image as the page shows it.

    `guess`: the model's label; `given`: the label of the folder it lies in, where the question is whether that is
    right; `score`: a fraction 0..1; `reason`: why it is below confidence_min (unsure, or unlike all training images);
    `state`: OPEN, ACCEPT, RELABEL, QUARANTINE, MOVED (by hand) or MISSING, with the `label` it has by that.
    """

    sha256: str
    guess: str
    score: float | None = None
    given: str = ""
    below_threshold: bool = False
    reason: str = ""
    name: str = ""
    state: str = OPEN
    label: str = ""

    @property
    def expected(self) -> str:
        """The label it gets by being accepted."""
        return self.given or self.guess


@dataclass(frozen=True)
class Page:
    """Images that are looked at together.

    `kind`: sure, unsure, suspects, whole or cluster; typical, uncertain, confirm or sample while images without a label
    get one; again for a page of an earlier session; back where a person looks back. `guess`: the label they share, if
    any; `sampling`: how they were chosen; `fills`: it holds as many images as the window has room for, rather than a
    number of its own; `version`: the last change of labels before it (`flow/records/labels/history.py`).
    """

    id: str
    kind: str
    guess: str
    sampling: str
    title: str
    images: tuple[BoardImage, ...] = ()
    fills: bool = True
    version: int = 0

    @property
    def is_open(self) -> bool:
        return any(image.state == OPEN for image in self.images)

    @property
    def labels(self) -> set[str]:
        """All labels that it names."""
        return {name for image in self.images for name in (image.guess, image.given)} | {self.guess}

    @property
    def is_untouched(self) -> bool:
        return all(image.state == OPEN for image in self.images)

    def facts(self) -> dict:
        """As the page's own script reads it."""
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """What a decision, an undo or a redo did: one sentence, and the page its images are on, as it is now.

    `touched`: content hashes of the images that it was about; `incomplete`: some of them could not be changed.
    """

    message: str
    page: Page | None = None
    touched: tuple[str, ...] = ()
    incomplete: bool = False


@dataclass(frozen=True)
class Progress:
    """How far it is.

    `share`: how often the model was right, of the images checked here (`Share.facts`); `harvest`: how many images a
    harvest would take now, by who labelled them; None where that is not the question; `labeling`: where a labeling
    session stands (see `session_progress.py`); None elsewhere.
    """

    left: int
    decided: int
    total: int
    per_minute: float | None = None
    share: dict | None = None
    harvest: dict[str, int] | None = None
    counts: dict[str, int] = field(default_factory=dict)  # kept, relabelled, aside: in this session
    labeling: dict | None = None

    def facts(self) -> dict:
        return asdict(self)


def relabeled(page: Page, changes: LabelHistory) -> Page:
    """A page with the labels that it names as they are called now."""
    if page.version == changes.version:
        return page
    names = changes.names(page.labels, page.version)
    images = tuple(replace(image, guess=names[image.guess], given=names[image.given]) for image in page.images)
    title = page.title
    if page.guess and title.removesuffix("?") == page.guess:
        title = names[page.guess] + title[len(page.guess) :]
    return replace(page, guess=names[page.guess], title=title, images=images, version=changes.version)


class Board(ABC):
    """Only one thread uses it, but for `find` and `was_shown`.

    `after`: the steps that may follow it, in their order; `makes_folders`: its images lie in label folders, so that a
    label that is named on the page becomes a folder at once.
    """

    after: tuple[str, ...] = ()
    makes_folders = True

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        self.basetag, self.catalogue, self._stamp = basetag, catalogue, stamp
        self.decided: dict[str, Decision] = {}  # content hash -> the last done decision
        self.counts: Counter = Counter()
        self.pace = Pace()
        self._new_labels: list[str] = []  # named here, and no folder yet
        self._pages: dict[str, Page] = {}
        self._page = ""  # the one under way
        self._postponed: set[str] = set()
        self._shown: dict[str, BoardImage] = {}

    # What a board must say

    @abstractmethod
    def folders(self) -> list[str]:
        """The names that decisions of this board carry as their folder."""

    @abstractmethod
    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        """(file, the folder that its label folders lie in, the folder it lies in) for each place an image lies in."""

    @abstractmethod
    def refresh(self, thorough: bool = True) -> None:
        """Look at the folders again, as a person may have dragged something meanwhile.

        Args:
            thorough: False where speed matters more than what happened this very moment.
        """

    @abstractmethod
    def compose(self, count: int) -> Page | None:
        """The next page of images that are neither decided nor postponed, at most `count` of them; None = no more."""

    @abstractmethod
    def placed(self, decision: Decision) -> None:
        """Called for each decision that was done or undone: its image may lie elsewhere now."""

    @abstractmethod
    def progress(self) -> Progress: ...

    @abstractmethod
    def details(self, sha256: str) -> dict:
        """What the large view tells: scores, source, credit. Raises Refused for an image that was never shown."""

    @abstractmethod
    def find(self, sha256: str) -> Path | None:
        """Where an image lies. Any thread may ask."""

    @abstractmethod
    def upcoming(self, count: int) -> list[str]:
        """Content hashes of the images that will probably be shown next."""

    # Labels

    def labels(self) -> list[str]:
        """The labels an image may get, in the order of their keys, which they keep from day to day; `not` comes last,
        as it has a key of its own."""
        found = [folder.name for folder in provenance.label_folders(self.basetag)]
        found += [label for label in self._new_labels if label not in found]
        last = [NONE_OF_THESE] if NONE_OF_THESE in found else []
        return [*self.catalogue.by_keys([label for label in found if label != NONE_OF_THESE]), *last]

    def _new_label(self, label: str) -> str:
        """A label that is not there yet, made by being typed. Raises BadUsage for a name that cannot be one."""
        label = label_name(label)
        if label not in self.labels():
            if len(self.labels()) >= LABELS_MAX:
                raise Refused(f"More than {LABELS_MAX} labels are too many for keys.")
            self._new_labels.append(label)
            if self.makes_folders:
                files.make_folder(paths.training(self.basetag) / label)
        return label

    # Pages

    def look_back(self, label: str, skip: int, count: int) -> Page:
        """What a person decided, newest first: all of it, or what has one label; empty = all, QUARANTINED = set aside.

        Raises:
            Refused: there is nothing of it.
        """
        rows = sorted(self.decided.values(), key=lambda row: -row.number)
        rows = [row for row in rows if not label or (row.label or QUARANTINED) == label]
        if not rows:
            raise Refused("Nothing is decided yet.")
        skip = skip if skip < len(rows) else (len(rows) - 1) // count * count
        images = tuple(self.image_of(row) for row in rows[skip : skip + count])
        title = "What you set aside" if label == QUARANTINED else label or "What you decided"
        page = Page(self.new_id(), LOOK_BACK, "", CHOSEN, title, images, fills=False)
        self._show(page)
        return replace(page, images=self._now_of(page.id))

    def decided_labels(self) -> dict[str, int]:
        """Label -> how many images have it by what a person decided; QUARANTINED: those set aside."""
        return dict(sorted(Counter(row.label or QUARANTINED for row in self.decided.values()).items()))

    def take_over(self, before: "Board") -> None:
        """Go on with the pages and counts of a board that this one replaces."""
        self._pages, self._page, self._shown = before._pages, before._page, before._shown
        self._postponed, self.counts, self.pace = before._postponed, before.counts, before.pace

    def next_page(self, count: int) -> Page | None:
        """Up to `count` images that nobody looked at yet; None where none is left."""
        self.refresh()
        page = self.compose(count)
        if page is None and self._postponed:
            self._postponed.clear()
            page = self.compose(count)
        self._page = page.id if page else ""
        if page:
            self._show(page)
        self.pace.shown()
        return page

    def accuracy_page(self) -> Page:
        """Show a page of random images that tells how good the guesses are. Raises Refused where there are none."""
        raise Refused("How good the guesses are is checked while unsorted images are labelled.")

    def current(self) -> Page | None:
        """The page under way as it is now, with what was dragged in a file manager meanwhile."""
        self.refresh()
        return self._now(self._page)

    def new_id(self) -> str:
        return f"{self._stamp}_{len(self._pages) + 1}"

    def was_shown(self, sha256: str) -> bool:
        """Whether an image was on a page. Any thread may ask."""
        return sha256 in self._shown

    def shown(self, sha256: str) -> BoardImage:
        """An image that was on a page. Raises Refused for any other."""
        if sha256 not in self._shown:
            raise Refused("That image was not shown.")
        return self._shown[sha256]

    def is_waiting(self, sha256: str) -> bool:
        """Neither decided nor postponed."""
        return sha256 not in self.decided and sha256 not in self._postponed

    def image_of(self, decision: Decision) -> BoardImage:
        """An image decided in an earlier session, as far as its decision tells."""
        return BoardImage(decision.sha256, decision.label, name=Path(decision.source).name)

    # What a person says

    def decide(self, page: str, images: list[str], kind: str, label: str = "") -> Answer:
        """Accept, relabel or set aside images of a page. A label that is not there yet is made by naming it.

        Raises:
            Refused, BadUsage: it makes no sense; nothing was changed.
        """
        shown = self._on_page(page, images)
        if kind not in (ACCEPT, RELABEL, QUARANTINE):
            raise Refused("That is no decision.")
        if kind == RELABEL and label not in self.labels():
            label = self._new_label(label)
        self.refresh(thorough=False)
        labels, requests = set(self.labels()), []
        for image in shown:
            requests += self.requests(self.page(page), image, kind, label, labels)
        result = decisions.decide(self.basetag, self.catalogue, requests)
        self._postponed -= set(images)
        self._go_to(page)
        message, incomplete = self._remember_new(result, kind, label, shown)
        self.refresh(thorough=False)
        return Answer(message, self._now(page), tuple(images), incomplete)

    def postpone(self, page: str, images: list[str]) -> None:
        """These come again when all others are done. Raises Refused."""
        self._on_page(page, images)
        self._postponed |= set(images)

    def undo(self) -> Answer:
        result = decisions.undo(self.basetag, self.catalogue, self.folders())
        if result is None:
            return Answer("Nothing to undo.", self.current())
        self._take_back(result)
        return self._turned(result, "undone")

    def redo(self) -> Answer:
        result = decisions.redo(self.basetag, self.catalogue, self.folders())
        if result is None:
            return Answer("Nothing to redo.", self.current())
        self.remember(result)
        return self._turned(result, "done again")

    def requests(self, page: Page, image: BoardImage, kind: str, label: str, labels: set[str]) -> list[DecisionRequest]:
        """One request for each place an image lies in. What is accepted stays where a person put it meanwhile.

        Raises:
            Refused: an image without a guess is to be accepted.
        """
        if kind == ACCEPT and not image.expected:
            raise Refused("That image has no guess yet; give it a label.")
        wanted = image.expected if kind == ACCEPT else label if kind == RELABEL else ""
        kind = ACCEPT if kind == RELABEL and wanted == image.expected else kind
        found = []
        for path, home, place in self.places(image.sha256):
            if kind == ACCEPT and image.sha256 not in self.decided and place in labels and place != wanted:
                continue
            found.append(DecisionRequest(path, home, image.sha256, kind, wanted, page.id, self._sampling(page, image)))
        return found

    def _sampling(self, page: Page, image: BoardImage) -> str:
        """How the image was chosen. A mistake that is put right while looking back changes nothing about that."""
        earlier = self.decided.get(image.sha256)
        return earlier.sampling if earlier and page.kind == LOOK_BACK else page.sampling

    def remember(self, result: DecisionResult) -> set[str]:
        """Decisions that were done. Returns the images they were about."""
        done = {one.sha256: one for one in result.decisions}
        for sha, one in done.items():
            self._count(self.decided.get(sha), -1)
            self._count(one, 1)
        self.decided |= done
        for one in result.decisions:
            self.placed(one)
        return set(done)

    def _on_page(self, page: str, images: list[str]) -> list[BoardImage]:
        there = {p.sha256: p for p in self.page(page).images} if page in self._pages else {}
        if not there or not images or any(sha not in there for sha in images):
            raise Refused("That image is not on this page.")
        return [there[sha] for sha in dict.fromkeys(images)]

    def _remember_new(self, result: DecisionResult, kind: str, label: str, shown: list[BoardImage]) -> tuple[str, bool]:
        """Remember what was done. Returns a sentence that tells it, and whether some images could not be changed."""
        done = self.remember(result)
        missing = len(shown) - len(done)
        self.pace.done(len(done))
        expected = {image.expected for image in shown}
        accepted = f"accepted as {expected.pop()}" if len(expected) == 1 else "accepted"
        what = {RELABEL: f"now {label}", ACCEPT: accepted, QUARANTINE: "set aside"}[kind]
        message = f"{len(done)} {what}." if done else ""
        if missing:
            message += f" {missing} {'was' if missing == 1 else 'were'} moved or removed meanwhile and left alone."
        return message.strip(), bool(missing)

    def _take_back(self, result: DecisionResult) -> None:
        """Decisions that were undone; what was decided before them counts again."""
        for sha in {one.sha256 for one in result.decisions}:
            self._count(self.decided.pop(sha, None), -1)
            if earlier := self._earlier(sha):
                self.decided[sha] = earlier
                self._count(earlier, 1)
        for one in result.decisions:
            self.placed(one)

    def _turned(self, result: DecisionResult, how: str) -> Answer:
        """After an undo or a redo: the page that its images are on comes back."""
        if not result.decisions:
            return Answer("Those images were moved or removed meanwhile.", self.current(), incomplete=True)
        self.refresh()
        page = result.decisions[0].page
        if page not in self._pages:
            self._show(self._page_again(page))
        self._go_to(page)
        shas = tuple(dict.fromkeys(one.sha256 for one in result.decisions))
        message = f"{len(shas)} {how}."
        if result.missing:
            message += f" {len(set(result.missing))} could not be moved back: they are no longer where they were put."
        return Answer(message, self._now(page), shas, bool(result.missing))

    def _earlier(self, sha256: str) -> Decision | None:
        """What was decided about an image before the decision that was just undone."""
        found = [d for folder in self.folders() for d in self.catalogue.decisions_of(sha256, folder)]
        return max(found, key=lambda d: d.number, default=None)

    def _count(self, decision: Decision | None, n: int) -> None:
        if decision and decision.page in self._pages:  # of this session
            self.counts[COUNTED[decision.kind]] += n

    def _page_again(self, page: str) -> Page:
        """The page of an earlier session, from its decisions."""
        rows = {row.sha256: row for row in self.catalogue.decisions_of_page(page)}
        images = tuple(self.image_of(row) for row in rows.values())
        guesses = {image.guess for image in images}
        sampling = next(iter(rows.values())).sampling
        return Page(page, "again", guesses.pop() if len(guesses) == 1 else "", sampling, "Looked at before", images)

    def page(self, name: str) -> Page:
        """A page that was shown, with labels as they are called now."""
        return relabeled(self._pages[name], self.changes())

    def changes(self) -> LabelHistory:
        """How labels were renamed, merged, split and removed so far."""
        return LabelHistory.of(self.catalogue.label_changes())

    def _show(self, page: Page) -> None:
        self._pages[page.id] = replace(page, version=self.changes().version)
        self._shown |= {image.sha256: image for image in page.images}

    def _go_to(self, page: str) -> None:
        """The page under way is another one; looking back leads away from none."""
        if self._pages[page].kind != LOOK_BACK:
            self._page = page

    def _now_of(self, page: str) -> tuple[BoardImage, ...]:
        now = self._now(page)
        return now.images if now else ()

    def _now(self, page: str) -> Page | None:
        """A page with each image as it is now; its place and order stay."""
        if page not in self._pages:
            return None
        labels, shown = set(self.labels()), self.page(page)
        return replace(shown, images=tuple(self.as_it_is(image, labels) for image in shown.images))

    def as_it_is(self, image: BoardImage, labels: set[str]) -> BoardImage:
        """An image with its state of now."""
        decided = self.decided.get(image.sha256)
        if decided and decided.kind == QUARANTINE:
            return replace(image, state=QUARANTINE, label="")
        lies = [place for _, _, place in self.places(image.sha256)]
        if not lies:
            return replace(image, state=MISSING, label="")
        if decided and decided.label in lies:
            return replace(image, state=decided.kind, label=decided.label)
        moved = next((place for place in lies if place in labels), "")
        if moved and (decided or moved != image.expected or image.below_threshold):
            return replace(image, state=MOVED, label=moved)
        return replace(image, state=OPEN, label="")


class OnePlaceBoard(Board):
    """A board whose images lie in one place each, which is looked up once and then followed."""

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self._where: dict[str, Path] = {}  # content hash -> file

    def placed(self, decision: Decision) -> None:
        ends = (absolute(decision.target), absolute(decision.source))
        self._where[decision.sha256] = next((path for path in ends if path.is_file()), ends[0])

    def find(self, sha256: str) -> Path | None:
        path = self._where.get(sha256)
        return path if path and path.is_file() else None
