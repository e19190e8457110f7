"""The folders of a new basetag."""

from flow.base import files, paths
from flow.ui import console


def make_basetag(basetag: str, labels: tuple[str, ...] = ()) -> None:
    """A new basetag's folders, with label folders where a person named some."""
    for folder in (paths.testing(basetag), paths.training(basetag), paths.summaries(basetag)):
        files.make_folder(folder)
    for label in labels:
        folder = paths.training(basetag) / label
        if not folder.exists():
            files.make_folder(folder)
            console.note(f"made {folder}")
