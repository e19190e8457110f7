"""A host's rate is kept, all connections together; others are as fast as they are."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

import config as cfg
from flow.web import manners
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from flow.web.hosts import Hosts
from flow.web.manners import MANNERS, Manners, family_of
from tests.servers import Server

BODY = b"\xff\xd8\xff" + b"x" * 200_000


def seconds_for(fetcher: Fetcher, urls: list[str]) -> float:
    begin = time.monotonic()
    with ThreadPoolExecutor(len(urls)) as pool:
        assert [len(body) for body in pool.map(fetcher.get, urls)] == [len(BODY)] * len(urls)
    return time.monotonic() - begin


def test_two_at_once_share_what_a_host_allows(tf_files, monkeypatch):
    cfg.host_pause_s, cfg.addresses_private_allowed = 0.0, True
    monkeypatch.setattr(manners, "MANNERS", {"127.0.0.1": Manners(bytes_per_s=500_000.0)})
    with Server() as slow, Server("127.0.0.2") as free, Fetcher(lambda: datetime.now().astimezone()) as fetcher:
        there = [slow.put(f"/{n}.jpg", BODY) for n in range(4)]
        took = seconds_for(fetcher, there)
        assert took > 1.4  # 800 kB at 500 kB a second
        assert seconds_for(fetcher, [free.put(f"/{n}.jpg", BODY) for n in range(4)]) < took


@pytest.mark.parametrize(("deadline_s", "stopped_after_s"), [(0.5, None), (60.0, 0.3)], ids=["deadline", "stop"])
def test_the_deadline_and_stop_end_the_waiting(tf_files, monkeypatch, deadline_s, stopped_after_s):
    cfg.host_pause_s, cfg.addresses_private_allowed, cfg.file_deadline_s = 0.0, True, deadline_s
    monkeypatch.setattr(manners, "MANNERS", {"127.0.0.1": Manners(bytes_per_s=10_000.0)})
    with Server() as slow, Fetcher(lambda: datetime.now().astimezone()) as fetcher:
        if stopped_after_s is not None:
            threading.Timer(stopped_after_s, fetcher.stop).start()
        begin = time.monotonic()
        with pytest.raises(NotFetched) as problem:
            fetcher.get(slow.put("/x.jpg", BODY))
        assert problem.value.reason == "too slow"
        assert time.monotonic() - begin < 10  # the whole would take 20 s


def test_wikimedias_rate_is_what_its_policy_says(tf_files):
    assert MANNERS["wikimedia.org"].bytes_per_s * 8 == 25_000_000
    kept = Hosts(lambda: datetime.now().astimezone(), threading.Event())
    assert kept.took(family_of("https://upload.wikimedia.org/a.jpg"), 3_125_000) > 0.99
    assert kept.took(family_of("https://commons.wikimedia.org/w/api.php"), 3_125_000) > 1.9
    assert kept.took("example.org", 10**9) == 0
