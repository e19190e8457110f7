"""Openverse: openly licensed images of many collections. No key needed; with one (OPENVERSE_CLIENT_ID and
OPENVERSE_CLIENT_SECRET in the environment) more requests a day are allowed. At most 240 images a query either way.
"""

import os
from collections.abc import Iterator
from dataclasses import replace

import config as cfg
from flow.base.errors import NoCredentials
from flow.sources import FoundImage
from flow.sources.fields import at, number, phrase_of, rows, text, words_of
from flow.sources.site import Site
from flow.web.manners import family_of

PAGE_SIZE = 20  # the most that is allowed without a key
DEPTH_MAX = 240  # images a query shows, with a key too
QUERY_MAX = 198  # characters of its 200; two are for quotes
LICENCES = {"cc0", "pdm", "by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd"}  # an unknown one is refused with 400


class Openverse(Site):
    name = "openverse"
    offers_max = DEPTH_MAX

    def __init__(self, client_id: str = "", client_secret: str = ""):
        self._key = (client_id, client_secret)
        self._token = ""

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """As a tag, then as a phrase in titles and descriptions, then by its words alone; each only where the one
        before gave too few. Without quotes its tags mean any of the words, and its words are cut to their stems."""
        words, phrase = words_of(tag)[:QUERY_MAX], phrase_of(tag[:QUERY_MAX])
        single = " " not in words
        for query, found_by in (
            ({"tags": phrase}, "by tag"),
            ({"q": phrase}, "by the word" if single else "by the phrase"),
            ({"q": words}, "by words like it" if single else "by single words"),
        ):
            for page in self._query(query):
                yield [replace(found, found_by=found_by) for found in page]

    def _query(self, query: dict[str, str]) -> Iterator[list[FoundImage]]:
        licences = ",".join(code for code in cfg.licences if code in LICENCES)
        for page in range(1, DEPTH_MAX // PAGE_SIZE + 1):
            params = {**query, "license": licences, "mature": "false", "page_size": PAGE_SIZE, "page": page}
            code, data = self.ask(f"{cfg.url_openverse}/v1/images/", params, self._headers())
            if code == 401 and "depth" in str(data.get("detail", "")):
                return  # not a bad key: the last page was the last one allowed
            if code in (401, 403) and any(self._key):
                raise _refused()
            if code != 200:
                raise self.refusal(code, str(data.get("detail", "")))
            self.total = self.total or number(data.get("result_count"))
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


def make(argument: str) -> list[Openverse]:
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
    """One result. Wikimedia refuses its originals, so of those only Openverse's thumbnail is asked for."""
    url, thumb = text(row.get("url")), text(row.get("thumbnail"))
    if thumb and (family_of(url) == "wikimedia.org" or text(row.get("source")) == "wikimedia"):
        url, thumb = thumb, ""
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
