"""Whole images: one of four kinds for one seed. The same seed gives the same image."""

from collections.abc import Callable
from functools import partial
from random import Random

import numpy as np
from PIL import Image

from flow.sources.sample.figures import mech, thing, toy
from flow.sources.sample.scene import BLACK, WHITE, Color, Figure, Scene, box, hue, mixed, outline, oval, rod, star

SIZES = ((512, 384), (384, 512), (448, 448), (480, 360), (360, 480))  # pixels, width x height
SHEETS = "f7f7f51a1a1e f7f7f51a1a1e f5f7fc1a2673 f2e8cc38261a c29e73261a14 21478ce0f0ff 1f332bedede0"  # paper and pen
# what stands in a photo, how high at least and at most (fractions of the image), and how often a second one does
FIGURES = {"built": (toy, 0.5, 0.85, 0.15), "mechs": (mech, 0.65, 1.0, 0.4), "not": (thing, 0.35, 0.75, 0.25)}


def draw_image(kind: str, seed: int) -> Image.Image:
    """An image of a kind: built, drawn, mechs or not. RGB, 360 to 512 pixels a side."""
    rng = Random(seed)
    scene, sort = Scene(*rng.choice(SIZES), rng), rng.random()
    if kind == "drawn" or (kind == "not" and sort < 0.22):
        _sketch(scene, rng, thing if kind == "not" else mech if sort < 0.2 else toy)
    else:
        _photograph(scene, rng, kind, sort)
    return scene.image


def _photograph(scene: Scene, rng: Random, kind: str, sort: float) -> None:
    """Figures in a place, an empty land or mere shapes (`sort` says which), as a camera shows them."""
    make, least, most, second = FIGURES[kind]
    exposure, wide = rng.uniform(0.85, 1.3), kind == "mechs" and sort < 0.85
    scene.cast = tuple(exposure * rng.uniform(0.9, 1.08) for _ in range(3))
    if kind == "not" and sort > 0.86:
        _shapes(scene, rng)
    elif kind == "not" and sort > 0.72:
        _paint_background(scene, _land, _land, _meadow)
    else:
        ground = _paint_background(scene, *((_land,) if wide else PLACES))
        if rng.random() < second:
            _stand(scene, make, ground - 0.12 * wide, rng.uniform(least, most) / 2, rng.uniform(0.1, 0.9))
        _stand(scene, make, ground, rng.uniform(least, most), rng.uniform(0.3, 0.7))
    if wide:
        _clouds(scene, rng, hue(rng, 0.0, 0.25, 0.3, 0.9), 0.7, 1.02)
    if rng.random() < 0.35:
        scene.image = scene.image.reduce(2).resize(scene.image.size, Image.Resampling.BICUBIC)
    scene.grain(rng.uniform(0.01, 0.06), falloff=rng.uniform(0.1, 0.6))


def _stand(scene: Scene, make: Callable[[Figure, Random], None], ground: float, size: float, across: float) -> None:
    """Put a figure on the ground with its shadow. `size` and `across` are fractions of the image."""
    rng, figure, scale = scene.rng, Figure(scene.rng), size * min(scene.height, scene.width * 1.1)
    make(figure, rng)
    foot = min(0.98, max(ground + 0.06, rng.uniform(ground, 0.98), 0.95 * scale / scene.height))
    at = complex(across * scene.width, foot * scene.height)
    scene.haze(at - scene.light[0] * scale / 4, scale * 0.42, scale * 0.07, BLACK, rng.uniform(0.35, 0.6))
    figure.place(at, scale, 0.08)
    scene.draw(figure, scale)


