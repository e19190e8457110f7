"""The flowstep try: what a model says of pictures that are nobody's training images, as bars, a table, JSON or CSV."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flow.base import files
from flow.base.names import percent
from flow.export.bars import bars
from flow.export.given import gather
from flow.export.writing import csv_text, refuse_taken
from flow.models.look import Look, Looker
from flow.records.catalogue import Catalogue
from flow.talk import console

BARS_MOST = 3  # pictures shown as bars; more become a table
COLUMNS = ("picture", "label", "score", "sure", "why", "distance", "nearest")


@dataclass(frozen=True)
class Tried:
    """`looks`: picture -> what the model says; `bad`: picture -> why it could not be read."""

    model: str
    looks: dict[str, Look]
    bad: dict[str, str] = field(default_factory=dict)
    csv: Path | None = None

    @property
    def code(self) -> int:
        return 3 if self.bad else 0

    def line(self) -> str:
        said = "nothing could be looked at"
        if len(self.looks) == 1:
            look = next(iter(self.looks.values()))
            said = f"{look.label} {percent(look.score)}, {'sure' if look.sure else 'not sure'}"
        elif self.looks:
            counts = Counter(look.label for look in self.looks.values()).most_common()
            sure = sum(look.sure for look in self.looks.values())
            said = f"looked at {len(self.looks)}: {', '.join(f'{label} {n}' for label, n in counts)}; sure of {sure}"
        said += f", {len(self.bad)} unreadable" if self.bad else ""
        return f"{said}, in {self.csv}" if self.csv else said

    def facts(self) -> dict:
        pictures = [{"picture": name, **look.facts()} for name, look in self.looks.items()]
        return {
            "model": self.model,
            "pictures": pictures,
            "unreadable": self.bad,
            "csv": str(self.csv) if self.csv else None,
        }


def try_out(basetag: str, words: Sequence[str], wanted: str, csv: Path | None, catalogue: Catalogue) -> Tried:
    """Look at pictures and show what there is to see.

    Args:
        words: files, folders, addresses.
        wanted: the model's name or number; empty = the best.
        csv: a new file for the table.

    Raises:
        NotReady: there is no such model.
        BadUsage: a folder without images, or `csv` is there already.
    """
    if csv:
        refuse_taken(csv, "--csv")
    looker = Looker.open(basetag, catalogue, wanted)
    given = gather(words)
    with console.progress(len(given.pictures), "looking") as advance:
        looks, bad = looker.look(given.pictures, advance)
    bad = {name: "not there" if why == "vanished" else why for name, why in bad.items()} | given.bad
    for name, why in bad.items():
        console.warn(f"{name}: {why}")
    if not console.is_json():
        _show(looks, as_table=given.folders or len(looks) > BARS_MOST)
    written = _write(csv, looker.model.labels, looks) if csv else None
    return Tried(looker.model.name, looks, bad, written)


def _show(looks: dict[str, Look], as_table: bool) -> None:
    if not as_table:
        for name, look in looks.items():
            for line in bars(name, look, console.columns()):
                console.result(line)
        return
    rows = [[percent(look.score), look.label, look.why or "sure", name] for name, look in looks.items()]
    console.table(["score", "label", "", "picture"], rows, to_stdout=True)


def _write(path: Path, labels: list[str], looks: dict[str, Look]) -> Path:
    """The table as a new CSV file, a column for the score of each label."""
    rows = []
    for name, look in looks.items():
        told = [name, look.label, f"{look.score:.6f}", "yes" if look.sure else "no", look.why, f"{look.distance:.4f}"]
        nearest = str(look.near[0].path) if look.near else ""
        rows.append([*told, nearest, *(f"{look.scores[label]:.6f}" for label in labels)])
    columns = [*COLUMNS, *(f"score {label}" for label in labels)]
    refuse_taken(path, "--csv")
    return files.write_new(path.parent, path.name, csv_text(columns, rows).encode("utf-8", "backslashreplace"))
