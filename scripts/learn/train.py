"""Material -> a trained, calibrated, measured head. numpy only, nothing read or written."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from scripts.learn import metrics
from scripts.learn.dataset import Material
from scripts.learn.head import Examples, Head, Scaler, Sgd, fit_lbfgs, fit_sgd_folds, softmax
from scripts.learn.metrics import Share

FOLDS = 5
STRENGTHS = (1e-3, 1e-4, 1e-5, 1e-6)  # L2 strengths tried by lbfgs, strong to weak, each starting from the last
PROTOTYPES_MAX = 3000  # training vectors kept with a model for the distance gate; 6 MB at 1,024 numbers
GATE_LEAST = 40  # training images below which distances say nothing


@dataclass(frozen=True)
class Recipe:
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
    train_accuracy: float
    train_loss: float
    validation_accuracy: float | None
    validation_loss: float | None


@dataclass(frozen=True)
class Gate:
    """An image whose nearest training image is farther than `limit` (1 - cosine, 0..2) is unlike all of them.

    `rows` float16 [m, d] of unit length, after centring by `centre` and dividing by `spread` float32 [d]; limit 2 = no
    gate. Every feature has the same say: of photos of other things (clothing to a grocery classifier of five labels and
    the other way round, twice) 80, 82, 99 and 100 % lie beyond it then, 43, 48, 95 and 96 % without dividing.
    """

    rows: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    limit: float

    def distances(self, vectors: np.ndarray) -> np.ndarray:
        """float32 [n, d] -> float32 [n]."""
        if not len(self.rows):
            return np.zeros(len(vectors), np.float32)
        unit = metrics.unit_rows(vectors, self.centre, self.spread)
        return metrics.nearest_distance(unit, self.rows.astype(np.float32))


@dataclass
class Trained:
    """`head` has the temperature folded in; `plain_head` has not. `out_of_fold` float [n, k] over `folded` rows."""

    head: Head
    plain_head: Head
    temperature: float
    strength: float | None
    curve: list[Point]
    gate: Gate
    folded: np.ndarray  # bool [n]: human rows with out-of-fold probabilities
    out_of_fold: np.ndarray  # float32 [n, k], calibrated; rows outside `folded` are zero
    facts: dict = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def train(
    material: Material,
    recipe: Recipe,
    extra: Examples | None = None,
    keep: Callable[[int, Head], None] | None = None,
    keep_every: int = 0,
) -> Trained:
    """Fit, calibrate and measure.

    Args:
        extra: more training rows (distorted pictures), each in the fold of its original.
        keep, keep_every: called with (step, head) every so many steps, for intermediate models.
    """
    examples = _joined(_examples(material, material.train), extra)
    watched = _examples(material, material.validation)
    curve, strength = _Curve(_examples(material, material.train), watched), None
    if recipe.solver == "lbfgs":
        strength = _best_strength(examples, watched)
        heads = _fit_lbfgs(_joined(examples, watched), strength)
    else:
        watch, every = _watchers(curve, recipe, keep, keep_every)
        heads = fit_sgd_folds(examples, _sgd(recipe), FOLDS, watch, every)
    trained = _calibrated(heads, material, examples)
    trained.strength, trained.curve = strength, curve.points
    trained.gate = _gate(material)
    trained.facts = measure(trained, material)
    trained.warnings += _warnings(trained, material)
    return trained


def measure(trained: Trained, material: Material) -> dict:
    """Every figure a model is judged by, on the test rows; see `metrics`."""
    x, y = material.vectors[material.test], material.y[material.test]
    facts = evaluate(trained.head, x, y, material.labels)
    inner = material.y[trained.folded]
    oof = trained.out_of_fold[trained.folded]
    if len(inner):
        facts["cross_validation"] = Share(int((oof.argmax(axis=1) == inner).sum()), len(inner)).facts()
    facts["temperature"], facts["ece"] = trained.temperature, {}
    if len(x):
        plain, cooled = trained.plain_head.probabilities(x), trained.head.probabilities(x)
        facts["ece"] = {"before": metrics.ece(plain, y), "after": metrics.ece(cooled, y)}
    outside = trained.gate.distances(x) > trained.gate.limit
    facts["gate"] = {"limit": trained.gate.limit, "test_outside": int(outside.sum())}
    return facts


def evaluate(head: Head, vectors: np.ndarray, y: np.ndarray, labels: list[str]) -> dict:
    """Figures of a head on labelled vectors: accuracy, confusion, per label, reliability, thresholds."""
    probabilities = head.probabilities(vectors) if len(vectors) else np.zeros((0, len(labels)), np.float32)
    guesses = probabilities.argmax(axis=1)
    table = metrics.confusion(y, guesses, len(labels))
    rows = metrics.per_label(table)
    return {
        "accuracy": Share(int((guesses == y).sum()), len(y)).facts(),
        "loss": metrics.nll(probabilities, y) if len(y) else None,
        "confusion": table.tolist(),
        "per_label": dict(zip(labels, rows, strict=True)),
        "reliability": metrics.reliability(probabilities, y) if len(y) else [],
        "thresholds": [metrics.above(probabilities, y, t) for t in metrics.THRESHOLDS],
        "targets": _targets(probabilities, y, labels),
    }


def _targets(probabilities: np.ndarray, y: np.ndarray, labels: list[str]) -> list[dict]:
    """For each precision people ask for: the score that reaches it, for all and for each label."""
    rows = []
    for target in metrics.TARGETS:
        per_label = {label: metrics.threshold_for(probabilities, y, target, i) for i, label in enumerate(labels)}
        rows.append({"precision": target, "all": metrics.threshold_for(probabilities, y, target), "labels": per_label})
    return rows


def _examples(material: Material, rows: np.ndarray) -> Examples:
    return Examples(material.vectors[rows], material.y[rows], material.weights[rows], len(material.labels),
                    material.folds[rows])  # fmt: skip


def _joined(one: Examples, other: Examples | None) -> Examples:
    if other is None or not len(other.labels):
        return one
    return Examples(np.concatenate([one.vectors, other.vectors]), np.concatenate([one.labels, other.labels]),
                    np.concatenate([one.weights, other.weights]), one.label_count,
                    np.concatenate([one.folds, other.folds]))  # fmt: skip


def _sgd(recipe: Recipe) -> Sgd:
    return Sgd(recipe.steps, recipe.batch_size, recipe.learning_rate, recipe.seed)


class _Curve:
    """Collects points while training; looks at no more than 500 training rows a point, so that watching stays cheap."""

    def __init__(self, train: Examples, validation: Examples):
        rows = np.random.default_rng(0).permutation(len(train.labels))[:500]
        self._train, self._validation = train.take(rows), validation
        self.points: list[Point] = []

    def add(self, step: int, head: Head) -> None:
        ours, theirs = (self._look(head, e) for e in (self._train, self._validation))
        self.points.append(Point(step, ours[0], ours[1], *theirs))

    @staticmethod
    def _look(head: Head, examples: Examples) -> tuple:
        if not len(examples.labels):
            return None, None
        p = head.probabilities(examples.vectors)
        return float((p.argmax(axis=1) == examples.labels).mean()), metrics.nll(p, examples.labels)


def _watchers(curve: _Curve, recipe: Recipe, keep: Callable[[int, Head], None] | None, keep_every: int) -> tuple:
    """One watcher for the curve and for intermediate models, and how often it must be called."""
    if not keep or not keep_every:
        return curve.add, recipe.every

    def watch(step: int, head: Head) -> None:
        if step % recipe.every == 0 or step == recipe.steps:
            curve.add(step, head)
        if step % keep_every == 0:
            keep(step, head)

    return watch, int(np.gcd(recipe.every, keep_every))


def _best_strength(train: Examples, validation: Examples) -> float:
    """The L2 strength with the least validation loss; where nothing is watched, the first fold is."""
    if not len(validation.labels):
        train, validation = train.take(train.folds != 0), train.take(train.folds == 0)
    best, least, head = STRENGTHS[0], np.inf, None
    for strength in STRENGTHS if len(validation.labels) else ():
        head = fit_lbfgs(train, strength, head)
        loss = metrics.nll(head.probabilities(validation.vectors), validation.labels)
        if loss < least:
            best, least = strength, loss
    return best


def _fit_lbfgs(examples: Examples, strength: float) -> list[Head]:
    """The head and, after it, one for each fold that has not learned from the fold's images."""
    parts = [examples, *(examples.take(examples.folds != fold) for fold in range(FOLDS))]
    return [fit_lbfgs(part if len(part.labels) else examples, strength) for part in parts]


