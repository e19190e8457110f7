"""A canvas, the shapes that go on it, and figures made of parts.

A point is a complex number, x + yj; a shape is an array of points, its outline. On the canvas one unit is a pixel and y
goes down. A figure stands on 0 and is about 1 high; its y goes up.
"""

import colorsys
import math
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Color = tuple[float, ...]  # red, green, blue, 0..1
Shape = np.ndarray  # complex [n]
Finish = float | str  # how round a solid's edges look, in the figure's units; or "flat", "lamp" or "line"
WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
FINE = 2  # masks are drawn this many times larger and shrunk, so that edges come out smooth
NOISE = np.random.default_rng(1).standard_normal((768, 768), np.float32)  # all images take their parts of it
_WAVES = 40 + 300 * np.sin(np.add.outer(0.8 * np.arange(768), 0.1 * np.arange(768)))
STROKES = Image.fromarray(_WAVES.clip(0, 255).astype(np.uint8))
CLOUD = Image.radial_gradient("L").point([255 * max(0, 1 - (v / 180) ** 2) ** 2 for v in range(256)]).resize((64, 64))


def hue(rng: Random, dull: float = 0.3, vivid: float = 0.8, dark: float = 0.4, bright: float = 0.95) -> Color:
    """Any colour within ranges of saturation and brightness."""
    return colorsys.hsv_to_rgb(rng.random(), rng.uniform(dull, vivid), rng.uniform(dark, bright))


def mixed(a: Color, b: Color, share: float) -> Color:
    """`share` (0..1) of b in a."""
    return tuple(x + (y - x) * share for x, y in zip(a, b, strict=True))


def outline(*xy: float) -> Shape:
    """A polygon through x, y, x, y ..."""
    return np.array(xy, float).view(complex)


def oval(at: complex, rx: float, ry: float = 0.0, start: float = 0, end: float = 360) -> Shape:
    """An ellipse (a circle without ry), or its arc from `start` to `end` degrees, from the x axis towards y."""
    angles = np.radians(np.linspace(start, end, 37))
    return at + rx * np.cos(angles) + 1j * (ry or rx) * np.sin(angles)


def box(at: complex, w: float, h: float, r: float = 0.0) -> Shape:
    """A rectangle around a point, with corners of radius r."""
    r = min(r, w / 2, h / 2)
    corner, arc = complex(w / 2 - r, h / 2 - r), r * np.exp(1j * np.radians(np.arange(0, 91, 15 if r else 91)))
    turns = ((corner, 1), (-corner.conjugate(), 1j), (-corner, -1), (corner.conjugate(), -1j))
    return at + np.concatenate([middle + turn * arc for middle, turn in turns])


def rod(p: complex, q: complex, w: float, v: float = 0.0, points: int = 10) -> Shape:
    """A rod with round ends from p to q, w wide at p and v (or w) at q."""
    end = 0.5j * (q - p) / (abs(q - p) or 1) * np.exp(1j * np.linspace(0, np.pi, points))
    return np.concatenate([p + w * end, q - (v or w) * end])


def beam(p: complex, q: complex, w: float, v: float = 0.0) -> Shape:
    """A rod with straight ends, which is a trapezoid."""
    return rod(p, q, w, v, points=2)


def star(at: complex, r: float, n: int, turn: float = 0.0, inner: float = 0.0) -> Shape:
    """A star with n points; without `inner`, the size of its inner corners (0..1), a regular polygon."""
    steps = np.arange(2 * n)
    return at + r * np.where(steps % 2, inner or math.cos(math.pi / n), 1) * np.exp(1j * (turn + math.pi * steps / n))


class Figure:
    """A thing as a list of parts, back to front."""

    def __init__(self, rng: Random):
        self.rng, self.parts = rng, list[tuple[Shape, Color, Finish]]()

    def add(self, color: Color, finish: Finish, *shapes: Shape, chance: float = 1.0, both: bool = False) -> None:
        """Parts of one colour: all of them or, by chance, none; `both` adds their mirror images on the other side."""
        if self.rng.random() < chance:
            self.parts += [(s, color, finish) for shape in shapes for s in (shape, -shape.conj())[: 1 + both]]

    def place(self, at: complex, scale: float, lean: float) -> None:
        """Put it on the canvas so many pixels high, tilted by up to `lean` radians, perhaps mirrored."""
        turn, mirrored = scale * np.exp(1j * self.rng.uniform(-lean, lean)), self.rng.random() < 0.5
        self.parts = [(at + turn * (-s if mirrored else s.conj()), color, finish) for s, color, finish in self.parts]


