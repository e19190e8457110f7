"""What all sites on the network share: asking for a page of results, and waiting where a site wishes it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import requests

from flow.sources import FoundImage, Source, SourceError
from flow.sources.fields import text
from flow.ui import console
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from flow.web.hosts import SHORT_WAIT_S
from flow.web.manners import family_of

TRIES = 3  # times a page is asked for where the site wants short waits in between
STALE_PAGES_MAX = 3  # pages in a row without anything new: the site repeats itself
PER_OBSERVATION, PER_OBSERVER = 2, 10  # photos of one sighting, and of one person, before they are near-duplicates


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
        """Pages of results for a tag, until there are no more. Sets `total` where the site tells how many there are."""
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
            SourceError: no connection, an error of the site's own, no JSON, or a long wait.
        """
        host = family_of(url)
        for _ in range(TRIES):
            self._wait_out_rest(host)
            try:
                response = self.fetcher.answer(url, params, headers, form)
            except NotFetched as problem:
                if problem.is_deferral:
                    continue
                raise SourceError(f"{self.name} cannot be reached ({problem.reason})") from problem
            data = _object(response)
            seconds = self.wait_s(response, data)
            if seconds is None:
                return self._judged(response, data)
            self.fetcher.hosts.deferred(host, seconds)
        raise self._left_alone(host)

    def wait_s(self, response: requests.Response, data: dict | None) -> float | None:
        """Seconds the site wants us to wait where its answer says so in another way than by its status; else None."""
        return None

    def refusal(self, code: int, why: object) -> SourceError:
        """The error for a search that was answered with something else than results."""
        return SourceError(f"{self.name} refuses the search ({code}: {text(why)[:120] or 'no reason given'})")

    def _judged(self, response: requests.Response, data: dict | None) -> tuple[int, dict]:
        code = response.status_code
        if data is None and code in (403, 503) and "cloudflare" in response.headers.get("Server", "").lower():
            other = "openverse" if self.name == "commons" else "commons"
            raise SourceError(
                f"{self.name} refuses this network (Cloudflare, its guard, answers {code}); "
                f"try another source, such as --source {other}"
            )
        if code >= 500:
            raise SourceError(f"{self.name} has an error of its own ({code})")
        if data is None:
            raise SourceError(f"{self.name} answered something other than results ({code})")
        return code, data

    def _wait_out_rest(self, host: str) -> None:
        """Wait out a rest the host asked for, saying so; a long one ends the source."""
        seconds = self.fetcher.hosts.resting_s(host)
        if seconds > SHORT_WAIT_S:
            raise self._left_alone(host)
        if seconds > 0:
            console.note(f"{self.name} asks to wait; going on in {seconds:.0f} s.")
            self.fetcher.hosts.wait(seconds)

    def _left_alone(self, host: str) -> SourceError:
        hosts = self.fetcher.hosts
        return SourceError(f"{self.name} {hosts.why(host)}", hosts.until(host))


class Observations:
    """Counts what was shown, so that one sighting and one person do not fill a label with near-duplicates."""

    def __init__(self) -> None:
        self._photos: Counter[str] = Counter()
        self._observers: Counter[str] = Counter()

    def admits(self, observation: str, observer: str) -> bool:
        """Whether one more photo is welcome; then it counts."""
        if self._photos[observation] >= PER_OBSERVATION or (observer and self._observers[observer] >= PER_OBSERVER):
            return False
        self._photos[observation] += 1
        self._observers[observer] += 1
        return True


def _object(response: requests.Response) -> dict | None:
    """The answer as a JSON object, or None."""
    try:
        data = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
