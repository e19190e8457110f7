"""Images for the studies of speed: those of a folder, each content once, or generated ones."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.learn.dataset import ENDINGS
from scripts.learn.images import Unreadable, decode

LABELS = ("one", "three", "two")


class Supply:
    """Hands out images, each content once: those of `data`, then copies of them cut a little smaller."""

    def __init__(self, data: Path):
        self._sources = sorted(p for p in data.rglob("*") if p.suffix.lower() in ENDINGS and _readable(p))
        if not self._sources:
            raise ValueError(f"There are no images in {data}.")
        self._given, self.count = 0, len(self._sources)

    def give(self, folder: Path) -> Path:
        """The next image, as a file in `folder`."""
        turn, i = divmod(self._given, self.count)
        source = self._sources[i]
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self._given:06d}{source.suffix.lower() if turn == 0 else '.jpg'}"
        self._given += 1
        if turn == 0:
            shutil.copyfile(source, target)
        else:
            image = decode(source)
            image.crop((turn, turn, image.width, image.height)).save(target, "JPEG", quality=90)
        return target

    def fill(self, photos: Path, count: int) -> None:
        """So many images in label folders under `photos`."""
        for number in range(count):
            self.give(photos / LABELS[number % len(LABELS)])


def photographs(folder: Path, count: int, size: tuple[int, int] = (800, 600)) -> Path:
    """Generated images like photographs: blotches and grain, JPEG, about 100 KB each at 800 x 600 pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number in range(count):
        blotches = rng.integers(0, 256, (max(6, size[1] // 16), max(6, size[0] // 16), 3), dtype=np.uint8)
        pixels = np.asarray(Image.fromarray(blotches).resize(size, Image.Resampling.BICUBIC)).astype(np.int16)
        grain = rng.integers(-6, 7, (size[1], size[0], 1), dtype=np.int16)
        target = folder / LABELS[number % len(LABELS)] / f"{number:06d}.jpg"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(target, quality=85)
    return folder


def _readable(path: Path) -> bool:
    try:
        decode(path, draft_side=32)
    except Unreadable:
        return False
    return True
