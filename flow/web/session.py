"""The requests session everything is fetched with: guarded, without cookies and ~/.netrc, with polite retries."""

import logging
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.util.retry import Retry

from flow.web.address_guard import GuardedAdapter
from flow.web.deadline import this_watch

WAIT_503_MAX_S = 30.0

# urllib3 would print addresses, keys in their queries included, where nobody set up logging.
logging.getLogger("urllib3").addHandler(logging.NullHandler())
logging.getLogger("urllib3").propagate = False


class PoliteRetry(Retry):
    """Lost connections and 5xx are tried again; a 429 is handed back at once, however long it wants us to wait."""

    RETRY_AFTER_STATUS_CODES = frozenset({503})

    def get_retry_after(self, response: Any) -> float | None:
        try:
            wait_s = super().get_retry_after(response)
        except Exception:  # noqa: BLE001 - an unreadable header must not end the run
            return None
        return None if wait_s is None else min(wait_s, WAIT_503_MAX_S)

    def sleep(self, response: Any = None) -> None:
        """Wait before the next try, but not past the deadline of the file and not once the run is stopped."""
        wait_s = self.get_retry_after(response) if response is not None and self.respect_retry_after_header else None
        wait_s = self.get_backoff_time() if wait_s is None else wait_s
        watch = this_watch()
        if watch is not None:
            watch.pause(wait_s)
        else:
            time.sleep(wait_s)


class _Session(requests.Session):
    """Follows no redirect and looks at none: where one leads is `fetch`'s to judge, and an odd one must not raise."""

    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        return iter(())


def guarded_session(checks: bool) -> requests.Session:
    """A session for any thread. `checks`: whether only public addresses may be connected to."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    retry = PoliteRetry(
        total=4,
        connect=3,
        read=2,
        status=3,
        backoff_factor=0.5,
        raise_on_status=False,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods=frozenset({"GET", "HEAD"}),
    )
    adapter = GuardedAdapter(checks, max_retries=retry, pool_connections=32, pool_maxsize=32)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def keep_body(response: requests.Response, body: bytes) -> None:
    """Make what was read of an answer its body, for .json() and .text."""
    vars(response).update(_content=body, _content_consumed=True)
