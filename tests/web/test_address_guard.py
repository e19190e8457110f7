"""Connections go to public addresses only, whatever a name or a redirect says."""

import socket
import threading

import pytest

import config as cfg
from flow.web import address_guard
from flow.web.address_guard import BadAddress, NotPublic, check_url, is_public
from flow.web.deadline import Cut, Deadline
from tests.servers import Server, image_bytes, redirect

PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"]
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",
    "::",
    "100.64.0.1",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
    "fd00::1",
    "192.0.2.1",
    "198.18.0.1",
    "nonsense",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_everything_else_is_not(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "LOCALHOST.",
        "printer.local",
        "metadata.google.internal",
        "169.254.169.254",
        "10.0.0.1",
    ],
)
def test_private_urls_are_refused_before_a_connection(host):
    with pytest.raises(NotPublic):
        check_url(f"http://{host}/x.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "data:image/png;base64,x",
        "gopher://x/",
        "http://",
        "http:///x",
        "x.jpg",
        "http://user:pass@example.com/x.jpg",
        "http://user@example.com/x.jpg",
        "http://example.com:99999/x",
        "http://[::1/x",
    ],
)
def test_other_addresses_are_refused_without_repeating_secrets(url):
    with pytest.raises(BadAddress) as problem:
        check_url(url)
    assert "pass@" not in str(problem.value)
    assert "user" not in str(problem.value)


@pytest.fixture
def fetcher(tf_files):
    from datetime import datetime

    from flow.web.fetch import Fetcher

    cfg.host_pause_s = 0.0
    with Fetcher(lambda: datetime.now().astimezone()) as made:
        yield made


def not_fetched(fetcher, url: str) -> str:
    from flow.web.failures import NotFetched

    with pytest.raises(NotFetched) as problem:
        fetcher.get(url)
    return problem.value.reason


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "127.1", "localhost", "[::ffff:127.0.0.1]"]
)
def test_loopback_is_never_asked_in_any_spelling(fetcher, host):
    with Server() as server:
        server.put("/x.jpg", image_bytes(1))
        assert not_fetched(fetcher, f"http://{host}:{server.port}/x.jpg") == "not a public address"
        assert server.hits == []


def test_name_with_a_private_address_is_refused_when_it_is_resolved(fetcher, monkeypatch):
    def resolver(host: str, port: int) -> list[tuple]:
        both = [("93.184.216.34", port), ("127.0.0.1", port)]  # one good address does not make up for a bad one
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in both]

    monkeypatch.setattr(address_guard, "resolve", resolver)
    with Server() as server:
        assert not_fetched(fetcher, f"http://robots.example:{server.port}/x.jpg") == "not a public address"
        assert server.hits == []


def test_resolver_that_changes_its_answer_gains_nothing(fetcher, monkeypatch):
    """The address that was checked is the one connected to; nothing is resolved a second time in between."""
    asked = []
    connected = []

    def resolver(host: str, port: int) -> list[tuple]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    class Line(socket.socket):
        def connect(self, place: tuple) -> None:
            connected.append(place[0])
            raise ConnectionRefusedError

    monkeypatch.setattr(address_guard, "resolve", resolver)
    monkeypatch.setattr(address_guard.socket, "socket", Line)
    with Server() as server:
        reason = not_fetched(fetcher, f"http://rebind.example:{server.port}/x.jpg")
        assert server.hits == []
    assert connected == ["93.184.216.34"]  # the second try resolved anew, was checked anew, and was refused
    assert reason == "not a public address"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/x.jpg",
        "http://[::1]/x.jpg",
        "http://2852039166/",
        "file:///etc/passwd",
        "http://user:pw@127.0.0.1/x",
    ],
)
def test_redirects_are_checked_too(fetcher, target):
    cfg.addresses_private_allowed = True  # loopback alone is allowed, so that there is a server to redirect
    with Server() as server:
        url = server.put("/x.jpg", redirect(target))
        if "::1" in target:
            cfg.connect_timeout_s = 0.5
            assert not_fetched(fetcher, url) == "no connection"
        else:
            assert not_fetched(fetcher, url) in ("not a public address", "bad address")


def test_redirect_from_public_to_loopback_is_refused(fetcher, monkeypatch):
    """A public name (here: one our resolver sends to the test server) redirects to 127.0.0.1."""
    with Server() as front, Server() as inside:
        secret = inside.put("/secret.jpg", image_bytes(1))
        front.put("/x.jpg", redirect(secret))
        plain = address_guard.resolve
        monkeypatch.setattr(address_guard, "is_allowed", lambda address: address == "127.0.0.2" or is_public(address))
        monkeypatch.setattr(
            address_guard, "resolve", lambda host, port: plain("127.0.0.2" if host == "robots.example" else host, port)
        )
        with Server("127.0.0.2") as public:
            public.put("/x.jpg", redirect(secret))
            assert not_fetched(fetcher, f"http://robots.example:{public.port}/x.jpg") == "not a public address"
            assert public.hits == ["/x.jpg"]
        assert inside.hits == []


def test_watch_is_cut_from_another_thread():
    here, there = socket.socketpair()
    with Deadline(60, threading.Event()) as watch:
        watch.use(here)
        threading.Timer(0.05, watch.cut).start()
        assert here.recv(1) == b""
        with pytest.raises(Cut):
            watch.check()
    there.close()
    here.close()
