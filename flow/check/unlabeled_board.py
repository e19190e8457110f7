"""Unlabeled images, while there is no model: typical ones first, then pages of one guess and uncertain ones in turn.

Nothing moves but what is set aside. A decision alone says which label an image has, and everything else is computed
from the decisions, after a kill as after an undo.
"""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from flow.base.learning import api, hash_cache
from flow.check.accuracy_sample import MEASURED, MEASURING, SHOWN, AccuracySample, Sample
from flow.check.board import MISSING, NONE_OF_THESE, OPEN, Board, BoardImage, OnePlaceBoard, Page, Progress, Refused
from flow.check.pace import REST_S
from flow.check.session_progress import Guesses, Learner, Snapshot
from flow.check.sorted_board import credit
from flow.check.unlabeled_pool import UnlabeledPool, decided_here, random_sample_here
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import ACCEPT, QUARANTINE, DecisionRequest, DecisionResult
from flow.records.rows import CHOSEN, RANDOM, Decision

FEW_BELOW = 8  # images of a label; with fewer the page names it
SEED = 1


class UnlabeledBoard(OnePlaceBoard):
    """The pool of a basetag, asked about in the order in which it teaches most."""

    after = ("first_model",)
    makes_folders = False

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str, pool: UnlabeledPool):
        super().__init__(basetag, catalogue, stamp)
        self._pool, self._row = pool, {sha: row for row, sha in enumerate(pool.shas)}
        self._where = dict(pool.where)
        self._lost: set[str] = set()  # images that vanished or changed meanwhile
        done = [row for row in decided_here(basetag, catalogue) if row.sha256 in self._row]
        self.decided = {row.sha256: row for row in done}
        self._random = random_sample_here(basetag, catalogue)
        self._finished_pages = {row.page for row in done}
        self._new_labels = list(dict.fromkeys(row.label for row in done if row.label))
        self.learner = Learner()
        self._sample = AccuracySample()
        self.learner.learn(self._snapshot())

    def folders(self) -> list[str]:
        return [folder.name for folder in provenance.unsorted_folders(self.basetag)]

    def labels(self) -> list[str]:
        """As elsewhere; `not` is always there."""
        found = super().labels()
        return found if NONE_OF_THESE in found else [*found, NONE_OF_THESE]

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        path = self.find(sha256)
        return [(path, path.parent, "")] if path else []

    def take_over(self, before: Board) -> None:
        super().take_over(before)
        if isinstance(before, UnlabeledBoard):
            self.learner.curve = before.learner.curve
            self._sample = before._sample

    def refresh(self, thorough: bool = True) -> None:
        """Nothing: what vanished is found out when it would be shown."""

    def postpone(self, page: str, images: list[str]) -> None:
        if self._sample.sample and page == self._sample.sample.page:
            raise Refused("Each of these counts: give it its label, or set it aside (x).")
        super().postpone(page, images)
        self._finished_pages.add(page)

    def compose(self, count: int) -> Page | None:
        guesses = self.learner.learn(self._snapshot())
        known = guesses.propagated if guesses else None
        while True:
            state = self._state(without=self._postponed | self._lost)
            query = api.active_learning.next_query(state, known, len(self._finished_pages), SEED)
            if query is None:
                return None
            if good := self._unchanged([self._pool.shas[row] for row in query.rows]):
                return self._page_of(query, good, guesses, count)

    def accuracy_page(self) -> Page:
        if self._sample_state() == SHOWN:
            assert self._sample.sample is not None
            self._page = self._sample.sample.page
        else:
            self._page = self._draw_sample()
        self.pace.shown()
        page = self.current()
        assert page is not None
        return page

    def progress(self) -> Progress:
        left = int((~self._state(without=self._lost).unavailable).sum())
        return Progress(
            left,
            len(self.decided),
            len(self._pool),
            self.pace.per_minute,
            counts=dict(self.counts),
            labeling=self._labeling(),
        )

    def details(self, sha256: str) -> dict:
        image = self.shown(sha256)
        return {"name": image.name, "reason": "", "scores": [], **credit(self.catalogue.image(sha256))}

    def upcoming(self, count: int) -> list[str]:
        return []  # what comes next depends on what is decided now

    def image_of(self, decision: Decision) -> BoardImage:
        guess = decision.label if decision.kind == ACCEPT else ""
        return BoardImage(decision.sha256, guess, name=Path(decision.source).name)

    def requests(self, page: Page, image: BoardImage, kind: str, label: str, labels: set[str]) -> list[DecisionRequest]:
        sampling = RANDOM if image.sha256 in self._random else CHOSEN
        found = super().requests(page, image, kind, label, labels)
        return [replace(request, sampling=sampling, moves=False) for request in found]

    def remember(self, result: DecisionResult) -> set[str]:
        self._finished_pages |= {row.page for row in result.decisions}
        return super().remember(result)

    def as_it_is(self, image: BoardImage, labels: set[str]) -> BoardImage:
        if decided := self.decided.get(image.sha256):
            return replace(image, state=decided.kind, label=decided.label)
        return replace(image, state=OPEN if self.find(image.sha256) else MISSING, label="")

    # The session so far

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._state(), self._numbered())

    def _numbered(self) -> tuple[str, ...]:
        """The labels of decided images, in the order of their first decision."""
        return tuple(dict.fromkeys(row.label for row in self._in_order() if row.label))

    def _in_order(self) -> list[Decision]:
        return sorted(self.decided.values(), key=lambda row: row.number)

    def _state(self, without: set[str] | None = None) -> "api.active_learning.LabelingState":
        """What is decided now.

        Args:
            without: images that are not asked about either.
        """
        number = {label: i for i, label in enumerate(self._numbered())}
        decided = {self._row[row.sha256]: number[row.label] for row in self._in_order() if row.label}
        excluded = {self._row[sha] for sha in without or ()}
        excluded |= {self._row[sha] for sha, row in self.decided.items() if row.kind == QUARANTINE}
        for row in [*decided, *(self._row[sha] for sha in self.decided)]:
            excluded.update(self._pool.near_duplicates.get(row, ()))
        random = {row for row in decided if self._pool.shas[row] in self._random}
        return api.active_learning.LabelingState(
            self._pool.graph, self._pool.vectors, decided, random, excluded - set(decided), self._pool.groups
        )

    def _page_of(
        self, query: "api.active_learning.Query", good: list[str], guesses: Guesses | None, count: int
    ) -> Page:
        """A query as a page. A page of one guess is cut to what fits the window; the others are few, or measure."""
        kinds = api.active_learning.Strategy
        self._random |= {self._pool.shas[row] for row in query.random}
        guessed = guesses is not None and query.kind is not kinds.TYPICAL
        images = []
        for sha in good[:count] if query.kind is kinds.CONFIRM else good:
            guess = guesses.label(self._row[sha]) if guesses and guessed else ""
            images.append(BoardImage(sha, guess, name=self._where[sha].name))
        guess = images[0].guess if query.kind is kinds.CONFIRM else ""
        titles = {kinds.TYPICAL: "What is this?", kinds.UNCERTAIN: "Which are wrong?", kinds.SAMPLE: "How good is it?"}
        title = titles.get(query.kind, f"{guess}?")
        fills = query.kind is kinds.CONFIRM
        return Page(self.new_id(), query.kind.value, guess, CHOSEN, title, tuple(images), fills)

    def _draw_sample(self) -> str:
        """Draw and show a page that measures; returns its id. Raises Refused where nothing can be measured."""
        now = self._snapshot()
        guesses = self.learner.newest(now)
        if guesses is None:
            raise Refused("There are no guesses to check yet: label images of two labels first.")
        state = self._state(without=self._lost)
        check = api.accuracy_check.draw_check(state, SEED)
        good = self._unchanged([self._pool.shas[row] for row in check.page.rows])
        if not good:
            raise Refused("No images are left that could check the guesses.")
        page = self._page_of(check.page, good, guesses, len(good))
        self._show(page)
        self._sample.show(Sample(page.id, {sha: self._row[sha] for sha in good}, check, now, guesses))
        return page.id

    def _sample_state(self) -> str:
        sample = self._sample.sample
        page = self._now(sample.page) if sample else None
        labels = {sha: row.label for sha, row in self.decided.items() if row.label}
        return self._sample.state(labels, bool(page and page.is_open))

    def _unchanged(self, shas: list[str]) -> list[str]:
        """Those that still lie where they lay and are what they were; others are not asked about again."""
        with hash_cache() as cache:
            real = cache.sha256s([self._where[sha] for sha in shas])
        good = [sha for sha in shas if real.get(self._where[sha]) == sha]
        self._lost |= set(shas) - set(good)
        return good

    def _labeling(self) -> dict:
        """Where the session stands, as the page shows it."""
        now, learner, sample = self.learner.measurement, self.learner, self._sample_state()
        counts = Counter(row.label for row in self.decided.values() if row.label)
        ready = {name for name, n in provenance.label_counts(self.basetag).items() if n} | set(counts)
        few = sorted((n, label) for label, n in counts.items() if n < FEW_BELOW)
        return {
            "decisions": sum(counts.values()),
            "minutes": round(self._minutes(), 1),
            "share": self._sample.share if sample == MEASURED else now.share if now else None,
            "sample": sample,
            "forecast": now.forecast if now and now.share else None,
            "random": now.random if now else 0,
            "enough": bool(now and now.enough),
            "mixed_up": list(now.mixed_up) if now and now.mixed_up else None,
            "few": [[label, n] for n, label in few],
            "curve": learner.curve,
            "measuring": learner.is_measuring or sample == MEASURING,
            "failed": learner.failed or self._sample.failed,
            "ready": len(ready) > 1,
        }

    def _minutes(self) -> float:
        """What the decisions took, without pauses, earlier sessions too."""
        at = sorted(datetime.fromisoformat(row.at).timestamp() for row in self.decided.values())
        return sum(min(REST_S, b - a) for a, b in zip(at, at[1:], strict=False)) / 60
