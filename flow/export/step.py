"""The flowstep export: the best model, or the one named, or the training images, as a new folder to hand over."""

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
from flow.export.write import refuse_taken, whole_folder
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.ui import console


@dataclass(frozen=True)
class ExportOptions:
    """What an export can be told: about a model, or with `data` about the training images."""

    to: Path | None = option("write the model to this new folder", parse=path, metavar="DIR")
    smaller: bool = option("float16 and int8 files too, with what they lose")
    model: str = option("this model; empty = the best", default="", parse=text, metavar="NAME-or-NUMBER")
    data: Path | None = option("copy the training images to this new folder", parse=path, metavar="DIR")


@dataclass(frozen=True)
class Exported:
    """What was written where: a model (`files`: kind -> bytes) or data."""

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
    """Write what is wanted.

    Raises:
        NotReady: there is no such model, or there are no training images.
        BadUsage: the folder is there already, or both are wanted at once.
        RoboError: the model is damaged or cannot be converted.
    """
    if not wanted.data:
        return _model(basetag, wanted, catalogue)
    if wanted.to or wanted.smaller or wanted.model:
        raise BadUsage(
            "--data is for the training images; --to, --smaller and --model are for a model.",
            "Export one after the other.",
        )
    data = write_data(wanted.data, basetag, catalogue)
    for name, why in data.unreadable.items():
        console.warn(f"{name} is left out: {why}")
    if data.twice:
        console.note(f"  {data.twice} images that are there twice were copied once.")
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


def _show(sizes: dict[str, int], compared: Sequence["api.Compared"], trial: str) -> None:
    """The files against each other."""
    plain, rows = compared[0], []
    for c in compared:
        gap, size = 100 * (c.right - plain.right) / c.total, sizes[c.kind] / 1e6
        rows.append([c.kind, f"{size:.1f}", percent(c.right / c.total), f"{gap:+.1f}", percent(c.same / c.looked)])
    console.table(["file", "MB", "right", "points", "as float32"], rows, to_stdout=True)
    console.note(trial)
