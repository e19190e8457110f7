"""`sample`: robots drawn by the program itself, so that the whole loop can be seen without a network.

The tags `built`, `drawn`, `mechs` and `not` give pictures of that kind alone, every other tag gives all four mixed.
The same seed, tag and number are always the same picture; `sample:7` takes seed 7.
"""

import hashlib
import io
from collections.abc import Iterator
from itertools import count

from flow.base.errors import BadUsage
from flow.base.names import whole_number
from flow.sources import FoundImage, Source

KINDS = ("built", "drawn", "mechs", "not")
JPEG_QUALITY = 92


class Sample(Source):
    name = "sample"
    own = True
    online = False

    def __init__(self, seed: int = 1):
        self.seed = seed

    def search(self, tag: str) -> Iterator[FoundImage]:
        """Pictures without end."""
        for number in count(1):
            name = f"{self.seed}/{tag}/{number}"
            title = f"{tag} {number} ({kind_of(name)})"
            yield FoundImage(
                "sample",
                name,
                f"sample:{name}",
                title=title,
                creator="RoboFlow",
                licence="cc0",
                licence_url="https://creativecommons.org/publicdomain/zero/1.0/",
                credit=f'"{title}", drawn by RoboFlow, CC0',
            )

    def read(self, found: FoundImage) -> bytes:
        """The picture as a JPEG file."""
        from flow.sources.sample.drawings import draw_image

        buffer = io.BytesIO()
        draw_image(kind_of(found.source_id), _number(found.source_id)).save(buffer, "JPEG", quality=JPEG_QUALITY)
        return buffer.getvalue()


def kind_of(source_id: str) -> str:
    """The kind of the picture with this `seed/tag/number`: the tag itself where it is one, else any of the four."""
    tag = source_id.split("/")[1]
    return tag if tag in KINDS else KINDS[_number(f"kind {source_id}") % len(KINDS)]


def make(argument: str) -> list[Source]:
    seed = whole_number(argument or "1")
    if seed is None:
        raise BadUsage(f"sample takes a whole number as its seed, but it is {argument!r}.", "For example: sample:7")
    return [Sample(seed)]


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big")
