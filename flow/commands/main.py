"""One run from its arguments to its exit code: the only place where errors are caught and told."""

import contextlib
import os
import shlex
import sqlite3
import sys
import time
import warnings
from dataclasses import replace
from datetime import datetime, timezone

import config as cfg
from flow.base import locks, names, paths, runlog, settings
from flow.base.errors import DONE, FAILED, INTERRUPTED, BadUsage, NotReady, Quit, RoboError, Stopped
from flow.commands import help, run_record
from flow.commands.command import Outcome, Run
from flow.commands.parse import Invocation, as_typed, flags_as_typed, parse
from flow.guide import ask, basetag_state
from flow.guide.next_steps import next_steps
from flow.models.todays_labels import note_labels
from flow.records import apply_journal, decisions
from flow.records.basetags import moving
from flow.records.catalogue import Catalogue
from flow.records.labels.take_by_hand import take_by_hand
from flow.records.open_catalogue import open_catalogue, open_copy
from flow.sms import notify
from flow.ui import console, texts

STAMP = "%Y%m%d_%H%M%S"


def main(words: list[str]) -> int:
    """Run once; returns the exit code. Tells everything there is to tell, raises nothing."""
    outcome = Outcome("roboflow")
    try:
        return _run(words, outcome)
    except Quit:
        console.note(texts.GOODBYE)
        return DONE
    except KeyboardInterrupt:
        return _stopped(outcome, INTERRUPTED, "Stopped by Ctrl-C")
    except Stopped as stop:
        return _stopped(outcome, stop.code, stop.reason)
    except BrokenPipeError:
        sys.stdout = None  # whoever read our results has left; there is nobody to tell
        return FAILED
    except RoboError as problem:
        return _failed(outcome, problem.message, problem.hint, problem.code)
    except (OSError, sqlite3.DatabaseError) as problem:
        hint = "Nothing was lost; put that right and run the same command again."
        return _failed(outcome, run_record.disk_text(problem), hint, FAILED)
    except Exception as problem:  # noqa: BLE001 - the wall: a bug of ours becomes one sentence and a traceback in the log
        runlog.failure(problem)
        message = f"That was a mistake of mine: {type(problem).__name__}: {problem}"
        return _failed(outcome, message, texts.BUG_HINT, FAILED)
    finally:
        runlog.stop()
        _flush()


def _run(words: list[str], outcome: Outcome) -> int:
    warnings.showwarning = lambda message, *_, **__: runlog.info(f"warning: {message}")  # libraries talk to the log
    console.setup(no_color="--no-color" in words, quiet="--quiet" in words, json="--json" in words)
    asked = parse(words)
    _settle(asked)
    asked = parse(words)  # once more: the defaults are those of the settings that were just read
    if asked.common.help or asked.common.helpmore:
        console.page(help.help_text(asked, words))
        if not (asked.common.helpmore and console.can_ask() and console.yes_no("Go on to the guided set-up?", False)):
            return DONE
        asked = parse([])
    if asked.common.dry_run and not asked.command.dry_run:
        raise BadUsage(f"--dry-run does not go with {asked.command.name}.", help.dry_run_hint())
    if asked.command.report:
        return _report(asked)
    if asked.basetag is not None:
        asked = _named(asked)
    labels: tuple[str, ...] = ()
    guided = False
    if missing := asked.missing():
        console.need_terminal(f"The {missing[0]}")
        asked, labels, guided = _guide(asked)
        asked = _named(asked)
    basetag = outcome.basetag = asked.basetag or ""
    if asked.common.dry_run:
        return _dry_run(asked, outcome)
    _start_log(basetag, words)
    with run_record.signals(), contextlib.ExitStack() as stack:
        lock, read_only = None, asked.command.is_read_only(asked.options)
        if not read_only:
            lock = stack.enter_context(locks.held(paths.lock(basetag), asked.common.lock_wait, _owner(words)))
            stack.enter_context(run_record.recorded(asked.command.name, outcome))
        if not read_only:
            for text in _finish_moving(asked, basetag, words):
                console.note(text)
        if not asked.command.new_basetag:
            _must_exist(basetag)
        opened = open_catalogue if asked.command.opens_catalogue else open_copy
        with opened(basetag) as catalogue:
            if asked.command.opens_catalogue and not read_only:
                _finish_killed(asked, catalogue)

            def typed(**chosen: object) -> str:
                return shlex.join(as_typed(asked.choose(**chosen)))

            run = Run(basetag, _now(), catalogue, outcome, lock, asked.given, console.can_ask(), guided, typed, labels)
            _carry_out(asked, run)
    _tell_result(asked, outcome)
    runlog.info(f"done, exit {outcome.code}: {outcome.full_line()}")
    _tell_next(outcome)
    return outcome.code


