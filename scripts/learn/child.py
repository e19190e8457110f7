"""A function of this library in a process of its own, for what needs TensorFlow for a moment: a gigabyte of memory goes
with that process, and is not missing for the rest of the evening.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.learn.backbones import BackboneProblem

PROJECT = Path(__file__).resolve().parent.parent.parent
START = "import sys; sys.path[0:1] = [sys.argv[1]]; from scripts.learn.child import serve; serve()"
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
    request = pickle.dumps((function.__module__, function.__qualname__, arguments))
    command = [sys.executable, "-c", START, str(PROJECT)]
    done = subprocess.run(command, input=request, capture_output=True, check=False)
    try:
        result, problem = pickle.loads(done.stdout)  # noqa: S301 - written by `serve` a moment ago
    except (pickle.UnpicklingError, EOFError) as broken:
        end = done.stderr.decode("utf-8", "replace")[-SHOWN:]
        message = f"{function.__name__} ended with {done.returncode}: {' '.join(end.split())}"
        raise ChildFailed(message, HINT) from broken
    if problem is not None:
        raise problem
    return result


def serve() -> None:
    """The other end of `call`: one request from stdin, its result to stdout, which nothing else reaches."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches the whole group; the caller says what there is to say
    answer = os.dup(1)
    os.dup2(2, 1)
    module, name, arguments = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - written by `call`
    result, problem = None, None
    try:
        __import__(module)
        result = getattr(sys.modules[module], name)(*arguments)
    except Exception as raised:  # noqa: BLE001 - raised again by `call`
        problem = raised
    with os.fdopen(answer, "wb") as out:
        out.write(pickle.dumps((result, problem)))
    sys.stdout.flush()
    from scripts.learn.tensor import tidy

    tidy()
    os._exit(0)  # TensorFlow takes another second to leave
