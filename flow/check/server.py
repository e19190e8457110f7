"""The check page's little web server: one template, a few files, pictures by content hash, and questions in JSON.

It binds 127.0.0.1 only. What is asked is looked at by `guard.py` first; what is answered carries headers that keep
everything else out.
"""

import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

import config as cfg
from flow.base.errors import RoboError
from flow.check import thumbs
from flow.check.desk import Busy, Desk
from flow.check.guard import BadRequest, Forbidden, Guard, body_of, picture_of
from flow.check.robot import Robot
from flow.check.session import Session
from flow.models.look import Near

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HERE = Path(__file__).parent / "page"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HASH = re.compile(r"[0-9a-f]{64}")
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
REPORT = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
FOREVER = "private, max-age=31536000, immutable"
CLOSED = (
    "This page belongs to a RoboFlow run. Open the address that the terminal shows; "
    "if the run has ended: python roboflow.py BASETAG check\n"
)


class Site:
    """The WSGI application. Several threads call it at once."""

    def __init__(self, title: str, session: Session, desk: Desk, guard: Guard, robot: Robot):
        self._title, self._session, self._desk, self._guard, self._robot = title, session, desk, guard, robot
        self._files = {path.name: path for path in HERE.iterdir() if path.suffix in KINDS}
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="thumbs")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        response = self._response(environ)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if response.status_code >= 400:
            response.headers["Connection"] = "close"  # what was sent with it is not read
        return response(environ, start_response)

    def _response(self, environ: "WSGIEnvironment") -> Response:
        try:
            request = Request(environ)
            self._guard.check(request)
            return self._post(request) if request.method == "POST" else self._get(request)
        except Forbidden:
            return Response(CLOSED, 403, mimetype="text/plain")
        except (BadRequest, HTTPException, UnicodeError) as problem:
            return _as_json({"error": str(problem)}, 400)
        except RoboError as problem:
            return _as_json({"error": problem.message, "hint": problem.hint}, 400)
        except (Busy, TooLate):
            return _as_json({"error": "busy"}, 409)

    def _get(self, request: Request) -> Response:
        path = request.path
        if path == "/":
            return self._front(request)
        _, kind, *rest = path.split("/")
        if kind == "page" and len(rest) == 1 and rest[0] in self._files:
            file = self._files[rest[0]]
            response = Response(file.read_bytes(), mimetype=KINDS[file.suffix])
            response.add_etag()
            response.headers["Cache-Control"] = "private, no-cache"
            return response.make_conditional(request)
        if kind == "thumb" and len(rest) == 2 and rest[0] in thumbs.SIZES and HASH.fullmatch(rest[1]):
            return self._thumb(*rest)
        if kind == "report" and len(rest) == 1 and rest[0] in self._session.work.reports:
            return self._report(rest[0])
        if kind == "api":
            return self._told(rest, request)
        raise BadRequest("there is no such page")

    def _told(self, rest: list[str], request: Request) -> Response:
        if rest == ["view"]:
            count, again = request.args.get("count", ""), request.args.get("again") == "1"
            if not count.isdecimal() or len(count) > 4:
                raise BadRequest("count must be a whole number")
            return self._viewed(lambda: self._session.view(int(count), again))
        if rest == ["progress"]:
            return _as_json(self._desk.ask(self._session.progress))
        if rest == ["work"]:
            return _as_json(self._session.work.facts(self._desk.is_busy))
        if len(rest) == 2 and rest[0] in ("picture", "near") and HASH.fullmatch(rest[1]):
            sha = rest[1]
            if rest[0] == "near":
                return _as_json({"near": _alike(self._robot.near(sha))})
            return _as_json(self._desk.ask(lambda: self._session.details(sha)))
        raise BadRequest("there is no such page")

    def _post(self, request: Request) -> Response:
        if request.path == "/api/try":
            return self._tried(picture_of(request))
        asked, tab = body_of(request), request.headers.get("X-Tab", "")[:40]
        changes: dict[str, Callable[[dict], dict]] = {
            "decide": self._session.decide,
            "accept": self._session.accept,
            "undo": self._session.undo,
            "redo": self._session.redo,
            "then": self._session.then,
            "done": self._session.finish,
        }
        name = request.path.removeprefix("/api/")
        if name == "alive":
            self._desk.tabs.heard(tab)
            return _as_json({"busy": self._desk.is_busy})
        if name == "bye":
            self._desk.tabs.closed(tab)
            return _as_json({})
        if name not in changes or not request.path.startswith("/api/"):
            raise BadRequest("there is no such page")
        return self._viewed(lambda: changes[name](asked))

    def _tried(self, picture: bytes) -> Response:
        """What the robot says of a picture that a person dropped here."""
        look = self._robot.look(picture)
        ranked = sorted(look.scores.items(), key=lambda one: -one[1])
        return _as_json({"verdict": look.verdict, "sure": look.sure, "scores": ranked, "near": _alike(look.near)})

    def _viewed(self, question: Callable[[], dict]) -> Response:
        """The answer to a question; meanwhile the pictures of the page after it are made small."""
        seen: list[str] = []

        def asked() -> dict:
            answer = question()
            if answer.get("page"):
                seen.extend(self._session.board.upcoming(2 * len(answer["page"]["pictures"])))
            return answer

        response = _as_json(self._desk.ask(asked))
        with contextlib.suppress(RuntimeError):  # the server is closing
            for sha in seen:
                self._ahead.submit(self._make_small, sha)
        return response

    def _make_small(self, sha: str) -> None:
        path = self._session.board.find(sha)
        if path:
            thumbs.thumbnail(path, sha, "grid")

    def _front(self, request: Request) -> Response:
        response = Response(_template(self._title, self._guard.token), mimetype="text/html")
        if self._guard.has_ticket(request):
            response.headers["Set-Cookie"] = self._guard.set_cookie()
        return response

    def _thumb(self, size: str, sha: str) -> Response:
        path = self._session.board.find(sha) or self._robot.find(sha)
        is_known = path is not None or self._session.board.was_shown(sha)
        data = thumbs.thumbnail(path, sha, size) if is_known else None
        if data is None:
            return Response("not here\n", 404, mimetype="text/plain")
        return Response(data, mimetype="image/jpeg", headers={"Cache-Control": FOREVER})

    def _report(self, key: str) -> Response:
        try:
            data = self._session.work.reports[key].read_bytes()
        except OSError:
            return Response("The report is no longer there.\n", 404, mimetype="text/plain")
        return Response(data, mimetype="text/html", headers={"Content-Security-Policy": REPORT})


