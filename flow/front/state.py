"""Where a basetag stands, gathered from the disk in one place: counts and names, no image is read, nothing is made."""

from dataclasses import dataclass, field

import config as cfg
from flow.base import files, names, paths, runlog
from flow.models import shelf
from flow.models.shelf import Model
from flow.records import labelling
from flow.records.glance import Glance, glance
from flow.records.journal import DONE, UNDOING, homes, number_of
from flow.retrain.step import IMAGES_LEAST


@dataclass(frozen=True)
class Count:
    """Training images of a label, by who labelled them."""

    human: int = 0
    robot: int = 0

    @property
    def images(self) -> int:
        return self.human + self.robot


@dataclass(frozen=True)
class Best:
    """The model that did best when it was made; fractions 0..1, measured on `total` images."""

    name: str
    value: float
    low: float
    high: float
    total: int


@dataclass(frozen=True)
class State:
    """Everything the next step depends on."""

    basetag: str
    known: bool = True  # it has folders
    labels: dict[str, Count] = field(default_factory=dict)  # empty label folders too
    unsorted: dict[str, int] = field(default_factory=dict)  # searchtag -> downloads nobody has sorted yet
    said: int = 0  # of those, how many a person has said the label of at the check page
    waiting: dict[str, int] = field(default_factory=dict)  # sorted_ folder -> images in it, not looked at
    looked_at: dict[str, int] = field(default_factory=dict)  # sorted_ folder, approved or all checked -> images in it
    best: Best | None = None  # the one whose interval begins highest
    models: int = 0
    new_images: int = 0  # in training now and not when the newest model was made
    least: int = IMAGES_LEAST  # images a label needs to be trained on
    wanted: int = 0  # images a label needs without --images-min
    last_flowstep: str = ""
    offline: bool = False  # the last search found no network
    unfinished: dict[str, tuple[int, str]] = field(default_factory=dict)  # searchtag with images -> (asked, sources)
    harvest: str = ""  # the harvested_ folder that undo would put back
    elsewhere: str = ""  # tf_files where it is not in its usual place
    others: int = 0  # further basetags

    @property
    def filled(self) -> dict[str, int]:
        """Label -> images, without empty labels."""
        return {label: count.images for label, count in self.labels.items() if count.images}

    @property
    def short(self) -> dict[str, int]:
        """Label -> how many images it lacks to be trained on."""
        return {label: self.least - n for label, n in self.filled.items() if n < self.least}

    @property
    def can_train(self) -> bool:
        some_checked = all(self.labels[label].human for label in self.filled)
        return len(self.filled) >= cfg.retrain_label_min and not self.short and some_checked


def basetags() -> list[str]:
    """Every basetag that has folders, by name."""
    roots = (paths.training_root(), paths.testing_root())
    return sorted({f.name for root in roots for f in files.folders_in(root)})


def gather(basetag: str) -> State:
    """Look at the disk."""
    seen, models, last = glance(basetag), shelf.all_models(basetag), runlog.read_last_run(paths.last_run(basetag))
    labels = {label: _count(n, seen.robots[label]) for label, n in labelling.label_counts(basetag).items()}
    piles = {f.name: _images(f.name, basetag) for f in labelling.sorted_folders(basetag)}
    open_in = {name: _left(name, pile, seen) for name, pile in piles.items() if name not in seen.approved}
    unsorted = _unsorted(basetag, seen)
    usual = paths.tf_files() == paths.PROJECT / "tf_files"
    return State(
        basetag=basetag,
        known=bool(models or paths.training(basetag).is_dir() or paths.testing(basetag).is_dir()),
        labels=labels,
        unsorted={tag: len(left) for tag, left in unsorted.items()},
        said=sum(len(left & seen.said.get(cfg.unsorted_name + tag, set())) for tag, left in unsorted.items()),
        waiting={name: n for name, n in open_in.items() if n},
        looked_at={name: len(pile) for name, pile in piles.items() if pile and not open_in.get(name)},
        best=max((_best(model) for model in models), key=lambda best: best.low) if models else None,
        models=len(models),
        new_images=_new_images(models, labels),
        wanted=cfg.retrain_imgcount_default,
        last_flowstep=str(last.get("flowstep", "")),
        offline=is_offline(last.get("results")),
        unfinished={
            tag: begun for tag, begun in seen.begun.items() if files.count_images(paths.unsorted_dir(basetag, tag))
        },
        harvest=_last_harvest(basetag),
        elsewhere="" if usual else str(paths.tf_files()),
        others=sum(name != basetag for name in basetags()),
    )


def is_offline(results: object) -> bool:
    """Whether a run's download, as its facts tell, looked at nothing because no site could be reached."""
    got = results.get("download") if isinstance(results, dict) else None
    if not isinstance(got, dict) or got.get("looked_at") or got.get("kept_before"):
        return False
    return "cannot be reached" in str(got.get("reason"))


def _count(images: int, robots: int) -> Count:
    return Count(images - min(images, robots), min(images, robots))


def _left(folder: str, pile: list[tuple[str, str]], seen: Glance) -> int:
    """How many of a sorted_ folder's images nobody has said anything of: what the check page would show, told by names
    alone. In a label's folder that is what the program put there and nobody accepted; what is under the line waits."""
    said, placed = seen.said.get(folder, set()), seen.placed.get(folder)
    return sum(
        names.is_under(place) or (name not in said and (placed is None or placed.get(name) == place))
        for place, name in pile
    )


def _images(name: str, basetag: str) -> list[tuple[str, str]]:
    """(folder, name) of the images in a sorted_ folder that the program put there or would harvest; a person's own
    folders aside."""
    labels = {folder.name for folder in labelling.label_folders(basetag)}
    inside = files.folders_in(paths.testing(basetag) / name)
    mine = (f for f in inside if f.name in labels or names.is_under(f.name))
    return [(folder.name, name) for folder in mine for name in files.image_names(folder)]


def _unsorted(basetag: str, seen: Glance) -> dict[str, set[str]]:
    """The names of what is left to sort in each unsorted_ folder, in those where something is."""
    left = {}
    for folder in labelling.unsorted_folders(basetag):
        names_left = set(files.image_names(folder)) - seen.done
        if names_left:
            left[folder.name.removeprefix(cfg.unsorted_name)] = names_left
    return left


def _best(model: Model) -> Best:
    share = model.facts["accuracy"]
    try:
        return Best(model.name, float(share["value"]), float(share["low"]), float(share["high"]), int(share["total"]))
    except (KeyError, TypeError, ValueError):
        return Best(model.name, model.accuracy, 0.0, 1.0, 0)


def _new_images(models: list[Model], labels: dict[str, Count]) -> int:
    """Images more than the newest model was trained on."""
    newest = max(models, key=lambda m: str(m.facts["created"]), default=None)
    if newest is None:
        return 0
    then = newest.facts.get("listed")
    if not isinstance(then, dict):  # made before that was noted
        counts = newest.facts.get("counts", {})
        then = {label: row.get("images", 0) for label, row in counts.items() if isinstance(row, dict)}
    return sum(max(0, count.images - int(then.get(label) or 0)) for label, count in labels.items())


def _last_harvest(basetag: str) -> str:
    done = [home for home in homes(basetag) if (home / DONE).exists() or (home / UNDOING).exists()]
    return max(done, key=lambda home: (number_of(home), home.name)).name if done else ""
