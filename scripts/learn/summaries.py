"""TensorBoard files: curves under train/ and validation/, parameters for the HParams page. No TensorFlow needed."""

import os
import time
from pathlib import Path

from scripts.learn.trained_head import Point


def write_curves(folder: Path, curve: list[Point]) -> None:
    """Accuracy and cross-entropy of every point under folder/train and folder/validation."""
    for part in ("train", "validation"):
        rows = [(p.step, getattr(p, f"{part}_accuracy"), getattr(p, f"{part}_loss")) for p in curve]
        rows = [row for row in rows if row[1] is not None]
        if rows:
            _write(folder / part, [(step, {"accuracy": a, "cross_entropy": loss}) for step, a, loss in rows])


def write_hparams(folder: Path, name: str, parameters: dict[str, object], accuracy: float) -> None:
    """One HParams session: the parameters and the test accuracy (fraction 0..1)."""
    from tensorboard.plugins.hparams import summary_v2

    plain = {k: v if isinstance(v, (bool, int, float)) else str(v) for k, v in parameters.items()}
    _write(folder, [(0, {"test_accuracy": accuracy})], [summary_v2.hparams_pb(plain, trial_id=name)])


def _write(folder: Path, rows: list[tuple[int, dict[str, float]]], summaries: list | None = None) -> None:
    """One event file; TensorBoard's own writer would import TensorFlow for its file functions."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    folder.mkdir(parents=True, exist_ok=True)
    now = time.time()
    events = [Event(wall_time=now, step=0, file_version="brain.Event:2")]
    events += [Event(wall_time=now, step=0, summary=summary) for summary in summaries or []]
    for step, values in rows:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        events.append(Event(wall_time=now, step=step, summary=summary))
    with open(folder / f"events.out.tfevents.{now:.6f}.{os.getpid()}", "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
        writer.flush()
