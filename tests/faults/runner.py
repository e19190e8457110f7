"""A process that has the program imported, without TensorFlow, and forks a child for every run asked of it.

One JSON line in: a list of runs; they are begun together. One JSON line out: how each ended. A run takes 20 to 200 ms.
"""

import atexit
import contextlib
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Run:
    """One run of the program. `nth`, `how`, `no_links`, `unreadable`: see points.Points."""

    arguments: tuple[str, ...]
    root: str
    nth: int = 0
    how: str = "kill"
    no_links: str = ""
    unreadable: tuple[str, ...] = ()
    clock_s: float = 0.0  # how far the wall clock is off
    before: str = ""  # name of a function of tests.faults.before, called in the child first
    environ: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """`code` is minus the signal's number where one ended it; `points`: operations counted, 0 where it was killed."""

    code: int
    points: int
    out: str
    err: str


class Runner:
    """The process, started when first needed."""

    def __init__(self):
        self._process: subprocess.Popen | None = None

    def __call__(self, *runs: Run) -> list[Ended]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.runner"],
                cwd=PROJECT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            atexit.register(self._end)
        self._process.stdin.write(json.dumps([asdict(run) for run in runs]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the runner died, exit {self._process.wait()}")
        return [Ended(**row) for row in json.loads(answer)]

    def _end(self) -> None:
        """It ends with its input."""
        self._process.stdin.close()
        self._process.wait()


_runner = Runner()


def together(*runs: Run) -> list[Ended]:
    """Begin all runs at once, wait for all."""
    return _runner(*runs)


def run(root: Path, *arguments: str, **options) -> Ended:
    """One run of the program on the data folder `root`."""
    return _runner(Run((*arguments, "--tf-files", str(root)), str(root), **options))[0]


# In the process itself


def _serve() -> None:
    sys.path.insert(0, str(PROJECT))
    _import_everything()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        with tempfile.TemporaryDirectory() as folder:
            begun = [_begin(Run(**wanted), Path(folder) / str(i)) for i, wanted in enumerate(json.loads(line))]
            answers.write(json.dumps([_end(pid, place) for pid, place in begun]) + "\n")
        answers.flush()


def _import_everything() -> None:
    import PIL.Image

    import flow.check.step
    import flow.classify
    import flow.commands.main
    import flow.download.step
    import flow.export.step
    import flow.guide.guide
    import flow.harvest.approve
    import flow.harvest.step
    import flow.models.leaderboard
    import flow.retrain.step  # noqa: F401
    import scripts.api
    import scripts.learn.hash_cache  # noqa: F401
    from tests.check import person  # noqa: F401
    from tests.faults import before, points, world  # noqa: F401

    PIL.Image.init()
    gc.freeze()  # what is there for all is not looked through again in every child
    world.stand_in_for_tensorflow()


def _begin(run: Run, place: Path) -> tuple[int, Path]:
    place.mkdir()
    pid = os.fork()
    if pid == 0:
        code = 99
        with contextlib.suppress(BaseException):
            code = _child(run, place)
        os._exit(code)
    return pid, place


def _child(run: Run, place: Path) -> int:
    from flow.commands import main
    from tests.faults import before, points

    os.environ.update(run.environ)
    for number, name in ((0, os.devnull), (1, place / "out"), (2, place / "err")):
        handle = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(os.dup(n), m) for n, m in ((0, "r"), (1, "w"), (2, "w")))
    count = os.open(place / "points", os.O_WRONLY | os.O_CREAT, 0o600)
    if run.clock_s:
        before.shift_clock(run.clock_s)
    watch = points.Points(run.root, run.nth, run.how, run.no_links, tuple(run.unreadable))
    if run.before:
        getattr(before, run.before)(watch)
    watch.install()
    code = main.main(list(run.arguments))
    total = watch.count
    watch.nth = 0
    os.write(count, str(total).encode("ascii"))
    sys.stdout and sys.stdout.flush()
    return code


def _end(pid: int, place: Path) -> dict:
    _, status = os.waitpid(pid, 0)
    text = {
        name: (place / name).read_text("utf-8", "replace") if (place / name).exists() else ""
        for name in ("out", "err", "points")
    }
    return asdict(Ended(os.waitstatus_to_exitcode(status), int(text["points"] or 0), text["out"], text["err"]))


if __name__ == "__main__":
    _serve()
    time.sleep(0)
