"""What a person gives `try`: files, folders and web addresses -> images by name."""

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
    """`images`: name -> file, or bytes where it came from the web; `bad`: name -> why there is no image; `folders`:
    whether a folder was given."""

    images: dict[str, ImageSource] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    folders: bool = False


def read_inputs(words: Sequence[str]) -> Inputs:
    """Files, and the image files directly in folders, by their paths as given; addresses are fetched into memory.

    Raises:
        BadUsage: a folder contains no image files.
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
                raise BadUsage(f"There are no image files in {path}.", "Folders inside it are not searched.")
            given.folders = True
            given.images |= {str(image): image for image in found}
        else:
            given.images[word] = path
    if addresses:
        _fetch(dict.fromkeys(addresses), given)
    return given


def is_address(word: str) -> bool:
    return word.lower().startswith(("http://", "https://"))


def _fetch(addresses: dict[str, None], given: Inputs) -> None:
    """Fetch with the limits of downloads: public addresses only, a largest size, and a deadline."""
    from flow.web.fetch import Fetcher, NotFetched

    with Fetcher(lambda: datetime.now(timezone.utc)) as fetcher:
        for address in addresses:
            console.detail(f"fetching {address}")
            try:
                given.images[address] = fetcher.get(address)
            except NotFetched as problem:
                given.bad[address] = str(problem)
