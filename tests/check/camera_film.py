"""A film for Chromium's fake camera: scenes as a hand shows things, JPEG after JPEG, 30 a second, over and over."""

import io
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

FPS = 30
SIZE = (640, 480)


def hand_held(
    still: Image.Image, seconds: float, seed: int, size: tuple[int, int] = SIZE, every: int = 1
) -> Iterable[Image.Image]:
    """Frames of one recording: the still, larger than the picture, moved about, turned a little and lit anew; only each
    `every`th is drawn, and shown as often."""
    rng = np.random.default_rng(seed)
    turns = rng.uniform(0.25, 0.6, 5)  # of each movement, in turns a second
    starts = rng.uniform(0, 2 * math.pi, 5)
    width, height = size
    large = still.convert("RGB").resize((round(width * 1.25), round(height * 1.25)), Image.Resampling.BILINEAR)
    for n in range(0, round(seconds * FPS), every):
        x, y, turn, light, zoom = np.sin(starts + 2 * math.pi * turns * n / FPS)
        share = 0.9 + 0.08 * zoom
        w, h = width * share, height * share
        left = (large.width - w) / 2 * (1 + 0.85 * x)
        top = (large.height - h) / 2 * (1 + 0.85 * y)
        frame = large.rotate(5 * turn, Image.Resampling.BILINEAR).crop((left, top, left + w, top + h))
        frame = frame.resize(size, Image.Resampling.BILINEAR)
        yield from [frame.point([min(255, round(v * (1 + 0.12 * light))) for v in range(256)] * 3)] * every


def write_mjpeg(path: Path, scenes: Iterable[Iterable[Image.Image]], quality: int = 85) -> Path:
    """What `--use-file-for-fake-video-capture` plays."""
    with open(path, "wb") as film:
        for scene in scenes:
            last, data = None, b""
            for frame in scene:
                if frame is not last:
                    buffer = io.BytesIO()
                    frame.save(buffer, "JPEG", quality=quality)
                    last, data = frame, buffer.getvalue()
                film.write(data)
    return path
