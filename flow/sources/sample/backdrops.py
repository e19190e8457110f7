"""What stands behind a thing: rooms, tables and grass for photos, sheets of paper, and landscapes for war machines."""

import colorsys
from random import Random

from flow.sources.sample.scene import Color, Points, Scene, box, ngon, oval


def hue(rng: Random, saturation: tuple[float, float] = (0.3, 0.8), value: tuple[float, float] = (0.4, 0.95)) -> Color:
    """Any colour within ranges of saturation and brightness (0..1)."""
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(*saturation), rng.uniform(*value))


def mixed(a: Color, b: Color, share: float) -> Color:
    """`share` (0..1) of b in a."""
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def room(scene: Scene) -> float:
    """A wall and a table top, with things out of focus. Returns where the table begins (fraction of the height)."""
    rng, w, h = scene.rng, scene.width, scene.height
    wall, table = hue(rng, (0.05, 0.5), (0.35, 0.95)), hue(rng, (0.1, 0.6), (0.25, 0.85))
    edge = rng.uniform(0.45, 0.72)
    scene.ramp(wall, mixed(wall, (0.1, 0.1, 0.1), 0.25), 0, edge)
    for _ in range(rng.randint(2, 9)):
        x, y, size = rng.uniform(0, w), rng.uniform(0, edge * h), rng.uniform(0.05, 0.28) * w
        shape = rng.choice((box(x, y, size, size * rng.uniform(0.4, 2.2)), oval(x, y, size / 2, size / 2)))
        scene.flat(shape, hue(rng, (0.1, 0.7), (0.2, 1.0)), rng.uniform(0.2, 0.8))
    scene.ramp(mixed(table, (0, 0, 0), 0.25), table, edge, 1)
    scene.grain(rng.uniform(0.01, 0.05), rng.randint(10, 60), rng.randint(1, 4))
    scene.blur(rng.uniform(2, 7))
    return edge


def studio(scene: Scene) -> float:
    """A seamless sheet, as in a catalogue."""
    tone = hue(scene.rng, (0.0, 0.4), (0.5, 1.0))
    scene.ramp(mixed(tone, (1, 1, 1), 0.3), mixed(tone, (0, 0, 0), 0.2))
    return scene.rng.uniform(0.5, 0.75)


def meadow(scene: Scene) -> float:
    """Sky, a line of trees and grass."""
    rng, w, h = scene.rng, scene.width, scene.height
    edge = rng.uniform(0.35, 0.6)
    sky = mixed((0.45, 0.65, 0.95), (0.95, 0.85, 0.75), rng.random())
    scene.ramp(sky, mixed(sky, (1, 1, 1), 0.5), 0, edge)
    for _ in range(rng.randint(0, 7)):
        r = rng.uniform(0.06, 0.2) * w
        scene.flat(oval(rng.uniform(0, w), rng.uniform(0, edge) * h, r, r * rng.uniform(0.15, 0.45)), (1, 1, 1), 0.6, 6)
    green = mixed((0.25, 0.45, 0.15), (0.55, 0.55, 0.25), rng.random())
    for _ in range(rng.randint(3, 14)):
        r = rng.uniform(0.05, 0.18) * w
        scene.flat(
            oval(rng.uniform(0, w), edge * h, r, r * rng.uniform(0.5, 1.5)),
            mixed(green, (0, 0.1, 0), rng.uniform(0.1, 0.6)),
        )
    scene.ramp(mixed(green, (0, 0, 0), 0.2), green, edge, 1)
    scene.grain(0.05, 2, 7)
    scene.blur(rng.uniform(1, 4))
    return edge


def pavement(scene: Scene) -> float:
    """Ground seen from above at a slant: tiles, planks or carpet."""
    rng = scene.rng
    tone = hue(rng, (0.05, 0.45), (0.3, 0.8))
    scene.ramp(mixed(tone, (0, 0, 0), 0.3), tone)
    step = rng.uniform(0.12, 0.4)
    rows: list[Points] = []
    y = 0.0
    while y < 1:
        rows.append([(0, y * scene.height), (scene.width, y * scene.height + rng.uniform(-8, 8))])
        y += step * (0.35 + y)
    scene.ink(rows, mixed(tone, (0, 0, 0), 0.45), rng.uniform(1, 3), 0.6, closed=False)
    scene.grain(rng.uniform(0.02, 0.06), rng.randint(1, 40), rng.randint(1, 3))
    return rng.uniform(0.3, 0.6)


def photo_place(scene: Scene) -> float:
    """One of the places above; returns where its ground begins."""
    return scene.rng.choice((room, room, studio, meadow, pavement))(scene)


