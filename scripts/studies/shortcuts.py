"""Is what gives a label away found, and is nothing found in clean images?

For each folder some images of each label are drawn and a head is trained on them, as they are (`clean`: all labels, and
cuts of two or three), and with a cheat planted in all images of one label (see `planted.py`). A warning counts where
it names that label; a warning of any other label, and any in a clean set, is a false alarm.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from scripts.learn.explained import explain_rows, sample
from scripts.learn.images import Unreadable, decode
from scripts.learn.shortcuts import Shortcut, find_shortcuts
from scripts.learn.train import train
from scripts.studies import planted, study_data
from scripts.studies.study_data import StudyData
from scripts.studies.table import Table, of

CLEAN_CUTS = 5  # clean sets of a folder and seed: the first with all labels
LABELS_MAX = 8  # of a folder with more, so many are drawn


def add_flags(p: argparse.ArgumentParser) -> None:
    study_data.add_flags(p, seeds=1)
    p.add_argument("--per-label", type=int, default=40)


def found_in(folder: Path, flags: argparse.Namespace) -> tuple[list[Shortcut], float]:
    """What is found in the images of a folder, and the accuracy of the head, 0..1."""
    with StudyData(folder, flags.architecture, flags.work) as data:
        made = data.dataset(data.images)
        trained = train(made, study_data.config(flags))
        measured = trained.evaluation
        some = sample(made, measured.rows, measured.calibrated)
        explained = explain_rows(made, trained, data.map_reader(), measured.rows[some], measured.calibrated[some])
        return find_shortcuts(made, explained), trained.facts["accuracy"]["value"]


def copies(
    source: Path, target: Path, labels: list[str], flags: argparse.Namespace, seed: int, kind: str = "", cheat: str = ""
) -> None:
    """Draw images of labels and copy them, those of label `cheat` with a cheat of `kind` planted in each."""
    for number, label in enumerate(labels):
        (target / label).mkdir(parents=True)
        files = sorted(path for path in (source / label).iterdir() if path.is_file())
        for i in np.random.default_rng([seed, number]).permutation(len(files))[: flags.per_label]:
            try:
                image = decode(files[i])
            except Unreadable:
                continue
            if label == cheat:
                image = planted.KINDS[kind](image, np.random.default_rng([seed, i]))
            image.save(target / label / f"{files[i].stem}.jpg", quality=92)


def run(flags: argparse.Namespace) -> None:
    named, clean, others = list[bool](), list[bool](), list[bool]()
    table = Table("", "folder      ", "planted          ", "label         ", "accuracy", "warned of")
    for source in flags.data:
        every = sorted(path.name for path in source.iterdir() if path.is_dir() and _has(path, flags.per_label))
        for seed in range(flags.seeds):
            rng = np.random.default_rng([seed, len(every)])
            every = sorted(rng.permutation(every)[:LABELS_MAX].tolist())
            for cut in range(CLEAN_CUTS):
                labels = sorted(rng.permutation(every)[: rng.integers(2, 4)].tolist()) if cut else every
                found, accuracy = _tried(source, labels, flags, 100 * seed + cut)
                clean.append(bool(found))
                table.row(source.name, "nothing", " ".join(labels)[:30], accuracy, _words(found))
            for number, kind in enumerate(planted.KINDS):
                cheat = every[(number + seed) % len(every)]
                found, accuracy = _tried(source, every, flags, 100 * seed, kind, cheat)
                named.append(any(one.label == cheat for one in found))
                others.append(any(one.label != cheat for one in found))
                table.row(source.name, kind, cheat, accuracy, _words(found))
    print(f"\nthe right label named: {of(named)}; another one too: {of(others)}; clean sets warned of: {of(clean)}")


def _tried(
    source: Path, labels: list[str], flags: argparse.Namespace, seed: int, kind: str = "", cheat: str = ""
) -> tuple[list[Shortcut], float]:
    with tempfile.TemporaryDirectory(dir=flags.work if flags.work.is_dir() else None) as spare:
        folder = Path(spare) / source.name
        copies(source, folder, labels, flags, seed, kind, cheat)
        return found_in(folder, flags)


def _has(folder: Path, count: int) -> bool:
    return sum(1 for _ in folder.iterdir()) >= count


def _words(found: list[Shortcut]) -> str:
    return ", ".join(f"{one.label} ({one.place}, {one.count} of {one.total})" for one in found) or "-"
