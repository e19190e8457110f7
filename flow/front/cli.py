"""One run from its arguments to its exit code: the only place where errors are caught and said."""

import contextlib
import shlex
import sqlite3
import sys
import time
import warnings
from dataclasses import replace
from datetime import datetime, timezone

import config as cfg
from flow.base import locks, names, paths, runlog, settings
from flow.base.errors import DONE, FAILED, INTERRUPTED, NOT_READY, BadUsage, NotReady, Quit, RoboError, Stopped
from flow.front import arguments, dry, run, short, state, status, watch
from flow.front.arguments import Options
from flow.front.next_steps import next_steps
from flow.plan import FLOWS, READ_ONLY, SHORT_FLOWS, Disk, Plan, Request, make_plan
from flow.records.catalogue import Catalogue
from flow.records.recall import catalogue_of
from flow.talk import console, words
from flow.talk.helps import HELPS
from flow.texts import notify

STAMP = "%Y%m%d_%H%M%S"


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
        hint = "Nothing was lost; put that right and run the same command again."
        return _failed(outcome, watch.disk_words(problem), hint, FAILED)
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
    console.setup(
        no_input=options.no_input,
        no_color=options.no_color,
        quiet=options.quiet,
        verbose=options.verbose,
        json=options.json,
    )
    _settle(options)
    if options.help or options.helpmore:
        console.page(words.helpmore() if options.helpmore else words.help_text())
        if not (options.helpmore and console.can_ask() and console.yes_no("Go on to the guided set-up?", False)):
            return DONE
        request = Request()
    dry.check(request)
    if request.flowstep == "status":
        return _status(request)
    guided = _incomplete(request)
    if guided:
        request, guided = _guide(request)
    basetag = names.folder_name(request.basetag or "", "basetag")
    if request.searchtag not in (None, "0"):
        names.folder_name(request.searchtag, "searchtag")  # refused before anything is made
    outcome.basetag = basetag
    if request.dry_run:
        return _dry(request, basetag, outcome)
    runlog.start(paths.log(basetag), f"{datetime.now(timezone.utc):%H%M%S}-{time.monotonic_ns() % 10000:04d}")
    runlog.info(f"command: {shlex.join(['roboflow.py', *given])}")
    runlog.hide_native_noise()
    notify.begin()
    with watch.signals(), contextlib.ExitStack() as stack:
        if request.flowstep not in READ_ONLY:
            stack.enter_context(locks.held(paths.lock(basetag), cfg.lock_wait_s, _who(given)))
            stack.enter_context(watch.remembered(request.flowstep, outcome))
        code = _work(request, basetag, outcome, guided)
    _say_next(basetag)
    return code


def _work(request: Request, basetag: str, outcome: run.Outcome, guided: bool) -> int:
    """Everything between taking the lock and the last line."""
    disk = status.disk_state(basetag)
    if (request.flowstep in SHORT_FLOWS and request.flowstep != "take") or request.flowstep == "harvest":
        _must_exist(basetag, disk)
    with catalogue_of(basetag) as catalogue:
        _mend(basetag, catalogue, request.flowstep)
        if request.flowstep in FLOWS:
            _flow(request, basetag, disk, catalogue, outcome, guided)
        else:
            outcome.step = request.flowstep
            result = short.do(request, basetag, datetime.now().strftime(STAMP), catalogue)
            outcome.results.append((request.flowstep, result))
    _say_result(request, basetag, outcome)
    runlog.info(f"done, exit {outcome.code}: {outcome.line()}")
    return outcome.code


def _say_next(basetag: str) -> None:
    """The last note of every run: what comes next, and how one types it."""
    if console.is_watched() and not console.is_json() and not console.is_quiet():
        step = next_steps(state.gather(basetag))[0]
        console.note(f"next: {step.title}")
        console.raw(f"  {step.command}")


def _say_result(request: Request, basetag: str, outcome: run.Outcome) -> None:
    """The one line, or the one JSON object, to stdout."""
    if console.is_json():
        console.result(
            words.as_json(
                {
                    "basetag": basetag,
                    "flowstep": request.flowstep,
                    "exit": outcome.code,
                    "results": outcome.facts(),
                    "warnings": console.warnings(),
                }
            )
        )
    elif not console.is_quiet() or outcome.code or console.warnings():
        console.result(outcome.line())


def _flow(request: Request, basetag: str, disk: Disk, catalogue: Catalogue, outcome: run.Outcome, guided: bool) -> None:
    """A flow of steps: plan it, say it, do it."""
    plan = _plan(request, disk)
    if not disk.known and not plan.searchtag:
        _must_exist(basetag, disk)
    if guided:
        from flow.front import guide

        guide.confirm(plan, request)
        guide.make_labels(request)
        plan = replace(plan, attended=True)
    if plan.ask_model:
        from flow.front import guide

        plan = guide.with_model(plan, catalogue)
    run.make_basetag(plan.basetag)
    run.carry_out(plan, catalogue, outcome)


def _plan(request: Request, disk: Disk) -> Plan:
    """The plan; more than one cycle's worth of images is asked about first."""
    if run.over_the_cap(request.quantity) and console.can_ask():
        console.note(f"{request.quantity} images are more than one cycle's worth ({cfg.imgnum_maxpercycle}).")
        if not console.yes_no(f"Take {cfg.imgnum_maxpercycle} now?", True, HELPS["cycle"]):
            raise Quit
    return make_plan(request, disk, datetime.now().strftime(STAMP), console.can_ask())


def _dry(request: Request, basetag: str, outcome: run.Outcome) -> int:
    """Say what the command would do; nothing is changed, so nothing is locked, logged or remembered."""
    disk = status.disk_state(basetag)
    if request.flowstep not in (*FLOWS, "take") or request.flowstep == "harvest":
        _must_exist(basetag, disk)
    outcome.results += dry.results(request, basetag, disk, datetime.now().strftime(STAMP))
    _say_result(request, basetag, outcome)
    return outcome.code


def _status(request: Request) -> int:
    basetag = names.folder_name(request.basetag, "basetag") if request.basetag else ""
    found = status.states(basetag)
    console.result(words.as_json(status.facts(found)) if console.is_json() else status.text(found))
    return NOT_READY if basetag and not found[0].known else DONE


def _incomplete(request: Request) -> bool:
    """Whether the guide must ask for what is missing."""
    missing = [n for n in ("basetag", "quantity", "searchtag") if getattr(request, n) is None]
    if missing:
        console.need_terminal(f"The {'imagequantity' if missing[0] == 'quantity' else missing[0]}")
    return bool(missing)


def _guide(request: Request) -> tuple[Request, bool]:
    from flow.front import guide

    if request.dry_run:
        raise BadUsage("The guide shows its plan before it begins.", "--dry-run goes with a whole command.")

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
    from flow.records import decisions, moving

    if flowstep not in READ_ONLY:
        decisions.settle(basetag, catalogue)
        for said in moving.finish_unfinished(basetag, catalogue, undos=flowstep != "undo"):
            console.note(said)


def _who(given: list[str]) -> dict:
    import os

    return {
        "pid": os.getpid(),
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "command": shlex.join(["roboflow.py", *given]),
    }


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


def _flush() -> None:
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, None)  # nobody can be told; Python would try once more and complain
