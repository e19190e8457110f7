"""`--tune auto`: after the head, other ways to train on the same images, and the best of them.

All are measured by the same folds, and another way than the head is taken only where a paired comparison says that it
is clearly better (scripts/learn/model_selection.py).
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from flow.base.learning import api, cache_paths, find_backbone, locate_backbone, problems
from flow.base.time_left import time_left
from flow.retrain.options import TrainOptions
from flow.ui import console, texts

QUICK, NORMAL, HIGH = "quick", "normal", "high"
EFFORTS = (QUICK, NORMAL, HIGH)
SECONDS = {QUICK: 0.0, NORMAL: 180.0, HIGH: 3600.0}  # for trying, where --max-minutes sets no limit
# Of the time that --max-minutes leaves: the rest is for training what was chosen, and for writing it.
SHARE_OF_TIME = 0.6
HEAD_S = 10.0  # for a head by folds: hardly ever as long
LBFGS_S = 0.0015  # and an image more, by the solver lbfgs
EMBED_S = 0.1  # an image through another backbone, on two cores
STEP_S = 0.01  # an image of an epoch of tuning, on two cores; with all trainings of the folds three times that
NOT_TRIED = "too few images to compare"

Stop = Callable[[], bool]


@dataclass(frozen=True)
class Way:
    """A way to train: how it is measured, the options that stand for it, and what makes the model."""

    candidate: "api.model_selection.Candidate"
    training: TrainOptions
    train: Callable[[], "api.TrainingResult"]


@dataclass(frozen=True)
class Better:
    """What was found. `learned`, `training`: of the way that was taken; `selection`: all that was tried, for
    model.json; `is_head`: nothing was clearly better than the head."""

    learned: "api.TrainingResult"
    training: TrainOptions
    selection: dict
    is_head: bool


def seconds_for(effort: str) -> float:
    """How long other ways may be tried."""
    left = time_left()
    return SECONDS[effort] if left is None or effort == QUICK else SHARE_OF_TIME * left


def rough_seconds(images: int, training: TrainOptions, backbone: "api.Backbone") -> float:
    """About how long trying will take, before anything is computed."""
    scale = 2 / (os.cpu_count() or 2)
    tuning = images * (3 * STEP_S * training.tune_epochs + EMBED_S) if backbone.weights else 0.0
    return (tuning + 0.01 * images) * scale + HEAD_S / 2


def choose(
    training: TrainOptions,
    prepared: "api.PreparedData",
    head: "api.TrainingResult",
    seconds: float,
    stop: Stop = lambda: False,
    attended: bool = False,
) -> Better:
    """Try other ways than `head`, and train the one that is clearly better, if any.

    Args:
        seconds: for trying; what is not likely to end in time is not begun.
        stop: asked again and again.
        attended: Ctrl-C ends only the trying, and the best so far is taken.

    Raises:
        RoboError: the backbone cannot be tuned.
    """
    data = api.candidates.evaluation_set(head.dataset)
    if len(set(data.groups.tolist())) < api.model_selection.GROUPS_MIN:
        selection = api.model_selection.Selection(api.candidates.HEAD, len(data.y), ())
        return Better(head, training, _facts(selection, training, head, NOT_TRIED), True)
    trier = _Trier(training, prepared, head, stop, attended)
    ways = {way.candidate.name: way for way in trier.ways()}
    selection = api.model_selection.select([w.candidate for w in ways.values()], data, seconds, trier.is_stopped)
    chosen, learned = ways[selection.name], head
    if selection.name != api.candidates.HEAD:
        try:
            learned = chosen.train()
        except (KeyboardInterrupt, api.model_selection.Stopped) as problem:
            if isinstance(problem, KeyboardInterrupt) and not attended:
                raise
            selection = replace(selection, name=api.candidates.HEAD)
            chosen = ways[selection.name]
    return Better(learned, chosen.training, _facts(selection, training, head), learned is head)


def _facts(
    selection: "api.model_selection.Selection", training: TrainOptions, head: "api.TrainingResult", why: str = ""
) -> dict:
    """For model.json. `of`: what the head of the same images would have been made from, by which later runs know that
    nothing is new."""
    of = api.job_digest(head.job, head.dataset.newly_held_out)
    return {"effort": training.effort, "of": of, **({"why": why} if why else {}), **selection.facts()}


class _Trier:
    """The ways to train on the images of one job."""

    def __init__(
        self,
        training: TrainOptions,
        prepared: "api.PreparedData",
        head: "api.TrainingResult",
        stop: Stop,
        attended: bool,
    ):
        self._training, self._prepared, self._head = replace(training, tune="head"), prepared, head
        self._stop, self._attended, self._interrupted = stop, attended, False
        self._tuning: api.TuneRun | None = None

    def is_stopped(self) -> bool:
        return self._interrupted or self._stop()

    def ways(self) -> list[Way]:
        """The head as it is, the other solver, the tuned last layers, and with high effort other backbones and image
        sizes; simplest first."""
        job = self._head.job
        found = [Way(self._heads(api.candidates.HEAD, job.head_config.solver, 0.0), self._training, lambda: self._head)]
        found.append(self._other_solver())
        if job.backbone.weights is not None and job.backbone.weights.path():
            found.append(self._last_layers())
        if self._training.effort == HIGH:
            found += [self._other_backbone(backbone) for backbone in _others(job.backbone)]
        return found

    def _heads(self, name: str, solver: str, seconds: float) -> "api.model_selection.Candidate":
        config = replace(self._head.job.head_config, solver=solver)
        return self._interruptible(api.candidates.head(name, self._head.dataset, config, seconds))

    def _other_solver(self) -> Way:
        job = self._head.job
        solver = "sgd" if job.head_config.solver == "lbfgs" else "lbfgs"
        other = replace(job, head_config=replace(job.head_config, solver=solver))
        seconds = HEAD_S + (LBFGS_S * len(self._head.dataset.y) if solver == "lbfgs" else 0.0)
        candidate = self._heads(f"{api.candidates.HEAD}, {solver}", solver, seconds)
        return Way(candidate, replace(self._training, solver=solver), lambda: api.fit(other, self._prepared))

    def _last_layers(self) -> Way:
        t, job = self._training, self._head.job
        tuned = replace(job, tune=api.TuneConfig(t.tune_epochs, t.tune_batch, t.tune_rate, t.folds))

        def measure(stop: Stop) -> "api.model_selection.Logits":
            self._tuning = run = self._prepare_tuning(tuned)
            with console.progress(run.steps_to_measure, "trying the last layers") as advance:
                return api.candidates.last_layers(self._head.dataset, lambda: run, 0.0, advance).run(stop)

        def train() -> "api.TrainingResult":
            run = self._tuning
            assert run is not None
            with console.progress(run.steps - run.steps_done, "last layers") as advance:
                run.run(_stoppable(advance, self.is_stopped))
            return api.finish_tuning(tuned, self._prepared, run)

        seconds = rough_seconds(len(self._head.dataset.y), t, job.backbone)
        candidate = api.model_selection.Candidate(api.candidates.TUNED, seconds, measure)
        return Way(self._interruptible(candidate), replace(t, tune="last"), train)

    def _prepare_tuning(self, job: "api.TrainingJob") -> "api.TuneRun":
        images = 0 if self._prepared.activations else len(job.images)
        with console.progress(images, "first layers") as advance, problems():
            return api.prepare_tuning(job, self._prepared, cache_paths(), advance, folds=api.candidates.FOLDS)

    def _other_backbone(self, backbone: "api.Backbone") -> Way:
        """A head on another backbone, or on images of another size."""
        job, data = self._head.job, self._head.dataset
        made: list[tuple[api.TrainingJob, api.PreparedData]] = []

        def measure(stop: Stop) -> "api.model_selection.Logits":
            with problems():
                other = replace(job, backbone=backbone, folder=locate_backbone(backbone, lambda _: None))
            with console.progress(len(job.images), backbone.title) as advance, problems():
                prepared = api.prepare_data(other, cache_paths(), _stoppable(advance, stop))
            made.append((other, prepared))
            row_of = {image.sha256: row for row, image in enumerate(prepared.dataset.images)}
            if not all(image.sha256 in row_of for image in data.images):
                raise api.model_selection.Stopped("an image could not be read")
            vectors = prepared.dataset.vectors.subset([row_of[image.sha256] for image in data.images])
            seen = replace(data, vectors=vectors)
            return api.candidates.head(backbone.title, seen, job.head_config).run(stop)

        candidate = api.model_selection.Candidate(backbone.title, EMBED_S * len(data.y), measure)
        training = replace(self._training, architecture=backbone.name, image_size=backbone.input_size)
        return Way(self._interruptible(candidate), training, lambda: api.fit(*made[0]))

    def _interruptible(self, candidate: "api.model_selection.Candidate") -> "api.model_selection.Candidate":
        """Where a person is there, Ctrl-C ends the trying and nothing else."""

        def run(stop: Stop) -> "api.model_selection.Logits":
            try:
                return candidate.run(stop)
            except KeyboardInterrupt:
                if not self._attended:
                    raise
                self._interrupted = True
                raise api.model_selection.Stopped from None

        return replace(candidate, run=run)


def _stoppable(advance: Callable[[int], None], stop: Stop) -> Callable[[int], None]:
    def advanced(n: int) -> None:
        advance(n)
        if stop():
            raise api.model_selection.Stopped

    return advanced


def _others(backbone: "api.Backbone") -> list["api.Backbone"]:
    """Backbones whose weights are installed, in their own size, and this one with other image sizes."""
    if backbone.weights is None:
        return []
    names = [name for name in api.backbone_names() if name != backbone.name and api.can_be_tuned(name)]
    lites = [find_backbone(name, precision=backbone.precision) for name in names]
    others = [size for size in reversed(backbone.sizes) if size != backbone.input_size]
    sizes = [find_backbone(backbone.name, size, backbone.precision) for size in others]
    return [*(lite for lite in lites if lite.weights and lite.weights.path()), *sizes]


def table(selection: dict) -> list[list[str]]:
    """Everything that was tried, a row each below the headings; empty where nothing was."""
    if not selection["tried"]:
        return []
    rows = [["tried", f"right of {selection['images']}", "loss", "took", "result"]]
    for trial in selection["tried"]:
        figures = ["", "", ""]
        if trial["right"] is not None:
            figures = [str(trial["right"]), f"{trial['loss']:.3f}", f"{trial['seconds']:.0f} s"]
        rows.append([trial["name"], *figures, trial["result"]])
    return rows


def outcome(selection: dict) -> str:
    """What was taken, in a sentence."""
    if selection.get("why"):
        return texts.not_tried(selection["why"])
    return texts.taken(selection["chosen"], selection["chosen"] == api.candidates.HEAD)


def tell(selection: dict) -> None:
    """One table of all that was tried, and what was taken."""
    if rows := table(selection):
        console.table(rows[0], rows[1:])
    console.note(f"  {outcome(selection)}")


def minutes_words(seconds: float) -> str:
    """About how long, for a question."""
    if seconds < 45:
        return f"about {10 * math.ceil(seconds / 10):.0f} seconds"
    minutes = math.ceil(seconds / 60)
    return "about a minute" if minutes == 1 else f"about {minutes} minutes"
