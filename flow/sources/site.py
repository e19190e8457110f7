"""What all sites on the network share: asking for a page of results with manners, and reading their answers warily."""

import contextlib
import html
import json
import re
from collections.abc import Iterator
from datetime import datetime

import requests

from flow.sources import FoundImage, Source, SourceError
from flow.ui import console
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from flow.web.headers import retry_after_s
from flow.web.hosts import SHORT_WAIT_S, clock_text, host_of

TRIES = 3  # times a page is asked for where the site wants short waits in between
STALE_PAGES_MAX = 3  # pages in a row without anything new: the site repeats itself


class Site(Source):
    """A site with an API. Sub-classes give `pages`; the downloader hands over its Fetcher with `use`."""

    _fetcher: Fetcher | None = None

    def use(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    @property
    def fetcher(self) -> Fetcher:
        """The run's fetcher, or one of its own where it was given none."""
        if self._fetcher is None:
            self._fetcher = Fetcher(lambda: datetime.now().astimezone())
        return self._fetcher

    def pages(self, tag: str) -> Iterator[list[FoundImage]]:
        """Pages of results for a tag, until there are no more."""
        raise NotImplementedError

    def search(self, tag: str) -> Iterator[FoundImage]:
        seen: set[str] = set()
        stale = 0
        for page in self.pages(tag):
            new = [found for found in page if found.source_id not in seen]
            stale = 0 if new else stale + 1
            if stale >= STALE_PAGES_MAX:
                return
            seen.update(found.source_id for found in new)
            yield from new

    def ask(
        self, url: str, params: dict | None = None, headers: dict | None = None, form: dict | None = None
    ) -> tuple[int, dict]:
        """One page of results: the HTTP status and the JSON object. Short waits are said and done.

        Raises:
            SourceError: no connection, trouble of the site's own, no JSON, or a long wait.
        """
        for left in reversed(range(TRIES)):
            self._rest_if_asked(url)
            response = self._answer(url, params, headers, form)
            data = _object(response)
            wait_s = self.wait_s(response, data)
            if wait_s is None:
                return self._judged(response, data)
            until = self.fetcher.hosts.rest(host_of(url), wait_s if wait_s >= 0 else None)
            if not left or self.fetcher.hosts.resting_s(host_of(url)) > SHORT_WAIT_S:
                raise SourceError(f"{self.name} asks to be left alone until {self._clock(until)}", until)
        raise AssertionError("the last try returns or raises")

    def wait_s(self, response: requests.Response, data: dict | None) -> float | None:
        """Seconds the site wants us to wait, -1 where it does not say how long, None where it wants no wait."""
        told = retry_after_s(response.headers.get("Retry-After"), self.fetcher.now())
        if response.status_code == 429:
            return -1.0 if told is None else told
        return told if response.status_code in (403, 503) else None

    def _answer(self, url: str, params: dict | None, headers: dict | None, form: dict | None) -> requests.Response:
        try:
            return self.fetcher.answer(url, params, headers, form)
        except NotFetched as problem:
            raise SourceError(f"{self.name} cannot be reached ({problem.reason})") from problem

    def _judged(self, response: requests.Response, data: dict | None) -> tuple[int, dict]:
        code = response.status_code
        if code >= 500:
            raise SourceError(f"{self.name} has trouble of its own ({code})")
        if data is None:
            raise SourceError(f"{self.name} answered something other than results ({code})")
        return code, data

    def _rest_if_asked(self, url: str) -> None:
        """Wait out a rest the host asked for, saying so; a long one ends the source."""
        host = host_of(url)
        seconds = self.fetcher.hosts.resting_s(host)
        if seconds > SHORT_WAIT_S:
            until = self.fetcher.hosts.until(host)
            raise SourceError(f"{self.name} asks to be left alone until {self._clock(until)}", until)
        if seconds > 0:
            console.note(f"{self.name} asks to wait; going on in {seconds:.0f} s.")
            self.fetcher.stopped.wait(seconds)

    def _clock(self, until: datetime) -> str:
        return clock_text(until, self.fetcher.now())


def words_of(tag: str) -> str:
    """A searchtag as words: robot_art -> robot art."""
    return tag.replace("_", " ").strip()


def text(value: object) -> str:
    """A field as text: markup taken out, entities turned back; empty for anything that is not text or a number."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return ""
    plain = " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", str(value))).split())
    return plain.encode("utf-8", "backslashreplace").decode("utf-8")  # half a character can be told, not written


def number(value: object) -> int:
    """A field as a whole number from 0 up; 0 for anything else."""
    with contextlib.suppress(ValueError, OverflowError):
        return max(0, int(value)) if isinstance(value, (str, int, float)) else 0
    return 0


def rows(value: object) -> list[dict]:
    """The objects of a list; empty for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def at(value: object, *names: str) -> object:
    """A field inside objects; None where one of them is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def licence_code(words: str) -> str:
    """The code of a licence written in any common way: CC BY-SA 4.0, cc-by, Public domain -> by-sa, by, pdm."""
    plain = re.sub(r"[\s_]+", "-", words.strip().lower())
    if re.search(r"(^|[^a-z])cc-?0|zero", plain):
        return "cc0"
    if plain.startswith("pd") or "public-domain" in plain or "no-restrictions" in plain:
        return "pdm"
    found = re.fullmatch(r"(?:cc-)?(by(?:-nc)?(?:-sa|-nd)?)(?:-\d[\d.]*)?(?:-[a-z]{2,3})?", plain)
    return found[1] if found else "unknown"


def licence_link(code: str, version: str = "4.0") -> str:
    """Where a licence can be read; empty where it is unknown."""
    if code == "cc0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if code == "pdm":
        return "https://creativecommons.org/publicdomain/mark/1.0/"
    return f"https://creativecommons.org/licenses/{code}/{version}/" if code.startswith("by") else ""


def _object(response: requests.Response) -> dict | None:
    """The answer as a JSON object, or None."""
    try:
        data = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
