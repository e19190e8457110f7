"""Ask each source for three images of one tag, as it is now, and print what came of it. Needs a network.

    python -m scripts.live_sources              # robin, at every source that needs no key
    python -m scripts.live_sources owl openverse commons
    python -m scripts.live_sources beans huggingface:AI-Lab-Makerere/beans

Everything is done by running roboflow.py, as a person would, in a folder of its own that is removed at the end; your
settings (`contact`, licences) hold. The table is what to send when a service has changed.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TAG, IMAGES = "robin", 3
# Source -> a tag that it knows, where that is not the one asked for.
SOURCES = {
    "openverse": "",
    "commons": "",
    "inaturalist": "",
    "gbif": "erithacus_rubecula",
    "nasa": "rover",
    "cleveland": "horse",
    "met": "horse",
    "huggingface:AI-Lab-Makerere/beans": "healthy",
}
TIMEOUT_S = 600


@dataclass(frozen=True)
class Row:
    """What came of one source. `limits`: what its headers said; `trouble`: why it is fewer than three."""

    source: str
    tag: str
    found: int = 0
    fetched: int = 0
    refused: str = ""
    seconds: float = 0.0
    limits: str = ""
    problem: str = ""

    def cells(self) -> list[str]:
        return [self.source, self.tag, str(self.found), str(self.fetched), self.refused or "-", f"{self.seconds:.1f}"]


def ask(source: str, tag: str, home: Path) -> Row:
    """Run one download of three images below `home`."""
    command = [sys.executable, str(PROJECT / "roboflow.py"), "live", str(IMAGES), tag, "download", "--source", source]
    begin = time.monotonic()
    try:
        done = subprocess.run(
            [*command, "--tf-files", str(home), "--json", "--new"],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return Row(source, tag, seconds=TIMEOUT_S, problem=f"no end within {TIMEOUT_S} s")
    seconds = time.monotonic() - begin
    try:
        facts = json.loads(done.stdout)
    except ValueError:
        return Row(source, tag, seconds=seconds, problem=f"exit {done.returncode}: {done.stderr.strip()[-200:]}")
    got = facts.get("results", {}).get("download")
    if got is None:
        return Row(source, tag, seconds=seconds, problem=f"exit {done.returncode}: {facts.get('error')}")
    refused = ", ".join(f"{n} {reason}" for reason, n in got["counts"].items())
    return Row(source, tag, got["looked_at"], got["kept"], refused, seconds, limits_of(home), got["reason"])


def limits_of(home: Path) -> str:
    """What the services said of their limits last, from the log of the run."""
    log = home / "logs" / "live.log"
    lines = re.findall(r" limits of (.+)", log.read_text(encoding="utf-8")) if log.exists() else []
    last = dict(line.split(": ", 1) for line in lines if ": " in line)
    return "; ".join(f"{host}: {message}" for host, message in last.items())


def table(rows: list[Row]) -> str:
    """Aligned columns, and below them what the services said."""
    cells = [["source", "tag", "found", "fetched", "refused", "seconds"], *(row.cells() for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(cells[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    for row in rows:
        lines += [
            f"{row.source}: {message}" for message in (row.problem, row.limits and f"limits: {row.limits}") if message
        ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("tag", nargs="?", default=TAG, help="what to search for")
    p.add_argument("sources", nargs="*", help="such as openverse; without any: all that need no key")
    given = p.parse_args(arguments)
    rows = []
    for source in given.sources or SOURCES:
        tag = given.tag if given.sources else SOURCES[source] or given.tag
        print(f"asking {source} for {IMAGES} images of {tag} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="roboflow_live_") as folder:
            rows.append(ask(source, tag, Path(folder)))
    print(table(rows))
    return os.EX_OK if all(row.fetched for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
