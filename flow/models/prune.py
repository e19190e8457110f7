"""Removes models: all but the best one and the newest, when a person or the setting models_keep asks for it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from flow.base import files, paths
from flow.base.errors import Quit
from flow.models import backbone
from flow.models.model_store import Model
from flow.ui import console

REMOVING = ".forgotten_"  # start of a model's name while it is being removed; swept away by the next run


@dataclass(frozen=True)
class Pruned:
    """The models that were removed, or that would be (`dry`), and how many bytes that frees."""

    names: tuple[str, ...]
    kept: int
    size: int = 0
    dry: bool = False
    code: int = 0

    def line(self) -> str:
        if not self.names:
            return f"nothing to forget: {self.kept} model{'s' * (self.kept != 1)}"
        verb = "would forget" if self.dry else "forgot"
        count = len(self.names)
        return f"{verb} {count} model{'s' * (count != 1)} ({self.size / 1e6:.0f} MB), {self.kept} stay"

    def facts(self) -> dict:
        return {"forgotten": list(self.names), "kept": self.kept, "bytes": self.size, "dry": self.dry}


def prune(basetag: str, ranked: list[Model], keep: int, dry_run: bool = False) -> Pruned:
    """Remove all but the best model and the `keep` newest ones. Shows the list, and asks at a terminal.

    Only models are removed here: complete folders that RoboFlow wrote and can read.

    Args:
        ranked: the models, best first (`leaderboard.ranked`); the first is never removed.

    Raises:
        Quit: the person said no.
    """
    removed = _to_remove(ranked, keep)
    names = tuple(model.name for model in removed)
    if dry_run or not removed:
        for name in names if not console.is_json() else ():
            console.result(name)
        size = sum(_size(model, backbone.caches(model)) for model in removed)
        return Pruned(names, len(ranked) - len(removed), size, dry_run)
    for name in names:
        console.note(f"  {name}")
    if console.can_ask() and not console.yes_no(f"Forget these {len(names)} models for good?", False):
        raise Quit
    return _remove(basetag, removed, len(ranked))


def prune_unattended(basetag: str, ranked: list[Model], keep: int) -> Pruned:
    """Like `prune`, but asks and shows nothing: for the setting models_keep after an unattended retrain."""
    return _remove(basetag, _to_remove(ranked, keep), len(ranked))


def _to_remove(ranked: list[Model], keep: int) -> list[Model]:
    newest = sorted(ranked, key=lambda m: (m.facts["created"], m.name), reverse=True)
    kept = {m.name for m in (*ranked[:1], *newest[: max(1, keep)])}
    return [m for m in newest if m.name not in kept]


def _size(model: Model, caches: list[Path]) -> int:
    """Bytes that are freed by removing a model and the caches that only it needs."""
    return files.size_of(model.folder) + sum(path.stat().st_size for path in caches)


def _remove(basetag: str, removed: list[Model], count: int) -> Pruned:
    """Rename each model first, in one step, so that a killed run leaves no half of a model."""
    files.sweep_folders(paths.summaries(basetag), REMOVING)
    size = 0
    for model in removed:
        caches = backbone.caches(model)
        size += _size(model, caches)
        renamed = model.folder.with_name(f"{REMOVING}{model.name}")
        os.rename(model.folder, renamed)
        shutil.rmtree(renamed)
        for path in caches:
            path.unlink(missing_ok=True)
    return Pruned(tuple(m.name for m in removed), count - len(removed), size)
