"""A canvas and ways to put shapes on it: shaded like a solid thing, flat, glowing, or as a wobbly line.

Shapes are closed outlines: lists of (x, y). A `Frame` says where on the canvas they land, how large and how tilted.
"""

import math
from dataclasses import dataclass, field
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Points = list[tuple[float, float]]
Color = tuple[float, float, float]  # red, green, blue, 0..1
FINE = 2  # masks are drawn this many times larger and shrunk, so that edges come out smooth


@dataclass(frozen=True)
class Part:
    """One piece of a thing. `finish`: solid (shaded), flat, glow (shines) or line (never filled)."""

    points: Points
    color: Color
    finish: str = "solid"
    bevel: float = 0.02  # how round the edges look, in the thing's own units


@dataclass(frozen=True)
class Frame:
    """Own units to pixels: (0, 0) lands on (x, y), one unit is `scale` pixels, turned by `tilt` radians."""

    x: float
    y: float
    scale: float
    tilt: float = 0.0
    flip: bool = False

    def place(self, points: Points) -> Points:
        cos, sin = math.cos(self.tilt) * self.scale, math.sin(self.tilt) * self.scale
        sign = -1 if self.flip else 1
        return [(self.x + sign * px * cos - py * sin, self.y + sign * px * sin + py * cos) for px, py in points]


def box(x: float, y: float, w: float, h: float, r: float = 0.0) -> Points:
    """A rectangle around (x, y), w wide and h high, with corners of radius r."""
    if r <= 0:
        return [(x - w / 2, y - h / 2), (x + w / 2, y - h / 2), (x + w / 2, y + h / 2), (x - w / 2, y + h / 2)]
    r = min(r, w / 2, h / 2)
    corners = (
        (x + w / 2 - r, y - h / 2 + r, -90),
        (x + w / 2 - r, y + h / 2 - r, 0),
        (x - w / 2 + r, y + h / 2 - r, 90),
        (x - w / 2 + r, y - h / 2 + r, 180),
    )
    return [
        (cx + r * math.cos(math.radians(start + step)), cy + r * math.sin(math.radians(start + step)))
        for cx, cy, start in corners
        for step in range(0, 91, 15)
    ]


def oval(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360) -> Points:
    """An ellipse around (x, y), or the part of it from `start` to `end` degrees (0 = right, clockwise)."""
    steps = max(8, int(abs(end - start) / 10))
    angles = [math.radians(start + (end - start) * n / steps) for n in range(steps + (end - start < 360))]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def limb(p: tuple[float, float], q: tuple[float, float], w: float, v: float = 0.0) -> Points:
    """A rod with round ends from p to q, w wide at p and v (or w) at q."""
    v = v or w
    turn = math.degrees(math.atan2(q[1] - p[1], q[0] - p[0]))
    return oval(*p, w / 2, w / 2, turn + 90, turn + 270) + oval(*q, v / 2, v / 2, turn - 90, turn + 90)


def ngon(x: float, y: float, r: float, n: int, turn: float = 0.0, inner: float = 1.0) -> Points:
    """A regular polygon with n corners; with `inner` under 1, a star or a cog."""
    count = n if inner == 1.0 else 2 * n
    radius = (r, r * inner)
    return [
        (
            x + radius[i % 2 if inner != 1.0 else 0] * math.cos(turn + 2 * math.pi * i / count),
            y + radius[i % 2 if inner != 1.0 else 0] * math.sin(turn + 2 * math.pi * i / count),
        )
        for i in range(count)
    ]


