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
from flow.base import runlog
from flow.base.file_type import NOT_IMAGE
from flow.records.rows import DEFERRED, FAILED, MISSING, REFUSED
from flow.web.address_guard import check_url, is_private
from flow.web.deadline import Deadline
from flow.web.failures import ROBOTS, TOO_LARGE, Fallback, NotFetched, failures_explained, is_lost_midway
from flow.web.headers import onward, opted_out, retry_after_s, user_agent
from flow.web.hosts import LEFT, Hosts
from flow.web.manners import family_of
from flow.web.session import guarded_session, keep_body

REDIRECTS_MAX = 5
BODY_TRIES = 3  # urllib3 retries lost connections and 5xx answers, but never a body cut off in its middle
CHUNK = 1 << 14  # bytes
IMAGE_HEADERS = {"Accept-Encoding": "identity"}  # images are packed already
SEARCH_HEADERS = {"Accept-Encoding": "gzip", "Accept": "application/json"}
LIMIT_HEADER = re.compile(r"rate-?limit|^retry-after$", re.IGNORECASE)
WATCHDOG_S = 0.1  # how often deadlines are looked at
REMOVED = re.compile(r"(/removed\.png|/photo_unavailable)", re.IGNORECASE)  # shown for a deleted image


class Fetcher:
    """Shared by all workers of a run; use as a context manager. `stop` ends everything that is under way at once."""

    def __init__(self, now: Callable[[], datetime]):
        self.now = now
        self.stopped = threading.Event()
        self.hosts = Hosts(now, self.stopped)
        self._images, self._sites = guarded_session(checks=True), guarded_session(checks=False)
        self._deadlines: set[Deadline] = set()
        self._lock = threading.Lock()
        self._watchdog = threading.Thread(target=self._enforce_deadlines, daemon=True, name="watchdog")
        self._watchdog.start()

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
            deadlines = list(self._deadlines)
        for deadline in deadlines:
            deadline.cut()

    def get(self, url: str) -> bytes:
        """The bytes of one image, at most cfg.image_bytes_max, within cfg.file_deadline_s.

        Raises:
            NotFetched: always with a reason; nothing else, whatever is answered.
        """
        with failures_explained(), self._timed() as deadline:
            for left in reversed(range(BODY_TRIES)):
                try:
                    return self._one_try(url, deadline)
                except Exception as problem:
                    deadline.check()  # what was cut looks like anything: a lost connection, half a header
                    if not left or not is_lost_midway(problem):
                        raise
                    deadline.pause(0.5)
        raise AssertionError("every try returns or raises")

    def answer(
        self, url: str, params: dict | None = None, headers: dict | None = None, form: dict | None = None
    ) -> requests.Response:
        """A site's answer to a search, read whole; a POST where `form` is given. Its status is for the caller to judge.

        The base URL comes from the settings, so where it names a private address, that is what the user wants.

        Raises:
            NotFetched: no connection, too slow, too large, or its host is at rest.
        """
        with failures_explained(), self._timed() as deadline, self.hosts.turn(family_of(url), search=True):
            try:
                deadline.check()
                session = self._sites if is_private(url) else self._images
                response = session.request(
                    "POST" if form else "GET",
                    url,
                    params=params,
                    data=form,
                    stream=True,
                    allow_redirects=False,
                    **self._how(url, {**SEARCH_HEADERS, **(headers or {})}),
                )
                with response:
                    keep_body(response, self._body(response, deadline))
            except Exception:
                deadline.check()
                raise
            limits = [f"{name} {value}" for name, value in response.headers.items() if LIMIT_HEADER.search(name)]
            if limits:
                runlog.info(f"limits of {family_of(url)}: {', '.join(limits)}")
            self._obey(response)
            return response

    def _one_try(self, url: str, deadline: Deadline) -> bytes:
        """Follow redirects to an image and read it."""
        for _ in range(REDIRECTS_MAX + 1):
            check_url(url)
            if REMOVED.search(urlsplit(url).path):
                raise NotFetched(MISSING, "gone (removed)")
            with self.hosts.turn(family_of(url)):
                deadline.check()
                with self._begin(url, deadline) as response:
                    deadline.check()  # a header that is cut off ends like one that is whole
                    if not response.is_redirect:
                        self._judge(response)
                        return self._body(response, deadline)
                    url = onward(url, response.headers["Location"])
        raise NotFetched(FAILED, "redirected too often")

    def _begin(self, url: str, deadline: Deadline) -> requests.Response:
        """The head of an answer. A host that cannot be connected to is noted."""
        try:
            return self._images.get(url, stream=True, allow_redirects=False, **self._how(url, IMAGE_HEADERS))
        except requests.ConnectionError:
            if not deadline.was_cut:
                self.hosts.unreachable(family_of(url))
            raise

    def _how(self, url: str, headers: dict[str, str]) -> dict:
        """Time-outs, headers and proxies of a request. ~/.netrc stays unread: image hosts get no passwords."""
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        return {
            "timeout": (cfg.connect_timeout_s, cfg.read_timeout_s),
            "proxies": get_environ_proxies(url, no_proxy=None),
            "headers": {"User-Agent": user_agent(), **headers},
            "verify": verify,
        }

    def _obey(self, response: requests.Response) -> None:
        """Tell `hosts` what an answer says about manners. Raises NotFetched where its host asks to wait."""
        code, host, headers = response.status_code, family_of(response.url), response.headers
        if code == 429 or (code in (403, 503) and "Retry-After" in headers):
            rest = self.hosts.deferred(host, retry_after_s(headers.get("Retry-After"), self.now()), code)
            text = f"{host} {self.hosts.why(host)}"
            raise NotFetched(DEFERRED, f"{LEFT} ({code})", text, rest.until, Fallback.ELSEWHERE)
        if code in (401, 403):
            self.hosts.refused(host, code)
        elif code == 200:
            self.hosts.served(host)

    def _judge(self, response: requests.Response) -> None:
        """Raise NotFetched where the answer's head says there is no image for us."""
        code = response.status_code
        self._obey(response)
        if code in (401, 403):
            raise NotFetched(FAILED, f"refused by its site ({code})", fallback=Fallback.ELSEWHERE)
        if code in (404, 410):
            raise NotFetched(MISSING, f"gone ({code})")
        if code != 200:
            raise NotFetched(
                FAILED, f"refused by its site ({code})" if code < 500 else f"answered with an error ({code})"
            )
        if any(map(opted_out, response.raw.headers.getlist("X-Robots-Tag"))):  # response.headers has them joined
            raise NotFetched(REFUSED, ROBOTS, "its site asks not to train on it (X-Robots-Tag)")
        if (
            response.headers.get("Content-Type", "")
            .lower()
            .startswith(("text/", "application/json", "application/xhtml", "video/"))
        ):
            raise NotFetched(REFUSED, NOT_IMAGE, f"{NOT_IMAGE} but {response.headers['Content-Type'][:40]}")

    def _body(self, response: requests.Response, deadline: Deadline) -> bytes:
        """The whole body, decoded, capped and complete, no faster than its host wishes.

        Raises:
            NotFetched: too large.
            requests.RequestException: cut off.
            Cut: its time was up.
        """
        text = response.headers.get("Content-Length", "")
        length = int(text.lstrip("0")[:19] or 0) if text.isascii() and text.isdecimal() else None
        if length is not None and length > cfg.image_bytes_max:
            raise NotFetched(REFUSED, TOO_LARGE, f"too large: {length // 1_000_000} MB", fallback=Fallback.ANYWHERE)
        body, size, host = io.BytesIO(), 0, family_of(response.url)
        for piece in response.iter_content(CHUNK):
            size += len(piece)
            if size > cfg.image_bytes_max:
                raise NotFetched(REFUSED, TOO_LARGE, fallback=Fallback.ANYWHERE)
            body.write(piece)
            if rest := self.hosts.took(host, len(piece)):
                deadline.pause(rest)
        deadline.check()  # a body without a length ends where it is cut
        # urllib3 1.26 says nothing of a body that is shorter than announced.
        if length is not None and size != length and not response.headers.get("Content-Encoding"):
            raise requests.exceptions.ChunkedEncodingError("the body is shorter than it said")
        return body.getvalue()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[Deadline]:
        deadline = Deadline(cfg.file_deadline_s, self.stopped)
        with self._lock:
            self._deadlines.add(deadline)
        try:
            with deadline:
                yield deadline
        finally:
            with self._lock:
                self._deadlines.discard(deadline)

    def _enforce_deadlines(self) -> None:
        """The watchdog: time-outs of the libraries begin anew with every byte, and a server may drip."""
        while not self.stopped.wait(WATCHDOG_S):
            with self._lock:
                late = [deadline for deadline in self._deadlines if time.monotonic() >= deadline.ends_at]
            for deadline in late:
                deadline.cut()