def _sketch(scene: Scene, rng: Random, make: Callable[[Figure, Random], None]) -> None:
    """A figure on paper: lines, and perhaps crayon, flat colour or hatching within them."""
    colors = tuple(byte / 255 for byte in bytes.fromhex(rng.choice(SHEETS.split())))
    paper, pen, w, h = mixed(colors[:3], hue(rng), 0.06), colors[3:], scene.width, scene.height
    if paper[1] > 0.85 and rng.random() < 0.35:
        pen = hue(rng, 0.7, 1, 0.25, 0.6)
    _paint_background(scene, partial(_sheet, tone=paper))
    if paper[2] > paper[0] and rng.random() < 0.7:  # squared
        for n in range(rng.randint(3, 20), max(w, h), rng.randint(14, 34)):
            for line in (outline(n, 0, n, h), outline(0, n, w, n)):
                scene.flat(line, mixed(paper, (0.6, 0.75, 0.95), 0.5), 0.6, 0.7)
    figure, width, wobble = Figure(rng), rng.uniform(1.0, 3.6), rng.uniform(0.2, 1.8)
    make(figure, rng)
    at = complex(rng.uniform(0.4, 0.6) * w, rng.uniform(0.85, 0.95) * h)
    figure.place(at, rng.uniform(0.55, 0.88) * min(w, h), 0.1)
    alpha, gap = rng.choice(((0.0, 0.0), (0.0, 0.0), (1.0, 0.0), (0.8, 0.8), (0.7, 1.2)))
    for shape, color, finish in figure.parts:
        if finish != "line":
            shape = np.append(shape, shape[:1])
            scene.flat(shape, paper, 0.92)  # hides the lines of what lies behind
            if alpha:
                scene.flat(shape, mixed(color, WHITE, 0.15), alpha, gap=gap)
        scene.ink(shape, pen, width, wobble)
    if rng.random() < 0.5:
        scene.ink(outline(0.05 * w, 0.93 * h, 0.95 * w, 0.94 * h), pen, width, 2)
    for _ in range(rng.randint(0, 6)):
        at, r, points = scene.anywhere(*rng.choice(((0.03, 0.3), (0.85, 0.97)))), rng.uniform(6, 20), rng.randint(4, 6)
        word = at + np.array([complex(4 * n, rng.uniform(-5, 5)) for n in range(points * 4)])
        scene.ink(rng.choice((word, star(at, r, points, r, 0.45))), pen, max(1, width * 0.6), 1)
    scene.grain(rng.uniform(0.005, 0.02))


def _shapes(scene: Scene, rng: Random) -> None:
    """An abstract composition."""
    scene.ramp(hue(rng), hue(rng))
    for _ in range(rng.randint(4, 22)):
        at, r, turn = scene.anywhere(), rng.uniform(0.04, 0.3) * scene.width, rng.random() * 6
        polygon, rounded = star(at, r, rng.randint(3, 7), turn), rod(at, scene.anywhere(), r / 4)
        shape = rng.choice((oval(at, r), box(at, r, r * 2), polygon, star(at, r, 5, turn, 0.45), rounded))
        if rng.random() < 0.5:
            scene.solid(shape, hue(rng), r / 6 + 1)
        else:
            scene.flat(shape, hue(rng), rng.uniform(0.4, 1))


def _paint_background(scene: Scene, *places: Callable[[Scene, Random], float]) -> float:
    """Draw a place small and enlarge it: out of focus. Returns where its ground begins (0..1 of the height)."""
    rng, factor = scene.rng, scene.rng.uniform(1.5, 4)
    small = Scene(round(scene.width / factor), round(scene.height / factor), rng, scene.cast)
    ground = rng.choice(places)(small, rng)
    scene.image = small.image.resize(scene.image.size, Image.Resampling.BILINEAR)
    return ground


def _sheet(scene: Scene, rng: Random, tone: Color = ()) -> float:
    """Paper, or a seamless sheet as in a catalogue."""
    tone = tone or hue(rng, 0.0, 0.4, 0.5, 1.0)
    scene.ramp(mixed(tone, WHITE, 0.15), mixed(tone, BLACK, rng.uniform(0, 0.1)))
    scene.grain(0.01, 10, 10)
    return rng.uniform(0.5, 0.75)


