"""Train a head on a dataset and measure it. numpy only, nothing is read or written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Dataset
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.evaluation import test_set_suffices
from scripts.learn.head import IN_EVERY_FOLD, IN_NO_FOLD, Examples, Head, joined
from scripts.learn.novelty import fit_novelty
from scripts.learn.sgd import Sgd, Watch, fit_sgd_folds
from scripts.learn.strength import fit_folds, fold_strengths, head_strength, outside_fold
from scripts.learn.trained_head import Point, TrainedHead, calibrate_and_measure

# Looked at for a point of the curve, so that watching stays cheap: training images, and validation images.
CURVE_IMAGES, CURVE_VALIDATION = 500, 2000
STILL_FALLING = 0.97  # the loss of the last tenth of the curve, less than so much of the tenth before


@dataclass(frozen=True)
class HeadConfig:
    """How a head is trained: `steps`, `batch_size` images a step, `learning_rate`; `solver` sgd or lbfgs (which uses
    none of these); `seed`; `every`: steps between two points of the training curve."""

    steps: int = 2600
    batch_size: int = 64
    learning_rate: float = 0.01
    solver: str = "sgd"
    seed: int = 1
    every: int = 10


def train(
    data: Dataset,
    config: HeadConfig,
    augmented: Examples | None = None,
    checkpoint: Callable[[int, Head], None] | None = None,
    checkpoint_every: int = 0,
) -> TrainedHead:
    """Fit, calibrate and measure a head.

    Args:
        augmented: further training rows (distorted copies), each in the fold of its original.
        checkpoint, checkpoint_every: called with (step, head) every so many steps, for intermediate models.
    """
    train_set, validation_set = examples_of(data, data.train), examples_of(data, data.validation)
    examples = joined(train_set, augmented)
    count = int(data.folds.max()) + 1
    curve, strength, strengths = _Curve(train_set, validation_set), None, list[float]()
    if config.solver == "lbfgs":
        strength = head_strength(examples, validation_set)
        examples = joined(examples, validation_set)
        strengths = [strength, *fold_strengths(examples, count)]
        heads = fit_folds(examples, strengths)
    else:
        watch, every = _watcher(curve, config, checkpoint, checkpoint_every)
        heads = fit_sgd_folds(examples, sgd_of(config), count, watch, every)
    logits, folded = _out_of_fold_logits(heads, data, examples)
    optimistic = _optimistic_logits(data, examples, config, strengths, count)
    trained = calibrate_and_measure(heads[0], logits, folded, data, fit_novelty(data), optimistic)
    trained.strength, trained.curve, trained.fold_heads = strength, curve.points, heads[1:]
    if _is_still_falling([point.validation_loss for point in trained.curve]):
        trained.warnings.append(
            "It was still getting better at the last step: more steps or a higher learning rate may help."
        )
    return trained


def fit_fold_heads(data: Dataset, config: HeadConfig, count: int) -> list[Head]:
    """The main head, then one for each of `count` folds, on nothing but the training rows."""
    examples = examples_of(data, data.train)
    if config.solver == "lbfgs":
        validation = examples_of(data, data.validation)
        return fit_folds(examples, [head_strength(examples, validation), *fold_strengths(examples, count)])
    return fit_sgd_folds(examples, sgd_of(config), count)


def examples_of(data: Dataset, rows: np.ndarray) -> Examples:
    """Some rows, int [m] or bool [n], as training data."""
    return Examples(data.vectors.subset(rows), data.y[rows], data.weights[rows], len(data.labels), data.folds[rows])


def sgd_of(config: HeadConfig) -> Sgd:
    return Sgd(config.steps, config.batch_size, config.learning_rate, config.seed)


def curve_facts(curve: list[Point]) -> list[dict]:
    """The curve as plain data."""
    return [asdict(point) for point in curve]


class _Curve:
    """Collects points while a head is trained, on validation images where there are some, else on each training image
    by the head of the fold that leaves it out."""

    def __init__(self, train_set: Examples, validation_set: Examples):
        folds = train_set.folds
        inside = np.flatnonzero(folds != IN_NO_FOLD) if folds is not None else np.arange(len(train_set.labels))
        self._train = _some(train_set, inside, CURVE_IMAGES)
        self._validation = _some(validation_set, np.arange(len(validation_set.labels)), CURVE_VALIDATION)
        self.points: list[Point] = []

    def add(self, step: int, heads: list[Head]) -> None:
        train_figures = _accuracy_and_loss(heads[0].probabilities(self._train.vectors), self._train.labels)
        validation = self._validation
        if len(validation.labels):
            figures = _accuracy_and_loss(heads[0].probabilities(validation.vectors), validation.labels)
        else:
            figures = _accuracy_and_loss(_out_of_fold_probabilities(heads[1:], self._train), self._train.labels)
        self.points.append(Point(step, *train_figures, *figures))


def _some(examples: Examples, rows: np.ndarray, most: int) -> Examples:
    """At most so many of these rows, drawn at random, in float32: they are read again and again."""
    some = examples.take(np.random.default_rng(0).permutation(rows)[:most])
    return replace(some, vectors=EmbeddingTable.of(some.vectors[:]))


def _accuracy_and_loss(p: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    return float((p.argmax(axis=1) == labels).mean()), metrics.nll(p, labels)


def _out_of_fold_probabilities(heads: list[Head], examples: Examples) -> np.ndarray:
    """Probabilities float32 [n, k] of examples, each by the head of the fold that leaves it out."""
    p = np.empty((len(examples.labels), examples.label_count), np.float32)
    for fold, head in enumerate(heads):
        own = examples.folds == fold
        p[own] = head.probabilities(examples.vectors[own])
    return p


def _watcher(
    curve: _Curve, config: HeadConfig, checkpoint: Callable[[int, Head], None] | None, checkpoint_every: int
) -> tuple[Watch, int]:
    """One function for the curve and for checkpoints, and how often it must be called."""
    if not checkpoint or not checkpoint_every:
        return curve.add, config.every

    def watch(step: int, heads: list[Head]) -> None:
        if step % config.every == 0 or step == config.steps:
            curve.add(step, heads)
        if step % checkpoint_every == 0:
            checkpoint(step, heads[0])

    return watch, int(np.gcd(config.every, checkpoint_every))


def _out_of_fold_logits(heads: list[Head], data: Dataset, examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """(logits float32 [n, k], rows bool [n] that the folds predicted): the heads of the folds on images labelled by a
    person that they were not trained on, and the main head on the test images."""
    logits = np.zeros((len(data.y), len(data.labels)), np.float32)
    folded = np.zeros(len(data.y), bool)
    for fold, head in enumerate(heads[1:]):
        rows = ~data.test & data.human & (data.folds == fold)
        if rows.any() and len(set(examples.labels[outside_fold(examples, fold)])) > 1:  # else it was trained on nothing
            logits[rows] = head.logits(data.vectors.subset(rows))
            folded |= rows
    logits[data.test] = heads[0].logits(data.vectors.subset(data.test))
    return logits, folded


def _optimistic_logits(
    data: Dataset, examples: Examples, config: HeadConfig, strengths: list[float], count: int
) -> np.ndarray | None:
    """Logits float32 [n, k] of folds whose heads were also trained on images that only a model labelled; None where
    there are no such images, or where no fold measures.

    The main head is trained on those too, so it is better than the heads of the folds without them. But the model knew
    the labels that the folds hold back, so heads with them are too good. On five kinds of flowers and five harvests
    that nobody checked (six draws): .008 too low without, .038 too high with.
    """
    assert examples.folds is not None
    outside = examples.folds == IN_NO_FOLD
    if not outside.any() or test_set_suffices(data):
        return None
    everywhere = replace(examples, folds=np.where(outside, IN_EVERY_FOLD, examples.folds))
    heads = fit_folds(everywhere, strengths) if strengths else fit_sgd_folds(everywhere, sgd_of(config), count)
    return _out_of_fold_logits(heads, data, everywhere)[0]


def _is_still_falling(losses: list) -> bool:
    """Whether the mean of a curve's last tenth lies at least 3 % below that of the tenth before it."""
    tenth = len(losses) // 10
    if not tenth or losses[-1] is None:
        return False
    return float(np.mean(losses[-tenth:])) < STILL_FALLING * float(np.mean(losses[-2 * tenth : -tenth]))
