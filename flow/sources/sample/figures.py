"""What stands in the images: robots somebody could build, large war machines, and things that are no robots."""

import math
from cmath import rect
from random import Random

import numpy as np

from flow.sources.sample.scene import Color, Figure, Shape, beam, box, hue, mixed, outline, oval, rod, star

LAMPS = ((0.2, 0.9, 1.0), (1.0, 0.85, 0.2), (1.0, 0.25, 0.2), (0.4, 1.0, 0.4), (0.95, 0.95, 0.9))
DARK, LIGHT, LEAF, WOOD, GLASS = (0.12, 0.12, 0.14), LAMPS[-1], (0.25, 0.5, 0.2), (0.4, 0.28, 0.18), (0.6, 0.75, 0.85)


def toy(f: Figure, rng: Random) -> None:
    """A robot somebody built: an arm on a base, or one on legs, wheels, tracks or the thin legs of a spider."""
    paint = rng.choice((hue(rng), hue(rng, 0.0, 0.15, 0.5, 0.85)))
    trim = rng.choice((hue(rng), hue(rng, 0.0, 0.1, 0.6, 0.9)))
    low, sort, dark = rng.uniform(0.13, 0.22), rng.random(), mixed(paint, DARK, 0.2)
    thick, fingers = rng.uniform(0.035, 0.08), rng.choice((0, 2, 3))
    if sort < 0.16:
        f.add(DARK, 0.02, box(0.04j, 0.4, 0.09, 0.02))
        f.add(trim, 0.02, box(0.13j, 0.24, 0.14, 0.04), oval(0.2j, 0.07))
        _arm(f, rng, 0.2j, rng.uniform(1.0, 2.4), 0.39, 0.11, (paint, paint), fingers or 2)
        return
    if sort < 0.48:
        low, foot = low * 1.5, rng.uniform(0.06, 0.17) + 0.04j
        f.add(dark, 0.03, rod(rng.uniform(0.07, 0.14) + low * 1j, foot, thick * 1.4), both=True)
        f.add(trim, 0.025, box(foot + 0.02 - 0.01j, thick * 2.5, 0.07, 0.03), both=True)
    elif sort < 0.82:
        axles = np.linspace(-0.22, 0.22, rng.randint(2, 5)) + low / 2 * 1j
        f.add(dark, 0.02, box(low * 0.8j, 0.44, low / 2, 0.03))
        f.add(DARK, 0.03, *(oval(axle, low / 2) for axle in axles))
        f.add(DARK, 0.03, box(low / 2 * 1j, 0.6, low, low / 2), chance=float(len(axles) > 3))
        f.add(trim, 0.02, *(oval(axle, low * 0.24) for axle in axles))
    else:
        for knee in (0.2 + 0.2j, 0.29 + 0.3j, 0.38 + 0.25j):
            f.add(dark, 0.015, rod(complex(0.08, low + 0.03), knee, 0.04), both=True)
            f.add(trim, 0.012, rod(knee, knee.real + 0.07 + 0.01j, 0.035, 0.015), both=True)
    w, h, neck = rng.uniform(0.2, 0.5), rng.uniform(0.22, 0.36), rng.uniform(0, 0.06)
    at, top = 1j * (low + h / 2), 1j * (low + h)
    for side, angle in ((1, rng.uniform(-1.3, 0.9)), (-1, math.pi - rng.uniform(-1.3, 0.9))):
        shoulder = complex(side * (w / 2 + 0.01), low + h * 0.7)
        _arm(f, rng, shoulder, angle, rng.uniform(0.11, 0.18), thick, (dark, trim), fingers)
    trapezoid, rounded = beam(top, low * 1j, w, w * rng.uniform(0.6, 1.25)), box(at, w, h, rng.uniform(0, 0.14))
    f.add(paint, rng.uniform(0.02, 0.09), rng.choice((rounded, rounded, oval(at, w / 2, h / 2), trapezoid)))
    rivet, pw, ph = 0.42 * w + 0.4j * h, w * rng.uniform(0.4, 0.75), h * rng.uniform(0.3, 0.6)
    f.add(mixed(trim, LIGHT, 0.3), 0.006, oval(at + rivet, 0.011), oval(at - rivet, 0.011), chance=0.7, both=True)
    f.add(trim, 0.012, box(at, pw, ph, 0.02), chance=0.8)  # a panel with lamps, dials or a grille
    spots = np.linspace(-0.3, 0.3, rng.randint(1, 4))
    lamps, grille = [oval(at + x * pw, ph / 8) for x in spots], [box(at + y * ph * 1j, pw * 0.7, 0.02) for y in spots]
    chests: list[tuple] = [(rng.choice(LAMPS), "lamp", *lamps), (LIGHT, 0.01, *lamps), (DARK, "flat", *grille)]
    f.add(*rng.choice(chests))
    f.add(DARK, 0.015, box(top + neck / 2 * 1j, 0.07, neck + 0.04))
    _head(f, rng, low + h + neck, trim, rng.choice((paint, trim, mixed(paint, LIGHT, 0.35))))


