"""Real HTTP servers on 127.0.0.x in threads: image hosts with every kind of trouble, and the sites' own answers.

A `Server` answers paths from `routes`; a route is bytes, or a function that gets the request handler. It counts how
many requests it serves at once. `sites.py` puts the APIs of the image sites onto such a server.
"""

import io
import random
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw

Route = bytes | Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Use as a context manager. `at_once` is the largest number of requests served at the same time."""

    def __init__(self, host: str = "127.0.0.1", latency_s: float = 0.0):
        self.routes: dict[str, Route] = {}
        self.hits: list[str] = []  # paths with their queries, as they came
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []  # monotonic, of each hit
        self.at_once = 0
        self.latency_s = latency_s
        self.left_at = 0.0  # monotonic time the last answer left
        self.closing = threading.Event()
        self._now = 0
        self._lock = threading.Lock()
        self._http = _Quiet((host, 0), _handler(self))
        self.host, self.port = host, self._http.server_address[1]
        self.base = f"http://{host}:{self.port}"

    def __enter__(self) -> "Server":
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    def put(self, path: str, route: Route) -> str:
        """Serve a route; returns its URL."""
        self.routes[path] = route
        return self.base + path

    def paths(self) -> list[str]:
        return [urlsplit(hit).path for hit in self.hits]

    def most_in_a_second(self) -> int:
        """The largest number of requests that came within any one second."""
        return max((sum(begin <= t < begin + 1.0 for t in self.times) for begin in self.times), default=0)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        request.counted = True
        with self._lock:
            self._now += 1
            self.at_once = max(self.at_once, self._now)
            self.hits.append(request.path)
            self.headers.append(dict(request.headers))
            self.times.append(time.monotonic())
        try:
            if self.latency_s:
                time.sleep(self.latency_s)
            route = self.routes.get(urlsplit(request.path).path, status(404))
            send(request, route) if isinstance(route, bytes) else route(request)
        finally:
            self.leave(request)

    def leave(self, request: BaseHTTPRequestHandler) -> None:
        """Count a request out. Done before its last bytes go, for with them the client may begin the next one."""
        with self._lock:
            self._now -= request.counted
            request.counted = False
            self.left_at = time.monotonic()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are part of the tests."""


def _handler(server: Server) -> type:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every answer waits 40 ms between its head and its body

        def do_GET(self) -> None:
            self.site = server
            server.answer(self)

        def do_POST(self) -> None:
            self.form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def send(
    request: BaseHTTPRequestHandler, body: bytes, code: int = 200, kind: str = "image/jpeg", **headers: str
) -> None:
    """A whole answer. Header names are given with _ for -."""
    request.send_response(code)
    named = {"Content_Type": kind, "Content_Length": str(len(body)), **headers}
    for name, value in named.items():
        request.send_header(name.replace("_", "-"), value)
    request.site.leave(request)
    request.end_headers()
    request.wfile.write(body)


# Routes: what image hosts do


def status(code: int, body: bytes = b"no", **headers: str) -> Route:
    return lambda request: send(request, body, code, "text/plain", **headers)


def with_headers(body: bytes, **headers: str) -> Route:
    return lambda request: send(request, body, **headers)


def html(request: BaseHTTPRequestHandler) -> None:
    """A page where a picture should be, and it says so."""
    send(request, b"<html><body>not here</body></html>", kind="text/html")


def redirect(to: str) -> Route:
    return lambda request: send(request, b"", 302, Location=to)


def truncated(body: bytes) -> Route:
    """Says the whole length, sends half, hangs up."""

    def route(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "image/jpeg")
        request.send_header("Content-Length", str(len(body)))
        request.site.leave(request)
        request.end_headers()
        request.wfile.write(body[: len(body) // 2])
        request.close_connection = True

    return route


def endless(request: BaseHTTPRequestHandler) -> None:
    """A body without length and without end."""
    request.send_response(200)
    request.send_header("Content-Type", "image/jpeg")
    request.end_headers()
    request.close_connection = True
    while not request.site.closing.is_set():
        request.wfile.write(b"\xff\xd8\xff" + b"x" * 65_536)


def drip(body: bytes, every_s: float = 0.1) -> Route:
    """One byte at a time, each well within any read time-out."""

    def route(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "image/jpeg")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        for n in range(len(body)):
            request.wfile.write(body[n : n + 1])
            request.wfile.flush()
            if request.site.closing.wait(every_s):
                break

    return route


def never(request: BaseHTTPRequestHandler) -> None:
    """Takes the request and says nothing."""
    request.site.closing.wait(60)
    request.close_connection = True


def in_turn(*routes: Route) -> Route:
    """A different answer each time; the last one for good."""
    left = list(routes)

    def route(request: BaseHTTPRequestHandler) -> None:
        now = left.pop(0) if len(left) > 1 else left[0]
        send(request, now) if isinstance(now, bytes) else now(request)

    return route


# Pictures


def image_bytes(seed: int, size: tuple[int, int] = (240, 200), form: str = "JPEG") -> bytes:
    """A picture unlike that of any other seed."""
    rng = random.Random(seed)
    image = Image.new("RGB", (12, 12))
    image.putdata([tuple(rng.randrange(256) for _ in range(3)) for _ in range(144)])
    image = image.resize(size, Image.Resampling.BICUBIC)
    ImageDraw.Draw(image).text((5, 5), str(seed), fill="white")
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()
