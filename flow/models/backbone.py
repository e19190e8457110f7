"""From a trained model to its embeddings and its head.

A model runs with the backbone that it was trained with where that is on the disk, because its embeddings are cached.
Where that backbone has changed or is missing, the model's own graph is used, which contains the backbone too.
"""

import hashlib
from pathlib import Path

from flow.base import paths
from flow.base.errors import BadUsage, RoboError
from flow.base.learning import api, cache_paths, find_backbone, locate_backbone, open_embedder, problems
from flow.models import model_store
from flow.models.model_store import Model
from flow.ui import console


def fetch(backbone: "api.Backbone", labels: int = 0) -> Path:
    """The backbone's SavedModel folder, built or fetched the first time, with a progress bar.

    Args:
        labels: of the model that comes next, 0 = none.

    Raises:
        api.BackboneProblem: it cannot be built or fetched.
    """
    seen = 0

    def fetched(size: int) -> None:
        nonlocal seen
        advance(max(0, size // 1_000_000 - seen))
        seen = max(seen, size // 1_000_000)

    with console.progress(None, f"fetching {backbone.title} (MB)") as advance:
        return locate_backbone(backbone, fetched, labels)


def own_graph(name: str, input_size: int, folder: Path) -> "api.Backbone":
    """The graph in a model's folder as a backbone.

    Args:
        name, input_size: of the backbone that the model was trained with; its own graph is named after them too.
    """
    return api.Backbone(name, input_size, folder=folder / api.GRAPH)


def embedder_of(model: Model) -> "api.Embedder":
    """What makes a model's embeddings. The backbone is opened when the first image must go through it; that raises
    RoboError where neither the backbone nor the model's own graph can be used."""
    facts = model.facts["backbone"]
    key, length = facts["sha256"], int(facts["vector_length"])
    if _other_eyes(model):  # whose embeddings are to lie in a store of their own
        key = hashlib.sha256(f"{key} float32".encode()).hexdigest()
    return api.Embedder(_graph_of(model), key, length, paths.bottlenecks(), lambda: _open(model))


def caches(model: Model) -> list[Path]:
    """Files that only this model needs: the embeddings of its tuned network, and that network in TFLite."""
    if "tune" not in model.facts:
        return []
    own = _graph_of(model)
    key = api.graph_fingerprint(own.folder) if own.folder else ""
    converted = api.converted_path(own, key, cache_paths().converted)
    made = [embedder_of(model).store, converted, converted.with_suffix(".json")]
    return [path for path in made if path.is_file()]


def load_head(model: Model) -> "tuple[api.Head, api.NoveltyDetector]":
    """A model's head and novelty detector. Raises RoboError where they are damaged or do not fit its labels."""
    try:
        head, novelty = api.load_head(model.folder)
    except (OSError, ValueError, KeyError) as problem:
        raise model_store.damaged(model, "head.npz cannot be read") from problem
    if head.weights.shape[1] != len(model.labels):
        raise model_store.damaged(model, "its labels are not those of its head")
    return head, novelty


def can_run(model: Model) -> bool:
    """Whether a model can classify: by its own graph, or by a backbone that is unchanged or can still be fetched."""
    return _has_embeddings(model) or _key_now(model) in ("", model.facts["backbone"]["sha256"])


def _graph_of(model: Model) -> "api.Backbone":
    facts = model.facts["backbone"]
    size = int(facts["input_size"])
    return own_graph(facts["title"].removesuffix(f"_{size}"), size, model.folder)


def _has_embeddings(model: Model) -> bool:
    """Whether the model's own graph gives embeddings (models of the first versions give probabilities only)."""
    return api.EMBEDDINGS_SIGNATURE in model.facts.get("signatures", ())


def _key_now(model: Model) -> str:
    """The hash of a model's backbone as it is on disk now; empty where it is not there."""
    try:
        return api.key_on_disk(_trained_with(model), paths.models())
    except (BadUsage, OSError):
        return ""


def precision_of(model: Model) -> str:
    """int8 or float32: how the backbone of a model runs. Models of earlier versions run in float32."""
    return str(model.facts["backbone"].get("precision", "float32"))


def _other_eyes(model: Model) -> bool:
    """Whether a model trained in int8 has to be run by its graph in float32, as its backbone is not here."""
    if precision_of(model) != "int8" or not _has_embeddings(model):
        return False
    return _key_now(model) != model.facts["backbone"]["sha256"]


def _trained_with(model: Model) -> "api.Backbone":
    """The backbone that a model was trained with. Raises BadUsage where it is not known here."""
    facts = model.facts["backbone"]
    return find_backbone(facts["architecture"], int(facts["input_size"]), precision_of(model))


def map_reader(model: Model) -> "api.MapReader":
    """What gives the feature maps of a model's embeddings, in float32. Opened only where a map is asked for.

    Raises:
        api.NoMaps: its backbone has none.
        RoboError: it cannot be had.
    """
    with problems():
        return api.MapReader.of(*_backbone_of(model), cache_paths().converted)


def _open(model: Model) -> "api.Embedder":
    if _other_eyes(model):
        console.warn(
            f"the backbone of {model.name} is not here, so its graph in float32 is used: scores differ a little"
        )
    with problems():
        return open_embedder(*_backbone_of(model))


def _backbone_of(model: Model) -> "tuple[api.Backbone, Path]":
    """The backbone that a model was trained with and its folder; where that has changed or is missing, the model's own
    graph.

    Raises:
        RoboError: neither can be used.
        api.BackboneProblem: it cannot be fetched.
    """
    facts = model.facts["backbone"]
    if _key_now(model) != facts["sha256"] and _has_embeddings(model):
        model_store.verify(model)
        own = _graph_of(model)
        return own, fetch(own)
    backbone = _trained_with(model)
    folder = fetch(backbone)
    if _key_now(model) != facts["sha256"]:
        raise RoboError(
            f"The backbone {backbone.title} has changed since this model was trained with it.",
            "Train a new model with retrain_defaults, or choose another with --model.",
        )
    return backbone, folder
