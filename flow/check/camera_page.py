"""The camera page's requests: frames come in, predictions go out, and what is recorded is put away with its label."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, NoReturn

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from flow.base.errors import Locked
from flow.base.learning import api
from flow.check import http_guard
from flow.check.board import NONE_OF_THESE, Answer, Page, Refused
from flow.check.camera_board import CameraBoard
from flow.check.camera_frames import FrameReader
from flow.check.camera_live import LiveLearner
from flow.check.camera_recorder import Recorder
from flow.check.check_page import ROUTES, CheckPage, text_of
from flow.check.main_thread_queue import MainThreadQueue
from flow.check.predictor_service import PredictorService
from flow.records import provenance
from flow.records.decisions import QUARANTINE

if TYPE_CHECKING:
    import numpy as np

WRITE_S = 0.4  # what was kept is put away together, so often
LEARN_S = 3.0  # while a recording goes on, it learns so often
NAME_MAX = 80  # characters of a video's name
HEADERS = {
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


class CameraPage(CheckPage):
    """One session in front of the camera.

    Args:
        make_board: gives the board of a part of the session.
        embedder: the backbone that frames go through.
        back: an address that Done leads to; empty = nowhere.
        leave: called before Done leads there.
        wake: see CheckPage.
    """

    routes = Map(
        [
            *(rule.empty() for rule in ROUTES.iter_rules()),
            *(Rule(f"/api/{name}", endpoint=name, methods=["GET"]) for name in ("shown", "images")),
            *(
                Rule(f"/api/{name}", endpoint=name, methods=["POST"])
                for name in ("frame", "record", "recorded", "label")
            ),
        ]
    )
    template, headers, always = "camera.html", HEADERS, ()
    board: CameraBoard

    def __init__(  # everything a page depends on
        self,
        title: str,
        make_board: Callable[[int], CameraBoard],
        main: MainThreadQueue,
        embedder: "api.Embedder",
        back: str = "",
        wake: Callable[[], str] = lambda: "",
        leave: Callable[[], None] = lambda: None,
    ):
        self._part, self._back, self._embedder, self._leave = 1, back, embedder, leave
        super().__init__(title, lambda: make_board(self._part), _no_suspects, main, PredictorService(title), wake)
        self.recorder, self.live = Recorder(self._new_recording), LiveLearner()
        self._frames = FrameReader(embedder, self.live, self.recorder)
        self._vectors: dict[str, np.ndarray] = {}  # content hash -> embedding, of this part of the session
        self._written = self._learned = float("-inf")
        self._recordings = 0
        self.problem_text = ""  # why what was recorded is not written yet
        self._begin_part()

    def flush(self) -> None:
        """Put away what was kept; called in the main thread, again and again. While another run works it waits."""
        waiting = self.recorder.take()
        if not waiting:
            return
        try:
            self._wake()
        except Locked as problem:
            self.recorder.give_back(waiting)
            self.problem_text = f"{problem.message} What you record is kept until then."
            return
        self.problem_text, self._written = "", time.monotonic()
        for recording in dict.fromkeys(recording.id for recording, _ in waiting):
            own = [(kept, frame) for kept, frame in waiting if kept.id == recording]
            self.board.keep(own[0][0], [frame for _, frame in own])
        vectors = {frame.sha256: frame.vector for _, frame in waiting}
        self._vectors |= vectors
        self._embedder.keep(vectors)

    def idle(self) -> None:
        """Called while nothing is asked."""
        now = time.monotonic()
        if now - self._written >= WRITE_S:
            self.flush()
        if self._written > self._learned and now - self._learned >= LEARN_S:
            self.learn()

    def learn(self) -> None:
        self._learned = time.monotonic()
        board, vectors = self.board, self._vectors
        self.live.learn(
            (vectors[image.sha256], image.label, page.id)
            for page in board.recorded()
            for image in page.images
            if image.label and image.sha256 in vectors and board.label_of(image.sha256)
        )

    def next_board(self) -> None:
        """After a training: what was recorded is training data by now, and another part of the session begins."""
        if self.work.problem is None:
            self._part += 1
            super().next_board()
            self._begin_part()

    # What is asked of the board, in the main thread

    def decide(self, asked: dict) -> dict:
        return self._relearned(lambda: CheckPage.decide(self, asked))

    def undo(self, asked: dict) -> dict:
        return self._relearned(lambda: CheckPage.undo(self, asked))

    def redo(self, asked: dict) -> dict:
        return self._relearned(lambda: CheckPage.redo(self, asked))

    def start_work(self, asked: dict) -> dict:
        self.flush()
        if (
            len({label for label, (n, _) in self.board.counts_by_label().items() if n} | set(self._trained_labels()))
            < 2
        ):
            raise Refused("A model needs images of at least two labels. Record another thing first.")
        return super().start_work(asked)

    def finish(self, asked: dict) -> dict:
        self.flush()
        if self.problem_text:
            raise Locked(self.problem_text)
        self._leave()
        return {**super().finish(asked), "back": self._back}

    def begin_recording(self, asked: dict) -> dict:
        """A label's key is held, or a video begins. `video`: its name; then the label may be empty."""
        label, video = text_of(asked, "label"), text_of(asked, "video")[:NAME_MAX]
        if label or not video:
            label = self.board.name_label(label)
        return {"recording": self.recorder.begin(label, video)}

    def end_recording(self, asked: dict) -> dict:
        self.recorder.end(text_of(asked, "recording"))
        return self._relearned(lambda: self._seen(Answer("")))

    def name_label(self, asked: dict) -> dict:
        self.board.name_label(text_of(asked, "label"))
        return self._seen(Answer(""))

    def shown(self) -> dict:
        return self._seen(Answer(""))

    def _relearned(self, change: Callable[[], dict]) -> dict:
        """Do what may change what there is to learn, then learn."""
        self.flush()
        answer = change()
        self.learn()
        return answer

    def _begin_part(self) -> None:
        self._vectors = {}
        self.live.remember(self.board.basetag, self.board.catalogue, self._embedder, self.board.folders()[0])
        self.learn()

    def _new_recording(self) -> str:
        self._recordings += 1
        return f"{self.board.searchtag}/{self._recordings}"

    def _trained_labels(self) -> list[str]:
        return [label for label, n in provenance.label_counts(self.board.basetag).items() if n]

    def _seen(self, answer: Answer, news: str = "") -> dict:
        counts, known = self.board.counts_by_label(), self.live.known
        is_learning = self.live.is_learning  # before the sentence: it may end meanwhile, and the page would ask no more
        sentence, advice = self.live.measured_sentences()
        if self.board.labels() == [NONE_OF_THESE]:
            sentence, advice = "Name two things: type the first one's name.", "It predicts once two labels have images."
        rows = [(label, *counts.get(label, (0, 0)), known.get(label, 0)) for label in self.board.labels()]
        return {
            **super()._seen(answer, news),
            "shown": [dict(zip(("label", "images", "recordings", "known"), row, strict=True)) for row in rows],
            "recordings": [_recording_facts(page) for page in self.board.recorded()],
            "quality": {"text": sentence, "advice": advice, "learning": is_learning},
            "version": self.live.version,
            "problem": self.problem_text,
        }

    # Requests: one method a route

    def _on_frame(self, request: Request) -> dict:
        recording, cut = request.headers.get("X-Recording", ""), request.headers.get("X-Cut") == "1"
        answer = self._frames.see(http_guard.image_of(request), recording, cut)
        return {**answer, "problem": self.problem_text}

    def _on_record(self, request: Request) -> Response:
        return self._changed(request, self.begin_recording)

    def _on_recorded(self, request: Request) -> Response:
        return self._changed(request, self.end_recording)

    def _on_label(self, request: Request) -> Response:
        return self._changed(request, self.name_label)

    def _on_shown(self, request: Request) -> object:
        return self._main.ask(self.shown)

    def _on_images(self, request: Request) -> object:
        """The images of one recording."""
        id = request.args.get("recording", "")
        return self._main.ask(lambda: {"images": [asdict(image) for image in self.board.recording(id).images]})


def _recording_facts(page: Page) -> dict:
    """One recording for the strip below: its labels, how many images it has, and one of them to look at."""
    there = [image for image in page.images if image.state != QUARANTINE]
    labels = list(dict.fromkeys(image.label for image in there if image.label))
    first = there[len(there) // 2].sha256 if there else ""
    return {"id": page.id, "title": page.title, "labels": labels, "images": len(there), "first": first}


def _no_suspects() -> NoReturn:
    raise Refused("Nothing is doubted here.")
