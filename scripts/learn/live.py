"""A head that learns while somebody shows things to a camera: as `train.py` does it, in less than a second. numpy only.

It is calibrated and measured by recordings as any other, so that what is told on the way is what a training will tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.learn import split
from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.head import Head
from scripts.learn.novelty import NoveltyDetector
from scripts.learn.train import HeadConfig, train

STEPS = 600  # 216 images of 18 recordings in half a second on busy cores; 2,600 steps took 2 s and told the same
FOLDS = 5


@dataclass(frozen=True)
class LiveModel:
    """`labels`: of the head's columns; `facts`: its `accuracy`, `measured_on` and `labels` as in model.json, and
    `not_measured`: why there is no accuracy, a sentence for each label that comes from too few recordings."""

    labels: list[str]
    head: Head
    novelty: NoveltyDetector
    facts: dict


def learn_live(
    vectors: np.ndarray, labels: Sequence[str], groups: Sequence[str], grouped: Sequence[bool]
) -> LiveModel | None:
    """A head from the embeddings float32 [n, d] of labelled images; None where there are no two labels.

    Args:
        groups: what each image belongs to, such as its recording; grouped: whether that is a recording.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        return None
    count = len(labels)
    y = np.array([names.index(label) for label in labels])
    none, all_of_them = np.zeros(count, bool), np.ones(count, bool)
    data = Dataset(
        labels=names,
        images=[],
        vectors=EmbeddingTable.of(vectors),
        y=y,
        human=all_of_them,
        test=none,
        train=all_of_them,
        validation=none,
        weights=np.ones(count, np.float32),
        groups=np.unique(groups, return_inverse=True)[1],
        folds=np.array(split.folds(list(labels), list(groups), FOLDS)),
        grouped=np.array(grouped, bool),
    )
    trained = train(data, HeadConfig(steps=STEPS, every=STEPS))
    facts = {name: trained.facts.get(name) for name in ("accuracy", "measured_on", "not_measured")}
    return LiveModel(names, trained.head, trained.novelty, {**facts, "labels": names})
