"""Robots somebody could build, as lists of parts, back to front: on legs, wheels or tracks, or an arm on a base.

Own units: the thing stands on (0, 0), y goes down, and it is about 1 high.
"""

import math
from random import Random

from flow.sources.sample.backdrops import hue, mixed
from flow.sources.sample.scene import Color, Part, Points, box, limb, ngon, oval

GLASS = ((0.2, 0.9, 1.0), (1.0, 0.85, 0.2), (1.0, 0.25, 0.2), (0.4, 1.0, 0.4), (0.95, 0.95, 0.9))
DARK = (0.13, 0.13, 0.15)


def toy(rng: Random) -> list[Part]:
    """A robot somebody built: on legs, wheels or tracks, or an arm on a base."""
    paint = rng.choice((hue(rng), hue(rng, (0.0, 0.15), (0.5, 0.85))))
    trim = rng.choice((hue(rng), hue(rng, (0.0, 0.1), (0.6, 0.9))))
    if rng.random() < 0.16:
        return _arm_machine(rng, paint, trim)
    low, under = rng.choice((_legs, _legs, _wheels, _tracks, _spider))(rng, paint, trim)
    torso_h, torso_w = rng.uniform(0.22, 0.36), rng.uniform(0.2, 0.5)
    middle, top = -low - torso_h / 2, -low - torso_h
    head_w = rng.uniform(0.16, 0.42)
    parts = under
    parts += _arms(rng, paint, trim, torso_w, middle - torso_h * 0.2)
    parts += [Part(_torso(rng, middle, torso_w, torso_h), paint, bevel=rng.uniform(0.02, 0.09))]
    parts += _chest(rng, trim, middle, torso_w, torso_h)
    neck = rng.uniform(0.0, 0.06)
    parts += [Part(box(0, top - neck / 2, 0.07, neck + 0.04), DARK, bevel=0.015)] if neck > 0.01 else []
    return parts + _head(rng, paint, trim, top - neck, head_w)


def _torso(rng: Random, y: float, w: float, h: float) -> Points:
    slim = rng.uniform(0.6, 1.25)
    return rng.choice(
        (
            box(0, y, w, h, rng.uniform(0, 0.08)),
            oval(0, y, w / 2, h / 2),
            box(0, y, w, h, 0.14),
            [(-w / 2, y - h / 2), (w / 2, y - h / 2), (w * slim / 2, y + h / 2), (-w * slim / 2, y + h / 2)],
        )
    )


def _chest(rng: Random, trim: Color, y: float, w: float, h: float) -> list[Part]:
    """A panel with lamps, dials or a grille, and rivets."""
    pw, ph = w * rng.uniform(0.4, 0.75), h * rng.uniform(0.3, 0.6)
    parts = [Part(box(0, y, pw, ph, 0.02), trim, bevel=0.012)] if rng.random() < 0.8 else []
    sort = rng.randint(0, 3)
    for n in range(rng.randint(1, 4) if sort < 3 else 0):
        x = (n - 1) * pw / 4
        if sort == 0:
            parts.append(Part(oval(x, y, ph / 8, ph / 8), rng.choice(GLASS), "glow"))
        elif sort == 1:
            parts.append(Part(box(0, y + (n - 1) * ph / 5, pw * 0.7, ph * 0.07), DARK, "flat"))
        else:
            parts += [
                Part(oval(x * 1.2, y, ph / 6, ph / 6), (0.95, 0.95, 0.9), bevel=0.01),
                Part([(x * 1.2, y), (x * 1.2 + ph / 8 * math.cos(n), y - ph / 8 * math.sin(n + 0.5))], DARK, "line"),
            ]
    if rng.random() < 0.6:
        parts += [
            Part(oval(sx * w * 0.42, y + sy * h * 0.4, 0.011, 0.011), mixed(trim, (1, 1, 1), 0.3), bevel=0.006)
            for sx in (-1, 1)
            for sy in (-1, 1)
        ]
    return parts


