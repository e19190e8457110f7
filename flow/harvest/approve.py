"""A person's word that the sorted_ folders are right: what lies in their label folders counts as checked."""

from dataclasses import asdict, dataclass

from flow.base import paths
from flow.base.errors import NotReady
from flow.records import provenance
from flow.records.catalogue import Catalogue


@dataclass(frozen=True)
class Approved:
    """Folders approved and the images in their label folders."""

    folders: tuple[str, ...]
    images: int
    code: int = 0
    dry: bool = False

    def line(self) -> str:
        return f"{'would approve' if self.dry else 'approved'} {self.images} images in {', '.join(self.folders)}"

    def facts(self) -> dict:
        return asdict(self)


def approve(basetag: str, only: str, stamp: str, catalogue: Catalogue, dry: bool = False) -> Approved:
    """Approve one sorted_ folder, or all that wait. Raises NotReady where there is none.

    Args:
        dry: only say so; nothing is remembered.
    """
    folders = [f.name for f in provenance.sorted_folders(basetag) if not only or f.name == only]
    if not folders:
        raise NotReady(
            f"There is no {only or 'sorted folder'} in {paths.testing(basetag)}.", "Classify something first."
        )
    for name in folders if not dry else ():
        catalogue.approve(name, stamp)
    images = sum(n for counts in provenance.pending_counts(basetag, catalogue, only).values() for n in counts.values())
    return Approved(tuple(folders), images, dry=dry)
