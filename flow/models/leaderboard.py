"""Measures every model of a basetag on today's images, each only on those it has not learned from; best first.

This is cheap: cross-validated predictions are stored with each model, and the embeddings of other images are cached.
"""

import itertools
import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from flow.base.learning import api, near_duplicate_groups
from flow.base.names import percent, percent_range
from flow.models import model_store
from flow.models.backbone import embedder_of
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory
from flow.records.provenance import LabeledImage
from flow.records.rows import PERSON
from flow.ui import console

SIGNIFICANCE = 0.05  # p-value of McNemar's test below which a difference counts


@dataclass(frozen=True)
class ModelScore:
    """A model on today's images. `share`: right, total, value, low, high; None where it cannot be measured now (`why`).
    `tied`: its difference from the best is not significant. `guesses`: content hash -> the label of today that the
    model predicts, of images it has not learned from; `answers`: whether that is right. `since`: which of its labels
    have other names today."""

    model: Model
    share: dict | None
    tied: bool = False
    why: str = ""
    answers: dict[str, bool] = field(default_factory=dict, repr=False)
    guesses: dict[str, str] = field(default_factory=dict, repr=False)
    since: str = ""
    groups: dict[str, str] = field(default_factory=dict, repr=False)  # content hash -> recording, where it is of one

    @property
    def value(self) -> float:
        """Accuracy 0..1 on today's images; where it cannot be measured on them, the one from when it was made."""
        return self.share["value"] if self.share else self.model.accuracy

    @property
    def low(self) -> float:
        """Where the interval begins: a model that fewer of the images measure is not the best for being lucky there."""
        share = self.share or self.model.facts["accuracy"]
        return float(share.get("low", 0.0))

    def facts(self) -> dict:
        f = self.model.facts
        return {
            "model": self.model.name,
            "share": self.share,
            "own_test": f["accuracy"],
            "tied_with_best": self.tied,
            "created": f["created"],
            "labels": f["labels"],
            "labels_since": self.since,
            "parameters": f["parameters"],
            "why": self.why,
            "architecture": f["backbone"]["title"],
            "counts": f["counts"],
        }


@dataclass(frozen=True)
class Leaderboard:
    """The models, best first, measured on `images` images; `alone`: these are the test set, in version `version`."""

    ranking: tuple[ModelScore, ...]
    images: int
    version: int
    alone: bool = False
    code: int = 0

    @property
    def words(self) -> str:
        """What the accuracies were measured on."""
        if self.alone:
            return f"on {self.images} held-out images (test set version {self.version})"
        return f"cross-validated on {self.images} images that a person labelled"

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
    """Whether the new model is better, and what would help most next."""

    verdict: str
    is_top: bool
    tips: tuple[str, ...] = field(default=())
    best_before: float | None = None  # accuracy of the best older model on the same images


def leaderboard(basetag: str, catalogue: Catalogue) -> Leaderboard:
    """Measure every model on today's images."""
    found = model_store.all_models(basetag)
    return _board(found, _images(basetag, catalogue) if found else [], catalogue)


def ranked(basetag: str, catalogue: Catalogue) -> list[Model]:
    """The models, best first by today's images; classify_top and ENTER choose the first."""
    found = model_store.all_models(basetag)
    if len(found) < 2:
        return found
    return [s.model for s in leaderboard(basetag, catalogue).ranking]


def show(board: Leaderboard, to_stdout: bool, most: int = 1000) -> None:
    """Show a table: number, accuracy with its interval, date, and name, in which the parameters stand."""
    rows = []
    for number, s in enumerate(board.ranking[:most], 1):
        share = s.share or s.model.facts["accuracy"]
        interval = percent_range(share["low"], share["high"])
        mark = " =" if s.tied and number > 1 else "" if s.share else " ?"
        name = f"{s.model.name} (knows {s.since})" if s.since else s.model.name
        rows.append([number, f"{percent(share['value'])}{mark}", interval, s.model.facts["created"][:10], name])
    console.table(["#", "accuracy", "95 % interval", "made", "model"], rows, to_stdout)
    if len(board.ranking) > most:
        console.note(f"... and {len(board.ranking) - most} more; the flowstep models lists them all.")
    labels = sorted({label for s in board.ranking for label in s.model.labels})
    if labels:
        console.note(f"labels: {', '.join(labels)}; accuracy {board.words}.")
    for s in board.ranking[:most]:
        if s.why and board.images:
            console.note(f"? {s.model.name} cannot be measured now: {s.why}.")
    for first, second in itertools.pairwise(board.ranking[:most]):
        if first.share and second.share and first.low < second.low:  # see _chosen_first
            console.note(f"{first.model.name} was better than the head where both were measured by the same folds.")
    if any(s.tied for s in board.ranking[1:]):
        console.note("= means: on the same images, its difference from the best is not significant.")


