"""labels: list them, rename, merge, split, add and remove them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flow.base import files, paths
from flow.base.errors import BadUsage
from flow.base.names import label_name, nearest
from flow.base.options import argument, filled, option, text
from flow.commands.command import Command, Message, Result, Run, Section
from flow.models import label_table
from flow.models.todays_labels import note_labels
from flow.records.labels import apply, plan
from flow.records.labels.history import MERGE, REMOVE, RENAME
from flow.records.labels.journal import Change
from flow.records.labels.labels_changed import LabelsChanged
from flow.ui import console

WAYS = (
    "labels, labels rename OLD NEW, labels merge A B INTO, labels split A, labels add NAME, labels move IMAGE TO, "
    "labels remove A --to B"
)


@dataclass(frozen=True)
class LabelsOptions:
    words: tuple[str, ...] = argument(
        "nothing = list them; rename OLD NEW, merge A B INTO, split A, add NAME, move IMAGE TO, remove A",
        metavar="WHAT",
        many=True,
    )
    to: str = option("remove: the label that takes its images; empty = they are set aside", default="", parse=text)
    browser: bool = option("split: open no browser, print the address", default=True)


class Wanted(NamedTuple):
    """A change as it was asked for."""

    kind: str
    olds: tuple[str, ...]
    new: str


def run(run: Run, options: LabelsOptions) -> Result:
    what = options.words[0] if options.words else ""
    if not what:
        return _list(run)
    if what == "split":
        return _split(run, options)
    if what == "add":
        return _add(run, options)
    home, planned = _planned(run, options)
    done = apply.carry_out(home, planned, run.catalogue)
    for problem in done.problems:
        console.warn(problem)
    note_labels(run.basetag, run.catalogue)
    return LabelsChanged(done)


def dry_run(run: Run, options: LabelsOptions) -> Sequence[tuple[str, Result]]:
    what = options.words[0] if options.words else ""
    if not what:
        return [("labels", _list(run))]
    if what == "split":
        raise BadUsage("--dry-run does not go with labels split: the page shows everything first.")
    if what == "add":
        return [("labels", Message(f"would add {_new_label(run, options)}"))]
    _, planned = _planned(run, options)
    for move in planned.moves if not console.is_json() else ():
        console.result(f"{move.source} -> {move.target}")
    for source, target in planned.folders if not console.is_json() else ():
        console.result(f"{source}/ -> {target}/")
    return [("labels", LabelsChanged(apply.count(planned), dry=True))]


def _planned(run: Run, options: LabelsOptions) -> tuple[Path, Change]:
    """The folder of the change's journal, and what it would do. Raises BadUsage or NotReady."""
    home = apply.new_home(run.basetag, run.stamp)
    if options.words[0] != "move":
        return home, plan.plan(run.basetag, run.catalogue, *_wanted(run, options), home)
    if options.to or len(options.words) < 3:
        raise BadUsage(
            "labels move needs images and a label.", f"python roboflow.py {run.basetag} labels move 12.jpg cat"
        )
    images, label = plan.check_move(run.basetag, run.catalogue, options.words[1:-1], options.words[-1])
    return home, plan.plan_move(run.basetag, run.catalogue, images, label)


def _list(run: Run) -> Result:
    table = label_table.label_table(run.basetag, run.catalogue)
    if not console.is_json():
        label_table.show(table)
    return table


def _wanted(run: Run, options: LabelsOptions) -> Wanted:
    """What was asked for, checked. Raises BadUsage or NotReady."""
    what, *given = options.words
    kinds: dict[str, Callable[[], Wanted]] = {
        "rename": lambda: _rename(run, given),
        "merge": lambda: _merge(run, given),
        "remove": lambda: _remove(run, given, options.to),
    }
    if what not in kinds:
        known = (*kinds, "split", "add", "move")
        raise BadUsage(f"{what!r} is nothing that can be done with labels{nearest(what, known) or '.'}", f"{WAYS}.")
    if options.to and what != "remove":
        raise BadUsage("--to goes with labels remove.", f"{WAYS}.")
    return kinds[what]()


def _rename(run: Run, given: list[str]) -> Wanted:
    old, new = _some(given, 2, f"python roboflow.py {run.basetag} labels rename cat kitten")
    old, new = plan.check_rename(run.basetag, run.catalogue, old, new)
    return Wanted(RENAME, (old,), new)


def _merge(run: Run, given: list[str]) -> Wanted:
    if len(given) < 2:
        _some(given, 2, f"python roboflow.py {run.basetag} labels merge cat kitten")
    olds, new = plan.check_merge(run.basetag, run.catalogue, given[:-1], given[-1])
    is_new = new not in plan.labels_of(run.basetag, run.catalogue)
    return Wanted(RENAME if is_new and len(olds) == 1 else MERGE, olds, new)


def _remove(run: Run, given: list[str], to: str) -> Wanted:
    (label,) = _some(given, 1, f"python roboflow.py {run.basetag} labels remove cat --to not")
    label, to = plan.check_removal(run.basetag, run.catalogue, label, to)
    return Wanted(REMOVE, (label,), to)


def _some(given: list[str], n: int, example: str) -> list[str]:
    if len(given) != n:
        raise BadUsage(f"That needs {n} label{'s' * (n != 1)}, and {len(given)} were given.", f"For example: {example}")
    return given


def _new_label(run: Run, options: LabelsOptions) -> str:
    (name,) = _some(list(options.words[1:]), 1, f"python roboflow.py {run.basetag} labels add kitten")
    label = label_name(name)
    if label in plan.labels_of(run.basetag, run.catalogue):
        raise BadUsage(f"{label} is a label already.")
    return label


def _add(run: Run, options: LabelsOptions) -> Result:
    folder = files.make_folder(paths.training(run.basetag) / _new_label(run, options))
    return Message(f"added {folder.name}: sort images into {folder}, or give it on the check page")


def _split(run: Run, options: LabelsOptions) -> Result:
    from flow.commands.check import CheckCommandOptions, check

    (label, *parts) = options.words[1:] or [""]
    if label not in plan.labels_of(run.basetag, run.catalogue):
        _some([], 1, f"python roboflow.py {run.basetag} labels split flower rose tulip")
    chosen = {"browser": options.browser, "split": (label, *map(label_name, parts))}
    done = check(run, filled(CheckCommandOptions, chosen))
    files.remove_if_empty(paths.training(run.basetag) / label)
    note_labels(run.basetag, run.catalogue)
    return done


COMMAND = Command(
    "labels",
    "list the labels; rename, merge, split, add or remove them, and move images",
    Section.CHECK,
    run,
    options=LabelsOptions,
    about="Every image keeps who labelled it and whether it is held out to measure; undo takes a change back. Models "
    "made before go on working and say what their labels are called now. The same can be done on the check page.",
    example="robots labels rename cat kitten",
    dry_run=dry_run,
    read_only=lambda options: not options.words,
    rank=4,
)