def _indoors(scene: Scene, rng: Random) -> float:
    """A wall and a table top, with things along the wall."""
    wall, table, edge = hue(rng, 0.05, 0.5, 0.35, 0.95), hue(rng, 0.1, 0.6, 0.25, 0.85), rng.uniform(0.45, 0.72)
    scene.ramp(wall, mixed(wall, BLACK, 0.2), 0, edge)
    for _ in range(rng.randint(2, 9)):
        at, size = scene.anywhere(0, edge), rng.uniform(0.05, 0.28) * scene.width
        shape = rng.choice((box(at, size, size * rng.uniform(0.4, 2.2)), oval(at, size / 2)))
        scene.flat(shape, hue(rng, 0.1, 0.7, 0.2, 1.0), rng.uniform(0.2, 0.8))
    scene.ramp(mixed(table, BLACK, 0.25), table, edge, 1)
    scene.grain(rng.uniform(0.005, 0.03), rng.uniform(2, 8), 1)
    return edge


def _pavement(scene: Scene, rng: Random) -> float:
    """Ground seen from above at a slant: tiles, planks or carpet."""
    tone, w, h = hue(rng, 0.05, 0.45, 0.3, 0.8), scene.width, scene.height
    scene.ramp(mixed(tone, BLACK, 0.3), tone)
    for y in h * np.linspace(0, 1, rng.randint(3, 10)) ** 1.5:
        scene.flat(outline(0, y, w, y + rng.uniform(-4, 4)), mixed(tone, BLACK, 0.45), pen=rng.uniform(0.5, 1.5))
    scene.grain(rng.uniform(0.02, 0.06), rng.uniform(1, 20), 1)
    return rng.uniform(0.3, 0.6)


def _land(scene: Scene, rng: Random, green: bool = False) -> float:
    """A wide land under a large sky: mountains or ruins, a sun and smoke; or a green one with trees."""
    w, h, edge, ruins = scene.width, scene.height, rng.uniform(0.55, 0.82), rng.choice((1, 2))
    sky, far, sun = hue(rng, 0.2, 0.75, 0.15, 0.85), hue(rng, 0.1, 0.55, 0.6, 1.0), rng.uniform(0.02, 0.08) * w
    ground, cloud = mixed(hue(rng, 0.2, 0.5, 0.2, 0.5), sky, 0.3), mixed(far, rng.choice((WHITE, (0.2, 0.2, 0.2))), 0.5)
    if green:
        edge, sky = edge * 0.7, mixed((0.45, 0.65, 0.95), (0.95, 0.85, 0.75), rng.random())
        ground, far, cloud = mixed((0.2, 0.4, 0.1), (0.55, 0.55, 0.25), rng.random()), mixed(sky, WHITE, 0.5), WHITE
    scene.ramp(sky, far, 0, edge)
    scene.haze(scene.anywhere(0.05, edge), sun, sun, (1, 0.9, 0.7), rng.choice((0.0, 1.0)))
    _clouds(scene, rng, cloud, 0, edge)
    for distance in (0.75, 0.5, 0.3):
        x = np.cumsum([rng.uniform(0.02, 0.11) * w for _ in range(20)]).repeat(ruins) - 0.1 * w
        y = np.repeat([edge * h - rng.random() ** 1.6 * (1.15 - distance) * h / 2 for _ in range(20)], ruins)
        line = x[ruins - 1 :] + 1j * y[: len(y) - ruins + 1]
        trees = [oval(complex(a, edge * h), 0.1 * w, (edge * h - b) / 2 + 1) for a, b in zip(x, y, strict=True)][::3]
        hills = [np.append(line, outline(x[-1], edge * h, x[0], edge * h))]
        for shape in trees if green else hills:
            scene.flat(shape, mixed(ground, far, distance))
    scene.ramp(mixed(ground, far, 0.2), mixed(ground, BLACK, 0.35), edge, 1)
    scene.grain(0.03, rng.uniform(1.5, 6), 1)
    return edge


def _clouds(scene: Scene, rng: Random, tone: Color, top: float, bottom: float) -> None:
    for _ in range(rng.randint(2, 8)):
        r = rng.uniform(0.07, 0.27) * scene.width
        scene.haze(scene.anywhere(top, bottom), r, r * rng.uniform(0.15, 0.45), tone, rng.uniform(0.2, 0.55))


_meadow = partial(_land, green=True)
PLACES = (_indoors, _indoors, _sheet, _meadow, _pavement)
