"""A real pseudo-terminal with the program in it, driven as a person would: wait for a text, type a line."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


class Terminal:
    """`with Terminal("robots", "--tf-files", folder) as t: t.expect("How many"); t.type("30")`."""

    def __init__(
        self, *arguments: str, rows: int = 24, columns: int = 80, command: list[str] | None = None, **environ: str
    ):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm",
            "PAGER": "cat",
            "LINES": str(rows),
            "COLUMNS": str(columns),
            **environ,
        }
        command = command or [sys.executable, str(PROJECT / "roboflow.py"), *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=PROJECT,
            start_new_session=True,
            close_fds=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        self.screen = ""  # everything seen so far, without escape sequences
        self._raw = ""  # the same as it came
        self._read = 0  # how far `expect` has come

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def expect(self, text: str, timeout: float = 20) -> None:
        """Wait until `text` has appeared after what was expected before."""
        end = time.monotonic() + timeout
        while text not in self.screen[self._read :]:
            if not self._more(end) and text not in self.screen[self._read :]:
                raise AssertionError(f"{text!r} never came; the screen since then:\n{self.screen[self._read :]}")
        self._read = self.screen.index(text, self._read) + len(text)

    def type(self, text: str) -> None:
        """Type a line and press ENTER."""
        os.write(self._master, text.encode() + b"\n")

    def press(self, key: bytes) -> None:
        """Press one key, such as b"\\x03" for Ctrl-C."""
        os.write(self._master, key)

    def settle(self, quiet_s: float = 0.3) -> None:
        """Read until nothing more comes for a while."""
        while self._more(time.monotonic() + quiet_s):
            pass

    def resize(self, rows: int, columns: int) -> None:
        """As if somebody dragged the window's corner."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def ended(self, timeout: float = 90) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + timeout
        while self._more(end):
            pass
        return self.process.wait(timeout=max(1.0, end - time.monotonic()))

    def last_lines(self, count: int = 5) -> str:
        return "\n".join(self.screen.rstrip().split("\n")[-count:])

    def shown(self) -> list[str]:
        """The lines as they stand on the screen after all that was written, moved over and wiped; none is scrolled away."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", self._raw):
            if part == "\n":
                row += 1
            elif part == "\r":
                column = 0
            elif part.startswith("\x1b"):
                row -= int(part[2:-1] or 1) if part[-1] == "A" else 0
                if part[-1] == "K":
                    lines[row] = "" if part[2:-1] == "2" else lines[row][:column]
            else:
                lines[row] = lines[row].ljust(column)[:column] + part + lines[row][column + len(part) :]
                column += len(part)
            lines += [""] * (row + 1 - len(lines))
        return lines

    def _more(self, end: float) -> bool:
        """Read what there is; False at the end of the output or of the patience."""
        left = end - time.monotonic()
        if left <= 0 or not select.select([self._master], [], [], left)[0]:
            return False
        try:
            raw = os.read(self._master, 65536)
        except OSError:
            return False
        self._raw += raw.decode("utf-8", "replace")
        self.screen += ESCAPES.sub("", raw.decode("utf-8", "replace"))
        return bool(raw)


def _own_terminal() -> None:
    """Make the pseudo-terminal the program's own, so that Ctrl-C reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run(
    *arguments: str,
    cwd: Path | None = None,
    environ: dict[str, str] | None = None,
    timeout: float = 240,
    stdin: int | None = subprocess.DEVNULL,
) -> subprocess.CompletedProcess:
    """Run roboflow.py without any terminal; stdout and stderr as text."""
    environment = {**os.environ, **(environ or {})}
    return subprocess.run(
        [sys.executable, str(PROJECT / "roboflow.py"), *arguments],
        cwd=cwd,
        env=environment,
        stdin=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
