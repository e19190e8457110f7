"""Imgur, for owners of an old key (IMGURAPI_ID): new ones are no longer given, and the United Kingdom is blocked. It
tells no licences."""

import os
from collections.abc import Iterator
from urllib.parse import quote

import config as cfg
from flow.base.errors import BadUsage, NoCredentials
from flow.sources import FoundImage, SourceError
from flow.sources.fields import at, number, rows, text
from flow.sources.site import Site

TYPES = ("image/jpeg", "image/png", "image/webp")
PAGES_MAX = 200


class Imgur(Site):
    name = "imgur"

    def __init__(self, client_id: str):
        self._headers = {"Authorization": f"Client-ID {client_id}"}

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        for page in range(PAGES_MAX):
            code, data = self.ask(f"{cfg.url_imgur}/3/gallery/t/{quote(tag)}/time/all/{page}", headers=self._headers)
            if code != 200 or data.get("success") is False:
                self._refuse(number(data.get("status")) or code, data)
            items = rows(at(data, "data", "items"))
            if not items:
                return
            yield [found for item in items for found in _images(item)]

    def _refuse(self, code: int, data: dict) -> None:
        """Raise what an error means; its `error` is a text or an object with a message."""
        error = at(data, "data", "error")
        message = text(at(error, "message") if isinstance(error, dict) else error)[:120]
        if "capacity" in message.lower() or code == 429:
            raise SourceError(f"imgur is over its capacity or our day's share is used up ({code}): try again later")
        if code in (401, 403):
            raise NoCredentials(f"Imgur refused IMGURAPI_ID ({code}: {message or 'no reason given'}).", HINT)
        raise SourceError(f"imgur refuses the search ({code}: {message})")


HINT = "Imgur gives no new keys since 2025 (an old Client-ID still works); the source auto needs none."


def make(argument: str) -> list[Imgur]:
    """Raises NoCredentials without a key, BadUsage where images of unknown licence are not wanted."""
    client_id = os.environ.get("IMGURAPI_ID", "")
    if not client_id:
        raise NoCredentials("Imgur needs a Client-ID in IMGURAPI_ID.", HINT)
    if "unknown" not in cfg.licences:
        raise BadUsage(
            "Imgur gives no licences, and `licences` does not hold unknown.",
            "Add unknown to `licences` in roboflow.yaml if you may use such images.",
        )
    return [Imgur(client_id)]


def _images(item: dict) -> list[FoundImage]:
    """The images of a gallery entry: an album's own, or the entry itself."""
    images = rows(item.get("images")) if item.get("is_album") else [item]
    found = []
    for image in images:
        usable = (
            image.get("type") in TYPES and not image.get("animated") and not (image.get("nsfw") or item.get("nsfw"))
        )
        if usable and image.get("id") and image.get("link"):
            page = text(item.get("link")) if item.get("is_album") else f"https://imgur.com/{quote(text(image['id']))}"
            found.append(
                FoundImage(
                    "imgur",
                    text(image["id"]),
                    text(image["link"]),
                    page,
                    text(image.get("title")) or text(item.get("title")),
                    text(item.get("account_url")),
                    "unknown",
                    "",
                    "",
                    number(image.get("width")),
                    number(image.get("height")),
                    found_by="by tag",
                )
            )
    return found
