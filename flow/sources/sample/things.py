"""What is not a robot: flowers, houses, cats, cars, fruit, trees, cups, boats.

Parts and units as in `robots`: standing on (0, 0), about 1 high.
"""

import math
from random import Random

from flow.sources.sample.backdrops import hue, mixed
from flow.sources.sample.scene import Part, box, limb, ngon, oval

DARK = (0.12, 0.11, 0.12)
LEAF = (0.25, 0.5, 0.2)


def thing(rng: Random) -> list[Part]:
    """Any one of them."""
    return rng.choice((flower, house, cat, car, fruit, tree, cup, boat))(rng)


def flower(rng: Random) -> list[Part]:
    parts, petal = [], hue(rng, (0.4, 0.9), (0.6, 1.0))
    for _ in range(rng.randint(1, 4)):
        x, y, r = rng.uniform(-0.3, 0.3), rng.uniform(-0.95, -0.5), rng.uniform(0.12, 0.26)
        n, long, turn = rng.randint(5, 11), rng.uniform(0.5, 1.0), rng.random() * 6
        parts.append(Part(limb((x * 0.3, 0), (x, y), 0.03), LEAF, bevel=0.01))
        parts.append(
            Part(
                limb((x * 0.5, y * 0.4), (x * 0.5 + rng.uniform(-0.2, 0.2), y * 0.55), 0.03, 0.07),
                mixed(LEAF, (0.5, 0.7, 0.2), rng.random()),
            )
        )
        for i in range(n):
            a = turn + 2 * math.pi * i / n
            tip = (x + r * math.cos(a), y + r * math.sin(a))
            parts.append(
                Part(limb((x, y), tip, r * 0.3, r * long), mixed(petal, (1, 1, 1), rng.uniform(0, 0.25)), bevel=0.02)
            )
        parts.append(Part(oval(x, y, r * 0.35, r * 0.35), hue(rng, (0.6, 0.9), (0.3, 0.95)), bevel=0.03))
    return parts


def house(rng: Random) -> list[Part]:
    w, h = rng.uniform(0.5, 1.1), rng.uniform(0.35, 0.65)
    wall, roof = hue(rng, (0.05, 0.5), (0.5, 0.95)), hue(rng, (0.3, 0.7), (0.25, 0.6))
    peak = rng.uniform(-0.2, 0.2)
    parts = [Part(box(w * 0.3, -h - 0.2, 0.09, 0.3), mixed(roof, DARK, 0.4))] if rng.random() < 0.6 else []
    parts += [
        Part(box(0, -h / 2, w, h), wall, bevel=0.012),
        Part([(-w * 0.58, -h), (peak, -h - rng.uniform(0.2, 0.4)), (w * 0.58, -h)], roof, bevel=0.015),
    ]
    for _ in range(rng.randint(2, 5)):
        x, y = rng.uniform(-0.38, 0.38) * w, -h * rng.uniform(0.45, 0.8)
        parts += [
            Part(box(x, y, 0.13, 0.14), (0.95, 0.95, 0.95), "flat"),
            Part(box(x, y, 0.1, 0.11), (0.45, 0.6, 0.75), "flat"),
        ]
    door = rng.uniform(-0.3, 0.3) * w
    return [*parts, Part(box(door, -0.13, 0.14, 0.26, 0.01), hue(rng), bevel=0.012)]


