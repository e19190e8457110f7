"""One frame: decoded, predicted, and kept where a recording goes on. In the threads of requests, so that the bars move
while the main thread writes."""

from typing import TYPE_CHECKING

from flow.base.learning import api
from flow.check.board import Refused
from flow.check.camera_live import LiveLearner
from flow.check.camera_recorder import Recorder, new_frame

if TYPE_CHECKING:
    import numpy as np

SIDE_MIN = 320  # pixels, of an image that is kept
JPEG = b"\xff\xd8\xff"  # how the frames begin that are kept as they came


class FrameReader:
    """Any thread may use it, several at once."""

    def __init__(self, embedder: "api.Embedder", live: LiveLearner, recorder: Recorder):
        self._embedder, self._live, self._recorder = embedder, live, recorder

    def see(self, data: bytes, recording: str, cut: bool = False) -> dict:
        """What the model says of a frame, as the page's script reads it.

        Args:
            recording: the id of the recording it is part of; empty where none goes on.
            cut: it is of a video, and the first after a cut.

        Returns:
            `scores`, `label` and `reason` where there is a model, whose number is `version`; `images` of the recording
            so far, and `why` this one was not kept.

        Raises:
            Refused: it cannot be read, or is too small to be kept.
        """
        look, vector = self._read(data, is_kept=bool(recording))
        images, why = 0, "covered" if api.is_flat(look) else ""
        if recording:
            images, why = self._recorder.offer(recording, new_frame(data, vector), look, cut)
        answer = {"version": self._live.version, "images": images, "why": why}
        if prediction := self._live.predict(vector):
            answer |= {"scores": prediction.scores, "label": prediction.label, "reason": prediction.reason}
        return answer

    def _read(self, data: bytes, is_kept: bool) -> "tuple[api.Fingerprint, np.ndarray]":
        """Its fingerprint, and its embedding float32 [d] as that of the kept file will be."""

        def judge(width: int, height: int) -> None:
            if is_kept and min(width, height) < SIDE_MIN:
                raise Refused(f"The camera gives {min(width, height)} pixels; at least {SIDE_MIN} are needed.")

        if is_kept and not data.startswith(JPEG):
            raise Refused("Only JPEG frames are kept.")
        size = self._embedder.input_size
        try:
            with api.open_image(data, draft_side=size, squeezed=True, look=judge) as image:
                return api.fingerprint(image), self._embedder.vectors(api.image_pixels(image, size)[None])[0]
        except api.Unreadable as problem:
            raise Refused(f"That frame cannot be read: {problem}.") from problem
