"""Text messages through Twilio: after long downloads, sorting, training, and failures; and `notify_test`.

The four messages return True where Twilio took them. One that cannot be sent becomes one warning and never more; only
`test` may fail. Reads the TWILIO_ variables of the environment, writes `logs/notified.json` (hashes of the reported
failures, and when). Whatever the network does, a message takes at most 25 s, and Ctrl-C works at any time.
"""

import contextlib
import functools
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import config as cfg
from flow.base import files, paths, runlog
from flow.base.errors import NoCredentials, RoboError
from flow.base.names import percent
from flow.sms import redact, twilio_client
from flow.ui import console

SAME_FAILURE_S = 6 * 3600.0  # cron every 5 minutes must not spend the balance on one full disk
TEXTS_MAX = 4  # messages a run; one failure may always be reported
SIGNATURE = "TWILIO_SIGLINE"
TEXT_MAX = 300  # characters of a whole message; Twilio splits it for the phone, and charges for two or three
TAG_MAX, SIGNATURE_MAX, COMMAND_MAX = 40, 40, 140
GOODBYE = "boop boop."

P = ParamSpec("P")
_now = time.time  # tests replace this
_sent: list[str] = []  # the messages of this run


def begin() -> None:
    """Start a new run: its messages are counted from zero."""
    _sent.clear()


def _message(compose: Callable[P, str]) -> Callable[P, bool]:
    """Make a function that sends what `compose` returns, unless it is empty; every problem becomes one warning."""

    @functools.wraps(compose)
    def tell(*args: P.args, **kwargs: P.kwargs) -> bool:
        if not cfg.twilio_active:
            return False
        try:
            text = compose(*args, **kwargs)
            # A failure with the same text, figures aside, is the same one.
            key = _key(str(args[0]), re.sub(r"\d+", "0", text)) if compose.__name__ == "failed" else ""
            return bool(text) and not (key and _reported_lately(key)) and _send(text, key)
        except twilio_client.NotSent as problem:
            _warn(f"No text message was sent: {problem.why} {problem.advice}")
        except RoboError as problem:
            _warn(f"No text message was sent: {problem.message} {problem.hint}")
        except Exception as problem:  # noqa: BLE001 - a message must not end a run
            _warn(f"No text message was sent ({type(problem).__name__}).")
        return False

    return tell


@_message
def downloaded(basetag: str, line: str, seconds: float) -> str:
    """Downloads are done; sent where they took at least cfg.sms_minsecstonotify.

    Args:
        line: what was downloaded, such as "200 of 200 'robotart' (14 duplicates skipped)".
    """
    if seconds < cfg.sms_minsecstonotify:
        return ""
    body = f"downloads done, {_harmless(line).rstrip('.')} in {_span(seconds)}."
    return _compose(basetag, body, "Next: classify them.")


@_message
def classified(basetag: str, total: int, sure: int, unsure: int, command: str) -> str:
    """How the images were sorted. `command` is what to type next; one that is too long is left out."""
    typed = _harmless(command)
    hint = f"Check first: run '{typed}'." if len(typed) <= COMMAND_MAX else "Look through the sorted folder first."
    return _compose(basetag, f"sorted {total} images, {sure} sure, {unsure} unsure.", hint)


@_message
def retrained(
    basetag: str, seconds: float, accuracy: float | None, before: float | None, n_test: int, is_top: bool
) -> str:
    """How good the new model is.

    Args:
        accuracy: fraction 0..1; None where it was not measured.
        before: accuracy of the best model before; None where there was none.
        n_test: images it was measured on.
    """
    figure = "Not measured."
    if accuracy is not None and n_test:
        was = "" if before is None else f" (was {percent(before)})"
        figure = f"Accuracy {percent(accuracy)}{was} on {n_test} images."
    hint = "Now the top model." if is_top else "The old top model stays; check more images by hand, then retrain."
    return _compose(basetag, f"retrained in {_span(seconds)}. {figure}", hint)


@_message
def failed(basetag: str, step: str, reason: str) -> str:
    """A failure, however short the run was; the same one at most once in 6 h."""
    log = f" Log: {basetag}.log." if basetag == _tag(basetag) else ""
    body = f"{_harmless(step).upper()} FAILED - {_harmless(reason).rstrip('.')}."
    return _compose(basetag, body, f"No images lost, run the same command again.{log}")


