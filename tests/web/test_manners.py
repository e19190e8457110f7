"""Manners towards hosts, counted on real servers: rests and refusals are obeyed, by every kind of request."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import config as cfg
from flow.base import paths
from flow.records.rows import DEFERRED, FAILED
from flow.web import hosts, manners
from flow.web.failures import Fallback, NotFetched
from flow.web.fetch import Fetcher
from flow.web.manners import MANNERS, Manners, family_of
from flow.web.rests import read_rests
from tests import servers
from tests.servers import Server, image_bytes, status

GOOD = image_bytes(1)
NOW = datetime.now().astimezone


@pytest.fixture(autouse=True)
def loopback(tf_files, monkeypatch):
    cfg.host_pause_s, cfg.addresses_private_allowed, cfg.contact = 0.0, True, "jo@robots.club"
    monkeypatch.setattr(manners, "MANNERS", dict(MANNERS))


@pytest.fixture
def fetcher():
    with Fetcher(NOW) as made:
        yield made


@pytest.fixture
def server():
    with Server() as made:
        yield made


def failure(fetcher: Fetcher, url: str) -> NotFetched:
    with pytest.raises(NotFetched) as problem:
        fetcher.get(url)
    return problem.value


# A host that asks to wait


@pytest.mark.parametrize("code", [429, 403, 503])
def test_after_a_deferral_no_request_of_any_kind_until_its_time(fetcher, server, code):
    url = server.put("/1.jpg", servers.in_turn(status(code, Retry_After="2"), GOOD))
    other = server.put("/2.jpg", GOOD)
    begin = time.monotonic()
    first = failure(fetcher, url)
    assert (first.status, first.fallback) == (DEFERRED, Fallback.ELSEWHERE)
    for again in (url, other):
        assert failure(fetcher, again).status == DEFERRED
    with pytest.raises(NotFetched):
        fetcher.answer(other)
    assert len(server.hits) == 1
    fetcher.hosts.wait(fetcher.hosts.resting_s("127.0.0.1"))
    assert fetcher.get(url) == GOOD
    assert server.times[1] - server.times[0] >= 2 - 0.05
    assert time.monotonic() - begin < 30


def test_a_redirect_to_a_host_at_rest_is_not_followed(fetcher, server):
    with Server("127.0.0.2") as tired:
        failure(fetcher, tired.put("/1.jpg", status(429, Retry_After="60")))
        assert failure(fetcher, server.put("/x.jpg", servers.redirect(tired.base + "/1.jpg"))).status == DEFERRED
        assert len(tired.hits) == 1


def test_those_who_stood_in_line_when_a_host_asked_to_wait_do_not_ask(fetcher, server, monkeypatch):
    manners.MANNERS["127.0.0.1"] = Manners(file_pause_s=0.3, connections=1)
    urls = [server.put(f"/{n}.jpg", status(429, Retry_After="60")) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda url: failure(fetcher, url), urls))
    assert [one.status for one in found] == [DEFERRED] * 6
    assert len(server.hits) == 1


def test_the_next_run_knows_of_the_rest(fetcher, server):
    url = server.put("/1.jpg", status(429, Retry_After="3600"))
    failure(fetcher, url)
    with Fetcher(NOW) as later:
        assert failure(later, url).status == DEFERRED
    with Fetcher(lambda: NOW() + timedelta(hours=2)) as much_later:
        failure(much_later, url)
    assert len(server.hits) == 2


def test_a_host_may_wish_for_a_longer_rest_than_it_names(fetcher, server):
    manners.MANNERS["127.0.0.1"] = MANNERS["staticflickr.com"]
    failure(fetcher, server.put("/1.jpg", status(429, Retry_After="1")))
    assert fetcher.hosts.resting_s("127.0.0.1") > 590


# A host that refuses


@pytest.mark.parametrize("code", [401, 403])
def test_five_refusals_in_a_row_and_a_host_is_left_alone_for_a_day(fetcher, server, code):
    urls = [server.put(f"/{n}.jpg", status(code)) for n in range(20)]
    found = [failure(fetcher, url) for url in urls]
    assert len(server.hits) == 5
    assert [one.status for one in found] == [FAILED] * 5 + [DEFERRED] * 15
    assert {one.reason for one in found} == {f"refused by its site ({code})"}
    assert all(one.fallback is Fallback.ELSEWHERE for one in found)
    why = fetcher.hosts.why("127.0.0.1")
    assert why.startswith(f"refused 5 requests in a row ({code}) and is not asked again before 20")
    rest = read_rests()["127.0.0.1"]
    assert timedelta(hours=23) < rest.until - NOW() <= timedelta(days=1)
    with Fetcher(NOW) as later:
        assert failure(later, urls[0]).status == DEFERRED
    assert len(server.hits) == 5


def test_refusals_that_are_not_in_a_row_are_each_images_own(fetcher, server):
    for n in range(12):
        failure(fetcher, server.put(f"/{n}.jpg", status(403)))
        if n % 4 == 3:
            assert fetcher.get(server.put("/good.jpg", GOOD)) == GOOD
    assert len(server.hits) == 15
    assert fetcher.hosts.resting_s("127.0.0.1") == 0


def test_whoever_gives_another_contact_may_ask_again(fetcher, server):
    urls = [server.put(f"/{n}.jpg", status(403)) for n in range(6)]
    for url in urls:
        failure(fetcher, url)
    cfg.contact = "ada@robots.club"
    with Fetcher(NOW) as other:
        assert failure(other, urls[0]).status == FAILED
    assert len(server.hits) == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"127.0.0.1": 3}',
        '{"127.0.0.1": {"until": "2999-01-01T00:00:00", "why": "refuses", "code": 403, "agent": ""}}',
        '{"127.0.0.1": {"until": "2999-01-01T00:00:00+00:00", "why": "x", "code": 403, "agent": ""}}',
        '{"127.0.0.1": {"until": "2999-01-01T00:00:00+00:00", "why": "asks to wait", "code": null, "agent": ""}}',
    ],
)
def test_a_damaged_memory_is_no_memory(server, text):
    paths.tf_files().mkdir(parents=True)
    paths.rests().write_text(text)
    with Fetcher(NOW) as fetcher:
        assert fetcher.get(server.put("/1.jpg", GOOD)) == GOOD
        failure(fetcher, server.put("/2.jpg", status(429, Retry_After="60")))
    assert list(json.loads(paths.rests().read_text())) == ["127.0.0.1"]


def test_a_memory_that_cannot_be_written_stops_nothing(server):
    Path(cfg.path_to_tf_files).write_text("a file where the folder should be")
    with Fetcher(NOW) as fetcher:
        assert failure(fetcher, server.put("/2.jpg", status(429, Retry_After="60"))).status == DEFERRED
        assert fetcher.hosts.resting_s("127.0.0.1") > 50


# A host that is not there


def test_a_host_that_cannot_be_reached_is_given_up_for_this_run(fetcher, monkeypatch):
    from flow.web.session import PoliteRetry

    monkeypatch.setattr(PoliteRetry, "sleep", lambda self, response=None: None)
    with Server("127.0.0.3") as stopped:
        pass
    found = [failure(fetcher, f"{stopped.base}/{n}.jpg") for n in range(7)]
    assert [one.reason for one in found] == ["no connection"] * 5 + ["left for later"] * 2
    assert "127.0.0.3 could not be reached 5 times in a row" in str(found[-1])
    assert read_rests() == {}  # the next run tries again


# Pace


def test_searches_and_images_of_a_host_each_keep_their_pace(fetcher, server):
    manners.MANNERS["127.0.0.1"] = Manners(search_pause_s=0.6, file_pause_s=0.2)
    url = server.put("/1.jpg", GOOD)
    for _ in range(3):
        fetcher.answer(url)
        fetcher.get(url)
    searches = [
        t for t, headers in zip(server.times, server.headers, strict=True) if headers["Accept-Encoding"] == "gzip"
    ]
    assert len(searches) == 3
    assert all(b - a >= 0.58 for a, b in zip(searches, searches[1:], strict=False))
    assert server.times[-1] - server.times[0] < 4


def test_without_a_contact_wikimedia_is_searched_ten_times_a_minute():
    assert manners.pause_s("wikimedia.org", search=True) == 0.3
    cfg.contact = ""
    assert manners.pause_s("wikimedia.org", search=True) == 6.0
    assert manners.pause_s("wikimedia.org", search=False) == 0.3


def test_the_settings_can_only_make_a_pace_slower():
    cfg.host_pause_s, cfg.host_connections_max = 2.0, 1
    assert manners.pause_s("wikimedia.org", search=True) == 2.0
    assert manners.pause_s("api.openverse.org", search=True) == 3.0
    assert manners.connections("wikimedia.org") == 1


def test_a_host_that_wishes_for_one_connection_gets_one(fetcher):
    manners.MANNERS["127.0.0.1"] = Manners(connections=1)
    with Server(latency_s=0.1) as slow, ThreadPoolExecutor(4) as pool:
        list(pool.map(fetcher.get, [slow.put(f"/{n}.jpg", GOOD) for n in range(4)]))
        assert slow.at_once == 1


@pytest.mark.parametrize(
    ("url", "family"),
    [
        ("https://upload.wikimedia.org/a.jpg", "wikimedia.org"),
        ("https://thumb.wikimedia.org/b.jpg", "wikimedia.org"),
        ("https://evilwikimedia.org/", "evilwikimedia.org"),
        ("https://live.staticflickr.com/4065/1_b.jpg", "staticflickr.com"),
        ("https://farm5.staticflickr.com/1.jpg", "staticflickr.com"),
        ("https://api.inaturalist.org/v1/taxa", "inaturalist.org"),
        ("https://i.imgur.com./1.jpg", "imgur.com"),
        ("https://www.flickr.com/", "www.flickr.com"),
        ("http://[broken", ""),
        ("/home/jo/1.jpg", ""),
    ],
)
def test_hosts_that_share_a_budget_are_one_family(url, family):
    assert family_of(url) == family


def test_every_site_of_the_settings_has_its_line_in_the_table():
    bases = {name: value for name, value in vars(cfg).items() if name.startswith("url_")}
    assert len(bases) >= 11
    assert {name: family_of(base) for name, base in bases.items() if family_of(base) not in MANNERS} == {}


def test_what_the_table_says_of_the_worst_blocks():
    """Facts that must not be lost by a slip: see docs/sources.md."""
    assert MANNERS["api.openverse.org"].search_pause_s == 3.0
    assert MANNERS["staticflickr.com"] == Manners(0.0, 1.0, 0.0, 1, 0.0, 600.0)
    assert MANNERS["wikimedia.org"].connections == 2
    assert replace(MANNERS["inaturalist.org"], bytes_per_s=0.0) == Manners(1.0, 1.0)
    assert hosts.REFUSALS_MAX == 5
