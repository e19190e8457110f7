"""Every model of a basetag measured again on today's images, each only on those it has not learned from; best first.

Cheap: what a model says of its own training images was kept with it, bottlenecks of the others are cached.
"""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from flow.base.learning import api, near_duplicate_groups
from flow.base.names import percent
from flow.models import model_store
from flow.models.backbone import embedder_of
from flow.models.model_store import Model
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.provenance import LabeledImage
from flow.records.rows import PERSON
from flow.ui import console

SIGNIFICANCE = 0.05  # McNemar's probability below which a difference counts


@dataclass(frozen=True)
class ModelScore:
    """A model on today's images. `share`: right, total, value, low, high; None where it cannot be measured now (`why`).
    `tied`: not told apart from the best. `answers`: content hash -> whether it was right, of images it has not learned
    from."""

    model: Model
    share: dict | None
    tied: bool = False
    why: str = ""
    answers: dict[str, bool] = field(default_factory=dict, repr=False)

    @property
    def value(self) -> float:
        """Fraction 0..1: on today's images, or those of its own time where there are none."""
        return self.share["value"] if self.share else self.model.accuracy

    def facts(self) -> dict:
        f = self.model.facts
        return {
            "model": self.model.name,
            "share": self.share,
            "own_test": f["accuracy"],
            "tied_with_best": self.tied,
            "created": f["created"],
            "labels": f["labels"],
            "parameters": f["parameters"],
            "why": self.why,
            "architecture": f["backbone"]["title"],
            "counts": f["counts"],
        }


@dataclass(frozen=True)
class Leaderboard:
    """All standings, best first, on `images` images; `alone`: they are the test set, of version `version`."""

    ranking: tuple[ModelScore, ...]
    images: int
    version: int
    alone: bool = False
    code: int = 0

    @property
    def words(self) -> str:
        """What was measured on, to end a sentence with."""
        if self.alone:
            return f"on {self.images} images kept apart (version {self.version})"
        return f"on {self.images} images that a person sorted, each predicted without it"

    def line(self) -> str:
        if not self.ranking:
            return "no models yet"
        best = self.ranking[0]
        n = len(self.ranking)
        return f"{n} model{'s' * (n != 1)}; the best is {best.model.name} ({percent(best.value)})"

    def facts(self) -> dict:
        return {
            "images": self.images,
            "test_alone": self.alone,
            "test_version": self.version,
            "models": [s.facts() for s in self.ranking],
        }


@dataclass(frozen=True)
class Advice:
    """Is the new model better, and what would help most next."""

    verdict: str
    is_top: bool
    tips: tuple[str, ...] = field(default=())
    best_before: float | None = None  # fraction right of the best older model on the same images


def leaderboard(basetag: str, catalogue: Catalogue) -> Leaderboard:
    """Measure every model on today's images."""
    found = model_store.all_models(basetag)
    return _board(found, _images(basetag, catalogue) if found else [], catalogue)


def ranked(basetag: str, catalogue: Catalogue) -> list[Model]:
    """The models, best first by today's test set; what classify_top and ENTER choose from."""
    found = model_store.all_models(basetag)
    if len(found) < 2:
        return found
    return [s.model for s in leaderboard(basetag, catalogue).ranking]


def show(board: Leaderboard, to_stdout: bool, most: int = 1000) -> None:
    """The table of `models`: number, share right with its interval, date, name (which tells the parameters)."""
    rows = []
    for number, s in enumerate(board.ranking[:most], 1):
        share = s.share or s.model.facts["accuracy"]
        between = f"{100 * share['low']:.1f}-{100 * share['high']:.1f}"
        mark = "=" if s.tied and number > 1 else "" if s.share else "?"
        rows.append([number, f"{percent(share['value'])}{mark}", between, s.model.facts["created"][:10], s.model.name])
    console.table(["#", "right", "between", "made", "model"], rows, to_stdout)
    if len(board.ranking) > most:
        console.note(f"... and {len(board.ranking) - most} more; the flowstep models lists them all.")
    labels = sorted({label for s in board.ranking for label in s.model.labels})
    if labels:
        console.note(f"labels: {', '.join(labels)}; measured {board.words}.")
    for s in board.ranking[:most]:
        if s.why and board.images:
            console.note(f"? {s.model.name} cannot be measured now: {s.why}.")
    if any(s.tied for s in board.ranking[1:]):
        console.note("= means: not told apart from the best by the images that both are measured on.")


