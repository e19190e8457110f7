"""Break a process at its nth file operation below a folder: kill it, send it a signal, or let the operation fail.

An audit hook sees every open, rename, link, remove and mkdir before it happens. Beside those, a file just opened for
writing (half a record is put into it), every fsync and every SQLite statement are points to break at.
"""

import builtins
import errno
import io
import os
import signal
import sqlite3
import sys
import threading
from pathlib import Path

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"os.rename", "os.link", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
SIGNALS = {"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM}
LASTING = ("ENOSPC", "EROFS")  # from the nth operation on; others fail once
HALF = b"half a re"


class Points:
    """Counts, and breaks at the `nth` point. For a process that ends soon: an audit hook cannot be taken away."""

    def __init__(
        self, root: str, nth: int = 0, how: str = "kill", no_links: str = "", unreadable: tuple[str, ...] = ()
    ):
        self.root, self.nth, self.how = str(Path(root).absolute()), nth, how
        self.no_links, self.unreadable = no_links, unreadable
        self.count = 0
        self._lock = threading.Lock()

    def install(self) -> None:
        sys.addaudithook(self._hook)
        self._watch_open()
        self._watch_fsync()
        self._watch_sqlite()

    def point(self, removes: bool = False, sqlite: bool = False, path: object = None) -> None:
        """One more operation; a full disk still lets files be removed."""
        with self._lock:
            self.count += 1
            now = self.count
        if not self.nth or now < self.nth:
            return
        if self.how in SIGNALS:
            if now == self.nth:
                os.kill(os.getpid(), SIGNALS[self.how])
        elif now == self.nth or (self.how in LASTING and not (removes and self.how == "ENOSPC")):
            if sqlite:
                raise sqlite3.OperationalError(
                    {"ENOSPC": "database or disk is full", "EROFS": "attempt to write a readonly database"}.get(
                        self.how, "disk I/O error"
                    )
                )
            code = getattr(errno, self.how)
            raise OSError(code, os.strerror(code), *([os.fsdecode(path)] if isinstance(path, (str, bytes)) else []))

    def breaks_now(self) -> bool:
        return self.how == "kill" and self.count + 1 == self.nth

    def _hook(self, event: str, arguments: tuple) -> None:
        if event == "open":
            path, _, flags = arguments
            if self._below(path):
                if flags & WRITES:
                    self.point(path=path)
                elif self.unreadable and os.fsdecode(path) in self.unreadable:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), os.fsdecode(path))
        elif event in CHANGES and self._below(arguments[0], arguments[-1]):
            if event == "os.link" and self.no_links:
                code = getattr(errno, self.no_links)
                raise OSError(code, os.strerror(code))
            self.point(removes=event in ("os.remove", "os.rmdir"), path=arguments[0])

    def _below(self, path: object, folder: object = -1) -> bool:
        if isinstance(path, int) or path is None:
            return isinstance(path, int) and path > 2
        text = os.fsdecode(path)
        if not text.startswith("/"):
            return isinstance(folder, int) and folder != -1  # rmtree: a name in a folder that is open
        return text.startswith(self.root + os.sep)

    def _watch_open(self) -> None:
        plain = builtins.open

        def watched(file, mode="r", *arguments, **options):
            stream = plain(file, mode, *arguments, **options)
            if set(mode) & set("wax+") and not isinstance(file, int) and self._below(file):
                if self.breaks_now():
                    os.write(stream.fileno(), HALF)
                try:
                    self.point()
                except OSError:
                    stream.close()
                    raise
            return stream

        builtins.open = io.open = watched

    def _watch_fsync(self) -> None:
        plain = os.fsync

        def watched(handle):
            self.point()
            plain(handle)
            self.point()

        os.fsync = watched

    def _watch_sqlite(self) -> None:
        plain, points = sqlite3.connect, self

        class Watched(sqlite3.Connection):
            def execute(self, sql, *rest):
                points._statement(sql)
                return super().execute(sql, *rest)

            def executemany(self, sql, *rest):
                points._statement(sql)
                return super().executemany(sql, *rest)

            def executescript(self, sql):
                points._statement(sql)
                return super().executescript(sql)

            def __exit__(self, *problem):
                if problem[0] is None:
                    try:
                        points.point(sqlite=True)
                    except sqlite3.Error:
                        self.rollback()
                        raise
                out = super().__exit__(*problem)
                if points.how in SIGNALS:
                    points.point()
                return out

        sqlite3.connect = lambda *a, **k: plain(*a, **{"factory": Watched, **k})

    def _statement(self, sql: str) -> None:
        if not sql.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            self.point(sqlite=True)
