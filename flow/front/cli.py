"""One run from its arguments to its exit code: the only place where errors are caught and said."""

import contextlib
import errno
import shlex
import signal
import sqlite3
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

import config as cfg
from flow.base import locks, names, paths, runlog, settings
from flow.base.errors import (
    DONE,
    FAILED,
    INTERRUPTED,
    NOT_READY,
    PARTIAL,
    TERMINATED,
    BadUsage,
    NotReady,
    Quit,
    RoboError,
    Stopped,
)
from flow.front import arguments, run, status, take
from flow.front.arguments import Options
from flow.plan import FLOWS, READ_ONLY, SHORT_FLOWS, Disk, Plan, Request, make_plan
from flow.records.catalogue import Catalogue
from flow.records.recall import catalogue_of
from flow.talk import console, words
from flow.texts import notify

STAMP = "%Y%m%d_%H%M%S"
DISK_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "not permitted",
    errno.EIO: "the disk failed",
}


def main(given: list[str]) -> int:
    """Run once; returns the exit code. Says everything there is to say, raises nothing."""
    outcome = run.Outcome("roboflow")
    try:
        return _run(given, outcome)
    except Quit:
        console.note(words.GOODBYE)
        return DONE
    except KeyboardInterrupt:
        return _stopped(outcome, INTERRUPTED, "Stopped by Ctrl-C")
    except Stopped as stop:
        return _stopped(outcome, stop.code, stop.reason)
    except BrokenPipeError:
        sys.stdout = None  # whoever read our results has left; nothing more to say to them
        return FAILED
    except RoboError as problem:
        return _failed(outcome, problem.message, problem.hint, problem.code)
    except (OSError, sqlite3.DatabaseError) as problem:
        return _failed(
            outcome, _disk_words(problem), "Nothing was lost; put that right and run the same command again.", FAILED
        )
    except Exception as problem:  # noqa: BLE001 - the wall: a bug of ours becomes one sentence and a traceback in the log
        runlog.failure(problem)
        return _failed(
            outcome, f"That was a mistake of mine: {type(problem).__name__}: {problem}", words.BUG_HINT, FAILED
        )
    finally:
        runlog.stop()
        _flush()


def _run(given: list[str], outcome: run.Outcome) -> int:
    warnings.showwarning = lambda message, *_, **__: runlog.info(f"warning: {message}")  # libraries talk to the log
    console.setup(no_color="--no-color" in given, quiet="--quiet" in given, json="--json" in given)
    request, options = arguments.parse(given)
    console.setup(no_input=options.no_input, no_color=options.no_color, quiet=options.quiet, verbose=options.verbose,
                  json=options.json)  # fmt: skip
    _settle(options)
    if options.help or options.helpmore:
        console.page(words.helpmore() if options.helpmore else words.help_text())
        if not (options.helpmore and console.can_ask() and console.yes_no("Go on to the guided set-up?", False)):
            return DONE
        request = Request()
    if request.flowstep == "status":
        return _status(request)
    guided = _incomplete(request)
    if guided:
        request = _guide(request)
    basetag = names.folder_name(request.basetag or "", "basetag")
    if request.searchtag not in (None, "0"):
        names.folder_name(request.searchtag, "searchtag")  # refused before anything is made
    outcome.basetag = basetag
    runlog.start(paths.log(basetag), f"{datetime.now(timezone.utc):%H%M%S}-{time.monotonic_ns() % 10000:04d}")
    runlog.info(f"command: {shlex.join(['roboflow.py', *given])}")
    runlog.hide_native_noise()
    notify.begin()
    with _signals(), contextlib.ExitStack() as stack:
        if request.flowstep not in READ_ONLY:
            stack.enter_context(locks.held(paths.lock(basetag), cfg.lock_wait_s, _who(given)))
            stack.enter_context(_remembered(request, outcome))
        return _work(request, basetag, outcome, guided)


