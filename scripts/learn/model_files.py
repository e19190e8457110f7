"""Trained head + backbone -> files: the self-contained SavedModel, head.npz, labels, model.json."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from scripts.learn import artifact_cache, child, out_of_fold
from scripts.learn.artifact_cache import sha256_of
from scripts.learn.backbones import FLOAT32, can_be_cut, fingerprint
from scripts.learn.dataset import Dataset
from scripts.learn.head import Head
from scripts.learn.novelty import NoveltyDetector
from scripts.learn.saved_model import FEATURES, load_callable
from scripts.learn.trained_head import TrainedHead
from scripts.learn.tune import TuneConfig

GRAPH, LABELS, FACTS, HEAD = "retrained_graph", "retrained_labels.txt", "model.json", "head.npz"
FORMAT = 1
SIGNATURES = ("serving_default", "from_bottlenecks", FEATURES)
PB = "saved_model.pb"  # the file of a SavedModel that holds its graph


def save_graph(
    folder: Path,
    backbone_folder: Path,
    size: int,
    head: Head,
    output: str = "probabilities",
    graphs: Path | None = None,
) -> None:
    """Write a SavedModel: serving_default takes float32 `images` [n, size, size, 3] in [0, 1] and gives
    probabilities [n, labels]; from_bottlenecks takes float32 `bottlenecks` [n, d]; bottlenecks takes `images` and gives
    those.

    Args:
        size: pixels a side.
        output: the name of the probabilities.
        graphs: folder where a graph of this backbone with an empty head is stored between runs. With it, all graphs but
            the first are made without TensorFlow: the head is one constant, whose bytes replace those of the empty one.
    """
    if graphs is None:
        _write_graph(folder, backbone_folder, size, _table(head), output)
        return
    empty = _empty_graph(backbone_folder, size, head.weights.shape[1], graphs, output)
    if not artifact_cache.is_complete(empty):
        child.call(empty_graph, backbone_folder, size, head.weights.shape[1], graphs, output)
    marker = _marker(*_table(head).shape)
    shutil.copytree(
        empty, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(artifact_cache.COMPLETE, "fingerprint.pb")
    )
    graph = (folder / PB).read_bytes()
    if (
        graph.count(marker.tobytes()) < 2
    ):  # one a signature; TensorFlow stores constants in another way: the long way then
        shutil.rmtree(folder)
        _write_graph(folder, backbone_folder, size, _table(head), output)
        return
    (folder / PB).write_bytes(graph.replace(marker.tobytes(), _table(head).tobytes()))


def empty_graph(backbone_folder: Path, size: int, labels: int, graphs: Path, output: str = "probabilities") -> None:
    """Store the graph that those of this backbone with so many labels are made from, unless it is there."""
    empty = _empty_graph(backbone_folder, size, labels, graphs, output)
    artifact_cache.cached_folder(empty, lambda part: _write_graph(part, backbone_folder, size, labels, output))


def has_empty_graph(backbone_folder: Path, size: int, labels: int, graphs: Path) -> bool:
    return (_empty_graph(backbone_folder, size, labels, graphs, "probabilities") / artifact_cache.COMPLETE).exists()


def _empty_graph(backbone_folder: Path, size: int, labels: int, graphs: Path, output: str) -> Path:
    return graphs / f"{fingerprint(backbone_folder)[:12]}_{size}_{labels}_{output}_{len(SIGNATURES)}"


def _marker(rows: int, labels: int) -> np.ndarray:
    """The head of an empty graph: bytes that occur nowhere else."""
    return np.random.default_rng(0).random((rows, labels), np.float32)


def _table(head: Head) -> np.ndarray:
    """Weights with the bias as their last row: float32 [d + 1, labels]."""
    return np.concatenate([head.weights, head.bias[None]]).astype(np.float32)


def _write_graph(folder: Path, backbone_folder: Path, size: int, head: np.ndarray | int, output: str) -> None:
    """Write a graph with a head, or with an empty one for so many labels."""
    from scripts.learn.tensor import import_tensorflow

    tf = import_tensorflow()
    features, loaded = load_callable(backbone_folder, size)
    length = int(features(tf.zeros([1, size, size, 3])).shape[1])
    table = _marker(length + 1, head) if isinstance(head, int) else head

    class Classifier(tf.Module):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.backbone = loaded

        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, size, size, 3], tf.float32, name="images")])
        def __call__(self, images: Any) -> Any:
            head = tf.constant(table)
            return {output: tf.nn.softmax(features(images) @ head[:-1] + head[-1])}

        @tf.function(
            autograph=False, input_signature=[tf.TensorSpec([None, len(table) - 1], tf.float32, name="bottlenecks")]
        )
        def from_bottlenecks(self, bottlenecks: Any) -> Any:
            head = tf.constant(table)
            return {output: tf.nn.softmax(bottlenecks @ head[:-1] + head[-1])}

        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, size, size, 3], tf.float32, name="images")])
        def bottlenecks(self, images: Any) -> Any:
            return {FEATURES: features(images)}

    model = Classifier()
    functions = (model.__call__, model.from_bottlenecks, model.bottlenecks)
    signatures = {name: f.get_concrete_function() for name, f in zip(SIGNATURES, functions, strict=True)}
    tf.saved_model.save(model, str(folder), signatures=signatures)


def save_head(folder: Path, head: Head, novelty: NoveltyDetector) -> None:
    """head.npz: what classify needs beside the backbone; arrays only, no pickle."""
    columns = novelty.columns or (0, len(head.weights))
    np.savez(
        folder / HEAD,
        weights=head.weights,
        bias=head.bias,
        rows=novelty.rows,
        centre=novelty.centre,
        spread=novelty.spread,
        limit=novelty.limit,
        columns=columns,
    )


def load_head(folder: Path) -> tuple[Head, NoveltyDetector]:
    """The head and the novelty detector of a model folder.

    Raises:
        OSError, ValueError, KeyError: missing or damaged.
    """
    with np.load(folder / HEAD, allow_pickle=False) as stored:
        head = Head(stored["weights"], stored["bias"])
        columns = None  # models of earlier versions
        if "columns" in stored:
            columns = int(stored["columns"][0]), int(stored["columns"][1])
        novelty = NoveltyDetector(stored["rows"], stored["centre"], stored["spread"], float(stored["limit"]), columns)
        return head, novelty


def save_labels(path: Path, labels: list[str]) -> None:
    """One label a line, in the order of the output."""
    path.write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")


def save_facts(folder: Path, facts: dict) -> None:
    """model.json, written last: with the hash of every other file of the model, so that damage is found."""
    facts = {"format": FORMAT, **facts, "files": file_hashes(folder)}
    part = folder / f".part-{FACTS}"
    part.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    os.replace(part, folder / FACTS)


def file_hashes(folder: Path) -> dict[str, str]:
    """sha256 of the files of a model: graph, head, labels, predictions; not of reports and curves, which may be
    removed."""
    names = [folder / name for name in (HEAD, LABELS, out_of_fold.NAME)]
    names += sorted(p for p in (folder / GRAPH).rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in names if p.exists()}


def parameters_in_name(architecture: str, size: int, parameters: dict) -> str:
    """mobilenet_1.0_batch64_steps2600_test16_img224; parameters that lbfgs does not use are left out."""
    how = "lbfgs" if parameters["solver"] == "lbfgs" else f"batch{parameters['batch_size']}_steps{parameters['steps']}"
    rate = parameters["learning_rate"]
    odd = f"_lr{rate:g}" if parameters["solver"] == "sgd" and rate != 0.01 else ""
    odd = f"_{FLOAT32}{odd}" if parameters.get("precision") == FLOAT32 and can_be_cut(architecture) else odd
    return f"{architecture}_{how}{odd}{_tuned_in_name(parameters)}_test{parameters['test_percent']}_img{size}"


def _tuned_in_name(parameters: dict) -> str:
    """_tuned, with every parameter that differs from its default."""
    if parameters.get("tune") != "last":
        return ""
    defaults = TuneConfig()
    shown = (
        ("epochs", "tune_epochs", defaults.epochs),
        ("batch", "tune_batch", defaults.batch),
        ("lr", "tune_rate", defaults.rate),
    )
    odd = "".join(f"_{word}{parameters[name]:g}" for word, name, own in shown if parameters[name] != own)
    return f"_tuned{odd}"


def save_trained(folder: Path, trained: TrainedHead, data: Dataset) -> None:
    """head.npz, honest.npz and retrained_labels.txt of a trained head."""
    save_head(folder, trained.head, trained.novelty)
    out_of_fold.save(folder, data, trained)
    save_labels(folder / LABELS, data.labels)
