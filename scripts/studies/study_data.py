"""What the studies of accuracy share: the images of one folder with their embeddings, drawn at random into parts."""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from scripts.learn import backbone_files, backbones, dataset, embeddings, runners, split
from scripts.learn.dataset import Dataset, LabeledImage, SplitRules
from scripts.learn.embedding_table import KeyedEmbeddings
from scripts.learn.feature_maps import MapReader
from scripts.learn.hash_cache import HashCache
from scripts.learn.near_duplicate_groups import group_near_duplicates
from scripts.learn.train import HeadConfig

HELD_OUT = 0.3  # share of each label that nothing learns from
CURVE = 10**9  # steps between two points of the training curve: none
MODELS = Path(__file__).resolve().parent.parent.parent / "tf_files" / "models"


def add_flags(p: argparse.ArgumentParser, seeds: int) -> None:
    """The folders, the backbone, where embeddings are kept, how many seeds, and how the head is trained."""
    p.add_argument("--data", type=Path, action="append", required=True, help="folder of label folders; may be repeated")
    p.add_argument("--architecture", default=backbones.DEFAULT)
    p.add_argument(
        "--precision", choices=(backbones.INT8, backbones.FLOAT32), default=backbones.INT8, help="of the Lites"
    )
    p.add_argument("--work", type=Path, default=Path("tf_files/study"), help="where embeddings are kept")
    p.add_argument("--seeds", type=int, default=seeds)
    p.add_argument("--solver", choices=("sgd", "lbfgs"), default="sgd")
    p.add_argument("--steps", type=int, default=2600)
    p.add_argument("--confidence-min", type=float, default=0.925)


def config(flags: argparse.Namespace) -> HeadConfig:
    return HeadConfig(flags.steps, solver=flags.solver, every=CURVE)


def each_folder(flags: argparse.Namespace) -> "Iterator[tuple[str, StudyData]]":
    """(name, data) of each folder asked for."""
    for folder in flags.data:
        with StudyData(folder, flags.architecture, flags.work, flags.precision) as data:
            yield folder.name, data


class StudyData:
    """The images of one folder with their embeddings and near-duplicate groups. Use as a context manager."""

    def __init__(self, folder: Path, architecture: str, work: Path, precision: str = backbones.INT8):
        self._stack = ExitStack()
        backbone = backbones.find(architecture, precision=precision)
        self._place = (backbone, backbone_files.locate(backbone, work / "models"), work / "models" / "converted")
        self.runner = runners.open_runner(*self._place)
        self.hashes = self._stack.enter_context(HashCache(work / "hashes.sqlite"))
        store = embeddings.store_path(work, backbone, self.runner.key)
        self.store = self._stack.enter_context(embeddings.EmbeddingStore(store))
        images = dataset.list_images(folder, self.hashes)
        fingerprints = self.hashes.fingerprints({image.sha256: image.path for image in images})
        self.images = [image for image in images if image.sha256 in fingerprints]
        self.labels = sorted({image.label for image in self.images})
        if len(self.labels) < 2:
            raise ValueError(f"{folder} needs at least two label folders with readable images.")
        self.group_of = group_near_duplicates(fingerprints.items())
        self.vectors = self.embed(self.images)

    def __enter__(self) -> "StudyData":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def map_reader(self) -> MapReader:
        """What gives the feature maps of the backbone, in float32."""
        return MapReader.of(*self._place)

    def embed(self, images: list[LabeledImage]) -> KeyedEmbeddings:
        """Embeddings by content hash."""
        return embeddings.embed({image.sha256: image.path for image in images}, self.runner, self.store).vectors

    def dataset(
        self, images: list[LabeledImage], frozen: dict[str, str] | None = None, groups: dict[str, str] | None = None
    ) -> Dataset:
        """See `dataset.build_dataset`."""
        return dataset.build_dataset(
            images, self.runner, self.store, self.hashes, SplitRules(), frozen or {}, groups=groups
        )

    def arrays(self, images: list[LabeledImage], labels: list[str] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Vectors float32 [n, d] and true labels int [n], as places in `labels`; None = in all labels."""
        x, names = self.vectors.table([image.sha256 for image in images])[:], labels or self.labels
        return x, np.array([names.index(image.label) for image in images])

    def draw(self, seed: int, *parts: dict[str, int]) -> list[list[LabeledImage]]:
        """Parts with so many images of each label, drawn at random, and a last one with the rest.

        Near-duplicates land in the same part, so a part may hold a few more than asked for; where they have several
        labels, in a part that takes all of these.
        """
        by_group = defaultdict(list)
        for image in self.images:
            by_group[self.group_of[image.sha256]].append(image)
        names = sorted(by_group)
        chosen: list[list[LabeledImage]] = [[] for _ in range(len(parts) + 1)]
        wanted = [dict(part) for part in parts]
        for i in np.random.default_rng(seed).permutation(len(names)):
            group = by_group[names[i]]
            part = next((n for n, left in enumerate(wanted) if _fits(group, left)), len(parts))
            chosen[part] += group
            if part < len(parts):
                wanted[part][group[0].label] -= len(group)
        return chosen

    def each(self, count: int) -> dict[str, int]:
        """So many images of each label."""
        return dict.fromkeys(self.labels, count)

    def some_labels(self, rng: np.random.Generator, count: int, images: int) -> list[str]:
        """At most `count` labels drawn at random of those with at least so many images, by name."""
        large = [label for label, n in self.share(1.0).items() if n >= images]
        return sorted(rng.permutation(large)[:count].tolist())

    def share(self, part: float) -> dict[str, int]:
        """This share of each label's images."""
        return {label: round(part * sum(image.label == label for image in self.images)) for label in self.labels}

    def random_split(self, images: list[LabeledImage], seed: int) -> dict[str, str]:
        """A frozen test split for the seed: as the program assigns one, by other hashes."""
        salt = f"{seed}:"
        members = [split.Member(salt + i.sha256, i.label, True, salt + self.group_of[i.sha256]) for i in images]
        return {key.removeprefix(salt): part for key, part in split.assign(members, 16, 20, {}).parts.items()}


def balanced_accuracy(guesses: np.ndarray, truth: np.ndarray) -> float:
    """The mean over labels of the share that is right, each label counting the same; both int [n]."""
    return float(np.mean([(guesses[truth == label] == label).mean() for label in np.unique(truth)]))


def _fits(group: list[LabeledImage], left: dict[str, int]) -> bool:
    """Whether a part with so much room for each label takes a group."""
    return left.get(group[0].label, 0) > 0 and all(image.label in left for image in group)
