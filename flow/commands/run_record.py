"""What surrounds every run that changes something: signals that end it politely, and the record it leaves."""

import contextlib
import errno
import signal
from collections.abc import Iterator
from datetime import datetime, timezone

import config as cfg
from flow.base import paths, runlog
from flow.base.errors import FAILED, INTERRUPTED, PARTIAL, TERMINATED, Quit, RoboError, Stopped
from flow.commands.command import Outcome

DISK_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EIO: "the disk failed",
}


@contextlib.contextmanager
def signals() -> Iterator[None]:
    """SIGTERM and --max-minutes arrive as Stopped, wherever the run is."""

    def terminated(*_: object) -> None:
        raise Stopped(TERMINATED, "Told to stop")

    def out_of_time(*_: object) -> None:
        raise Stopped(PARTIAL, f"The {cfg.max_minutes:g} minutes are over")

    before = signal.signal(signal.SIGTERM, terminated), signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, cfg.max_minutes * 60)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGALRM, before[1])


@contextlib.contextmanager
def recorded(flowstep: str, outcome: Outcome) -> Iterator[None]:
    """Write last_run.json when the run has ended, well or not; a run that was killed leaves that of the one before."""
    begin = datetime.now(timezone.utc)

    def remember(code: int, line: str) -> None:
        facts = {
            "start": begin.isoformat(timespec="seconds"),
            "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "exit": code,
            "flowstep": flowstep,
            "line": line,
            "results": outcome.facts(),
        }
        runlog.save_last_run(paths.last_run(outcome.basetag), facts)

    try:
        yield
    except Quit:  # no failure: what was done until then is what the run came to
        if outcome.results:
            remember(outcome.code, outcome.line())
        raise
    except (RoboError, Stopped) as problem:
        with contextlib.suppress(OSError):  # a full disk: what is wrong is said elsewhere
            remember(problem.code, getattr(problem, "message", getattr(problem, "reason", "")))
        raise
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            remember(INTERRUPTED, "Stopped by Ctrl-C")
        raise
    except Exception as problem:
        with contextlib.suppress(OSError):
            remember(FAILED, disk_text(problem))
        raise
    remember(outcome.code, outcome.line())


def disk_text(problem: BaseException) -> str:
    """An operating system error in plain words, with the file it is about."""
    text = DISK_FULL.get(getattr(problem, "errno", None) or 0, str(problem) or type(problem).__name__)
    where = getattr(problem, "filename", None)
    return f"{text[:1].upper()}{text[1:]}{f' ({where})' if where else ''}."
