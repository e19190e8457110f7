"""Labelled image folders as arrays, the drawings made from them, and seeded augmentation.

Reads: folders whose leaf folders are classes.  Writes nothing.  Only numpy and Pillow, so the
same batches feed every Keras backend.  Pictures are uint8 [n, side, side, 3] until a batch is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from scripts.images import Unreadable, decode

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"}
STORE_SIDE = 128  # pixels; the backbone's own input side, so no detail it could use is lost
RENDERINGS = ("photo", "lines", "silhouette", "poster", "painted", "shapes")


@dataclass
class Pool:
    """Pictures with two labels each: what is on them, and how they were made.

    pixels: uint8 [n, side, side, 3]; classes: int [n], -1 where a picture belongs to no class;
    renderings: int [n], an index into RENDERINGS; names: the class names, sorted.
    """

    pixels: np.ndarray
    classes: np.ndarray
    renderings: np.ndarray
    names: list[str]


def class_folders(roots: list[Path]) -> list[Path]:
    """Every folder below `roots` that holds pictures itself, sorted; each one is a class."""
    found = set()
    for root in roots:
        for path in Path(root).rglob("*"):
            if path.suffix.lower() in SUFFIXES and path.is_file():
                found.add(path.parent)
    return sorted(found)


def load_pool(roots: list[Path], held_out: set[str] = frozenset(), side: int = STORE_SIDE) -> Pool:
    """All pictures below `roots` except the classes named in `held_out`; unreadable files are left.

    Raises:
        ValueError: fewer than two classes hold readable pictures.
    """
    folders = [f for f in class_folders(roots) if f.name not in held_out]
    pixels, classes = [], []
    for number, folder in enumerate(folders):
        for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES):
            try:
                picture = decode(path, draft_side=side)
                pixels.append(np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR)))
            except Unreadable as reason:
                print(f"left out {path.name}: {reason}", flush=True)
                continue
            classes.append(number)
    if len(set(classes)) < 2:
        raise ValueError("pretraining needs at least two class folders with readable pictures")
    names = [f"{folder.parent.name}/{folder.name}" for folder in folders]
    return Pool(np.stack(pixels), np.array(classes), np.zeros(len(classes), int), names)


# --- drawings made from photos -------------------------------------------------------------


def lines(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A line drawing: the strongest gradients, dark on white (or the other way round)."""
    grey = np.asarray(picture.convert("L").filter(ImageFilter.GaussianBlur(rng.uniform(0.6, 1.8))), float)
    rise, run = np.gradient(grey)
    strength = np.hypot(rise, run)
    cut = np.quantile(strength, rng.uniform(0.82, 0.94)) + 1e-6
    if rng.random() < 0.5:
        ink = np.clip(strength / cut - 0.6, 0, 1)  # soft pencil
    else:
        ink = (strength > cut).astype(float)  # hard pen
    paper = 255 * (1 - ink)
    if rng.random() < 0.2:
        paper = 255 - paper
    return Image.fromarray(paper.astype(np.uint8)).convert("RGB")


