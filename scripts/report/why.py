"""What the report shows of where the evidence lay: maps, and what gives a label away."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scripts.learn.dataset import Dataset
from scripts.learn.explained import ExplainedImage, explain_rows, sample, typical
from scripts.learn.feature_maps import MapReader
from scripts.learn.overlay import overlay
from scripts.learn.shortcuts import Shortcut, find_shortcuts
from scripts.learn.trained_head import TrainedHead
from scripts.report.measured import Measured
from scripts.report.thumbnails import Thumbnail, small_copy

MISTAKES_MAX = 24  # as many as the report shows
TYPICAL = 2  # images of a label


class Mapped(NamedTuple):
    """An image and its map: what spoke for `label` rather than `other`."""

    path: Path
    label: str
    other: str
    image: Thumbnail
    map: Thumbnail


@dataclass(frozen=True)
class Why:
    """`typical`: two images a label; `mistakes`: file -> its map; `shortcuts`: what gives a label away, with its
    patches; `note`: why there are no maps; `afterwards`: the maps are the finished network's, which has learned from
    these images since."""

    typical: tuple[Mapped, ...] = ()
    mistakes: dict[Path, Mapped] = field(default_factory=dict)
    shortcuts: tuple[tuple[Shortcut, tuple[Thumbnail, ...]], ...] = ()
    note: str = ""
    afterwards: bool = False


def explain(data: Dataset, trained: TrainedHead, reader: MapReader) -> Why:
    """Ask the head about a sample of each label and about its worst mistakes, each image once."""
    found = trained.evaluation
    some = sample(data, found.rows, found.calibrated)
    right = explain_rows(data, trained, reader, found.rows[some], found.calibrated[some])
    measured = Measured.of(data, trained)
    worst = measured.mistakes(data.y)[:MISTAKES_MAX]
    wrong = explain_rows(data, trained, reader, measured.rows[worst], measured.probabilities[worst])
    shortcuts = [(one, tuple(map(small_copy, one.patches))) for one in find_shortcuts(data, right)]
    mistakes = [_mapped(data, one) for one in wrong]
    chosen = tuple(_mapped(data, one) for one in typical(data, right, TYPICAL))
    return Why(chosen, {one.path: one for one in mistakes}, tuple(shortcuts), afterwards=not trained.fold_heads)


def _mapped(data: Dataset, one: ExplainedImage) -> Mapped:
    path, first, second = data.images[one.row].path, data.labels[one.first], data.labels[one.second]
    shown = overlay(one.image, one.evidence)
    return Mapped(path, first, second, small_copy(one.image.copy()), small_copy(shown))
