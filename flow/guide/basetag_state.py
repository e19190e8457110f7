"""Where a basetag stands, read from the disk in one place: counts and names. No image is read, nothing is changed."""

from collections import Counter
from dataclasses import dataclass, field

import config as cfg
from flow.base import files, names, paths, runlog
from flow.download.result import was_offline
from flow.models import model_store
from flow.models.model_store import Model
from flow.models.suspects import suspects
from flow.models.todays_labels import TodaysLabels, best_of_today
from flow.records import provenance
from flow.records.decisions import TRAINING
from flow.records.journal import DONE, UNDOING, journal_folders, journal_number
from flow.records.labels.history import LabelHistory
from flow.records.summary import CatalogueSummary, summarize
from flow.retrain.step import IMAGES_LEAST


@dataclass(frozen=True)
class LabelCount:
    """Training images of a label, by who labelled them."""

    by_person: int = 0
    by_model: int = 0

    @property
    def images(self) -> int:
        return self.by_person + self.by_model


@dataclass(frozen=True)
class BestModel:
    """Of the models that know most of today's labels the one whose interval began highest when it was made; fractions
    0..1, measured on `total` images. `since`: which of its labels are called otherwise today."""

    name: str
    value: float
    low: float
    high: float
    total: int
    words: str = ""  # the same as a sentence
    since: str = ""


@dataclass(frozen=True)
class BasetagState:
    """Everything that the next step depends on."""

    basetag: str
    known: bool = True  # it has folders
    labels: dict[str, LabelCount] = field(default_factory=dict)  # empty label folders too
    unsorted: dict[str, int] = field(default_factory=dict)  # searchtag -> images that are neither sorted nor training
    labeled_unsorted: int = 0  # of those, how many a person has labelled on the check page
    to_check: dict[str, int] = field(default_factory=dict)  # sorted_ folder -> images in it that nobody has checked
    checked: dict[str, int] = field(default_factory=dict)  # sorted_ folder, approved or all checked -> images in it
    best: BestModel | None = None
    models: int = 0
    unknown_labels: tuple[str, ...] = ()  # labels with images that the best model does not know
    suspects: int = 0  # training images that the best model takes for mislabelled, and nobody has looked at
    new_images: int = 0  # in training now and not when the newest model was made
    least: int = IMAGES_LEAST  # images a label needs to be trained on
    least_usual: int = 0  # images a label needs without --images-min
    last_flowstep: str = ""
    offline: bool = False  # the last search found no network
    unfinished: dict[str, tuple[int, str]] = field(default_factory=dict)  # searchtag with images -> (asked, sources)
    last_harvest: str = ""  # the harvested_ folder that undo would put back
    tf_files: str = ""  # the folder of all data, where it is not in its usual place
    other_basetags: int = 0

    @property
    def filled(self) -> dict[str, int]:
        """Label -> images, without empty labels."""
        return {label: count.images for label, count in self.labels.items() if count.images}

    @property
    def trainable(self) -> dict[str, int]:
        """The same without labels that a training leaves out."""
        out = provenance.left_out(self.filled)
        return {label: n for label, n in self.filled.items() if label not in out}

    @property
    def lacking(self) -> dict[str, int]:
        """Label -> how many images it lacks to be trained on."""
        return {label: self.least - n for label, n in self.filled.items() if n < self.least}

    @property
    def can_train(self) -> bool:
        trained = self.trainable
        some_checked = all(self.labels[label].by_person for label in trained)
        return len(trained) >= cfg.retrain_label_min and not self.lacking.keys() & trained.keys() and some_checked


def basetags() -> list[str]:
    """Every basetag that has folders, by name."""
    roots = (paths.training_root(), paths.testing_root())
    return sorted({f.name for root in roots for f in files.folders_in(root)})


def is_known(basetag: str) -> bool:
    return paths.training(basetag).is_dir() or paths.testing(basetag).is_dir()