def advice(basetag: str, catalogue: Catalogue, new: Model, before: list[Model]) -> Advice:
    """Compare a new model with the best so far on the images that are new to both, and say what would help most."""
    images = _images(basetag, catalogue)
    board = _board(model_store.all_models(basetag), images, catalogue)
    tips = tuple(_tips(images, new))
    old = [s for s in board.ranking if s.model.name in {m.name for m in before} and s.share]
    mine = next((s for s in board.ranking if s.model.name == new.name), None)
    is_top = bool(board.ranking) and board.ranking[0].model.name == new.name
    if mine is not None and mine.share is None:
        return Advice(f"It cannot be measured: {mine.why}.", is_top, tips)
    if not old or mine is None or mine.share is None:
        return Advice(_first(mine, is_only=not before), is_top, tips)
    best = old[0]
    both = mine.answers.keys() & best.answers.keys()
    if not both:
        return Advice("It cannot be compared: no image is new to both this model and the best so far.", is_top, tips)
    value, other = (sum(s.answers[sha] for sha in both) / len(both) for s in (mine, best))
    gap = f"{percent(value)} against {percent(other)} on the same {len(both)} images"
    if _tied(mine, best):
        return Advice(f"Same as the best so far, the difference is not significant: {gap}.", is_top, tips, other)
    word = "Better" if value > other else "Worse"
    return Advice(f"{word} than the best so far: {gap}.", is_top, tips, other)


def _first(score: ModelScore | None, is_only: bool) -> str:
    """The verdict on a model that cannot be compared with an older one.

    Args:
        is_only: there are no older ones.
    """
    begin = "Your first model" if is_only else "The first model that can be measured here"
    if score is None or score.share is None:
        return f"{begin} could not be measured."
    right, total = score.share["right"], score.share["total"]
    interval = percent_range(score.share["low"], score.share["high"])
    return f"{begin}: {right} of {total} correct (95 % interval {interval})."


def _board(found: list[Model], images: list[LabeledImage], catalogue: Catalogue) -> Leaderboard:
    measuring, groups = {i.sha256: i for i in images if i.measures}, catalogue.groups()
    held_out = {sha for sha, part in catalogue.splits().items() if part == "test"} & measuring.keys()
    alone = len({groups.get(sha, sha) for sha in held_out}) >= api.TEST_SET_SUFFICES
    wanted = {sha: measuring[sha] for sha in held_out} if alone else measuring
    related = _Related(wanted, groups)
    worth = 1.0 if alone else api.FOLD_EFFICIENCY  # as evidence: most predictions are those of the folds' heads
    changes, known = LabelHistory.of(catalogue.label_changes()), {image.label for image in images}
    today = {model.name: TodaysLabels.of(model, changes, known) for model in found}
    scores = [_score(model, today[model.name], wanted, catalogue, related, worth) for model in found]
    scores.sort(key=lambda s: (s.share is not None, s.low, s.value, s.model.facts["created"]), reverse=True)
    scores = _chosen_first(scores)
    if scores and scores[0].share:
        best = scores[0]
        scores = [replace(s, tied=bool(s.share) and _tied(s, best)) for s in scores]
    return Leaderboard(tuple(scores), len(wanted), catalogue.split_version(), alone)


def _chosen_first(scores: list[ModelScore]) -> list[ModelScore]:
    """The scores with each model that was chosen over the head of the same images (`--tune auto`) before that head: its
    fewer folds learned from fewer images each, so its own accuracy looks a little lower than it is."""
    ordered = list(scores)
    for score in scores:
        of = (score.model.facts.get("selection") or {}).get("of")
        head = next((s for s in ordered if of and s.model.facts.get("made_from") == of), None)
        if head and head is not score and score.share and ordered.index(head) < ordered.index(score):
            ordered.remove(score)
            ordered.insert(ordered.index(head), score)
    return ordered


def _images(basetag: str, catalogue: Catalogue) -> list[LabeledImage]:
    """The training images as they are now. Nothing is written, as the caller may not hold the lock."""
    return provenance.training_images(basetag, catalogue, remember=False)


class _Related:
    """Finds today's images that are near-duplicates, or of the same recording, as what a model has learned from.

    Args:
        recordings: content hash -> recording, of images that are of one.
    """

    def __init__(self, images: dict[str, LabeledImage], recordings: dict[str, str]):
        self._images, self.recordings = images, recordings

    def among(self, candidates: list[str], learned: frozenset[str]) -> set[str]:
        """The candidates that are not new to a model that has learned from `learned`; all are content hashes."""
        # The fingerprint of an image that was removed since is still remembered.
        files = dict.fromkeys(learned, Path(os.devnull)) | {sha: self._images[sha].path for sha in candidates}
        group_of = api.merge_groups(files, near_duplicate_groups(files), self.recordings)
        known = {group_of[sha] for sha in learned}
        return {sha for sha in candidates if group_of[sha] in known}


