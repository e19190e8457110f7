"""The log file of a basetag (rotating, readable by its owner only, UTC, one run id a line) and last_run.json.

Nothing here prints. Before `start` is called, log lines go nowhere.
"""

import contextlib
import json
import logging
import logging.handlers
import os
import re
import sys
import time
from pathlib import Path

from flow import files

SECRET_NAMES = re.compile(r"(TOKEN|SECRET|API_KEY|APIKEY|IMGURAPI_ID|CLIENT_ID|PASSWORD|ACCOUNT_SID|SENDTONUM|PHONE_NUMBER)")
BYTES_MAX, BACKUPS = 2_000_000, 5

_log = logging.getLogger("roboflow")
_log.propagate = False
_log.addHandler(logging.NullHandler())


class _NoSecrets(logging.Filter):
    """Replaces the values of secret-looking environment variables wherever they appear."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide_secrets(record.getMessage()), ()
        return True


def hide_secrets(text: str) -> str:
    """Text without the value of any environment variable whose name says it is a secret."""
    for name, value in os.environ.items():
        if len(value) >= 6 and SECRET_NAMES.search(name):
            text = text.replace(value, "[hidden]")
    return text


def start(path: Path, run_id: str) -> None:
    """Log to `path` from now on. A log that cannot be written stops nothing."""
    stop()
    try:
        files.make_folder(path.parent)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler = logging.handlers.RotatingFileHandler(path, maxBytes=BYTES_MAX, backupCount=BACKUPS, encoding="utf-8")
    except OSError:
        return
    layout = logging.Formatter(f"%(asctime)sZ {run_id} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    layout.converter = time.gmtime
    handler.setFormatter(layout)
    handler.addFilter(_NoSecrets())
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _noise["path"] = str(path)


def stop() -> None:
    """Close the log file."""
    for handler in list(_log.handlers):
        if not isinstance(handler, logging.NullHandler):
            _log.removeHandler(handler)
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
    """Write last_run.json in one step; only ever called at the end of a run."""
    files.make_folder(path.parent)
    files.write_whole(path, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")


def read_last_run(path: Path) -> dict:
    """The facts of the last run, or an empty dict."""
    with contextlib.suppress(OSError, ValueError):
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts if isinstance(facts, dict) else {}
    return {}


_noise: dict[str, object] = {"path": None, "hidden": False}


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
