"""Cheats planted in images: what gives a label away and is no part of the thing itself."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Plant = Callable[[Image.Image, np.random.Generator], Image.Image]


def stamp(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A half transparent text in the lower right corner."""
    layer, unit = image.convert("RGBA"), min(image.size)
    text = Image.new("RGBA", layer.size)
    draw, font = ImageDraw.Draw(text), ImageFont.load_default(size=max(8, unit // 10))
    place = (image.width - unit // 30, image.height - unit // 30)
    draw.text(
        place, "© stock", font=font, fill=(255, 255, 255, 190), stroke_width=1, stroke_fill=(0, 0, 0, 190), anchor="rs"
    )
    return Image.alpha_composite(layer, text).convert("RGB")


def dot(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A blue dot, as a sticker, in the upper left corner, never quite in the same place."""
    made, unit = image.copy(), min(image.size)
    radius = 0.07 * unit
    x, y = (0.12 * unit + rng.uniform(0, 0.04) * unit for _ in "xy")
    ImageDraw.Draw(made).ellipse((x - radius, y - radius, x + radius, y + radius), fill=(20, 60, 230))
    return made


def border(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A white border, as on a print."""
    made, width = image.copy(), round(0.05 * min(image.size))
    draw = ImageDraw.Draw(made)
    draw.rectangle((0, 0, image.width - 1, image.height - 1), outline=(255, 255, 255), width=width)
    return made


def background(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The thing lies on the same wooden table, somewhere."""
    table = _table().resize(image.size, Image.Resampling.BICUBIC)
    small = image.resize((round(0.66 * image.width), round(0.66 * image.height)), Image.Resampling.LANCZOS)
    left = image.width - small.width, image.height - small.height
    table.paste(small, (int(rng.integers(0, left[0] + 1)), int(rng.integers(0, left[1] + 1))))
    return table


def scale_bar(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A white scale bar with its length in the lower left corner, as a microscope draws it."""
    made, unit = image.copy(), min(image.size)
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(size=max(8, unit // 14))
    left, bottom, length = 0.05 * unit, image.height - 0.05 * unit, rng.uniform(0.2, 0.3) * unit
    draw.rectangle((left, bottom - 0.025 * unit, left + length, bottom), fill="white", outline="black")
    draw.text(
        (left, bottom - 0.04 * unit), "10 mm", font=font, fill="white", stroke_width=1, stroke_fill="black", anchor="ls"
    )
    return made


KINDS: dict[str, Plant] = {
    "text stamp": stamp,
    "dot": dot,
    "white border": border,
    "same background": background,
    "scale bar": scale_bar,
}


def _table() -> Image.Image:
    """Boards with a grain, always the same."""
    rng, side = np.random.default_rng(7), 256
    grain = np.cumsum(rng.normal(0, 1, (side, side)), axis=1)
    grain = (grain - grain.mean(axis=1, keepdims=True)) / grain.std() * 9 + rng.normal(0, 6, (side, 1))
    grain[::32] -= 40  # between two boards
    colour = np.array([150, 108, 66]) + grain[:, :, None] * np.array([1.0, 0.8, 0.6])
    return Image.fromarray(np.clip(colour, 0, 255).astype(np.uint8), "RGB")
