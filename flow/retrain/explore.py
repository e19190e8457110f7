"""Train every combination of the parameters given, on the same split, and compare."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flow.base import files, paths
from flow.base.errors import PARTIAL, BadUsage
from flow.base.options import filled
from flow.models import leaderboard
from flow.models.model_store import Model
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.retrain import step as retrain
from flow.retrain import tuning
from flow.retrain.options import TrainOptions
from flow.ui import console

SPLIT_OPTIONS = ("test_percent", "validation_percent", "images_min")  # other splits cannot be compared
COMBINATIONS_MAX = 200


@dataclass(frozen=True)
class Explored:
    """The models made, best first on the same images; `effects`: option -> value -> mean share right."""

    models: tuple[Model, ...]
    board: leaderboard.Leaderboard
    effects: dict[str, dict[str, float]]
    unreadable: int = 0

    @property
    def code(self) -> int:
        return PARTIAL if self.unreadable else 0

    def line(self) -> str:
        best = next(s for s in self.board.ranking if s.model in self.models)
        return f"explored {len(self.models)} combinations; the best is {best.model.name} ({100 * best.value:.1f}%)"

    def facts(self) -> dict:
        return {"models": [m.name for m in self.models], "effects": self.effects, "leaderboard": self.board.facts()}


def explore(basetag: str, chosen: dict[str, object], stamp: str, catalogue: Catalogue) -> Explored:
    """Train all combinations. Bottlenecks are computed once a backbone, the split once for all.

    Raises:
        BadUsage: no option has several values, or one that would change the split has.
        NotReady, RoboError: as retrain.
    """
    trainings = combinations(chosen)
    retrain.check_ready(basetag, trainings[0])
    made: list[Model] = []
    bad: dict[Path, str] = {}
    with console.progress(len(trainings), "exploring") as advance:
        for (architecture, size), group in _by_backbone(trainings).items():
            console.note(f"boop boop. {architecture} {size}: {len(group)} combinations")
            for training, learned in _trained(basetag, group, catalogue):
                bad |= learned.dataset.unreadable
                made.append(retrain.publish(basetag, training, stamp, catalogue, learned).model)
                advance(1)
    for path, why in bad.items():
        console.warn(f"{path} is left out: {why}")
    board = leaderboard.leaderboard(basetag, catalogue)
    effects = _effects(chosen, made, board)
    _tell(basetag, board, effects)
    return Explored(tuple(made), board, effects, len(bad))


def combinations(chosen: dict[str, object]) -> list[TrainOptions]:
    several = {name: value for name, value in chosen.items() if isinstance(value, list)}
    if not several:
        example = "For example: --steps 500,2600 --learning-rate 0.01,0.1"
        raise BadUsage("explore needs an option with several values.", example)
    for name in SPLIT_OPTIONS:
        if name in several:
            option = f"--{name.replace('_', '-')}"
            raise BadUsage(f"{option} takes one value in explore: all models share one split.", "Give one value.")
    lists = [value if isinstance(value, list) else [value] for value in chosen.values()]
    trainings = [filled(TrainOptions, dict(zip(chosen, values, strict=True))) for values in itertools.product(*lists)]
    unique = list(dict.fromkeys(_told_apart(t) for t in trainings))
    if len(unique) > COMBINATIONS_MAX:
        raise BadUsage(f"{len(unique)} combinations are more than {COMBINATIONS_MAX}.", "Give fewer values.")
    return unique


def _told_apart(training: TrainOptions) -> TrainOptions:
    """lbfgs has no use for steps, batch size and learning rate, a head that learns alone none for what concerns tuning:
    such combinations are the same one."""
    plain = filled(TrainOptions, {})
    if training.tune == "head":
        training = replace(
            training,
            tune_epochs=plain.tune_epochs,
            tune_batch=plain.tune_batch,
            tune_rate=plain.tune_rate,
            folds=plain.folds,
        )
    if training.solver != "lbfgs":
        return training
    return replace(training, steps=plain.steps, batch_size=plain.batch_size, learning_rate=plain.learning_rate)


def _by_backbone(trainings: list[TrainOptions]) -> dict[tuple[str, int], list[TrainOptions]]:
    groups: dict[tuple[str, int], list[TrainOptions]] = defaultdict(list)
    for training in trainings:
        groups[training.architecture, training.image_size].append(training)
    return groups


def _trained(basetag: str, group: list[TrainOptions], catalogue: Catalogue) -> Iterator[tuple[TrainOptions, Any]]:
    """(training, learned) for each combination of one backbone; the pictures are gathered once."""
    chosen, folder = retrain.choose_backbone(group[0], attended=True)
    images = provenance.training_images(basetag, catalogue)
    jobs = [(t, retrain.make_job(images, t, catalogue, chosen, folder)) for t in group]
    gathered = None
    for training, job in jobs:
        if gathered is None:
            gathered = retrain.gather(job)
        yield training, tuning.train(job, gathered)


def _effects(
    chosen: dict[str, object], made: list[Model], board: leaderboard.Leaderboard
) -> dict[str, dict[str, float]]:
    """What each option did: the mean share right over all combinations with a value."""
    value = {s.model.name: s.value for s in board.ranking}
    effects: dict[str, dict[str, float]] = {}
    for name in (n for n, v in chosen.items() if isinstance(v, list)):
        sums: dict[str, list[float]] = defaultdict(list)
        for model in made:
            sums[_told(model, name)].append(value[model.name])
        effects[name] = {key: sum(values) / len(values) for key, values in sums.items()}
    return effects


def _told(model: Model, name: str) -> str:
    if name == "architecture":
        return str(model.facts["backbone"]["title"])
    if name == "image_size":
        return str(model.facts["backbone"]["input_size"])
    return str(model.facts["parameters"].get(name, "not tuned"))


def _tell(basetag: str, board: leaderboard.Leaderboard, effects: dict[str, dict[str, float]]) -> None:
    leaderboard.show(board, to_stdout=False)
    for name, values in effects.items():
        told = ", ".join(f"{value}: {100 * share:.1f}%" for value, share in values.items())
        console.note(f"{name.replace('_', ' ')}  {told}")
    console.note(f"compare the curves: tensorboard --logdir {files.make_folder(paths.summaries(basetag))}")
