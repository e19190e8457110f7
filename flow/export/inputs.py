"""What a person gives `try`: files, folders and web addresses -> pictures by name, and what there is no picture of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from flow.base import files
from flow.base.errors import BadUsage
from flow.models.prediction import ImageSource
from flow.ui import console


@dataclass
class Inputs:
    """`pictures`: name -> file, or bytes where it came from the web; `bad`: name -> why there is nothing to look at;
    `folders`: whether a whole folder was among what was given."""

    pictures: dict[str, ImageSource] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    folders: bool = False


def read_inputs(words: Sequence[str]) -> Inputs:
    """Files and the image files directly in folders, by their paths as given; addresses are fetched into memory.

    Raises:
        BadUsage: a folder without image files.
    """
    given = Inputs()
    addresses = [word for word in words if is_address(word)]
    for word in words:
        path = Path(word).expanduser()
        if word in addresses:
            continue
        if path.is_dir():
            found = files.images_in(path)
            if not found:
                raise BadUsage(f"There are no image files in {path}.", "Sub-folders are not looked into.")
            given.folders = True
            given.pictures |= {str(image): image for image in found}
        else:
            given.pictures[word] = path
    if addresses:
        _fetch(dict.fromkeys(addresses), given)
    return given


def is_address(word: str) -> bool:
    return word.lower().startswith(("http://", "https://"))


def _fetch(addresses: dict[str, None], given: Inputs) -> None:
    """Guarded as downloads are: public addresses only, capped, and never without an end."""
    from flow.web.fetch import Fetcher, NotFetched

    with Fetcher(lambda: datetime.now(timezone.utc)) as fetcher:
        for address in addresses:
            console.detail(f"fetching {address}")
            try:
                given.pictures[address] = fetcher.get(address)
            except NotFetched as problem:
                given.bad[address] = str(problem)
