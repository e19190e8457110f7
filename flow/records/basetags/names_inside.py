"""The name of a basetag where it stands within its own files: journals, decisions and the facts of models."""

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path

from flow.base import files, paths
from flow.records.catalogue import Catalogue
from flow.records.journal import journal_folders


def rename_inside(old: str, new: str) -> None:
    """Everything in the folders of `new` that names `old`. Safe to repeat."""
    starts = {f"{root.name}/{old}/": f"{root.name}/{new}/" for root in (paths.training_root(), paths.testing_root())}
    for home in journal_folders(new):
        for journal in sorted(home.glob("*.jsonl")):
            _rewrite(journal, {f'"{_inside(a)}': f'"{_inside(b)}' for a, b in starts.items()})
    if paths.catalogue(new).exists():
        with Catalogue.open(paths.catalogue(new)) as catalogue:
            rows = catalogue.all_decisions()
            changed = [replace(r, source=_moved(r.source, starts), target=_moved(r.target, starts)) for r in rows]
            catalogue.put_decisions(row for row, before in zip(changed, rows, strict=True) if row != before)
    for folder in files.folders_in(paths.summaries(new)):
        _rename_model(folder / "model.json", old, new)


def _moved(text: str, starts: dict[str, str]) -> str:
    for start, other in starts.items():
        if text.startswith(start):
            return other + text[len(start) :]
    return text


def _inside(text: str) -> str:
    """As it stands within a JSON string."""
    return json.dumps(text)[1:-1]


def _rewrite(journal: Path, words: dict[str, str]) -> None:
    text = journal.read_bytes()
    after = text
    for old, new in words.items():
        after = after.replace(old.encode("ascii"), new.encode("ascii"))
    if after != text:
        files.write_whole(journal, after)


def _rename_model(path: Path, old: str, new: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a damaged model is told of where it is used
        facts = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(facts, dict) and facts.get("basetag") == old and os.access(path, os.W_OK):
            files.write_whole(path, json.dumps(facts | {"basetag": new}, indent=1) + "\n")
