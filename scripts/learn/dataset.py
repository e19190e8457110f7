"""Labelled images -> a dataset to train and measure on: embeddings, groups, folds and a test set."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import embeddings, split
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.grouping import merge_groups
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import IN_NO_FOLD
from scripts.learn.memory_budget import give_back_to_system
from scripts.learn.near_duplicate_groups import group_near_duplicates
from scripts.learn.runners import Runner

# (images up to which, number of folds). The fewer images, the more it shows that a fold's head is trained on fewer:
# with 20 a label the reported accuracy was .011 too low by 10 folds and .006 by 20 (228 runs on 20 sets of two to five
# labels); from 1,000 images on a fifth less makes no difference.
FOLDS = ((400, 20), (1000, 10))
FOLDS_OF_MANY = 5  # with still more images
ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".heic", ".heif", ".hif", ".avif")


@dataclass(frozen=True, slots=True)
class LabeledImage:
    """One file of a label folder. `human`: a person gave the label; `chosen`: the person was shown it because of doubt
    or suspicion, so it is trained on and never measures."""

    path: Path
    label: str
    sha256: str
    human: bool = True
    chosen: bool = False


class TooFewImages(Exception):
    """Not enough to train on. `counts`: label -> images."""

    def __init__(self, message: str, counts: dict[str, int]):
        super().__init__(message)
        self.counts = counts


@dataclass(frozen=True)
class SplitRules:
    """How images are divided.

    `test_percent`, `validation_percent`: of the images labelled by a person; `test_min`: groups of a label's test
    share, while it would be smaller there is no test set; `model_ratio`: images of a label that only a model labelled,
    for each that a person labelled, at most; `model_weight`: their weight in training, 0..1.
    """

    test_percent: int = 16
    validation_percent: int = 10
    test_min: int = 20
    model_ratio: float = 2.0
    model_weight: float = 0.5


@dataclass
class Dataset:
    """Images with their embeddings, one row each; all arrays have n rows.

    `vectors` [n, d]; `y` int [n]: index of the label; `human`, `chosen` bool [n]: see `LabeledImage`; `test`,
    `train`, `validation` bool [n]: no row is in two of them, and only rows that may measure are in `test` and
    `validation`; `weights` float32 [n]; `groups` int [n]; `folds` int [n] or IN_NO_FOLD; `grouped` bool [n]: the caller
    gave its group; `unreadable`: file -> reason; `newly_held_out`: content hash -> TEST, of images that were not in the
    test set before; `computed`: images that went through the backbone now; `left_out`: readable images without a row.
    """

    labels: list[str]
    images: list[LabeledImage]
    vectors: EmbeddingTable
    y: np.ndarray
    human: np.ndarray
    test: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    unreadable: dict[Path, str] = field(default_factory=dict)
    newly_held_out: dict[str, str] = field(default_factory=dict)
    computed: int = 0
    left_out: int = 0
    chosen: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    grouped: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    def __post_init__(self) -> None:
        for name in ("chosen", "grouped"):
            if len(getattr(self, name)) != len(self.y):
                setattr(self, name, np.zeros(len(self.y), bool))

    @property
    def measures(self) -> np.ndarray:
        """bool [n]: rows that a person labelled and nobody chose; only these measure."""
        return self.human & ~self.chosen

    def counts(self) -> dict[str, dict[str, int]]:
        """label -> images, human, robot, train, validation, test."""
        rows = {}
        for i, label in enumerate(self.labels):
            own = self.y == i
            rows[label] = {
                "images": int(own.sum()),
                "human": int((own & self.human).sum()),
                "robot": int((own & ~self.human).sum()),
                "train": int((own & self.train).sum()),
                "validation": int((own & self.validation).sum()),
                "test": int((own & self.test).sum()),
            }
        return rows


def list_images(image_dir: Path, hashes: HashCache) -> list[LabeledImage]:
    """The images in the label folders directly under `image_dir`. A content that is in two label folders counts once,
    in the first by name."""
    found: list[LabeledImage] = []
    for folder in sorted(p for p in image_dir.iterdir() if p.is_dir() and not p.name.startswith(".")):
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith("."))
        found += [LabeledImage(path, folder.name, sha) for path, sha in hashes.sha256s(paths).items()]
    return without_repeats(found)


def without_repeats(images: list[LabeledImage]) -> list[LabeledImage]:
    """Each content once; a person's label before a model's, then the first."""
    best: dict[str, LabeledImage] = {}
    for image in sorted(images, key=lambda i: not i.human):
        best.setdefault(image.sha256, image)
    return sorted(best.values(), key=lambda i: (i.label, i.path.name, i.sha256))


def build_dataset(
    images: list[LabeledImage],
    runner: Runner,
    store: embeddings.EmbeddingStore,
    hashes: HashCache,
    rules: SplitRules,
    frozen: dict[str, str] | None = None,
    progress: Callable[[int], None] = lambda n: None,
    groups: Mapping[str, str] | None = None,
) -> Dataset:
    """Embeddings, groups, folds and split of some images.

    Args:
        frozen: content hash -> TEST, of images held out by earlier runs.
        progress: called with how many more images have their embeddings.
        groups: content hash -> group (a recording, an observation, an album), of images that have one; near-duplicates
            are found here and merged with these. No group is both trained on and measured by.

    Raises:
        TooFewImages: fewer than two labels, or a label without a readable human image to train on.
    """
    files = {i.sha256: i.path for i in images}
    near_duplicates = group_near_duplicates(hashes.fingerprints(files).items())
    give_back_to_system()  # fingerprints take as much room as embeddings, so one after the other
    embedded = embeddings.embed(files, runner, store, progress)
    give_back_to_system()
    readable = [i for i in images if i.sha256 in embedded.vectors]
    group_of = merge_groups((i.sha256 for i in readable), near_duplicates, groups or {})
    members = [split.Member(i.sha256, i.label, i.human and not i.chosen, group_of[i.sha256], i.human) for i in readable]
    assigned = split.assign(members, rules.test_percent, rules.test_min, frozen or {})
    used = _without_surplus(readable, assigned, rules.model_ratio)
    data = _rows(used, group_of, assigned, rules, embedded)
    data.grouped = np.array([i.sha256 in (groups or {}) for i in used], bool)
    data.unreadable = {i.path: embedded.bad[i.sha256] for i in images if i.sha256 in embedded.bad}
    data.newly_held_out, data.computed = assigned.newly_held_out, embedded.computed
    data.left_out = len(readable) - len(used)
    give_back_to_system()
    _check(data, {i.label for i in images})
    return data


def _without_surplus(images: list[LabeledImage], assigned: split.Split, ratio: float) -> list[LabeledImage]:
    """The images without those that are left out, and of each label at most `ratio` labelled by a model for each that a
    person labelled."""
    by_people = Counter(i.label for i in images if i.human)
    allowed = {label: int(ratio * n) for label, n in by_people.items()}
    by_model: dict[str, int] = defaultdict(int)
    used = []
    for image in sorted(images, key=lambda i: i.sha256):
        if assigned.parts[image.sha256] == split.LEFT_OUT:
            continue
        if not image.human:
            by_model[image.label] += 1
            if by_model[image.label] > allowed.get(image.label, 0):
                continue
        used.append(image)
    return sorted(used, key=lambda i: (i.label, i.sha256))


def _rows(
    images: list[LabeledImage],
    group_of: dict[str, str],
    assigned: split.Split,
    rules: SplitRules,
    embedded: embeddings.Embeddings,
) -> Dataset:
    labels = sorted({i.label for i in images})
    number = {name: n for n, name in enumerate(sorted({group_of[i.sha256] for i in images}))}
    human, chosen = (np.array([getattr(i, name) for i in images], bool) for name in ("human", "chosen"))
    test = np.array([assigned.parts[i.sha256] == split.TEST for i in images], bool)
    candidates = np.array([split.is_validation(group_of[i.sha256], rules.validation_percent) for i in images], bool)
    # Without a test set there is no validation set either: the folds are watched.
    validation = candidates & ~test & human & ~chosen & test.any()
    groups = np.array([number[group_of[i.sha256]] for i in images], int)
    # An image labelled by a model in the group of a validation image would leak what validation measures.
    train = ~test & ~np.isin(groups, groups[validation])
    return Dataset(
        labels=labels,
        images=images,
        vectors=embedded.vectors.table([i.sha256 for i in images]),
        y=np.array([labels.index(i.label) for i in images], int),
        human=human,
        test=test,
        train=train,
        validation=validation,
        weights=np.where(human, 1.0, rules.model_weight).astype(np.float32),
        groups=groups,
        folds=_folds(images, groups),
        chosen=chosen,
    )


def _folds(images: list[LabeledImage], groups: np.ndarray) -> np.ndarray:
    """The fold of each image, int [n]. Images that only a model labelled are in none, as the model knew the very labels
    that the folds hold back. Nor do they change the folds of the others, so that only what people say moves the
    reported accuracy."""
    folds = np.full(len(images), IN_NO_FOLD)
    rows = np.flatnonzero([i.human for i in images])
    first: dict[int, str] = {}
    for row in rows:
        first[groups[row]] = min(first.get(groups[row], images[row].sha256), images[row].sha256)
    names = [first[groups[row]] for row in rows]
    folds[rows] = split.folds([images[row].label for row in rows], names, fold_count(len(rows)))
    return folds


def fold_count(images: int) -> int:
    """The number of folds for so many images."""
    return next((count for most, count in FOLDS if images <= most), FOLDS_OF_MANY)


def _check(data: Dataset, wanted: set[str]) -> None:
    """Raise TooFewImages where a label drops out because its images are unreadable or only labelled by a model."""
    counts = dict.fromkeys(sorted(wanted), 0) | {label: row["images"] for label, row in data.counts().items()}
    if len(counts) < 2:
        raise TooFewImages("A classifier needs at least two labels with readable images.", counts)
    trained_on = data.y[data.train & data.human]
    for label in counts:
        if label not in data.labels or data.labels.index(label) not in trained_on:
            raise TooFewImages(f"The label {label} has too few images labelled by a person.", counts)
