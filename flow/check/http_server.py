"""The check page on HTTP: a socket on 127.0.0.1 only, and headers that keep everything else out."""

import contextlib
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from flow.base.errors import RoboError
from flow.check.check_page import CheckPage
from flow.check.http_guard import Guard

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

IDLE_S = 75  # seconds a connection may be silent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class _Handler(WSGIRequestHandler):
    """Keeps connections open, and says nothing."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    server_version, sys_version = "roboflow", ""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(page: CheckPage, port: int, spare: bool = False) -> Iterator[str]:
    """Serve while inside.

    Args:
        port: 0 = a free one.
        spare: a free one too where that port is taken.

    Yields:
        The first address, with the ticket in it.

    Raises:
        RoboError: the port is taken.
    """

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        response = _responded(page, environ)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.status_code >= 400:
            response.headers["Connection"] = "close"  # what was sent with it is not read
        return response(environ, start_response)

    with _listening(port, spare) as door:
        taken = door.getsockname()[1]
        page.guard = Guard(taken)
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Handler, fd=door.fileno())
    server.daemon_threads = True  # type: ignore[attr-defined]  # a run that ends waits for no tab
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{taken}/?token={page.guard.ticket}"
    finally:
        page.close()
        server.shutdown()
        server.server_close()


def _responded(page: CheckPage, environ: "WSGIEnvironment") -> Response:
    try:
        return page.respond(Request(environ))
    except UnicodeError:
        return Response("not text\n", 400, mimetype="text/plain")


def _listening(port: int, spare: bool) -> socket.socket:
    """A socket on 127.0.0.1, so that a taken port is found out here, in our own words."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        door.listen(64)
    except (OSError, OverflowError) as problem:
        door.close()
        if spare:
            return _listening(0, spare=False)
        raise RoboError(f"Port {port} cannot be used.", "Leave --port out, and a free one is found.") from problem
    return door
