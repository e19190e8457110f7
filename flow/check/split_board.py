"""One label that becomes several: its images by what looks alike, then page by page of one guess.

Decisions move the images, as everywhere on training images, and are undone step by step; what undo joins again as a
whole is written down before the first of them (`flow/records/labels/apply.py`).
"""

from dataclasses import replace
from pathlib import Path

from flow.base import paths
from flow.base.errors import NotReady
from flow.base.learning import api
from flow.check.board import MISSING, MOVED, OPEN, Answer, BoardImage, Page, Progress, Refused
from flow.check.label_board import TrainingImagesBoard
from flow.check.unlabeled_pool import IMAGES_MIN, UnlabeledPool, embed_pool
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import ACCEPT, QUARANTINE, RELABEL, TRAINING, DecisionRequest, decided_in
from flow.records.labels import apply
from flow.records.labels.history import SPLIT, LabelHistory
from flow.records.rows import WHOLE_FOLDER, Decision

CLUSTERS_MIN = 3  # groups of what looks alike; of two flowers 200 images took 25 to 40 keys and clicks
CLUSTER_MAX, PAGE_MAX = 40, 60  # images of a page: of those that look alike, of one guess


class SplitBoard(TrainingImagesBoard):
    """The images that had the label when the split began.

    Args:
        pool: those images, with their embeddings.
        parts: the new labels, as far as the person named them before.
    """

    def __init__(
        self, basetag: str, catalogue: Catalogue, stamp: str, pool: UnlabeledPool, label: str, parts: tuple[str, ...]
    ):
        super().__init__(basetag, catalogue, stamp)
        self._pool, self._label = pool, label
        self._clusters = max(CLUSTERS_MIN, len(parts) + 1)
        self._new_labels = [part for part in parts if part not in self.labels()]
        self._lost: set[str] = set()  # images that vanished meanwhile
        self._row = {sha: row for row, sha in enumerate(pool.shas)}
        listed = provenance.hash_images(provenance.label_folders(basetag))
        self._where = {sha: path for path, _, sha in listed if sha in self._row}
        self._after = begun(catalogue, label)
        self.decided = {s: r for s, r in self.decided.items() if s in self._row and self._is_of_this_split(r)}
        self.follow_decisions()

    def compose(self, count: int) -> Page | None:
        while True:
            state = self._state()
            if not (~state.unavailable).any():
                return None
            kind, guess, rows = self._query(state)
            shas = [self._pool.shas[row] for row in rows]
            there = [sha for sha in shas if self.find(sha)]
            self._lost |= set(shas) - set(there)
            if there:
                title = f"{guess}?" if guess else "What are these?"
                images = tuple(BoardImage(sha, guess, name=self._where[sha].name) for sha in there)
                return Page(self.new_id(), kind, guess, WHOLE_FOLDER, title, images, fills=False)

    def decide(self, page: str, images: list[str], kind: str, label: str = "") -> Answer:
        """As elsewhere; each label that images get is noted as a part of the split before they move."""
        if kind == RELABEL and label not in self.labels():
            label = self._new_label(label)
        shown = self.page(page).images if page in self._pages else ()
        guesses = {image.expected for image in shown if image.sha256 in images}
        parts = {label} if kind == RELABEL else guesses if kind == ACCEPT else set()
        number = apply.begin_split(self.basetag, self.catalogue, self._stamp, self._label)
        for part in sorted(parts - {""}):
            apply.note_split(self.basetag, self.catalogue, number, part)
        return super().decide(page, images, kind, label)

    def progress(self) -> Progress:
        left = int((~self._state().unavailable).sum())
        return Progress(left, len(self.decided), len(self._pool), self.pace.per_minute, counts=dict(self.counts))

    def upcoming(self, count: int) -> list[str]:
        return []  # what comes next depends on what is decided now

    def image_of(self, decision: Decision) -> BoardImage:
        guess = decision.label if decision.kind == ACCEPT else ""
        return BoardImage(decision.sha256, guess, name=Path(decision.source).name)

    def as_it_is(self, image: BoardImage, labels: set[str]) -> BoardImage:
        if decided := self.decided.get(image.sha256):
            return replace(image, state=decided.kind, label=decided.label)
        path = self.find(image.sha256)
        if path is None:
            return replace(image, state=MISSING, label="")
        is_open = path.parent.name == self._label
        return replace(image, state=OPEN if is_open else MOVED, label="" if is_open else path.parent.name)

    def requests(self, page: Page, image: BoardImage, kind: str, label: str, labels: set[str]) -> list[DecisionRequest]:
        """Whatever an image gets, it was looked at with its whole label: it goes on measuring where it did."""
        if kind == ACCEPT and not image.expected:
            raise Refused("That image has no guess yet; give it a label.")
        wanted = image.expected if kind == ACCEPT else label if kind == RELABEL else ""
        kind = ACCEPT if kind == RELABEL and wanted == image.expected else kind
        path = self.find(image.sha256)
        if path is None or (image.sha256 not in self.decided and path.parent.name != self._label):
            return []  # a person moved it meanwhile
        home = paths.training(self.basetag)
        return [DecisionRequest(path, home, image.sha256, kind, wanted, page.id, WHOLE_FOLDER)]

    def _query(self, state: "api.active_learning.LabelingState") -> tuple[str, str, list[int]]:
        """The kind of the next page, its guess, and its rows."""
        labels = self._numbered()
        rows = api.active_learning.cluster(state, self._clusters, CLUSTER_MAX)
        if rows or not state.can_learn():
            free = [int(row) for row in (~state.unavailable).nonzero()[0]]
            return "cluster", "", rows or free[:CLUSTER_MAX]
        found = api.active_learning.surest(state, api.active_learning.fit(state), PAGE_MAX)
        assert found is not None
        return "confirm", labels[found[0]], found[1]

    def _numbered(self) -> list[str]:
        """The labels of decided images, in the order of their first decision."""
        rows = sorted(self.decided.values(), key=lambda row: row.number)
        return list(dict.fromkeys(row.label for row in rows if row.label))

    def _state(self) -> "api.active_learning.LabelingState":
        number = {label: i for i, label in enumerate(self._numbered())}
        decided = {self._row[sha]: number[row.label] for sha, row in self.decided.items() if row.label}
        excluded = {self._row[sha] for sha in (*self._postponed, *self._lost) if sha in self._row}
        excluded |= {self._row[sha] for sha, row in self.decided.items() if row.kind == QUARANTINE}
        moved = {self._row[s] for s, p in self._where.items() if p.parent.name != self._label and s not in self.decided}
        return api.active_learning.LabelingState(
            self._pool.graph, self._pool.vectors, decided, set(), (excluded | moved) - set(decided)
        )

    def _is_of_this_split(self, row: Decision) -> bool:
        return row.number > self._after


def begun(catalogue: Catalogue, label: str) -> int:
    """The last decision before the split that is under way; of now where none is."""
    last = LabelHistory.of(catalogue.label_changes()).last_done()
    return last.after if last and last.kind == SPLIT and last.old == label else catalogue.last_decision()


def read_split(basetag: str, catalogue: Catalogue, label: str, backbone: "api.Backbone", folder: Path) -> UnlabeledPool:
    """The images of a label, and those that got another one since its split began.

    Raises:
        NotReady: there is no such label, or it has too few images.
    """
    after = begun(catalogue, label)
    split = {sha for sha, row in decided_in(catalogue, TRAINING).items() if row.number > after}
    listed = provenance.hash_images(provenance.label_folders(basetag))
    where = {sha: path for path, place, sha in listed if place == label or sha in split}
    if len(where) < IMAGES_MIN:
        counts = ", ".join(f"{name} {n}" for name, n in provenance.label_counts(basetag).items()) or "none"
        raise NotReady(f"{label} has too few images to be split.", f"Training images: {counts}.")
    return embed_pool(where, backbone, folder)
