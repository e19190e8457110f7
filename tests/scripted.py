"""Answers from a list instead of a person; a question too many fails the test."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import config as cfg
from flow.ui import console


@contextlib.contextmanager
def scripted(home: Path, answers: list[str]) -> Iterator[list[str]]:
    """The console answers from `answers`; yields the list of those not used yet."""
    left = list(answers)

    def read(question: str, default: str) -> str:
        assert left, f"an unexpected question: {question}"
        return left.pop(0)

    before, world = (cfg.path_to_tf_files, console._read), console._world.asks
    cfg.path_to_tf_files, console._read, console._world.asks = str(home), read, True
    try:
        yield left
    finally:
        (cfg.path_to_tf_files, console._read), console._world.asks = before, world
