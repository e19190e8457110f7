"""One fetch from a model hub through tensorflow_hub, which knows no time limit and waits for locks of killed runs."""

import contextlib
import os
import re
import shutil
import socket
import threading
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.learn import artifact_cache


def resolve(handle: str, models_dir: Path, timeout_s: float, progress: Callable[[int], None]) -> Path:
    """Fetch a handle into `models_dir`; a copy that holds no model is removed, so that the next try starts clean.

    One run at a time fetches into a folder. What a killed one left there is swept away first: tensorflow_hub would wait
    ten minutes for its lock.
    """
    from scripts.learn.tensor import import_hub

    hub = import_hub()
    os.environ["TFHUB_CACHE_DIR"] = str(models_dir)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(timeout_s)  # tensorflow_hub opens its URLs without any
    try:
        with _alone(models_dir), _watched(models_dir, progress):
            folder = Path(hub.resolve(handle))
    finally:
        socket.setdefaulttimeout(before)
    if not (folder / "saved_model.pb").exists():
        if folder.parent == models_dir:
            shutil.rmtree(folder)
            folder.with_name(folder.name + ".descriptor.txt").unlink(missing_ok=True)
        raise ValueError("what came is not a TF2 SavedModel")
    return folder


@contextlib.contextmanager
def _alone(models_dir: Path) -> Iterator[None]:
    """Wait for another run that fetches into this folder; the system frees the lock of one that was killed."""
    with artifact_cache.exclusive(models_dir):
        for left in models_dir.iterdir():
            if re.fullmatch(r"[0-9a-f]{40}\.lock", left.name):
                left.unlink()
            elif re.fullmatch(r"[0-9a-f]{40}\..*\.tmp", left.name):
                shutil.rmtree(left)
        yield


@contextlib.contextmanager
def _watched(models_dir: Path, progress: Callable[[int], None]) -> Iterator[None]:
    """Report twice a second how many bytes the fetch has written."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            sizes = 0
            for path in models_dir.glob("*.tmp/**/*"):
                with contextlib.suppress(OSError):
                    sizes += path.stat().st_size
            progress(sizes)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def words(problem: Exception) -> str:
    """What went wrong, as a person would say it."""
    if isinstance(problem, urllib.error.HTTPError):
        return f"the server answered {problem.code}"
    if isinstance(problem, (socket.timeout, TimeoutError)):
        return "no answer in time"
    if isinstance(problem, urllib.error.URLError):
        return f"no connection ({problem.reason})"
    return " ".join(str(problem).split())[:200] or type(problem).__name__