def _work(request: Request, basetag: str, outcome: run.Outcome, guided: bool) -> int:
    """Everything between taking the lock and the last line."""
    disk = status.disk_state(basetag)
    if request.flowstep in SHORT_FLOWS or request.flowstep == "harvest":
        _must_exist(basetag, disk)
    with catalogue_of(basetag) as catalogue:
        _mend(basetag, catalogue, request.flowstep)
        if request.flowstep in FLOWS:
            _flow(request, basetag, disk, catalogue, outcome, guided)
        else:
            _short(request, basetag, catalogue, outcome)
    if console.is_json():
        console.result(words.as_json({"basetag": basetag, "flowstep": request.flowstep, "exit": outcome.code,
                                      "results": outcome.facts(), "warnings": console.warnings()}))  # fmt: skip
    elif not console.is_quiet() or outcome.code or console.warnings():
        console.result(outcome.line())
    runlog.info(f"done, exit {outcome.code}: {outcome.line()}")
    return outcome.code


def _flow(request: Request, basetag: str, disk: Disk, catalogue: Catalogue, outcome: run.Outcome, guided: bool) -> None:
    """A flow of steps: plan it, say it, do it."""
    plan = _plan(request, disk)
    if not disk.known and not plan.searchtag:
        _must_exist(basetag, disk)
    if guided:
        from flow.front import guide

        guide.confirm(plan, request)
        plan = replace(plan, attended=True)
    if plan.ask_model:
        from flow.front import guide

        plan = guide.with_model(plan, catalogue)
    made = run.make_basetag(plan)
    for folder in made:
        console.note(f"made {folder}")
    run.carry_out(plan, catalogue, outcome)


def _plan(request: Request, disk: Disk) -> Plan:
    """The plan; more than one cycle's worth of images is asked about first."""
    if run.over_the_cap(request.quantity) and console.can_ask():
        console.note(f"{request.quantity} images are more than one cycle's worth ({cfg.imgnum_maxpercycle}).")
        if not console.yes_no(f"Take {cfg.imgnum_maxpercycle} now?", True):
            raise Quit
    return make_plan(request, disk, datetime.now().strftime(STAMP), console.can_ask())


def _short(request: Request, basetag: str, catalogue: Catalogue, outcome: run.Outcome) -> None:
    """A flowstep with one job of its own."""
    stamp = datetime.now().strftime(STAMP)
    outcome.step = request.flowstep
    if request.flowstep == "models":
        from flow.models import leaderboard

        board = leaderboard.leaderboard(basetag, catalogue)
        if not console.is_json():
            leaderboard.show(board, to_stdout=True)
        result: object = board
    elif request.flowstep == "explore":
        from flow.retrain import explore

        result = explore.explore(basetag, request.training, stamp, catalogue)
    elif request.flowstep == "approve":
        from flow.harvest import approve

        result = approve.approve(basetag, request.folder or "", stamp, catalogue)
    elif request.flowstep == "forget":
        result = _forget(request, basetag, catalogue)
    elif request.flowstep == "undo":
        from flow.harvest import step as harvest

        result = harvest.undo(basetag, catalogue)
    elif request.flowstep == "export":
        result = take.export(request, basetag, catalogue)
    elif request.flowstep == "try":
        result = take.try_out(request, basetag, catalogue)
    else:
        result = run.Said(notify.test(basetag))
    outcome.results.append((request.flowstep, result))


def _forget(request: Request, basetag: str, catalogue: Catalogue) -> object:
    from flow.models import forget, leaderboard

    if request.keep is None:
        raise BadUsage("forget needs to know how many models stay.", f"python roboflow.py {basetag} forget --keep 10")
    return forget.forget(basetag, leaderboard.ranked(basetag, catalogue), request.keep, request.dry_run)


def _status(request: Request) -> int:
    basetag = names.folder_name(request.basetag, "basetag") if request.basetag else ""
    found = status.status(basetag)
    console.result(words.as_json(found) if console.is_json() else status.text(found))
    return NOT_READY if basetag and not found[basetag]["known"] else DONE


def _incomplete(request: Request) -> bool:
    """Whether the guide must ask for what is missing."""
    missing = [n for n in ("basetag", "quantity", "searchtag") if getattr(request, n) is None]
    if missing:
        console.need_terminal(f"The {'imagequantity' if missing[0] == 'quantity' else missing[0]}")
    return bool(missing)


