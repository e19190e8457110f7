"""Text messages through Twilio: after long downloads, classification, retraining, and failures; and `notify_test`.

Reads the five TWILIO_ variables of the environment, writes `logs/notified.json` (which failures were told when, as
hashes). A message that can't be sent is one warning line and never more; only `test` may fail. Whatever the network
does, one message takes at most 25 s and Ctrl-C works at any moment of it.
"""

import contextlib
import hashlib
import json
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import config as cfg
from flow.base import files, paths, runlog
from flow.base.errors import NoCredentials, RoboError
from flow.sms import redact, twilio_client
from flow.ui import console

SAME_FAILURE_S = 6 * 3600.0  # cron every 5 minutes must not spend the balance on one full disk
TEXTS_MAX = 4  # messages a run; a failure may always be told once more
SIGNATURE = "TWILIO_SIGLINE"
TEXT_MAX = 300  # characters of a whole message; Twilio splits it for the phone, and charges for two or three
TAG_MAX, SIGNATURE_MAX, COMMAND_MAX = 40, 40, 140
GOODBYE = "boop boop."

_now = time.time  # tests turn this
_tried: list[str] = []  # the messages of this run


def begin() -> None:
    """A new run: the count of its messages starts again."""
    _tried.clear()


def downloaded(basetag: str, line: str, seconds: float) -> bool:
    """Tell that downloads are done, where they took at least cfg.sms_minsecstonotify.

    Args:
        line: what was got, such as "200 of 200 'robotart' (14 duplicates skipped)".

    Returns:
        True where Twilio took the message; so do all four.
    """

    def text() -> str:
        body = f"downloads done, {_harmless(line).rstrip('.')} in {_span(seconds)}."
        return _compose(basetag, body, "Next: classify them.")

    return _tell(lambda: text() if seconds >= cfg.sms_minsecstonotify else "")


def classified(basetag: str, total: int, sure: int, unsure: int, command: str) -> bool:
    """Tell what the classifier made of the images. `command` is what to type next; left out whole if it's too long."""

    def text() -> str:
        typed, hint = _harmless(command), "Look through the sorted folder first."
        if len(typed) <= COMMAND_MAX:  # half a command would be a wrong one
            hint = f"Check first: run '{typed}'."
        return _compose(basetag, f"sorted {total} imgs, {sure} sure, {unsure} unsure.", hint)

    return _tell(text)


def retrained(
    basetag: str, seconds: float, accuracy: float | None, before: float | None, n_test: int, is_top: bool
) -> bool:
    """Tell how good the new model is.

    Args:
        accuracy: fraction 0..1; None where nothing could be measured.
        before: the same of the model it had to beat; None where there was none.
        n_test: images it was measured on.
    """

    def text() -> str:
        was = "" if before is None else f" (was {before:.1%})"
        figure = "Not measured."
        if accuracy is not None and n_test:
            figure = f"{accuracy:.1%}{was} on {n_test} human-checked imgs."
        hint = "Now the top model." if is_top else "The old top model stays; check more images by hand, then retrain."
        return _compose(basetag, f"retrained in {_span(seconds)}. {figure}", hint)

    return _tell(text)


def failed(basetag: str, step: str, reason: str) -> bool:
    """Tell a failure, however short the run was; the same one (figures aside) at most once in 6 h."""

    def text() -> str:
        log = f" Log: {basetag}.log." if basetag == _tag(basetag) else ""
        body = f"{_harmless(getattr(step, 'value', step)).upper()} FAILED - {_harmless(reason).rstrip('.')}."
        return _compose(basetag, body, f"No images lost, run the same command again.{log}")

    def same() -> str:
        return _key(basetag, str(getattr(step, "value", step)), re.sub(r"\d+", "0", reason))

    return _tell(text, same)


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
        text = _compose(basetag, "this is a test, text messages work.", "Nothing to do.")
        client, sid = twilio_client.send(text)
    except twilio_client.NotSent as trouble:
        kind = NoCredentials if trouble.code == 20003 else RoboError
        problem = kind(f"The test message was not sent: {trouble.why}", trouble.advice)
    if problem:  # raised out here, so that no traceback carries the client's own error and the addresses in it
        raise problem
    sentence = f"The test message was sent. {twilio_client.follow(client, sid)}"
    if cfg.twilio_active:
        return sentence
    return f"{sentence} twilio_active is False, so runs send nothing: set it to True in roboflow.yaml."


def _tell(compose: Callable[[], str], same: Callable[[], str] | None = None) -> bool:
    """Send what `compose` returns unless it is empty; every trouble becomes one warning line.

    Args:
        same: for failures: what makes two of them the same.
    """
    if not cfg.twilio_active:
        return False
    try:
        text, key = compose(), same() if same else ""
        if not text or (key and _told_lately(key)):
            return False
        if len(_tried) >= TEXTS_MAX + bool(key):
            runlog.info(f"no text message any more in this run: {text}")
            return False
        _tried.append(text)
        twilio_client.send(text)
        runlog.info(f"text message sent: {text}")
        if key:
            _remember(key)
        return True
    except twilio_client.NotSent as trouble:
        _warn(f"No text message was sent: {trouble.why} {trouble.advice}")
    except RoboError as problem:
        _warn(f"No text message was sent: {problem.message} {problem.hint}")
    except Exception as problem:  # noqa: BLE001 - a message is never worth a run
        _warn(f"No text message was sent ({type(problem).__name__}).")
    return False


def _warn(line: str) -> None:
    """One warning, once a run, even where nobody can be told."""
    line = twilio_client.no_secrets(redact.one_line(line))
    with contextlib.suppress(Exception):
        if line not in console.warnings():
            console.warn(line)


# --- what a message says ---


def _compose(basetag: str, body: str, hint: str) -> str:
    """Who speaks, the news, what to do next, goodbye. Only the news is cut where it's too long."""
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
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


# --- which failures were told ---


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _state() -> Path:
    return paths.tf_files() / "logs" / "notified.json"


def _told() -> dict[str, float]:
    """Hash of a failure -> when it was told, seconds since 1970; only what is under 6 h old. Damaged = empty."""
    with contextlib.suppress(OSError, ValueError, AttributeError, RecursionError):
        found = json.loads(_state().read_text(encoding="utf-8")).items()
        ages = {key: (when, _now() - when) for key, when in found if isinstance(when, (int, float))}
        # A time in the future means that the clock was set back: better told twice than not at all.
        return {key: when for key, (when, age) in ages.items() if 0 <= age < SAME_FAILURE_S}
    return {}


def _told_lately(key: str) -> bool:
    return key in _told()


def _remember(key: str) -> None:
    """Best effort: on a full disk the failure is told again next time."""
    with contextlib.suppress(OSError):
        files.make_folder(_state().parent)
        files.write_whole(_state(), json.dumps({**_told(), key: _now()}, indent=1) + "\n")
