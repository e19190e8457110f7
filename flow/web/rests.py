"""Hosts that asked to be left alone or refused us, remembered beyond the run, so that the next run does not ask anew.

One JSON file under tf_files: host family -> until when, why, and as whom we asked. Whoever changes `contact` asks as
somebody else, so a refusal no longer counts; removing the file forgets everything.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from flow.base import files, paths

REFUSES, ASKS_TO_WAIT = "refuses", "asks to wait"
UNREACHABLE = "cannot be reached"  # for this run alone


@dataclass(frozen=True)
class Rest:
    """A host is not asked before `until`, which has a time zone. `why` is REFUSES, ASKS_TO_WAIT or UNREACHABLE."""

    until: datetime
    why: str
    code: int = 0  # the HTTP status that began it
    agent: str = ""  # the User-Agent that was refused

    def applies(self, now: datetime, agent: str) -> bool:
        return self.until > now and (self.why == ASKS_TO_WAIT or self.agent == agent)


def read_rests() -> dict[str, Rest]:
    """Host family -> its rest; without what cannot be read."""
    found = {}
    with contextlib.suppress(OSError, ValueError, RecursionError):
        rows = json.loads(paths.rests().read_text(encoding="utf-8"))
        for host, row in rows.items() if isinstance(rows, dict) else ():
            with contextlib.suppress(TypeError, ValueError, KeyError):
                until = datetime.fromisoformat(row["until"])
                if until.tzinfo is not None and row["why"] in (REFUSES, ASKS_TO_WAIT):
                    found[host] = Rest(until, row["why"], int(row["code"]), str(row["agent"]))
    return found


def remember(host: str, rest: Rest) -> None:
    """Add one to the file; what is over leaves it. A disk that cannot be written stops nothing."""
    with contextlib.suppress(OSError):
        now = datetime.now(rest.until.tzinfo)
        rows = {name: row for name, row in read_rests().items() if row.until > now} | {host: rest}
        files.make_folder(paths.rests().parent)
        texts = {name: asdict(row) | {"until": row.until.isoformat()} for name, row in rows.items()}
        files.write_whole(paths.rests(), json.dumps(texts, indent=1) + "\n")
