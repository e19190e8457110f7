"""The network guard: connections go to public addresses only, and end when their time is up.

Every address a name resolves to is checked, and the connection is made to the checked address, so a name that
resolves differently a moment later gains nothing. As each redirect is its own connection, redirects are covered too.
Behind a proxy the proxy makes the connection and the check is its job; names that are plainly private are refused
here all the same (`check_url`).
"""

import contextlib
import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

import config as cfg
from flow.web.deadline import TimedSocket, current_deadline
from flow.web.dns import look_up

PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")
NAT64 = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
)


class NotPublic(Exception):
    """The address belongs to this machine or a private network. Not an OSError, so that it is never retried."""


class BadAddress(Exception):
    """Not an http(s) URL we would ask for. The text never repeats credentials."""


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
    if "%" in name and ":" not in name:  # bytes that are no name; in an IPv6 address it begins a zone
        raise BadAddress("not a web address (an odd name)")
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


class _Guarded(HTTPConnection):
    """What our connections do differently. `checks`: False behind a proxy, and for a site's API of the settings."""

    checks = True

    def _new_conn(self) -> socket.socket:
        try:
            found = look_up(self._dns_host, self.port, resolve)
        except (OSError, UnicodeError) as problem:
            raise NewConnectionError(self, f"{self._dns_host} is not known") from problem
        addresses = [(family, place) for family, _, _, _, place in found if family in (socket.AF_INET, socket.AF_INET6)]
        if self.checks and not all(is_allowed(place[0]) for _, place in addresses):
            raise NotPublic("not a public address")
        return self._first_that_answers(addresses)

    def _first_that_answers(self, addresses: list[tuple]) -> socket.socket:
        last: OSError | None = None
        for family, place in addresses:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(self.timeout if isinstance(self.timeout, (int, float)) else cfg.connect_timeout_s)
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                _apply_deadline(sock)
                sock.connect(place)
                return sock
            except OSError as problem:
                sock.close()
                last = problem
            except BaseException:
                sock.close()
                raise
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, f"{self._dns_host} does not answer")
        raise NewConnectionError(self, f"{self._dns_host} cannot be reached: {last}")

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _apply_deadline(self.sock)  # a connection kept alive serves another file now
        super().request(*args, **kwargs)


def _apply_deadline(sock: TimedSocket) -> None:
    deadline = current_deadline()
    if deadline is not None:
        deadline.use(sock)


class _HTTP(_Guarded):
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

    def __init__(self, checks: bool = True, **kwargs: Any):
        self._checks = checks
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = (
            _pools(_HTTP, _HTTPS) if self._checks else _pools(_FreeHTTP, _FreeHTTPS)
        )

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        if not manager.proxy.scheme.startswith("socks"):
            manager.pool_classes_by_scheme = _pools(_FreeHTTP, _FreeHTTPS)
        return manager