def _arm(f: Figure, rng: Random, at: complex, angle: float, reach: float, w: float, colors: tuple, n: int) -> None:
    """Two links of two colours, and n fingers or, without any, a ball at the end."""
    bent = angle + rng.uniform(-1.2, 1.2)
    elbow, wrist = at + rect(reach, angle), at + rect(reach, angle) + rect(reach, bent)
    f.add(colors[0], w / 3, rod(at, elbow, w))
    f.add(colors[1], w / 3, rod(elbow, wrist, w * 0.85))
    f.add(DARK, w / 4, oval(elbow, w * 0.6))
    tips = [wrist + rect(0.07, bent + turn) for turn in np.linspace(-0.6, 0.6, n)]
    f.add(mixed(colors[1], DARK, 0.4), 0.01, *(rod(wrist, tip, 0.03, 0.012) for tip in tips))
    f.add(colors[1], 0.02, oval(wrist, 0.02 if n else 0.045))


def _head(f: Figure, rng: Random, base: float, trim: Color, skin: Color) -> None:
    """A head with a face, and perhaps antennas or ears."""
    w, lamp = rng.uniform(0.16, 0.42), rng.choice(LAMPS)
    h, r = w * rng.uniform(0.55, 1.1), w * rng.uniform(0.08, 0.17)
    at, eyes = 1j * (base + h / 2), 1j * (base + h * 0.6)
    for side in rng.choice(((), (0,), (-1, 1), (1,))):
        tip = complex(side * w * 0.4, base + h + rng.uniform(0.05, 0.16))
        f.add(DARK, 0.006, rod(at + complex(side * w / 4, h * 0.4), tip, 0.014))
        f.add(rng.choice(LAMPS), rng.choice((0.02, "lamp")), oval(tip, 0.022))
    f.add(trim, 0.015, oval(at + w / 2, 0.03, h * 0.2), chance=0.5, both=True)
    shapes = (box(at, w, h, 0.03), oval(at, w / 2, h / 2), oval(1j * base, w / 2, h, 0, 180), star(at, w * 0.55, 6))
    f.add(skin, rng.uniform(0.02, 0.08), rng.choice((*shapes, shapes[0])))
    places = rng.choice(((-0.22, 0.22), (-0.22, 0.22), (-0.22, 0.22), (-0.27, 0, 0.27), (0,), ()))  # none: a visor
    f.add(DARK, 0.01, *([oval(eyes + x * w, r) for x in places] or [box(eyes, w * 0.72, h * 0.26, 0.03)]))
    lights = [oval(eyes + x * w, r * 0.62) for x in places] or [box(eyes + r, w * 0.2, h * 0.12, 0.02)]
    f.add(lamp, rng.choice(("lamp", "flat")), *lights)
    bar, smile = box(at - h * 0.28j, w * 0.5, h * 0.1), oval(at - h * 0.15j, w * 0.25, h * 0.2, 200, 340)
    teeth = [box(at + complex(x * w, -h * 0.28), w * 0.06, h * 0.16) for x in (-0.2, -0.1, 0, 0.1, 0.2)]
    f.add(DARK, *rng.choice((("flat", bar), ("flat", *teeth), ("line", smile), ("flat",))))


