"""A function of this library in a process of its own, for what needs TensorFlow for a moment: a gigabyte of memory goes
with that process, and is not missing for the rest of the evening.
"""

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from scripts.learn.backbones import BackboneProblem

PROJECT = Path(__file__).resolve().parent.parent.parent
START = "import sys; sys.path[0:1] = [sys.argv[1]]; from scripts.learn.child import serve; serve()"
COMMAND = [sys.executable, "-c", START, str(PROJECT)]
MESSAGE, ENDED = "message", "ended"
STOP = b"stop\n"
NICE = 5  # what the person is at goes first
TELL_S = 0.2  # seconds between two messages
END_S = 5.0  # for a process that was told to end
HINT = "It takes 1.5 GB of memory for a few seconds. Run the same command again."
SHOWN = 400  # characters of what a child that broke down wrote last


class ChildFailed(BackboneProblem):
    """The process ended without a result: killed, or out of memory."""


def call(function: Callable[..., Any], *arguments: Any) -> Any:
    """What `function`, one of a module of ours, returns or raises. Where TensorFlow is loaded already, no process is
    started for it.

    Raises:
        ChildFailed: the process broke down.
    """
    if "tensorflow" in sys.modules:
        return function(*arguments)
    request = pickle.dumps((function.__module__, function.__qualname__, arguments, False))
    done = subprocess.run(COMMAND, input=request, capture_output=True, check=False)
    try:
        _, (result, problem) = pickle.loads(done.stdout)  # noqa: S301 - written by `serve` a moment ago
    except (pickle.UnpicklingError, EOFError) as broken:
        end = done.stderr.decode("utf-8", "replace")[-SHOWN:]
        message = f"{function.__name__} ended with {done.returncode}: {' '.join(end.split())}"
        raise ChildFailed(message, HINT) from broken
    if problem is not None:
        raise problem
    return result


class Companion:
    """A function in a process of its own, while this one goes on; that process ends with this one, whatever ends it.

    The function is called with two arguments more: `tell`, which sends a message (anything that can be pickled), and
    `is_stopped`.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any):
        self.last_message: Any = None
        self._end: tuple[Any, BaseException | None] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self.process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is for the program, which says what becomes of this
        )
        request = pickle.dumps((function.__module__, function.__qualname__, arguments, True))
        self._reader = threading.Thread(target=self._read, args=(request,), name="companion", daemon=True)
        self._reader.start()

    @property
    def has_ended(self) -> bool:
        return not self._reader.is_alive()

    def stop(self) -> None:
        """Let it know that it shall come to an end; what that means is up to the function."""
        with contextlib.suppress(OSError, ValueError):
            self._stdin.write(STOP)
            self._stdin.flush()

    def result(self) -> Any:
        """What the function returned or raised, once it has ended.

        Raises:
            ChildFailed: the process broke down.
        """
        with contextlib.suppress(subprocess.TimeoutExpired):  # it has said all it will say, or breaks down
            self.process.wait(END_S)
        self.close()
        if self._end is None:
            raise ChildFailed(f"A process ended with {self.process.returncode}{self._last_words()}", HINT)
        result, problem = self._end
        if problem is not None:
            raise problem
        return result

    def close(self) -> None:
        """End the process, if it is still there."""
        self.process.kill()
        self.process.wait(END_S)
        self._reader.join(END_S)
        with contextlib.suppress(OSError):
            self._stdin.close()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _read(self, request: bytes) -> None:
        """In a thread: hand over the request, then hear what the process says until it ends."""
        assert self.process.stdout is not None
        with contextlib.suppress(OSError, EOFError, ValueError, pickle.UnpicklingError):  # `result` says so
            self._stdin.write(request)
            self._stdin.flush()
            while self._end is None:
                kind, message = pickle.load(self.process.stdout)  # noqa: S301 - written by `serve`
                if kind == MESSAGE:
                    self.last_message = message
                else:
                    self._end = message

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        return next((f": {line.strip()[:SHOWN]}" for line in reversed(lines) if line.strip()), "")


def serve() -> None:
    """The other end: one request from stdin, its result to stdout, which nothing else reaches."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches the whole group; the caller says what there is to say
    answer = os.dup(1)
    os.dup2(2, 1)
    module, name, arguments, is_companion = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by `call`
    out = os.fdopen(answer, "wb")
    if is_companion:
        os.nice(NICE)
        arguments = (*arguments, _Teller(out), _stop_signal())
    end: tuple[Any, BaseException | None]
    try:
        __import__(module)
        end = getattr(sys.modules[module], name)(*arguments), None
    except Exception as raised:  # noqa: BLE001 - raised again by the caller
        end = None, raised
    out.write(pickle.dumps((ENDED, end)))
    out.flush()
    sys.stdout.flush()
    from scripts.learn.tensor import tidy

    tidy()
    os._exit(0)  # TensorFlow takes another second to leave


class _Teller:
    """Tells the other process something, at most a few times a second; what comes too soon is left out."""

    def __init__(self, out: IO[bytes]):
        self._out, self._last = out, 0.0

    def __call__(self, message: Any) -> None:
        now = time.monotonic()
        if now - self._last > TELL_S:
            self._last = now
            self._out.write(pickle.dumps((MESSAGE, message)))
            self._out.flush()


def _stop_signal() -> Callable[[], bool]:
    """Whether the other process wants this one to stop. Where that one is gone, this one ends at once."""
    stopped = threading.Event()

    def listen() -> None:
        for line in sys.stdin.buffer:
            if line == STOP:
                stopped.set()
        os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    return stopped.is_set