class Scene:
    """A canvas. `rng` decides all: the same seed is the same image. `cast` says how bright each colour gets."""

    def __init__(self, width: int, height: int, rng: Random, cast: Color = WHITE):
        self.width, self.height, self.rng, self.cast = width, height, rng, cast
        self.image = Image.new("RGB", (width, height))
        light = np.array((rng.uniform(-0.8, 0.8), rng.uniform(-0.9, -0.3), 0.77))
        self.light = (light / np.linalg.norm(light)).tolist()  # direction to the lamp

    def anywhere(self, top: float = 0.0, bottom: float = 1.0) -> complex:
        """A point of the canvas, between these fractions of its height."""
        return complex(self.rng.uniform(0, self.width), self.rng.uniform(top, bottom) * self.height)

    def draw(self, figure: Figure, scale: float) -> None:
        """Put a figure on the canvas as something solid under the scene's light."""
        for shape, color, finish in figure.parts:
            if isinstance(finish, float):
                self.solid(shape, color, max(1.5, finish * scale))
            elif finish == "lamp":
                reach = abs(shape[0] - shape.mean()) + 0.05 * scale
                self.haze(shape.mean(), reach, reach, color, 0.25)  # its shine
                self.flat(shape, mixed(color, WHITE, 0.3))
            else:
                self.flat(shape, color, pen=max(1.5, 0.02 * scale) if finish == "line" else 0)

    def solid(self, shape: Shape, color: Color, bevel: float) -> None:
        """A shape with rounded edges: its blurred mask is taken as a height, whose slope meets the light."""
        mask, corner = self._mask(shape, bevel + 2)
        height, slant = mask.filter(ImageFilter.BoxBlur(bevel)), math.hypot(*self.light[:2])
        dx, dy = (round(max(1.5, 0.6 * bevel) * part / slant) for part in self.light[:2])
        slope = ImageChops.subtract(ImageChops.offset(height, dx, dy), ImageChops.offset(height, -dx, -dy), 1.5, 128)
        rise = np.linspace(-1, 1, 256)[:, None]
        facing = np.maximum(0, (self.light[2] + slant * rise) / np.sqrt(1 + rise * rise))
        lit = (0.32 + 0.72 * facing) * np.multiply(color, self.cast) + 0.35 * facing**24
        slope.putpalette((255 * lit.clip(0, 1)).astype(np.uint8).tobytes())
        self.image.paste(slope.convert("RGB"), corner, mask)

    def flat(self, shape: Shape, color: Color, alpha: float = 1.0, pen: float = 0.0, gap: float = 0.0) -> None:
        """A shape of one colour, or hatched with this gap, or its line with a pen that wide."""
        mask, corner = self._mask(shape, pen + 1, alpha, pen)
        if gap:
            mask = ImageChops.multiply(mask, STROKES.resize(mask.size, box=(0, 0, mask.width / gap, mask.height / gap)))
        self._paste(color, mask, corner)

    def ink(self, line: Shape, color: Color, pen: float, wobble: float, alpha: float = 1.0) -> None:
        """A line as a hand draws it, through points moved by about `wobble` pixels."""
        so_far = np.append(0, np.abs(np.diff(line)).cumsum())
        along = np.union1d(so_far, np.arange(0, so_far[-1], 22))
        moved = [complex(self.rng.gauss(0, wobble), self.rng.gauss(0, wobble)) for _ in along]
        self.flat(np.interp(along, so_far, line) + moved, color, alpha, pen)

    def haze(self, at: complex, rx: float, ry: float, color: Color, alpha: float) -> None:
        """An ellipse that fades towards its edge: a shadow, a cloud, smoke or a shine."""
        size = (max(2, round(3.4 * rx)), max(2, round(3.4 * ry)))
        mask = CLOUD.point([alpha * level for level in range(256)]).resize(size, Image.Resampling.BILINEAR)
        self._paste(color, mask, (round(at.real) - size[0] // 2, round(at.imag) - size[1] // 2))

    def ramp(self, top: Color, bottom: Color, y0: float = 0.0, y1: float = 1.0) -> None:
        """A vertical change of colour over the rows from y0 to y1 (fractions of the height)."""
        first, size = int(y0 * self.height), (self.width, int(y1 * self.height) - int(y0 * self.height))
        self._paste(top, Image.new("L", size, 255), (0, first))
        self._paste(bottom, Image.linear_gradient("L").resize(size), (0, first))

    def grain(self, strength: float, cell_x: float = 1, cell_y: float = 1, falloff: float = 0.0) -> None:
        """Noise in cells of the given size (film grain, wood, grass), and less light far from the lamp."""
        rows, columns = math.ceil(self.height / cell_y), math.ceil(self.width / cell_x)
        y, x = self.rng.randrange(len(NOISE) - rows), self.rng.randrange(len(NOISE) - columns)
        dark = NOISE[y : y + rows, x : x + columns] * (255 * strength)
        dark += 510 * strength + 64 * falloff * (np.linspace(-1, 1, columns) - self.light[0]) ** 2
        dark += 64 * falloff * (np.linspace(-1, 1, rows)[:, None] - self.light[1]) ** 2
        mask = Image.fromarray(np.clip(dark, 0, 255, out=dark).astype(np.uint8))
        self._paste(BLACK, mask.resize(self.image.size, Image.Resampling.BILINEAR), (0, 0))

    def _paste(self, color: Color, mask: Image.Image, corner: tuple[int, int]) -> None:
        rgb = tuple(round(255 * min(1, max(0, c * share))) for c, share in zip(color, self.cast, strict=True))
        self.image.paste(Image.new("RGB", mask.size, rgb), corner, mask)

    def _mask(self, shape: Shape, margin: float, alpha: float = 1.0, pen: float = 0.0) -> tuple[Image.Image, tuple]:
        """Where the shape is, or its line, as a mask, and the place of the mask's corner."""
        x, y = int(shape.real.min() - margin), int(shape.imag.min() - margin)
        w, h = int(shape.real.max() + margin) + 1 - x, int(shape.imag.max() + margin) + 1 - y
        layer = Image.new("L", (w * FINE, h * FINE))
        points = ((shape - complex(x, y)) * FINE).view(float).tolist()
        if pen:
            ImageDraw.Draw(layer).line(points, round(255 * alpha), max(1, round(pen * FINE)))
        else:
            ImageDraw.Draw(layer).polygon(points, round(255 * alpha))
        return layer.reduce(FINE), (x, y)