def mech(f: Figure, rng: Random) -> None:
    """A war machine: heavy angular legs, a wide armoured body, weapons, and a small head with a lit window."""
    steel, mark = mixed(hue(rng, 0.05, 0.55, 0.2, 0.6), (0.3, 0.3, 0.32), 0.35), hue(rng, 0.6, 0.95, 0.5, 0.9)
    dark, light, hip = mixed(steel, DARK, 0.4), mixed(steel, LIGHT, 0.12), rng.uniform(0.4, 0.55)
    w, h, thick = rng.uniform(0.4, 0.62), rng.uniform(0.24, 0.34), rng.uniform(0.09, 0.16)
    bent, stance, head = rng.uniform(0, 0.16), rng.uniform(0.14, 0.24), w * rng.uniform(0.2, 0.36)
    at, neck = 1j * (hip + h / 2), 1j * (hip + h)
    for side in rng.choice(((-1, 1), (-1, 1), (-1.7, -0.8, 0.8, 1.7))):
        foot = side * (stance + 0.04) + rng.uniform(-0.1, 0.1) + 0.05j
        joint, knee = complex(side * stance * 0.7, hip), complex(side * (stance + bent), hip * rng.uniform(0.45, 0.6))
        f.add(dark, 0.02, beam(joint, knee, thick * 1.1, thick * 0.8), _plate(rng, foot - 0.02j, thick * 2.1, 0.09))
        f.add(steel, 0.02, beam(knee, foot, thick * 0.75, thick * 1.15))
        f.add(mixed(steel, mark, 0.4), 0.02, star(knee, thick * 0.55, 6))
    for side in (-1, 1):
        hand, reach = at + side * (w / 2 + 0.09), complex(side * rng.uniform(0.1, 0.3), rng.uniform(-0.25, 0.15))
        rockets = [oval(hand + complex(n // 3 - 1, n % 3 + 2.5) * 0.045, 0.02) for n in range(9)]
        weapons: list[tuple] = [
            (dark, 0.02, beam(hand - side * 0.1, hand + reach, 0.07, 0.04), star(hand + reach, 0.035, 8)),
            (dark, 0.01, box(hand + 0.16j, 0.17, 0.15), *rockets),
            (LIGHT, 0.012, hand + outline(-0.03, 0, side * 0.2, -0.38, 0.05, -0.1)),
            (dark, 0.02, beam(hand + 0.08j, hand - 0.2j, 0.12, 0.16), _plate(rng, hand - 0.25j, 0.17, 0.13)),
        ]
        f.add(*rng.choice(weapons))
    f.add(steel, 0.02, _plate(rng, at, w, h))
    f.add(light, 0.015, _plate(rng, at + h * 0.05j, w * 0.62, h * 0.62), _plate(rng, neck + 0.05j, head, 0.13))
    for x in (-w / 2, w / 2):
        f.add(rng.choice((steel, mark)), 0.02, _plate(rng, at + complex(x, h * 0.35), w * 0.38, h * 0.5))
    f.add(mark, "flat", box(at + complex(rng.uniform(-0.1, 0.1), -h * 0.25), w * 0.3, h * 0.07))
    f.add(DARK, 0.02, beam(neck + 0.1j, neck + rng.uniform(-0.12, 0.12) + 0.27j, 0.018, 0.006), chance=0.6)
    f.add(rng.choice(LAMPS), "lamp", beam(neck + 0.06j, neck + 0.03j, head * 0.6, head * 0.4))
    f.add((0.9, 0.75, 0.3), 0.02, neck + head * outline(0.3, 0.7, 0.9, 1.5, 0.45, 0.5), chance=0.35, both=True)


def _plate(rng: Random, at: complex, w: float, h: float) -> Shape:
    """Armour: a box with its corners cut off unevenly."""
    w, h, cut = w / 2, h / 2, h * rng.uniform(0.15, 0.45)
    top, low = w * rng.uniform(0.36, 0.8), w * rng.uniform(0.4, 0.8)
    return at + outline(-top, h, top, h, w, h - cut, w, cut / 2 - h, low, -h, -low, -h, -w, cut / 2 - h, -w, h - cut)


def thing(f: Figure, rng: Random) -> None:
    """A flower, a house, a cat, a car, fruit, a tree, a cup or a boat."""
    paint, other, r = hue(rng, 0.2, 0.9, 0.4, 0.95), hue(rng, 0.1, 0.8, 0.3, 0.95), rng.uniform(0.13, 0.22)
    w, h, lean = rng.uniform(0.5, 1.0), rng.uniform(0.35, 0.65), rng.uniform(-0.12, 0.12)
    match rng.choice(("flowers", "house", "cat", "car", "fruit", "tree", "cup", "boat")):
        case "flowers":
            for x in rng.sample((-0.3, -0.1, 0.1, 0.3), rng.randint(1, 4)):
                at, leaf = complex(x, rng.uniform(0.5, 0.95)), rng.uniform(-0.2, 0.2) + 0.1j
                f.add(LEAF, 0.01, rod(x * 0.3, at, 0.03), rod(at * 0.5, at * 0.5 + leaf, 0.03, 0.07))
                for angle in np.linspace(0, 2 * math.pi, rng.randint(6, 12))[1:]:
                    petal = rod(at, at + rect(r, angle), r * 0.3, r * w)
                    f.add(mixed(paint, LIGHT, rng.uniform(0, 0.25)), 0.02, petal)
                f.add(other, 0.03, oval(at, r * 0.35))
        case "house":
            windows = [complex(x * w, h * rng.uniform(0.45, 0.8)) for x in rng.sample((-0.35, -0.15, 0.1, 0.35), 3)]
            f.add(mixed(other, DARK, 0.4), 0.02, box(complex(w * 0.3, h + 0.2), 0.09, 0.3), chance=0.6)
            f.add(mixed(paint, LIGHT, 0.3), 0.012, box(h / 2 * 1j, w, h))
            f.add(other, 0.015, outline(-w * 0.58, h, lean, h + rng.uniform(0.2, 0.4), w * 0.58, h))
            f.add(LIGHT, "flat", *(box(window, 0.13, 0.14) for window in windows))
            f.add(GLASS, "flat", *(box(window, 0.1, 0.11) for window in windows))
            f.add(hue(rng), 0.012, box(2 * lean * w + 0.13j, 0.14, 0.26))
        case "cat":
            fur, head = mixed(rng.choice(((0.85, 0.55, 0.25), WOOD, DARK, LIGHT)), paint, 0.1), 1j * (h + 0.05)
            ear, eye, paw = head + r * outline(0.95, 0.2, 0.85, 1.5, 0.2, 0.8), head + r * (0.42 + 0.1j), 0.18 + 0.05j
            f.add(mixed(fur, DARK, 0.35), 0.03, rod(0.07j, complex(w / 2, lean + 0.25), 0.09, 0.05), ear, -ear.conj())
            f.add(fur, 0.12, oval(h * 0.55j, w * 0.25 + 0.08, h * 0.55), oval(head, r * 1.1, r))
            f.add(fur, 0.04, oval(paw, 0.1, 0.06), both=True)
            f.add((0.75, 0.85, 0.35), "flat", oval(eye, r * 0.2, r * 0.24), both=True)
            f.add(DARK, "flat", oval(eye, r * 0.07, r * 0.2), both=True)
            f.add(LIGHT, "line", head + r * outline(1.4, -0.25, 0.2, -0.4, 1.4, -0.5), both=True)
            f.add((0.85, 0.5, 0.5), 0.01, star(head - r * 0.33j, r * 0.13, 3, -math.pi / 2))
        case "car":
            w, h, glass, wheel = w * 0.6 + 0.7, h / 2 + 0.05, h * 0.4 + 0.05, complex(w * 0.18 + 0.2, r * 0.8)
            base = 1j * (r * 0.8 + h)
            f.add(mixed(paint, DARK, 0.15), 0.02, beam(base, base + glass * 1j + 0.04j, w * 0.7, w * 0.38))
            f.add(GLASS, 0.01, base + outline(0.02, 0, 0.02, glass, w * 0.16, glass, w * 0.28, 0), both=True)
            f.add(paint, 0.04, box(base - h / 2 * 1j, w, h, rng.uniform(0.03, 0.12)))
            f.add((1.0, 0.95, 0.7), "flat", oval(base + w * 0.47 - h * 0.4j, 0.04, 0.05))
            f.add(DARK, 0.03, oval(wheel, r * 0.8), both=True)
            f.add(LIGHT, 0.02, oval(wheel, r * 0.4), both=True)
        case "fruit":
            bowl = rng.choice((0, 0.3))
            for size in [rng.uniform(0.15, 0.25) for _ in range(rng.randint(2, 6))]:
                at = complex(rng.uniform(-0.38, 0.38), size + bowl)
                f.add(WOOD, 0.01, rod(at + size * 0.9j, at + size * 1.4j + 0.04, 0.022))
                f.add(hue(rng, 0.6, 0.95, 0.55, 0.95), size * 0.6, oval(at, size, size * rng.uniform(0.85, 1.1)))
                f.add(LEAF, 0.02, rod(at + size * 1j, at + size * 1.2j + 0.14, 0.02, 0.06), chance=0.4)
            f.add(paint, 0.06, oval(0.36j, 0.58, 0.36, 180, 360), box(0.03j, 0.3, 0.07, 0.02), chance=bowl * 4)
        case "tree":
            green = mixed(LEAF, rng.choice(((0.8, 0.5, 0.1), (0.4, 0.7, 0.3), (0.1, 0.3, 0.2))), rng.random() * 0.7)
            f.add(WOOD, 0.03, rod(0, lean / 2 + 0.5j, 0.14, 0.07))
            crown = [oval(complex(rng.gauss(0, 0.18), rng.gauss(0.7, 0.12)), r) for _ in range(rng.randint(8, 14))]
            fir = [
                outline(y / 2 - 0.55, y, 0, y + 0.35, 0.55 - y / 2, y) for y in np.arange(0.2, h + 0.5, 0.18).tolist()
            ]
            for leaves in rng.choice((crown, fir)):
                f.add(mixed(green, (0.9, 0.9, 0.5), rng.uniform(0, 0.3)), r * 0.5, leaves)
        case "cup":
            w, side = w * 0.4 + 0.2, complex(w * 0.22 + 0.11, h / 2)
            steam = outline(0, h + 0.1, 0.05, h + 0.2, -0.03, h + 0.32)
            f.add(paint, 0.04, oval(side, 0.17, h * 0.3))
            f.add((0.3, 0.3, 0.32), "flat", oval(side, 0.1, h * 0.2))
            f.add(paint, 0.06, beam(h * 1j, 0, w, w * rng.uniform(0.55, 1.0)))
            f.add(mixed(paint, LIGHT, 0.3), 0.02, oval(h * 1j, w / 2, 0.08))
            f.add((0.25, 0.14, 0.08), "flat", oval(h * 1j, w * 0.43, 0.06))
            f.add(LIGHT, "line", steam - 0.1, steam + 0.08, chance=0.5)
        case _:
            w, mast = w + 0.2, complex(lean / 2, h + 0.35)
            f.add(WOOD, 0.01, rod(0.2j, mast, 0.025))
            f.add(hue(rng, 0, 0.5, 0.8, 1), 0.02, outline(0.03, 0.27, mast.real + 0.02, mast.imag, w * 0.4, 0.27))
            f.add(hue(rng, 0, 0.7, 0.7, 1), 0.02, outline(-0.03, 0.27, mast.real - 0.02, h + 0.2, -w * r - 0.1, 0.3))
            f.add(other, 0.03, beam(0.22j, 0, w, w * 0.72))
