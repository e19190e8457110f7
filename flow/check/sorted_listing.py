"""What lies in the sorted_ folders now, and what the model said of it. Only folders that changed are read again."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import config as cfg
from flow.base import files, names
from flow.base.learning import hash_cache
from flow.records import provenance, scores_file
from flow.records.catalogue import Catalogue
from flow.records.decisions import DONE
from flow.records.journal import relative
from flow.records.rows import SortedCopy

FRESH_S = 0.1  # a folder changed so lately may change again without its time showing it


class Item(NamedTuple):
    """One image file of a sorted_ folder.

    `place`: the folder it lies in; `below_threshold`: that is one of uncertain images; `guess` and `score`: the
    model's, None where it said nothing of it; `is_put`: it lies where the program put it.
    """

    home: Path
    place: str
    name: str
    sha256: str
    guess: str
    score: float | None
    is_put: bool
    below_threshold: bool

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


class SortedListing:
    """The images of all sorted_ folders. Content hashes come from the catalogue, by name: only what is shown is read,
    and only what the program did not put there is hashed."""

    def __init__(self, basetag: str, catalogue: Catalogue):
        self._basetag, self._catalogue = basetag, catalogue
        self._copies: dict[str, dict[str, SortedCopy]] = {}  # sorted_ folder -> file name -> what the model said
        self._reasons: dict[Path, dict[str, tuple[str, str]]] = {}
        self._moved: dict[str, str] = {}  # path of an image that was renamed when it was moved -> content hash
        self._corrected: dict[Path, str] = {}  # files whose content is another than their name says
        self._moves: list[tuple[Path, Path, str]] = []  # noted by `moved`, not yet in `folders`
        self.homes: list[Path] = []
        self.folders: dict[Path, Folder] = {}

    def refresh(self, thorough: bool = True) -> bool:
        """Look again. Returns whether anything changed.

        Args:
            thorough: False between the keys of a page, where a change within the same tick of the clock as one of our
                own may wait for the next page.
        """
        self._apply_moves()
        self.homes = provenance.sorted_folders(self._basetag)
        found, changed = {}, False
        for home in self.homes:
            for folder in files.folders_in(home):
                found[folder] = self._look(folder, thorough)
                changed = changed or found[folder] is not self.folders.get(folder)
        changed = changed or found.keys() != self.folders.keys()
        self.folders = found  # replaced whole: other threads read it
        return changed

    def items(self) -> Iterator[Item]:
        for folder in self.folders.values():
            yield from folder.items

    def of(self, sha256: str) -> list[Item]:
        """Where an image lies; more than one place where several sorted_ folders have it."""
        return [item for folder in self.folders.values() for item in folder.by_sha.get(sha256, ())]

    def moved(self, source: Path, target: Path, sha256: str) -> None:
        """The program moved an image. The next `refresh` brings the two folders up to date without reading them."""
        self._moved[relative(target)] = sha256
        if source != target:
            self._moves.append((source, target, sha256))

    def _apply_moves(self) -> None:
        """All noted moves at once: each folder that they touch is rebuilt once, however many images moved."""
        if not self._moves:
            return
        moves, self._moves = self._moves, []
        leaving: dict[Path, set[str]] = {}
        coming: dict[Path, list[Item]] = {}
        for source, target, sha256 in moves:
            old = next((i for i in coming.get(source.parent, ()) if i.path == source), None)
            old = old or next((i for i in self.of(sha256) if i.path == source), None)
            if old is None:
                continue
            leaving.setdefault(source.parent, set()).add(source.name)
            coming[source.parent] = [i for i in coming.get(source.parent, ()) if i.path != source]
            coming.setdefault(target.parent, []).append(self._at(target, old))
        for folder in leaving.keys() | coming.keys():
            self._patch(folder, leaving.get(folder, set()), coming.get(folder, []))

    def _at(self, target: Path, old: Item) -> Item:
        """An item as it lies after a move."""
        home, place = target.parent.parent, target.parent.name
        copies = self.copies_in(home)
        copy = copies.get(target.name) or copies.get(old.name)
        is_put = bool(copy and copy.sha256 == old.sha256 and copy.place == place)
        return Item(home, place, target.name, old.sha256, old.guess, old.score, is_put, names.is_under(place))

    def _patch(self, path: Path, leaving: set[str], coming: list[Item]) -> None:
        if path not in self.folders:
            return
        replaced = leaving | {item.name for item in coming}
        items = [item for item in self.folders[path].items if item.name not in replaced] + coming
        changed = path.stat().st_mtime_ns if path.is_dir() else 0
        self.folders = {**self.folders, path: Folder(changed, False, items)}

    def correct(self, item: Item, sha256: str) -> None:
        """A file holds something else than its name says: somebody put another image there."""
        self._corrected[item.path] = sha256
        self.folders = {path: folder for path, folder in self.folders.items() if path != item.path.parent}

    def reason(self, item: Item) -> tuple[str, str]:
        """Why it is below confidence_min, and all scores as JSON text, as scores.txt has them; empty where it has
        not."""
        if item.home not in self._reasons:
            self._reasons[item.home] = scores_file.read_reasons(item.home)
        return self._reasons[item.home].get(item.name, ("", ""))

    def _look(self, path: Path, thorough: bool) -> Folder:
        try:
            changed = path.stat().st_mtime_ns
        except FileNotFoundError:
            return Folder(0, False, [])
        old = self.folders.get(path)
        if old and old.changed == changed and (old.settled or not thorough):
            return old
        settled = abs(time.time_ns() - changed) > FRESH_S * 1e9
        return Folder(changed, settled, self._items(path))

    def _items(self, folder: Path) -> list[Item]:
        """One guess after another, the surer first."""
        home, place, below = folder.parent, folder.name, names.is_under(folder.name)
        copies, items, strange = self.copies_in(home), [], []
        for name in files.image_names(folder):
            copy = copies.get(name)
            if copy is None or (self._corrected and folder / name in self._corrected):
                strange.append(name)
            else:
                is_put = copy.place == place
                items.append(Item(home, place, name, copy.sha256, copy.label, copy.score, is_put, below))
        known = {copy.sha256: copy for copy in copies.values()} if strange else {}
        for name, sha in self._hashed(folder, strange).items():
            copy = known.get(sha)
            guess = copy.label if copy else place.split(cfg.under_name)[0] if below else ""
            is_put, score = bool(copy and copy.place == place), copy.score if copy else None
            items.append(Item(home, place, name, sha, guess, score, is_put, below))
        return sorted(items, key=lambda item: (item.guess, -(item.score or 0), item.name))

    def _hashed(self, folder: Path, strange: list[str]) -> dict[str, str]:
        """Content hashes of files that the program did not put there under these names."""
        moved = {n: self._corrected.get(folder / n) or self._moved.get(relative(folder / n), "") for n in strange}
        unknown = [folder / name for name, sha in moved.items() if not sha]
        if unknown:
            with hash_cache() as cache:
                moved |= {path.name: sha for path, sha in cache.sha256s(unknown).items()}
        return {name: sha for name, sha in moved.items() if sha}

    def copies_in(self, home: Path) -> dict[str, SortedCopy]:
        """What the model said of the files of one sorted_ folder, by name."""
        if home.name not in self._copies:
            rows = list(self._catalogue.sortings(home.name).values())
            often = {name for name, n in Counter(row.file_name for row in rows).items() if n > 1}
            self._copies[home.name] = {row.file_name: row for row in rows if row.file_name not in often}
            for done in self._catalogue.decisions(DONE, home.name):
                self._moved[done.target] = done.sha256
        return self._copies[home.name]
