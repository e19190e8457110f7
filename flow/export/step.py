"""The flowstep export: a model, for other programs or as a web page, or the training images, as a new folder."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flow.base import paths
from flow.base.errors import BadUsage
from flow.base.learning import api
from flow.base.names import percent
from flow.base.options import option, path, text
from flow.export.data import Data, write_data
from flow.export.model import write_model
from flow.export.web import step as web
from flow.export.write import refuse_taken, whole_folder
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.ui import console


@dataclass(frozen=True)
class ExportOptions:
    """The options of an export: of a model, or with `data` of the training images."""

    to: Path | None = option("write the model to this new folder", parse=path, metavar="DIR")
    smaller: bool = option("float16 and int8 files too, compared with float32; with --web 8-bit weights")
    web: bool = option("one HTML file that runs in a browser or on a phone, offline")
    model: str = option("this model; empty = the best", default="", parse=text, metavar="NAME-or-NUMBER")
    data: Path | None = option("copy the training images to this new folder", parse=path, metavar="DIR")


@dataclass(frozen=True)
class Exported:
    """What was written: a model (`files`: kind -> bytes) to `folder`, or `data`."""

    model: str = ""
    folder: Path | None = None
    files: dict[str, int] = field(default_factory=dict)
    compared: Sequence["api.Compared"] = ()
    data: Data | None = None

    @property
    def code(self) -> int:
        return 3 if self.data and self.data.unreadable else 0

    def line(self) -> str:
        if self.data:
            out = f", {len(self.data.unreadable)} unreadable left out" if self.data.unreadable else ""
            return f"copied {self.data.images} training images to {self.data.folder}{out}"
        sizes = ", ".join(f"{kind} {size / 1e6:.1f} MB" for kind, size in self.files.items())
        return f"exported {self.model} to {self.folder} ({sizes})"

    def facts(self) -> dict:
        data = {**asdict(self.data), "folder": str(self.data.folder), "images": self.data.images} if self.data else None
        return {
            "model": self.model,
            "folder": str(self.folder) if self.folder else None,
            "files": self.files,
            "compared": [asdict(c) for c in self.compared],
            "data": data,
        }


def export(basetag: str, wanted: ExportOptions, catalogue: Catalogue) -> Exported:
    """Write a model or the training images to a new folder.

    Raises:
        NotReady: there is no such model, or there are no training images.
        BadUsage: the folder exists already, or options of both are given.
        RoboError: the model is damaged or cannot be converted.
    """
    if not wanted.data:
        return _web(basetag, wanted, catalogue) if wanted.web else _model(basetag, wanted, catalogue)
    if wanted.to or wanted.smaller or wanted.model or wanted.web:
        raise BadUsage(
            "--data exports the training images; --to, --smaller, --web and --model export a model.",
            "Run export twice.",
        )
    data = write_data(wanted.data, basetag, catalogue)
    for name, why in data.unreadable.items():
        console.warn(f"{name} is left out: {why}")
    if data.twice:
        console.note(f"  {data.twice} duplicate image{'s' * (data.twice != 1)} left out.")
    return Exported(data=data)


def _model(basetag: str, wanted: ExportOptions, catalogue: Catalogue) -> Exported:
    model = model_store.pick(leaderboard.ranked(basetag, catalogue), wanted.model, basetag)
    target = wanted.to or paths.exports(basetag) / model.name
    refuse_taken(target, "--to")
    model_store.verify(model)
    console.note(f"boop boop. packing {model.name}")
    images = provenance.training_images(basetag, catalogue)
    with whole_folder(target, "--to") as folder:
        sizes, compared, trial = write_model(folder, basetag, model, images, catalogue, wanted.smaller)
    if compared and not console.is_json():
        _show(sizes, compared, trial)
    return Exported(model.name, target, sizes, compared)


def _web(basetag: str, wanted: ExportOptions, catalogue: Catalogue) -> Exported:
    """The model as a page for browsers."""
    model = model_store.pick(leaderboard.ranked(basetag, catalogue), wanted.model, basetag)
    target = wanted.to or paths.exports(basetag) / f"{model.name}_web"
    refuse_taken(target, "--to")
    model_store.verify(model)
    console.note(f"boop boop. making a page of {model.name}")
    images = provenance.training_images(basetag, catalogue)
    with whole_folder(target, "--to") as folder:
        size = web.write(folder, basetag, model, images, catalogue, wanted.smaller)
    console.note(f"  Open {target / 'index.html'} in a browser. README.md beside it says how to host it for phones.")
    return Exported(model.name, target, {"page": size})


def _show(sizes: dict[str, int], compared: Sequence["api.Compared"], trial: str) -> None:
    """A table that compares the files."""
    full, rows = compared[0], []
    for c in compared:
        gap, size = 100 * (c.right - full.right) / c.total, sizes[c.kind] / 1e6
        rows.append([c.kind, f"{size:.1f}", percent(c.right / c.total), f"{gap:+.1f}", percent(c.same / c.looked)])
    console.table(["file", "MB", "correct", "points", "same as float32"], rows, to_stdout=True)
    console.note(trial)
