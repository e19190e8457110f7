"""The labels of a basetag: how many images, by whom, how many are held out, and how well the best model tells them."""

from collections import Counter
from dataclasses import asdict, dataclass

from flow.base.names import percent
from flow.models import leaderboard
from flow.models.leaderboard import ModelScore
from flow.models.todays_labels import TodaysLabels
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import decided_in
from flow.records.labels.history import LabelHistory
from flow.records.labels.plan import labels_of
from flow.records.rows import PERSON, Decision
from flow.ui import console


@dataclass(frozen=True)
class LabelRow:
    """One label. `test`: images held out; `right` of `measured` images were told by the model; `mixed_up`: what it
    takes them for most often, and how often; `waiting`: unsorted images that a person gave it on the check page."""

    label: str
    images: int
    by_person: int
    by_model: int
    test: int
    right: int = 0
    measured: int = 0
    mixed_up: tuple[str, int] | None = None
    waiting: int = 0

    def facts(self) -> dict:
        label, images = self.mixed_up or ("", 0)
        return asdict(self) | {"mixed_up": {"label": label, "images": images} if images else None}


@dataclass(frozen=True)
class LabelTable:
    """All labels by name, and the model that was asked; `knows`: which of its labels are called otherwise today."""

    rows: tuple[LabelRow, ...]
    model: str = ""
    knows: str = ""
    code: int = 0

    def line(self) -> str:
        counts = [f"{row.label} {row.images}" for row in self.rows]
        return f"{len(counts)} label{'s' * (len(counts) != 1)}: {', '.join(counts)}" if counts else "no labels yet"

    def facts(self) -> dict:
        return {"labels": [row.facts() for row in self.rows], "model": self.model, "knows": self.knows}


def label_table(basetag: str, catalogue: Catalogue) -> LabelTable:
    """Look at the folders as they are now, and measure the best model that knows today's labels."""
    images = provenance.training_images(basetag, catalogue, remember=False)
    held_out = {sha for sha, part in catalogue.splits().items() if part == "test"}
    best = _best(basetag, catalogue, {image.label for image in images})
    guesses = best.guesses if best else {}
    waiting_of = Counter(row.label for row in _decided_unsorted(basetag, catalogue))
    rows = []
    for label in labels_of(basetag, catalogue):
        own = [image for image in images if image.label == label]
        predicted = Counter(guesses[image.sha256] for image in own if image.sha256 in guesses)
        wrong = [(n, guess) for guess, n in predicted.items() if guess != label]
        n, guess = max(wrong, default=(0, ""))
        rows.append(
            LabelRow(
                label,
                len(own),
                sum(image.given_by == PERSON for image in own),
                sum(image.given_by != PERSON for image in own),
                sum(image.sha256 in held_out for image in own),
                predicted[label],
                sum(predicted.values()),
                (guess or "a label that is gone", n) if n else None,
                waiting_of[label],
            )
        )
    return LabelTable(tuple(rows), best.model.name if best else "", best.since if best else "")


def show(table: LabelTable) -> None:
    """As a table, to stdout."""
    all_test = sum(row.test for row in table.rows)
    waiting = any(row.waiting for row in table.rows)
    rows = [[*_cells(row, all_test), *([row.waiting or ""] if waiting else [])] for row in table.rows]
    headings = ["label", "images", "by you", "by a model", "test set", "accuracy", "mixed up with"]
    console.table([*headings, *(["unsorted"] if waiting else [])], rows, to_stdout=True)
    if table.model:
        console.note(f"accuracy: {table.model}, on images that it has not learned from")
    if table.knows:
        console.note(f"it knows {table.knows}")


def _cells(row: LabelRow, all_test: int) -> list[object]:
    test = f"{row.test} ({percent(row.test / all_test)})" if row.test else "-"
    right = f"{percent(row.right / row.measured)} of {row.measured}" if row.measured else "-"
    mixed = f"{row.mixed_up[0]} ({row.mixed_up[1]})" if row.mixed_up else "-"
    return [row.label, row.images, row.by_person, row.by_model, test, right, mixed]


def _best(basetag: str, catalogue: Catalogue, labels: set[str]) -> ModelScore | None:
    """Of the models that know most of today's labels the one that is best on today's images."""
    changes = LabelHistory.of(catalogue.label_changes())
    measured = [score for score in leaderboard.leaderboard(basetag, catalogue).ranking if score.share]

    def known(score: ModelScore) -> int:
        return len(labels & TodaysLabels.of(score.model, changes).known)

    return max(measured, key=known, default=None)


def _decided_unsorted(basetag: str, catalogue: Catalogue) -> list[Decision]:
    """The decisions on unsorted images that are not training data yet."""
    known = catalogue.labels()
    folders = provenance.unsorted_folders(basetag)
    return [
        row for f in folders for row in decided_in(catalogue, f.name).values() if row.label and row.sha256 not in known
    ]
