"""The watch step: what arrives in a folder is sorted as it comes, into the sorted_ folder of the day."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flow.base import paths, runlog
from flow.base.errors import PARTIAL, BadUsage, Locked, Stopped
from flow.base.learning import hash_cache
from flow.base.locks import Lock
from flow.base.names import one_line, percent
from flow.base.quarantine import copy_to_quarantine
from flow.classify.day_folder import DayFolder, Placed
from flow.classify.inbox import Inbox
from flow.classify.scorer import Scorer, labels_of_today
from flow.models import model_store
from flow.models.model_store import Model
from flow.records import apply_journal, decisions, provenance
from flow.records.catalogue import Catalogue
from flow.ui import console, texts

LOOKED_AT = 64  # files that are hashed in a look
BATCH = 16  # images that are sorted together, so that lines come steadily
POLL_S = 1.0  # between two looks at the folder
LABEL_WIDTH = 14  # columns of a label in a line


@dataclass(frozen=True)
class Watched:
    """What arrived and was sorted. `places`: folder name -> images; `unreadable`: images that could not be read."""

    folder: str
    model: str
    places: dict[str, int] = field(default_factory=dict)
    sure: int = 0
    unreadable: int = 0

    @property
    def code(self) -> int:
        return PARTIAL if self.unreadable else 0

    def line(self) -> str:
        total = sum(self.places.values())
        text = f"sorted {total} image{'s' * (total != 1)} that arrived: {self.sure} sure, {total - self.sure} unsure"
        text = text if total else "no new image arrived"
        return text + (f", {self.unreadable} unreadable" if self.unreadable else "")

    def facts(self) -> dict:
        return {
            "folder": self.folder,
            "model": self.model,
            "places": self.places,
            "sure": self.sure,
            "unreadable": self.unreadable,
        }


def watch(basetag: str, folder: Path, catalogue: Catalogue, model: Model, lock: Lock | None) -> Watched:
    """Sort what arrives, until Ctrl-C or --max-minutes.

    Args:
        lock: the basetag's, held; between images it is given back, so that other runs may work.

    Raises:
        BadUsage: there is no such folder, or it is one of the program's own.
        RoboError: the model is damaged, or the disk is full.
        Stopped: told to stop from outside; what is complete is safe.
    """
    _check(folder)
    watching = _Watch(basetag, folder, catalogue, model, lock)
    try:
        console.note(f"waiting for images in {folder}; Ctrl-C ends it.")
        while True:
            if not watching.look():
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        console.note()
    except Stopped as stop:
        if stop.code != PARTIAL:  # --max-minutes is how it ends under cron
            raise
    return watching.result()


def _check(folder: Path) -> None:
    if not folder.is_dir():
        raise BadUsage(f"There is no folder {folder}.", "Give the one that images arrive in, such as ~/Inbox.")
    if paths.tf_files() in (folder.resolve(), *folder.resolve().parents):
        raise BadUsage(f"{folder} is RoboFlow's own.", "Give a folder that images arrive in, such as ~/Inbox.")


class _Watch:
    """One run of the step."""

    def __init__(self, basetag: str, folder: Path, catalogue: Catalogue, model: Model, lock: Lock | None):
        model_store.verify(model)
        self._basetag, self._catalogue, self._model, self._lock = basetag, catalogue, model, lock
        today = labels_of_today(basetag, catalogue, model)
        self._inbox, self._day = Inbox(folder), DayFolder(basetag, catalogue, model, today)
        self._scorer = Scorer(model, today)
        self._places: Counter[str] = Counter()
        self._sure = self._unreadable = 0
        self._version, self._shown = -1, ""
        self._day.finish_pending()
        self._training = self._trained()

    def look(self) -> bool:
        """Sort a batch of what is there. Returns whether there may be more at once."""
        self._say("" if self._inbox.is_there else f"{self._inbox.folder} is not there now; waiting for it.")
        complete = self._inbox.complete()[:LOOKED_AT]
        new = self._new(complete)
        if not new:
            self._give_back()
            return bool(complete)
        if not self._may_write():
            return False
        batch = dict(list(new.items())[:BATCH])
        scored, bad = self._scorer.score(batch)
        now = datetime.now().astimezone()
        for placed in self._day.add(scored, now):
            self._inbox.finish(placed.scored.path)
            self._tell(placed, now)
        for sha, why in bad.items():
            self._refuse(sha, batch[sha], why, now)
        return True

    def result(self) -> Watched:
        places = dict(sorted(self._places.items()))
        return Watched(str(self._inbox.folder), self._model.name, places, self._sure, self._unreadable)

    def _new(self, complete: list[Path]) -> dict[str, Path]:
        """Content hash -> file, of those that were never sorted; the others are finished."""
        with hash_cache() as cache:
            hashed = cache.sha256s(complete)
        for path in complete:
            if path not in hashed:  # the disk does not give it now
                self._inbox.postpone(path)
        new: dict[str, Path] = {}
        for path, sha in hashed.items():
            if sha in self._training or self._day.is_known(sha):
                self._inbox.finish(path)
            else:
                new.setdefault(sha, path)
        return new

    def _refuse(self, sha: str, path: Path, why: str, now: datetime) -> None:
        """An image that cannot be read; one that changed only now is looked at again."""
        if why == "vanished" or self._inbox.may_be_incomplete(path):
            self._inbox.postpone(path)
            return
        copy_to_quarantine(self._basetag, path, why)
        self._day.refuse(sha, why, now)
        self._inbox.finish(path)
        self._unreadable += 1
        runlog.warning(f"quarantined a copy of {one_line(path.name)}: {why}")
        if console.is_json():
            console.result(texts.as_json({"file": str(path), "at": now.isoformat(timespec="seconds"), "error": why}))
        elif console.is_watched():
            console.result(f"{now:%H:%M:%S}  unreadable: {one_line(path.name)} ({why})")

    def _tell(self, placed: Placed, now: datetime) -> None:
        one = placed.scored
        self._places[one.place] += 1
        self._sure += not one.reason
        if console.is_json():
            at = now.isoformat(timespec="seconds")
            facts = {"file": str(one.path), "at": at, "label": one.label, "score": one.score, "sure": not one.reason}
            facts |= {"why": one.reason, "scores": one.scores, "sha256": one.sha256, "copy": str(placed.copy)}
            console.result(texts.as_json(facts))
        elif console.is_watched():
            why = {"unsure": "unsure", "unlike": "unfamiliar"}.get(one.reason, "")
            words = f"{one.label:<{LABEL_WIDTH}} {percent(one.score):>7}  {why:<10}  {one_line(one.path.name)}"
            console.result(f"{now:%H:%M:%S}  {words}")

    # The lock: waiting for images must not keep other runs from working

    def _give_back(self) -> None:
        if self._lock and self._lock.is_held:
            self._version = self._catalogue.data_version
            self._lock.give_back()

    def _may_write(self) -> bool:
        """Take the lock again, and look what other runs have done meanwhile."""
        if not self._lock or self._lock.is_held:
            return True
        try:
            self._lock.take()
        except Locked as problem:
            self._say(f"{problem.message} What arrives waits until then.")
            return False
        self._say("")
        if self._catalogue.data_version != self._version:
            decisions.finish_pending(self._basetag, self._catalogue)
            apply_journal.finish_unfinished(self._basetag, self._catalogue)
            self._training = self._trained()
            self._scorer.today = self._day.today = labels_of_today(self._basetag, self._catalogue, self._model)
        return True

    def _trained(self) -> set[str]:
        """Content hashes of the training images."""
        images = provenance.training_images(self._basetag, self._catalogue, remember=False)
        return {image.sha256 for image in images}

    def _say(self, text: str) -> None:
        """Why it waits, once."""
        if text and text != self._shown:
            console.note(text)
        self._shown = text