def _carry_out(asked: Invocation, run: Run) -> None:
    """The flowstep itself. One of the loop adds the results of its steps; any other returns its one result."""
    assert asked.command.run is not None
    begin = time.monotonic()
    run.outcome.step = "" if asked.command.in_loop else asked.command.name
    result = asked.command.run(run, asked.options)
    if result is not None:
        run.outcome.add(asked.command.name, result, time.monotonic() - begin)


def _dry_run(asked: Invocation, outcome: Outcome) -> int:
    """Say what the command would do. Nothing is changed, so nothing is locked, logged or remembered."""
    assert asked.command.dry_run is not None
    if not asked.command.new_basetag:
        _must_exist(outcome.basetag)
    with open_copy(outcome.basetag) as catalogue:
        run = Run(outcome.basetag, _now(), catalogue, outcome, None, asked.given, console.can_ask())
        for step, result in asked.command.dry_run(run, asked.options):
            outcome.add(step, result, 0.0)
    _tell_result(asked, outcome)
    return outcome.code


def _report(asked: Invocation) -> int:
    assert asked.command.report is not None
    report = asked.command.report(names.folder_name(asked.basetag, "basetag") if asked.basetag else "")
    if console.is_json():
        console.result(texts.as_json(report.facts))
        return report.code
    for line in report.text.split("\n"):
        is_command = line.lstrip().startswith("python roboflow.py")
        console.result(line, is_command)
    return report.code


# Before the work


def _settle(asked: Invocation) -> None:
    """How this run talks, and the settings: file, environment, options, the strongest last."""
    common = asked.common
    console.setup(
        no_input=common.no_input, no_color=common.no_color, quiet=common.quiet, verbose=common.verbose, json=common.json
    )
    changed = settings.load(paths.PROJECT)
    if common.tf_files is not None:
        settings.check_folder(common.tf_files, "--tf-files")
        cfg.path_to_tf_files = paths.from_here(common.tf_files)
    if "max_minutes" in asked.given_common:
        cfg.max_minutes = common.max_minutes
    for name, where in changed.items():
        console.detail(f"{name} = {getattr(cfg, name)!r} (from {where})")
        if ", " in where:
            console.note(f"{where}: this setting is called {name} now; the old name goes on working.")
    if foreign := settings.foreign_variables():
        console.detail(f"Ignored in the environment, as no setting has such a name: {', '.join(sorted(foreign))}.")


def _guide(asked: Invocation) -> tuple[Invocation, tuple[str, ...], bool]:
    """Ask for what was left out; the answer is a whole command, which is read as if it had been typed."""
    from flow.guide import guide

    if asked.common.dry_run:
        raise BadUsage("The guide shows its plan before it begins.", "--dry-run needs a whole command.")
    given = {name: getattr(asked.options, name) for name in asked.given}
    given |= {"basetag": asked.basetag} if asked.basetag is not None else {}
    guided = guide.complete(asked.command.name, asked.command.in_loop, given, flags_as_typed(asked))
    whole = parse(guided.words)
    whole = replace(whole, common=asked.common, given_common=asked.given_common)
    return whole, guided.labels, guided.is_shown


def _named(asked: Invocation) -> Invocation:
    """With the basetag as a folder name. One that is nearly the name of another is probably a slip."""
    basetag = names.folder_name(asked.basetag or "", "basetag")
    asked = replace(asked, basetag=basetag)
    if basetag_state.is_known(basetag) or asked.common.new:
        return asked
    near = names.one_slip_away(basetag, basetag_state.basetags())
    if not near:
        return asked
    if not console.can_ask():
        hint = f"Give {near}, or --new to begin {basetag}."
        raise BadUsage(f"There is no basetag {basetag}, but there is {near}.", hint)
    if ask.near_basetag(basetag, near):
        return replace(asked, basetag=near)
    common, given = replace(asked.common, new=True), asked.given_common | {"new"}
    return replace(asked, common=common, given_common=given)


