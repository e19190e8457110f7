"""Other ways to train, tried in a process of its own while the person goes on; its gigabyte of memory goes with it.

The process writes nothing but a hidden model folder. What it found is published here, by the run that holds the lock.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import config as cfg
from flow.base import runlog, settings
from flow.base.errors import RoboError
from flow.base.learning import api
from flow.records.catalogue import Catalogue
from flow.retrain import publish, step, try_harder
from flow.retrain.options import TrainOptions
from flow.retrain.result import Retrained
from flow.ui import console


@dataclass(frozen=True)
class Task:
    """What the process needs: no catalogue, which belongs to the run. `facts`: see `publish.facts_now`."""

    training: TrainOptions
    stamp: str
    job: "api.TrainingJob"
    seconds: float
    facts: dict
    settings: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What came of it. `written`: a model that is clearly better than the head; None where there is none."""

    selection: dict
    written: publish.Written | None = None


class Trial:
    """Other ways to train than the head that was just made.

    Raises:
        RoboError: the backbone cannot be had.
    """

    def __init__(self, basetag: str, training: TrainOptions, stamp: str, catalogue: Catalogue, head: Retrained):
        self._basetag, self._catalogue, self._head = basetag, catalogue, head
        own = TrainOptions(**{field.name: getattr(training, field.name) for field in fields(TrainOptions)})
        job = step.job_of(basetag, own, catalogue, head.model)
        now = {name: getattr(cfg, name) for name in settings.names()}
        seconds = try_harder.seconds_for(own.effort)
        task = Task(own, stamp, job, seconds, publish.facts_now(basetag, catalogue), now)
        self._companion = api.Companion(try_ways, task)

    @property
    def bar(self) -> tuple[str, int, int | None] | None:
        """What, done, of how many."""
        return self._companion.last_message

    @property
    def has_ended(self) -> bool:
        return self._companion.has_ended

    def stop(self) -> None:
        """Try nothing more: the best so far stays."""
        self._companion.stop()

    def publish(self) -> Retrained:
        """Once it has ended: the new model, or the head, with what was tried. Call it once, with the basetag's lock.

        Raises:
            RoboError: the process failed or broke down; the head stays.
        """
        try:
            found: Found = self._companion.result()
        except RoboError:
            raise
        except Exception as problem:  # of another process: it must not end this one
            runlog.failure(problem)
            words = problem.message if isinstance(problem, api.ChildFailed) else f"{type(problem).__name__}: {problem}"
            message = "Trying other ways to train ended without a result, so the model stays."
            raise RoboError(message, f"{words}. A retrain tries them again.") from problem
        if found.written is None:
            return step.kept(self._head, found.selection)
        version = self._catalogue.add_splits(found.written.held_out)
        return publish.give_name(self._basetag, found.written, version, found.selection)

    def close(self) -> None:
        """End the process, if it is still there; nothing of it stays but a hidden folder, which the next training
        deletes."""
        self._companion.close()


class _Teller:
    """A listener to the progress of the process (`console.Listener`)."""

    def __init__(self, tell: Callable[[object], None]):
        self._tell = tell

    def noted(self, text: str) -> None:
        pass

    def advanced(self, label: str, done: int, total: int | None) -> None:
        self._tell((label, done, total))


def try_ways(task: Task, tell: Callable[[object], None], is_stopped: Callable[[], bool]) -> Found:
    """What the process does. Raises RoboError."""
    for name, value in task.settings.items():
        setattr(cfg, name, value)
    with console.heard_by(_Teller(tell)):
        found = step.try_ways(task.training, task.job, task.seconds, is_stopped)
    if found.is_head:
        return Found(found.selection)
    basetag = str(task.facts["basetag"])
    written = publish.write(basetag, found.training, task.stamp, found.learned, task.facts, found.selection)
    return Found(found.selection, written)
