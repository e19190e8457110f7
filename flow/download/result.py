"""What a download came to: every image that was looked at is in one of its counts."""

from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import DONE, PARTIAL

PLURALS = {"duplicate": "duplicates", "near-duplicate": "near-duplicates", "not a picture": "not pictures"}


@dataclass(frozen=True)
class Downloaded:
    """`kept` + all `counts` = what was looked at. `before` were kept by a stopped run that is completed here."""

    asked: int
    kept: int
    counts: dict[str, int]
    folder: Path
    before: int = 0
    reason: str = ""  # why it is fewer than asked, and when to go on; empty where all came
    partial: bool = False
    goes_on: bool = False  # the same command may bring more

    @property
    def looked_at(self) -> int:
        return self.kept + sum(self.counts.values())

    @property
    def is_offline(self) -> bool:
        """Nothing was looked at because no site could be reached."""
        return not self.looked_at and not self.before and "cannot be reached" in self.reason

    @property
    def missing(self) -> int:
        return max(0, self.asked - self.before - self.kept)

    @property
    def code(self) -> int:
        """0 where all went well, 3 where some are missing."""
        return PARTIAL if self.partial else DONE

    def line(self) -> str:
        """`200 asked: 187 kept, 6 duplicates, 4 too small, 3 gone (404)`: all that was looked at."""
        kept = f"{self.kept} kept" + (f" after {self.before} before" if self.before else "")
        parts = [kept, *(f"{n} {PLURALS.get(name, name) if n != 1 else name}" for name, n in self.counts.items() if n)]
        seen = "" if self.looked_at == self.asked - self.before else f" ({self.looked_at} looked at)"
        missing = f"; {self.missing} missing" if self.missing else ""
        return f"{self.asked} asked: {', '.join(parts)}{seen}{missing}" + (f". {self.reason}" if self.reason else "")

    def facts(self) -> dict:
        """The same as data."""
        return {
            "asked": self.asked,
            "kept": self.kept,
            "kept_before": self.before,
            "looked_at": self.looked_at,
            "missing": self.missing,
            "counts": dict(self.counts),
            "folder": str(self.folder),
            "reason": self.reason,
            "code": self.code,
        }


def was_offline(results: object) -> bool:
    """The same of an earlier run, from the results that it left in last_run.json."""
    got = results.get("download") if isinstance(results, dict) else None
    if not isinstance(got, dict) or got.get("looked_at") or got.get("kept_before"):
        return False
    return "cannot be reached" in str(got.get("reason"))