def _score(
    model: Model,
    today: TodaysLabels,
    images: dict[str, LabeledImage],
    catalogue: Catalogue,
    related: _Related,
    worth: float,
) -> ModelScore:
    """A model's accuracy; images of labels that it does not know count as wrong. None where a label comes from too few
    recordings, or where labels of the model were split since: then its predictions are neither right nor wrong."""
    since = today.words
    if not images:
        return ModelScore(model, None, why="no images to measure on", since=since)
    if today.unclear:
        return ModelScore(model, None, why=f"it knows {today.unclear}, and cannot tell which", since=since)
    try:
        guesses = _guesses(model, today, images, catalogue, related)
    except Exception as problem:  # noqa: BLE001 - one damaged model must not hide the others
        return ModelScore(model, None, why=getattr(problem, "message", type(problem).__name__), since=since)
    if not guesses:
        reasons = model.facts.get("not_measured") or ["it has learned from all images that could measure it"]
        return ModelScore(model, None, why=reasons[0].rstrip("."), since=since)

    import numpy as np

    answers = {sha: guess == images[sha].label for sha, guess in guesses.items()}
    recordings = {sha: related.recordings[sha] for sha in answers if sha in related.recordings}
    groups = np.array([recordings.get(sha, sha) for sha in answers])
    labels, grouped = np.array([images[sha].label for sha in answers]), [sha in recordings for sha in answers]
    if few := api.too_few_recordings(labels, groups, np.array(grouped)):
        label, count = few[0]
        why = f"{label} comes from {count} recording{'s' * (count != 1)}, too few to measure"
        return ModelScore(model, None, why=why, since=since)
    share = api.Share(sum(answers.values()), len(answers), worth * api.group_efficiency(groups)).facts()
    return ModelScore(model, share, answers=answers, guesses=guesses, since=since, groups=recordings)


def _guesses(
    model: Model, today: TodaysLabels, images: dict[str, LabeledImage], catalogue: Catalogue, related: _Related
) -> dict[str, str]:
    """Content hash -> the label of today that the model predicts, of images that it has learned neither from nor from a
    related one.

    Raises:
        RoboError: the model is damaged, or its backbone has changed and cannot be had.
    """
    model_store.verify_parts(
        model, "head.npz", *((api.OUT_OF_FOLD_FILE,) if model_store.has(model, api.OUT_OF_FOLD_FILE) else ())
    )
    before = catalogue.held_out_by(int(model.facts.get("test_version", 0))) & images.keys()
    if not model_store.has(model, api.OUT_OF_FOLD_FILE):  # made by a version that kept no predictions
        own = _predicted(model, images, sorted(before))
    else:
        kept = api.load_out_of_fold(model.folder, model.labels)
        own = {sha: kept.guesses[sha] for sha in images if sha in kept.guesses}
        unseen = [sha for sha in images if sha not in own and sha not in kept.trained_on]
        candidates = [sha for sha in unseen if sha not in before]
        repeated = related.among(candidates, kept.trained_on) if candidates else set()
        own |= _predicted(model, images, [sha for sha in unseen if sha not in repeated])
    return {sha: today.guess(guess) for sha, guess in own.items()}


def _predicted(model: Model, images: dict[str, LabeledImage], shas: list[str]) -> dict[str, str]:
    """Content hash -> the label that a model predicts; images that cannot be read are left out."""
    if not shas:
        return {}
    head, _ = api.load_head(model.folder)
    done = embedder_of(model).embed({sha: images[sha].path for sha in shas})
    known = list(done.vectors)
    rows = head.logits(done.vectors.table(known)).argmax(axis=1)
    return {sha: model.labels[i] for sha, i in zip(known, rows, strict=True)}


def _tied(one: ModelScore, best: ModelScore) -> bool:
    """Whether the difference of two models, on the images that both are measured on, is not significant."""
    import numpy as np

    both = sorted(one.answers.keys() & best.answers.keys())

    mine, its = (np.array([each.answers[sha] for sha in both], bool) for each in (one, best))
    _, _, p_value = api.paired_test(mine, its, np.array([one.groups.get(sha, sha) for sha in both]))
    return bool(p_value >= SIGNIFICANCE)


def _tips(images: list[LabeledImage], model: Model) -> list[str]:
    """What would help most: more images of the smallest label, a look at the most confused pair, a wider `not`."""
    counts = Counter(i.label for i in images if i.given_by == PERSON)
    tips = []
    if counts:
        label, n = min(counts.items(), key=lambda pair: (pair[1], pair[0]))
        tips.append(f"{label} has the fewest images labelled by a person ({n}): more of those help most.")
    table, labels = model.facts["confusion"], model.labels
    pairs = [(table[i][j], i, j) for i in range(len(labels)) for j in range(len(labels)) if i != j]
    times, i, j = max(pairs, default=(0, 0, 0))
    if times:
        tips.append(
            f"{labels[i]} is mistaken for {labels[j]} most often ({times} image{'s' * (times != 1)}): look at those."
        )
    others = [n for label, n in counts.items() if label != "not"]
    if "not" in counts and others and counts["not"] < 1.5 * sum(others) / len(others):
        tips.append("`not` has few images: add more kinds of other things to it, from several searchtags.")
    return tips
