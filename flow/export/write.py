"""Writes folders and tables for other programs: complete or not at all, and never over something that exists."""

import contextlib
import csv
import io
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from flow.base import files, paths
from flow.base.errors import BadUsage
from flow.base.names import inert

FILLING = ".part-"  # start of a folder's name while it is being filled; the next run to the same place starts it again


def refuse_taken(target: Path, option: str) -> None:
    """Raise BadUsage where `target` exists already, or lies where a new folder would be taken for one of ours."""
    if os.path.lexists(target):
        raise BadUsage(f"{target} exists already, and nothing is ever overwritten.", f"Name a new one with {option}.")
    ours = (paths.training_root(), paths.testing_root(), paths.summaries_root())
    if any(target.resolve().is_relative_to(home.resolve()) for home in ours):
        raise BadUsage(f"{target} is inside RoboFlow's own folders.", f"Name another place with {option}.")


@contextlib.contextmanager
def whole_folder(target: Path, option: str) -> Iterator[Path]:
    """A hidden folder beside `target` to fill. At the end it is renamed to `target`, or deleted after an error.

    Args:
        option: with which the person names it, for the error.

    Raises:
        BadUsage: see `refuse_taken`.
    """
    refuse_taken(target, option)
    part = target.with_name(files.fitting(f"{FILLING}{target.name}", ""))
    shutil.rmtree(part, ignore_errors=True)  # left by a killed run
    files.make_folder(part)
    try:
        yield part
        files.sync_all(part)
        refuse_taken(target, option)  # somebody may have made it meanwhile
        files.move_folder(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]], plain: Sequence[str] = ()) -> str:
    """A CSV table with its headings; no cell is a formula.

    Args:
        plain: columns that programs read back, left as they are.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([name if name in plain else inert(name) for name in columns])
    for row in rows:
        writer.writerow([c if name in plain else inert(c) for name, c in zip(columns, row, strict=True)])
    return text.getvalue()


def as_text(name: str) -> str:
    """A file name for a table: bytes that cannot be decoded become ?."""
    return name.encode("utf-8", "replace").decode("utf-8")
