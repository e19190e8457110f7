"""Trains a model for every combination of the given parameters, on the same split, and compares them."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flow.base import files, paths
from flow.base.errors import PARTIAL, BadUsage
from flow.base.names import percent
from flow.base.options import filled
from flow.models import leaderboard
from flow.models.model_store import Model
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.retrain import step as retrain
from flow.retrain import tuning
from flow.retrain.options import TrainOptions
from flow.retrain.publish import publish
from flow.retrain.result import left_out_words
from flow.ui import console

SPLIT_OPTIONS = ("test_percent", "validation_percent", "images_min")  # other splits cannot be compared
COMBINATIONS_MAX = 200


@dataclass(frozen=True)
class Explored:
    """The models that were made; `board`: all models, best first; `effects`: option -> value -> mean accuracy 0..1."""

    models: tuple[Model, ...]
    board: leaderboard.Leaderboard
    effects: dict[str, dict[str, float]]
    unreadable: int = 0
    left_out: dict[str, int] = field(default_factory=dict)  # labels with too few images -> how many

    @property
    def code(self) -> int:
        return PARTIAL if self.unreadable else 0

    def line(self) -> str:
        best = next(s for s in self.board.ranking if s.model in self.models)
        text = (
            f"explored {len(self.models)} combinations; the best is {best.model.name}: accuracy {percent(best.value)}"
        )
        return text + left_out_words(self.left_out)

    def facts(self) -> dict:
        return {"models": [m.name for m in self.models], "effects": self.effects, "leaderboard": self.board.facts()}


def explore(basetag: str, chosen: dict[str, object], stamp: str, catalogue: Catalogue) -> Explored:
    """Train all combinations. Embeddings are computed once for each backbone, the split once for all.

    Raises:
        BadUsage: no option has several values, or one that would change the split has.
        NotReady, RoboError: as retrain.
    """
    trainings = combinations(chosen)
    counts = retrain.check_ready(basetag, trainings[0])
    made: list[Model] = []
    bad: dict[Path, str] = {}
    with console.progress(len(trainings), "exploring") as advance:
        for (architecture, size, _), group in _by_backbone(trainings).items():
            console.note(f"boop boop. {architecture} {size}: {len(group)} combinations")
            for training, learned in _trained(basetag, group, catalogue, set(counts)):
                bad |= learned.dataset.unreadable
                made.append(publish(basetag, training, stamp, catalogue, learned).model)
                advance(1)
    for path, why in bad.items():
        console.warn(f"{path} is left out: {why}")
    board = leaderboard.leaderboard(basetag, catalogue)
    effects = _effects(chosen, made, board)
    _show(basetag, board, effects)
    few = provenance.left_out(provenance.label_counts(basetag), trainings[0].images_min)
    return Explored(tuple(made), board, effects, len(bad), few)


def combinations(chosen: dict[str, object]) -> list[TrainOptions]:
    """Every combination of the values chosen, each training once.

    Raises:
        BadUsage: no option has several values, one that changes the split has, or there are too many combinations.
    """
    several = {name: value for name, value in chosen.items() if isinstance(value, list)}
    if not several:
        example = "For example: --steps 500,2600 --learning-rate 0.01,0.1"
        raise BadUsage("explore needs at least one option with several values.", example)
    for name in SPLIT_OPTIONS:
        if name in several:
            option = f"--{name.replace('_', '-')}"
            raise BadUsage(f"explore takes one value for {option}: all models share one split.", "Give one value.")
    lists = [value if isinstance(value, list) else [value] for value in chosen.values()]
    trainings = [filled(TrainOptions, dict(zip(chosen, values, strict=True))) for values in itertools.product(*lists)]
    unique = list(dict.fromkeys(_without_unused(t) for t in trainings))
    if len(unique) > COMBINATIONS_MAX:
        raise BadUsage(f"{len(unique)} combinations are more than {COMBINATIONS_MAX}.", "Give fewer values.")
    return unique


def _without_unused(training: TrainOptions) -> TrainOptions:
    """The training with options that it does not use set to their defaults, so that equal trainings compare equal:
    lbfgs uses no steps, batch size and learning rate; training the head alone uses no option of tuning."""
    plain = filled(TrainOptions, {})
    training = replace(training, effort=plain.effort)
    if training.tune != "last":
        training = replace(
            training,
            tune="head",
            tune_epochs=plain.tune_epochs,
            tune_batch=plain.tune_batch,
            tune_rate=plain.tune_rate,
            folds=plain.folds,
        )
    if training.solver != "lbfgs":
        return training
    return replace(training, steps=plain.steps, batch_size=plain.batch_size, learning_rate=plain.learning_rate)


def _by_backbone(trainings: list[TrainOptions]) -> dict[tuple[str, int, str], list[TrainOptions]]:
    groups: dict[tuple[str, int, str], list[TrainOptions]] = defaultdict(list)
    for training in trainings:
        groups[training.architecture, training.image_size, training.precision].append(training)
    return groups


def _trained(
    basetag: str, group: list[TrainOptions], catalogue: Catalogue, labels: set[str]
) -> Iterator[tuple[TrainOptions, Any]]:
    """(training, result) for each combination of one backbone; the images are prepared once."""
    chosen, folder = retrain.choose_backbone(group[0], attended=True)
    images = [image for image in provenance.training_images(basetag, catalogue) if image.label in labels]
    jobs = [(t, retrain.make_job(images, t, catalogue, chosen, folder)) for t in group]
    gathered = None
    for training, job in jobs:
        if gathered is None:
            gathered = retrain.gather(job)
        yield training, tuning.train(job, gathered)


def _effects(
    chosen: dict[str, object], made: list[Model], board: leaderboard.Leaderboard
) -> dict[str, dict[str, float]]:
    """The mean accuracy of all combinations with each value of an option."""
    value = {s.model.name: s.value for s in board.ranking}
    effects: dict[str, dict[str, float]] = {}
    for name in (n for n, v in chosen.items() if isinstance(v, list)):
        sums: dict[str, list[float]] = defaultdict(list)
        for model in made:
            sums[_value(model, name)].append(value[model.name])
        effects[name] = {key: sum(values) / len(values) for key, values in sums.items()}
    return effects


def _value(model: Model, name: str) -> str:
    """The value of an option that a model was trained with."""
    if name == "architecture":
        return str(model.facts["backbone"]["title"])
    if name == "image_size":
        return str(model.facts["backbone"]["input_size"])
    return str(model.facts["parameters"].get(name, "not tuned"))


def _show(basetag: str, board: leaderboard.Leaderboard, effects: dict[str, dict[str, float]]) -> None:
    leaderboard.show(board, to_stdout=False)
    for name, values in effects.items():
        means = ", ".join(f"{value}: {percent(share)}" for value, share in values.items())
        console.note(f"mean accuracy by {name.replace('_', ' ')}: {means}")
    console.note(f"To compare the curves: tensorboard --logdir {files.make_folder(paths.summaries(basetag))}")
