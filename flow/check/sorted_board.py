"""The sorted_ folders as pages of one guess: what the model is sure of label by label, then what it is not sure of."""

import json
from itertools import islice
from pathlib import Path

from flow.base import names
from flow.base.learning import api, hash_cache
from flow.check.board import Board, BoardImage, Page, Progress
from flow.check.sorted_listing import Item, SortedListing
from flow.models import model_store
from flow.records import decisions
from flow.records.catalogue import Catalogue
from flow.records.journal import absolute
from flow.records.rows import WHOLE_FOLDER, Decision, Image


class SortedBoard(Board):
    """What nobody has checked yet in the sorted_ folders of a basetag."""

    after = ("harvest", "retrain")

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self._listing = SortedListing(basetag, catalogue)
        self._queue: list[Item] = []  # everything that may need checking, in the order of its pages
        self._unreadable: set[Path] = set()  # files that the disk does not give
        self._guesses: dict[str, str] = {}  # of decided images
        self._approved = catalogue.approved()
        self._recordings = catalogue.groups()
        # What the model says of a recording that it learned from tells nothing of what it says of others.
        self._learned = {self._recordings[sha] for sha in catalogue.labels() if sha in self._recordings}
        self._seen_before: dict[str, set[str]] = {}  # sorted_ folder -> what its model had learned from
        self._listing.refresh()
        for home in self._listing.homes:
            self.decided |= decisions.decided_in(catalogue, home.name)
        self._read_again()

    def folders(self) -> list[str]:
        return [home.name for home in self._listing.homes]

    def refresh(self, thorough: bool = True) -> None:
        if self._listing.refresh(thorough):
            self._read_again()

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        return [(item.path, item.home, item.place) for item in self._listing.of(sha256)]

    def placed(self, decision: Decision) -> None:
        source, target = absolute(decision.source), absolute(decision.target)
        if decision.state == decisions.DONE:
            self._listing.moved(source, target, decision.sha256)

    def compose(self, count: int) -> Page | None:
        while run := self._first_run(count):
            if good := self._unchanged(run):
                first = good[0]
                kind, title = ("unsure", f"{first.guess}?") if first.below_threshold else ("sure", first.guess)
                return Page(self.new_id(), kind, first.guess, WHOLE_FOLDER, title, tuple(map(self._image, good)))
            self.refresh()
        return None

    def progress(self) -> Progress:
        left = {item.sha256 for item in self._queue if self._is_open(item)}
        labels, here = set(self.labels()), sum(len(folder.items) for folder in self._listing.folders.values())
        quarantined = sum(d.kind == decisions.QUARANTINE for d in self.decided.values())
        by = {"human": 0, "robot": 0}
        for path, folder in self._listing.folders.items():
            if path.name in labels:
                unchecked = sum(item.sha256 in left for item in folder.items)
                by["robot"] += unchecked
                by["human"] += len(folder.items) - unchecked
        share = self._share()
        return Progress(
            len(left), len(self.decided), here + quarantined, self.pace.per_minute, share, by, dict(self.counts)
        )

    def details(self, sha256: str) -> dict:
        image, origin = self.shown(sha256), self.catalogue.image(sha256)
        item = next(iter(self._listing.of(sha256)), None)
        reason, text = self._listing.reason(item) if item else ("", "")
        return {"name": image.name, "reason": reason, "scores": _scores(text, image), **credit(origin)}

    def upcoming(self, count: int) -> list[str]:
        waiting = (item.sha256 for item in self._queue if self.is_waiting(item.sha256))
        return list(islice(waiting, count))

    def find(self, sha256: str) -> Path | None:
        found = [item.path for item in self._listing.of(sha256) if item.path.is_file()]
        if found:
            return found[0]
        decided = self.decided.get(sha256)  # set aside
        return absolute(decided.target) if decided and absolute(decided.target).is_file() else None

    def image_of(self, decision: Decision) -> BoardImage:
        item = next(iter(self._listing.of(decision.sha256)), None)
        return self._image(item) if item and item.guess else super().image_of(decision)

    def _read_again(self) -> None:
        """The order of pages: sure before unsure, then by label, then the surer first."""
        labels = set(self.labels())
        order = sorted(self._listing.folders, key=lambda path: (names.is_under(path.name), path.name, path.parent.name))
        self._queue = []
        for path in order:
            items = self._listing.folders[path].items
            if names.is_under(path.name):
                self._queue += items
                for item in items:  # whatever was decided: somebody put it back there
                    self.decided.pop(item.sha256, None)
            elif path.name in labels and path.parent.name not in self._approved:
                self._queue += [item for item in items if item.is_put]  # others were put there by a person

    def _is_open(self, item: Item) -> bool:
        return item.sha256 not in self.decided and (not self._unreadable or item.path not in self._unreadable)

    def _first_run(self, count: int) -> list[Item]:
        """The first open images of one guess, each content once."""
        run: dict[str, Item] = {}
        for item in self._queue:
            if not (self.is_waiting(item.sha256) and self._is_open(item)) or item.sha256 in run:
                continue
            first = next(iter(run.values()), item)
            if (item.below_threshold, item.guess) != (first.below_threshold, first.guess) or len(run) == count:
                break
            run[item.sha256] = item
        return list(run.values())

    def _unchanged(self, items: list[Item]) -> list[Item]:
        """Those that are what their names say: what is shown and decided is a content, not a name."""
        with hash_cache() as cache:
            real = cache.sha256s([item.path for item in items])
        for item in items:
            if real.get(item.path) not in (item.sha256, None):
                self._listing.correct(item, real[item.path])
        self._unreadable |= {item.path for item in items if item.path not in real and item.path.exists()}
        return [item for item in items if real.get(item.path) == item.sha256]

    def _image(self, item: Item) -> BoardImage:
        reason, _ = self._listing.reason(item) if item.below_threshold else ("", "")
        return BoardImage(
            item.sha256, item.guess, item.score, below_threshold=item.below_threshold, reason=reason, name=item.name
        )

    def _share(self) -> dict | None:
        """How often the model was right, of what a person checked here; without what it had learned from, and
        recordings that training images are from; a recording counts as one."""
        seen = set[str]().union(*(self._learned_in(home) for home in self._listing.homes))
        new = {
            sha: d
            for sha, d in self.decided.items()
            if sha not in seen and self._recordings.get(sha) not in self._learned
        }
        right = {sha: guess == d.label for sha, d in new.items() if d.label and (guess := self._guess(sha))}
        if not right:
            return None
        efficiency = (
            api.group_efficiency([self._recordings.get(sha, sha) for sha in right]) if self._recordings else 1.0
        )
        return api.Share(sum(right.values()), len(right), efficiency).facts()

    def _learned_in(self, home: Path) -> set[str]:
        """Images of a sorted_ folder that the model which sorted them had learned from, as after an undone harvest."""
        if home.name not in self._seen_before:
            copies = self._listing.copies_in(home).values()
            names = {copy.model for copy in copies}
            models = [model for model in model_store.all_models(self.basetag) if model.name in names]
            kept = {model.name: found for model in models if (found := model_store.predictions(model))}
            seen = {
                name: {copy.sha256 for copy in copies if copy.model == name} & kept[name].trained_on for name in kept
            }
            self._seen_before[home.name] = set[str]().union(*seen.values())
        return self._seen_before[home.name]

    def _guess(self, sha256: str) -> str:
        if sha256 not in self._guesses:
            self._guesses[sha256] = next((item.guess for item in self._listing.of(sha256)), "")
        return self._guesses[sha256]


def credit(image: Image | None) -> dict:
    """Where an image comes from and whom to thank, for the large view."""
    if image is None:
        return {}
    link = image.page_url if image.page_url.startswith(("https://", "http://")) else ""
    return {
        "source": image.source,
        "title": image.title,
        "credit": image.credit,
        "licence": image.licence,
        "link": link,
    }


def _scores(text: str, image: BoardImage) -> list[list]:
    """[label, score 0..1], best first."""
    try:
        scores = json.loads(text) if text else {}
        rows = [[str(label), float(score)] for label, score in scores.items()]
    except (ValueError, TypeError, AttributeError):
        rows = []
    if not rows and image.score is not None:
        rows = [[image.guess, image.score]]
    return sorted(rows, key=lambda row: -row[1])
