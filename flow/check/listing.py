"""What lies in the sorted_ folders now, and what the robot said of it. Only folders that changed are read again."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import config as cfg
from flow.base import files, names, paths
from flow.records import labelling, scorelog
from flow.records.catalogue import Catalogue
from flow.records.decisions import DONE
from flow.records.journal import relative
from flow.records.rows import Sorting

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


class Folder:
    """What lies in one label folder. `changed`: its time (ns) when it was read; `settled`: that was long enough ago
    that any later change has another time."""

    def __init__(self, changed: int, settled: bool, items: list[Item]):
        self.changed, self.settled, self.items = changed, settled, items
        self.by_sha: dict[str, list[Item]] = {}
        for item in items:
            self.by_sha.setdefault(item.sha256, []).append(item)

    def without(self, name: str) -> "list[Item]":
        return [item for item in self.items if item.name != name]


class Listing:
    """The images of all sorted_ folders that wait. Content hashes come from the catalogue, by name: only what is shown
    is read, and only what the robot knows nothing of is hashed."""

    def __init__(self, basetag: str, catalogue: Catalogue):
        self._basetag, self._catalogue = basetag, catalogue
        self._sortings: dict[str, dict[str, Sorting]] = {}  # sorted_ folder -> file name -> what the robot said
        self._said: dict[Path, dict[str, tuple[str, str]]] = {}
        self._moved: dict[str, str] = {}  # path of a picture that was renamed when it was moved -> content hash
        self._real: dict[Path, str] = {}  # files whose content is another than their name says
        self.homes: list[Path] = []
        self.folders: dict[Path, Folder] = {}

    def refresh(self, sure: bool = True) -> bool:
        """Look again. Returns whether anything changed.

        Args:
            sure: False between the keys of a page, where a change within the same tick of the clock as one of our own
                may wait for the next page.
        """
        self.homes = labelling.sorted_folders(self._basetag)
        found, changed = {}, False
        for home in self.homes:
            for folder in files.folders_in(home):
                found[folder] = self._look(folder, sure)
                changed = changed or found[folder] is not self.folders.get(folder)
        changed = changed or found.keys() != self.folders.keys()
        self.folders = found  # whole: other threads read it
        return changed

    def items(self) -> Iterator[Item]:
        for folder in self.folders.values():
            yield from folder.items

    def of(self, sha256: str) -> list[Item]:
        """Where a picture lies; more than one place where several sorted_ folders have it."""
        return [item for folder in self.folders.values() for item in folder.by_sha.get(sha256, ())]

    def moved(self, source: Path, target: Path, sha256: str) -> None:
        """A picture was moved by us: what is known of the two folders is brought up to date, not read again."""
        self._moved[relative(target)] = sha256
        old = next((i for i in self.of(sha256) if i.path == source), None)
        if source == target or old is None:
            return
        home, place, robot = target.parent.parent, target.parent.name, self._sorted(target.parent.parent)
        said = robot.get(target.name) or robot.get(source.name)
        is_put = bool(said and said.sha256 == sha256 and said.place == place)
        new = Item(home, place, target.name, sha256, old.guess, old.score, is_put, names.is_under(place))
        self._patch(source.parent, lambda folder: folder.without(source.name))
        self._patch(target.parent, lambda folder: [*folder.without(target.name), new])

    def _patch(self, path: Path, items: Callable[[Folder], list[Item]]) -> None:
        if path in self.folders:
            changed = path.stat().st_mtime_ns if path.is_dir() else 0
            self.folders = {**self.folders, path: Folder(changed, False, items(self.folders[path]))}

    def correct(self, item: Item, sha256: str) -> None:
        """A file holds something else than its name says: somebody put another picture there."""
        self._real[item.path] = sha256
        self.folders = {path: folder for path, folder in self.folders.items() if path != item.path.parent}

    def said(self, item: Item) -> tuple[str, str]:
        """Why it is under the line, and all scores as JSON text, as scores.txt has them; empty where it does not."""
        if item.home not in self._said:
            self._said[item.home] = scorelog.said(item.home)
        return self._said[item.home].get(item.name, ("", ""))

    def _look(self, path: Path, sure: bool) -> Folder:
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return Folder(0, False, [])
        old = self.folders.get(path)
        if old and old.changed == changed and (old.settled or not sure):
            return old
        settled = abs(time.time_ns() - changed) > FRESH_S * 1e9
        return Folder(changed, settled, self._items(path))

    def _items(self, folder: Path) -> list[Item]:
        """One guess after another, the surer first."""
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
        return sorted(items, key=lambda item: (item.guess, -(item.score or 0), item.name))

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
