"""Fetching over HTTP with manners: guarded, watched, capped, retried, and never silent about a long wait.

`Fetcher.get` brings the bytes of one image or raises NotFetched with a status for the archive and a reason to count by.
`Fetcher.answer` is for the sites' own search addresses.
"""

import contextlib
import io
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

import config as cfg
from flow.base.file_type import NOT_PICTURE
from flow.records.rows import DEFERRED, FAILED, MISSING, REFUSED
from flow.web.address_guard import check_url, is_private
from flow.web.deadline import Deadline
from flow.web.failures import ROBOTS, TOO_LARGE, NotFetched, is_lost_midway, told
from flow.web.headers import onward, opted_out, retry_after_s, user_agent
from flow.web.hosts import Hosts, clock_text, host_of
from flow.web.session import guarded_session, keep_body

REDIRECTS_MAX = 5
BODY_TRIES = 3  # urllib3 retries lost connections and 5xx answers, but never a body cut off in its middle
CHUNK = 1 << 14  # bytes
WATCHDOG_S = 0.1  # how often deadlines are looked at
REMOVED = re.compile(r"(/removed\.png|/photo_unavailable)", re.IGNORECASE)  # shown for a deleted picture


class Fetcher:
    """Shared by all workers of a run; use as a context manager. `stop` ends everything that is under way at once."""

    def __init__(self, now: Callable[[], datetime]):
        self.now = now
        self.stopped = threading.Event()
        self.hosts = Hosts(now, self.stopped)
        self._images, self._sites = guarded_session(checks=True), guarded_session(checks=False)
        self._watches: set[Deadline] = set()
        self._lock = threading.Lock()
        self._dog = threading.Thread(target=self._watch_all, daemon=True, name="watchdog")
        self._dog.start()

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._images.close()
        self._sites.close()

    def stop(self) -> None:
        """Shut every open socket; workers return within moments."""
        self.stopped.set()
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            watch.cut()

    def get(self, url: str) -> bytes:
        """The bytes of one image, at most cfg.image_bytes_max, within cfg.file_deadline_s.

        Raises:
            NotFetched: always with a reason; nothing else, whatever is answered.
        """
        with told(), self._watched() as watch:
            for left in reversed(range(BODY_TRIES)):
                try:
                    return self._one_try(url, watch)
                except Exception as problem:
                    watch.check()  # what was cut looks like anything: a lost connection, half a header
                    if not left or not is_lost_midway(problem):
                        raise
                    watch.pause(0.5)
        raise AssertionError("every try returns or raises")

    def answer(
        self, url: str, params: dict | None = None, headers: dict | None = None, form: dict | None = None
    ) -> requests.Response:
        """A site's answer to a search, read whole; a POST where `form` is given. Its status is for the caller to judge.

        The base URL comes from the settings, so where it names a private address, that is what the user wants.

        Raises:
            NotFetched: no connection, too slow, too large.
        """
        with told(), self._watched() as watch, self.hosts.turn(host_of(url)):
            try:
                watch.check()
                session = self._sites if is_private(url) else self._images
                response = session.request(
                    "POST" if form else "GET",
                    url,
                    params=params,
                    data=form,
                    stream=True,
                    allow_redirects=False,
                    **self._how(url, headers),
                )
                with response:
                    keep_body(response, self._body(response, watch))
                return response
            except Exception:
                watch.check()
                raise

    def _one_try(self, url: str, watch: Deadline) -> bytes:
        """Follow redirects to an image and read it."""
        for _ in range(REDIRECTS_MAX + 1):
            check_url(url)
            if REMOVED.search(urlsplit(url).path):
                raise NotFetched(MISSING, "gone (removed)")
            with self.hosts.turn(host_of(url)):
                watch.check()
                with self._images.get(url, stream=True, allow_redirects=False, **self._how(url)) as response:
                    watch.check()  # a header that is cut off ends like one that is whole
                    if not response.is_redirect:
                        self._judge(response)
                        return self._body(response, watch)
                    url = onward(url, response.headers["Location"])
        raise NotFetched(FAILED, "too many redirects")

    def _how(self, url: str, headers: dict | None = None) -> dict:
        """Time-outs, headers and proxies of a request. ~/.netrc stays unread: image hosts get no passwords."""
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        return {
            "timeout": (cfg.connect_timeout_s, cfg.read_timeout_s),
            "proxies": get_environ_proxies(url, no_proxy=None),
            "headers": {"User-Agent": user_agent(), "Accept-Encoding": "identity", **(headers or {})},
            "verify": verify,
        }

    def _judge(self, response: requests.Response) -> None:
        """Raise NotFetched where the answer's head says there is no picture for us."""
        code = response.status_code
        if code == 429 or (code in (403, 503) and "Retry-After" in response.headers):
            host = host_of(response.url)
            until = self.hosts.rest(host, retry_after_s(response.headers.get("Retry-After"), self.now()))
            raise NotFetched(
                DEFERRED, f"told to wait ({code})", f"{host} asks to wait until {clock_text(until, self.now())}", until
            )
        if code in (404, 410):
            raise NotFetched(MISSING, f"gone ({code})")
        if code != 200:
            raise NotFetched(FAILED, f"refused by its site ({code})" if code < 500 else f"server trouble ({code})")
        if any(map(opted_out, response.raw.headers.getlist("X-Robots-Tag"))):  # response.headers has them joined
            raise NotFetched(REFUSED, ROBOTS, "its site asks not to train on it (X-Robots-Tag)")
        if (
            response.headers.get("Content-Type", "")
            .lower()
            .startswith(("text/", "application/json", "application/xhtml", "video/"))
        ):
            raise NotFetched(REFUSED, NOT_PICTURE, f"not a picture but {response.headers['Content-Type'][:40]}")

    def _body(self, response: requests.Response, watch: Deadline) -> bytes:
        """The whole body, decoded, capped and complete, no faster than its host wishes.

        Raises:
            NotFetched: too large.
            requests.RequestException: cut off.
            Cut: its time was up.
        """
        text = response.headers.get("Content-Length", "")
        length = int(text.lstrip("0")[:19] or 0) if text.isascii() and text.isdecimal() else None
        if length is not None and length > cfg.image_bytes_max:
            raise NotFetched(REFUSED, TOO_LARGE, f"too large: {length // 1_000_000} MB")
        body, size, host = io.BytesIO(), 0, host_of(response.url)
        for piece in response.iter_content(CHUNK):
            size += len(piece)
            if size > cfg.image_bytes_max:
                raise NotFetched(REFUSED, TOO_LARGE)
            body.write(piece)
            if rest := self.hosts.took(host, len(piece)):
                watch.pause(rest)
        watch.check()  # a body without a length ends where it is cut
        # urllib3 1.26 says nothing of a body that is shorter than told.
        if length is not None and size != length and not response.headers.get("Content-Encoding"):
            raise requests.exceptions.ChunkedEncodingError("the body is shorter than it said")
        return body.getvalue()

    @contextlib.contextmanager
    def _watched(self) -> Iterator[Deadline]:
        watch = Deadline(cfg.file_deadline_s, self.stopped)
        with self._lock:
            self._watches.add(watch)
        try:
            with watch:
                yield watch
        finally:
            with self._lock:
                self._watches.discard(watch)

    def _watch_all(self) -> None:
        """The watchdog: time-outs of the libraries begin anew with every byte, and a server may drip."""
        while not self.stopped.wait(WATCHDOG_S):
            with self._lock:
                late = [watch for watch in self._watches if time.monotonic() >= watch.deadline]
            for watch in late:
                watch.cut()