def test(basetag: str) -> str:
    """Send one message and follow it for up to 15 s; also where twilio_active is False.

    Returns:
        A sentence: its status, the error code if there is one, and what to do.

    Raises:
        NoCredentials: a variable is missing, or Twilio refused them.
        BadUsage: twilio_base_url is not on this machine.
        RoboError: the message could not be sent.
    """
    problem = None
    try:
        client, sid = twilio_client.send(_compose(basetag, "this is a test, text messages work.", "Nothing to do."))
    except twilio_client.NotSent as failure:
        kind = NoCredentials if failure.code == 20003 else RoboError
        problem = kind(f"The test message was not sent: {failure.why}", failure.advice)
    if problem:  # raised out here, so that no traceback carries the client's own error and the addresses in it
        raise problem
    sentence = f"The test message was sent. {twilio_client.follow(client, sid)}"
    if cfg.twilio_active:
        return sentence
    return f"{sentence} twilio_active is False, so runs send nothing: set it to True in roboflow.yaml."


def _send(text: str, failure: str) -> bool:
    """Whether it was sent; not where this run has sent enough.

    Args:
        failure: the key to remember it by; empty = it reports no failure.
    """
    if len(_sent) >= TEXTS_MAX + bool(failure):
        runlog.info(f"no more text messages in this run: {text}")
        return False
    _sent.append(text)
    twilio_client.send(text)
    runlog.info(f"text message sent: {text}")
    if failure:
        _remember(failure)
    return True


def _warn(line: str) -> None:
    """One warning, once a run; nothing where it cannot be shown."""
    line = twilio_client.no_secrets(redact.one_line(line))
    with contextlib.suppress(Exception):
        if line not in console.warnings():
            console.warn(line)


# --- the text of a message ---


def _compose(basetag: str, body: str, hint: str) -> str:
    """Basetag, news, what to do next, goodbye, signature. Only the news is cut where the whole is too long."""
    signature = redact.cut(twilio_client.no_secrets(redact.one_line(os.environ.get(SIGNATURE, ""))), SIGNATURE_MAX)
    head, end = f"{_tag(basetag)}: ", f" {hint} {GOODBYE} {signature}".rstrip()
    return head + redact.cut(body, TEXT_MAX - len(head) - len(end)) + end


def _tag(basetag: str) -> str:
    """The basetag as a phone can show it; RoboFlow where nothing of it can be shown."""
    tag = redact.cut(_harmless(basetag), TAG_MAX)
    return tag if any(char.isalnum() for char in tag) else "RoboFlow"


def _harmless(text: str) -> str:
    """Text on one line, without secrets, full paths, addresses and host names."""
    folders = [str(paths.tf_files()), str(paths.PROJECT)]
    with contextlib.suppress(RuntimeError):  # no home folder
        folders.append(str(Path.home()))
    return redact.redact(twilio_client.no_secrets(redact.one_line(str(text))), folders, socket.gethostname())


def _span(seconds: float) -> str:
    """45s, 14m32s or 3h05m."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    if minutes >= 60:
        return f"{minutes // 60}h{minutes % 60:02d}m"
    return f"{minutes}m{rest:02d}s" if minutes else f"{rest}s"


# --- failures that were reported ---


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _state() -> Path:
    return paths.tf_files() / "logs" / "notified.json"


def _reported() -> dict[str, float]:
    """Hash of a failure -> when it was reported, seconds since 1970; only those of the last 6 h. Damaged = empty."""
    with contextlib.suppress(OSError, ValueError, AttributeError, RecursionError):
        found = json.loads(_state().read_text(encoding="utf-8")).items()
        # A time in the future means that the clock was set back: better reported twice than not at all.
        return {k: t for k, t in found if isinstance(t, (int, float)) and 0 <= _now() - t < SAME_FAILURE_S}
    return {}


def _reported_lately(key: str) -> bool:
    return key in _reported()


def _remember(key: str) -> None:
    """Store that a failure was reported; on a full disk it is reported again next time."""
    with contextlib.suppress(OSError):
        files.make_folder(_state().parent)
        files.write_whole(_state(), json.dumps({**_reported(), key: _now()}, indent=1) + "\n")
