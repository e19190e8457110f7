"""The network guard: connections go to public addresses only, and end when their time is up.

Every address a name resolves to is checked, and the connection is made to the checked address, so a name that
resolves differently a moment later gains nothing. As each redirect is its own connection, redirects are covered too.
Behind a proxy the proxy makes the connection and the check is its job; names that are plainly private are refused
here all the same (`check_url`).
"""

import contextlib
import ipaddress
import socket
import threading
import time
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

import config as cfg

PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
NAT64 = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
)
_mine = threading.local()  # .watch: the Watch of the request this thread is in


class NotPublic(Exception):
    """The address belongs to this machine or a private network. Not an OSError, so that it is never retried."""


class BadAddress(Exception):
    """Not an http(s) URL we would ask for. The text never repeats credentials."""


class Cut(Exception):
    """The request's time was up, or the run was stopped. Not an OSError, so that it is never retried."""


def is_public(text: str) -> bool:
    """True for an IP address of the public internet, looked at through IPv4-in-IPv6 wrappings."""
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif any(address in network for network in NAT64) or int(address) >> 32 == 0:
            return False  # carries an IPv4 address inside: no honest image host needs that
    return address.is_global and not address.is_multicast


def is_allowed(text: str) -> bool:
    """Public, or of this very machine where the settings say so (tests)."""
    if is_public(text):
        return True
    with contextlib.suppress(ValueError):
        return cfg.addresses_private_allowed and ipaddress.ip_address(text.split("%")[0]).is_loopback
    return False


def check_url(url: str) -> None:
    """Raise BadAddress or NotPublic for a URL that need not even be tried."""
    try:
        parts = urlsplit(url)
        name, _ = (parts.hostname or "").rstrip(".").lower(), parts.port
    except ValueError as problem:
        raise BadAddress("not a web address") from problem
    if parts.scheme.lower() not in ("http", "https") or not name:
        raise BadAddress(f"not a web address ({parts.scheme[:12] or 'no scheme'})")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("an address with a name or password in it")
    if not cfg.addresses_private_allowed and (_is_private_name(name) or _is_private_number(name)):
        raise NotPublic("not a public address")


def is_private(url: str) -> bool:
    """True where a URL names this machine or a private network outright."""
    name = (urlsplit(url).hostname or "").rstrip(".").lower()
    return _is_private_name(name) or _is_private_number(name)


def _is_private_name(name: str) -> bool:
    return name in PRIVATE_NAMES or name.endswith(tuple(f".{ending}" for ending in PRIVATE_NAMES))


def _is_private_number(name: str) -> bool:
    """127.0.0.1, [::1], 2130706433, 0x7f.1 and the like, as the C library reads them."""
    with contextlib.suppress(OSError):
        return not is_public(socket.inet_ntoa(socket.inet_aton(name)))
    with contextlib.suppress(ValueError):
        return not is_public(str(ipaddress.ip_address(name.split("%")[0])))
    return False


def resolve(host: str, port: int) -> list[tuple]:
    """All addresses of a name; a seam for tests. See socket.getaddrinfo."""
    return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)


class Watch:
    """The time one file may take. Entering it makes it this thread's; `cut` shuts the socket from any thread."""

    def __init__(self, seconds: float, stopped: threading.Event):
        self.deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self.was_cut = False

    def __enter__(self) -> "Watch":
        _mine.watch = self
        return self

    def __exit__(self, *_: object) -> None:
        _mine.watch = None
        with self._lock:
            self._line = None

    def use(self, line: socket.socket | None) -> None:
        """From now on `cut` shuts this socket."""
        self.check()
        with self._lock:
            self._line = line

    def check(self) -> None:
        """Raise Cut where time is up."""
        if self.was_cut or self._stopped.is_set() or time.monotonic() >= self.deadline:
            self.was_cut = True
            raise Cut("its time was up")

    def cut(self) -> None:
        """Shut the socket: whatever waits on it ends now."""
        with self._lock:
            self.was_cut = True
            if self._line is not None:
                with contextlib.suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Sleep, but not past the deadline and not once stopped."""
        self.check()
        if self._stopped.wait(min(seconds, max(0.0, self.deadline - time.monotonic()))):
            self.check()


def this_watch() -> Watch | None:
    return getattr(_mine, "watch", None)


class _Guarded:
    """Mixed into urllib3's connections. `checks`: False behind a proxy, and for a site's API given in the settings."""

    checks = True
    _twin: socket.socket | None = None  # a second handle on the socket: shuts it even inside a TLS handshake

    def _new_conn(self) -> socket.socket:
        try:
            found = resolve(self._dns_host, self.port)
        except (OSError, UnicodeError) as problem:
            raise NewConnectionError(self, f"{self._dns_host} is not known") from problem
        addresses = [(family, place) for family, _, _, _, place in found if family in (socket.AF_INET, socket.AF_INET6)]
        if self.checks and not all(is_allowed(place[0]) for _, place in addresses):
            raise NotPublic("not a public address")
        return self._first_that_answers(addresses)

    def _first_that_answers(self, addresses: list[tuple]) -> socket.socket:
        last: OSError | None = None
        for family, place in addresses:
            line = socket.socket(family, socket.SOCK_STREAM)
            try:
                line.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else cfg.connect_timeout_s)
                for option in self.socket_options or ():
                    line.setsockopt(*option)
                self._register(line)
                line.connect(place)
                return line
            except OSError as problem:
                line.close()
                last = problem
            except BaseException:
                line.close()
                raise
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, f"{self._dns_host} does not answer")
        raise NewConnectionError(self, f"{self._dns_host} cannot be reached: {last}")

    def _register(self, line: socket.socket) -> None:
        self._drop_twin()
        self._twin = line.dup()
        self._watch()

    def _watch(self) -> None:
        watch = this_watch()
        if watch is not None:
            watch.use(self._twin)

    def request(self, *args: object, **kwargs: object) -> None:
        self._watch()  # a connection kept alive serves another file now
        super().request(*args, **kwargs)

    def close(self) -> None:
        super().close()
        self._drop_twin()

    def _drop_twin(self) -> None:
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _HTTP(_Guarded, HTTPConnection):
    pass


class _HTTPS(_Guarded, HTTPSConnection):
    pass


class _FreeHTTP(_HTTP):
    checks = False


class _FreeHTTPS(_HTTPS):
    checks = False


def _pools(plain: type, secure: type) -> dict[str, type]:
    return {
        "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }


class GuardedAdapter(HTTPAdapter):
    """A requests adapter whose connections are guarded and watched.

    Args:
        checks: False lets it reach any address (base URLs from the settings, which the user chose).
    """

    def __init__(self, checks: bool = True, **kwargs: object):
        self._checks = checks
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = (
            _pools(_HTTP, _HTTPS) if self._checks else _pools(_FreeHTTP, _FreeHTTPS)
        )

    def proxy_manager_for(self, *args: object, **kwargs: object) -> object:
        manager = super().proxy_manager_for(*args, **kwargs)
        if not manager.proxy.scheme.startswith("socks"):
            manager.pool_classes_by_scheme = _pools(_FreeHTTP, _FreeHTTPS)
        return manager
