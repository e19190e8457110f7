"""`video:FILE` or `video:DIR`: frames of videos of one's own, those that show something new. A shot is a group."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import config as cfg
from flow.base.errors import BadUsage
from flow.base.files import sha256_of
from flow.base.learning import api
from flow.base.names import one_line
from flow.sources import FoundImage, Source, SourceError
from flow.sources.video_frames import VideoProblem, need_package, read_frames
from flow.ui import console

CREDIT = "your own video"
PROGRESS_S = 5.0  # between two lines that say how far a video is read


class Video(Source):
    """One video."""

    name = "video"
    own = True
    online = False

    def __init__(self, path: Path):
        self.path = path

    def search(self, tag: str) -> Iterator[FoundImage]:
        """Its frames, decoded as they are asked for; the tag does not choose here."""
        name = one_line(self.path.name)
        progress, kept, shots = _Progress(name), 0, 0
        try:
            key = sha256_of(self.path)[:16]
            for frame in read_frames(self.path, cfg.video_frames_max, progress.tell):
                kept, shots = kept + 1, frame.shot
                yield FoundImage(
                    "video",
                    f"{key}|{frame.at:.2f}",
                    str(self.path),
                    title=f"{self.path.stem}, {clock(frame.at)}",
                    credit=CREDIT,
                    group=f"video/{key}/{frame.shot}",
                    data=frame.jpeg,
                )
        except VideoProblem as problem:
            raise SourceError(f"the video {name} {problem}", again=False) from problem
        except OSError as problem:
            raise SourceError(f"the video {name} cannot be read: {problem.strerror}", again=False) from problem
        progress.end(kept, shots)

    def read(self, found: FoundImage) -> bytes:
        return found.data


def make(argument: str) -> list[Source]:
    """A source for each video.

    Raises:
        BadUsage: there is none.
        NotReady: PyAV is not installed.
    """
    path = Path(argument).expanduser().absolute()
    if not path.exists():
        raise BadUsage(f"There is no video {path}.", "Give a video, or a folder of them: --source video:FILE")
    found = videos_in(path) if path.is_dir() else [path]
    if not found:
        raise BadUsage(f"There is no video in {path}.", f"Videos end in {', '.join(api.VIDEO_ENDINGS[:6])} and so on.")
    if not all(video.is_file() for video in found):
        raise BadUsage(f"{path} is no file.", "Give a video, or a folder of them: --source video:FILE")
    need_package()
    return [Video(video) for video in found]


def videos_in(folder: Path) -> list[Path]:
    """The videos of a folder and all folders in it, by path, without the films of Live Photos, whose image is there."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = (Path(place) / name for name in sorted(names) if not name.startswith("."))
        found += [path for path in paths if path.suffix.lower() in api.VIDEO_ENDINGS and not api.still_of(path)]
    return found


def clock(seconds: float) -> str:
    """1:05"""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class _Progress:
    """Says now and then how far a video is read."""

    def __init__(self, name: str):
        self._name, self._shown_at, self._seconds = name, time.monotonic(), 0.0

    def tell(self, at: float, seconds: float) -> None:
        self._seconds = at
        if time.monotonic() - self._shown_at >= PROGRESS_S:
            self._shown_at = time.monotonic()
            console.note(f"{self._name}: {at:.0f}{f' of {seconds:.0f}' if seconds else ''} s of film read")

    def end(self, kept: int, shots: int) -> None:
        frames, cuts = f"{kept} frame{'s' * (kept != 1)}", f"{shots} shot{'s' * (shots != 1)}"
        console.note(f"{self._name}: {self._seconds:.0f} s of film, {frames} of {cuts} show something new")