def _must_exist(basetag: str) -> None:
    if not basetag_state.is_known(basetag):
        raise NotReady(
            f"There is no basetag {basetag} yet.", f"Begin one: python roboflow.py {basetag} 50 {basetag} download"
        )


def _start_log(basetag: str, words: list[str]) -> None:
    runlog.start(paths.log(basetag), f"{datetime.now(timezone.utc):%H%M%S}-{time.monotonic_ns() % 10000:04d}")
    runlog.info(f"command: {shlex.join(['roboflow.py', *words])}")
    runlog.hide_native_noise()
    notify.begin()


def _finish_moving(asked: Invocation, basetag: str, words: list[str]) -> list[str]:
    """Finish a renaming, removal or restoring of a whole basetag that was cut short, under the locks of both names."""
    others = {name for _, one in moving.unfinished(basetag) for name in (one.old, one.new)} - {basetag}
    with contextlib.ExitStack() as stack:
        for other in sorted(others):
            stack.enter_context(locks.held(paths.lock(other), asked.common.lock_wait, _owner(words)))
        return moving.finish(basetag)


def _finish_killed(asked: Invocation, catalogue: Catalogue) -> None:
    """Finish what a killed run left behind, and take what was done to label folders by hand."""
    assert asked.basetag is not None
    decisions.finish_pending(asked.basetag, catalogue)
    undos = asked.command.name != "undo"
    for text in apply_journal.finish_unfinished(asked.basetag, catalogue, undos=undos):
        console.note(text)
    if not undos and apply_journal.is_undoing(asked.basetag):
        return  # half of the folders are back: what they look like now means nothing
    if take_by_hand(asked.basetag, catalogue, _now()):
        note_labels(asked.basetag, catalogue)


def _owner(words: list[str]) -> dict:
    return {
        "pid": os.getpid(),
        "since": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        "command": shlex.join(["roboflow.py", *words]),
    }


def _now() -> str:
    return datetime.now().strftime(STAMP)


# After the work


def _tell_result(asked: Invocation, outcome: Outcome) -> None:
    """To stdout: one JSON object, the one line that cron mails, or at a terminal a small table."""
    if console.is_json():
        facts = {"basetag": outcome.basetag, "flowstep": asked.command.name, "exit": outcome.code}
        console.result(texts.as_json({**facts, "results": outcome.facts(), "warnings": console.warnings()}))
    elif console.results_on_screen() and not console.is_quiet():
        for line in outcome.table():
            console.result(line)
    elif not console.is_quiet() or outcome.code or console.warnings():
        console.result(outcome.line())


def _tell_next(outcome: Outcome) -> None:
    """The last line at a terminal: what comes next, and how one types it."""
    if console.is_watched() and not console.is_json() and not console.is_quiet():
        step = next_steps(basetag_state.read_state(outcome.goes_on_as or outcome.basetag))[0]
        console.note(f"next: {step.title}")
        console.raw(f"  {step.command}")


def _stopped(outcome: Outcome, code: int, reason: str) -> int:
    for name, result in outcome.results:
        console.note(f"  {name}: {result.line()}")
    if console.is_json():
        hint = "The same command goes on from here."
        console.result(_error_json(outcome, {"exit": code, "error": reason, "hint": hint}))
    console.error(f"{reason}; nothing is half done.", "The same command goes on from here.")
    return code


def _failed(outcome: Outcome, message: str, hint: str, code: int) -> int:
    message = runlog.hide_secrets(message)
    for warned in console.warnings() if not console.is_watched() else []:
        console.error(warned)
    if console.is_json():
        console.result(_error_json(outcome, {"exit": code, "error": message, "hint": hint}))
    console.error(message, hint)
    if outcome.step:
        notify.failed(outcome.basetag, outcome.step, message)
    return code


def _error_json(outcome: Outcome, facts: dict) -> str:
    return texts.as_json({"basetag": outcome.basetag, **facts, "results": outcome.facts()})


def _flush() -> None:
    for name in ("stdout", "stderr"):
        try:
            getattr(sys, name).flush()
        except (OSError, ValueError, AttributeError):
            setattr(sys, name, None)  # nobody can be told; Python would try once more and complain