def cat(rng: Random) -> list[Part]:
    fur = mixed(
        rng.choice(((0.85, 0.55, 0.25), (0.25, 0.24, 0.25), (0.7, 0.68, 0.66), (0.93, 0.9, 0.86))), hue(rng), 0.1
    )
    dark = mixed(fur, DARK, 0.35)
    bw, bh, hx = rng.uniform(0.22, 0.34), rng.uniform(0.26, 0.36), rng.uniform(-0.12, 0.12)
    hy, r = -bh * 1.75, rng.uniform(0.16, 0.22)
    swing = rng.choice((-1, 1)) * rng.uniform(0.3, 0.5)
    parts = [
        Part(limb((0, -0.07), (swing, -rng.uniform(0.05, 0.5)), 0.09, 0.05), dark, bevel=0.03),
        Part(oval(0, -bh, bw, bh), fur, bevel=0.12),
    ]
    for side in (-1, 1):
        parts += [
            Part(oval(side * bw * 0.6, -0.05, 0.1, 0.06), fur, bevel=0.04),
            Part(
                [
                    (hx + side * r * 0.95, hy - r * 0.2),
                    (hx + side * r * 0.85, hy - r * 1.5),
                    (hx + side * r * 0.2, hy - r * 0.8),
                ],
                dark,
                bevel=0.03,
            ),
        ]
    parts.append(Part(oval(hx, hy, r * 1.1, r), fur, bevel=0.09))
    for side in (-1, 1):
        parts += [
            Part(oval(hx + side * r * 0.42, hy - r * 0.1, r * 0.2, r * 0.24), (0.75, 0.85, 0.35), "flat"),
            Part(oval(hx + side * r * 0.42, hy - r * 0.1, r * 0.07, r * 0.2), DARK, "flat"),
        ]
        parts += [
            Part([(hx + side * r * 0.2, hy + r * 0.4), (hx + side * r * 1.4, hy + r * k)], (0.9, 0.9, 0.9), "line")
            for k in (0.25, 0.5)
        ]
    return [*parts, Part(ngon(hx, hy + r * 0.33, r * 0.13, 3, math.pi / 2), (0.85, 0.5, 0.5), bevel=0.01)]


def car(rng: Random) -> list[Part]:
    paint, w, h = hue(rng, (0.4, 0.95), (0.35, 0.95)), rng.uniform(1.0, 1.4), rng.uniform(0.2, 0.3)
    roof, r, shift = rng.uniform(0.2, 0.34), rng.uniform(0.11, 0.16), rng.uniform(-0.12, 0.12)
    top = -r - h - roof
    parts = [
        Part(
            [(-w * 0.36 + shift, -r - h), (-w * 0.2 + shift, top), (w * 0.18 + shift, top), (w * 0.34 + shift, -r - h)],
            mixed(paint, (0, 0, 0), 0.15),
        ),
        Part(
            [(-w * 0.29 + shift, -r - h), (-w * 0.17 + shift, top + 0.04), (-0.01, top + 0.04), (-0.01, -r - h)],
            (0.6, 0.75, 0.85),
            bevel=0.01,
        ),
        Part(
            [(0.03, -r - h), (0.03, top + 0.04), (w * 0.15 + shift, top + 0.04), (w * 0.27 + shift, -r - h)],
            (0.6, 0.75, 0.85),
            bevel=0.01,
        ),
        Part(box(0, -r - h / 2, w, h, rng.uniform(0.03, 0.12)), paint, bevel=0.04),
        Part(oval(w * 0.47, -r - h * 0.6, 0.04, 0.05), (1.0, 0.95, 0.7), "flat"),
    ]
    for x in (-w * 0.3, w * 0.3):
        parts += [
            Part(oval(x, -r, r, r), DARK, bevel=0.03),
            Part(oval(x, -r, r * 0.55, r * 0.55), (0.7, 0.7, 0.72), bevel=0.02),
        ]
    return parts


def fruit(rng: Random) -> list[Part]:
    parts = []
    if rng.random() < 0.5:
        bowl = hue(rng, (0.05, 0.6), (0.5, 0.95))
        for _ in range(rng.randint(3, 7)):
            x, r = rng.uniform(-0.35, 0.35), rng.uniform(0.13, 0.2)
            parts.append(
                Part(
                    oval(x, -rng.uniform(0.38, 0.55), r, r * rng.uniform(0.85, 1.2)),
                    hue(rng, (0.6, 0.95), (0.6, 0.95)),
                    bevel=0.09,
                )
            )
        return [
            *parts,
            Part(oval(0, -0.36, 0.58, 0.36, 0, 180), bowl, bevel=0.06),
            Part(box(0, -0.03, 0.3, 0.07, 0.02), bowl),
        ]
    for _ in range(rng.randint(1, 5)):
        x, r = rng.uniform(-0.5, 0.5), rng.uniform(0.16, 0.32)
        skin, top = hue(rng, (0.6, 0.95), (0.55, 0.95)), -r * 2
        parts += [
            Part(limb((x, top + 0.04), (x + 0.04, top - 0.08), 0.022), (0.35, 0.22, 0.1), bevel=0.01),
            Part(oval(x, -r, r, r), skin, bevel=0.12),
        ]
        if rng.random() < 0.6:
            parts.append(Part(limb((x + 0.03, top - 0.03), (x + 0.16, top - 0.08), 0.02, 0.06), LEAF, bevel=0.02))
    return parts


