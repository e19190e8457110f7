"""The charts of a report as inline SVG: no script, no image file, colours from the page's style."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.report.html import Safe, tag

POINTS_MAX = 200  # of a line; more cannot be told apart at this width
WIDTH = 400  # units of the drawing; on a phone one is a little less than a pixel


@dataclass(frozen=True)
class Axes:
    """A plot area inside a drawing: `x0`..`x1` and `y0`..`y1` are values; margins leave room for the numbers."""

    x0: float
    x1: float
    y0: float
    y1: float
    height: int = 250
    left: int = 44
    bottom: int = 40
    top: int = 10
    right: int = 12

    def x(self, value: float) -> float:
        return round(self.left + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - self.left - self.right), 1)

    def y(self, value: float) -> float:
        return round(self.height - self.bottom - (value - self.y0) / (self.y1 - self.y0) * self.tall, 1)

    @property
    def tall(self) -> int:
        return self.height - self.top - self.bottom


@dataclass(frozen=True)
class Line:
    """One curve: `kind` is train or validation, `points` (x, y) with finite numbers."""

    kind: str
    points: list[tuple[float, float]]


def drawing(title: str, described: str, height: int, *content: object) -> Safe:
    """An SVG that says in words what it shows."""
    box = f"0 0 {WIDTH} {height}"
    return tag("svg", tag("title", title), tag("desc", described), *content, viewBox=box, role="img", class_="chart")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about so many."""
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _grid(axes: Axes, name: str, show_y: Callable[[float], str], x_ticks: Sequence[float]) -> list[Safe]:
    """Grid lines, the numbers on both axes, and the name of the one below."""
    left, right, floor = axes.x(axes.x0), axes.x(axes.x1), axes.y(axes.y0)
    parts = []
    for value in ticks(axes.y0, axes.y1):
        y = axes.y(value)
        parts.append(tag("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", show_y(value), x=left - 6, y=y + 4, class_="tick end"))
    for value in x_ticks:
        parts.append(tag("text", f"{value:,g}", x=axes.x(value), y=floor + 16, class_="tick middle"))
    parts.append(tag("line", x1=left, x2=right, y1=floor, y2=floor, class_="axis"))
    parts.append(tag("text", name, x=(left + right) / 2, y=axes.height - 5, class_="name middle"))
    return parts


def curves(title: str, lines: list[Line], share: bool) -> Safe:
    """Lines over training steps; `share`: fractions 0..1 that are shown as percents up to 100."""
    xs = [x for line in lines for x, _ in line.points]
    ys = [y for line in lines for _, y in line.points]
    low = min(math.floor(min(ys) * 10) / 10, 0.9) if share else 0.0
    high = 1.0 if share else max(max(ys) * 1.05, 0.1)
    axes = Axes(0, max(max(xs), 1), low, high)
    show = (lambda v: f"{100 * v:.0f} %") if share else (lambda v: f"{v:g}")
    drawn = [tag("polyline", points=_points(line, axes), class_=f"line {line.kind}") for line in lines]
    ends = "; ".join(f"{line.kind} ends at {show(round(line.points[-1][1], 2))}" for line in lines)
    return drawing(title, ends, axes.height, _grid(axes, "training steps", show, ticks(0, axes.x1, 4)), drawn)


def thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS_MAX of the points, evenly spread, the last one always among them."""
    if len(points) <= POINTS_MAX:
        return points
    step = (len(points) - 1) / (POINTS_MAX - 1)
    return [points[round(i * step)] for i in range(POINTS_MAX)]


def _points(line: Line, axes: Axes) -> str:
    return " ".join(f"{axes.x(x)},{axes.y(y)}" for x, y in thinned(line.points))


def reliability(rows: list[dict]) -> Safe:
    """Share right over score, with intervals and the diagonal on which they should lie; below, how many images."""
    axes = Axes(0, 1, 0, 1, height=400, bottom=96)
    whole = _grid(axes, "score of the guess", lambda v: f"{100 * v:.0f} %", ())
    diagonal = tag("line", x1=axes.x(0), y1=axes.y(0), x2=axes.x(1), y2=axes.y(1), class_="ideal")
    most = max(row["total"] for row in rows)
    marks = [_mark(row, axes, most) for row in rows]
    numbers = [tag("text", f"{v:g}", x=axes.x(v), y=axes.height - 22, class_="tick middle") for v in ticks(0, 1)]
    said = "; ".join(f"score {row['score']:.2f}: {row['right']} of {row['total']} right" for row in rows)
    return drawing("Reliability diagram", said, axes.height, whole, diagonal, marks, numbers)


def _mark(row: dict, axes: Axes, most: int) -> list[Safe]:
    """One bin: its interval, its point, and its bar of how many images."""
    x, floor = axes.x(row["score"]), axes.height - 38
    tall = round(max(1.5, 38 * row["total"] / most), 1)
    begin = axes.x(min(int(row["score"] * 10), 9) / 10)
    wide = round(axes.x(0.1) - axes.x(0), 1)
    return [
        tag("line", x1=x, x2=x, y1=axes.y(row["low"]), y2=axes.y(row["high"]), class_="whisker"),
        tag("circle", cx=x, cy=axes.y(row["value"]), r=5, class_="dot"),
        tag("rect", x=begin + 2, y=floor - tall, width=wide - 4, height=tall, class_="bar"),
    ]


def intervals(rows: list[tuple[str, dict]], chance: float | None) -> Safe:
    """Shares on a line from 0 to 100 %, each with its interval; a line where the commonest label alone would be."""
    axes = Axes(0, 1, 0, 1, height=46 + 44 * len(rows), left=14, right=14)
    base = axes.height - 24
    parts = [tag("text", f"{100 * v:.0f} %", x=axes.x(v), y=base + 18, class_="tick middle") for v in ticks(0, 1)]
    parts += [tag("line", x1=axes.x(v), x2=axes.x(v), y1=4, y2=base, class_="grid") for v in ticks(0, 1)]
    if chance is not None:
        parts.append(tag("line", x1=axes.x(chance), x2=axes.x(chance), y1=4, y2=base, class_="ideal"))
    for i, (name, share) in enumerate(rows):
        y = 30 + 44 * i
        low, high = axes.x(share["low"]), axes.x(share["high"])
        parts.append(tag("text", name, x=axes.x(0), y=y - 12, class_="name"))
        parts.append(tag("rect", x=low, y=y - 5, width=round(max(high - low, 1), 1), height=10, rx=5, class_="band"))
        parts.append(tag("circle", cx=axes.x(share["value"]), cy=y, r=6, class_="dot"))
    said = "; ".join(f"{name}: {share['value']:.1%}, {share['low']:.1%} to {share['high']:.1%}" for name, share in rows)
    return drawing("Accuracy with its 95 % interval", said, axes.height, parts)
