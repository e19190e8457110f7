"""A harvest's journal: every move, written whole before the first one, so that a killed harvest can be finished and a
done one undone.

It lies in harvested_{stamp}/, and its name tells its state: journal.jsonl (under way), moves.jsonl (done),
undoing.jsonl, undone.jsonl. Harvests are numbered, so that the last one is known also where the clock was set back.
Changes of labels have journals of their own in relabelled_{stamp}/ (`flow/records/labels/journal.py`), and share the
numbers: what was done last is undone first.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import config as cfg
from flow.base import files, paths
from flow.records.rows import WHOLE_FOLDER, Label, from_columns, to_columns

UNDER_WAY, DONE, UNDOING, UNDONE = "journal.jsonl", "moves.jsonl", "undoing.jsonl", "undone.jsonl"
RELABELLED = "relabelled_"  # start of a folder's name in a basetag's testing folder
LINE_MAX = 1_000_000  # characters; two paths, however they are written
LAST_LINE_MAX = 200  # bytes; two numbers


@dataclass(frozen=True)
class Move:
    """One image's move, as the journal keeps it; paths relative to tf_files. A `copy` is made of an image of a
    person's own outside tf_files, whose path is whole; the image stays where it is."""

    sha256: str
    source: str
    target: str
    label: str
    given_by: str
    score: float | None = None
    model: str = ""
    sampling: str = WHOLE_FOLDER
    copy: bool = False


def label_of(move: Move) -> Label:
    """The label that a move gives its image."""
    return Label(move.sha256, move.label, move.given_by, move.score, move.model, sampling=move.sampling)


@dataclass(frozen=True)
class Journal:
    """What a journal says. `torn`: lines that cannot be read or are missing; a journal is written in one step, so only
    a failing disk or an editor does that."""

    moves: list[Move]
    folders: list[str]
    number: int
    torn: int


def journal_folders(basetag: str) -> list[Path]:
    """All harvested_ and relabelled_ folders."""
    home = paths.testing(basetag)
    return [*files.folders_in(home, cfg.harvested_name), *files.folders_in(home, RELABELLED)]


def is_relabelling(home: Path) -> bool:
    """Whether a journal's folder is that of a change of labels."""
    return home.name.startswith(RELABELLED)


def new_number(basetag: str) -> int:
    """The number of the next harvest or change of labels."""
    return 1 + max((journal_number(home) for home in journal_folders(basetag)), default=0)


def last_done(basetag: str) -> Path | None:
    """The folder of what was done last and not undone."""
    done = [home for home in journal_folders(basetag) if (home / DONE).exists()]
    return max(done, key=lambda home: (journal_number(home), home.name), default=None)


def journal_number(home: Path) -> int:
    """Which harvest of its basetag it was, from 1; 0 where that cannot be told. Reads the last line only."""
    for name in (UNDER_WAY, DONE, UNDOING, UNDONE):
        if (home / name).exists():
            return _last_number(home / name)
    return 0


def as_text(moves: list[Move], folders: list[Path], number: int) -> str:
    """A journal's lines: a move each, then a folder each that leaves, then how many those are and the number.

    A folder that leaves is a whole sorted_ folder, or a part of one such as sorted_1/built.
    """
    lines = [json.dumps(to_columns(move), ensure_ascii=True) for move in moves]
    lines += [json.dumps({"folder": _below_testing(folder)}) for folder in folders]
    return "\n".join([*lines, json.dumps({"end": len(lines), "number": number})]) + "\n"


def read(journal: Path) -> Journal:
    """A journal, without what cannot be read or would lead out of the basetag's own folders."""
    moves, folders, end, number, lines = [], [], 0, 0, 0
    basetag = journal.parent.parent.name
    for line in lines_of(journal):
        try:
            entry = json.loads(line)
            if "sha256" in entry:
                moves.append(_inside(basetag, from_columns(Move, entry)))
            elif "folder" in entry:
                folders.append(_tame(entry["folder"]))
            else:
                end, number = int(entry["end"]), int(entry.get("number", 0))
                continue
            lines += 1
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue
    return Journal(moves, folders, number, max(0, end - lines) if end else 1)


def lines_of(journal: Path) -> Iterator[str]:
    """Line by line, however large the file has become; a line without an end comes in pieces that say nothing."""
    with open(journal, encoding="utf-8", errors="replace", newline="\n") as reader:
        yield from iter(lambda: reader.readline(LINE_MAX), "")


def relative(path: Path) -> str:
    """As a journal writes a path: from tf_files on; bytes that are no text as surrogates, which JSON can carry."""
    return os.fsencode(os.path.relpath(path, paths.tf_files())).decode("utf-8", "surrogateescape")


def absolute(text: str) -> Path:
    """The path that a journal's text means."""
    return paths.tf_files() / text


def _below_testing(folder: Path) -> str:
    """sorted_1, or sorted_1/built: no basetag is called sorted_ anything."""
    is_part = folder.parent.name.startswith(cfg.sorted_name)
    return f"{folder.parent.name}/{folder.name}" if is_part else folder.name


def _tame(text: str) -> str:
    """A folder's name as a journal gives it, at most a part of a sorted_ folder; nothing in it leads elsewhere."""
    home, name = Path(text).parent.name, Path(text).name
    is_part = home.startswith(cfg.sorted_name) and name not in ("", "..")
    return f"{home}/{name}" if is_part else name


def _last_number(journal: Path) -> int:
    try:
        with open(journal, "rb") as reader:
            reader.seek(max(0, reader.seek(0, os.SEEK_END) - LAST_LINE_MAX))
            return int(json.loads(reader.read().splitlines()[-1])["number"])
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return 0


def _inside(basetag: str, move: Move) -> Move:
    """The move, if it lies within the basetag; a copy may come from anywhere. Raises ValueError otherwise."""
    must_be_inside(move.target, paths.training(basetag))
    if not move.copy:
        must_be_inside(move.source, paths.testing(basetag))
    return move


def must_be_inside(text: str, *homes: Path) -> None:
    """Raise ValueError where a journal's path leads out of all of these folders."""
    if not os.path.normpath(absolute(text)).startswith(tuple(f"{home}{os.sep}" for home in homes)):
        raise ValueError(text)
