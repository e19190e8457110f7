"""A dataset and stored activations -> a network with tuned last layers, calibrated and measured as a head is.

The head is trained first and is where tuning starts. Where the test set alone is too small to measure the result, three
more networks are tuned, each without a third of the images and from a head that has not seen them either: their
predictions of the images left out are the out-of-fold predictions.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from scripts.learn import metrics
from scripts.learn.activations import Activations
from scripts.learn.dataset import Dataset
from scripts.learn.efficientnet_lite import CUT, Network
from scripts.learn.embedding_table import EmbeddingTable
from scripts.learn.evaluation import test_set_suffices
from scripts.learn.head import IN_NO_FOLD, Head, Scaler, balanced_weights
from scripts.learn.novelty import fit_novelty
from scripts.learn.train import HeadConfig, fit_fold_heads
from scripts.learn.trained_head import Point, TrainedHead, calibrate_and_measure
from scripts.learn.tunable_layers import DROPOUT, Batch, TunableLayers, TunedNetwork
from scripts.learn.unchecked import Verdict

FOLDS = 3  # further trainings
MIXUP = 0.3  # both parameters of the beta distribution that shares are drawn from
BATCH = 32  # images whose features are computed at a time
CURVE_IMAGES = 64  # looked at for a point of the curve
TIMED_STEPS = 3  # from which the time is estimated
START_MARGIN = (
    0.5  # nats between the two best labels of a training image, in the median, by the head that is started from
)
NOT_MEASURED = "How good it is was not measured: there is no test set yet, and no folds were trained."


@dataclass(frozen=True)
class TuneConfig:
    """How the last layers are tuned: `epochs` passes over all images, `batch` images a step, AdamW's first `rate`,
    which falls to zero along a cosine; `folds`: further trainings where the test set alone cannot measure."""

    epochs: int = 12
    batch: int = 16
    rate: float = 1e-4
    folds: bool = True


@dataclass(frozen=True)
class _Training:
    """One training: `rows` to train on, the `head` it starts from, and the `held_out` rows that it predicts."""

    rows: np.ndarray
    head: Head
    held_out: np.ndarray


def fold_count(data: Dataset, how: TuneConfig) -> int:
    """How many further trainings measure the result."""
    return FOLDS if how.folds and not test_set_suffices(data) else 0


class TuneRun:
    """A tuning. `run` may be interrupted; `finish` makes a result of what there is.

    `verdict`: on unchecked images, set by the caller; `steps_done`; `prepare_seconds`, `run_seconds`.
    """

    def __init__(
        self,
        data: Dataset,
        config: HeadConfig,
        how: TuneConfig,
        activations: Activations,
        network: Network,
        folds: int | None = None,
    ):
        """`folds`: further trainings that measure; None = as many as `fold_count` says."""
        self.dataset, self.how, self.activations, self._network = data, how, activations, network
        self.cut, self._seed = CUT, config.seed
        count = fold_count(data, how) if folds is None else folds
        self._trainings = list(_trainings(data, config, count))
        self.layers = TunableLayers(network, data.vectors.shape[1], len(data.labels))
        self._tuned: TunedNetwork | None = None
        self._vectors = data.vectors
        self._logits = np.zeros((len(data.y), len(data.labels)), np.float32)
        self._folded = np.zeros(len(data.y), bool)
        self._curve: list[Point] = []
        self.steps_done = 0
        self.verdict = Verdict()
        self.prepare_seconds, self.run_seconds = 0.0, 0.0

    @property
    def trainings(self) -> int:
        """The main one and those that measure it."""
        return len(self._trainings)

    @property
    def steps(self) -> int:
        """Of all trainings."""
        return sum(_steps(training, self.how) for training in self._trainings)

    @property
    def steps_to_measure(self) -> int:
        """Of the trainings that measure."""
        return sum(_steps(training, self.how) for training in self._trainings[1:])

    def estimate(self) -> float:
        """Seconds that `run` will take, from a few steps whose result is thrown away."""
        training = self._trainings[0]
        batches = self._batches(training, np.random.default_rng(0))
        self.layers.begin(training.head, Scaler.fit(self.dataset.vectors.subset(training.rows)))
        self.layers.step(next(batches), 0.0)  # the first one builds the graph
        begin = time.monotonic()
        for _ in range(TIMED_STEPS):
            self.layers.step(next(batches), 0.0)
        return (time.monotonic() - begin) / TIMED_STEPS * self.steps

    def run(self, progress: Callable[[int], None] = lambda n: None) -> None:
        """Do all trainings; `progress` is called with 1 for each step."""
        begin = time.monotonic()
        try:
            self._train(0, self._trainings[0], progress)
            self._take_main()
            self.measure(progress)
        finally:
            self.run_seconds = time.monotonic() - begin

    def measure(self, progress: Callable[[int], None] = lambda n: None) -> tuple[np.ndarray, np.ndarray]:
        """Do the trainings that measure, unless that is done: out-of-fold logits float32 [n, k], and the rows bool [n]
        that have some. Before `run`, to find out whether the main training is worth it."""
        for number, training in enumerate(self._trainings):
            if number and not self._folded[training.held_out].all():
                self._train(number, training, progress)
                self._logits[training.held_out] = self.layers.head().logits(self._features(training.held_out))
                self._folded[training.held_out] = True
        return self._logits, self._folded

    def finish(self) -> tuple[TunedNetwork, Dataset, TrainedHead]:
        """The network, the dataset with the network's features as vectors, and the calibrated head. After an
        interruption: as trained and measured by then."""
        if self._tuned is None:
            self._take_main()
        assert self._tuned is not None
        data, head = replace(self.dataset, vectors=self._vectors), self._tuned.head
        if not self._folded.any():  # validation images were not trained on
            self._folded = data.validation.copy()
            self._logits[self._folded] = head.logits(self._vectors.subset(self._folded))
        self._logits[data.test] = head.logits(self._vectors.subset(data.test))
        novelty = fit_novelty(data, self._network.shared)
        trained = calibrate_and_measure(head, self._logits, self._folded, data, novelty, not_measured=NOT_MEASURED)
        trained.curve = self._curve
        return replace(self._tuned, head=trained.head), data, trained

    def _take_main(self) -> None:
        self._tuned = self.layers.network()
        self._vectors = EmbeddingTable.of(self._features(np.arange(len(self.dataset.y))))

    def _train(self, number: int, training: _Training, progress: Callable[[int], None]) -> None:
        steps = _steps(training, self.how)
        every = max(1, steps // max(1, self.how.epochs))
        self.layers.begin(training.head, Scaler.fit(self.dataset.vectors.subset(training.rows)))
        for step, batch in enumerate(self._batches(training, np.random.default_rng([self._seed, number])), 1):
            self.layers.step(batch, self.how.rate * 0.5 * (1 + np.cos(np.pi * (step - 1) / steps)))
            self.steps_done += 1
            progress(1)
            if number == 0 and (step % every == 0 or step == steps):
                self._curve.append(self._curve_point(step))

    def _batches(self, training: _Training, rng: np.random.Generator) -> Iterator[Batch]:
        b = self.how.batch
        for rows in batch_rows(self.dataset, training.rows, self.how, rng):
            maps, means = self.activations.take(rows, rng.integers(0, 2, b))
            shares = rng.beta(MIXUP, MIXUP, b).astype(np.float32)
            dropout = (rng.random((b, self.layers.length), np.float32) >= DROPOUT) / np.float32(1 - DROPOUT)
            labels, partners = self.dataset.y[rows].astype(np.int32), rng.permutation(b).astype(np.int32)
            yield Batch(maps, means, labels, partners, shares, dropout.astype(np.float32))

    def _features(self, rows: np.ndarray) -> np.ndarray:
        return features_of(self.layers, self.activations, rows)

    def _curve_point(self, step: int) -> Point:
        """A point of the curve, from a few images of each part."""
        figures: list[tuple[float | None, float | None]] = []
        for mask in (self.dataset.train, self.dataset.validation):
            rows = np.random.default_rng(0).permutation(np.flatnonzero(mask))[:CURVE_IMAGES]
            if not len(rows):
                figures.append((None, None))
                continue
            p, y = self.layers.head().probabilities(self._features(rows)), self.dataset.y[rows]
            figures.append((float((p.argmax(axis=1) == y).mean()), metrics.nll(p, y)))
        return Point(step, *figures[0], *figures[1])


def features_of(layers: TunableLayers, activations: Activations, rows: np.ndarray) -> np.ndarray:
    """What the layers make of images as they are, not mirrored: float32 [n, d]."""
    parts = [layers.features(*activations.take(rows[i : i + BATCH])) for i in range(0, len(rows), BATCH)]
    return np.concatenate(parts)


def key_of(backbone_key: str, tuned: TunedNetwork) -> str:
    """sha256 (hex) of a tuned network: of the backbone's key and of all that was tuned."""
    digest = hashlib.sha256(backbone_key.encode())
    for conv in tuned.network.tail():
        digest.update(conv.kernel.tobytes() + conv.bias.tobytes())
    return digest.hexdigest()


