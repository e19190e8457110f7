"""unsorted_{searchtag}/ -> sorted_{stamp}/{label}/ and {label}_under925/, as copies with the score in the name.

Unreadable images are moved to quarantine/ with the reason. A run that is killed leaves no sorted_ folder; the next run
sorts them again, with the embeddings that are stored already.
"""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import config as cfg
from flow.base import files, paths, runlog
from flow.base.learning import api, hash_cache
from flow.base.options import option, text
from flow.base.quarantine import move_to_quarantine
from flow.classify.scorer import Scored, Scorer, labels_of_today
from flow.models import model_store
from flow.models.model_store import Model
from flow.models.todays_labels import TodaysLabels
from flow.records import provenance, scores_file
from flow.records.catalogue import Catalogue
from flow.records.rows import SortedCopy
from flow.ui import console

WORKING = ".sorting_"  # start of the name while the folder is being filled; the next run deletes what was left


@dataclass(frozen=True)
class ClassifyOptions:
    """The options of sorting."""

    model: str = option("sort with this model; empty = the best", default="", parse=text, metavar="NAME-or-NUMBER")


@dataclass(frozen=True)
class Sorted:
    """What one run of the classifier did. `places`: folder name -> images; `unlike`: unfamiliar images; `unread`: files
    that could not be read from the disk, left where they are; `expected_wrong`: (about, at most) of the sure ones;
    `sure_before`: (right, all) of the predictions that this rests on; `threshold`: the score from which on this model
    is sure; `threshold_words`: why it is higher than confidence_min, where it is."""

    folder: Path | None
    model: str
    places: dict[str, int] = field(default_factory=dict)
    unfamiliar: int = 0
    quarantined: int = 0
    skipped: int = 0
    unread: int = 0
    expected_wrong: tuple[float, float] | None = None
    sure_before: tuple[int, int] | None = None
    threshold: float | None = None
    threshold_words: str = ""

    @property
    def sure(self) -> int:
        return sum(n for place, n in self.places.items() if cfg.under_name not in place)

    @property
    def total(self) -> int:
        return sum(self.places.values())

    @property
    def code(self) -> int:
        return 3 if self.quarantined or self.unread else 0

    def line(self) -> str:
        if not self.total and not self.quarantined and not self.unread:
            return f"nothing new to sort ({self.skipped} already sorted)" if self.skipped else "nothing to sort"
        text = f"sorted {self.total}: {self.sure} sure, {self.total - self.sure} unsure"
        if self.quarantined:
            text += f", {self.quarantined} unreadable"
        if self.unread:
            text += f", {self.unread} not read from the disk and left where they are"
        return text + (f", {self.skipped} already sorted" if self.skipped else "")

    def facts(self) -> dict:
        return {
            "folder": str(self.folder) if self.folder else None,
            "model": self.model,
            "places": self.places,
            "sure": self.sure,
            "unlike": self.unfamiliar,
            "quarantined": self.quarantined,
            "skipped": self.skipped,
            "unread": self.unread,
            "expected_wrong": self.expected_wrong,
            "threshold": self.threshold,
        }


def classify(basetag: str, searchtag: str, stamp: str, catalogue: Catalogue, model: Model) -> Sorted:
    """Sort everything in one unsorted_ folder with one model.

    Args:
        stamp: the run's time stamp, part of the sorted_ folder's name.

    Raises:
        RoboError: the model or its backbone is damaged or missing.
    """
    model_store.verify(model)
    files.sweep_folders(paths.testing(basetag), WORKING)  # copies only, every content also lies in unsorted_
    todo, skipped, unread = _todo(basetag, searchtag, catalogue, model)
    if not todo:
        return Sorted(None, model.name, skipped=skipped, unread=unread)
    today = labels_of_today(basetag, catalogue, model)
    with console.progress(len(todo), "classifying") as advance:
        scored, bad = Scorer(model, today).score(todo, advance)
    moved = _quarantine(basetag, bad, todo)
    folder, scored = _publish(basetag, stamp, catalogue, model, today, scored) if scored else (None, [])
    return Sorted(
        folder=folder,
        model=model.name,
        places=dict(sorted(Counter(s.place for s in scored).items())),
        unfamiliar=sum(s.reason == "unlike" for s in scored),
        quarantined=moved,
        skipped=skipped,
        unread=unread,
        expected_wrong=_expected_wrong(model, scored),
        sure_before=model_store.above_threshold(model),
        threshold=model_store.threshold(model),
        threshold_words=model_store.threshold_words(model),
    )


