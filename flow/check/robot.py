"""The robot beside the page: what the best model says of a person's own picture, and what is most like one shown."""

import contextlib
import threading
from collections.abc import Iterable
from pathlib import Path

from flow.base.errors import NotReady
from flow.models import shelf
from flow.models.look import Look, Looker, Near
from flow.records.recall import catalogue_of


class Robot:
    """Opened when first asked, in the thread that asks, and anew where a model came or went. Any thread may use it."""

    def __init__(self, basetag: str):
        self._basetag, self._lock = basetag, threading.Lock()
        self._looker: Looker | None = None
        self._models: list[str] = []  # there were when it was opened
        self._where: dict[str, Path] = {}

    def look(self, picture: bytes) -> Look:
        """What the best model says of one picture, which is not kept.

        Raises:
            NotReady: there is no model.
            RoboError: it is damaged, or the picture cannot be read.
        """
        with self._lock:
            look = self._open().scores_of(picture)
            self._remember(look.near)
            return look

    def near(self, sha256: str) -> tuple[Near, ...]:
        """The training pictures most like one, nearest first; none where there is no model, or where its backbone has
        not seen that picture. Nothing is computed for it."""
        with self._lock, contextlib.suppress(NotReady):
            near = self._open().near(sha256)
            self._remember(near)
            return near
        return ()

    def find(self, sha256: str) -> Path | None:
        """Where a training picture lies that was named before."""
        path = self._where.get(sha256)
        return path if path and path.is_file() else None

    def _open(self) -> Looker:
        there = [model.name for model in shelf.all_models(self._basetag)]
        if self._looker is None or there != self._models:
            with catalogue_of(self._basetag) as catalogue:  # the page's own belongs to the main thread
                self._looker, self._models = Looker.open(self._basetag, catalogue), there
        return self._looker

    def _remember(self, near: Iterable[Near]) -> None:
        self._where |= {one.sha256: one.path for one in near}
