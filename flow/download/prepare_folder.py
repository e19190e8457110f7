"""The folder a download goes into: made, cleared of what a killed run left, and tried before anything is fetched."""

from pathlib import Path

from flow.base import files
from flow.base.errors import RoboError

SPACE_MB = 100  # free megabytes wanted before anything is fetched


def prepare_folder(folder: Path) -> None:
    """The folder, tried before anything is fetched. Raises RoboError where nothing can be written into it."""
    try:
        files.make_folder(folder)
        files.need_space(folder, SPACE_MB)
        files.sweep_parts(folder)
        files.write_part(folder, "trial", b"boop").unlink()
    except OSError as problem:
        raise cannot_write(folder, problem.strerror) from problem


def cannot_write(folder: Path, why: str | None) -> RoboError:
    hint = "Make room or allow it, and run the same command again; nothing was lost."
    return RoboError(f"{folder} cannot be written: {why or 'the disk failed'}.", hint)
