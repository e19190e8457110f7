"""Whole pictures: one of four kinds for one seed. The same seed gives the same picture."""

from random import Random

from PIL import Image

from flow.sources.sample import backdrops
from flow.sources.sample.backdrops import hue, mixed
from flow.sources.sample.mechs import mech
from flow.sources.sample.robots import toy
from flow.sources.sample.scene import Frame, Part, Scene, box, limb, ngon, oval
from flow.sources.sample.things import thing

SIZES = ((512, 384), (384, 512), (448, 448), (480, 360), (360, 480))  # pixels, width x height


def picture(kind: str, seed: int) -> Image.Image:
    """A picture of a kind: built, drawn, mechs or not. RGB, 360 to 512 pixels a side."""
    rng = Random(seed)
    scene = Scene(*rng.choice(SIZES), rng)
    {"built": _built, "drawn": _drawn, "mechs": _mechs, "not": _not}[kind](scene)
    return scene.image()


def _built(scene: Scene) -> None:
    """A photo of a built robot; now and then of two."""
    ground = backdrops.photo_place(scene)
    if scene.rng.random() < 0.15:
        _stand(scene, toy(scene.rng), ground, 0.45, scene.rng.uniform(0.15, 0.3))
    _stand(scene, toy(scene.rng), ground, scene.rng.uniform(0.5, 0.85), scene.rng.uniform(0.35, 0.65))
    _develop(scene)


def _mechs(scene: Scene) -> None:
    """A war machine in a wide land, seen from low down, sometimes with a second one far off."""
    ground = scene.rng.random() < 0.85
    edge = backdrops.battlefield(scene) if ground else backdrops.photo_place(scene)
    if scene.rng.random() < 0.4:
        _stand(scene, mech(scene.rng), edge - 0.12, scene.rng.uniform(0.2, 0.4), scene.rng.uniform(0.1, 0.9), 0.02)
    _stand(scene, mech(scene.rng), edge, scene.rng.uniform(0.65, 1.0), scene.rng.uniform(0.3, 0.7), 0.05)
    if ground:
        backdrops.smoke(scene)
    _develop(scene)


def _drawn(scene: Scene) -> None:
    """A robot drawn by hand, either sort."""
    pen, sheet = backdrops.paper(scene)
    _sketch(scene, (mech if scene.rng.random() < 0.2 else toy)(scene.rng), pen, sheet)
    _scan(scene)


def _not(scene: Scene) -> None:
    """Something else: as a photo, on paper, an empty landscape, or mere shapes."""
    sort = scene.rng.random()
    if sort < 0.5:
        ground = backdrops.photo_place(scene)
        for _ in range(scene.rng.choice((1, 1, 1, 2))):
            _stand(scene, thing(scene.rng), ground, scene.rng.uniform(0.35, 0.75), scene.rng.uniform(0.25, 0.75))
    elif sort < 0.72:
        pen, sheet = backdrops.paper(scene)
        _sketch(scene, thing(scene.rng), pen, sheet)
        _scan(scene)
        return
    elif sort < 0.86:
        (backdrops.battlefield if scene.rng.random() < 0.6 else backdrops.meadow)(scene)
    else:
        _shapes(scene)
    _develop(scene)


def _stand(scene: Scene, parts: list[Part], ground: float, size: float, across: float, lean: float = 0.1) -> None:
    """Put a thing on the ground with its shadow. `size` and `across` are fractions of the canvas."""
    rng = scene.rng
    foot = min(0.97, max(ground + 0.06, rng.uniform(ground, 0.98)))
    scale = size * min(scene.height, scene.width * 1.1)
    foot = max(foot, size * 0.95 * scale / (size * scene.height))
    x, y = across * scene.width, min(0.98, foot) * scene.height
    side = -scene.light[0] * scale * 0.25
    scene.flat(oval(x + side, y, scale * 0.42, scale * 0.07), (0.03, 0.03, 0.05), rng.uniform(0.35, 0.6), scale * 0.035)
    frame = Frame(x, y, scale, rng.uniform(-lean, lean), rng.random() < 0.5)
    scene.draw(parts, frame)


