"""What lies in the sorted_ folders now, and what the robot said of it. Only folders that changed are read again."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import config as cfg
from flow.base import files, names, paths
from flow.records import labelling, scorelog
from flow.records.catalogue import Catalogue, Sorting
from flow.records.decisions import DONE
from flow.records.journal import relative

FRESH_S = 0.1  # a folder changed so lately may change again without its time telling


class Item(NamedTuple):
    """One image file of a sorted_ folder. `place`: the folder it lies in, `under` the line or not; `guess` and `score`:
    the robot's, None where it said nothing of it; `is_put`: it lies where the robot put it."""

    home: Path
    place: str
    name: str
    sha256: str
    guess: str
    score: float | None
    is_put: bool
    under: bool

    @property
    def path(self) -> Path:
        return self.home / self.place / self.name


class Listing:
    """The images of all sorted_ folders that wait. Content hashes come from the catalogue, by name: only what is shown
    is read, and only what the robot knows nothing of is hashed."""

    def __init__(self, basetag: str, catalogue: Catalogue):
        self._basetag, self._catalogue = basetag, catalogue
        self._seen: dict[Path, tuple[int, list[Item]]] = {}  # folder -> (its time, what lies in it)
        self._sortings: dict[str, dict[str, Sorting]] = {}  # sorted_ folder -> file name -> what the robot said
        self._said: dict[Path, dict[str, tuple[str, str]]] = {}
        self._moved: dict[str, str] = {}  # path of a picture that was renamed when it was moved -> content hash
        self._real: dict[Path, str] = {}  # files whose content is another than their name says
        self.homes: list[Path] = []
        self.by_sha: dict[str, list[Item]] = {}

    def refresh(self) -> bool:
        """Look again. Returns whether anything changed."""
        self.homes = labelling.sorted_folders(self._basetag)
        found, changed = {}, False
        for home in self.homes:
            for folder in files.folders_in(home):
                found[folder] = self._look(folder)
                changed = changed or found[folder] is not self._seen.get(folder)
        changed = changed or found.keys() != self._seen.keys()
        self._seen = found
        if changed:
            by_sha: dict[str, list[Item]] = {}
            for item in self.items():
                by_sha.setdefault(item.sha256, []).append(item)
            self.by_sha = by_sha  # whole: other threads read it
        return changed

    def items(self) -> Iterator[Item]:
        for _, items in self._seen.values():
            yield from items

    def remember(self, target: str, sha256: str) -> None:
        """A picture lies at `target` (relative to tf_files) now, perhaps under a new name."""
        self._moved[target] = sha256

    def correct(self, item: Item, sha256: str) -> None:
        """A file holds something else than its name says: somebody put another picture there."""
        self._real[item.path] = sha256
        self._seen.pop(item.path.parent, None)

    def said(self, item: Item) -> tuple[str, str]:
        """Why it is under the line, and all scores as JSON text, as scores.txt has them; empty where it does not."""
        if item.home not in self._said:
            self._said[item.home] = scorelog.said(item.home)
        return self._said[item.home].get(item.name, ("", ""))

    def _look(self, folder: Path) -> tuple[int, list[Item]]:
        try:
            changed = folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0, []
        old = self._seen.get(folder)
        if old and old[0] == changed:
            return old
        is_settled = abs(time.time_ns() - changed) > FRESH_S * 1e9
        return (changed if is_settled else 0), self._items(folder)

    def _items(self, folder: Path) -> list[Item]:
        home, place, under = folder.parent, folder.name, names.is_under(folder.name)
        said, items, strange = self._sorted(home), [], []
        for name in files.image_names(folder):
            robot = said.get(name)
            if robot is None or (self._real and folder / name in self._real):
                strange.append(name)
            else:
                is_put = robot.place == place
                items.append(Item(home, place, name, robot.sha256, robot.label, robot.score, is_put, under))
        known = {s.sha256: s for s in said.values()} if strange else {}
        for name, sha in self._hashed(folder, strange).items():
            robot = known.get(sha)
            guess = robot.label if robot else place.split(cfg.under_name)[0] if under else ""
            is_put, score = bool(robot and robot.place == place), robot.score if robot else None
            items.append(Item(home, place, name, sha, guess, score, is_put, under))
        return items

    def _hashed(self, folder: Path, strange: list[str]) -> dict[str, str]:
        """Content hashes of files whose names the robot does not know."""
        from scripts.learn.hashes import HashBook

        moved = {n: self._real.get(folder / n) or self._moved.get(relative(folder / n), "") for n in strange}
        unknown = [folder / name for name, sha in moved.items() if not sha]
        if unknown:
            with HashBook(paths.hashes()) as book:
                moved |= {path.name: sha for path, sha in book.sha256s(unknown).items()}
        return {name: sha for name, sha in moved.items() if sha}

    def _sorted(self, home: Path) -> dict[str, Sorting]:
        """What the robot said of the files of one sorted_ folder, by name."""
        if home.name not in self._sortings:
            rows = list(self._catalogue.sortings(home.name).values())
            often = {name for name, n in Counter(row.file_name for row in rows).items() if n > 1}
            self._sortings[home.name] = {row.file_name: row for row in rows if row.file_name not in often}
            for done in self._catalogue.decisions(DONE, home.name):
                self._moved[done.target] = done.sha256
        return self._sortings[home.name]
