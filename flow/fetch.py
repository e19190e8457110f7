"""Fetching over HTTP with manners: guarded, watched, capped, retried, and never silent about a long wait.

`Fetcher.get` brings the bytes of one image or raises NotFetched with a status for the archive and a reason to count by.
`Fetcher.answer` is for the sites' own search addresses.
"""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

import config as cfg
from flow.catalogue import DEFERRED, FAILED, GONE, REFUSED
from flow.guard import BadAddress, Cut, GuardedAdapter, NotPublic, Watch, check_url, this_watch
from flow.hosts import Hosts, clock_text, host_of
from flow.intake import NOT_PICTURE

VERSION = "1.0"
REDIRECTS_MAX = 5
BODY_TRIES = 3  # urllib3 retries lost connections and 5xx answers, but never a body cut off in its middle
CHUNK = 1 << 14  # bytes
WATCHDOG_S = 0.1  # how often deadlines are looked at
WAIT_503_MAX_S = 30.0
OPT_OUT = {"noai", "noimageai", "noindex", "noimageindex", "none"}
REMOVED = re.compile(r"(/removed\.png|/photo_unavailable)", re.IGNORECASE)  # what sites show in a deleted picture's place
TOO_LARGE, NOT_PUBLIC, BAD, ROBOTS, SLOW, LOST, CUT_OFF, WAIT = (
    "too large", "not a public address", "bad address", "marked noai", "too slow", "no connection", "cut off", "told to wait (429)",
)  # fmt: skip


class NotFetched(Exception):
    """No bytes. `status` is for the archive, `reason` a few words to count by, `until` when it is worth another try."""

    def __init__(self, status: str, reason: str, text: str = "", until: datetime | None = None):
        super().__init__(text or reason)
        self.status, self.reason, self.until = status, reason, until

    @property
    def elsewhere(self) -> bool:
        """Whether another address of the same picture is worth a try."""
        return self.status != REFUSED


class PoliteRetry(Retry):
    """Lost connections and 5xx are tried again; a 429 is handed back at once, however long it wants us to wait."""

    RETRY_AFTER_STATUS_CODES = frozenset({503})

    def get_retry_after(self, response: object) -> float | None:
        try:
            wait_s = super().get_retry_after(response)
        except Exception:  # noqa: BLE001 - an unreadable header must not end the run
            return None
        return None if wait_s is None else min(wait_s, WAIT_503_MAX_S)

    def sleep(self, response: object = None) -> None:
        wait_s = (self.get_retry_after(response) if response is not None and self.respect_retry_after_header else None)
        wait_s = self.get_backoff_time() if wait_s is None else wait_s
        watch = this_watch()
        if watch is not None:
            watch.pause(wait_s)
        else:
            time.sleep(wait_s)


