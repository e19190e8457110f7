"""Where images lie, by their content, and who labelled them."""

from pathlib import Path

from flow.base import files, paths
from flow.records import provenance
from flow.records.rows import PERSON
from tests.faults import world


def lies(home: Path) -> dict[str, str]:
    """Content hash -> the folder it lies in, of what was sorted and is in training."""
    places = [*(home / "testing_photos/robots").glob("sorted_*/*"), *(home / "training_photos/robots").iterdir()]
    return {files.sha256_of(p): f.name for f in places if f.is_dir() for p in files.images_in(f)}


def sorted_or_quarantined(root: Path) -> dict[str, str]:
    """Content hash -> the folder it lies in, of everything that was sorted or set aside."""
    folders = [*(p for f in world.sorted_folders(root) for p in f.iterdir() if p.is_dir()), paths.quarantine("robots")]
    return {files.sha256_of(p): folder.name for folder in folders for p in files.images_in(folder)}


def labeled_by_person(catalogue) -> dict[str, str]:
    """Content hash -> label, of the sorted images whose label a person gave or confirmed."""
    labels = {f.name for f in provenance.label_folders("robots")}
    return {
        i.sha256: i.label
        for f in provenance.sorted_folders("robots")
        for i in provenance.sorted_images(f, labels, catalogue)
        if i.given_by == PERSON
    }


def shas(page, *indices: int) -> list[str]:
    """Content hashes of a page's images; of all without indices."""
    return [page.images[n].sha256 for n in indices or range(len(page.images))]
