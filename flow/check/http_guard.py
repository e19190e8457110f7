"""Who may ask: only the browser that was given the address, only from the page itself, only on this machine.

A page of another site cannot read the token (it is in no address that leaves the machine), cannot send the cookie
(SameSite=Strict), cannot claim our Host (DNS rebinding), and cannot hide its Origin.
"""

import hmac
import json
import re
import secrets

from werkzeug.wrappers import Request

import config as cfg

BODY_MAX = 64_000  # bytes; a page of 400 images marked at once has 30,000
PLAIN = re.compile(r"/|(/[a-z0-9][A-Za-z0-9_.-]*)+")  # how our own paths look before anybody decodes them
HEADER = "X-Roboflow-Token"


class Forbidden(Exception):
    """Answered with 403; the text says why."""


class BadRequest(Exception):
    """Answered with 400; the text says why."""


class Guard:
    """Knows this run's secrets. `ticket`: in the first address; `token`: what the page's script sends with a change."""

    def __init__(self, port: int):
        self.ticket, self.token, self._session = (secrets.token_urlsafe(32) for _ in range(3))
        self.cookie = f"roboflow_{port}"  # cookies are not told apart by port
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}

    def set_cookie(self) -> str:
        """The Set-Cookie header that the first answer carries."""
        return f"{self.cookie}={self._session}; Path=/; HttpOnly; SameSite=Strict"

    def check(self, request: Request) -> None:
        """Raise Forbidden or BadRequest for what may not be answered."""
        if request.headers.get("Host", "").lower() not in self.hosts:
            raise Forbidden("wrong host")
        if request.method not in ("GET", "POST"):
            raise BadRequest("only GET and POST")
        if not PLAIN.fullmatch(request.environ.get("RAW_URI", "").split("?")[0]):
            raise BadRequest("there is no such page")
        is_first = request.method == "GET" and request.path == "/"
        if not is_first and request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Forbidden("asked by another page")
        if not (self._is_known(request) or (is_first and self.has_ticket(request))):
            raise Forbidden("no token")
        if request.method == "POST":
            self._check_change(request)

    def has_ticket(self, request: Request) -> bool:
        return _same(request.args.get("token", ""), self.ticket)

    def _is_known(self, request: Request) -> bool:
        return _same(request.cookies.get(self.cookie, ""), self._session)

    def _check_change(self, request: Request) -> None:
        if request.headers.get("Origin", "").lower() not in {f"http://{host}" for host in self.hosts}:
            raise Forbidden("wrong origin")
        if not _same(request.headers.get(HEADER, ""), self.token):
            raise Forbidden("no token")


def body_of(request: Request) -> dict:
    """The JSON object that a change carries. Raises BadRequest."""
    if request.mimetype != "application/json":
        raise BadRequest("not JSON")
    try:
        found = json.loads(_read(request, BODY_MAX).decode("utf-8"))
    except (ValueError, RecursionError) as problem:
        raise BadRequest("not JSON") from problem
    if not isinstance(found, dict):
        raise BadRequest("not an object")
    return found


def image_of(request: Request) -> bytes:
    """The file that a try carries, at most cfg.image_bytes_max. Raises BadRequest."""
    if request.mimetype != "application/octet-stream":
        raise BadRequest("not a file")
    return _read(request, cfg.image_bytes_max)


def _read(request: Request, most: int) -> bytes:
    """The body, whole, of at most so many bytes."""
    length = request.content_length
    if length is None or not 0 <= length <= most:
        raise BadRequest("no length, or too long")
    raw = request.stream.read(length)
    if len(raw) != length:
        raise BadRequest("cut off")
    return raw


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
