"""Large angular war machines as lists of parts, back to front, in the units of `robots`."""

import math
from random import Random

from flow.sources.sample.backdrops import hue, mixed
from flow.sources.sample.robots import DARK, GLASS
from flow.sources.sample.scene import Color, Part, Points, box, ngon, oval


def mech(rng: Random) -> list[Part]:
    """A war machine: heavy angular legs, a wide armoured body, guns, and lit windows."""
    steel = mixed(hue(rng, (0.05, 0.55), (0.2, 0.6)), (0.3, 0.3, 0.32), 0.35)
    mark = hue(rng, (0.6, 0.95), (0.5, 0.9))
    hip, w, h = rng.uniform(0.4, 0.55), rng.uniform(0.4, 0.62), rng.uniform(0.24, 0.34)
    parts = _mech_legs(rng, steel, mark, hip)
    y = -hip - h / 2
    parts += _guns(rng, steel, w, y)
    parts.append(Part(_plate(rng, 0, y, w, h), steel, bevel=0.02))
    parts.append(Part(_plate(rng, 0, y - h * 0.05, w * 0.62, h * 0.62), mixed(steel, (1, 1, 1), 0.12), bevel=0.015))
    parts += [
        Part(_plate(rng, side * w * 0.5, y - h * 0.35, w * 0.38, h * 0.5), mixed(steel, mark, rng.choice((0, 0.7))))
        for side in (-1, 1)
    ]
    parts.append(Part(box(rng.uniform(-0.1, 0.1), y + h * 0.25, w * 0.3, h * 0.07), mark, "flat"))
    return parts + _cockpit(rng, steel, y - h / 2, w)


def _plate(rng: Random, x: float, y: float, w: float, h: float) -> Points:
    """Armour: a box with its corners cut off unevenly."""
    a, b, c = rng.uniform(0.1, 0.32) * w, rng.uniform(0.15, 0.45) * h, rng.uniform(0.1, 0.3) * w
    left, right, top, low = x - w / 2, x + w / 2, y - h / 2, y + h / 2
    return [
        (left + a, top),
        (right - a, top),
        (right, top + b),
        (right, low - b / 2),
        (right - c, low),
        (left + c, low),
        (left, low - b / 2),
        (left, top + b),
    ]


def _mech_legs(rng: Random, steel: Color, mark: Color, hip: float) -> list[Part]:
    """Two or four legs, bent as a bird's or straight."""
    parts, bent = [], rng.uniform(-0.12, 0.16)
    thick, stance = rng.uniform(0.09, 0.16), rng.uniform(0.14, 0.24)
    for side in rng.choice(((-1, 1), (-1, 1), (-1.7, -0.8, 0.8, 1.7))):
        step = rng.uniform(-0.06, 0.06)
        knee = (side * (stance + abs(bent)) + step, -hip * rng.uniform(0.45, 0.6))
        foot = (side * (stance + 0.04) + step * 2, -0.05)
        upper = mixed(steel, (0, 0, 0), 0.2)
        parts += [
            Part(_beam((side * stance * 0.7, -hip - 0.02), knee, thick * 1.1, thick * 0.8), upper),
            Part(_beam(knee, foot, thick * 0.75, thick * 1.15), steel),
            Part(ngon(*knee, thick * 0.55, 6), mixed(steel, mark, 0.4)),
            Part(_plate(rng, foot[0], -0.035, thick * 2.1, 0.09), mixed(steel, DARK, 0.4)),
        ]
    return parts


def _beam(p: tuple[float, float], q: tuple[float, float], w: float, v: float) -> Points:
    """A straight-edged strut from p to q, w wide at p and v at q."""
    length = math.hypot(q[0] - p[0], q[1] - p[1]) or 1
    nx, ny = -(q[1] - p[1]) / length / 2, (q[0] - p[0]) / length / 2
    return [
        (p[0] + nx * w, p[1] + ny * w),
        (q[0] + nx * v, q[1] + ny * v),
        (q[0] - nx * v, q[1] - ny * v),
        (p[0] - nx * w, p[1] - ny * w),
    ]


def _guns(rng: Random, steel: Color, w: float, y: float) -> list[Part]:
    """A cannon, a rocket box or a blade on each side."""
    parts = []
    for side in (-1, 1):
        x, sort = side * (w / 2 + 0.09), rng.randint(0, 3)
        if sort == 0:
            tip = (x + side * rng.uniform(0.1, 0.3), y + rng.uniform(-0.15, 0.25))
            parts += [
                Part(_beam((x - side * 0.1, y), tip, 0.07, 0.04), mixed(steel, DARK, 0.6)),
                Part(ngon(*tip, 0.035, 8), DARK),
            ]
        elif sort == 1:
            parts.append(Part(box(x, y - 0.16, 0.17, 0.15), mixed(steel, DARK, 0.3)))
            parts += [
                Part(oval(x + i * 0.045, y - 0.16 + j * 0.045, 0.016, 0.016), DARK, "flat")
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
            ]
        elif sort == 2:
            parts.append(
                Part([(x - 0.03, y), (x + side * 0.2, y + 0.38), (x + 0.05, y + 0.1)], (0.75, 0.78, 0.82), bevel=0.012)
            )
        else:
            parts += [
                Part(_beam((x, y - 0.08), (x + side * 0.03, y + 0.2), 0.12, 0.16), steel),
                Part(_plate(rng, x + side * 0.04, y + 0.25, 0.17, 0.13), mixed(steel, DARK, 0.5)),
            ]
    return parts


def _cockpit(rng: Random, steel: Color, top: float, w: float) -> list[Part]:
    lamp, hw = rng.choice(GLASS), w * rng.uniform(0.2, 0.36)
    parts = [
        Part(_plate(rng, 0, top - 0.05, hw, 0.13), mixed(steel, (1, 1, 1), 0.1), bevel=0.015),
        Part(
            [(-hw * 0.3, top - 0.06), (hw * 0.3, top - 0.06), (hw * 0.2, top - 0.03), (-hw * 0.2, top - 0.03)],
            lamp,
            "glow",
        ),
    ]
    if rng.random() < 0.6:
        x = rng.uniform(-0.1, 0.1)
        parts.insert(0, Part(_beam((x, top - 0.05), (x + rng.uniform(-0.06, 0.06), top - 0.24), 0.016, 0.006), DARK))
    if rng.random() < 0.35:
        parts += [
            Part([(s * hw * 0.3, top - 0.1), (s * hw * 0.9, top - 0.22), (s * hw * 0.45, top - 0.07)], (0.9, 0.75, 0.3))
            for s in (-1, 1)
        ]
    return parts
