"""Images for the studies of speed: those of a folder, each content once, or generated ones; and embeddings of such."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from scripts.learn import backbone_files, backbones, dataset, embeddings, runners
from scripts.learn.cache_paths import CachePaths
from scripts.learn.dataset import ENDINGS
from scripts.learn.embeddings import EmbeddingStore, store_path
from scripts.learn.hash_cache import HashCache
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


def invent_embeddings(root: Path) -> None:
    """Store embeddings of the default backbone for all images under `root`, drawn around a place for each label."""
    home, backbone, rng = root.parent.parent, backbones.find(backbones.DEFAULT), np.random.default_rng(0)
    places = CachePaths(home / "models", home / "bottlenecks", home / "bottlenecks" / "hashes.sqlite")
    runner = runners.open_runner(backbone, backbone_files.locate(backbone, places.models), places.converted)
    assert runner.grid is not None
    with HashCache(places.hashes) as hashes:
        images = dataset.list_images(root, hashes)
    centres = {label: rng.normal(0, 2, runner.vector_length) for label in sorted({image.label for image in images})}
    with EmbeddingStore(store_path(places.bottlenecks, backbone, runner.key)) as store:
        for begin in range(0, len(images), embeddings.BATCH):
            some = images[begin : begin + embeddings.BATCH]
            values = (centres[image.label] + rng.normal(0, 25, runner.vector_length) for image in some)
            on_grid = (runner.grid.values(np.clip(np.rint(one), -128, 127).astype(np.int8)) for one in values)
            store.put(dict(zip((image.sha256 for image in some), on_grid, strict=True)), runner.grid)