def _head(rng: Random, paint: Color, trim: Color, base: float, w: float) -> list[Part]:
    """Head with eyes, mouth and perhaps antennas or ears."""
    h = w * rng.uniform(0.55, 1.1)
    y, parts = base - h / 2, []
    skin = rng.choice((paint, trim, mixed(paint, (1, 1, 1), 0.35)))
    if rng.random() < 0.65:
        for side in rng.choice(((0,), (-1, 1), (1,))):
            tip = (side * w * rng.uniform(0.25, 0.5), base - h - rng.uniform(0.05, 0.16))
            parts += [
                Part(limb((side * w * 0.25, base - h * 0.9), tip, 0.014), DARK, bevel=0.006),
                Part(oval(*tip, 0.022, 0.022), rng.choice(GLASS), rng.choice(("solid", "glow"))),
            ]
    if rng.random() < 0.5:
        parts += [Part(oval(side * w / 2, y, 0.03, h * 0.2), trim, bevel=0.015) for side in (-1, 1)]
    outline = rng.choice(
        (
            box(0, y, w, h, 0.01),
            box(0, y, w, h, 0.06),
            oval(0, y, w / 2, h / 2),
            oval(0, base - 0.02, w / 2, h, 180, 360),
            ngon(0, y, w * 0.55, rng.choice((6, 8)), math.pi / 8),
        )
    )
    parts.append(Part(outline, skin, bevel=rng.uniform(0.02, 0.08)))
    return parts + _face(rng, y, w, h)


def _face(rng: Random, y: float, w: float, h: float) -> list[Part]:
    lamp, r = rng.choice(GLASS), w * rng.uniform(0.08, 0.17)
    sort = rng.choice(("two", "two", "two", "one", "visor", "three"))
    if sort == "visor":
        return [
            Part(box(0, y - h * 0.08, w * 0.72, h * 0.26, 0.03), DARK, bevel=0.01),
            Part(box(w * rng.uniform(-0.2, 0.2), y - h * 0.08, w * 0.2, h * 0.12, 0.02), lamp, "glow"),
        ]
    places = {"two": (-0.22, 0.22), "one": (0.0,), "three": (-0.27, 0, 0.27)}[sort]
    r = r * 1.6 if sort == "one" else r
    parts = []
    for x in places:
        parts += [
            Part(oval(x * w, y - h * 0.1, r, r), DARK, bevel=0.01),
            Part(oval(x * w, y - h * 0.1, r * 0.62, r * 0.62), lamp, rng.choice(("glow", "flat"))),
        ]
    mouth = rng.randint(0, 3)
    if mouth == 0:
        parts.append(Part(box(0, y + h * 0.28, w * 0.5, h * 0.1, 0.01), DARK, "flat"))
    elif mouth == 1:
        parts += [Part(box((n - 2) * w * 0.1, y + h * 0.28, w * 0.06, h * 0.16), DARK, "flat") for n in range(5)]
    elif mouth == 2:
        parts.append(Part(oval(0, y + h * 0.15, w * 0.25, h * 0.2, 20, 160), DARK, "line"))
    return parts


def _arms(rng: Random, paint: Color, trim: Color, w: float, y: float) -> list[Part]:
    """Two arms, each raised or hanging on its own, with claws, balls or boxing gloves."""
    parts, thick, hand = [], rng.uniform(0.035, 0.08), rng.randint(0, 2)
    for side in (-1, 1):
        lift, bend, reach = rng.uniform(-0.9, 1.3), rng.uniform(-1.2, 1.2), rng.uniform(0.11, 0.18)
        shoulder = (side * (w / 2 + 0.01), y)
        elbow = (shoulder[0] + side * reach * math.cos(lift), y + reach * math.sin(lift))
        wrist = (elbow[0] + side * reach * math.cos(lift + bend), elbow[1] + reach * math.sin(lift + bend))
        parts += [
            Part(limb(shoulder, elbow, thick), mixed(paint, (0, 0, 0), 0.15), bevel=thick / 3),
            Part(limb(elbow, wrist, thick * 0.85), trim, bevel=thick / 3),
            Part(oval(*elbow, thick * 0.6, thick * 0.6), DARK, bevel=thick / 4),
        ]
        parts += _hand(wrist, lift + bend, side, hand, trim)
    return parts