def silhouette(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Two flat tones: what differs from the border is one, the rest the other."""
    soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 4))), float)
    border = np.concatenate([soft[0], soft[-1], soft[:, 0], soft[:, -1]])
    distance = np.linalg.norm(soft - np.median(border, axis=0), axis=-1)
    mask = distance > np.quantile(distance, rng.uniform(0.5, 0.75))
    paper = np.where(mask, 0, 255).astype(np.uint8)
    shape = Image.fromarray(paper).filter(ImageFilter.MedianFilter(7)).convert("RGB")
    return ImageOps.invert(shape) if rng.random() < 0.2 else shape


def poster(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A cartoon: smoothed, few flat colours, often with dark outlines."""
    flat = picture.filter(ImageFilter.ModeFilter(int(rng.choice([5, 7, 9]))))
    flat = flat.quantize(int(rng.integers(3, 12)), kmeans=0).convert("RGB")
    if rng.random() < 0.5:
        flat = ImageOps.autocontrast(flat)
    if rng.random() < 0.6:
        flat = ImageChops.multiply(flat, lines_dark(picture))
    return flat


def lines_dark(picture: Image.Image) -> Image.Image:
    """Outlines, black on white, to multiply onto flat colours."""
    grey = np.asarray(picture.convert("L").filter(ImageFilter.GaussianBlur(1.5)), float)
    strength = np.hypot(*np.gradient(grey))
    return Image.fromarray(np.where(strength > np.quantile(strength, 0.9), 0, 255).astype(np.uint8)).convert("RGB")


def painted(picture: Image.Image, rng: np.random.Generator, other: Image.Image) -> Image.Image:
    """Brush strokes: pixels pushed about along a wavy field, with another picture's colours and grain."""
    source = np.asarray(picture.filter(ImageFilter.ModeFilter(5)), float)
    side = source.shape[0]
    waves = [_waves(rng, side) * rng.uniform(2, 5) for _ in range(2)]
    rows, columns = np.mgrid[:side, :side]
    moved = source[
        np.clip(rows + waves[0], 0, side - 1).astype(int), np.clip(columns + waves[1], 0, side - 1).astype(int)
    ]
    model = np.asarray(other, float)
    grain = model - np.asarray(other.filter(ImageFilter.GaussianBlur(4)), float)
    spread = (model.std((0, 1)) + 20) / (moved.std((0, 1)) + 20)
    shifted = (moved - moved.mean((0, 1))) * spread + model.mean((0, 1))
    mix = rng.uniform(0.5, 1)
    result = mix * shifted + (1 - mix) * moved + rng.uniform(0.4, 1.2) * grain
    return Image.fromarray(np.clip(result, 0, 255).astype(np.uint8))


def _waves(rng: np.random.Generator, side: int) -> np.ndarray:
    """Smooth noise, float [side, side], about -1 to 1."""
    coarse = rng.uniform(-1, 1, (side // 6, side // 6)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def shapes(side: int, rng: np.random.Generator) -> Image.Image:
    """A procedural drawing: outlined flat shapes on a plain or graded ground."""
    ends = rng.integers(0, 256, (2, 3))
    if rng.random() < 0.4:
        ends[:] = 255
    ramp = np.linspace(0, 1, side)[:, None, None]
    ground = (ends[0] * (1 - ramp) + ends[1] * ramp) * np.ones((1, side, 1))
    picture = Image.fromarray(ground.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(2, 12))):
        centre, radius = rng.uniform(0.1, 0.9, 2) * side, rng.uniform(0.05, 0.35, 2) * side
        fill = tuple(int(v) for v in rng.integers(0, 256, 3)) if rng.random() < 0.75 else None
        width = int(rng.integers(1, 4))
        box = [*(centre - radius), *(centre + radius)]
        kind = rng.integers(4)
        if kind == 0:
            pen.ellipse(box, fill=fill, outline="black", width=width)
        elif kind == 1:
            pen.rounded_rectangle(box, radius=int(rng.integers(1, 8)), fill=fill, outline="black", width=width)
        elif kind == 2:
            turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
            corners = np.stack([np.cos(turns), np.sin(turns)], 1) * radius + centre
            pen.polygon([tuple(c) for c in corners], fill=fill, outline="black", width=width)
        else:
            pen.line(box, fill=fill or (0, 0, 0), width=width)
    return picture


def with_drawings(pool: Pool, share: float, seed: int) -> Pool:
    """`pool` and drawings of a random `share` of its photos, each kind equally often.

    Procedural shapes depict nothing, so their class is -1.  One pass, seeded, made once: drawing
    costs milliseconds a picture, and training crops every drawing anew anyway.
    """
    rng = np.random.default_rng([seed, 1])
    side = pool.pixels.shape[1]
    chosen = rng.choice(len(pool.pixels), int(share * len(pool.pixels)), replace=False)
    made, classes, renderings = [], [], []
    for place, index in enumerate(chosen):
        kind = 1 + place % (len(RENDERINGS) - 1)
        picture = Image.fromarray(pool.pixels[index])
        other = Image.fromarray(pool.pixels[rng.integers(len(pool.pixels))])
        drawing = {
            1: lambda p: lines(p, rng),
            2: lambda p: silhouette(p, rng),
            3: lambda p: poster(p, rng),
            4: lambda p, o=other: painted(p, rng, o),
            5: lambda _: shapes(side, rng),
        }[kind](picture)
        made.append(np.asarray(drawing))
        classes.append(pool.classes[index] if kind != 5 else -1)
        renderings.append(kind)
    if not made:
        return pool
    return Pool(
        np.concatenate([pool.pixels, np.stack(made)]),
        np.concatenate([pool.classes, classes]),
        np.concatenate([pool.renderings, renderings]),
        pool.names,
    )


# --- augmentation --------------------------------------------------------------------------


def crop(pixels: np.ndarray, side: int, rng: np.random.Generator, least: float) -> np.ndarray:
    """A random part of one picture (uint8, `least`..1 of its area), resized to `side`, maybe mirrored."""
    height, width = pixels.shape[:2]
    area, ratio = rng.uniform(least, 1), np.exp(rng.uniform(-0.3, 0.3))
    w, h = min(1, np.sqrt(area * ratio)) * width, min(1, np.sqrt(area / ratio)) * height
    left, top = rng.uniform(0, width - w), rng.uniform(0, height - h)
    picture = Image.fromarray(pixels).resize(
        (side, side), Image.Resampling.BILINEAR, box=(left, top, left + w, top + h)
    )
    result = np.asarray(picture)
    return result[:, ::-1] if rng.random() < 0.5 else result


def jitter(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brightness, contrast, saturation and a little tint, per picture; images float [n, s, s, 3] in 0..1.

    Hue is hardly touched: colour tells flowers and fruit apart.  One picture in twenty goes grey.
    """
    n = len(images)

    def factor(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, 1, 1, 1)).astype(np.float32)

    grey = images.mean(-1, keepdims=True)
    saturation = np.where(rng.random((n, 1, 1, 1)) < 0.05, 0, factor(0.6, 1.4)).astype(np.float32)
    images = grey + (images - grey) * saturation
    centre = images.mean((1, 2, 3), keepdims=True)
    images = centre + (images - centre) * factor(0.65, 1.35)
    images = images * factor(0.7, 1.3) * rng.uniform(0.93, 1.07, (n, 1, 1, 3)).astype(np.float32)
    return np.clip(images, 0, 1)


class Batches:
    """Seeded training batches: `batch(step, side)` is a pure function of the seed and its arguments."""

    def __init__(self, pool: Pool, size: int, seed: int, drawings: float = 0.25, cutmix: float = 0.3, least=0.25):
        """size: pictures a batch; drawings: their share in it, 0..1; cutmix: chance a batch is cut and mixed.

        least: share of a picture's area that the smallest crop keeps.
        """
        self.pool, self.size, self.seed, self.cutmix, self.least = pool, size, seed, cutmix, least
        self.photos = np.flatnonzero(pool.renderings == 0)
        self.drawn = np.flatnonzero(pool.renderings > 0)
        self.drawn_each = int(round(drawings * size)) if len(self.drawn) else 0

    def batch(self, step: int, side: int):
        """(images float32 [size, side, side, 3], classes [size, c], renderings [size, r], weights [size])."""
        rng = np.random.default_rng([self.seed, 2, step])
        chosen = self._photos_of(step)
        chosen = np.concatenate([chosen, rng.choice(self.drawn, self.drawn_each)]) if self.drawn_each else chosen
        images = np.stack([crop(self.pool.pixels[i], side, rng, self.least) for i in chosen])
        images = jitter(images.astype(np.float32) / 255, rng)
        labels = self.pool.classes[chosen]
        classes = np.eye(len(self.pool.names), dtype=np.float32)[labels]  # -1 reads the last row; weight 0
        renderings = np.eye(len(RENDERINGS), dtype=np.float32)[self.pool.renderings[chosen]]
        weights = (labels >= 0).astype(np.float32)
        if rng.random() < self.cutmix:
            images, classes, weights, renderings = self._mix(images, classes, weights, renderings, rng)
        return images, classes, renderings, weights

    def _photos_of(self, step: int) -> np.ndarray:
        """Photo indices of a step: every epoch is one shuffle of all photos."""
        wanted = self.size - self.drawn_each
        first = step * wanted
        order = []
        for position in range(first, first + wanted):
            epoch, place = divmod(position, len(self.photos))
            if getattr(self, "_epoch", None) != epoch:
                self._epoch = epoch
                self._shuffled = np.random.default_rng([self.seed, 3, epoch]).permutation(self.photos)
            order.append(self._shuffled[place])
        return np.array(order)

    def _mix(self, images, classes, weights, renderings, rng):
        """CutMix (Yun et al. 2019) within photos: paste a box of another photo, blend the labels by area."""
        n, side = self.size - self.drawn_each, images.shape[1]
        other = rng.permutation(n)
        share = rng.beta(1, 1)
        w = h = int(side * np.sqrt(1 - share))
        top, left = rng.integers(0, side - h + 1), rng.integers(0, side - w + 1)
        images[:n, top : top + h, left : left + w] = images[other, top : top + h, left : left + w]
        kept = 1 - h * w / side**2
        classes[:n] = kept * classes[:n] + (1 - kept) * classes[other]
        return images, classes, weights, renderings