class _Handler(WSGIRequestHandler):
    """Keeps connections open, and says nothing."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    server_version, sys_version = "roboflow", ""

    def log(self, type: str, message: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(make_site: Callable[[Guard], Site], port: int) -> Iterator[str]:
    """Serve while inside, on 127.0.0.1.

    Args:
        port: 0 = a free one.

    Yields:
        The first address, with the ticket in it.

    Raises:
        RoboError: the port is taken.
    """
    waiting: Future[Site] = Future()  # the port must be known first

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return waiting.result()(environ, start_response)

    with _listening(port) as door:
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Handler, fd=door.fileno())
        taken = door.getsockname()[1]
    guard = Guard(taken)
    waiting.set_result(make_site(guard))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{taken}/?token={guard.ticket}"
    finally:
        server.shutdown()
        server.server_close()


def _listening(port: int) -> socket.socket:
    """A socket on 127.0.0.1, so that a taken port is found out here, in our own words."""
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        door.listen(64)
    except (OSError, OverflowError) as problem:
        door.close()
        raise RoboError(f"Port {port} cannot be used.", "Leave --port out, and a free one is found.") from problem
    return door


def _template(title: str, token: str) -> str:
    """The page: one template, in which everything is escaped."""
    from jinja2 import Environment, FileSystemLoader

    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True)
    return pages.get_template("check.html").render(title=title, token=token, bytes_max=cfg.image_bytes_max)


def _alike(near: Iterable[Near]) -> list[dict]:
    return [{"sha256": n.sha256, "label": n.label, "likeness": round(n.likeness, 3)} for n in near]


def _as_json(facts: object, code: int = 200) -> Response:
    return Response(json.dumps(facts), code, mimetype="application/json")
