"""The camera step: things shown to a camera, and videos -> images with labels, by recordings; saved as they come."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flow.base import files, paths
from flow.base.errors import RoboError
from flow.base.learning import api, open_embedder
from flow.base.locks import Lock
from flow.base.options import option, whole
from flow.check.board import OPEN
from flow.check.camera_board import CameraBoard
from flow.check.camera_page import CameraPage
from flow.check.page_session import PageSession
from flow.records.catalogue import Catalogue
from flow.records.decisions import QUARANTINE
from flow.ui import console

PORT = 8517  # always the same one, as browsers remember by the address, port included, that the camera is allowed
SPACE_MB = 200


@dataclass(frozen=True)
class CameraOptions:
    """What the camera page can be told."""

    browser: bool = option("open no browser, print the address", default=True)
    port: int = option("listen on this port", default=0, parse=whole(1024, 65535, "a port"), metavar="P")


@dataclass(frozen=True)
class Shown:
    """What was recorded: label -> images, how many recordings, and the lines of the trainings."""

    labels: dict[str, int]
    recordings: int
    unlabeled: int = 0
    after: tuple[str, ...] = field(default=())
    code: int = 0

    def line(self) -> str:
        images = sum(self.labels.values()) + self.unlabeled
        text = f"recorded {images} image{'s' * (images != 1)}"
        if images:
            parts = [f"{label} {n}" for label, n in self.labels.items()]
            parts += [f"{self.unlabeled} without a label"] if self.unlabeled else []
            text += f" in {self.recordings} recording{'s' * (self.recordings != 1)}: {', '.join(parts)}"
        return "; ".join([text, *(line.rstrip(".") for line in self.after)])

    def facts(self) -> dict:
        return asdict(self)


class CameraSession(PageSession):
    """A camera page, from opening it to what was recorded.

    Args:
        backbone: gives the backbone that the frames go through, and its folder.
        origin: the page that it was opened from, which leads here and where Done leads to; None = the terminal.

    Raises:
        BadUsage: nobody could open the page.
        RoboError: the backbone cannot be opened, or the disk is full.
    """

    def __init__(  # everything a session depends on
        self,
        basetag: str,
        stamp: str,
        catalogue: Catalogue,
        options: CameraOptions,
        backbone: Callable[[], "tuple[api.Backbone, Path]"],
        lock: Lock | None = None,
        origin: PageSession | None = None,
    ):
        super().__init__("camera", basetag, catalogue, options.browser and not origin, options.port or PORT, lock)
        files.need_space(paths.testing(basetag), SPACE_MB)
        self.spare_port, self._origin = not options.port, origin
        self._boards: list[CameraBoard] = []

        def make_board(part: int) -> CameraBoard:
            self._boards.append(CameraBoard(basetag, catalogue, stamp, part))
            return self._boards[-1]

        back = origin.address if origin else ""
        self._page = CameraPage(
            basetag, make_board, self._main, open_embedder(*backbone()), back, self._wake, self._leave
        )

    @property
    def page(self) -> CameraPage:
        return self._page

    def result(self) -> Shown:
        """What was recorded and is still there."""
        results = self.page.results
        boards = {board.searchtag: board for board in self._boards}.values()
        counts = Counter[str]()
        for board in boards:
            counts.update({label: n for label, (n, _) in board.counts_by_label().items()})
        pages = [page for board in boards for page in board.recorded()]
        unlabeled = sum(image.state == OPEN for page in pages for image in page.images)
        there = sum(any(image.state != QUARANTINE for image in page.images) for page in pages)
        code = max((result.code for result in results), default=0)
        return Shown(dict(sorted(counts.items())), there, unlabeled, tuple(result.line() for result in results), code)

    def _led_to(self, address: str) -> contextlib.AbstractContextManager[None]:
        """A person at another page is led here by that page."""
        if urlsplit(address).port != self._port:
            console.note(f"Port {self._port} is taken, so the browser may ask again whether the camera is allowed.")
        if self._origin is None:
            return super()._led_to(address)
        self._origin.page.work.address = address
        return contextlib.nullcontext()

    def _leave(self) -> None:
        """The person goes back to the page that led here. From now on that one must not lead here again."""
        if self._origin:
            self._origin.page.work.address = ""
            self._origin.expect_tab()

    def _idle(self) -> None:
        self.page.idle()
        self._give_back()

    def serve(self) -> Iterator[str]:
        try:
            yield from super().serve()
        finally:
            with contextlib.suppress(RoboError, OSError):  # what was kept in the last half second
                self.page.flush()

    def _stopped(self) -> None:
        super()._stopped()
        if self._origin:  # Ctrl-C ends the page it was opened from, too
            raise KeyboardInterrupt
