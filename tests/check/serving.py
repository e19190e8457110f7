"""A check page for the tests: served in this process, or by the program itself."""

import contextlib
import http.client
import json
import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flow.base import locks, paths
from flow.check.camera_session import CameraOptions, CameraSession
from flow.check.check_page import CheckPage
from flow.check.http_server import serving
from flow.check.main_thread_queue import MainThreadQueue
from flow.check.predictor_service import PredictorService
from flow.check.sorted_board import SortedBoard
from flow.check.step import CheckOptions, CheckSession, check_once
from flow.check.training_board import TrainingBoard
from flow.commands.command import Message
from flow.records.open_catalogue import open_catalogue
from tests.check.trying import Trying
from tests.terminal import PROJECT

PAGE_THREAD = "page"  # stands for the main thread of a run


@dataclass
class Served:
    """A page that is served. `host`: 127.0.0.1:port; `cookie` and `token`: what its own browser has; `done`: the steps
    that were carried out."""

    address: str
    page: CheckPage | None = None
    cookie: str = ""
    token: str = ""
    done: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def enter(self) -> None:
        """Turn the ticket of the address into a cookie and a token, as a browser does."""
        _, headers, page = self.send("GET", f"/?{urlsplit(self.address).query}")
        self.cookie = headers["Set-Cookie"].split(";")[0]
        self.token = page.decode().split('name="roboflow-token" content="')[1].split('"')[0]

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict, bytes]:
        """A request of just these headers: status, headers, body."""
        connection = http.client.HTTPConnection(self.host, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            given = {"Host": self.host, **headers}
            if body is not None and "Content-Length" not in given:
                given["Content-Length"] = str(len(body))
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value.encode("latin-1", "replace"))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def own_headers(self) -> dict[str, str]:
        """The headers of the page's own changes."""
        return {
            "Cookie": self.cookie,
            "Origin": f"http://{self.host}",
            "X-Roboflow-Token": self.token,
            "Content-Type": "application/json",
            "X-Tab": "one",
        }

    def post(self, name: str, **asked) -> tuple[int, dict]:
        status, _, body = self.send("POST", f"/api/{name}", json.dumps(asked).encode(), **self.own_headers())
        return status, json.loads(body)

    def get(self, path: str) -> tuple[int, dict]:
        status, _, body = self.send("GET", path, Cookie=self.cookie)
        return status, json.loads(body)


def new_page(make_board: Callable, main: MainThreadQueue | None = None) -> CheckPage:
    """A page that nobody serves, for what its requests mean."""
    return CheckPage("robots", make_board, make_board, main or MainThreadQueue(), PredictorService("robots"))


@contextlib.contextmanager
def served(basetag: str = "robots", board=SortedBoard, do: Callable | None = None) -> Iterator[Served]:
    """Serve the data folder of cfg, with a thread of our own in the place of the main one.

    Args:
        do: what a step does, and its result; without it steps do nothing.
    """
    do = do or (lambda step: Message({"harvest": "harvested", "retrain": "retrained"}[step]))

    def work(ready: queue.Queue, done: list[str], stop: list[MainThreadQueue]) -> None:
        main = MainThreadQueue()
        stop.append(main)
        with open_catalogue(basetag) as catalogue:
            page = CheckPage(
                basetag,
                lambda: board(basetag, catalogue, "stamp"),
                lambda: TrainingBoard(basetag, catalogue, "stamp"),
                main,
                PredictorService(basetag),
            )
            with serving(page, 0) as address:
                ready.put(Served(address, page, done=done))
                for steps in main.serve():
                    for step in steps:
                        with page.working(step):
                            done.append(step)
                            page.add(step, do(step))
                    page.next_board()

    with _in_a_thread(work) as page:
        yield page


@contextlib.contextmanager
def session_served(
    do: Callable = lambda step: Message(f"{step} done"), trying: Trying | None = None, **options: bool
) -> Iterator[Served]:
    """A whole `CheckSession` of robots with the basetag's lock, in a thread of our own; `session` is it."""

    def work(ready: queue.Queue, done: list[str], stop: list[MainThreadQueue]) -> None:
        owner = {"pid": os.getpid(), "since": "now", "command": "roboflow.py robots check"}
        with locks.held(paths.lock("robots"), 0, owner) as lock, open_catalogue("robots") as catalogue:
            chosen = CheckOptions(browser=False, **options)
            session = CheckSession(
                "robots", "20261126_101010", catalogue, chosen, lambda: None, lock, trying and trying.begin
            )
            stop.append(session._main)
            tell_lock = session._tell_lock

            def tell(address: str) -> None:
                tell_lock(address)
                open_page = Served(address, session.page, done=done)
                open_page.session, open_page.lock = session, lock
                ready.put(open_page)

            session._tell_lock = tell
            done.append(check_once(session, do).line())

    with _in_a_thread(work) as page:
        yield page


@contextlib.contextmanager
def camera_served(backbone: Callable, basetag: str = "robots", stamp: str = "20261126_101010") -> Iterator[Served]:
    """A whole `CameraSession` with the basetag's lock, in a thread of our own; `session` is it. Steps do nothing.

    Args:
        backbone: gives the backbone and its folder.
    """

    def work(ready: queue.Queue, done: list[str], stop: list[MainThreadQueue]) -> None:
        owner = {"pid": os.getpid(), "since": "now", "command": f"roboflow.py {basetag} camera"}
        with locks.held(paths.lock(basetag), 0, owner) as lock, open_catalogue(basetag) as catalogue:
            options = CameraOptions(browser=False, port=_free_port())
            session = CameraSession(basetag, stamp, catalogue, options, backbone, lock)
            stop.append(session._main)
            tell_lock = session._tell_lock

            def tell(address: str) -> None:
                tell_lock(address)
                open_page = Served(address, session.page, done=done)
                open_page.session, open_page.lock, open_page.catalogue = session, lock, catalogue
                ready.put(open_page)

            session._tell_lock = tell
            for step in session.serve():
                with session.page.working(step):
                    done.append(step)
                    session.page.add(step, Message(f"{step} done"))
            done.append(session.result().line())

    with _in_a_thread(work) as page:
        yield page


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def _in_a_thread(work: Callable) -> Iterator[Served]:
    """Run `work` in the place of the main thread, until the test is done with the page it serves."""
    ready: queue.Queue = queue.Queue()
    done: list[str] = []
    stop: list[MainThreadQueue] = []

    def whole() -> None:
        try:
            work(ready, done, stop)
        except BaseException as problem:
            ready.put(problem)
            raise

    thread = threading.Thread(target=whole, name=PAGE_THREAD, daemon=True)
    thread.start()
    got = ready.get(timeout=30)
    if isinstance(got, BaseException):
        raise got
    got.enter()
    try:
        yield got
    finally:
        stop[0].is_done = True
        thread.join(20)


@contextlib.contextmanager
def program(*arguments: str, **environ: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """`roboflow.py ARGUMENTS --no-browser` as a process, and its address."""
    environment = {**os.environ, **environ}
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "roboflow.py"), *arguments, "--no-browser"],
        text=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
