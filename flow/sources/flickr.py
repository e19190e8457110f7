"""Flickr, with an API key in FLICKR_API_KEY (new ones for Pro members only).

Openverse shows the same free photos without a key.
"""

import os
from collections.abc import Iterator
from urllib.parse import quote

import config as cfg
from flow.base.errors import NoCredentials
from flow.sources import FoundImage, SourceError
from flow.sources.fields import at, licence_link, number, rows, text, words_of
from flow.sources.site import Site

PAGE_SIZE = 500
DEPTH_MAX = 4000  # results a query shows before it repeats itself
# Its licence ids -> our code and the licence's version
LICENCES = {
    "0": ("unknown", ""),
    "1": ("by-nc-sa", "2.0"),
    "2": ("by-nc", "2.0"),
    "3": ("by-nc-nd", "2.0"),
    "4": ("by", "2.0"),
    "5": ("by-sa", "2.0"),
    "6": ("by-nd", "2.0"),
    "7": ("pdm", ""),
    "8": ("pdm", ""),
    "9": ("cc0", ""),
    "10": ("pdm", ""),
    "11": ("by", "4.0"),
    "12": ("by-sa", "4.0"),
    "13": ("by-nd", "4.0"),
    "14": ("by-nc", "4.0"),
    "15": ("by-nc-sa", "4.0"),
    "16": ("by-nc-nd", "4.0"),
}
SIZES = ("l", "c", "z", "m")  # 1024, 800, 640, 500 pixels
HINT = "Keys are given to Flickr Pro members: https://www.flickr.com/services/api/keys/. The source auto needs none."


class Flickr(Site):
    name = "flickr"

    def __init__(self, key: str):
        self._key = key

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        licences = ",".join(id_ for id_, (code, _) in LICENCES.items() if code in cfg.licences)
        for page in range(1, DEPTH_MAX // PAGE_SIZE + 1):
            params = {
                "method": "flickr.photos.search",
                "api_key": self._key,
                "format": "json",
                "nojsoncallback": 1,
                "tags": words_of(tag).replace(" ", ""),
                "tag_mode": "any",
                "license": licences,
                "media": "photos",
                "content_type": 1,
                "safe_search": 1,
                "sort": "relevance",
                "per_page": PAGE_SIZE,
                "page": page,
                "extras": "license,owner_name,tags,o_dims,url_l,url_c,url_z,url_m,path_alias",
            }
            code, data = self.ask(f"{cfg.url_flickr}/services/rest/", params)
            if code != 200 or data.get("stat") != "ok":
                self._refuse(code, data)
            self.total = number(at(data, "photos", "total"))
            yield [found for found in map(_found, rows(at(data, "photos", "photo"))) if found]
            if page >= number(at(data, "photos", "pages")):
                return

    def _refuse(self, code: int, data: dict) -> None:
        """Raise what an error means; they come with status 200."""
        message = text(data.get("message"))[:120].replace(self._key, "[hidden]")
        if number(data.get("code")) in (96, 97, 98, 99, 100) or code in (401, 403):
            raise NoCredentials(f"Flickr refused FLICKR_API_KEY ({message or code}).", HINT)
        raise SourceError(f"flickr refuses the search ({number(data.get('code')) or code}: {message})")


def make(argument: str) -> list[Flickr]:
    """Raises NoCredentials without a key."""
    key = os.environ.get("FLICKR_API_KEY", "")
    if not key:
        raise NoCredentials("Flickr needs an API key in FLICKR_API_KEY.", HINT)
    return [Flickr(key)]


def _found(photo: dict) -> FoundImage | None:
    """One photo at its largest useful size; None where no size is offered."""
    sizes = [size for size in SIZES if photo.get(f"url_{size}")]
    if not sizes or not photo.get("id"):
        return None
    code, version = LICENCES.get(text(photo.get("license")), ("unknown", ""))
    page = f"https://www.flickr.com/photos/{quote(text(photo.get('owner')))}/{quote(text(photo['id']))}"
    return FoundImage(
        "flickr",
        text(photo["id"]),
        text(photo[f"url_{sizes[0]}"]),
        page,
        text(photo.get("title")),
        text(photo.get("ownername")),
        code,
        licence_link(code, version),
        "",
        number(photo.get(f"width_{sizes[0]}")),
        number(photo.get(f"height_{sizes[0]}")),
        text(photo[f"url_{sizes[-1]}"]),
        "by tag",
    )