class Fetcher:
    """Shared by all workers of a run; use as a context manager. `stop` ends everything that is under way at once."""

    def __init__(self, now: Callable[[], datetime]):
        self.now = now
        self.stopped = threading.Event()
        self.hosts = Hosts(now, self.stopped)
        self._images, self._sites = _session(checks=True), _session(checks=False)
        self._watches: set[Watch] = set()
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
            NotFetched: always with a reason.
        """
        with self._watched() as watch:
            for left in reversed(range(BODY_TRIES)):
                try:
                    return self._one_try(url, watch)
                except (requests.RequestException, HTTPError, OSError) as problem:
                    cut_off = _is_body(problem)
                    if watch.was_cut:
                        raise NotFetched(FAILED, SLOW) from problem
                    if not cut_off or not left:
                        raise _not_fetched(problem) from problem
                    with _as_not_fetched():
                        watch.pause(0.5)
        raise AssertionError("every try returns or raises")

    def answer(self, url: str, params: dict | None = None, headers: dict | None = None, form: dict | None = None) -> requests.Response:
        """A site's answer to a search, read whole; a POST where `form` is given. Its status is for the caller to judge.

        Raises:
            NotFetched: no connection, too slow, too large.
        """
        with self._watched() as watch, self.hosts.turn(host_of(url)):
            try:
                watch.check()
                response = self._sites.request("POST" if form else "GET", url, params=params, data=form, stream=True,
                                               **self._how(url, headers))
                with response:
                    response._content = self._body(response)  # noqa: SLF001 - so that .json() and .text see the capped body
                    response._content_consumed = True  # noqa: SLF001
                return response
            except Cut as problem:
                raise NotFetched(FAILED, SLOW) from problem
            except (requests.RequestException, HTTPError, OSError) as problem:
                raise NotFetched(FAILED, SLOW) if watch.was_cut else _not_fetched(problem) from problem

    def _one_try(self, url: str, watch: Watch) -> bytes:
        """Follow redirects to an image and read it."""
        for _ in range(REDIRECTS_MAX + 1):
            with _as_not_fetched():
                check_url(url)
            if REMOVED.search(urlsplit(url).path):
                raise NotFetched(GONE, "gone (removed)")
            with self.hosts.turn(host_of(url)), _as_not_fetched():
                watch.check()
                with self._images.get(url, stream=True, allow_redirects=False, **self._how(url)) as response:
                    if not response.is_redirect:
                        self._judge(response)
                        return self._body(response)
                    url = urljoin(url, response.headers["Location"])
        raise NotFetched(FAILED, "too many redirects")

    def _how(self, url: str, headers: dict | None = None) -> dict:
        """Time-outs, headers and proxies of a request. ~/.netrc is left alone: its passwords are not for image hosts."""
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        return {"timeout": (cfg.connect_timeout_s, cfg.read_timeout_s), "proxies": get_environ_proxies(url, no_proxy=None),
                "headers": {"User-Agent": user_agent(), "Accept-Encoding": "identity", **(headers or {})}, "verify": verify}  # fmt: skip

    def _judge(self, response: requests.Response) -> None:
        """Raise NotFetched where the answer's head says there is no picture for us."""
        code = response.status_code
        if code == 429 or (code in (403, 503) and "Retry-After" in response.headers):
            host = host_of(response.url)
            until = self.hosts.rest(host, retry_after_s(response.headers.get("Retry-After"), self.now()))
            raise NotFetched(DEFERRED, f"told to wait ({code})", f"{host} asks to wait until {clock_text(until, self.now())}", until)
        if code in (404, 410):
            raise NotFetched(GONE, f"gone ({code})")
        if code != 200:
            raise NotFetched(FAILED, f"refused by its site ({code})" if code < 500 else f"server trouble ({code})")
        if opted_out(response.headers.get("X-Robots-Tag", "")):
            raise NotFetched(REFUSED, ROBOTS, "its site asks not to train on it (X-Robots-Tag)")
        if response.headers.get("Content-Type", "").lower().startswith(("text/", "application/json", "application/xhtml", "video/")):
            raise NotFetched(REFUSED, NOT_PICTURE, f"not a picture but {response.headers['Content-Type'][:40]}")

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, decoded, capped and complete.

        Raises:
            NotFetched: too large.
            requests.RequestException: cut off.
        """
        told = response.headers.get("Content-Length", "")
        length = int(told) if told.isascii() and told.isdecimal() else None
        if length is not None and length > cfg.image_bytes_max:
            raise NotFetched(REFUSED, TOO_LARGE, f"too large: {length // 1_000_000} MB")
        pieces, size = [], 0
        for piece in response.iter_content(CHUNK):
            size += len(piece)
            if size > cfg.image_bytes_max:
                raise NotFetched(REFUSED, TOO_LARGE)
            pieces.append(piece)
        if length is not None and size != length and not response.headers.get("Content-Encoding"):
            raise requests.exceptions.ChunkedEncodingError("the body is shorter than it said")  # urllib3 1.26 does not tell
        return b"".join(pieces)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[Watch]:
        watch = Watch(cfg.file_deadline_s, self.stopped)
        with self._lock:
            self._watches.add(watch)
        try:
            with watch:
                yield watch
        finally:
            with self._lock:
                self._watches.discard(watch)

    def _watch_all(self) -> None:
        """The watchdog: time-outs of the libraries begin anew with every byte, so a dripping server would hold us for ever."""
        while not self.stopped.wait(WATCHDOG_S):
            with self._lock:
                late = [watch for watch in self._watches if time.monotonic() >= watch.deadline]
            for watch in late:
                watch.cut()


def user_agent() -> str:
    """Who we are, in the form Wikimedia asks for: name/version (contact) library/version."""
    contact = re.sub(r"[^\x20-\x7e]|[()]", "", cfg.contact) or "no contact given"
    return f"RoboFlow/{VERSION} ({contact}) requests/{requests.__version__}"


def plain_url(url: str) -> str:
    """A URL as the archive knows it: no fragment, no utm_ parameters; empty for what is not http(s)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https"):
        return ""
    query = parts.query
    if "utm_" in query:
        query = urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not k.startswith("utm_")])
    return urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path, query, ""))


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Retry-After in seconds, given as seconds or as a date; None where it says nothing readable."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - now).total_seconds())
    return None


def opted_out(header: str) -> bool:
    """True where X-Robots-Tag asks everyone, or us by name, not to use the image."""
    agent = ""
    for part in header.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in ("unavailable_after", "max-image-preview", "max-snippet", "max-video-preview"):
            agent, part = name.strip(), rest
        if part.strip() in OPT_OUT and agent in ("", "*", "roboflow"):
            return True
    return False


def _session(checks: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    retry = PoliteRetry(total=4, connect=3, read=2, status=3, backoff_factor=0.5, raise_on_status=False,
                        status_forcelist=(500, 502, 503, 504), allowed_methods=frozenset({"GET", "HEAD"}))  # fmt: skip
    adapter = GuardedAdapter(checks, max_retries=retry, pool_connections=32, pool_maxsize=32)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


@contextlib.contextmanager
def _as_not_fetched() -> Iterator[None]:
    """The guard's refusals as NotFetched."""
    try:
        yield
    except NotPublic as problem:
        raise NotFetched(REFUSED, NOT_PUBLIC) from problem
    except BadAddress as problem:
        raise NotFetched(REFUSED, BAD, str(problem)) from problem
    except Cut as problem:
        raise NotFetched(FAILED, SLOW) from problem


def _is_body(problem: BaseException) -> bool:
    """True for a connection lost in the middle of a body."""
    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return True
    return isinstance(problem, requests.ConnectionError) and "Read timed out" not in str(problem) and "Max retries" not in str(problem)


def _not_fetched(problem: BaseException) -> NotFetched:
    """What the libraries raise, in a few words."""
    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return NotFetched(FAILED, CUT_OFF)
    if isinstance(problem, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)):
        return NotFetched(REFUSED, BAD)
    if isinstance(problem, requests.Timeout) or "timed out" in str(problem):
        return NotFetched(FAILED, SLOW)
    return NotFetched(FAILED, LOST)