def _calibrated(heads: list[Head], material: Material, learned: Examples) -> Trained:
    """The head with its temperature, fitted on what the heads of the folds say of human-labelled images they have not
    seen, near-duplicates neither."""
    head, warnings, temperature = heads[0], [], 1.0
    logits = np.zeros((len(material.y), len(material.labels)), np.float32)
    folded = np.zeros(len(material.y), bool)
    for fold in range(FOLDS):
        inside = ~material.test & material.human & (material.folds == fold)
        if inside.any() and len(set(learned.labels[learned.folds != fold])) > 1:  # else that head has learned nothing
            logits[inside] = heads[fold + 1].logits(material.vectors[inside])
            folded |= inside
    if folded.sum() >= metrics.TEMPERATURE_MIN_IMAGES:
        temperature = metrics.fit_temperature(logits[folded], material.y[folded])
    else:
        warnings.append(f"Only {int(folded.sum())} human-sorted training images: the scores are not calibrated.")
    oof = np.where(folded[:, None], softmax(logits / temperature), 0)
    return Trained(head.cooled(temperature), head, temperature, None, [], None, folded, oof, warnings=warnings)  # type: ignore[arg-type]  # the gate follows


def _gate(material: Material) -> Gate:
    rows = np.flatnonzero(material.train)
    if len(rows) > PROTOTYPES_MAX:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:PROTOTYPES_MAX])
    scaler = Scaler.fit(material.vectors[rows])
    unit = metrics.unit_rows(material.vectors[rows], scaler.mean, scaler.spread)
    limit = metrics.distance_gate(unit, material.groups[rows]) if len(rows) >= GATE_LEAST else 2.0
    return Gate(unit.astype(np.float16), scaler.mean, scaler.spread, limit)


def _warnings(trained: Trained, material: Material) -> list[str]:
    found = []
    low, high = (trained.facts["accuracy"][k] for k in ("low", "high"))
    n = trained.facts["accuracy"]["total"]
    if n and high - low > 0.1:
        found.append(f"The accuracy is uncertain: only {n} test images, "
                     f"so anything from {low:.0%} to {high:.0%} is possible.")  # fmt: skip
    for label, row in material.counts().items():
        if not row["test"]:
            found.append(f"No image of {label} is in the test set.")
    if _still_falling([point.validation_loss for point in trained.curve]):
        found.append("It was still getting better at the last step: more steps or a higher learning rate may help.")
    return found


def _still_falling(losses: list) -> bool:
    """Whether the last tenth of a curve lies at least 3 % below the tenth before it; means, as single points jump."""
    tenth = len(losses) // 10
    if not tenth or losses[-1] is None:
        return False
    return float(np.mean(losses[-tenth:])) < 0.97 * float(np.mean(losses[-2 * tenth : -tenth]))


def curve_facts(curve: list[Point]) -> list[dict]:
    """The curve as plain data."""
    return [asdict(point) for point in curve]
