"""The training images that are likely mislabelled, as the best model's report lists them: the likeliest first."""

from flow.base.learning import hash_cache
from flow.check.board import BoardImage, Page, Progress
from flow.check.label_board import TrainingImagesBoard
from flow.models import model_store
from flow.models.suspects import suspects
from flow.models.todays_labels import best_of_today
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory
from flow.records.rows import CHOSEN, Decision


class TrainingBoard(TrainingImagesBoard):
    """Suspects: training images whose folder's label differs from the label that the model would give.

    Args:
        model: the one to go by; empty = the best that knows today's labels.
    """

    def __init__(self, basetag: str, catalogue: Catalogue, stamp: str, model: str = ""):
        super().__init__(basetag, catalogue, stamp)
        self._model = model
        self._suspects = self._listed()
        self.follow_decisions()

    def compose(self, count: int) -> Page | None:
        chosen = [p for p in self._suspects if self.is_waiting(p.sha256) and self._is_suspect(p)][:count]
        if not chosen:
            return None
        return Page(self.new_id(), "suspects", "", CHOSEN, "In the wrong folder?", tuple(chosen))

    def progress(self) -> Progress:
        left = sum(p.sha256 not in self.decided and self._is_suspect(p) for p in self._suspects)
        decided = sum(p.sha256 in self.decided for p in self._suspects)
        return Progress(left, decided, len(self._suspects), self.pace.per_minute, counts=dict(self.counts))

    def upcoming(self, count: int) -> list[str]:
        return [p.sha256 for p in self._suspects if self.is_waiting(p.sha256)][:count]

    def image_of(self, decision: Decision) -> BoardImage:
        known = next((p for p in self._suspects if p.sha256 == decision.sha256), None)
        return known or super().image_of(decision)

    def _is_suspect(self, image: BoardImage) -> bool:
        """Whether it still lies in the folder that is doubted; one that a person moved by hand does not."""
        path = self.find(image.sha256)
        return bool(path and path.parent.name == image.given)

    def _listed(self) -> list[BoardImage]:
        """The model's suspects that are still there."""
        changes = LabelHistory.of(self.catalogue.label_changes())
        there = [label for label, n in provenance.label_counts(self.basetag).items() if n]
        models, labels = model_store.all_models(self.basetag), set(self.labels())
        model = model_store.find(models, self._model) if self._model else best_of_today(models, changes, there)
        rows = [one for one in suspects(self.basetag, model, changes) if one.label in labels]
        with hash_cache() as cache:
            hashed = cache.sha256s([one.path for one in rows])
        found: dict[str, BoardImage] = {}
        for one in rows:
            sha = hashed.get(one.path)
            if sha and sha not in found:
                self._where[sha] = one.path
                found[sha] = BoardImage(sha, one.guess, one.score, given=one.label, name=one.path.name)
        return list(found.values())
