"""scores.txt of a sorted_ folder: what the model said of every image in it, for people and for a lost catalogue."""

import contextlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import config as cfg
from flow.base import files
from flow.records import provenance
from flow.records.rows import SortedCopy

NAME = "scores.txt"
COLUMNS = ("file", "folder", "label", "score", "why_under", "all_scores", "original")


@dataclass(frozen=True)
class ScoreLine:
    """One image: where it was put and why. `scores`: label -> fraction 0..1; `original`: its name in unsorted_."""

    file: str
    place: str
    label: str
    score: float
    reason: str
    scores: dict[str, float]
    original: str


def write(folder: Path, model: str, identity: str, lines: Iterable[ScoreLine]) -> None:
    """One line an image with every score; tab-separated, with a heading."""
    texts = [
        f"# model {model} {identity}",
        f"# confidence_min {cfg.confidence_min}; unlike = farther from all training images than those from each other",
        "\t".join(COLUMNS),
    ]
    texts += map(_as_text, lines)
    (folder / NAME).write_text("\n".join(texts) + "\n", encoding="utf-8", errors="backslashreplace")


def append(folder: Path, lines: Iterable[ScoreLine]) -> None:
    """More images of a folder that is there; durable when this returns. A line that a kill cut off stays alone."""
    with open(folder / NAME, "a+b") as log:
        log.seek(0, os.SEEK_END)
        is_torn = log.tell() and (log.seek(-1, os.SEEK_END), log.read(1))[1] != b"\n"
        text = "\n" * bool(is_torn) + "".join(f"{_as_text(line)}\n" for line in lines)
        log.write(text.encode("utf-8", "backslashreplace"))
        log.flush()
        os.fsync(log.fileno())


def model_of(folder: Path) -> str:
    """The identity of the model that filled a sorted_ folder; empty where its log does not say."""
    try:
        with open(folder / NAME, encoding="utf-8", errors="replace") as log:
            words = log.readline().split()
    except OSError:
        return ""
    return words[-1] if words[:2] == ["#", "model"] else ""


def read_sorted_copies(folder: Path) -> list[SortedCopy]:
    """What the log of a sorted_ folder says, as far as it can be read and the files are there.

    A file goes by its name, also where a person moved it to another label since.
    """
    try:
        lines = (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    identity = lines[0].split()[-1] if lines else ""
    split = [line.split("\t") for line in lines if not line.startswith("#")]
    rows = [fields for fields in split if len(fields) == len(COLUMNS)][1:]
    where = {(place, name): (label, score) for name, place, label, score, *_ in rows}
    moved = {name: (place, label, score) for name, place, label, score, *_ in rows}
    found = []
    for path, place, sha in provenance.hash_images(files.folders_in(folder)):
        if (place, path.name) in where:
            put, (label, score) = place, where[place, path.name]
        elif path.name in moved:
            put, label, score = moved[path.name]
        else:
            continue
        with contextlib.suppress(ValueError):
            found.append(SortedCopy(folder.name, path.name, sha, put, label, float(score), identity, folder.name))
    return found


def read_reasons(folder: Path) -> dict[str, tuple[str, str]]:
    """File name -> (why it is unsure or empty, all scores as JSON text), as far as the log can be read."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    split = (line.split("\t") for line in lines if not line.startswith("#"))
    return {fields[0]: (fields[4], fields[5]) for fields in split if len(fields) == len(COLUMNS)}


def _as_text(line: ScoreLine) -> str:
    fields = (line.file, line.place, line.label, f"{line.score:.6f}", line.reason, _as_json(line.scores), line.original)
    return "\t".join(fields)


def _as_json(scores: dict[str, float]) -> str:
    """All scores of an image as one line of JSON, best first."""
    return json.dumps({k: round(v, 6) for k, v in sorted(scores.items(), key=lambda kv: -kv[1])}, ensure_ascii=False)
