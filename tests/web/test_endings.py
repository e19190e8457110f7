"""Every way an answer can end, dripping: it is cut at the deadline and reported as too slow."""

import shutil
import socket
import ssl
import time
from datetime import datetime
from pathlib import Path

import pytest

import config as cfg
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from tests.raw_server import RawServer, certificate

IMAGE = b"Content-Type: image/jpeg\r\n"
WHOLE_S = 20.0  # what the whole of any of these answers takes: a thousand bytes, one each 20 ms
# What goes out at once, and what then drips, a byte every 20 ms.
ENDINGS = {
    "keep-alive": (b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Content-Length: 1000\r\n\r\n", b"x" * 1000),
    "close": (b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Connection: close\r\nContent-Length: 1000\r\n\r\n", b"x" * 1000),
    "close without a length": (b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Connection: close\r\n\r\n", b"x" * 1000),
    "of old": (b"HTTP/1.0 200 OK\r\n" + IMAGE + b"\r\n", b"x" * 1000),
    "chunked": (b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 200),
    "chunked and close": (
        b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n" * 200,
    ),
    "one endless chunk size": (b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 1000),
    "trailers": (
        b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
        b"X: y\r\n" * 200,
    ),
    "status line": (b"", b"HTTP/1.1 200 " + b"O" * 1000),
    "header": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n", b"X-Slow: y\r\n" * 100),
    "header of a redirect": (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n", b"X-Slow: y\r\n" * 100),
    "packed": (
        b"HTTP/1.1 200 OK\r\n" + IMAGE + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
        b"\x1f\x8b\x08" + bytes(1000),
    ),
}


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    if not shutil.which("openssl"):
        pytest.skip("no openssl command to make a certificate with")
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def fetcher(tf_files):
    cfg.host_pause_s, cfg.addresses_private_allowed, cfg.file_deadline_s = 0.0, True, 0.6
    with Fetcher(lambda: datetime.now().astimezone()) as made:
        yield made


def took_until_cut(fetcher: Fetcher, url: str) -> float:
    begin = time.monotonic()
    with pytest.raises(NotFetched) as problem:
        fetcher.get(url)
    assert problem.value.reason == "too slow"
    return time.monotonic() - begin


def dripping(name: str, tls: ssl.SSLContext | None = None) -> RawServer:
    at_once, slow = ENDINGS[name]

    def answer(line: socket.socket, _: str) -> None:
        line.sendall(at_once)
        for n in range(len(slow)):
            line.sendall(slow[n : n + 1])
            if server.closing.wait(0.02):
                break

    server = RawServer(answer, tls)
    return server


@pytest.mark.parametrize("name", ENDINGS)
def test_what_drips_is_cut_at_the_deadline(fetcher, name):
    with dripping(name) as server:
        assert 0.5 < took_until_cut(fetcher, server.url("/x.jpg")) < WHOLE_S / 2


@pytest.mark.parametrize("name", ENDINGS)
def test_what_drips_is_cut_behind_tls_too(fetcher, pem, monkeypatch, name):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with dripping(name, context) as server:
        assert 0.5 < took_until_cut(fetcher, server.url("/x.jpg")) < WHOLE_S / 2


def test_a_tls_greeting_that_never_comes_is_cut(fetcher, monkeypatch):
    def answer(line: socket.socket, _: str) -> None:
        server.closing.wait(30)

    server = RawServer(answer)
    with server:
        url = server.url("/x.jpg").replace("http://", "https://")
        assert 0.5 < took_until_cut(fetcher, url) < WHOLE_S / 2


def test_stop_ends_a_body_whose_connection_is_closed(fetcher):
    """As Ctrl-C does. The libraries have let go of the connection, the body is still being read."""
    import threading

    cfg.file_deadline_s = 60.0
    with dripping("close") as server:
        threading.Timer(0.3, fetcher.stop).start()
        assert took_until_cut(fetcher, server.url("/x.jpg")) < WHOLE_S / 2


def test_handles_are_given_back(fetcher):
    """Many answers on connections kept alive and closed leave no file handle behind."""
    body = b"\xff\xd8\xff" + b"x" * 100

    def answer(line: socket.socket, path: str) -> None:
        close = b"Connection: close\r\n" if "close" in path else b""
        line.sendall(b"HTTP/1.1 200 OK\r\n" + IMAGE + close + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    cfg.file_deadline_s = 10.0
    with RawServer(answer) as server:
        for path in ("/close.jpg", "/keep.jpg"):
            fetcher.get(server.url(path))
        before = len(list(Path("/proc/self/fd").iterdir()))
        for n in range(60):
            assert fetcher.get(server.url(f"/{'close' if n % 2 else 'keep'}{n}.jpg")) == body
        time.sleep(0.1)
        assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4
