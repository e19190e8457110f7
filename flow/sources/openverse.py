"""Openverse: openly licensed images of many collections. No key needed; with one (OPENVERSE_CLIENT_ID and
OPENVERSE_CLIENT_SECRET in the environment) more requests a day are allowed. At most 240 images a query either way.
"""

import os
from collections.abc import Iterator

import config as cfg
from flow.base.errors import NoCredentials
from flow.sources import FoundImage, Source, SourceError
from flow.sources.site import Site, at, number, rows, text, words_of

PAGE_SIZE = 20  # the most that is allowed without a key
DEPTH_MAX = 240  # images a query shows, with a key too
QUERY_MAX = 200  # characters


class Openverse(Site):
    name = "openverse"
    offers_max = DEPTH_MAX

    def __init__(self, client_id: str = "", client_secret: str = ""):
        self._key = (client_id, client_secret)
        self._token = ""

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """By tag first, as the old hashtag search did, then by words in titles and descriptions."""
        words = words_of(tag)[:QUERY_MAX]
        for query in ({"tags": words}, {"q": words}):
            yield from self._query(query)

    def _query(self, query: dict[str, str]) -> Iterator[list[FoundImage]]:
        licenses = ",".join(code for code in cfg.licences if code != "unknown")
        for page in range(1, DEPTH_MAX // PAGE_SIZE + 1):
            params = {**query, "license": licenses, "mature": "false", "page_size": PAGE_SIZE, "page": page}
            code, data = self.ask(f"{cfg.url_openverse}/v1/images/", params, self._headers())
            if code == 401 and "depth" in str(data.get("detail", "")):
                return  # not a bad key: the last page was the last one allowed
            self._check(code, data)
            yield [_found(row) for row in rows(data.get("results")) if row.get("id") and row.get("url")]
            if not data.get("results") or page >= number(data.get("page_count")):
                return

    def _headers(self) -> dict[str, str]:
        if not any(self._key):
            return {}
        if not self._token:
            form = {"client_id": self._key[0], "client_secret": self._key[1], "grant_type": "client_credentials"}
            code, data = self.ask(f"{cfg.url_openverse}/v1/auth_tokens/token/", form=form)
            self._token = text(data.get("access_token"))
            if code >= 400 or not self._token:
                raise _refused()
        return {"Authorization": f"Bearer {self._token}"}

    def _check(self, code: int, data: dict) -> None:
        """Raise for an answer without results."""
        if code in (401, 403) and any(self._key):
            raise _refused()
        if code != 200:
            raise SourceError(f"openverse refuses the search ({code}: {text(str(data.get('detail', '')))[:120]})")


def make(argument: str) -> list[Source]:
    """Raises NoCredentials where only one half of the key is there."""
    client_id, secret = os.environ.get("OPENVERSE_CLIENT_ID", ""), os.environ.get("OPENVERSE_CLIENT_SECRET", "")
    if bool(client_id) != bool(secret):
        missing = "OPENVERSE_CLIENT_SECRET" if client_id else "OPENVERSE_CLIENT_ID"
        raise NoCredentials(
            f"{missing} is missing: Openverse wants both or none.", "Unset the other to go without a key."
        )
    return [Openverse(client_id, secret)]


def _refused() -> NoCredentials:
    return NoCredentials(
        "Openverse refused OPENVERSE_CLIENT_ID and OPENVERSE_CLIENT_SECRET.",
        "Register at https://api.openverse.org/v1/#tag/auth and confirm the e-mail, or unset both to go without.",
    )


def _found(row: dict) -> FoundImage:
    """One result. Wikimedia's rows are originals of many megabytes, so their thumbnail comes first."""
    url, thumb = text(row.get("url")), text(row.get("thumbnail"))
    if text(row.get("source")) == "wikimedia" and thumb:
        url, thumb = thumb, url
    return FoundImage(
        "openverse",
        text(row.get("id")),
        url,
        text(row.get("foreign_landing_url")),
        text(row.get("title")),
        text(row.get("creator")),
        text(row.get("license")).lower(),
        text(row.get("license_url")),
        text(at(row, "attribution")),
        number(row.get("width")),
        number(row.get("height")),
        thumb,
    )
