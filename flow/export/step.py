"""The flowstep export: the best model, or the one named, and the training images, each as a new folder to hand over."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base import paths
from flow.base.names import percent
from flow.export.data import Data, write_data
from flow.export.model import write_model
from flow.export.writing import refuse_taken, whole_folder
from flow.models import leaderboard, shelf
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.talk import console

if TYPE_CHECKING:
    from scripts.learn.tflite import Compared


@dataclass(frozen=True)
class Wanted:
    """What a person asked for. `to`: folder for the model, None = exports/; `data`: folder for the training images;
    `model`: name or number, empty = the best. With `data` alone no model is exported."""

    to: Path | None = None
    smaller: bool = False
    data: Path | None = None
    model: str = ""

    @property
    def model_too(self) -> bool:
        return self.data is None or self.to is not None or self.smaller or bool(self.model)


@dataclass(frozen=True)
class Exported:
    """What was written where. `files`: kind -> bytes."""

    model: str = ""
    folder: Path | None = None
    files: dict[str, int] = field(default_factory=dict)
    compared: Sequence["Compared"] = ()
    data: Data | None = None

    @property
    def code(self) -> int:
        return 3 if self.data and self.data.unreadable else 0

    def line(self) -> str:
        said = []
        if self.folder:
            sizes = ", ".join(f"{kind} {size / 1e6:.1f} MB" for kind, size in self.files.items())
            said.append(f"exported {self.model} to {self.folder} ({sizes})")
        if self.data:
            said.append(f"copied {self.data.images} training images to {self.data.folder}")
            if self.data.unreadable:
                said[-1] += f", {len(self.data.unreadable)} unreadable ones left out"
        return " and ".join(said)

    def facts(self) -> dict:
        data = {**asdict(self.data), "folder": str(self.data.folder), "images": self.data.images} if self.data else None
        return {"model": self.model, "folder": str(self.folder) if self.folder else None, "files": self.files,
                "compared": [asdict(c) for c in self.compared], "data": data}  # fmt: skip


def export(basetag: str, wanted: Wanted, catalogue: Catalogue) -> Exported:
    """Write what is wanted.

    Raises:
        NotReady: there is no such model, or there are no training images.
        BadUsage: a folder is there already.
        RoboError: the model is damaged or cannot be converted.
    """
    if wanted.data:
        refuse_taken(wanted.data, "--data")
    done = _model(basetag, wanted, catalogue) if wanted.model_too else Exported()
    if not wanted.data:
        return done
    data = write_data(wanted.data, basetag, catalogue)
    for path, why in data.unreadable.items():
        console.warn(f"{path} is left out: {why}")
    if data.twice:
        console.note(f"  {data.twice} images that are there twice were copied once.")
    return Exported(done.model, done.folder, done.files, done.compared, data)


def _model(basetag: str, wanted: Wanted, catalogue: Catalogue) -> Exported:
    model = shelf.pick(leaderboard.ranked(basetag, catalogue), wanted.model, basetag)
    target = wanted.to or paths.exports(basetag) / model.name
    refuse_taken(target, "--to")
    shelf.verify(model)
    console.note(f"boop boop. packing {model.name}")
    images = labelling.training_images(basetag, catalogue)
    with whole_folder(target, "--to") as folder:
        sizes, compared, trial = write_model(folder, basetag, model, images, catalogue, wanted.smaller)
    if compared and not console.is_json():
        _show(sizes, compared, trial)
    return Exported(model.name, target, sizes, compared)


def _show(sizes: dict[str, int], compared: Sequence["Compared"], trial: str) -> None:
    """The files against each other."""
    plain, rows = compared[0], []
    for c in compared:
        gap, size = 100 * (c.right - plain.right) / c.total, sizes[c.kind] / 1e6
        rows.append([c.kind, f"{size:.1f}", percent(c.right / c.total), f"{gap:+.1f}", percent(c.same / c.looked)])
    console.table(["file", "MB", "right", "points", "as float32"], rows, to_stdout=True)
    console.note(trial)