@dataclass
class Scene:
    """`pixels` is float32 [3, height, width] in 0..1, a plane a colour: numpy is several times faster along a row than
    along three colours. `rng` decides all: the same seed is the same picture."""

    width: int
    height: int
    rng: Random
    pixels: np.ndarray = field(init=False)
    noise: np.random.Generator = field(init=False)
    light: tuple[float, float, float] = field(init=False)  # direction to the lamp; length 1

    def __post_init__(self) -> None:
        self.pixels = np.full((3, self.height, self.width), 0.8, np.float32)
        self.noise = np.random.default_rng(self.rng.getrandbits(63))
        x, y = self.rng.uniform(-0.8, 0.8), self.rng.uniform(-0.9, -0.3)
        length = math.sqrt(x * x + y * y + 0.6)
        self.light = (x / length, y / length, math.sqrt(0.6) / length)

    def draw(self, parts: list[Part], frame: Frame) -> None:
        """Put a thing on the canvas as something solid under the scene's light."""
        for part in parts:
            points = frame.place(part.points)
            if part.finish == "solid":
                self.solid(points, part.color, max(1.5, part.bevel * frame.scale))
            elif part.finish == "glow":
                self.glow(points, part.color, 0.05 * frame.scale)
            elif part.finish == "line":
                red, green, blue = (c * 0.7 for c in part.color)
                self.ink([points], (red, green, blue), max(1.5, 0.02 * frame.scale), 0, closed=False)
            else:
                self.flat(points, part.color)

    def solid(self, points: Points, color: Color, bevel: float) -> None:
        """A shape with rounded edges: its blurred mask is taken as a height, whose slope meets the light."""
        found = self._mask(points, int(bevel) + 2)
        if found is None:
            return
        mask, (x0, y0, x1, y1) = found
        height = np.asarray(_blurred(mask, bevel)) / np.float32(255) * bevel * 1.6
        dy, dx = np.gradient(height)
        facing = (self.light[2] - dx * self.light[0] - dy * self.light[1]) / np.sqrt(1 + dx * dx + dy * dy)
        across = np.linspace(-1, 1, x1 - x0, dtype=np.float32)[None, :] * self.light[0]
        down = np.linspace(-1, 1, y1 - y0, dtype=np.float32)[:, None] * self.light[1]
        shade = 0.32 + 0.72 * np.clip(facing, 0, 1) + 0.10 * (across + down)
        shine = np.clip(facing, 0, 1) ** 24 * 0.35
        lit = _planes(color) * shade + shine.astype(np.float32)
        self._blend(np.clip(lit, 0, 1), mask, (x0, y0, x1, y1), 1.0)

    def flat(self, points: Points, color: Color, alpha: float = 1.0, soft: float = 0.0) -> None:
        """A shape of one colour; `soft` pixels of blur make it a shadow, a cloud or a haze."""
        found = self._mask(points, int(soft * 2.5) + 2)
        if found:
            mask, area = found
            self._blend(_planes(color), _blurred(mask, soft) if soft else mask, area, alpha)

    def glow(self, points: Points, color: Color, halo: float) -> None:
        """A lamp: a bright shape and its shine around it."""
        self.flat(points, color, 0.6, max(1.0, halo * 2))
        red, green, blue = (min(1, 0.35 + c * 0.8) for c in color)
        self.flat(points, (red, green, blue))

    def ink(
        self, lines: list[Points], color: Color, width: float, wobble: float, closed: bool = True, alpha: float = 1.0
    ) -> None:
        """Lines as a hand draws them: each is drawn through points moved by up to `wobble` pixels."""
        shaky = [_shaky(line + line[:1] if closed else line, wobble, self.rng) for line in lines if line]
        area = self._area([point for line in shaky for point in line], int(width) + 2)
        if area is None:
            return
        x0, y0, x1, y1 = area
        layer = Image.new("L", ((x1 - x0) * FINE, (y1 - y0) * FINE))
        pen = ImageDraw.Draw(layer)
        for line in shaky:
            places = [((x - x0) * FINE, (y - y0) * FINE) for x, y in line]
            pen.line(places, fill=255, width=max(1, round(width * FINE)), joint="curve")
        self._blend(_planes(color), layer.reduce(FINE), area, alpha)

    def ramp(self, top: Color, bottom: Color, y0: float = 0.0, y1: float = 1.0) -> None:
        """A vertical change of colour over the rows from y0 to y1 (fractions of the height)."""
        a, b = int(y0 * self.height), int(y1 * self.height)
        mix = np.linspace(0, 1, max(1, b - a), dtype=np.float32)[:, None]
        self.pixels[:, a:b] = _planes(top) * (1 - mix) + _planes(bottom) * mix

    def grain(self, strength: float, cell_x: int = 1, cell_y: int = 1) -> None:
        """Brightness noise in cells of the given size: film grain at 1 x 1, wood or grass when stretched."""
        shape = (self.height // cell_y + 2, self.width // cell_x + 2)
        coarse = self.noise.standard_normal(shape).astype(np.float32)
        if cell_x > 1 or cell_y > 1:
            size = (shape[1] * cell_x, shape[0] * cell_y)
            coarse = np.asarray(Image.fromarray(coarse, "F").resize(size, Image.Resampling.BILINEAR))
        self.pixels += strength * coarse[: self.height, : self.width]

    def blur(self, radius: float) -> None:
        planes = self.image().filter(ImageFilter.GaussianBlur(radius)).split()
        self.pixels = np.stack([np.asarray(plane, np.float32) for plane in planes]) / 255

    def vignette(self, strength: float) -> None:
        """Darker towards the corners, brighter towards the lamp."""
        x = np.linspace(-1, 1, self.width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, self.height, dtype=np.float32)[:, None]
        far = (x - self.light[0]) ** 2 + (y - self.light[1]) ** 2
        self.pixels *= 1.08 - strength * far / 4

    def tint(self, red: float, green: float, blue: float) -> None:
        """Each colour made so many times as bright."""
        self.pixels *= np.array([red, green, blue])[:, None, None]

    def image(self) -> Image.Image:
        planes = (np.clip(self.pixels, 0, 1) * 255).astype(np.uint8)
        return Image.merge("RGB", [Image.fromarray(plane) for plane in planes])

    def _mask(self, points: Points, margin: int) -> tuple[Image.Image, tuple[int, int, int, int]] | None:
        """The shape's coverage (0..255) within its bounding box on the canvas; None where it lies outside."""
        area = self._area(points, margin)
        if area is None:
            return None
        x0, y0, x1, y1 = area
        layer = Image.new("L", ((x1 - x0) * FINE, (y1 - y0) * FINE))
        ImageDraw.Draw(layer).polygon([((x - x0) * FINE, (y - y0) * FINE) for x, y in points], fill=255)
        return layer.reduce(FINE), area

    def _area(self, points: Points, margin: int) -> tuple[int, int, int, int] | None:
        """The bounding box of points with a margin, on the canvas: left, top, right, bottom; None outside."""
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        x0, y0 = max(0, int(min(xs)) - margin), max(0, int(min(ys)) - margin)
        x1, y1 = min(self.width, int(max(xs)) + margin + 1), min(self.height, int(max(ys)) + margin + 1)
        return None if x1 - x0 < 2 or y1 - y0 < 2 else (x0, y0, x1, y1)

    def _blend(self, color: np.ndarray, mask: Image.Image, area: tuple[int, int, int, int], alpha: float) -> None:
        x0, y0, x1, y1 = area
        cover = np.asarray(mask, np.float32) * (alpha / 255)
        below = self.pixels[:, y0:y1, x0:x1]
        below += (color - below) * cover


def _planes(color: Color) -> np.ndarray:
    return np.asarray(color, np.float32)[:, None, None]


def _blurred(mask: Image.Image, radius: float) -> Image.Image:
    return mask.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius * 0.7))


def _shaky(line: Points, wobble: float, rng: Random) -> Points:
    """The line with extra points on long stretches, all moved a little."""
    if not wobble:
        return line
    out = []
    for (x0, y0), (x1, y1) in zip(line, line[1:], strict=False):
        steps = max(1, int(math.hypot(x1 - x0, y1 - y0) / 22))
        out += [
            (x0 + (x1 - x0) * n / steps + rng.gauss(0, wobble), y0 + (y1 - y0) * n / steps + rng.gauss(0, wobble))
            for n in range(steps)
        ]
    return [*out, line[-1]]
