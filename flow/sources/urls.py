"""`urls:FILE`: a list of image addresses, one a line. `name<tab>url`, as in our own img2url logs, is fine too."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from flow.base.errors import BadUsage
from flow.sources import FoundImage, Source


class Urls(Source):
    name = "urls"
    own = True  # whose images these are is the user's business

    def __init__(self, path: Path):
        self.path = path

    def search(self, tag: str) -> Iterator[FoundImage]:
        """Every http(s) address of the file, in order; the tag does not choose here."""
        with self.path.open(encoding="utf-8-sig", errors="replace") as lines:
            for line in lines:
                url = next(
                    (part for part in reversed(line.split()) if part.lower().startswith(("http://", "https://"))), ""
                )
                if url and not line.lstrip().startswith("#"):
                    yield FoundImage("urls", hashlib.sha256(url.encode("utf-8")).hexdigest()[:32], url)

    def why_empty(self) -> str:
        return "" if next(self.search(""), None) else f"There is no address in {self.path}."


def make(argument: str) -> list[Source]:
    path = Path(argument).expanduser().absolute()
    if not path.is_file():
        raise BadUsage(
            f"There is no file {path}.", "Give a text file with one image address a line: --source urls:FILE"
        )
    return [Urls(path)]
