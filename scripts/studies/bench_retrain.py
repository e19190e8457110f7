"""How fast is a retrain? First, again with other parameters, after new images, and a plain Keras script; then start-up.

Whole processes, in one run, on the same images. Other work on the machine disturbs the seconds, CPU time less.
"""

import argparse
import os
import pty
import sys
from pathlib import Path
from time import monotonic

from scripts.learn import backbones
from scripts.studies import keras_models, programs
from scripts.studies.programs import HEADINGS, Ran, app, timed
from scripts.studies.table import Table

RETRAIN = ("bench", "0", "0", "retrain_defaults", "--images-min", "20")
STEPS = 2600  # of 64 images: what retrain_defaults does


def add_flags(p: argparse.ArgumentParser) -> None:
    programs.add_flags(p)


def run(flags: argparse.Namespace) -> None:
    n, new = (60, 6) if flags.quick else (2000, 100)
    with programs.place(flags) as (work, supply, folder, architecture):
        tf_files, photos = work / "tf_files", work / "tf_files" / "training_photos" / "bench"
        supply.fill(photos, n)
        table = Table(f"Retrain ({n:,} images; whole processes)", *HEADINGS)
        how = (*RETRAIN, "--architecture", architecture)
        first = app(tf_files, *how)
        timed(table, "first retrain", n, first.seconds, first.cpu, "backbone converted, images embedded, head trained")
        second = app(tf_files, *how, "--steps", "4000", "--batch-size", "100")
        timed(table, "second, other parameters", n, second.seconds, second.cpu, _of_first(second, first))
        supply.fill(photos, new)
        grown = app(tf_files, *how)
        timed(table, f"after {new} new images", n + new, grown.seconds, grown.cpu, _of_first(grown, first))
        size = backbones.find(str(folder)).input_size
        epoch = keras_models.epoch(flags.backbone, folder, size, photos)
        timed(
            table, "plain Keras, one epoch", n + new, epoch, None, "measured; keeps no embeddings, import not counted"
        )
        same = epoch * STEPS * keras_models.TRAIN_BATCH / (n + new)
        note = f"extrapolated from the epoch; x {same / second.seconds:.0f} the second retrain"
        timed(table, f"plain Keras, {STEPS:,} steps of 64", n + new, same, None, note)
        table = Table("Start-up (until it has said all it has to say)", *HEADINGS)
        for what, words in (("--help", ("--help",)), ("status", ("status",)), ("models", ("bench", "models"))):
            ran = app(tf_files, *words)
            timed(table, what, 0, ran.seconds, None, f"CPU {ran.cpu:.2f} s")
        timed(table, "guided set-up, to the first question and out", 0, _first_question(tf_files))


def _of_first(ran: Ran, first: Ran) -> str:
    return f"{ran.seconds / first.seconds:.3f} of the first (by CPU time {ran.cpu / first.cpu:.3f})"


def _first_question(tf_files: Path) -> float:
    """Seconds of roboflow.py on a terminal of its own, answered with the end of input."""
    begin = monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(programs.PROJECT)
        os.execv(sys.executable, [sys.executable, "roboflow.py", "--tf-files", str(tf_files)])
    os.write(terminal, b"\x04")
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # how a terminal whose program has left ends on Linux
        pass
    os.waitpid(pid, 0)
    return monotonic() - begin
