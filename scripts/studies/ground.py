"""What all studies stand on: the images of one folder, dealt into piles; and the flags that all of them take."""

import argparse
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from scripts.learn import backbones, dataset, embeddings, runners, split
from scripts.learn.dataset import Dataset, LabeledImage, SplitRules
from scripts.learn.hash_cache import HashCache
from scripts.learn.near_duplicate_groups import group_near_duplicates


def parser_of(study: str, words: str, seeds: int) -> argparse.ArgumentParser:
    """The flags of a study of several folders.

    Args:
        study: its module's name.
        words: its docstring.
        seeds: as many as there are unless asked otherwise.
    """
    p = argparse.ArgumentParser(prog=f"python -m scripts.studies.{study}", description=words.split("\n")[0])
    p.add_argument("--data", type=Path, action="append", required=True, help="folder of label folders")
    common_flags(p, seeds)
    return p


def common_flags(p: argparse.ArgumentParser, seeds: int) -> None:
    """The backbone, where things are kept, and how often."""
    p.add_argument("--architecture", default=backbones.DEFAULT)
    p.add_argument("--work", type=Path, default=Path("tf_files/study"), help="where bottlenecks are kept")
    p.add_argument("--seeds", type=int, default=seeds)


class Ground:
    """The images of one folder with their bottlenecks and near-duplicate groups. Use as a context manager."""

    def __init__(self, data: Path, architecture: str, work: Path):
        self._stack = ExitStack()
        backbone = backbones.find(architecture)
        folder = backbones.locate(backbone, work / "models")
        self.runner = runners.open_runner(backbone, folder, work / "converted")
        self.book = self._stack.enter_context(HashCache(work / "hashes.sqlite"))
        store = embeddings.store_path(work, backbone, self.runner.key)
        self.store = self._stack.enter_context(embeddings.EmbeddingStore(store))
        self.images = dataset.list_images(data, self.book)
        looks = self.book.fingerprints({p.sha256: p.path for p in self.images})
        self.images = [p for p in self.images if p.sha256 in looks]
        self.group_of = group_near_duplicates(looks.items())
        self.labels = sorted({p.label for p in self.images})
        self.vectors = self.vectors_of(self.images)

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def vectors_of(self, pictures: list[LabeledImage]) -> dict[str, np.ndarray]:
        """Bottlenecks by content hash."""
        return embeddings.embed({p.sha256: p.path for p in pictures}, self.runner, self.store).vectors

    def gather(self, pictures: list[LabeledImage], frozen: dict[str, str], rules: SplitRules | None = None) -> Dataset:
        return dataset.build_dataset(pictures, self.runner, self.store, self.book, rules or SplitRules(), frozen)

    def stack(self, pictures: list[LabeledImage]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors float32 [n, d] and true labels int [n]."""
        x = np.stack([self.vectors[p.sha256] for p in pictures])
        return x, np.array([self.labels.index(p.label) for p in pictures])

    def deal(self, seed: int, shares: list[dict[str, int]]) -> list[list[LabeledImage]]:
        """Piles with so many images of each label, drawn at random, and a last one with the rest.

        Images that look alike land in the same pile, so a pile may hold a few more than asked for.
        """
        by_group = defaultdict(list)
        for picture in self.images:
            by_group[self.group_of[picture.sha256]].append(picture)
        names = sorted(by_group)
        piles: list[list[LabeledImage]] = [[] for _ in range(len(shares) + 1)]
        room = [dict(share) for share in shares]
        for i in np.random.default_rng(seed).permutation(len(names)):
            group = by_group[names[i]]
            pile = next((n for n, left in enumerate(room) if left.get(group[0].label, 0) > 0), len(shares))
            piles[pile] += group
            if pile < len(shares):
                room[pile][group[0].label] -= len(group)
        return piles

    def count(self, share: float) -> dict[str, int]:
        """Label -> this share of its images."""
        return {label: round(share * sum(p.label == label for p in self.images)) for label in self.labels}

    def random_split(self, pictures: list[LabeledImage], seed: int) -> dict[str, str]:
        """A frozen split for the seed: as the program assigns one, by other hashes."""
        salt = f"{seed}:"
        members = [split.Member(salt + p.sha256, p.label, True, salt + self.group_of[p.sha256]) for p in pictures]
        return {key.removeprefix(salt): part for key, part in split.assign(members, 16, 20, {}).parts.items()}
