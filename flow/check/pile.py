"""The pictures that wait in the unsorted_ folders, each content once, and what the backbone sees in them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flow.base import files, paths
from flow.base.errors import NotReady, RoboError
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.records.decisions import DONE, KEEP, LABEL, OVER, UNDONE
from flow.records.rows import DRAWN, Decision
from flow.talk import console

if TYPE_CHECKING:
    import numpy as np

    from scripts.learn.backbones import Backbone
    from scripts.learn.heap import Heap

LEAST = 2  # pictures; one alone is no heap


@dataclass(frozen=True)
class Pile:
    """`shas`: content hashes, a row each; `where`: content hash -> file; `vectors`: float32 [n, d]; `alike`: row -> the
    rows of its near-duplicates, itself left out; rows without any are left out."""

    shas: tuple[str, ...]
    where: dict[str, Path]
    vectors: "np.ndarray"
    heap: "Heap"
    alike: dict[int, tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.shas)


def waits(basetag: str) -> bool:
    """Whether any picture lies in an unsorted_ folder."""
    return any(files.count_images(folder) for folder in labelling.unsorted_folders(basetag))


def too_few(basetag: str, count: int = 0) -> NotReady:
    """What to say where fewer than LEAST pictures wait."""
    return NotReady(
        f"Nothing of {basetag} waits unsorted." if not count else f"One picture of {basetag} is no heap yet.",
        f"Bring pictures in first: python roboflow.py {basetag} 200 {basetag} download; "
        f"what is sorted already is looked at by: python roboflow.py {basetag} check",
    )


def piled(basetag: str, catalogue: Catalogue, backbone: "Backbone", folder: Path) -> Pile:
    """Everything unsorted that is neither sorted nor training data yet, or was decided here before. Each picture goes
    through the backbone once in its life; how far that is, is told.

    Args:
        folder: where the backbone lies.

    Raises:
        NotReady: nothing waits.
        RoboError: the backbone cannot be opened.
    """
    from scripts.learn.heap import heap_of

    where = _listed(basetag, catalogue)
    found = _vectors(where, backbone, folder) if where else {}
    if len(found) < LEAST:
        raise too_few(basetag, len(found))
    import numpy as np

    shas = tuple(found)
    vectors = np.stack([found[sha] for sha in shas]).astype(np.float32)
    console.note(f"{len(shas)} pictures wait; looking at what is like what ...")
    return Pile(shas, {sha: where[sha] for sha in shas}, vectors, heap_of(vectors), _alike(shas, where))


def done_here(basetag: str, catalogue: Catalogue) -> list[Decision]:
    """The done decisions on pictures of unsorted_ folders, oldest first."""
    rows = [row for folder in labelling.unsorted_folders(basetag) for row in catalogue.decisions(DONE, folder.name)]
    return sorted(rows, key=lambda row: row.number)


def drawn_here(basetag: str, catalogue: Catalogue) -> set[str]:
    """Pictures that came before a person by a random draw, whatever became of that."""
    folders = {folder.name for folder in labelling.unsorted_folders(basetag)}
    rows = (row for state in (DONE, UNDONE, OVER) for row in catalogue.decisions(state))
    return {row.sha256 for row in rows if row.folder in folders and row.came == DRAWN}


def _listed(basetag: str, catalogue: Catalogue) -> dict[str, Path]:
    """Content hash -> file. What is training data by another way than this page stays out, and what was sorted, which
    has a page of its own."""
    own = {row.sha256 for row in done_here(basetag, catalogue) if row.kind in (LABEL, KEEP)}
    elsewhere = {sha for _, _, sha in labelling.hashed(labelling.label_folders(basetag))}
    elsewhere |= {sha for folder in labelling.sorted_folders(basetag) for sha in catalogue.sortings(folder.name)}
    elsewhere -= own
    found: dict[str, Path] = {}
    for path, _, sha in labelling.hashed(labelling.unsorted_folders(basetag)):
        if sha not in elsewhere:
            found.setdefault(sha, path)
    return found


def _vectors(where: dict[str, Path], backbone: "Backbone", folder: Path) -> "dict[str, np.ndarray]":
    from scripts.learn import bottlenecks, runners
    from scripts.learn.backbones import BackboneProblem

    try:
        runner = runners.open_runner(backbone, folder, paths.models() / "converted")
        store = bottlenecks.store_path(paths.bottlenecks(), backbone, runner.key)
        with bottlenecks.Store(store) as kept, console.progress(len(where), "looking at your pictures") as advance:
            done = bottlenecks.compute(where, runner, kept, advance)
    except BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    if done.bad:
        console.note(f"{len(done.bad)} files cannot be read as pictures and are left out.")
    return {sha: done.vectors[sha] for sha in where if sha in done.vectors}


def _alike(shas: tuple[str, ...], where: dict[str, Path]) -> dict[int, tuple[int, ...]]:
    from scripts.learn.hashes import HashBook
    from scripts.learn.lookalike_groups import groups

    with HashBook(paths.hashes()) as book:
        group_of = groups(book.looks({sha: where[sha] for sha in shas}).items())
    members: dict[str, list[int]] = {}
    for row, sha in enumerate(shas):
        members.setdefault(group_of.get(sha, sha), []).append(row)
    several = [rows for rows in members.values() if len(rows) > 1]
    return {row: tuple(other for other in rows if other != row) for rows in several for row in rows}
