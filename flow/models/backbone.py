"""From a setting or a model to a backbone that can run; the bridge from cfg to scripts/learn/backbones.py.

A model runs with the backbone it was trained with where that is on disk, for its bottlenecks are known there, and with
its own graph, which holds the backbone too, where that has changed or is gone.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, RoboError
from flow.models import shelf
from flow.models.shelf import Model
from flow.talk import console

if TYPE_CHECKING:
    import numpy as np

    from scripts.learn.backbones import Backbone
    from scripts.learn.gate import Gate
    from scripts.learn.head import Head
    from scripts.learn.runners import Runner


def named(architecture: str, image_size: int = 0) -> "Backbone":
    """A backbone by name, handle or folder, for the program's own places.

    Raises:
        BadUsage: no such backbone, or not in that size.
    """
    from scripts.learn import backbones

    try:
        return backbones.find(architecture, image_size)
    except backbones.BackboneProblem as problem:
        raise BadUsage(problem.message, problem.hint) from problem


def located(backbone: "Backbone") -> Path:
    """The backbone's SavedModel folder, fetched the first time. Raises scripts.learn.backbones.BackboneProblem."""
    from scripts.learn import backbones

    seen = 0

    def told(size: int) -> None:
        nonlocal seen
        advance(max(0, size // 1_000_000 - seen))
        seen = max(seen, size // 1_000_000)

    with console.progress(None, f"fetching {backbone.title} (MB)") as advance:
        return backbones.locate(backbone, paths.models(), tuple(cfg.hub_mirrors), cfg.hub_timeout_s, told)


def own_graph(name: str, input_size: int, folder: Path) -> "Backbone":
    """The graph in a model's folder as a backbone.

    Args:
        name, input_size: of the backbone that the model was trained with; its own graph goes by them too.
    """
    from scripts.learn.backbones import Backbone
    from scripts.learn.model_files import GRAPH

    return Backbone(name, input_size, folder=folder / GRAPH)


@dataclass
class LazyRunner:
    """The runner of a model, opened when the first picture must really go through it."""

    model: Model
    _opened: "Runner | None" = field(default=None, repr=False)

    @property
    def backbone(self) -> "Backbone":
        """The model's own graph."""
        name = self._facts["title"].removesuffix(f"_{self.input_size}")
        return own_graph(name, self.input_size, self.model.folder)

    @property
    def key(self) -> str:
        return self._facts["sha256"]

    @property
    def input_size(self) -> int:
        return int(self._facts["input_size"])

    @property
    def vector_length(self) -> int:
        return int(self._facts["vector_length"])

    @property
    def batch(self) -> int:
        """See `scripts.learn.runners.Runner`; 1 until it is opened, which the first picture does."""
        return self._opened.batch if self._opened else 1

    def vectors(self, pixels: "np.ndarray") -> "np.ndarray":
        """See `scripts.learn.runners.Runner`.

        Raises:
            RoboError: neither the backbone nor the model's own graph will do.
        """
        if self._opened is None:
            self._opened = self._open()
        return self._opened.vectors(pixels)

    @property
    def _facts(self) -> dict:
        return self.model.facts["backbone"]

    def _open(self) -> "Runner":
        if _is_there(self.model) or not _gives_bottlenecks(self.model):
            return _checked(named(self._facts["architecture"], self.input_size), self.key)
        shelf.verify(self.model)
        return _opened(self.backbone)


def caches(model: Model) -> list[Path]:
    """Files beside a model that no other needs: what a network of its own made of images, and its converted form."""
    from scripts.learn import backbones, bottlenecks, runners

    if "tune" not in model.facts:
        return []
    runner = LazyRunner(model)
    own = runner.backbone
    key = backbones.fingerprint(own.folder) if own.folder else ""
    converted = runners.converted_path(own, key, paths.models() / "converted")
    made = [bottlenecks.store_path(paths.bottlenecks(), own, runner.key), converted, converted.with_suffix(".json")]
    return [path for path in made if path.is_file()]


def head_of(model: Model) -> "tuple[Head, Gate]":
    """A model's head and distance gate. Raises RoboError where they are damaged or do not fit its labels."""
    from scripts.learn import model_files

    try:
        head, gate = model_files.load_head(model.folder)
    except (OSError, ValueError, KeyError) as problem:
        raise shelf.damaged(model, "head.npz cannot be read") from problem
    if head.weights.shape[1] != len(model.labels):
        raise shelf.damaged(model, "its labels are not those of its head")
    return head, gate


def can_run(model: Model) -> bool:
    """Whether a model can classify: its backbone is still the one it was trained with, or can be fetched, or the
    model's own graph will do."""
    return _gives_bottlenecks(model) or _key_now(model) in ("", model.facts["backbone"]["sha256"])


def _gives_bottlenecks(model: Model) -> bool:
    from scripts.learn.runners import FEATURES

    return FEATURES in model.facts.get("signatures", ())


def _is_there(model: Model) -> bool:
    return _key_now(model) == model.facts["backbone"]["sha256"]


def _key_now(model: Model) -> str:
    """The hash of a model's backbone as it is on disk now; empty where it is not there."""
    from scripts.learn import backbones

    facts = model.facts["backbone"]
    try:
        return backbones.kept_key(named(facts["architecture"], int(facts["input_size"])), paths.models())
    except (BadUsage, OSError):
        return ""


def _checked(backbone: "Backbone", key: str) -> "Runner":
    """A backbone's runner.

    Raises:
        RoboError: missing, damaged, or not the backbone the model was trained with.
    """
    runner = _opened(backbone)
    if runner.key != key:
        raise RoboError(
            f"The backbone {backbone.title} is not the one this model was trained with.",
            "Retrain: retrain_defaults, or pick another model with --model.",
        )
    return runner


def _opened(backbone: "Backbone") -> "Runner":
    from scripts.learn import backbones, runners

    try:
        return runners.open_runner(backbone, located(backbone), paths.models() / "converted")
    except backbones.BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
