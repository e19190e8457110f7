"""The model beside the page: what it says of a person's own image, and which training images are similar to one
shown."""

import contextlib
import threading
from collections.abc import Iterable
from pathlib import Path

from flow.base.errors import NotReady
from flow.base.learning import api
from flow.models import model_store
from flow.models.explanation import Explainer, Explanation
from flow.models.prediction import ImageSource, Neighbor, Prediction, Predictor, unreadable
from flow.records.open_catalogue import open_catalogue


class PredictorService:
    """Opened when first asked, in the thread that asks, and anew where a model came or went. Any thread may use it."""

    def __init__(self, basetag: str):
        self._basetag, self._lock = basetag, threading.Lock()
        self._predictor: Predictor | None = None
        self._explainer: Explainer | None = None  # of that predictor, once somebody asked why
        self._models: list[str] = []  # there were when it was opened
        self._where: dict[str, Path] = {}

    def predict(self, image: bytes) -> Prediction:
        """What the best model says of one image, which is not kept.

        Raises:
            NotReady: there is no model.
            RoboError: it is damaged, or the image cannot be read.
        """
        with self._lock:
            prediction = self._open().predict_one(image)
            self._remember(prediction.near)
            return prediction

    def explain(self, image: ImageSource, between: tuple[str, str] | None = None) -> Explanation:
        """What in an image spoke for a label.

        Args:
            between: the label, and the one that it is preferred to; None, or a label that the model does not have = the
                best two.

        Raises:
            NotReady: there is no model.
            RoboError: it is damaged or has no maps, or the image cannot be read.
        """
        with self._lock:
            predictor = self._open()
            if self._explainer is None:
                self._explainer = Explainer(predictor)
            known = between if between and set(between) <= set(predictor.model.labels) else None
            try:
                return self._explainer.explain(image, known)
            except api.Unreadable as problem:
                raise unreadable(str(problem)) from problem

    def near(self, sha256: str) -> tuple[Neighbor, ...]:
        """The training images most similar to one, nearest first; none where there is no model, or where its backbone
        has not seen that image. Nothing is computed for it."""
        with self._lock, contextlib.suppress(NotReady):
            near = self._open().near(sha256)
            self._remember(near)
            return near
        return ()

    def find(self, sha256: str) -> Path | None:
        """Where a training image lies that was named before."""
        path = self._where.get(sha256)
        return path if path and path.is_file() else None

    def _open(self) -> Predictor:
        there = [model.name for model in model_store.all_models(self._basetag)]
        if self._predictor is None or there != self._models:
            with open_catalogue(self._basetag) as catalogue:  # the page's own belongs to the main thread
                self._predictor, self._models = Predictor.open(self._basetag, catalogue), there
            self._explainer = None
        return self._predictor

    def _remember(self, near: Iterable[Neighbor]) -> None:
        self._where |= {one.sha256: one.path for one in near}
