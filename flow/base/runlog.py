"""The log file of a basetag (rotating, readable by its owner only, UTC, one run id a line) and last_run.json.

Nothing here prints. Before `start` is called, log lines go nowhere.
"""

import contextlib
import io
import json
import logging
import logging.handlers
import os
import re
import stat
import sys
import time
from pathlib import Path
from typing import Any

from flow.base import files

SECRET_NAMES = re.compile(
    r"(TOKEN|SECRET|API_KEY|APIKEY|IMGURAPI_ID|CLIENT_ID|PASSWORD|ACCOUNT_SID|SENDTONUM|PHONE_NUMBER)"
)
ADDRESS_LOGIN = re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://)[^\s/?#\"<>]*@", re.IGNORECASE)
KEY_NAMES = r"key|token|secret|passw(?:or)?d|pwd|auth|sig|signature|credentials?|session(?:_?id)?|sid|client_?id|jwt"
ADDRESS_KEY = re.compile(rf"([?&;][\w.%-]{{0,60}}?(?:{KEY_NAMES})=)[^\s&;#\"'<>]+", re.IGNORECASE)
BYTES_MAX, BACKUPS = 2_000_000, 5
GOOD = (0, 3)  # exit codes of runs that came to their end, 3 with some images left out

_log = logging.getLogger("roboflow")
_log.propagate = False
_log.addHandler(logging.NullHandler())


class _Layout(logging.Formatter):
    """One record: UTC time, run id, level, text. Secrets are hidden in the whole of it, tracebacks included; further
    lines are indented, so that no file name can look like a record of its own."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        return hide_secrets(super().format(record)).replace("\n", "\n    ")


class _File(logging.handlers.RotatingFileHandler):
    """A rotating log only its owner can read; one that cannot be written stops nothing and says nothing."""

    def _open(self) -> io.TextIOWrapper:
        stream = super()._open()
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            os.fchmod(stream.fileno(), 0o600)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        pass


def hide_secrets(text: str) -> str:
    """Text without the value of any environment variable whose name says it is a secret; see also `plain_addresses`."""
    text = plain_addresses(text)
    for name, value in os.environ.items():
        if len(value) >= 6 and SECRET_NAMES.search(name):
            text = text.replace(value, "[hidden]")
    return text


def plain_addresses(text: str) -> str:
    """Text whose addresses carry no name and password, and no key, token or signature in their queries."""
    if "://" not in text:
        return text
    return ADDRESS_KEY.sub(r"\1[hidden]", ADDRESS_LOGIN.sub(r"\1[hidden]@", text))


def start(path: Path, run_id: str) -> None:
    """Log to `path` from now on. A log that cannot be written stops nothing."""
    stop()
    try:
        files.make_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler = _File(path, maxBytes=BYTES_MAX, backupCount=BACKUPS, encoding="utf-8", errors="backslashreplace")
    except OSError:
        return
    handler.setFormatter(_Layout(f"%(asctime)sZ {run_id} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _noise["path"] = str(path)


def stop() -> None:
    """Close the log file."""
    for handler in list(_log.handlers):
        if not isinstance(handler, logging.NullHandler):
            _log.removeHandler(handler)
            with contextlib.suppress(OSError):  # a full disk
                handler.close()


def info(text: str) -> None:
    if text.strip():
        _log.info(text)


def warning(text: str) -> None:
    _log.warning(text)


def error(text: str) -> None:
    _log.error(text)


def failure(problem: BaseException) -> None:
    """The whole traceback of a bug, for the log."""
    _log.error("unexpected", exc_info=problem)


def save_last_run(path: Path, facts: dict) -> None:
    """Write last_run.json in one step, at the end of a run; `good` in it is the last run that ended well."""
    files.make_folder(path.parent)
    well = {name: facts[name] for name in ("end", "exit", "line")}
    good = well if ended_well(facts) else read_last_run(path).get("good")
    shown = _shown({**facts, "line": hide_secrets(facts["line"]), "good": good})
    files.write_whole(path, json.dumps(shown, indent=1) + "\n")


def ended_well(facts: dict) -> bool:
    """Whether a run, as last_run.json tells it, came to its end; a download that brought nothing at all did not."""
    results = facts.get("results")
    got = results.get("download") if isinstance(results, dict) and len(results) == 1 else None
    in_vain = isinstance(got, dict) and got.get("code") == 3 and not got.get("kept") and not got.get("kept_before")
    return facts["exit"] in GOOD and not in_vain


def _shown(value: object) -> object:
    """The same facts with plain addresses."""
    if isinstance(value, dict):
        return {name: _shown(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(inner) for inner in value]
    return plain_addresses(value) if isinstance(value, str) else value


def read_last_run(path: Path) -> dict:
    """The facts of the last run, or an empty dict where there was none or they cannot be read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        facts = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(facts, dict) and _is_run(facts):
            return {**facts, "good": facts.get("good") if _is_run(facts.get("good")) else None}
    return {}


def _is_run(facts: object) -> bool:
    kinds = {"end": str, "exit": int, "line": str}
    return isinstance(facts, dict) and all(isinstance(facts.get(name), kind) for name, kind in kinds.items())


_noise: dict[str, Any] = {"path": None, "hidden": False}


def hide_native_noise() -> None:
    """From now on, what TensorFlow's native code writes to file descriptor 2 goes to the log, not to the person.

    Python's own sys.stderr goes on to the terminal. For good: TensorFlow also talks while it shuts down.
    """
    if _noise["hidden"] or sys.stderr is None:
        return
    with contextlib.suppress(OSError, ValueError):
        target = os.open(_noise["path"] or os.devnull, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        sys.stderr.flush()
        kept = os.dup(2)
        os.dup2(target, 2)
        os.close(target)
        sys.stderr = os.fdopen(kept, "w", buffering=1, encoding="utf-8", errors="replace")
        _noise["hidden"] = True
