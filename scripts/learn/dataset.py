"""What a head is trained and measured on: pictures with labels -> bottlenecks, near-duplicate groups and a split."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from scripts.learn import embeddings, split
from scripts.learn.grouping import merged
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import IN_NO_FOLD
from scripts.learn.near_duplicate_groups import group_near_duplicates
from scripts.learn.runners import Runner

# Folds of the cross-validation, by the images up to which there are so many. The fewer images, the more it shows that a
# fold's head learns from fewer: with 20 a label it told .011 too little by 10 folds and .006 by 20 (228 runs on 20 sets
# of two to five labels); from 1,000 on a fifth less makes no difference.
FOLDS = ((400, 20), (1000, 10))
FOLDS_OF_MANY = 5
ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp")


@dataclass(frozen=True)
class LabeledImage:
    """One file of a label folder. `human`: a person gave the label; `chosen`: it came before the person because of
    doubt or suspicion, so that it teaches and never measures."""

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
    """See config.py: percents of human images, `least` per label, `robot_ratio` unchecked images per human one."""

    test_percent: int = 16
    validation_percent: int = 10
    least: int = 20
    robot_ratio: float = 2.0
    robot_weight: float = 0.5


@dataclass
class Dataset:
    """Rows of one data set. All arrays have n rows.

    vectors float32 [n, d]; y int [n] in 0..len(labels)-1; human, test, train, validation, chosen bool [n] (a validation
    row is not a training row; robot rows and chosen ones only train); weights float32 [n]; groups, folds int [n].
    """

    labels: list[str]
    images: list[LabeledImage]
    vectors: np.ndarray
    y: np.ndarray
    human: np.ndarray
    test: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    folds: np.ndarray
    bad: dict[Path, str] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)  # content hash -> part, to be frozen
    computed: int = 0  # pictures that went through the backbone now
    left_out: int = 0
    chosen: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    recorded: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))  # bool [n]: the caller gave its group

    def __post_init__(self) -> None:
        for name in ("chosen", "recorded"):
            if len(getattr(self, name)) != len(self.y):
                setattr(self, name, np.zeros(len(self.y), bool))

    @property
    def measures(self) -> np.ndarray:
        """bool [n]: rows that a person labelled and nobody chose."""
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


def list_images(image_dir: Path, book: HashCache) -> list[LabeledImage]:
    """The pictures in the label folders directly under `image_dir`; a content that lies in two labels counts once,
    in the first by name."""
    found: list[LabeledImage] = []
    for folder in sorted(p for p in image_dir.iterdir() if p.is_dir() and not p.name.startswith(".")):
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in ENDINGS and not p.name.startswith("."))
        found += [LabeledImage(path, folder.name, sha) for path, sha in book.sha256s(paths).items()]
    return without_repeats(found)


def without_repeats(pictures: list[LabeledImage]) -> list[LabeledImage]:
    """Each content once; a person's label before a robot's, then the first."""
    best: dict[str, LabeledImage] = {}
    for picture in sorted(pictures, key=lambda p: not p.human):
        best.setdefault(picture.sha256, picture)
    return sorted(best.values(), key=lambda p: (p.label, p.path.name, p.sha256))


def build_dataset(
    pictures: list[LabeledImage],
    runner: Runner,
    store: embeddings.EmbeddingStore,
    book: HashCache,
    rules: SplitRules,
    frozen: dict[str, str] | None = None,
    progress: Callable[[int], None] = lambda n: None,
    together: Mapping[str, str] | None = None,
) -> Dataset:
    """Bottlenecks, groups and split of a set of pictures.

    Args:
        frozen: content hash -> test or train, from earlier runs.
        together: content hash -> what it belongs to (a recording, an observation, an album), for those that belong to
            something; nothing of it is both learned from and measured by, as of near-duplicates.

    Raises:
        TooFewImages: fewer than two labels, or a label without a readable human image to train on.
    """
    done = embeddings.embed({p.sha256: p.path for p in pictures}, runner, store, progress)
    readable = [p for p in pictures if p.sha256 in done.vectors]
    bad = {p.path: done.bad[p.sha256] for p in pictures if p.sha256 in done.bad}
    looks = book.fingerprints({p.sha256: p.path for p in readable})
    group_of = merged((p.sha256 for p in readable), group_near_duplicates(looks.items()), together or {})
    members = [split.Member(p.sha256, p.label, p.human and not p.chosen, group_of[p.sha256], p.human) for p in readable]
    decided = split.assign(members, rules.test_percent, rules.least, frozen or {})
    kept = _without_surplus(readable, decided, rules.robot_ratio)
    material = _rows(kept, group_of, decided, rules, done)
    material.recorded = np.array([p.sha256 in (together or {}) for p in kept], bool)
    material.bad, material.fresh, material.computed = bad, decided.fresh, done.computed
    material.left_out = len(readable) - len(kept)
    _check(material, {p.label for p in pictures})
    return material


def _without_surplus(pictures: list[LabeledImage], decided: split.Split, ratio: float) -> list[LabeledImage]:
    """Pictures that take part: nothing left out, and at most `ratio` robot-labelled ones per human one and label."""
    humans = Counter(p.label for p in pictures if p.human)
    allowed = {label: int(ratio * n) for label, n in humans.items()}
    robots: dict[str, int] = defaultdict(int)
    kept = []
    for picture in sorted(pictures, key=lambda p: p.sha256):
        if decided.parts[picture.sha256] == split.LEFT_OUT:
            continue
        if not picture.human:
            robots[picture.label] += 1
            if robots[picture.label] > allowed.get(picture.label, 0):
                continue
        kept.append(picture)
    return sorted(kept, key=lambda p: (p.label, p.sha256))


def _rows(
    pictures: list[LabeledImage],
    group_of: dict[str, str],
    decided: split.Split,
    rules: SplitRules,
    done: embeddings.Embeddings,
) -> Dataset:
    labels = sorted({p.label for p in pictures})
    number = {name: i for i, name in enumerate(sorted({group_of[p.sha256] for p in pictures}))}
    human, chosen = (np.array([getattr(p, name) for p in pictures], bool) for name in ("human", "chosen"))
    test = np.array([decided.parts[p.sha256] == split.TEST for p in pictures], bool)
    watched = np.array([split.is_validation(group_of[p.sha256], rules.validation_percent) for p in pictures], bool)
    # Where nothing is set apart to test, nothing is held back to be watched either: the folds are.
    validation = watched & ~test & human & ~chosen & test.any()
    groups = np.array([number[group_of[p.sha256]] for p in pictures], int)
    # A robot's picture in the group of a watched one would leak what validation measures.
    train = ~test & ~np.isin(groups, groups[validation])
    return Dataset(
        labels=labels,
        images=pictures,
        vectors=np.stack([done.vectors[p.sha256] for p in pictures]) if pictures else np.empty((0, 0), np.float32),
        y=np.array([labels.index(p.label) for p in pictures], int),
        human=human,
        test=test,
        train=train,
        validation=validation,
        weights=np.where(human, 1.0, rules.robot_weight).astype(np.float32),
        groups=groups,
        folds=_folds(pictures, groups),
        chosen=chosen,
    )


def _folds(pictures: list[LabeledImage], groups: np.ndarray) -> np.ndarray:
    """The fold of each picture. What only a robot labelled is in none, as its labels come from models that knew the
    very labels the folds hold back; and it plays no part in how the others are dealt, so that nothing but what people
    say moves the accuracy that is told."""
    folds = np.full(len(pictures), IN_NO_FOLD)
    rows = np.flatnonzero([p.human for p in pictures])
    first: dict[int, str] = {}
    for i in rows:
        first[groups[i]] = min(first.get(groups[i], pictures[i].sha256), pictures[i].sha256)
    folds[rows] = split.folds(
        [pictures[i].label for i in rows], [first[groups[i]] for i in rows], fold_count(len(rows))
    )
    return folds


def fold_count(images: int) -> int:
    """Into how many folds so many images are cut."""
    return next((count for most, count in FOLDS if images <= most), FOLDS_OF_MANY)


def _check(material: Dataset, wanted: set[str]) -> None:
    """A label must not drop out without a word because its pictures are unreadable or unchecked."""
    counts = dict.fromkeys(sorted(wanted), 0) | {label: row["images"] for label, row in material.counts().items()}
    if len(counts) < 2:
        raise TooFewImages("A classifier needs at least two labels with pictures it can read.", counts)
    learned = material.y[material.train & material.human]
    for label in counts:
        if label not in material.labels or material.labels.index(label) not in learned:
            raise TooFewImages(f"The label {label} has too few pictures that a person sorted.", counts)
