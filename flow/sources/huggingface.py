"""`huggingface:DATASET`: images of a public dataset on Hugging Face, row by row, with the labels it gives them. No key.

A searchtag that is one of its labels brings that label alone; any other brings all labels in turn, so that they are
balanced. The title of an image is its label. The licence is the one that the dataset's card names.
"""

import contextlib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

import config as cfg
from flow.base import names
from flow.base.errors import BadUsage
from flow.sources import FoundImage, SourceError
from flow.sources.fields import at, licence_code, licence_link, number, rows, text
from flow.sources.site import Site

PAGE_SIZE = 20  # rows; the service makes a copy of each image on the way, so no more than will be used soon
OPEN_LICENCES = {
    "mit": "https://opensource.org/license/mit",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}
LABEL_COLUMNS = ("label", "labels", "class", "category")  # texts in a column of such a name are labels


@dataclass(frozen=True)
class Table:
    """The part of a dataset that is read. `labels`: their names by number; empty where they are texts, or none."""

    config: str
    split: str
    images: str  # the column
    label: str = ""  # the column; empty = none
    labels: tuple[str, ...] = ()
    size: int = 0  # rows


@dataclass(frozen=True)
class Card:
    author: str
    licence: str  # our code
    licence_url: str


class HuggingFace(Site):
    name = "huggingface"

    def __init__(self, dataset: str):
        self.dataset = dataset
        self.only: frozenset[str] = frozenset()  # folder names of the labels that are wanted; empty = all
        self._table: Table | None = None

    def labels(self) -> list[str]:
        """The labels of the dataset as it names them; empty where it numbers none."""
        return list(self.table().labels)

    def table(self) -> Table:
        """Raises SourceError where there is no such public dataset, or it has no column of images."""
        if self._table is None:
            self._table = self._read_table()
        return self._table

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        card, table = self._read_card(), self.table()
        wanted = {tag} if tag in map(label_of, table.labels) else self.only
        of_labels = [n for n, name in enumerate(table.labels) if not wanted or label_of(name) in wanted]
        self.total = table.size
        streams = {n: self._of_label(card, table, n) for n in of_labels}
        first = next(iter(streams), None)
        if first is None or not self._can_filter(table, first):
            yield from self._anywhere(card, table, wanted)
            return
        while streams:
            turn = {n: next(stream, None) for n, stream in streams.items()}
            streams = {n: stream for n, stream in streams.items() if turn[n] is not None}
            yield [found for found in turn.values() if found is not None]

    # Its answers

    def _read_table(self) -> Table:
        code, data = self._ask("splits")
        parts = rows(data.get("splits"))
        if code != 200 or not parts:
            why = text(data.get("error"))[:120] or str(code)
            raise SourceError(f"huggingface shows no rows of {self.dataset!r} ({why})", again=code >= 500)
        part = next((p for p in parts if p.get("split") == "train"), parts[0])
        where = {"config": text(part.get("config")), "split": text(part.get("split"))}
        code, data = self._ask("rows", **where, offset=0, length=1)
        if code != 200:
            raise self.refusal(code, data.get("error"))
        columns = {text(f.get("name")): f.get("type") for f in rows(data.get("features"))}
        images = next((name for name, kind in columns.items() if at(kind, "_type") == "Image"), "")
        if not images:
            raise SourceError(f"the dataset {self.dataset} has no column of images", again=False)
        label = next((name for name, kind in columns.items() if at(kind, "_type") == "ClassLabel"), "")
        label = label or next((name for name in LABEL_COLUMNS if at(columns.get(name), "dtype") == "string"), "")
        known = at(columns.get(label), "names")
        labels = tuple(map(text, known)) if isinstance(known, list) else ()
        return Table(where["config"], where["split"], images, label, labels, number(data.get("num_rows_total")))

    def _read_card(self) -> Card:
        """Raises SourceError where `licences` does not hold the licence that the dataset's card names."""
        code, data = self.ask(f"{cfg.url_huggingface}/api/datasets/{self.dataset}")
        if code != 200:
            raise SourceError(f"there is no public dataset {self.dataset!r} on huggingface ({code})", again=False)
        named = at(data, "cardData", "license")
        named = text(named[0] if isinstance(named, list) and named else named).lower()
        licence = named if named in OPEN_LICENCES else licence_code(named)
        if licence not in cfg.licences:
            under = f"under {named}" if named else "under no licence that its card names"
            reason = f"the dataset {self.dataset} is {under}; add {licence} to `licences` if you may use it"
            raise SourceError(reason, again=False)
        version = re.search(r"\d\.\d", named)
        link = OPEN_LICENCES.get(licence) or licence_link(licence, version[0] if version else "4.0")
        return Card(text(data.get("author")) or self.dataset.partition("/")[0], licence, link)

    def _ask(self, what: str, **params: object) -> tuple[int, dict]:
        return self.ask(f"{cfg.url_huggingface_rows}/{what}", {"dataset": self.dataset, **params})

    def _can_filter(self, table: Table, label: int) -> bool:
        """Whether rows of one label can be asked for; of very large or new datasets they cannot (an error of 500)."""
        with contextlib.suppress(SourceError):
            code, _ = self._ask("filter", **_where(table, label), offset=0, length=1)
            return code == 200
        return False

    # Its rows

    def _of_label(self, card: Card, table: Table, label: int) -> Iterator[FoundImage]:
        offset = 0
        while True:
            code, data = self._ask("filter", **_where(table, label), offset=offset, length=PAGE_SIZE)
            if code != 200:
                raise self.refusal(code, data.get("error"))
            yield from self._images(card, table, data)
            offset += PAGE_SIZE
            if offset >= number(data.get("num_rows_total")):
                return

    def _anywhere(self, card: Card, table: Table, wanted: set[str] | frozenset[str]) -> Iterator[list[FoundImage]]:
        """Pages from all over the dataset, as datasets often lie sorted by label; always in the same order."""
        starts = range(0, table.size, PAGE_SIZE)
        for offset in random.Random(self.dataset).sample(starts, len(starts)):
            code, data = self._ask("rows", config=table.config, split=table.split, offset=offset, length=PAGE_SIZE)
            if code != 200:
                raise self.refusal(code, data.get("error"))
            page = [found for found in self._images(card, table, data) if not wanted or label_of(found.title) in wanted]
            if page:
                yield page

    def _images(self, card: Card, table: Table, data: dict) -> Iterator[FoundImage]:
        for row in rows(data.get("rows")):
            url, cell = text(at(row, "row", table.images, "src")), at(row, "row", table.label)
            if not url:
                continue
            label = table.labels[cell] if isinstance(cell, int) and 0 <= cell < len(table.labels) else text(cell)
            index = number(row.get("row_idx"))
            home = f"{cfg.url_huggingface}/datasets/{self.dataset}"
            yield FoundImage(
                "huggingface",
                f"{self.dataset}/{table.config}/{table.split}/{index}",
                url,
                f"{home}/viewer/{table.config}/{table.split}?row={index}",
                label,
                card.author,
                card.licence,
                card.licence_url,
                "",
                number(at(row, "row", table.images, "width")),
                number(at(row, "row", table.images, "height")),
                found_by="by label" if table.label else "",
            )


def make(argument: str) -> list[HuggingFace]:
    """Raises BadUsage for what cannot be the name of a dataset."""
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", argument.strip(), re.ASCII):
        raise BadUsage(f"{argument!r} is not the name of a dataset.", "For example: huggingface:AI-Lab-Makerere/beans")
    return [HuggingFace(argument.strip())]


def label_of(name: str) -> str:
    """A label of a dataset as the name of a folder here: `n01440764 tench, Tinca` -> n01440764_tench_tinca; empty where
    none can be made of it."""
    plain = re.sub(r"[^\w-]+", "_", name).encode()[: names.NAME_BYTES_MAX].decode(errors="ignore").strip("_-")
    try:
        return names.label_name(plain)
    except BadUsage:
        return ""


def _where(table: Table, label: int) -> dict[str, str]:
    return {"config": table.config, "split": table.split, "where": f'"{table.label}"={label}'}
