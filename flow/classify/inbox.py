"""A folder that images arrive in, looked at again and again: which files are complete by now, and were not seen before.

Other programs write, rename and remove there as they like. Nothing in it is ever changed.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

from flow.base import files, paths

SETTLED_S = 1.0  # a file that has not changed for so long may be complete
PATIENCE_S = 30.0  # an unreadable file that changed since is perhaps still being written
AGAIN_S = 3.0  # until a file that cannot be read now is looked at again
State = tuple[int, int]  # size in bytes, time of the last change in ns


class Inbox:
    """Images of a folder and the folders in it.

    Args:
        clock: seconds, for how long a file has been as it is.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic):
        self.folder, self._clock = folder, clock
        self._since: dict[Path, tuple[State, float]] = {}  # how a file is, and since when
        self._finished: dict[Path, State] = {}
        self._postponed: dict[Path, float] = {}  # until when

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()

    def complete(self) -> list[Path]:
        """Files that have not changed for a while, and that `finish` was not told of as they are now; oldest first."""
        now, found = self._clock(), self._listed()
        self._since = {
            path: old if (old := self._since.get(path)) and old[0] == state else (state, now)
            for path, state in found.items()
        }
        self._finished = {path: state for path, state in self._finished.items() if path in found}
        self._postponed = {path: until for path, until in self._postponed.items() if path in found and until > now}
        ready = [
            path
            for path, (state, since) in self._since.items()
            if now - since >= SETTLED_S and self._finished.get(path) != state and self._postponed.get(path, now) <= now
        ]
        return sorted(ready, key=lambda path: (found[path][1], path))

    def finish(self, path: Path) -> None:
        """Nothing more is to be done about a file while it stays as it is."""
        if path in self._since:
            self._finished[path] = self._since[path][0]

    def postpone(self, path: Path) -> None:
        """Look at a file again later."""
        self._postponed[path] = self._clock() + AGAIN_S

    def may_be_incomplete(self, path: Path) -> bool:
        """Whether a file that cannot be read changed so recently that it may still be written."""
        return path in self._since and self._clock() - self._since[path][1] < PATIENCE_S

    def _listed(self) -> dict[Path, State]:
        found = {}
        own = paths.tf_files()
        for place, folders, _ in os.walk(self.folder):
            folders[:] = [name for name in folders if not name.startswith(".") and Path(place) / name != own]
            for path in files.images_in(Path(place)):
                try:
                    facts = path.stat()
                except OSError:  # it was moved this very moment
                    continue
                found[path] = (facts.st_size, facts.st_mtime_ns)
        return found