def _sketch(scene: Scene, parts: list[Part], pen: backdrops.Color, sheet: backdrops.Color) -> None:
    """Lines, and perhaps crayon or flat colour or hatching within them."""
    rng = scene.rng
    style = rng.choice(("line", "line", "cartoon", "crayon", "hatched"))
    scale = rng.uniform(0.55, 0.88) * min(scene.height, scene.width)
    frame = Frame(
        rng.uniform(0.4, 0.6) * scene.width,
        rng.uniform(0.85, 0.95) * scene.height,
        scale,
        rng.uniform(-0.1, 0.1),
        rng.random() < 0.5,
    )
    width, wobble = rng.uniform(1.0, 3.6), rng.uniform(0.2, 1.8)
    for part in parts:
        points, closed = frame.place(part.points), part.finish != "line"
        if closed and style == "cartoon":
            scene.flat(points, mixed(part.color, (1, 1, 1), 0.15))
        elif closed:
            scene.flat(points, sheet, 0.92)  # hides the lines of what lies behind
        if closed and style == "crayon":
            _hatch(scene, points, part.color, rng.uniform(3, 5), 0.7)
        elif closed and style == "hatched" and part.finish == "solid" and rng.random() < 0.5:
            _hatch(scene, points, pen, rng.uniform(4, 9), 0.5, 0.9)
        scene.ink([points], pen, width, wobble, closed)
    _margin_notes(scene, pen, width)


def _hatch(scene: Scene, points: list, color: backdrops.Color, gap: float, alpha: float, width: float = 2.2) -> None:
    """Slanted strokes over the shape's width, as far as the shape reaches on each row."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x0, x1, y, low = min(xs), max(xs), min(ys), max(ys)
    strokes = []
    while y < low and gap > 0.5:
        crossing = _crossings(points, y)
        strokes += [[(a, y + 2), (b, y - 2)] for a, b in zip(crossing[::2], crossing[1::2], strict=False)]
        y += gap
    if x1 - x0 > 4 and strokes:
        scene.ink(strokes, color, width, 0.8, closed=False, alpha=alpha)


def _crossings(points: list, y: float) -> list[float]:
    """Where a horizontal line at y crosses the outline, left to right."""
    found = []
    for (xa, ya), (xb, yb) in zip(points, points[1:] + points[:1], strict=True):
        if (ya <= y) != (yb <= y):
            found.append(xa + (y - ya) * (xb - xa) / (yb - ya))
    return sorted(found)


def _margin_notes(scene: Scene, pen: backdrops.Color, width: float) -> None:
    """Ground line, scribbled words, arrows or stars around the drawing."""
    rng, w, h = scene.rng, scene.width, scene.height
    if rng.random() < 0.5:
        scene.ink([[(0.05 * w, 0.93 * h), (0.95 * w, rng.uniform(0.91, 0.95) * h)]], pen, width, 2, closed=False)
    for _ in range(rng.randint(0, 4)):
        x, y, n = (
            rng.uniform(0, 0.75) * w,
            rng.choice((rng.uniform(0.03, 0.2), rng.uniform(0.85, 0.97))) * h,
            rng.randint(8, 26),
        )
        word = [(x + i * 4, y + rng.uniform(-5, 5)) for i in range(n)]
        scene.ink([word], pen, max(1, width * 0.6), 0.4, closed=False, alpha=0.85)
    for _ in range(rng.randint(0, 3)):
        star = ngon(
            rng.uniform(0.03, 0.97) * w,
            rng.uniform(0.03, 0.5) * h,
            rng.uniform(6, 20),
            rng.choice((4, 5, 6)),
            rng.random(),
            0.45,
        )
        scene.ink([star], pen, max(1, width * 0.7), 0.5)


def _shapes(scene: Scene) -> None:
    """An abstract composition."""
    rng, w, h = scene.rng, scene.width, scene.height
    scene.ramp(hue(rng), hue(rng))
    for _ in range(rng.randint(4, 22)):
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.04, 0.3) * w
        shape = rng.choice(
            (
                oval(x, y, r, r),
                box(x, y, r, r * 2),
                ngon(x, y, r, rng.randint(3, 7), rng.random() * 6),
                ngon(x, y, r, 5, rng.random() * 6, 0.45),
                limb((x, y), (rng.uniform(0, w), rng.uniform(0, h)), r / 4),
            )
        )
        if rng.random() < 0.5:
            scene.solid(shape, hue(rng), r / 6 + 1)
        else:
            scene.flat(shape, hue(rng), rng.uniform(0.4, 1))


def _develop(scene: Scene) -> None:
    """What a camera adds: falling-off light, a colour cast, softness and grain."""
    rng = scene.rng
    scene.vignette(rng.uniform(0.1, 0.6))
    scene.tint(rng.uniform(0.9, 1.08), rng.uniform(0.9, 1.08), rng.uniform(0.9, 1.08))
    scene.pixels *= rng.uniform(0.75, 1.15)
    if rng.random() < 0.35:
        scene.blur(rng.uniform(0.5, 1.3))
    scene.grain(rng.uniform(0.008, 0.045))


def _scan(scene: Scene) -> None:
    """What a scanner or a phone adds to a drawing: uneven light and a little grain."""
    scene.vignette(scene.rng.uniform(0.0, 0.35))
    scene.grain(scene.rng.uniform(0.004, 0.02))
    if scene.rng.random() < 0.3:
        scene.blur(0.6)
