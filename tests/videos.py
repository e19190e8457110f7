"""Short videos, made by the tests themselves with PyAV."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

av = pytest.importorskip("av", reason="skipped: no PyAV")
FPS = 10
SIZE = (320, 240)


def scene(number: int, seconds: float, size: tuple[int, int] = SIZE) -> Iterable[Image.Image]:
    """Frames of one shot: a picture of its own that moves about a little, as if held by a hand."""
    blotches = np.random.default_rng(number).integers(0, 256, (6, 6, 3)).astype(np.uint8)
    large = Image.fromarray(blotches).resize((size[0] + 80, size[1] + 80), Image.Resampling.BICUBIC)
    for n in range(round(seconds * FPS)):
        x = 40 + 40 * ((n % 16) - 8) / 8 if n % 32 < 16 else 40 - 40 * ((n % 16) - 8) / 8
        yield large.crop((round(x), 40, round(x) + size[0], 40 + size[1]))


def write_video(
    path: Path, scenes: Iterable[Iterable[Image.Image]], codec: str = "mpeg4", turned: int = 0, fps: int = FPS
) -> Path:
    """A video of these scenes, one after the other, cut hard. `turned`: degrees, noted in the file."""
    with av.open(str(path), "w") as container:
        stream = None
        for frames in scenes:
            for frame in frames:
                if stream is None:
                    stream = container.add_stream(codec, rate=fps)
                    stream.width, stream.height, stream.pix_fmt = *frame.size, "yuv420p"
                    stream.bit_rate = 2_000_000
                    if turned:
                        stream.set_display_rotation(turned)
                container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode())
    return path


def write_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        count = round(44100 * seconds) // 1024
        for n in range(count):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44100, 1024 * n
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