def tree(rng: Random) -> list[Part]:
    green = mixed(LEAF, rng.choice(((0.8, 0.5, 0.1), (0.4, 0.7, 0.3), (0.1, 0.3, 0.2))), rng.random() * 0.7)
    parts = [Part(limb((0, 0), (rng.uniform(-0.08, 0.08), -0.5), 0.14, 0.07), (0.4, 0.28, 0.18), bevel=0.03)]
    if rng.random() < 0.4:
        for n in range(rng.randint(3, 5)):
            w, y = 0.45 - n * 0.085, -0.2 - n * 0.18
            parts.append(
                Part([(-w, y), (0, y - 0.35), (w, y)], mixed(green, (0, 0, 0), rng.uniform(0, 0.3)), bevel=0.03)
            )
        return parts
    for _ in range(rng.randint(5, 14)):
        r = rng.uniform(0.12, 0.25)
        parts.append(
            Part(
                oval(rng.gauss(0, 0.2), -0.7 + rng.gauss(0, 0.14), r, r * 0.85),
                mixed(green, (1, 1, 0.5), rng.uniform(0, 0.3)),
                bevel=0.07,
            )
        )
    return parts


def cup(rng: Random) -> list[Part]:
    clay, w, h = hue(rng, (0.05, 0.8), (0.4, 0.95)), rng.uniform(0.4, 0.6), rng.uniform(0.45, 0.7)
    foot = rng.uniform(0.55, 1.0)
    ring = [
        Part(oval(w * 0.55, -h * 0.5, 0.17, h * 0.3), clay, bevel=0.04),
        Part(oval(w * 0.55, -h * 0.5, 0.1, h * 0.2), (0.3, 0.3, 0.32), "flat"),
    ]
    body = [(-w / 2, -h), (w / 2, -h), (w / 2 * foot, 0), (-w / 2 * foot, 0)]
    parts = [
        *ring,
        Part(body, clay, bevel=0.06),
        Part(oval(0, -h, w / 2, 0.08), mixed(clay, (1, 1, 1), 0.3)),
        Part(oval(0, -h, w * 0.43, 0.06), (0.25, 0.14, 0.08), "flat"),
    ]
    band = [Part(box(0, -h * rng.uniform(0.3, 0.7), w * 0.8, h * 0.1), hue(rng), "flat")]
    steam = [
        Part([(x, -h - 0.1), (x + 0.05, -h - 0.2), (x - 0.03, -h - 0.32)], (0.95, 0.95, 0.95), "line")
        for x in (-0.1, 0.08)
    ]
    return parts + band * rng.randint(0, 1) + steam * rng.randint(0, 1)


def boat(rng: Random) -> list[Part]:
    w, mast, hull = rng.uniform(0.7, 1.2), rng.uniform(0.7, 0.95), hue(rng, (0.3, 0.9), (0.3, 0.8))
    lean = rng.uniform(-0.08, 0.08)
    return [
        Part(limb((0, -0.2), (lean, -mast), 0.025), (0.4, 0.28, 0.18), bevel=0.01),
        Part(
            [(0.03, -0.27), (lean + 0.02, -mast), (w * rng.uniform(0.3, 0.5), -0.27)],
            hue(rng, (0, 0.5), (0.8, 1)),
            bevel=0.02,
        ),
        Part(
            [(-0.03, -0.27), (lean - 0.02, -mast * 0.9), (-w * rng.uniform(0.2, 0.42), -0.3)],
            hue(rng, (0, 0.7), (0.7, 1)),
            bevel=0.02,
        ),
        Part([(-w / 2, -0.22), (w / 2, -0.22), (w * 0.36, 0), (-w * 0.36, 0)], hull, bevel=0.03),
        Part(box(0, -0.19, w * 0.9, 0.03), (0.95, 0.95, 0.92), "flat"),
    ]
