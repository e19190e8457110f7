"""All training images of one label, the least typical first, so that a wrong one is found soon."""

from pathlib import Path

from flow.base import files, paths
from flow.base.learning import hash_cache
from flow.check.board import BoardImage, OnePlaceBoard, Page, Progress
from flow.check.sorted_board import credit
from flow.models import model_store
from flow.models.backbone import embedder_of
from flow.records import decisions
from flow.records.catalogue import Catalogue
from flow.records.decisions import TRAINING
from flow.records.journal import absolute
from flow.records.rows import CHOSEN, Decision


class TrainingImagesBoard(OnePlaceBoard):
    """What boards of training images have in common."""

    after = ("retrain",)

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self.decided = decisions.decided_in(catalogue, TRAINING)

    def folders(self) -> list[str]:
        return [TRAINING]

    def places(self, sha256: str) -> list[tuple[Path, Path, str]]:
        path = self.find(sha256)
        return [(path, paths.training(self.basetag), path.parent.name)] if path else []

    def refresh(self, thorough: bool = True) -> None:
        """An image that was dragged to another label folder is found there by its name."""
        for sha, path in self._where.items():
            if not path.is_file():
                for folder in files.folders_in(paths.training(self.basetag)):
                    if (folder / path.name).is_file() and files.sha256_of(folder / path.name) == sha:
                        self._where[sha] = folder / path.name

    def details(self, sha256: str) -> dict:
        image = self.shown(sha256)
        scores = [[image.guess, image.score]] if image.score is not None else []
        return {"name": image.name, "reason": "", "scores": scores, **credit(self.catalogue.image(sha256))}

    def image_of(self, decision: Decision) -> BoardImage:
        source = absolute(decision.source)
        return BoardImage(decision.sha256, decision.label, given=source.parent.name, name=source.name)

    def follow_decisions(self) -> None:
        """Images that earlier decisions moved: they lie elsewhere now, and undo must find them."""
        for sha, decision in self.decided.items():
            self._where.setdefault(sha, absolute(decision.target))


class LabelBoard(TrainingImagesBoard):
    """One label's images, page by page, also those that were looked at in earlier sessions.

    Args:
        since: the last decision of earlier sessions.
    """

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str, label: str, since: int):
        super().__init__(basetag, catalogue, stamp)
        self._label, self._since = label, since
        self.decided = {sha: row for sha, row in self.decided.items() if row.number > since}
        listed = files.images_in(paths.training(basetag) / label)
        with hash_cache() as cache:
            self._where = {sha: path for path, sha in cache.sha256s(listed).items()}
        self._shas = _least_typical_first(basetag, list(self._where))
        self.follow_decisions()

    def compose(self, count: int) -> Page | None:
        chosen = [sha for sha in self._shas if self._is_open(sha) and self.is_waiting(sha)][:count]
        if not chosen:
            return None
        images = tuple(BoardImage(sha, "", given=self._label, name=self._where[sha].name) for sha in chosen)
        return Page(self.new_id(), "whole", self._label, CHOSEN, self._label, images)

    def progress(self) -> Progress:
        left = sum(self._is_open(sha) and sha not in self.decided for sha in self._shas)
        decided = sum(sha in self.decided for sha in self._shas)
        return Progress(left, decided, len(self._shas), self.pace.per_minute, counts=dict(self.counts))

    def upcoming(self, count: int) -> list[str]:
        return [sha for sha in self._shas if self._is_open(sha) and self.is_waiting(sha)][:count]

    def _earlier(self, sha256: str) -> Decision | None:
        found = super()._earlier(sha256)
        return found if found and found.number > self._since else None

    def _is_open(self, sha256: str) -> bool:
        path = self.find(sha256)
        return bool(path and path.parent.name == self._label)


def _least_typical_first(basetag: str, shas: list[str]) -> list[str]:
    """By the distance from the label's mean, where the best model's backbone has seen the images; others last."""
    models = model_store.all_models(basetag)
    if not models:
        return shas
    vectors = embedder_of(models[0]).cached(shas)
    if len(vectors) < 3:
        return shas
    import numpy as np

    known = list(vectors)
    rows = vectors.table(known)[:]
    rows -= rows.mean(axis=0)
    far = dict(zip(known, np.linalg.norm(rows / (rows.std(axis=0) + 1e-6), axis=1).tolist(), strict=True))
    return sorted(shas, key=lambda sha: -far.get(sha, -1.0))
