"""A check page for the tests: served in this process, or by the program itself; and a real browser."""

import atexit
import contextlib
import functools
import http.client
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flow.check.desk import Desk
from flow.check.robot import Robot
from flow.check.server import Site, serving
from flow.check.session import Ended, Session, Then
from flow.check.sorted_board import SortedBoard
from flow.records.open_catalogue import open_catalogue
from tests.terminal import PROJECT


@dataclass
class Served:
    """A page that is served. `host`: 127.0.0.1:port; `cookie` and `token`: what an honest browser has."""

    address: str
    session: Session
    desk: Desk
    cookie: str = ""
    token: str = ""
    done: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

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

    def honest(self) -> dict[str, str]:
        """The headers of the page's own changes."""
        return {
            "Cookie": self.cookie,
            "Origin": f"http://{self.host}",
            "X-Roboflow-Token": self.token,
            "Content-Type": "application/json",
            "X-Tab": "one",
        }

    def post(self, name: str, **asked) -> tuple[int, dict]:
        status, _, body = self.send("POST", f"/api/{name}", json.dumps(asked).encode(), **self.honest())
        return status, json.loads(body)

    def get(self, path: str) -> tuple[int, dict]:
        status, _, body = self.send("GET", path, Cookie=self.cookie)
        return status, json.loads(body)


@contextlib.contextmanager
def served(basetag: str = "robots", board=SortedBoard) -> Iterator[Served]:
    """Serve the data folder of cfg, with a thread of our own in the place of the main one."""
    ready: queue.Queue = queue.Queue()
    done: list[str] = []

    def work() -> None:
        try:
            with open_catalogue(basetag) as catalogue:
                desk = Desk()
                then = Then(
                    lambda: done.append("harvest") or Ended("harvested"),
                    lambda: done.append("retrain") or Ended("retrained"),
                )
                session = Session(lambda: board(basetag, catalogue, "stamp"), ("harvest", "retrain"), then, desk)
                with serving(lambda guard: Site(basetag, session, desk, guard, Robot(basetag)), 0) as address:
                    ready.put(Served(address, session, desk, done=done))
                    desk.serve()
        except BaseException as problem:
            ready.put(problem)
            raise

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    got = ready.get(timeout=30)
    if isinstance(got, BaseException):
        raise got
    ticket = urlsplit(got.address)
    _, headers, page = got.send("GET", f"/?{ticket.query}")
    got.cookie = headers["Set-Cookie"].split(";")[0]
    got.token = page.decode().split('name="roboflow-token" content="')[1].split('"')[0]
    try:
        yield got
    finally:
        got.desk.is_done = True
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


@contextlib.contextmanager
def chromium(width: int = 1280, height: int = 800):
    """A headless browser with one empty window that knows nothing; the test is skipped, plainly, where there is none."""
    if not (_binary() and shutil.which("chromedriver")):
        pytest.skip("skipped: no chromium")
    browser = _started()
    resized(browser, width, height)
    try:
        yield browser
    finally:
        _forget_all(browser)


def _binary() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@functools.cache
def _started():
    """One for all tests of a process: three seconds of processor time each."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    options = Options()
    options.binary_location = _binary()
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={profile.name}",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    atexit.register(profile.cleanup)
    atexit.register(browser.quit)
    return browser


def _forget_all(browser) -> None:
    """What a test left: its windows, where they were, cookies and what was kept for an address, and what was said."""
    window = browser.window_handles[0]
    for other in browser.window_handles[1:]:
        browser.switch_to.window(other)
        browser.close()
    browser.switch_to.window(window)
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get_log("browser")


def resized(browser, width: int, height: int, touch: bool = False) -> None:
    """The window as large as this, or as a telephone's."""
    shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})


def keep_picture(browser, name: str) -> None:
    """A screenshot where CHECK_SHOTS says, to be looked at."""
    wanted = os.environ.get("CHECK_SHOTS")
    if wanted:
        browser.save_screenshot(str(Path(wanted) / f"{name}.png"))
