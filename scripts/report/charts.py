"""Coordinates of a chart: axes, ticks and points; charts.html.j2 draws them as inline SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.learn.trained_head import Point

POINTS_MAX = 200  # of a line; more cannot be seen at this width
WIDTH = 400  # units of the drawing; on a phone one is a little less than a pixel


@dataclass(frozen=True)
class Axes:
    """A plot area inside a drawing: `x0`..`x1` and `y0`..`y1` are values; margins leave room for the numbers."""

    x0: float = 0.0
    x1: float = 1.0
    y0: float = 0.0
    y1: float = 1.0
    height: int = 250
    left: int = 44
    bottom: int = 40
    top: int = 10
    right: int = 12

    def x(self, value: float) -> float:
        return round(self.left + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - self.left - self.right), 1)

    def y(self, value: float) -> float:
        tall = self.height - self.top - self.bottom
        return round(self.height - self.bottom - (value - self.y0) / (self.y1 - self.y0) * tall, 1)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """About so many round numbers from `low` to `high`."""
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS_MAX of the points, evenly spaced, including the last one."""
    if len(points) <= POINTS_MAX:
        return points
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(i * step)] for i in range(POINTS_MAX)]


def curve(points: list[Point], what: str) -> dict[str, Any] | None:
    """Training and validation `what` (accuracy, loss) by step, as `axes` and `lines`; None for less than two points."""
    lines = {}
    for kind in ("train", "validation"):
        pairs = [(float(p.step), getattr(p, f"{kind}_{what}")) for p in points]
        pairs = [(x, float(y)) for x, y in pairs if y is not None and math.isfinite(y)]
        if len(pairs) > 1:
            lines[kind] = thinned(pairs)
    if not lines:
        return None
    longest = max(x for line in lines.values() for x, _ in line)
    return {"axes": _axes_of([y for line in lines.values() for _, y in line], longest, what), "lines": lines}


def _axes_of(ys: Sequence[float], longest: float, what: str) -> Axes:
    """Axes for values: an accuracy is drawn up to 1, from 0.9 or less; a loss from 0."""
    if what == "accuracy":
        return Axes(0, max(longest, 1), min(math.floor(min(ys) * 10) / 10, 0.9), 1.0)
    return Axes(0, max(longest, 1), 0.0, max(max(ys) * 1.05, 0.1))
