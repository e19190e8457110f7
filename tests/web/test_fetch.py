"""Fetching with manners: caps, deadlines, retries, rests, and never a silent wait."""

import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

import config as cfg
from flow.records.rows import DEFERRED, FAILED, MISSING, REFUSED
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from flow.web.headers import opted_out, plain_url, retry_after_s, user_agent
from tests import servers
from tests.servers import Server, image_bytes, status, with_headers

GOOD = image_bytes(1)


def now() -> datetime:
    return datetime.now().astimezone()


@pytest.fixture
def fetcher(tf_files):
    cfg.host_pause_s = 0.0
    cfg.addresses_private_allowed = True
    with Fetcher(now) as made:
        yield made


@pytest.fixture
def server():
    with Server() as made:
        yield made


def failure(fetcher: Fetcher, url: str) -> NotFetched:
    with pytest.raises(NotFetched) as problem:
        fetcher.get(url)
    return problem.value


def test_good_answer_comes_whole_and_we_say_who_we_are(fetcher, server):
    cfg.contact = "me@robots.club"
    assert fetcher.get(server.put("/a.jpg", GOOD)) == GOOD
    assert server.headers[0]["User-Agent"].startswith("RoboFlow/1.0 (me@robots.club) requests/")
    assert "Cookie" not in server.headers[0]


def test_contact_cannot_break_the_header(tf_files):
    cfg.contact = "me\r\nX-Evil: 1 (robot)"
    assert "\n" not in user_agent()
    assert user_agent().count("(") == 1


@pytest.mark.parametrize(
    ("code", "want", "reason"),
    [
        (404, MISSING, "gone (404)"),
        (410, MISSING, "gone (410)"),
        (403, FAILED, "refused by its site (403)"),
        (418, FAILED, "refused by its site (418)"),
    ],
)
def test_refusals_are_asked_once(fetcher, server, code, want, reason):
    problem = failure(fetcher, server.put("/x.jpg", status(code)))
    assert (problem.status, problem.reason) == (want, reason)
    assert len(server.hits) == 1


def test_server_trouble_is_tried_again(fetcher, server):
    url = server.put("/x.jpg", servers.in_turn(status(503), status(500), GOOD))
    assert fetcher.get(url) == GOOD
    assert len(server.hits) == 3


def test_body_lost_in_the_middle_is_tried_again(fetcher, server):
    url = server.put("/x.jpg", servers.in_turn(servers.truncated(GOOD), servers.truncated(GOOD), GOOD))
    assert fetcher.get(url) == GOOD


def test_body_lost_every_time_is_given_up_after_three(fetcher, server):
    problem = failure(fetcher, server.put("/x.jpg", servers.truncated(GOOD)))
    assert (problem.status, problem.reason, len(server.hits)) == (FAILED, "cut off", 3)


def test_page_in_place_of_an_image(fetcher, server):
    assert failure(fetcher, server.put("/x.jpg", servers.html)).reason == "not an image"


@pytest.mark.parametrize(
    "header", ["noai", "noimageai, nofollow", "NOINDEX", "roboflow: noai", "otherbot: noai, *: noimageindex"]
)
def test_opt_out_is_honoured(fetcher, server, header):
    problem = failure(fetcher, server.put("/x.jpg", with_headers(GOOD, X_Robots_Tag=header)))
    assert (problem.status, problem.reason) == (REFUSED, "marked noai")


@pytest.mark.parametrize(
    ("first", "second"),
    [("googlebot: noindex", "noai"), ("noimageai", "googlebot: noindex"), ("all", "roboflow: noai")],
)
def test_opt_out_is_honoured_where_the_header_comes_twice(fetcher, server, first, second):
    url = server.put("/x.jpg", with_headers(GOOD, X_Robots_Tag=first, x_robots_tag=second))
    problem = failure(fetcher, url)
    assert (problem.status, problem.reason) == (REFUSED, "marked noai")


def test_two_headers_that_speak_to_other_robots_do_not_stop_us(fetcher, server):
    url = server.put("/x.jpg", with_headers(GOOD, X_Robots_Tag="googlebot: noindex", x_robots_tag="otherbot: noai"))
    assert fetcher.get(url) == GOOD


@pytest.mark.parametrize(
    "header", ["", "all", "nofollow", "otherbot: noai", "unavailable_after: 2030-01-01", "max-image-preview: none"]
)
def test_other_robots_headers_do_not_stop_us(header):
    assert not opted_out(header)


def test_endless_body_ends_at_the_cap(fetcher, server):
    cfg.image_bytes_max = 1_000_000
    assert failure(fetcher, server.put("/x.jpg", servers.endless)).reason == "too large"


def test_an_announced_length_over_the_cap_is_not_even_begun(fetcher, server):
    cfg.image_bytes_max = 1000
    assert failure(fetcher, server.put("/x.jpg", GOOD)).reason == "too large"


def test_cap_counts_decoded_bytes(fetcher, server):
    cfg.image_bytes_max = 1_000_000
    bomb = gzip.compress(b"\0" * 50_000_000)
    problem = failure(fetcher, server.put("/x.jpg", with_headers(bomb, Content_Encoding="gzip")))
    assert problem.reason == "too large"
    assert len(bomb) < 100_000


