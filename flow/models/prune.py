"""Models do not pile up: all but the best and the newest ones are removed, when a person or the settings say so."""

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
    """Models removed, or that would be (`dry`), and the bytes that frees."""

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
    """Remove all but the best model and the `keep` newest ones; shows the list, and asks at a terminal.

    Nothing but models is ever removed here: whole folders that RoboFlow itself wrote and can read.

    Args:
        ranked: the models, best first (`leaderboard.ranked`); the first is never removed.

    Raises:
        Quit: the person said no.
    """
    leaving = _to_remove(ranked, keep)
    names = tuple(model.name for model in leaving)
    if dry_run or not leaving:
        for name in names if not console.is_json() else ():
            console.result(name)
        size = sum(_size(model, backbone.caches(model)) for model in leaving)
        return Pruned(names, len(ranked) - len(leaving), size, dry_run)
    for name in names:
        console.note(f"  {name}")
    if console.can_ask() and not console.yes_no(f"Forget these {len(names)} models for good?", False):
        raise Quit
    return _remove(basetag, leaving, len(ranked))


def prune_unattended(basetag: str, ranked: list[Model], keep: int) -> Pruned:
    """As `prune`, for the setting models_keep after an unattended retrain: asks and shows nothing."""
    return _remove(basetag, _to_remove(ranked, keep), len(ranked))


def _to_remove(ranked: list[Model], keep: int) -> list[Model]:
    newest = sorted(ranked, key=lambda m: (m.facts["created"], m.name), reverse=True)
    staying = {m.name for m in (*ranked[:1], *newest[: max(1, keep)])}
    return [m for m in newest if m.name not in staying]


def _size(model: Model, caches: list[Path]) -> int:
    """Bytes that its removal frees, and that of what was kept for it alone."""
    return files.size_of(model.folder) + sum(path.stat().st_size for path in caches)


def _remove(basetag: str, leaving: list[Model], count: int) -> Pruned:
    """A model loses its name in one step, so that a killed run leaves no half of one."""
    files.sweep_folders(paths.summaries(basetag), REMOVING)
    size = 0
    for model in leaving:
        own = backbone.caches(model)
        size += _size(model, own)
        aside = model.folder.with_name(f"{REMOVING}{model.name}")
        os.rename(model.folder, aside)
        shutil.rmtree(aside)
        for path in own:
            path.unlink(missing_ok=True)
    return Pruned(tuple(m.name for m in leaving), count - len(leaving), size)