def _guide(request: Request) -> Request:
    from flow.front import guide

    return guide.complete(request)


def _settle(options: Options) -> None:
    """Settings file, environment and options, strongest last."""
    changed = settings.load(paths.PROJECT)
    if options.tf_files is not None:
        settings.check_folder(options.tf_files, "--tf-files")
        cfg.path_to_tf_files = os_path(options.tf_files)
    for name, text in (("lock_wait_s", options.lock_wait), ("max_minutes", options.max_minutes)):
        if text is not None:
            setattr(cfg, name, settings.checked_text(name, text, f"--{name.replace('_s', '').replace('_', '-')}"))
    for name, where in changed.items():
        console.detail(f"{name} = {getattr(cfg, name)!r} (from {where})")


def os_path(text: str) -> str:
    """A folder given as an option is meant from the current directory, unlike one in the settings."""
    from pathlib import Path

    return str(Path(text).expanduser().absolute())


def _must_exist(basetag: str, disk: Disk) -> None:
    if not disk.known:
        raise NotReady(
            f"There is no basetag {basetag} yet.", f"Begin one: python roboflow.py {basetag} 50 {basetag} download"
        )


def _mend(basetag: str, catalogue: Catalogue, flowstep: str) -> None:
    """What a killed run left behind."""
    from flow.records import moving

    if flowstep not in READ_ONLY:
        for said in moving.finish_unfinished(basetag, catalogue, undos=flowstep != "undo"):
            console.note(said)


def _who(given: list[str]) -> dict:
    import os

    return {
        "pid": os.getpid(),
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "command": shlex.join(["roboflow.py", *given]),
    }


@contextlib.contextmanager
def _signals() -> Iterator[None]:
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
def _remembered(request: Request, outcome: run.Outcome) -> Iterator[None]:
    """Write last_run.json when the run has ended, well or not; a run that was killed leaves that of the one before."""
    begin = datetime.now(timezone.utc)

    def remember(code: int, line: str) -> None:
        runlog.save_last_run(
            paths.last_run(outcome.basetag),
            {
                "start": begin.isoformat(timespec="seconds"),
                "end": datetime.now(timezone.utc).isoformat(timespec="seconds"),
                "exit": code,
                "flowstep": request.flowstep,
                "line": line,
                "results": outcome.facts(),
            },
        )

    try:
        yield
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
            remember(FAILED, _disk_words(problem))
        raise
    remember(outcome.code, outcome.line())


def _stopped(outcome: run.Outcome, code: int, reason: str) -> int:
    for name, result in outcome.results:
        console.note(f"  {name}: {result.line()}")
    if console.is_json():
        console.result(_told(outcome, {"exit": code, "error": reason, "hint": "The same command goes on from here."}))
    console.error(f"{reason}; nothing is half done.", "The same command goes on from here.")
    return code


def _told(outcome: run.Outcome, facts: dict) -> str:
    """What --json gives, with the results so far."""
    return words.as_json({"basetag": outcome.basetag, **facts, "results": outcome.facts()})


def _failed(outcome: run.Outcome, message: str, hint: str, code: int) -> int:
    message = runlog.hide_secrets(message)
    for warned in console.warnings() if not console.is_watched() else []:
        console.error(warned)
    if console.is_json():
        console.result(_told(outcome, {"exit": code, "error": message, "hint": hint}))
    console.error(message, hint)
    if outcome.step:
        notify.failed(outcome.basetag, outcome.step, message)
    return code


def _disk_words(problem: BaseException) -> str:
    """An operating system error in plain words, with the file it is about."""
    text = DISK_FULL.get(getattr(problem, "errno", None) or 0, str(problem) or type(problem).__name__)
    where = getattr(problem, "filename", None)
    return f"{text[:1].upper()}{text[1:]}{f' ({where})' if where else ''}."


def _flush() -> None:
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, None)  # nobody can be told; Python would try once more and complain