def advice(basetag: str, catalogue: Catalogue, new: Model, before: list[Model]) -> Advice:
    """Compare a new model with the best so far on the images that both are measured on, and say what would help."""
    images = _images(basetag, catalogue)
    board = _board(model_store.all_models(basetag), images, catalogue)
    tips = tuple(_tips(images, new))
    old = [s for s in board.ranking if s.model.name in {m.name for m in before} and s.share]
    mine = next((s for s in board.ranking if s.model.name == new.name), None)
    is_top = bool(board.ranking) and board.ranking[0].model.name == new.name
    if mine is not None and mine.share is None:
        return Advice(f"How good it is cannot be told: {mine.why}.", is_top, tips)
    if not old or mine is None or mine.share is None:
        return Advice("This is the first model that can be measured here.", is_top, tips)
    best = old[0]
    both = mine.answers.keys() & best.answers.keys()
    if not both:
        return Advice("It cannot be compared: no image is new to both this model and the best so far.", is_top, tips)
    value, other = (sum(s.answers[sha] for sha in both) / len(both) for s in (mine, best))
    gap = f"{percent(value)} against {percent(other)} on the same {len(both)} images"
    if _tied(mine, best):
        return Advice(f"Same as the best so far, within noise: {gap}.", is_top, tips, other)
    word = "Better" if value > other else "Worse"
    return Advice(f"{word} than the best so far: {gap}.", is_top, tips, other)


def _board(found: list[Model], images: list[LabeledImage], catalogue: Catalogue) -> Leaderboard:

    fair = {i.sha256: i for i in images if i.measures}
    apart = {sha for sha, part in catalogue.splits().items() if part == "test"} & fair.keys()
    alone = len(apart) >= api.TEST_SET_SUFFICES
    wanted = {sha: fair[sha] for sha in apart} if alone else fair
    lookalikes = _NearDuplicates(wanted)
    worth = 1.0 if alone else api.FOLD_EFFICIENCY  # as evidence: most answers are those of the folds' heads
    standings = [_score(model, wanted, catalogue, lookalikes, worth) for model in found]
    standings.sort(key=lambda s: (s.share is not None, s.value, s.model.facts["created"]), reverse=True)
    if standings and standings[0].share:
        best = standings[0]
        standings = [
            ModelScore(s.model, s.share, bool(s.share) and _tied(s, best), s.why, s.answers) for s in standings
        ]
    return Leaderboard(tuple(standings), len(wanted), catalogue.split_version(), alone)


def _images(basetag: str, catalogue: Catalogue) -> list[LabeledImage]:
    """The training images as they lie now; nothing is noted, for no lock may be held."""
    return provenance.training_images(basetag, catalogue, remember=False)


class _NearDuplicates:
    """Which of today's images are near-duplicates of what a model has learned from; looked up only where asked."""

    def __init__(self, images: dict[str, LabeledImage]):
        self._images = images

    def of(self, learned: frozenset[str], doubtful: list[str]) -> set[str]:
        """Those of `doubtful` that look like one of `learned`."""

        # An image that was removed since is known by the fingerprint that is remembered of it.
        files = dict.fromkeys(learned, Path(os.devnull)) | {sha: self._images[sha].path for sha in doubtful}
        group_of = near_duplicate_groups(files)
        known = {group_of[sha] for sha in learned if sha in group_of}
        return {sha for sha in doubtful if group_of.get(sha) in known}