def paper(scene: Scene) -> tuple[Color, Color]:
    """A sheet to draw on. Returns the colours of the pen and of the paper."""
    rng, w, h = scene.rng, scene.width, scene.height
    sort = rng.choice(("white", "white", "cream", "blueprint", "squared", "craft", "board"))
    tone, pen = {
        "white": ((0.97, 0.97, 0.96), (0.1, 0.1, 0.12)),
        "cream": ((0.95, 0.91, 0.8), (0.22, 0.15, 0.1)),
        "blueprint": ((0.13, 0.28, 0.55), (0.88, 0.94, 1.0)),
        "squared": ((0.96, 0.97, 0.99), (0.1, 0.15, 0.45)),
        "craft": ((0.76, 0.62, 0.45), (0.15, 0.1, 0.08)),
        "board": ((0.12, 0.2, 0.17), (0.93, 0.93, 0.88)),
    }[sort]
    tone = mixed(tone, hue(rng), 0.06)
    scene.ramp(tone, mixed(tone, (0.5, 0.5, 0.5), rng.uniform(0, 0.15)))
    if sort in ("squared", "blueprint"):
        gap = rng.randint(14, 34)
        lines: list[Points] = [[(x, 0), (x, h)] for x in range(rng.randint(0, gap), w, gap)]
        lines += [[(0, y), (w, y)] for y in range(rng.randint(0, gap), h, gap)]
        scene.ink(lines, mixed(tone, (0.6, 0.75, 0.95), 0.5), 0.7, 0, closed=False, alpha=0.6)
    scene.grain(0.012)
    scene.grain(0.012, 30, 30)
    return (hue(rng, (0.7, 1), (0.25, 0.6)) if sort in ("white", "cream") and rng.random() < 0.35 else pen), tone


def battlefield(scene: Scene) -> float:
    """A wide land under a large sky: hills, ruins, a sun and smoke. Returns where the ground begins."""
    rng, w, h = scene.rng, scene.width, scene.height
    dusk, haze = hue(rng, (0.2, 0.75), (0.15, 0.85)), hue(rng, (0.1, 0.55), (0.6, 1.0))
    edge = rng.uniform(0.55, 0.82)
    scene.ramp(dusk, haze, 0, edge)
    if rng.random() < 0.7:
        scene.glow(
            ngon(rng.uniform(0, w), rng.uniform(0.05, edge) * h, rng.uniform(0.03, 0.1) * w, 24), (1, 0.9, 0.7), 12
        )
    for _ in range(rng.randint(2, 8)):
        x, y, r = rng.uniform(0, w), rng.uniform(0, edge * h), rng.uniform(0.08, 0.3) * w
        scene.flat(
            oval(x, y, r, r * rng.uniform(0.12, 0.5)),
            mixed(haze, rng.choice(((1, 1, 1), (0.2, 0.2, 0.2))), 0.5),
            0.45,
            14,
        )
    ground = mixed(hue(rng, (0.2, 0.5), (0.2, 0.5)), dusk, 0.3)
    for distance in (0.75, 0.5, 0.3):
        scene.flat(_skyline(scene, edge * h, distance), mixed(ground, haze, distance))
    scene.ramp(mixed(ground, haze, 0.2), mixed(ground, (0, 0, 0), 0.35), edge, 1)
    scene.grain(0.035, rng.randint(3, 14), 2)
    scene.blur(rng.uniform(0.5, 1.6))
    return edge


def _skyline(scene: Scene, base: float, distance: float) -> Points:
    """Mountains or towers along the horizon, lower the farther away."""
    rng, w, h = scene.rng, scene.width, scene.height
    line: Points = [(0, base + 2)]
    towers, x, top = rng.random() < 0.5, 0.0, base
    while x < w:
        step = rng.uniform(0.02, 0.11) * w
        new = base - rng.random() ** 1.6 * (1.15 - distance) * 0.5 * h
        line += [(x, top), (x, new)] if towers else [(x, new)]
        x, top = x + step, new
    return [*line, (w, top), (w, base + 2)]


def smoke(scene: Scene) -> None:
    """Dust and smoke in front of everything."""
    rng, w, h = scene.rng, scene.width, scene.height
    tone = hue(rng, (0.0, 0.25), (0.3, 0.9))
    for _ in range(rng.randint(2, 9)):
        r = rng.uniform(0.08, 0.25) * w
        scene.flat(oval(rng.uniform(0, w), rng.uniform(0.7, 1.02) * h, r, r * 0.4), tone, rng.uniform(0.15, 0.5), r / 3)
