"""What belongs to a basetag on the disk."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from flow.base import files, paths


def folders_of(basetag: str) -> list[Path]:
    """Its folders, whether they are there or not."""
    return [paths.training(basetag), paths.testing(basetag), paths.summaries(basetag)]


def catalogues_of(basetag: str) -> list[Path]:
    """Its catalogue, and copies of it from before."""
    home, start = paths.catalogue(basetag).parent, paths.catalogue(basetag).stem
    found = sorted(home.iterdir()) if home.is_dir() else []
    return [path for path in found if path.is_file() and _owner(path.name) == start]


def parts_of(basetag: str) -> list[Path]:
    """Everything of it that is there: folders, then catalogues."""
    return [folder for folder in folders_of(basetag) if folder.exists()] + catalogues_of(basetag)


def renamed(relative: Path, old: str, new: str) -> Path:
    """Where a part of a basetag lies under another name; relative to tf_files."""
    root, name, *rest = relative.parts
    if root == paths.catalogue(old).parent.name:
        return Path(root, new + name[len(old) :])
    return Path(root, new, *rest)


def images_of(basetag: str) -> int:
    """How many images lie in its folders."""
    return sum(is_photo(path) for path in files_below(paths.training(basetag), paths.testing(basetag)))


def is_photo(path: PurePath) -> bool:
    """Whether a file of a basetag is one of its images, and no picture that belongs to a model's report."""
    own = {paths.training_root().name, paths.testing_root().name}
    return path.name.lower().endswith(files.IMAGE_ENDINGS) and not own.isdisjoint(path.parts)


def files_below(*folders: Path) -> Iterator[Path]:
    """All files below folders, in order; what is half written is left out."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith(files.PART):
                yield path


def is_of(part: Path, basetag: str) -> bool:
    """Whether a part, wherever its root lies, is that of a basetag."""
    root = paths.catalogue(basetag).parent.name
    return (_owner(part.name) if part.parent.name == root else part.name) == basetag


def _owner(name: str) -> str:
    """robots.sqlite, robots.v2.sqlite and robots.sqlite.damaged_1 are of robots; a basetag's name holds no dot."""
    return name.partition(".")[0]