def read_state(basetag: str) -> BasetagState:
    """Look at the disk."""
    known, models = summarize(basetag), model_store.all_models(basetag)
    last = runlog.read_last_run(paths.last_run(basetag))
    labels = {label: _count(n, known.by_model[label]) for label, n in provenance.label_counts(basetag).items()}
    inside = {f.name: _images(f.name, basetag) for f in provenance.sorted_folders(basetag)}
    unchecked = {name: _unchecked(name, there, known) for name, there in inside.items() if name not in known.approved}
    unsorted = _unsorted(basetag, known)
    filled = [label for label, count in labels.items() if count.images]
    best = best_of_today(models, known.changes, filled)
    return BasetagState(
        basetag=basetag,
        known=bool(models or is_known(basetag)),
        labels=labels,
        unsorted={tag: len(left) for tag, left in unsorted.items()},
        labeled_unsorted=sum(
            len(left & known.labeled.get(cfg.unsorted_name + tag, set())) for tag, left in unsorted.items()
        ),
        to_check={name: n for name, n in unchecked.items() if n},
        checked={name: len(there) for name, there in inside.items() if there and not unchecked.get(name)},
        best=_figures(best, known.changes) if best else None,
        models=len(models),
        unknown_labels=tuple(_unknown(filled, best, known.changes)),
        suspects=_suspects(basetag, best, known),
        new_images=_new_images(models, labels, known.changes),
        least_usual=cfg.retrain_imgcount_default,
        last_flowstep=str(last.get("flowstep", "")),
        offline=was_offline(last.get("results")),
        unfinished={
            tag: begun
            for tag, begun in known.unfinished.items()
            if files.count_images(paths.unsorted_dir(basetag, tag))
        },
        last_harvest=_last_harvest(basetag),
        tf_files=paths.tf_files_to_type(),
        other_basetags=sum(name != basetag for name in basetags()),
    )


def _count(images: int, by_model: int) -> LabelCount:
    return LabelCount(images - min(images, by_model), min(images, by_model))


def _unchecked(folder: str, there: list[tuple[str, str]], known: CatalogueSummary) -> int:
    """How many images of a sorted_ folder the check page would show, told by names alone: in a label's folder those
    that the program put there and nobody accepted, and all that are below confidence_min."""
    accepted, placed = known.labeled.get(folder, set()), known.placed.get(folder)
    return sum(
        names.is_under(place) or (name not in accepted and (placed is None or placed.get(name) == place))
        for place, name in there
    )


def _images(name: str, basetag: str) -> list[tuple[str, str]]:
    """(folder, name) of the images in a sorted_ folder, without a person's own folders in it."""
    labels = {folder.name for folder in provenance.label_folders(basetag)}
    inside = files.folders_in(paths.testing(basetag) / name)
    ours = (f for f in inside if f.name in labels or names.is_under(f.name))
    return [(folder.name, name) for folder in ours for name in files.image_names(folder)]


def _unsorted(basetag: str, known: CatalogueSummary) -> dict[str, set[str]]:
    """Searchtag -> names of the images that are left to sort, where there are any."""
    left = {}
    for folder in provenance.unsorted_folders(basetag):
        names_left = set(files.image_names(folder)) - known.done
        if names_left:
            left[folder.name.removeprefix(cfg.unsorted_name)] = names_left
    return left


def _figures(model: Model, changes: LabelHistory) -> BestModel:
    share, since = model.facts["accuracy"], TodaysLabels.of(model, changes).words
    try:
        low, high = float(share["low"]), float(share["high"])
        figures = float(share["value"]), low, high, int(share["total"])
        return BestModel(model.name, *figures, words=model.accuracy_words, since=since)
    except (KeyError, TypeError, ValueError):
        return BestModel(model.name, model.accuracy, 0.0, 1.0, 0, since=since)


def _unknown(labels: list[str], model: Model | None, changes: LabelHistory) -> list[str]:
    known = TodaysLabels.of(model, changes).known if model else set(labels)
    return [label for label in labels if label not in known]


def _suspects(basetag: str, model: Model | None, known: CatalogueSummary) -> int:
    """How many are still there and were not looked at, told by names alone."""
    decided = known.labeled.get(TRAINING, set())
    found = suspects(basetag, model, known.changes)
    return sum(one.path.name not in decided and one.path.is_file() for one in found)


def _new_images(models: list[Model], labels: dict[str, LabelCount], changes: LabelHistory) -> int:
    """Images more than the newest model was trained on, under the labels of today."""
    newest = max(models, key=lambda m: str(m.facts["created"]), default=None)
    if newest is None:
        return 0
    before = newest.facts.get("listed")
    if not isinstance(before, dict):  # a model of the versions before that was written down
        counts = newest.facts.get("counts", {})
        before = {label: row.get("images", 0) for label, row in counts.items() if isinstance(row, dict)}
    version = newest.facts.get("label_version", 0)
    names = changes.names(before, version if isinstance(version, int) else 0)
    had: Counter[str] = Counter()
    for label, n in before.items():
        had[names[label]] += int(n or 0)
    return sum(max(0, count.images - had[label]) for label, count in labels.items())


def _last_harvest(basetag: str) -> str:
    done = [home for home in journal_folders(basetag) if (home / DONE).exists() or (home / UNDOING).exists()]
    return max(done, key=lambda home: (journal_number(home), home.name)).name if done else ""
