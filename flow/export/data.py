"""The training images as a plain imagefolder, {label}/{file} and metadata.csv, for other programs.

Keras' image_dataset_from_directory and fastai read the folders, Hugging Face's datasets reads metadata.csv with them.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from flow.base import files
from flow.base.errors import NotReady
from flow.base.learning import api
from flow.export.credits import OWN, is_own, licence_name, without_paths
from flow.export.write import as_text, csv_text, refuse_taken, whole_folder
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.provenance import LabeledImage
from flow.records.rows import PERSON, Image
from flow.ui import console

METADATA = "metadata.csv"
COLUMNS = ("file_name", "label", "labelled_by", "score", "licence", "credit", "source", "split", "recording")
READ_BACK = ("file_name", "label")  # programs read these, so they are exact, whatever a spreadsheet makes of them
TO_SPARE_MB = 50  # free space to leave beside the copies


@dataclass(frozen=True)
class Data:
    """What was written. `unreadable`: training images left out, file -> why; `twice`: duplicates left out."""

    folder: Path
    labels: dict[str, int]
    unreadable: dict[str, str]
    twice: int

    @property
    def images(self) -> int:
        return sum(self.labels.values())


def write_data(target: Path, basetag: str, catalogue: Catalogue) -> Data:
    """Copy the training images to `target`, a new folder.

    Raises:
        BadUsage: it exists already.
        NotReady: there are no training images.
    """
    refuse_taken(target, "--data")
    found = provenance.training_images(basetag, catalogue)
    images = once(found)
    if not images:
        raise NotReady(f"There are no training images for {basetag} yet.", "Sort some into its label folders first.")
    size = sum(image.path.stat().st_size for image in images if image.path.exists())
    files.need_space(target.parent, size // 1_000_000 + TO_SPARE_MB)
    origins = {i.sha256: without_paths(i) for i in catalogue.images() if not is_own(i)}
    parts, recordings = catalogue.splits(), catalogue.groups()
    labels: dict[str, int] = {}
    unreadable: dict[str, str] = {}
    rows = []
    with whole_folder(target, "--data") as folder, console.progress(len(images), "copying") as advance:
        for image in images:
            copy, reason = _copy(image, folder)
            if copy is None:
                unreadable[str(image.path)] = reason
            else:
                part, recording = parts.get(image.sha256, "train"), recordings.get(image.sha256, "")
                rows.append([*_row(image, copy, origins.get(image.sha256), part), recording])
                labels[image.label] = labels.get(image.label, 0) + 1
            advance(1)
        files.write_whole(folder / METADATA, csv_text(COLUMNS, rows, READ_BACK))
    return Data(target, labels, unreadable, len(found) - len(images))


def once(images: list[LabeledImage]) -> list[LabeledImage]:
    """Each content once, as in training: a person's label before a model's, then the first by name."""
    best: dict[str, LabeledImage] = {}
    for image in sorted(images, key=lambda i: (i.given_by != PERSON, i.label, i.path.name)):
        best.setdefault(image.sha256, image)
    return sorted(best.values(), key=lambda i: (i.label, i.path.name))


def _row(image: LabeledImage, copy: Path, origin: Image | None, part: str) -> list[str]:
    score = "" if image.score is None else f"{image.score:.4f}"
    licence = licence_name(origin.licence) if origin else ""
    return [
        f"{image.label}/{copy.name}",
        image.label,
        image.given_by,
        score,
        licence,
        origin.credit if origin else "",
        origin.source if origin else OWN,
        part,
    ]


def _copy(image: LabeledImage, folder: Path) -> tuple[Path | None, str]:
    """A copy in the folder of its label; or None, and why the image cannot be read."""
    try:
        api.decode(image.path, draft_side=8)
        target = files.free_path(files.make_folder(folder / image.label), as_text(image.path.name))
        shutil.copyfile(image.path, target)
    except api.Unreadable as problem:
        return None, str(problem)
    except FileNotFoundError:
        return None, "vanished"
    return target, ""
