"""The only module of flow that knows `scripts/`: its door (`scripts/api.py`), opened with our places, settings and
errors.

`api` is imported when one of its names is first used, so that --help, questions and downloading start at once.
"""

import contextlib
import importlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage, NotReady, RoboError

if TYPE_CHECKING:
    from scripts import api
else:

    class _WhenNeeded:
        """Stands for the module `scripts.api` and imports it when it is first used, by one thread at a time."""

        def __init__(self) -> None:
            self._importing = RLock()

        def __getattr__(self, name: str) -> Any:
            with self._importing:
                return getattr(importlib.import_module("scripts.api"), name)

    api = _WhenNeeded()

_scratch: dict[str, Path | None] = {"hashes": None}


@contextlib.contextmanager
def scratch_hashes(folder: Path) -> Iterator[None]:
    """Inside, content hashes are written to a copy of their cache in `folder`: a dry run changes nothing of ours."""
    if paths.hashes().exists():
        shutil.copyfile(paths.hashes(), folder / paths.hashes().name)
    _scratch["hashes"] = folder / paths.hashes().name
    try:
        yield
    finally:
        _scratch["hashes"] = None


def hash_cache() -> "api.HashCache":
    """Content hashes and fingerprints of image files, remembered between runs. Use as a context manager."""
    return api.HashCache(_scratch["hashes"] or paths.hashes())


def near_duplicate_groups(images: dict[str, Path]) -> dict[str, str]:
    """Content hash -> name of its group of near-duplicates; images that cannot be read are left out.

    Args:
        images: content hash -> a file with that content.
    """
    with hash_cache() as cache:
        return api.group_near_duplicates(cache.fingerprints(images).items())


def cache_paths() -> "api.CachePaths":
    """Where backbones, embeddings and content hashes are kept between runs."""
    return api.CachePaths(paths.models(), paths.bottlenecks(), paths.hashes())


@contextlib.contextmanager
def problems() -> Iterator[None]:
    """What `scripts/` raises becomes what the front door understands: RoboError or NotReady."""
    try:
        yield
    except api.BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    except api.TooFewImages as problem:
        counts = ", ".join(f"{label} {n}" for label, n in problem.counts.items())
        raise NotReady(f"{problem} ({counts})", "Sort more images into the label folders.") from problem


def find_backbone(architecture: str, image_size: int = 0, precision: str = "int8") -> "api.Backbone":
    """A backbone by name, handle or folder. Raises BadUsage where there is none, or not in that size.

    Args:
        precision: int8 or float32; only the EfficientNet-Lites run in int8, all others in float32 whatever is given.
    """
    try:
        return api.find_backbone(architecture, image_size, precision)
    except api.BackboneProblem as problem:
        raise BadUsage(problem.message, problem.hint) from problem


def locate_backbone(backbone: "api.Backbone", fetched: Callable[[int], None], labels: int = 0) -> Path:
    """The backbone's SavedModel folder, built or fetched the first time.

    Args:
        fetched: called with how many bytes are there.
        labels: of the model that comes next, 0 = none.

    Raises:
        api.BackboneProblem: it cannot be had; `unreachable` where the model hub is.
    """
    return api.locate_backbone(backbone, paths.models(), tuple(cfg.hub_mirrors), cfg.hub_timeout_s, fetched, labels)


def open_embedder(backbone: "api.Backbone", folder: Path) -> "api.Embedder":
    """A backbone, ready to run, with its store. Raises RoboError where it cannot be opened."""
    with problems():
        return api.Embedder.of(backbone, folder, cache_paths().converted, paths.bottlenecks())
