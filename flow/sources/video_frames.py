"""Frames of a video file that show something new, shot by shot. PyAV decodes it, and is imported for a video only."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import config as cfg
from flow.base.errors import NotReady
from flow.base.learning import api

if TYPE_CHECKING:
    from PIL import Image

MINUTES_MAX = 60  # of a video; a longer one is refused
RATE_MAX = 250  # frames a second, so that one whose clock stands still ends, too
PIXELS_MAX = 40_000_000  # of a frame; 8K has 33 million
CUT_OFF_S, CUT_OFF_SHARE = 2.0, 0.05  # a video that ends so much before the length it gives is cut off
JPEG_QUALITY = 95  # a download makes a JPEG of quality 90 of it
# Containers that hold a film themselves: playlists and the like may name other files and addresses.
CONTAINERS = "mov,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mpegvideo,h264,hevc,m4v,yuv4mpegpipe,mjpeg,ivf"
PACKAGE = "av>=17,<20"


class VideoProblem(Exception):
    """Why no frames, or no more, come from a video: what follows its name in a sentence."""


@dataclass(frozen=True)
class VideoFrame:
    """A JPEG of one frame, `at` seconds from the video's beginning; `shot`: the number of its shot, from 1."""

    jpeg: bytes
    at: float
    shot: int


def need_package() -> None:
    """Raise NotReady where PyAV is not installed."""
    try:
        import av
    except ImportError as problem:
        raise NotReady(
            "Videos need the package PyAV, which is not installed.",
            f"pip install '{PACKAGE}' (its wheel bundles FFmpeg with x264 and x265, which are under the GPL). "
            "Without it, the page of the flowstep camera takes videos that are dropped there.",
        ) from problem
    av.logging.set_level(av.logging.PANIC)  # what is wrong is said here


def read_frames(path: Path, most: int, progress: Callable[[float, float], None]) -> Iterator[VideoFrame]:
    """The frames that show something new, in order: the first of each shot, and those that differ from the one kept
    before; `most` at most, spread over the video's length.

    Args:
        progress: called with the seconds of film that are read and how many there are, 0 where it does not say.

    Raises:
        VideoProblem: the video cannot be read, or no further. Frames that came before are whole.
        NotReady: PyAV is not installed.
    """
    need_package()
    import av

    if not path.stat().st_size:
        raise VideoProblem("is empty")
    reader = _Reader(most, progress)
    try:
        with av.open(str(path), options={"format_whitelist": CONTAINERS}) as container:
            yield from reader.frames(container)
    except av.error.FFmpegError as problem:
        if reader.at is None:
            raise VideoProblem("is damaged, or no video") from problem
        raise VideoProblem(f"is damaged after {reader.at:.0f} s; what came before is kept") from problem


class _Reader:
    """One reading of one video. `at`: seconds of film that are read; None before the first frame."""

    def __init__(self, most: int, progress: Callable[[float, float], None]):
        self._most, self._progress = most, progress
        self._shots = api.ShotFinder()
        self.at: float | None = None

    def frames(self, container: Any) -> Iterator[VideoFrame]:
        stream = _film_of(container)
        seconds = _length(container, stream)
        every = max(api.VIDEO_EVERY_S, seconds / self._most)
        count, due = 0, 0.0
        for at, frame in self._decoded(container, stream):
            self._shots.watch(frame.reformat(width=api.VIDEO_CELLS, height=api.VIDEO_CELLS, format="gray").to_ndarray())
            if at < due:
                continue
            due = at + every - 0.5 / RATE_MAX
            self._progress(at, seconds)
            image = _upright(frame)
            if self._shots.is_kept(api.fingerprint(image)):
                yield VideoFrame(_jpeg(image), at, self._shots.shot)
                count += 1
            if count >= self._most:
                return
        if self.at is None:
            raise VideoProblem("has no frame that can be decoded")
        if seconds - self.at > max(CUT_OFF_S, CUT_OFF_SHARE * seconds):
            raise VideoProblem(
                f"ends after {self.at:.0f} of {seconds:.0f} s, so it was cut off; what came before is kept"
            )

    def _decoded(self, container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
        """Each whole frame, and the second of film that it is of."""
        stream.thread_type = "AUTO"
        start = None
        for number, frame in enumerate(container.decode(stream)):
            if number > MINUTES_MAX * 60 * RATE_MAX:
                raise VideoProblem(f"does not end within {MINUTES_MAX} minutes; cut it first. What came before is kept")
            if frame.is_corrupt:
                continue
            now = frame.time if frame.time is not None else number / float(stream.guessed_rate or 30)
            start = now if start is None else start
            self.at = max(self.at or 0.0, now - start)
            if self.at > 60 * MINUTES_MAX:
                raise VideoProblem(f"lasts more than {MINUTES_MAX} minutes; cut it first. What came before is kept")
            yield self.at, frame


def _film_of(container: Any) -> Any:
    """The stream of pictures. Raises VideoProblem where there is none, or none that can be used."""
    import av

    cover = av.stream.Disposition.attached_pic  # of a piece of music
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise VideoProblem("has no picture, only sound")
    stream = streams[0]
    if stream.codec_context is None:
        raise VideoProblem("has a codec that PyAV does not know; convert it to MP4")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > PIXELS_MAX:
        raise VideoProblem(f"has frames of {width} x {height} pixels, which are too many")
    if 0 < min(width, height) < cfg.image_side_min:
        raise VideoProblem(f"has frames of {width} x {height} pixels; each side needs {cfg.image_side_min} at least")
    stream.codec_context.options = {"max_pixels": str(PIXELS_MAX)}  # a header may say less than there is
    return stream


def _length(container: Any, stream: Any) -> float:
    """Seconds; 0 where it does not say. Raises VideoProblem where it is too long."""
    seconds = 0.0
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    if seconds > 60 * MINUTES_MAX:
        raise VideoProblem(f"lasts {seconds / 60:.0f} minutes; at most {MINUTES_MAX} are read. Cut it first")
    return max(0.0, seconds)


def _upright(frame: Any) -> "Image.Image":
    """The frame as it is to be seen: telephones film lying down and note how to turn it. Pixels come out square."""
    image = frame.to_image()
    return image.rotate(frame.rotation, expand=True) if frame.rotation % 360 else image


def _jpeg(image: "Image.Image") -> bytes:
    image.thumbnail((cfg.image_side_max, cfg.image_side_max))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
