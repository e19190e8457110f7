"""What a camera or a video shows while something is recorded: which frames are kept, and which recording they are of.

Frames come from the threads of requests; the main thread takes what was kept and puts it away.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flow.base.learning import api

if TYPE_CHECKING:
    import numpy as np

FRAMES_MAX = 60  # of one recording; more of the same hardly help, another recording does
PAUSE_S = 0.095  # between two frames of a recording: at most ten a second, with a little less than their tenth


@dataclass(frozen=True)
class Frame:
    """One image as the browser sent it: JPEG `data` with its content hash, and its embedding float32 [d]."""

    data: bytes
    sha256: str
    vector: "np.ndarray"


@dataclass
class Recording:
    """One hold of a label's key, or one shot of a video. `video`: the video's name; `images`: kept so far."""

    id: str
    label: str
    video: str = ""
    images: int = 0
    last: "api.Fingerprint | None" = field(default=None, repr=False)
    at: float = field(default=float("-inf"), repr=False)  # of the last kept frame, by the clock


class Recorder:
    """Any thread may use it.

    Args:
        first_id: gives the ids of recordings, each once.
    """

    def __init__(self, new_id: Callable[[], str], clock: Callable[[], float] = time.monotonic):
        self._new_id, self._clock, self._lock = new_id, clock, threading.Lock()
        self._open: dict[str, Recording] = {}
        self._shots: dict[str, api.ShotFinder] = {}  # of videos, by the id of their first recording
        self._waiting: list[tuple[Recording, Frame]] = []
        self._contents: set[str] = set()

    def begin(self, label: str, video: str = "") -> str:
        """Begin a recording, or a video, whose first shot it is. Returns its id.

        Args:
            label: what it shows; empty for a video whose frames stay without a label.
        """
        with self._lock:
            recording = Recording(self._new_id(), label, video)
            self._open[recording.id] = recording
            if video:
                self._shots[recording.id] = api.ShotFinder()
            return recording.id

    def end(self, id: str) -> None:
        with self._lock:
            self._open.pop(id, None)
            self._shots.pop(id, None)

    def offer(self, id: str, frame: Frame, look: "api.Fingerprint", cut: bool = False) -> tuple[int, str]:
        """Keep a frame where it shows something new.

        Args:
            cut: the video was cut before this frame, as whoever plays it says.

        Returns:
            How many images the recording has now, and why this one was not kept: covered, same, full, closed or
            nothing.
        """
        with self._lock:
            recording = self._open.get(id)
            if recording is None:
                return 0, "closed"
            why = self._against(recording, id, look, cut)
            if why or frame.sha256 in self._contents:
                return self._open[id].images, why or "same"
            recording = self._open[id]  # after a cut another one
            recording.images, recording.last, recording.at = recording.images + 1, look, self._clock()
            self._contents.add(frame.sha256)
            self._waiting.append((recording, frame))
            return recording.images, ""

    def take(self) -> list[tuple[Recording, Frame]]:
        """What was kept and is still to be put away."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            return taken

    def give_back(self, frames: list[tuple[Recording, Frame]]) -> None:
        """What could not be put away now."""
        with self._lock:
            self._waiting = [*frames, *self._waiting]

    def _against(self, recording: Recording, id: str, look: "api.Fingerprint", cut: bool) -> str:
        """Why a frame is not kept; a cut in a video begins another recording."""
        if shots := self._shots.get(id):
            if cut:
                shots.cut()
                self._open[id] = recording = Recording(self._new_id(), recording.label, recording.video)
            kept = shots.is_kept(look)
            return "full" if recording.images >= FRAMES_MAX else "" if kept else "same"
        if api.is_flat(look):
            return "covered"
        if recording.images >= FRAMES_MAX:
            return "full"
        too_early = self._clock() - recording.at < PAUSE_S
        same = recording.last is not None and api.are_near_duplicates(recording.last, look)
        return "same" if too_early or same else ""


def new_frame(data: bytes, vector: "np.ndarray") -> Frame:
    return Frame(data, hashlib.sha256(data).hexdigest(), vector)
