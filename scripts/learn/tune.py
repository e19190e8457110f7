"""Material + kept activations -> a network whose last stages have learned too, calibrated and measured as a head is.

The head is trained first and is what the tuning starts from. Where the test set alone is too small to tell how good
the result is, three more are tuned, each without a third of the images and from a head that has not seen them either:
what those say of the images left out is the honest prediction.
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
from scripts.learn.evaluation import test_set_suffices
from scripts.learn.head import IN_NO_FOLD, Examples, Head, Scaler, balanced_weights
from scripts.learn.novelty import fit_novelty
from scripts.learn.train import HeadConfig, Point, TrainedHead, evaluate, fit_fold_heads
from scripts.learn.tunable_layers import DROPOUT, Batch, Net, TunableLayers
from scripts.learn.unchecked import Verdict

FOLDS = 3  # as many more trainings
MIXUP = 0.3  # both parameters of the beta distribution that shares are drawn from
AT_ONCE = 32  # pictures whose features are computed at a time
WATCHED = 64  # images looked at for a point of the curve
TIMED = 3  # steps from which the time is estimated
SURE = 0.5  # nats by which the head that tuning starts from holds a training image's label more likely, in the median
UNMEASURED = "How good it is was not measured: no test set is kept apart yet, and no folds were trained."


@dataclass(frozen=True)
class TuneConfig:
    """How the last stages learn: `epochs` looks at every image, `batch` images a step, AdamW's first `rate`, which
    falls to zero along a cosine; `folds`: more trainings where the test set alone cannot measure."""

    epochs: int = 12
    batch: int = 16
    rate: float = 1e-4
    folds: bool = True


@dataclass(frozen=True)
class _Part:
    """One training: rows to learn from, the head it starts from, and the rows that it shall judge honestly."""

    rows: np.ndarray
    head: Head
    judges: np.ndarray


def fold_count(material: Dataset, how: TuneConfig) -> int:
    """How many trainings beside the one are needed to measure."""
    return FOLDS if how.folds and not test_set_suffices(material) else 0


class TuneRun:
    """A tuning under way. `run` may be interrupted; `finish` makes a result of what there is."""

    def __init__(
        self,
        material: Dataset,
        recipe: HeadConfig,
        how: TuneConfig,
        kept: Activations,
        network: Network,
        folds: int | None = None,
    ):
        """`folds`: more trainings that measure; None = as many as `fold_count` says."""
        self.dataset, self.how, self.activations, self._network = material, how, kept, network
        self.cut, self._seed = CUT, recipe.seed
        count = fold_count(material, how) if folds is None else folds
        self._parts = list(_parts(material, recipe, count))
        self.tail = TunableLayers(network, material.vectors.shape[1], len(material.labels))
        self._net: Net | None = None
        self._vectors = material.vectors
        self._logits = np.zeros((len(material.y), len(material.labels)), np.float32)
        self._judged = np.zeros(len(material.y), bool)
        self._curve: list[Point] = []
        self.done = 0  # steps
        self.verdict = Verdict()  # on the unchecked images among the material
        self.seconds, self.took = 0.0, 0.0  # what getting ready took, and what `run` has taken

    @property
    def trainings(self) -> int:
        """The one and those that measure it."""
        return len(self._parts)

    @property
    def steps(self) -> int:
        """Of all trainings."""
        return sum(_steps(part, self.how) for part in self._parts)

    def estimate(self) -> float:
        """Seconds that `run` will take, from a few steps whose result is thrown away."""
        part = self._parts[0]
        batches = self._batches(part, np.random.default_rng(0))
        self.tail.begin(part.head, Scaler.fit(self.dataset.vectors[part.rows]))
        self.tail.step(next(batches), 0.0)  # the first one builds the graph
        begin = time.monotonic()
        for _ in range(TIMED):
            self.tail.step(next(batches), 0.0)
        return (time.monotonic() - begin) / TIMED * self.steps

    def run(self, progress: Callable[[int], None] = lambda n: None) -> None:
        """Train them all; `progress` is called with 1 for each step."""
        begin = time.monotonic()
        try:
            self._run(progress)
        finally:
            self.took = time.monotonic() - begin

    def _run(self, progress: Callable[[int], None]) -> None:
        self._train(0, self._parts[0], progress)
        self._take_main()
        self.measure(progress)

    def measure(self, progress: Callable[[int], None] = lambda n: None) -> tuple[np.ndarray, np.ndarray]:
        """Train those that measure, unless that is done: honest logits float32 [n, k], and bool [n], which rows have
        some. Before `run`, to see whether the one is worth training."""
        for number, part in enumerate(self._parts):
            if number and not self._judged[part.judges].all():
                self._train(number, part, progress)
                self._logits[part.judges] = self.tail.head().logits(self._features(part.judges))
                self._judged[part.judges] = True
        return self._logits, self._judged

    def finish(self) -> tuple[Net, Dataset, TrainedHead]:
        """The network, the material with its features for vectors, and the calibrated head. After an interruption:
        what had been learned by then, measured by what had been measured."""
        if self._net is None:
            self._take_main()
        assert self._net is not None
        stuff, head = replace(self.dataset, vectors=self._vectors), self._net.head
        if not self._judged.any():  # what is watched has taught nobody
            self._judged = stuff.validation.copy()
            self._logits[self._judged] = head.logits(self._vectors[self._judged])
        self._logits[stuff.test] = head.logits(self._vectors[stuff.test])
        gate = fit_novelty(stuff, self._network.shared)
        trained = evaluate(head, self._logits, self._judged, stuff, gate, unmeasured=UNMEASURED)
        trained.curve = self._curve
        return replace(self._net, head=trained.head), stuff, trained

    def _take_main(self) -> None:
        self._net = self.tail.net()
        self._vectors = self._features(np.arange(len(self.dataset.y)))

    def _train(self, number: int, part: _Part, progress: Callable[[int], None]) -> None:
        steps = _steps(part, self.how)
        every = max(1, steps // max(1, self.how.epochs))
        self.tail.begin(part.head, Scaler.fit(self.dataset.vectors[part.rows]))
        for step, batch in enumerate(self._batches(part, np.random.default_rng([self._seed, number])), 1):
            self.tail.step(batch, self.how.rate * 0.5 * (1 + np.cos(np.pi * (step - 1) / steps)))
            self.done += 1
            progress(1)
            if number == 0 and (step % every == 0 or step == steps):
                self._curve.append(self._look(step))

    def _batches(self, part: _Part, rng: np.random.Generator) -> Iterator[Batch]:
        b = self.how.batch
        for rows in draws(self.dataset, part.rows, self.how, rng):
            maps, means = self.activations.take(rows, rng.integers(0, 2, b))
            shares = rng.beta(MIXUP, MIXUP, b).astype(np.float32)
            seen = (rng.random((b, self.tail.length), np.float32) >= DROPOUT) / np.float32(1 - DROPOUT)
            yield Batch(
                maps,
                means,
                self.dataset.y[rows].astype(np.int32),
                rng.permutation(b).astype(np.int32),
                shares,
                seen.astype(np.float32),
            )

    def _features(self, rows: np.ndarray) -> np.ndarray:
        return features_of(self.tail, self.activations, rows)

    def _look(self, step: int) -> Point:
        """A point of the curve, from a few images of each kind."""
        told: list[tuple[float | None, float | None]] = []
        for mask in (self.dataset.train, self.dataset.validation):
            rows = np.random.default_rng(0).permutation(np.flatnonzero(mask))[:WATCHED]
            if not len(rows):
                told.append((None, None))
                continue
            p, y = self.tail.head().probabilities(self._features(rows)), self.dataset.y[rows]
            told.append((float((p.argmax(axis=1) == y).mean()), metrics.nll(p, y)))
        return Point(step, *told[0], *told[1])


def features_of(tail: TunableLayers, kept: Activations, rows: np.ndarray) -> np.ndarray:
    """What a tail makes of pictures as they are, not mirrored: float32 [n, d]."""
    parts = [tail.features(*kept.take(rows[i : i + AT_ONCE])) for i in range(0, len(rows), AT_ONCE)]
    return np.concatenate(parts)


def key_of(shared: str, net: Net) -> str:
    """sha256 (hex) that a tuned network goes by: of the backbone's and of what has changed since."""
    digest = hashlib.sha256(shared.encode())
    for conv in net.network.tail():
        digest.update(conv.kernel.tobytes() + conv.bias.tobytes())
    return digest.hexdigest()


