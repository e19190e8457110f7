"""Approving sorted_ folders: a person says that they are right, so their images count as checked."""

from dataclasses import asdict, dataclass

from flow.base import paths
from flow.base.errors import NotReady
from flow.records import provenance
from flow.records.catalogue import Catalogue


@dataclass(frozen=True)
class Approved:
    """The approved folders, and how many images are in their label folders."""

    folders: tuple[str, ...]
    images: int
    code: int = 0
    dry: bool = False

    def line(self) -> str:
        return f"{'would approve' if self.dry else 'approved'} {self.images} images in {', '.join(self.folders)}"

    def facts(self) -> dict:
        return asdict(self)


def approve(basetag: str, only: str, stamp: str, catalogue: Catalogue, dry: bool = False) -> Approved:
    """Approve one sorted_ folder, or all that wait.

    Args:
        dry: only say so; nothing is stored.

    Raises:
        NotReady: there is none.
    """
    folders = [f.name for f in provenance.sorted_folders(basetag) if not only or f.name == only]
    if not folders:
        raise NotReady(
            f"There is no {only or 'sorted folder'} in {paths.testing(basetag)}.", "Classify some images first."
        )
    for name in folders if not dry else ():
        catalogue.approve(name, stamp)
    images = sum(n for counts in provenance.pending_counts(basetag, catalogue, only).values() for n in counts.values())
    return Approved(tuple(folders), images, dry=dry)
