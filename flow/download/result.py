"""What a download came to: every image that was looked at is in one of its counts."""

from dataclasses import dataclass, field
from pathlib import Path

import config as cfg
from flow.base.errors import DONE, PARTIAL
from flow.download.validate import TOO_SMALL

# Reasons that do not read well after "was" or "were" as they are: how one and how several of them are called.
WORDED = {
    "duplicate": ("a duplicate", "duplicates"),
    "near-duplicate": ("a near-duplicate", "near-duplicates"),
    "not an image": ("not an image", "not images"),
    "no connection": ("out of reach", "out of reach"),
    "bad address": ("at a bad address", "at bad addresses"),
    "not a public address": ("at no public address", "at no public address"),
    "too many pixels": ("too large in pixels", "too large in pixels"),
    "an answer that makes no sense": ("answered with nonsense", "answered with nonsense"),
}


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
    found_by: dict[str, int] = field(default_factory=dict)  # of `kept`, by what the search went by

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
        """`187 of 200 kept (180 by the phrase, 7 by single words); 13 others were not: 9 duplicates, 4 too small`, and
        why some are missing. Everything that was looked at is in it."""
        kept = f"{self.before + self.kept} of {self.asked} kept"
        ways = [f"{n} {way}" for way, n in self.found_by.items() if way]
        earlier = [f"{self.before} in an earlier run"] if self.before else []
        kept += f" ({', '.join(earlier + ways)})" if earlier or ways else ""
        return "; ".join(part for part in (kept, self._others()) if part) + (f". {self.reason}" if self.reason else "")

    def _others(self) -> str:
        counts = {name: n for name, n in self.counts.items() if n}
        if len(counts) == 1:
            [(name, n)] = counts.items()
            return f"{n} {'was' if n == 1 else 'were'} {_worded(name, n)}"
        others = ", ".join(f"{n} {_worded(name, n).removeprefix('a ')}" for name, n in counts.items())
        return f"{sum(counts.values())} others were not: {others}" if counts else ""

    def facts(self) -> dict:
        """The same as data."""
        return {
            "asked": self.asked,
            "kept": self.kept,
            "kept_before": self.before,
            "looked_at": self.looked_at,
            "missing": self.missing,
            "found_by": {way: n for way, n in self.found_by.items() if way},
            "counts": dict(self.counts),
            "folder": str(self.folder),
            "reason": self.reason,
            "code": self.code,
        }


def _worded(reason: str, count: int) -> str:
    if reason == TOO_SMALL:
        return f"too small (under {cfg.image_side_min}px a side: image_side_min)"
    return WORDED.get(reason, (reason, reason))[count != 1]


def was_offline(results: object) -> bool:
    """The same of an earlier run, from the results that it left in last_run.json."""
    got = results.get("download") if isinstance(results, dict) else None
    if not isinstance(got, dict) or got.get("looked_at") or got.get("kept_before"):
        return False
    return "cannot be reached" in str(got.get("reason"))