def draws(material: Dataset, rows: np.ndarray, how: TuneConfig, rng: np.random.Generator) -> np.ndarray:
    """Rows int [steps, batch] to learn from: every label as often, within a label by weight, so that a robot's picture
    comes up half as often as a person's. In each epoch a picture comes up as often as its share says, to within one."""
    y, weights = material.y[rows], material.weights[rows]
    edges = np.cumsum(balanced_weights(Examples(y, y, weights, len(material.labels))).astype(np.float64))
    each = _steps_each(len(rows), how.batch) * how.batch
    epochs = []
    for _ in range(how.epochs):
        places = (np.arange(each) + rng.random()) / each * edges[-1]
        chosen = np.minimum(np.searchsorted(edges, places, side="right"), len(rows) - 1)
        epochs.append(rng.permutation(rows[chosen]))
    return np.concatenate(epochs).reshape(-1, how.batch)


def unsure(head: Head, learned: np.ndarray) -> Head:
    """A head that has learned from vectors float32 [n, d], with its logits shrunk.

    A finished head knows all it learned from and leaves the layers before it nothing to improve but to be less sure:
    started as sure as it was, they came out worse than they were (flowers5, 20 a label: -2.2 points; a fourth as sure
    +1.5, an eighth +2.8, a sixteenth, which is about this, +3.3).
    """
    logits = np.sort(head.logits(learned), axis=1)
    return head.cooled(max(1.0, float(np.median(logits[:, -1] - logits[:, -2])) / SURE))


def _steps_each(rows: int, batch: int) -> int:
    return max(1, round(rows / batch))


def _steps(part: _Part, how: TuneConfig) -> int:
    return _steps_each(len(part.rows), how.batch) * how.epochs


def _parts(material: Dataset, recipe: HeadConfig, folds: int) -> Iterator[_Part]:
    """The training on everything, then one for each fold."""
    fold = np.where(material.folds == IN_NO_FOLD, IN_NO_FOLD, material.folds % max(1, folds))
    heads = fit_fold_heads(replace(material, folds=fold), recipe, folds)
    rows = np.flatnonzero(material.train)
    yield _Part(rows, unsure(heads[0], material.vectors[rows]), np.zeros(0, int))
    for number in range(folds):
        rows = np.flatnonzero(material.train & (fold != number) & (fold != IN_NO_FOLD))
        judges = np.flatnonzero(~material.test & material.human & (fold == number))
        if len(judges) and len(set(material.y[rows])) > 1:  # else it learns nothing, or for nothing
            yield _Part(rows, unsure(heads[1 + number], material.vectors[rows]), judges)
