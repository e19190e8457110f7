"""The journal of a change of labels: what moves, and what every row was before, written whole before the first move.

It lies in relabelled_{stamp}/ and tells its state by its name, as a harvest's does (`flow/records/journal.py`), with
which it shares the numbers. With the harvests' it fills a lost catalogue again.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flow.base import paths
from flow.records.journal import lines_of, must_be_inside
from flow.records.rows import Decision, Label, SortedCopy, from_columns, to_columns


@dataclass(frozen=True)
class FileMove:
    """One image's move; paths relative to tf_files."""

    sha256: str
    source: str
    target: str


@dataclass(frozen=True)
class Change:
    """A change of labels.

    `olds`: the labels that are renamed, merged, split or removed; `new`: what they become, empty where their images are
    set aside; `version`: number of its first row in the catalogue's label_changes; `after`: the last decision before
    it; `makes_new`: there was no label `new` before; `sorted_in`: the sorted_ folders there were; `parts`: what a split
    has come to so far, each label with the number of its row; `moves`, then `folders` (from, to) are carried out;
    `labels`, `sortings` and `decisions`: the rows it changes, as they were before; `undo_version`: the number of the
    row that took it back, or 0.
    """

    number: int
    kind: str
    olds: tuple[str, ...]
    new: str
    version: int
    after: int
    at: str
    by_hand: bool = False
    makes_new: bool = False
    sorted_in: tuple[str, ...] = ()
    parts: tuple[tuple[str, int], ...] = ()
    undo_version: int = 0
    moves: tuple[FileMove, ...] = field(default=(), repr=False)
    folders: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    labels: tuple[Label, ...] = field(default=(), repr=False)
    sortings: tuple[SortedCopy, ...] = field(default=(), repr=False)
    decisions: tuple[Decision, ...] = field(default=(), repr=False)
    torn: int = 0  # lines of its journal that cannot be read


ROWS = {"labels": Label, "sortings": SortedCopy, "decisions": Decision}
HEAD = ("kind", "olds", "new", "version", "after", "at", "by_hand", "makes_new", "sorted_in", "parts", "undo_version")


def as_text(change: Change) -> str:
    """A journal's lines: what it is, a line for each move, folder and row, and the number."""
    entries: list[dict] = [{name: getattr(change, name) for name in HEAD}]
    entries += [{"move": asdict(move)} for move in change.moves]
    entries += [{"folder": list(pair)} for pair in change.folders]
    entries += [{name: to_columns(row)} for name in ROWS for row in getattr(change, name)]
    lines = [json.dumps(entry, ensure_ascii=True) for entry in entries]
    return "\n".join([*lines, json.dumps({"end": len(lines), "number": change.number})]) + "\n"


def read(journal: Path) -> Change | None:
    """A journal, without what cannot be read or would lead out of the basetag's own folders; None where even its first
    line cannot be read."""
    homes = (paths.training(journal.parent.parent.name), paths.testing(journal.parent.parent.name))
    head: dict[str, Any] = {}
    found: dict[str, list] = {"moves": [], "folders": [], **{name: [] for name in ROWS}}
    lines = end = number = 0
    for line in lines_of(journal):
        try:
            entry = json.loads(line)
            if "end" in entry:
                end, number = int(entry["end"]), int(entry["number"])
                continue
            _take(entry, head, found, homes)
            lines += 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    if not head or not number:
        return None
    rows: dict[str, Any] = {name: tuple(values) for name, values in found.items()}
    return Change(number=number, torn=max(0, end - lines), **head, **rows)


def _take(entry: dict, head: dict, found: dict[str, list], homes: tuple[Path, ...]) -> None:
    """One line. Raises ValueError and the like where it makes no sense."""
    if "kind" in entry:
        head |= {name: entry[name] for name in HEAD}
        head |= {name: tuple(map(str, head[name])) for name in ("olds", "sorted_in")}
        head["parts"] = tuple((str(part), int(number)) for part, number in head["parts"])
    elif "move" in entry:
        move = FileMove(**entry["move"])
        for text in (move.source, move.target):
            must_be_inside(text, *homes)
        found["moves"].append(move)
    elif "folder" in entry:
        source, target = entry["folder"]
        must_be_inside(source, *homes)
        must_be_inside(target, *homes)
        found["folders"].append((source, target))
    else:
        name = next(name for name in ROWS if name in entry)
        found[name].append(from_columns(ROWS[name], entry[name]))