def _hand(at: tuple[float, float], angle: float, side: int, sort: int, trim: Color) -> list[Part]:
    if sort == 0:
        return [Part(oval(*at, 0.045, 0.045), trim, bevel=0.02)]
    spread = (-0.5, 0.5) if sort == 1 else (-0.7, 0.0, 0.7)
    return [
        Part(
            limb(at, (at[0] + side * 0.07 * math.cos(angle + s), at[1] + 0.07 * math.sin(angle + s)), 0.03, 0.012),
            mixed(trim, DARK, 0.4),
            bevel=0.01,
        )
        for s in spread
    ]


def _legs(rng: Random, paint: Color, trim: Color) -> tuple[float, list[Part]]:
    h, gap, thick = rng.uniform(0.14, 0.34), rng.uniform(0.07, 0.14), rng.uniform(0.05, 0.11)
    parts = []
    for side in (-1, 1):
        stride = rng.uniform(-0.04, 0.06)
        x = side * (gap + stride)
        parts += [
            Part(
                limb((side * gap, -h - 0.03), (x, -0.04), thick, thick * 1.1),
                mixed(paint, (0, 0, 0), 0.2),
                bevel=thick / 3,
            ),
            Part(box(x + side * 0.02, -0.03, thick * 2, 0.07, 0.03), trim, bevel=0.025),
        ]
    return h, parts


def _wheels(rng: Random, paint: Color, trim: Color) -> tuple[float, list[Part]]:
    r, n = rng.uniform(0.07, 0.14), rng.choice((2, 2, 3, 4))
    parts = [Part(box(0, -r * 1.5, 0.44, r * 0.9, 0.03), mixed(paint, (0, 0, 0), 0.3))]
    for i in range(n):
        x = (i / (n - 1) - 0.5) * 0.46
        parts += [Part(oval(x, -r, r, r), DARK, bevel=0.03), Part(oval(x, -r, r * 0.5, r * 0.5), trim, bevel=0.02)]
    return r * 1.8, parts


def _tracks(rng: Random, paint: Color, trim: Color) -> tuple[float, list[Part]]:
    h, w = rng.uniform(0.13, 0.2), rng.uniform(0.45, 0.65)
    parts = [Part(box(0, -h / 2, w, h, h / 2), DARK, bevel=0.03), Part(box(0, -h / 2, w * 0.82, h * 0.6, h / 3), paint)]
    n = rng.randint(3, 5)
    parts += [Part(oval((i - (n - 1) / 2) * w * 0.8 / n, -h / 2, h * 0.22, h * 0.22), trim) for i in range(n)]
    return h, parts


def _spider(rng: Random, paint: Color, trim: Color) -> tuple[float, list[Part]]:
    h, parts = rng.uniform(0.12, 0.22), []
    for side in (-1, 1):
        for n in range(3):
            out = 0.2 + n * 0.09
            knee = (side * out, -h - rng.uniform(0.03, 0.14))
            parts += [
                Part(limb((side * 0.08, -h - 0.03), knee, 0.04), paint, bevel=0.015),
                Part(limb(knee, (side * (out + 0.07), -0.01), 0.035, 0.015), trim, bevel=0.012),
            ]
    return h, parts


def _arm_machine(rng: Random, paint: Color, trim: Color) -> list[Part]:
    """A robot arm: base, two links, a gripper."""
    a, b = rng.uniform(-2.4, -1.0), rng.uniform(-1.2, 0.6)
    elbow = (0.42 * math.cos(a), -0.2 + 0.42 * math.sin(a))
    wrist = (elbow[0] + 0.36 * math.cos(b), elbow[1] + 0.36 * math.sin(b))
    parts = [
        Part(box(0, -0.04, 0.4, 0.09, 0.02), DARK),
        Part(box(0, -0.13, 0.24, 0.14, 0.04), trim),
        Part(limb((0, -0.2), elbow, 0.13, 0.1), paint, bevel=0.035),
        Part(limb(elbow, wrist, 0.09, 0.06), paint, bevel=0.03),
    ]
    parts += [Part(oval(x, y, 0.06, 0.06), mixed(trim, DARK, 0.5)) for x, y in ((0, -0.2), elbow)]
    return parts + _hand(wrist, b, 1, rng.randint(1, 2), DARK) + [Part(oval(*wrist, 0.04, 0.04), rng.choice(GLASS))]
