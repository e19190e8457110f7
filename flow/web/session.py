"""The requests session everything is fetched with: guarded, without cookies and ~/.netrc, with polite retries."""

import logging
import time
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.util.retry import Retry

from flow.web.address_guard import GuardedAdapter
from flow.web.deadline import current_deadline

# urllib3 would print addresses, keys in their queries included, where nobody set up logging.
logging.getLogger("urllib3").addHandler(logging.NullHandler())
logging.getLogger("urllib3").propagate = False


class PoliteRetry(Retry):
    """Lost connections and 5xx are tried again, but never where the host asked to wait: the caller obeys that."""

    RETRY_AFTER_STATUS_CODES: frozenset[int] = frozenset()

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return not has_retry_after and super().is_retry(method, status_code, has_retry_after)

    def sleep(self, response: Any = None) -> None:
        """Wait before the next try, but not past the deadline of the file and not once the run is stopped."""
        deadline = current_deadline()
        if deadline is not None:
            deadline.pause(self.get_backoff_time())
        else:
            time.sleep(self.get_backoff_time())


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
