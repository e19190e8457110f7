"""The training images that are likely mislabelled, as the best model's report lists them: the likeliest first."""

from pathlib import Path

from flow.base import files, paths
from flow.base.learning import hash_cache
from flow.check.board import BoardImage, OnePlaceBoard, Page, Progress
from flow.check.sorted_board import credit
from flow.models import model_store
from flow.records import decisions
from flow.records.catalogue import Catalogue
from flow.records.decisions import TRAINING
from flow.records.journal import absolute
from flow.records.rows import CHOSEN, Decision


class TrainingBoard(OnePlaceBoard):
    """Suspects: training images whose folder's label differs from the label that the model would give."""

    after = ("retrain",)

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str):
        super().__init__(basetag, catalogue, stamp)
        self.decided = decisions.decided_in(catalogue, TRAINING)
        self._suspects = self._listed()

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

    def compose(self, count: int) -> Page | None:
        chosen = [p for p in self._suspects if self.is_waiting(p.sha256) and self._is_suspect(p)][:count]
        if not chosen:
            return None
        return Page(self.new_id(), "suspects", "", CHOSEN, "In the wrong folder?", tuple(chosen))

    def progress(self) -> Progress:
        left = sum(p.sha256 not in self.decided and self._is_suspect(p) for p in self._suspects)
        decided = sum(p.sha256 in self.decided for p in self._suspects)
        return Progress(left, decided, len(self._suspects), self.pace.per_minute, counts=dict(self.counts))

    def details(self, sha256: str) -> dict:
        image = self.shown(sha256)
        scores = [[image.guess, image.score]] if image.score is not None else []
        return {"name": image.name, "reason": "", "scores": scores, **credit(self.catalogue.image(sha256))}

    def upcoming(self, count: int) -> list[str]:
        return [p.sha256 for p in self._suspects if self.is_waiting(p.sha256)][:count]

    def image_of(self, decision: Decision) -> BoardImage:
        known = next((p for p in self._suspects if p.sha256 == decision.sha256), None)
        source = absolute(decision.source)
        return known or BoardImage(decision.sha256, decision.label, given=source.parent.name, name=source.name)

    def _is_suspect(self, image: BoardImage) -> bool:
        """Whether it still lies in the folder that is doubted; one that a person moved by hand does not."""
        path = self.find(image.sha256)
        return bool(path and path.parent.name == image.given)

    def _listed(self) -> list[BoardImage]:
        """The best model's suspects that are still there. Only names are taken from model.json, never a path."""

        models = model_store.all_models(self.basetag)
        rows = models[0].facts.get("suspects", []) if models else []
        labels = set(self.labels())
        rows = [
            (paths.training(self.basetag) / label / Path(path).name, label, guess, score)
            for path, label, guess, score in rows
            if label in labels
        ]
        with hash_cache() as cache:
            hashed = cache.sha256s([path for path, *_ in rows])
        found: dict[str, BoardImage] = {}
        for path, label, guess, score in rows:
            sha = hashed.get(path)
            if sha and sha not in found:
                self._where[sha] = path
                found[sha] = BoardImage(sha, guess, float(score), given=label, name=path.name)
        self._include_moved(found)
        return list(found.values())

    def _include_moved(self, found: dict[str, BoardImage]) -> None:
        """BoardImages that earlier decisions moved: they lie elsewhere now, and undo must find them."""
        for sha, decision in self.decided.items():
            if sha not in found:
                self._where[sha] = absolute(decision.target)
