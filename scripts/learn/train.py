"""Material -> a trained, calibrated, measured head. numpy only, nothing read or written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from scripts.learn import metrics
from scripts.learn.calibration import temperature, temperatures
from scripts.learn.dataset import Dataset
from scripts.learn.evaluation import Evaluation, figures, test_set_suffices, untold
from scripts.learn.head import IN_EVERY_FOLD, IN_NO_FOLD, Examples, Head, Sgd, fit_sgd_folds, softmax
from scripts.learn.novelty import NoveltyDetector, fit_novelty
from scripts.learn.strength import fit_folds, fold_strengths, head_strength, others

UNMEASURED = "Nothing could be measured: every image that a person sorted came because of doubt or suspicion."


@dataclass(frozen=True)
class HeadConfig:
    """The parameters people play with. `every` is the distance of the curve's points in steps."""

    steps: int = 2600
    batch_size: int = 64
    learning_rate: float = 0.01
    solver: str = "sgd"
    seed: int = 1
    every: int = 10


@dataclass(frozen=True)
class Point:
    """One point of the training curve: accuracies 0..1 and cross-entropies in nats."""

    step: int
    train_accuracy: float | None
    train_loss: float | None
    validation_accuracy: float | None
    validation_loss: float | None


@dataclass
class TrainedHead:
    """`head` has the temperature folded in; `plain_head` has not. `out_of_fold` float [n, k] over `folded` rows;
    `honest`: every honest prediction on an image that may measure."""

    head: Head
    plain_head: Head
    temperature: float
    strength: float | None
    curve: list[Point]
    gate: NoveltyDetector
    folded: np.ndarray  # bool [n]: human rows with out-of-fold probabilities
    out_of_fold: np.ndarray  # float32 [n, k], calibrated; rows outside `folded` are zero
    evaluation: Evaluation
    facts: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def train(
    material: Dataset,
    recipe: HeadConfig,
    extra: Examples | None = None,
    keep: Callable[[int, Head], None] | None = None,
    keep_every: int = 0,
) -> TrainedHead:
    """Fit, calibrate and measure.

    Args:
        extra: more training rows (distorted pictures), each in the fold of its original.
        keep, keep_every: called with (step, head) every so many steps, for intermediate models.
    """
    examples = _joined(_examples(material, material.train), extra)
    watched = _examples(material, material.validation)
    count = int(material.folds.max()) + 1
    curve, strength, strengths = _Curve(_examples(material, material.train), watched), None, list[float]()
    if recipe.solver == "lbfgs":
        strength = head_strength(examples, watched)
        examples = _joined(examples, watched)
        strengths = [strength, *fold_strengths(examples, count)]
        heads = fit_folds(examples, strengths)
    else:
        watch, every = _watchers(curve, recipe, keep, keep_every)
        heads = fit_sgd_folds(examples, sgd_of(recipe), count, watch, every)
    logits, folded = _out_of_fold_logits(heads, material, examples)
    hopeful = _optimistic_logits(material, examples, recipe, strengths, count)
    trained = evaluate(heads[0], logits, folded, material, fit_novelty(material), hopeful)
    trained.strength, trained.curve = strength, curve.points
    if _still_falling([point.validation_loss for point in trained.curve]):
        trained.warnings.append(
            "It was still getting better at the last step: more steps or a higher learning rate may help."
        )
    return trained


def fit_fold_heads(material: Dataset, recipe: HeadConfig, count: int) -> list[Head]:
    """The head and, after it, one for each of `count` folds, from nothing but the training rows."""
    examples = _examples(material, material.train)
    if recipe.solver == "lbfgs":
        watched = _examples(material, material.validation)
        return fit_folds(examples, [head_strength(examples, watched), *fold_strengths(examples, count)])
    return fit_sgd_folds(examples, sgd_of(recipe), count)


def _examples(material: Dataset, rows: np.ndarray) -> Examples:
    return Examples(
        material.vectors[rows], material.y[rows], material.weights[rows], len(material.labels), material.folds[rows]
    )


def _joined(one: Examples, other: Examples | None) -> Examples:
    if other is None or not len(other.labels):
        return one
    return Examples(
        np.concatenate([one.vectors, other.vectors]),
        np.concatenate([one.labels, other.labels]),
        np.concatenate([one.weights, other.weights]),
        one.label_count,
        np.concatenate([one.folds, other.folds]),
    )


def sgd_of(recipe: HeadConfig) -> Sgd:
    return Sgd(recipe.steps, recipe.batch_size, recipe.learning_rate, recipe.seed)


class _Curve:
    """Collects points while training; looks at no more than 500 rows a point, so that watching stays cheap.

    What is watched: validation images where there are some, else each training image by the head of the fold that
    leaves it out.
    """

    def __init__(self, train: Examples, validation: Examples):
        inside = np.flatnonzero(train.folds != IN_NO_FOLD) if train.folds is not None else np.arange(len(train.labels))
        rows = np.random.default_rng(0).permutation(inside)[:500]
        self._train, self._validation = train.take(rows), validation
        self.points: list[Point] = []

    def add(self, step: int, heads: list[Head]) -> None:
        ours = _accuracy_and_loss(heads[0].probabilities(self._train.vectors), self._train.labels)
        if len(self._validation.labels):
            theirs = _accuracy_and_loss(heads[0].probabilities(self._validation.vectors), self._validation.labels)
        else:
            theirs = _accuracy_and_loss(_out_of_fold_probabilities(heads[1:], self._train), self._train.labels)
        self.points.append(Point(step, *ours, *theirs))


