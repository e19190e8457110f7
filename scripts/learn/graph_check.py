"""How far a model's graph, which is float32, is from the model as RoboFlow runs it, where that is int8.

A head trained on features in int8 is right as often on those in float32, but its probabilities move a little. Other
programs run the graph, so they are told by how much.
"""

from dataclasses import asdict, dataclass

import numpy as np

from scripts.learn import backbones, embeddings, runners
from scripts.learn.backbones import FLOAT32, INT8
from scripts.learn.cache_paths import CachePaths
from scripts.learn.embeddings import EmbeddingStore
from scripts.learn.training_job import TrainingResult

IMAGES_MOST = 100  # compared; the same ones again after the next training, as far as they are there
HELD_OUT_MIN = 50  # test images that are enough to compare on


@dataclass(frozen=True)
class GraphCheck:
    """The graph and the model on the same `images`; `held_out`: it has not learned from them. `right` and `right_here`:
    correct labels of the graph and of the model as RoboFlow runs it; `same`: equal labels; `accuracy`: of the model as
    measured, moved by the difference; `mean_difference`, `largest_difference`: of a probability, 0..1."""

    images: int
    held_out: bool
    right: int
    right_here: int
    same: int
    accuracy: float | None
    mean_difference: float
    largest_difference: float

    def facts(self) -> dict:
        return {"precision": FLOAT32, **asdict(self)}


def check_graph(result: TrainingResult, places: CachePaths) -> GraphCheck | None:
    """Compare; None where RoboFlow runs the model in float32 too, or where there is no image to compare on.

    Raises:
        BackboneProblem: the backbone cannot be run in float32.
    """
    job, data = result.job, result.dataset
    rows, held_out = _rows(result)
    if job.backbone.precision != INT8 or result.tuned_network or not len(rows):
        return None
    float32 = backbones.in_float32(job.backbone)
    runner = runners.open_runner(float32, job.folder, places.converted)
    files = {data.images[row].sha256: data.images[row].path for row in rows}
    with EmbeddingStore(embeddings.store_path(places.bottlenecks, float32, runner.key)) as store:
        found = embeddings.embed(files, runner, store).vectors
    rows = np.array([row for row in rows if data.images[row].sha256 in found], int)
    if not len(rows):
        return None
    head, y = result.trained.head, data.y[rows]
    here = head.probabilities(data.vectors[rows])
    there = head.probabilities(found.table([data.images[row].sha256 for row in rows]))
    right, right_here = (int((p.argmax(axis=1) == y).sum()) for p in (there, here))
    difference = np.abs(there - here)
    return GraphCheck(
        len(rows),
        held_out,
        right,
        right_here,
        int((there.argmax(axis=1) == here.argmax(axis=1)).sum()),
        _moved(result.trained.facts["accuracy"], (right - right_here) / len(rows)),
        round(float(difference.mean()), 5),
        round(float(difference.max()), 5),
    )


def _moved(measured: dict, by: float) -> float | None:
    return round(min(1.0, max(0.0, measured["value"] + by)), 4) if measured["total"] else None


def _rows(result: TrainingResult) -> tuple[np.ndarray, bool]:
    """The images to compare on: held-out ones, or where these are few, those that the accuracy was measured on; the
    first ones by hash. And whether they are held out."""
    data = result.dataset
    tests = np.flatnonzero(data.test & data.measures)
    held_out = len(tests) >= HELD_OUT_MIN
    rows = tests if held_out else result.trained.evaluation.rows
    return np.array(sorted(rows, key=lambda row: data.images[row].sha256)[:IMAGES_MOST], int), held_out
