"""The sorted_ folders as pages of one guess: what the robot is sure of label by label, then what is under the line."""

import json
from itertools import islice
from pathlib import Path

from flow.base import names, paths
from flow.check.board import Page, Picture, Progress
from flow.check.deciding import DecidingBoard
from flow.check.listing import Item, Listing
from flow.records import decisions
from flow.records.catalogue import Catalogue
from flow.records.journal import absolute
from flow.records.rows import WHOLE, Decision, Image


class SortedBoard(DecidingBoard):
    """What waits in the sorted_ folders of a basetag."""

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self._listing = Listing(basetag, catalogue)
        self._queue: list[Item] = []  # everything that may need a look, in the order of its pages
        self._unread: set[Path] = set()  # files that the disk does not give
        self._guesses: dict[str, str] = {}  # of decided pictures
        self._approved = catalogue.approved()
        self._listing.refresh()
        for home in self._listing.homes:
            self.decided |= decisions.done_in(catalogue, home.name)
        self._reread()

    def folders(self) -> list[str]:
        return [home.name for home in self._listing.homes]

    def refresh(self, sure: bool = True) -> None:
        if self._listing.refresh(sure):
            self._reread()

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        return [(item.path, item.home, item.place) for item in self._listing.of(sha256)]

    def placed(self, decision: Decision) -> None:
        source, target = absolute(decision.source), absolute(decision.target)
        if decision.state == decisions.DONE:
            self._listing.moved(source, target, decision.sha256)

    def compose(self, count: int) -> Page | None:
        while run := self._first_run(count):
            good = self._checked(run)
            if good:
                first = good[0]
                kind, title = ("under", f"{first.guess}?") if first.under else ("sure", first.guess)
                return Page(self.new_id(), kind, first.guess, WHOLE, title, tuple(map(self._picture, good)))
            self.refresh()
        return None

    def progress(self) -> Progress:
        left = {item.sha256 for item in self._queue if self._is_open(item)}
        labels, here = set(self.labels()), sum(len(folder.items) for folder in self._listing.folders.values())
        aside = sum(d.kind == decisions.ASIDE for d in self.decided.values())
        by = {"human": 0, "robot": 0}
        for path, folder in self._listing.folders.items():
            if path.name in labels:
                robot = sum(item.sha256 in left for item in folder.items)
                by["robot"] += robot
                by["human"] += len(folder.items) - robot
        share = self._share()
        return Progress(len(left), len(self.decided), here + aside, self.pace.per_minute, share, by, dict(self.counts))

    def details(self, sha256: str) -> dict:
        picture, image = self.shown(sha256), self.catalogue.image(sha256)
        item = next(iter(self._listing.of(sha256)), None)
        reason, text = self._listing.said(item) if item else ("", "")
        return {"name": picture.name, "reason": reason, "scores": _scores(text, picture), **credit(image)}

    def upcoming(self, count: int) -> list[str]:
        waiting = (item.sha256 for item in self._queue if self.is_waiting(item.sha256))
        return list(islice(waiting, count))

    def find(self, sha256: str) -> Path | None:
        found = [item.path for item in self._listing.of(sha256) if item.path.is_file()]
        if found:
            return found[0]
        decided = self.decided.get(sha256)  # set aside
        return absolute(decided.target) if decided and absolute(decided.target).is_file() else None

    def picture_of(self, decision: Decision) -> Picture:
        item = next(iter(self._listing.of(decision.sha256)), None)
        return self._picture(item) if item and item.guess else super().picture_of(decision)

    def _reread(self) -> None:
        """The order of pages: sure before under, then by label, then the surer first."""
        labels = set(self.labels())
        order = sorted(self._listing.folders, key=lambda path: (names.is_under(path.name), path.name, path.parent.name))
        self._queue = []
        for path in order:
            items = self._listing.folders[path].items
            if names.is_under(path.name):
                self._queue += items
                for item in items:  # whatever was decided: somebody put it back under the line
                    self.decided.pop(item.sha256, None)
            elif path.name in labels and path.parent.name not in self._approved:
                self._queue += [item for item in items if item.is_put]  # others were put there by a person

    def _is_open(self, item: Item) -> bool:
        return item.sha256 not in self.decided and (not self._unread or item.path not in self._unread)

    def _first_run(self, count: int) -> list[Item]:
        """The first open pictures of one guess, each content once."""
        run: dict[str, Item] = {}
        for item in self._queue:
            if not (self.is_waiting(item.sha256) and self._is_open(item)) or item.sha256 in run:
                continue
            first = next(iter(run.values()), item)
            if (item.under, item.guess) != (first.under, first.guess) or len(run) == count:
                break
            run[item.sha256] = item
        return list(run.values())

    def _checked(self, items: list[Item]) -> list[Item]:
        """Those that are what their names say: what is shown and decided is a content, not a name."""
        from scripts.learn.hashes import HashBook

        with HashBook(paths.hashes()) as book:
            real = book.sha256s([item.path for item in items])
        for item in items:
            if real.get(item.path) not in (item.sha256, None):
                self._listing.correct(item, real[item.path])
        self._unread |= {item.path for item in items if item.path not in real and item.path.exists()}
        return [item for item in items if real.get(item.path) == item.sha256]

    def _picture(self, item: Item) -> Picture:
        reason, _ = self._listing.said(item) if item.under else ("", "")
        return Picture(item.sha256, item.guess, item.score, under=item.under, reason=reason, name=item.name)

    def _share(self) -> dict | None:
        """How often the robot was right, of what a person looked at here."""
        from scripts.learn.metrics import Share

        looked = [(guess, d.label) for sha, d in self.decided.items() if d.label and (guess := self._guess(sha))]
        return Share(sum(guess == label for guess, label in looked), len(looked)).facts() if looked else None

    def _guess(self, sha256: str) -> str:
        if sha256 not in self._guesses:
            self._guesses[sha256] = next((item.guess for item in self._listing.of(sha256)), "")
        return self._guesses[sha256]


def credit(image: Image | None) -> dict:
    """Where a picture comes from and whom to thank, for the large view."""
    if image is None:
        return {}
    link = image.page_url if image.page_url.startswith(("https://", "http://")) else ""
    return {
        "source": image.source,
        "title": image.title,
        "credit": image.credit,
        "license": image.license,
        "link": link,
    }


def _scores(text: str, picture: Picture) -> list[list]:
    """[label, score 0..1], best first."""
    try:
        scores = json.loads(text) if text else {}
        rows = [[str(label), float(score)] for label, score in scores.items()]
    except (ValueError, TypeError, AttributeError):
        rows = []
    if not rows and picture.score is not None:
        rows = [[picture.guess, picture.score]]
    return sorted(rows, key=lambda row: -row[1])
