"""From a setting or a model's facts to a backbone that can run; the bridge from cfg to scripts/backbones.py."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow import console, paths
from flow.errors import BadUsage, RoboError

if TYPE_CHECKING:
    import numpy as np

    from scripts.backbones import Backbone
    from scripts.runners import Runner


@dataclass
class LazyRunner:
    """A runner known by its facts, opened when the first picture must really go through it."""

    backbone: "Backbone"
    key: str
    input_size: int
    vector_length: int
    _opened: "Runner | None" = field(default=None, repr=False)

    @property
    def batch(self) -> int:
        """See `scripts.runners.Runner`; 1 until it is opened, which the first picture does."""
        return self._opened.batch if self._opened else 1

    def vectors(self, pixels: "np.ndarray") -> "np.ndarray":
        """See `scripts.runners.Runner`."""
        if self._opened is None:
            self._opened = open_runner(self.backbone, self.key)
        return self._opened.vectors(pixels)


def named(architecture: str, image_size: int = 0) -> "Backbone":
    """A backbone by name, handle or folder, for the program's own places.

    Raises:
        BadUsage: no such backbone, or not in that size.
    """
    from scripts import backbones

    try:
        return backbones.find(architecture, image_size, paths.EMBEDDED_MODELS)
    except backbones.BackboneProblem as problem:
        raise BadUsage(problem.message, problem.hint) from problem


def located(backbone: "Backbone") -> Path:
    """The backbone's SavedModel folder, fetched the first time. Raises scripts.backbones.BackboneProblem."""
    from scripts import backbones

    def told(size: int) -> None:
        advance(max(0, size // 1_000_000 - told.seen))
        told.seen = max(told.seen, size // 1_000_000)

    told.seen = 0
    with console.progress(None, f"fetching {backbone.title} (MB)") as advance:
        return backbones.locate(backbone, paths.models(), tuple(cfg.hub_mirrors), cfg.hub_timeout_s, told)


def open_runner(backbone: "Backbone", key: str = "") -> "Runner":
    """A ready runner.

    Args:
        key: the weights' hash the caller counts on; empty = any.

    Raises:
        RoboError: missing, damaged, or not the backbone the model was trained with.
    """
    from scripts import backbones, runners

    try:
        runner = runners.open_runner(backbone, located(backbone), paths.models() / "converted")
    except backbones.BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    if key and runner.key != key:
        raise RoboError(
            f"The backbone {backbone.title} is not the one this model was trained with.",
            "Retrain: retrain_defaults, or pick another model with --model.",
        )
    return runner


def lazy_runner(facts: dict) -> LazyRunner:
    """The runner of a model, from the `backbone` part of its model.json."""
    backbone = named(facts["architecture"], int(facts["input_size"]))
    return LazyRunner(backbone, facts["sha256"], int(facts["input_size"]), int(facts["vector_length"]))


def is_same(facts: dict) -> bool:
    """Whether the backbone on disk is still the one of a model's facts; True where it must be fetched first."""
    from scripts import backbones

    key = backbones.kept_key(named(facts["architecture"], int(facts["input_size"])), paths.models())
    return key in ("", facts["sha256"])