def batch_rows(data: Dataset, rows: np.ndarray, how: TuneConfig, rng: np.random.Generator) -> np.ndarray:
    """Rows int [steps, batch] to train on: every label equally often, within a label in proportion to the weights, so
    that an image labelled by a model comes up half as often as one labelled by a person. In each epoch an image comes
    up as often as its share says, to within one."""
    edges = np.cumsum(balanced_weights(data.y[rows], data.weights[rows]).astype(np.float64))
    each = _epoch_steps(len(rows), how.batch) * how.batch
    epochs = []
    for _ in range(how.epochs):
        places = (np.arange(each) + rng.random()) / each * edges[-1]
        chosen = np.minimum(np.searchsorted(edges, places, side="right"), len(rows) - 1)
        epochs.append(rng.permutation(rows[chosen]))
    return np.concatenate(epochs).reshape(-1, how.batch)


def softened(head: Head, vectors: EmbeddingTable) -> Head:
    """A head trained on vectors [n, d], with its logits shrunk.

    A finished head fits its training images, which leaves the layers before it nothing to improve. Started from it as
    it was, tuning made it worse (flowers5, 20 a label: -2.2 points; from a quarter of the logits +1.5, an eighth +2.8,
    a sixteenth, which is about this, +3.3).
    """
    logits = np.sort(head.logits(vectors), axis=1)
    return head.with_temperature(max(1.0, float(np.median(logits[:, -1] - logits[:, -2])) / START_MARGIN))


def _epoch_steps(rows: int, batch: int) -> int:
    return max(1, round(rows / batch))


def _steps(training: _Training, how: TuneConfig) -> int:
    return _epoch_steps(len(training.rows), how.batch) * how.epochs


def _trainings(data: Dataset, config: HeadConfig, folds: int) -> Iterator[_Training]:
    """The training on everything, then one for each fold."""
    fold = np.where(data.folds == IN_NO_FOLD, IN_NO_FOLD, data.folds % max(1, folds))
    heads = fit_fold_heads(replace(data, folds=fold), config, folds)
    rows = np.flatnonzero(data.train)
    yield _Training(rows, softened(heads[0], data.vectors.subset(rows)), np.zeros(0, int))
    for number in range(folds):
        rows = np.flatnonzero(data.train & (fold != number) & (fold != IN_NO_FOLD))
        held_out = np.flatnonzero(~data.test & data.human & (fold == number))
        if len(held_out) and len(set(data.y[rows])) > 1:  # else there is nothing to train on, or nothing to predict
            yield _Training(rows, softened(heads[1 + number], data.vectors.subset(rows)), held_out)