@pytest.mark.parametrize("route", [servers.drip(GOOD), servers.never], ids=["drip", "never"])
def test_deadline_ends_what_drips_or_never_answers(fetcher, server, route):
    cfg.file_deadline_s = 1.0
    start = time.monotonic()
    problem = failure(fetcher, server.put("/x.jpg", route))
    assert problem.reason == "too slow"
    assert 0.9 < time.monotonic() - start < 20  # and not a minute


def test_stop_ends_what_is_under_way(fetcher, server):
    url = server.put("/x.jpg", servers.never)
    threading.Timer(0.3, fetcher.stop).start()
    start = time.monotonic()
    assert failure(fetcher, url).status == FAILED
    assert time.monotonic() - start < 20  # and not a minute


@pytest.mark.parametrize("header", ["86400", "nonsense", None, "Fri, 31 Dec 2099 23:59:59 GMT"])
def test_429_is_handed_back_at_once_and_cools_that_host_only(fetcher, server, header):
    headers = {} if header is None else {"Retry_After": header}
    start = time.monotonic()
    problem = failure(fetcher, server.put("/x.jpg", status(429, **headers)))
    assert (problem.status, len(server.hits)) == (DEFERRED, 1)
    assert time.monotonic() - start < 8  # sooner than it may be asked again
    assert fetcher.hosts.resting_s("127.0.0.1") > 9
    assert fetcher.hosts.resting_s("127.0.0.2") == 0
    assert problem.until > now() + timedelta(seconds=9)
    assert "127.0.0.1 asks to be left alone until" in str(problem)


def test_host_that_says_429_again_and_again_is_left_alone(fetcher):
    for _ in range(3):
        fetcher.hosts.deferred("slow.example", 60)
        fetcher.hosts._ends["slow.example"] = 0.0
    assert fetcher.hosts.resting_s("slow.example") == float("inf")


def test_two_requests_refused_at_once_are_one_strike(fetcher):
    for _ in range(5):
        fetcher.hosts.deferred("slow.example", 60)
    assert fetcher.hosts.resting_s("slow.example") < 61


def test_rest_without_a_time_doubles(fetcher):
    waits = []
    for _ in range(2):
        fetcher.hosts.deferred("x.example", None)
        waits.append(round(fetcher.hosts.resting_s("x.example")))
        fetcher.hosts._ends["x.example"] = 0.0
    assert waits == [10, 20]


def test_removed_image_is_gone_not_kept(fetcher, server):
    server.put("/removed.png", GOOD)
    problem = failure(fetcher, server.put("/x.jpg", servers.redirect("/removed.png")))
    assert (problem.status, problem.reason) == (MISSING, "gone (removed)")


def test_redirects_end_after_five(fetcher, server):
    problem = failure(fetcher, server.put("/x.jpg", servers.redirect("/x.jpg")))
    assert problem.reason == "redirected too often"
    assert len(server.hits) == 6


def test_few_redirects_are_followed(fetcher, server):
    server.put("/b.jpg", GOOD)
    server.put("/a.jpg", servers.redirect("/b.jpg"))
    assert fetcher.get(server.put("/x.jpg", servers.redirect(server.base + "/a.jpg"))) == GOOD


def test_no_host_that_listens(fetcher):
    with Server() as stopped:
        url = stopped.base + "/x.jpg"
    start = time.monotonic()
    assert failure(fetcher, url).reason == "no connection"
    assert time.monotonic() - start < 30


def test_never_more_than_two_at_once_and_a_pause_between(fetcher):
    cfg.host_pause_s = 0.05
    with Server(latency_s=0.15) as server, ThreadPoolExecutor(8) as pool:
        urls = [server.put(f"/{n}.jpg", GOOD) for n in range(8)]
        start = time.monotonic()
        list(pool.map(fetcher.get, urls))
        assert server.at_once == 2
        assert time.monotonic() - start >= 7 * 0.05


@pytest.mark.parametrize(
    ("text", "want"),
    [("37", 37), (" 5 ", 5), ("", None), (None, None), ("soon", None), ("-4", None), ("9" * 30, 999_999_999)],
)
def test_retry_after_is_read_warily(text, want):
    assert retry_after_s(text, now()) == want


def test_retry_after_as_a_date():
    moment = datetime(2026, 11, 23, 12, 0, 0, tzinfo=timezone.utc)
    assert retry_after_s("Mon, 23 Nov 2026 12:02:00 GMT", moment) == 120
    assert retry_after_s("Mon, 23 Nov 2026 11:00:00 GMT", moment) == 0


def test_plain_url_drops_what_does_not_name_the_image():
    assert plain_url("HTTPS://Upload.Example/a.jpg?utm_source=x&utm_campaign=y#top") == "https://upload.example/a.jpg"
    assert plain_url("https://x.example/a.jpg?id=7&utm_source=x") == "https://x.example/a.jpg?id=7"
    signed = "https://x.example/a.jpg?Expires=1790000000&Signature=a~b&Key-Pair-Id=K3&size=l"
    assert plain_url(signed) == "https://x.example/a.jpg?size=l"
    assert plain_url("https://x.example/a.jpg?signature_of=jo") == "https://x.example/a.jpg?signature_of=jo"
    assert plain_url("http://user:pw@x.example/a.jpg") == "http://x.example/a.jpg"
    assert plain_url("/home/me/a.jpg") == plain_url("sample:1/a/2") == ""