def _score(
    model: Model, images: dict[str, LabeledImage], catalogue: Catalogue, lookalikes: _NearDuplicates, worth: float
) -> ModelScore:
    """One model's share of right answers; images of labels it does not know count as wrong."""
    if not images:
        return ModelScore(model, None, why="no images to measure on")
    try:
        answers = _correctness(model, images, catalogue, lookalikes)
    except Exception as problem:  # noqa: BLE001 - one damaged model must not hide the others
        return ModelScore(model, None, why=getattr(problem, "message", type(problem).__name__))
    if not answers:
        return ModelScore(model, None, why="it has learned from every image there is")

    return ModelScore(model, api.Share(sum(answers.values()), len(answers), worth).facts(), answers=answers)


def _correctness(
    model: Model, images: dict[str, LabeledImage], catalogue: Catalogue, lookalikes: _NearDuplicates
) -> dict[str, bool]:
    """Content hash -> whether the model is right, of images that it has not learned from, nor from a look-alike.

    Raises:
        RoboError: the model is damaged, or its backbone has changed and is gone.
    """

    model_store.verify_parts(
        model, "head.npz", *((api.OUT_OF_FOLD_FILE,) if model_store.has(model, api.OUT_OF_FOLD_FILE) else ())
    )
    before = catalogue.held_out_by(int(model.facts.get("test_version", 0))) & images.keys()
    if not model_store.has(model, api.OUT_OF_FOLD_FILE):  # made by a version that kept no predictions
        return {sha: g == images[sha].label for sha, g in _predicted(model, images, sorted(before)).items()}
    kept = api.load_out_of_fold(model.folder, model.labels)
    guesses = {sha: kept.guesses[sha] for sha in images if sha in kept.guesses}
    unseen = [sha for sha in images if sha not in guesses and sha not in kept.trained_on]
    doubtful = [sha for sha in unseen if sha not in before]
    alike = lookalikes.of(kept.trained_on, doubtful) if doubtful else set()
    guesses |= _predicted(model, images, [sha for sha in unseen if sha not in alike])
    return {sha: guess == images[sha].label for sha, guess in guesses.items()}


def _predicted(model: Model, images: dict[str, LabeledImage], shas: list[str]) -> dict[str, str]:
    """Content hash -> the label a model gives to an image; those that cannot be read are left out."""
    import numpy as np

    if not shas:
        return {}
    head, _ = api.load_head(model.folder)
    done = embedder_of(model).embed({sha: images[sha].path for sha in shas})
    known = list(done.vectors)
    rows = head.logits(np.stack([done.vectors[s] for s in known])).argmax(axis=1) if known else []
    return {sha: model.labels[i] for sha, i in zip(known, rows, strict=True)}


def _tied(one: ModelScore, best: ModelScore) -> bool:
    """Whether two models are not told apart by the images that both are measured on."""

    both = one.answers.keys() & best.answers.keys()
    import numpy as np

    mine, its = (np.array([each.answers[sha] for sha in both], bool) for each in (one, best))
    _, _, p_value = api.paired_test(mine, its, np.arange(len(both)))
    return p_value >= SIGNIFICANCE


def _tips(images: list[LabeledImage], model: Model) -> list[str]:
    """What would help most: the label with the fewest human images, the most confused pair, a narrow `not`."""
    counts = Counter(i.label for i in images if i.given_by == PERSON)
    tips = []
    if counts:
        label, n = min(counts.items(), key=lambda pair: (pair[1], pair[0]))
        tips.append(f"{label} has the fewest images sorted by a person ({n}); more of those help most.")
    table, labels = model.facts["confusion"], model.labels
    pairs = [(table[i][j], i, j) for i in range(len(labels)) for j in range(len(labels)) if i != j]
    times, i, j = max(pairs, default=(0, 0, 0))
    if times:
        tips.append(f"{labels[i]} is taken for {labels[j]} most often ({times} images): look at those.")
    others = [n for label, n in counts.items() if label != "not"]
    if "not" in counts and others and counts["not"] < 1.5 * sum(others) / len(others):
        tips.append("`not` is narrow: give it more kinds of other things, from several searchtags.")
    return tips
