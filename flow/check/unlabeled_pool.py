"""The images in the unsorted_ folders that have no label yet, each content once, with their embeddings."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base import files
from flow.base.errors import NotReady
from flow.base.learning import api, near_duplicate_groups, open_embedder
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.decisions import ACCEPT, DONE, RELABEL, SUPERSEDED, UNDONE
from flow.records.rows import RANDOM, Decision
from flow.ui import console

if TYPE_CHECKING:
    import numpy as np

IMAGES_MIN = 2


@dataclass(frozen=True)
class UnlabeledPool:
    """`shas`: content hashes, a row each; `where`: content hash -> file; `vectors`: embeddings float32 [n, d]; `graph`:
    which images are similar; `near_duplicates`: row -> the rows of its near-duplicates, without itself; rows that have
    none are left out; `groups` int [n]: rows of one recording have one number; None where nothing was recorded."""

    shas: tuple[str, ...]
    where: dict[str, Path]
    vectors: "np.ndarray"
    graph: "api.NeighborGraph"
    near_duplicates: dict[int, tuple[int, ...]]
    groups: "np.ndarray | None" = None

    def __len__(self) -> int:
        return len(self.shas)


def has_images(basetag: str) -> bool:
    """Whether any image lies in an unsorted_ folder."""
    return any(files.count_images(folder) for folder in provenance.unsorted_folders(basetag))


def too_few(basetag: str, count: int = 0) -> NotReady:
    """The error where fewer than IMAGES_MIN images are unlabeled."""
    none, one = f"{basetag} has no unsorted images", f"{basetag} has one unsorted image"
    return NotReady(
        f"{one if count else none}; at least {IMAGES_MIN} are needed.",
        f"Bring images in first: python roboflow.py {basetag} 200 {basetag} download. "
        f"To check sorted images: python roboflow.py {basetag} check",
    )


def read_pool(basetag: str, catalogue: Catalogue, backbone: "api.Backbone", folder: Path) -> UnlabeledPool:
    """Everything unsorted that is neither sorted nor training data yet, or was labelled here before. Each image goes
    through the backbone once in its life; progress is shown.

    Args:
        folder: where the backbone lies.

    Raises:
        NotReady: too few images are unlabeled.
        RoboError: the backbone cannot be opened.
    """
    where = _listed(basetag, catalogue)
    pool = embed_pool(where, backbone, folder) if len(where) >= IMAGES_MIN else None
    if pool is None or len(pool) < IMAGES_MIN:
        raise too_few(basetag, len(pool) if pool else len(where))
    near, recordings = _near_duplicates(pool.shas, pool.where), _recordings(pool.shas, catalogue.groups())
    return replace(pool, near_duplicates=near, groups=recordings)


def embed_pool(where: dict[str, Path], backbone: "api.Backbone", folder: Path) -> UnlabeledPool:
    """Images with their embeddings and what is similar; near-duplicates and recordings are not looked for."""
    with console.progress(len(where), "reading your images") as advance:
        done = open_embedder(backbone, folder).embed(where, advance)
    if done.bad:
        console.note(f"{len(done.bad)} files cannot be read as images and are left out.")
    shas = tuple(sha for sha in where if sha in done.vectors)
    vectors = done.vectors.table(shas)[:]
    console.note(f"comparing {len(shas)} images ...")
    where = {sha: where[sha] for sha in shas}
    graph = api.build_graph(vectors) if len(shas) >= IMAGES_MIN else api.NeighborGraph(vectors, vectors, vectors)
    return UnlabeledPool(shas, where, vectors, graph, {})


def decided_here(basetag: str, catalogue: Catalogue) -> list[Decision]:
    """The done decisions about images of unsorted_ folders, oldest first."""
    rows = [row for folder in provenance.unsorted_folders(basetag) for row in catalogue.decisions(DONE, folder.name)]
    return sorted(rows, key=lambda row: row.number)


def random_sample_here(basetag: str, catalogue: Catalogue) -> set[str]:
    """Content hashes of images that were shown as part of a random sample, whatever became of that."""
    folders = {folder.name for folder in provenance.unsorted_folders(basetag)}
    rows = (row for state in (DONE, UNDONE, SUPERSEDED) for row in catalogue.decisions(state))
    return {row.sha256 for row in rows if row.folder in folders and row.sampling == RANDOM}


def _listed(basetag: str, catalogue: Catalogue) -> dict[str, Path]:
    """Content hash -> file, without what became training data in another way than this page, and without what was
    sorted, which has a page of its own."""
    own = {row.sha256 for row in decided_here(basetag, catalogue) if row.kind in (RELABEL, ACCEPT)}
    elsewhere = {sha for _, _, sha in provenance.hash_images(provenance.label_folders(basetag))}
    elsewhere |= {sha for folder in provenance.sorted_folders(basetag) for sha in catalogue.sortings(folder.name)}
    elsewhere -= own
    found: dict[str, Path] = {}
    for path, _, sha in provenance.hash_images(provenance.unsorted_folders(basetag)):
        if sha not in elsewhere:
            found.setdefault(sha, path)
    return found


def _recordings(shas: tuple[str, ...], groups: dict[str, str]) -> "np.ndarray | None":
    import numpy as np

    if not any(sha in groups for sha in shas):
        return None
    return np.unique([groups.get(sha, sha) for sha in shas], return_inverse=True)[1]


def _near_duplicates(shas: tuple[str, ...], where: dict[str, Path]) -> dict[int, tuple[int, ...]]:
    group_of = near_duplicate_groups(where)
    members: dict[str, list[int]] = {}
    for row, sha in enumerate(shas):
        members.setdefault(group_of.get(sha, sha), []).append(row)
    several = [rows for rows in members.values() if len(rows) > 1]
    return {row: tuple(other for other in rows if other != row) for rows in several for row in rows}
