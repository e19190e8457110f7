"""Looking up a name ends in time, and no run waits for a look-up that does not."""

import socket
import subprocess
import sys
import threading
import time
from datetime import datetime

import pytest

import config as cfg
from flow.web import address_guard
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from tests.servers import Server, image_bytes
from tests.terminal import PROJECT


@pytest.fixture
def fetcher(tf_files):
    cfg.host_pause_s, cfg.addresses_private_allowed, cfg.connect_timeout_s = 0.0, True, 0.4
    with Fetcher(lambda: datetime.now().astimezone()) as made:
        yield made


@pytest.fixture
def hanging(monkeypatch):
    """Names whose look-up never ends; gives the names asked for, and lets go at the end."""
    asked, let_go = [], threading.Event()

    def resolve(host: str, port: int) -> list[tuple]:
        asked.append(host)
        let_go.wait(30)
        raise socket.gaierror("gave up")

    monkeypatch.setattr(address_guard, "resolve", resolve)
    yield asked
    let_go.set()


def test_a_lookup_that_hangs_is_given_up_at_the_connect_timeout(fetcher, hanging):
    begin = time.monotonic()
    with pytest.raises(NotFetched) as problem:
        fetcher.get("http://nowhere.example/x.jpg")
    assert (problem.value.reason, str(problem.value)) == ("no connection", "looking up nowhere.example takes too long")
    assert 0.35 < time.monotonic() - begin < 15  # and not the half minute that it hangs
    with pytest.raises(NotFetched):  # the same one still hangs: no second thread, no second wait
        fetcher.get("http://nowhere.example/y.jpg")
    assert time.monotonic() - begin < 15
    assert hanging == ["nowhere.example"]


def test_stop_ends_the_wait_for_a_name(fetcher, hanging):
    cfg.connect_timeout_s = 30.0
    threading.Timer(0.2, fetcher.stop).start()
    begin = time.monotonic()
    with pytest.raises(NotFetched):
        fetcher.get("http://nowhere.example/x.jpg")
    assert time.monotonic() - begin < 15


def test_a_name_that_is_not_known_gives_no_connection(fetcher, monkeypatch):
    def resolve(host: str, port: int) -> list[tuple]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(address_guard, "resolve", resolve)
    monkeypatch.setattr("flow.web.deadline.Deadline.pause", lambda self, seconds: None)
    with pytest.raises(NotFetched) as problem:
        fetcher.get("http://nowhere.example/x.jpg")
    assert problem.value.reason == "no connection"


def test_other_names_are_looked_up_meanwhile(fetcher, monkeypatch):
    plain, let_go = address_guard.resolve, threading.Event()

    def resolve(host: str, port: int) -> list[tuple]:
        if host == "slow.example":
            let_go.wait(30)
        return plain("127.0.0.1", port)

    monkeypatch.setattr(address_guard, "resolve", resolve)
    cfg.connect_timeout_s = 20.0
    with Server() as server:
        server.put("/x.jpg", image_bytes(1))
        threading.Thread(
            target=lambda: pytest.raises(NotFetched, fetcher.get, "http://slow.example/x.jpg"), daemon=True
        ).start()
        time.sleep(0.1)
        assert fetcher.get(f"http://quick.example:{server.port}/x.jpg") == image_bytes(1)
    fetcher.stop()
    let_go.set()


def test_a_run_ends_although_a_lookup_never_does():
    code = """
import time, sys
import config as cfg
from flow.web import address_guard
from flow.web.fetch import Fetcher
from datetime import datetime
cfg.connect_timeout_s = 0.2
address_guard.resolve = lambda host, port: time.sleep(600)
from concurrent.futures import ThreadPoolExecutor
with Fetcher(datetime.now) as fetcher, ThreadPoolExecutor(2) as pool:
    for job in [pool.submit(fetcher.get, f"http://{n}.example/x.jpg") for n in range(2)]:
        print(job.exception())
"""
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.stdout.count("takes too long") == 2, done.stderr
    assert time.monotonic() - begin < 60  # each look-up takes ten minutes