def _todo(basetag: str, searchtag: str, catalogue: Catalogue, model: Model) -> tuple[dict[str, Path], int, int]:
    """The images to sort.

    Returns:
        Content hash -> file, without those in the training data or in a sorted_ folder of the same model; how many
        those are; and how many files could not be read from the disk.
    """
    listed = files.images_in(paths.unsorted_dir(basetag, searchtag))
    training = [p for folder in provenance.label_folders(basetag) for p in files.images_in(folder)]
    with hash_cache() as cache:
        hashed, known = cache.sha256s(listed), set(cache.sha256s(training).values())
    for folder in provenance.sorted_folders(basetag):
        known |= {sha for sha, s in catalogue.sortings(folder.name).items() if s.model == model.identity}
    todo = {sha: path for path, sha in hashed.items() if sha not in known}
    return todo, len(set(hashed.values()) & known), provenance.warn_unreadable(listed, hashed)


def _publish(
    basetag: str, stamp: str, catalogue: Catalogue, model: Model, today: TodaysLabels, scored: list[Scored]
) -> tuple[Path | None, list[Scored]]:
    """Write copies and log to a hidden folder and rows to the catalogue, then give the folder its name.

    The rows come before the name, because a sorted_ folder without rows looks as if a person had filled it.

    Returns:
        The folder and the images in it, without those that somebody removed or changed meanwhile.
    """
    final = files.free_folder(paths.testing(basetag), f"{cfg.sorted_name}{stamp}")
    working = files.make_folder(final.with_name(f"{WORKING}{stamp}"))
    copies = [(s, path) for s in scored if (path := _copy(s, working / s.place))]
    if not copies:
        shutil.rmtree(working)
        return None, []
    for label in sorted(set(filter(None, map(today.guess, model.labels)))):
        files.make_folder(working / label)
    lines = [
        scores_file.ScoreLine(path.name, s.place, s.label, s.score, s.reason, s.scores, s.path.name)
        for s, path in copies
    ]
    scores_file.write(working, model.name, model.identity, lines)
    files.sync_all(working)
    catalogue.add_sortings(
        SortedCopy(final.name, path.name, s.sha256, s.place, s.label, s.score, model.identity, stamp)
        for s, path in copies
    )
    files.move_folder(working, final)
    return final, [s for s, _ in copies]


def _copy(scored: Scored, folder: Path) -> Path | None:
    """The copy of an image; None where it vanished or is another image by now."""
    target = files.free_path(files.make_folder(folder), scored.name)
    try:
        shutil.copyfile(scored.path, target)
    except FileNotFoundError:
        return None
    if files.sha256_of(target) == scored.sha256:
        return target
    target.unlink()
    return None


def _expected_wrong(model: Model, scored: list[Scored]) -> tuple[float, float] | None:
    """How many of the sure ones are wrong: the expected number and its upper bound (95 %), from the model's
    cross-validated and held-out predictions at or above the threshold. None where there are none."""
    sure, above = sum(not s.reason for s in scored), model_store.above_threshold(model)
    if not sure or not above:
        return None
    efficiency = model_store.efficiency_above_threshold(model)
    total = above[1] * efficiency
    wrong = total - above[0] * efficiency
    return round(sure * (wrong + 0.5) / (total + 1), 1), float(api.most_wrong(wrong, total, sure))


def _quarantine(basetag: str, bad: dict[str, str], todo: dict[str, Path]) -> int:
    """Move unreadable images to the quarantine, with the reason, except those that a person moved meanwhile."""
    moved = 0
    for sha, reason in bad.items():
        source = todo[sha]
        if reason == "vanished" or not source.exists():
            continue
        move_to_quarantine(basetag, source, sha, reason)
        runlog.warning(f"quarantined {source.name}: {reason}")
        moved += 1
    return moved