def _accuracy_and_loss(p: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    return float((p.argmax(axis=1) == labels).mean()), metrics.nll(p, labels)


def _out_of_fold_probabilities(heads: list[Head], examples: Examples) -> np.ndarray:
    """Probabilities float32 [n, k] of examples, each by the head of the fold that leaves it out."""
    p = np.empty((len(examples.labels), examples.label_count), np.float32)
    for fold, head in enumerate(heads):
        own = examples.folds == fold
        p[own] = head.probabilities(examples.vectors[own])
    return p


def _watchers(curve: _Curve, recipe: HeadConfig, keep: Callable[[int, Head], None] | None, keep_every: int) -> tuple:
    """One watcher for the curve and for intermediate models, and how often it must be called."""
    if not keep or not keep_every:
        return curve.add, recipe.every

    def watch(step: int, heads: list[Head]) -> None:
        if step % recipe.every == 0 or step == recipe.steps:
            curve.add(step, heads)
        if step % keep_every == 0:
            keep(step, heads[0])

    return watch, int(np.gcd(recipe.every, keep_every))


def _out_of_fold_logits(heads: list[Head], material: Dataset, learned: Examples) -> tuple[np.ndarray, np.ndarray]:
    """(logits float32 [n, k], which rows have honest ones): what the heads of the folds say of human-labelled images
    they have not seen, near-duplicates neither, and the head itself of the test images."""
    logits = np.zeros((len(material.y), len(material.labels)), np.float32)
    folded = np.zeros(len(material.y), bool)
    for fold, unseen in enumerate(heads[1:]):
        inside = ~material.test & material.human & (material.folds == fold)
        if inside.any() and len(set(learned.labels[others(learned, fold)])) > 1:  # else that head has learned nothing
            logits[inside] = unseen.logits(material.vectors[inside])
            folded |= inside
    logits[material.test] = heads[0].logits(material.vectors[material.test])
    return logits, folded


def _optimistic_logits(
    material: Dataset, examples: Examples, recipe: HeadConfig, strengths: list[float], count: int
) -> np.ndarray | None:
    """float32 [n, k], logits as `_judged` tells them, but by heads of the folds that also learn what only a robot
    labelled; None where nothing is, or where no fold tells the accuracy.

    The head itself learns that too, so it is better than the folds' heads without it; but as the robot knew the labels
    they hold back, those with it are too good. On five kinds of flowers, five harvests nobody looked at, six draws:
    .008 too low without, .038 too high with.
    """
    assert examples.folds is not None
    aside = examples.folds == IN_NO_FOLD
    if not aside.any() or test_set_suffices(material):
        return None
    taught = replace(examples, folds=np.where(aside, IN_EVERY_FOLD, examples.folds))
    heads = fit_folds(taught, strengths) if strengths else fit_sgd_folds(taught, sgd_of(recipe), count)
    return _out_of_fold_logits(heads, material, taught)[0]


def evaluate(
    head: Head,
    logits: np.ndarray,
    folded: np.ndarray,
    material: Dataset,
    gate: NoveltyDetector,
    hopeful: np.ndarray | None = None,
    unmeasured: str = UNMEASURED,
) -> TrainedHead:
    """The head with its temperature, fitted on honest logits of images that nobody chose, where there are any; with
    every figure it is judged by.

    Args:
        logits: float32 [n, k], honest in the rows of `folded` bool [n] and in those of the test set.
        hopeful: float32 [n, k], logits that promise too much, up to whose accuracy the interval reaches.
        unmeasured: what to say where nothing could be measured.
    """
    warnings = list[str]()
    fair = folded & material.measures
    rows = fair if fair.any() else folded
    heat = temperature(logits[rows], material.y[rows], material.groups[rows])
    if not rows.any():
        warnings.append("No image that a person sorted was left for calibrating the scores.")
    calibrated = softmax(logits / temperatures(logits, material.y, rows, material.folds, material.groups)[:, None])
    oof = np.where(folded[:, None], calibrated, 0)
    few = untold(material)
    known = np.flatnonzero((fair | (material.test & material.measures)) & (not few))
    honest = Evaluation(known, softmax(logits[known]), calibrated[known], alone=False)
    trained = TrainedHead(head.cooled(heat), head, heat, None, [], gate, folded, oof, honest, warnings=warnings)
    trained.facts = figures(honest, folded & (not few), heat, material, hopeful)
    tests = material.vectors[material.test]
    outside = gate.distances(tests) > gate.limit
    trained.facts["gate"] = {"limit": gate.limit, "test_outside": int(outside.sum()), "tests": len(tests)}
    trained.warnings += few or _warnings(trained, material, unmeasured)
    return trained


def _warnings(trained: TrainedHead, material: Dataset, unmeasured: str) -> list[str]:
    found = []
    low, high, n = (trained.facts["accuracy"][k] for k in ("low", "high", "total"))
    if not n:
        found.append(unmeasured)
    elif high - low > 0.1:
        found.append(
            f"The accuracy is uncertain: measured {trained.facts['measured_on']['words']}, "
            f"anything from {low:.0%} to {high:.0%} is possible."
        )
    for label, row in zip(material.labels, trained.facts["confusion"], strict=True):
        if n and not sum(row):
            found.append(f"No image of {label} could be measured on.")
    return found


def _still_falling(losses: list) -> bool:
    """Whether the mean of a curve's last tenth lies at least 3 % below that of the tenth before it."""
    tenth = len(losses) // 10
    if not tenth or losses[-1] is None:
        return False
    return float(np.mean(losses[-tenth:])) < 0.97 * float(np.mean(losses[-2 * tenth : -tenth]))


def curve_facts(curve: list[Point]) -> list[dict]:
    """The curve as plain data."""
    return [asdict(point) for point in curve]
