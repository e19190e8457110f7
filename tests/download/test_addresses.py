"""From which address an image comes, and which hosts are left alone: counted on real servers, run by run."""

import csv
import time

import pytest

import config as cfg
from flow.base import paths
from flow.download.options import DownloadOptions
from flow.download.preview import preview
from flow.web import manners
from flow.web.manners import MANNERS, Manners
from tests import servers, sites
from tests.download.test_download import check_sum, check_whole, get, quick  # noqa: F401
from tests.servers import Server, image_bytes, status

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def site():
    with Server("127.0.0.1") as made:
        cfg.url_openverse = cfg.url_commons = cfg.url_nasa = made.base
        yield made


@pytest.fixture
def cdn():
    with Server("127.0.0.4") as made:
        yield made


def offer(site: Server, cdn: Server, count: int, route: servers.Route, thumbs: bool = False) -> None:
    """Images on a host of their own, each with a thumbnail at the site where `thumbs`."""
    rows = []
    for n in range(count):
        thumb = site.put(f"/v1/images/{n}/thumb/", image_bytes(n)) if thumbs else None
        rows.append(sites.openverse_row(n, cdn.put(f"/{n}_b.jpg", route), thumbnail=thumb))
    sites.openverse(site, rows)


def test_a_host_that_refuses_every_image_is_asked_a_few_times_and_then_not_for_a_day(site, cdn):
    offer(site, cdn, 240, status(403))
    result = get("robotart", 50, "openverse")
    assert len(cdn.hits) <= 12
    assert (result.kept, result.code) == (0, 3)
    assert "127.0.0.4 refused 5 requests in a row (403) and is not asked again before " in result.line()
    assert result.line().count("127.0.0.4") == 1
    assert len(site.hits) <= 10  # nor is the whole site listed for it
    check_sum(result)
    before = len(cdn.hits)
    again = get("robotart", 50, "openverse")
    assert len(cdn.hits) == before
    assert again.code == 3 and "refused 5 requests in a row (403)" in again.line()


def test_of_a_host_that_refuses_its_thumbnails_are_taken_instead(site, cdn):
    offer(site, cdn, 40, status(403), thumbs=True)
    result = get("robotart", 40, "openverse")
    assert (result.kept, result.code) == (40, 0), result.line()
    assert len(cdn.hits) <= 12


def test_what_is_too_large_comes_from_the_smaller_address(site):
    large = image_bytes(0) + bytes(cfg.image_bytes_max)
    items = [sites.nasa_item(n, site.base, ("medium", "small")) for n in (0, 1, 3, 4, 6, 7)]
    for n in (0, 1, 3, 4, 6, 7):
        start = f"/image/PIA%20{n:05d}/PIA%20{n:05d}"
        site.put(f"{start}~medium.jpg", large)
        site.put(f"{start}~small.jpg", image_bytes(n))
    sites.nasa(site, items)
    result = get("robots", 6, "nasa")
    assert (result.line(), result.code) == ("6 of 6 kept (6 by words)", 0)
    check_whole("robots")


def test_what_has_too_many_pixels_comes_from_the_smaller_address(site, cdn, monkeypatch):
    from PIL import Image

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    offer(site, cdn, 1, image_bytes(1, (1500, 1400)), thumbs=True)
    assert get("robotart", 1, "openverse").kept == 1
    assert "/v1/images/0/thumb/" in site.paths()


def test_a_deferral_never_leads_to_a_smaller_address_of_the_same_host(site):
    """Both sizes lie at one host, as NASA's and Flickr's do."""
    for n in range(3):
        start = f"/image/PIA%20{n:05d}/PIA%20{n:05d}"
        site.put(f"{start}~medium.jpg", status(429, Retry_After="1200"))
        site.put(f"{start}~small.jpg", image_bytes(n))
    sites.nasa(site, [sites.nasa_item(n, site.base, ("medium", "small")) for n in (0, 1)])
    result = get("robots", 2, "nasa")
    assert result.kept == 0
    images = [path for path in site.paths() if path.startswith("/image/")]
    assert 1 <= len(images) <= 2  # two are on their way at once
    assert not [path for path in images if "small" in path]


def test_a_refusal_never_leads_to_a_smaller_address_of_the_same_host(site):
    for n in (0, 1, 3):
        start = f"/image/PIA%20{n:05d}/PIA%20{n:05d}"
        site.put(f"{start}~medium.jpg", status(403))
        site.put(f"{start}~small.jpg", image_bytes(n))
    sites.nasa(site, [sites.nasa_item(n, site.base, ("medium", "small")) for n in (0, 1, 3)])
    result = get("robots", 3, "nasa")
    assert (result.kept, result.counts) == (0, {"refused by its site (403)": 3})
    assert len([path for path in site.paths() if path.startswith("/image/")]) == 3


def test_a_deferral_is_waited_for_and_then_the_same_address_is_asked(site, cdn):
    offer(site, cdn, 3, image_bytes(9))
    cdn.put("/0_b.jpg", servers.in_turn(status(429, Retry_After="2"), image_bytes(0)))
    cdn.put("/1_b.jpg", image_bytes(1))
    cdn.put("/2_b.jpg", image_bytes(2))
    assert get("robotart", 3, "openverse").kept == 3
    gap = max(b - a for a, b in zip(cdn.times, cdn.times[1:], strict=False))
    assert gap >= 1.9


@pytest.mark.parametrize(("wanted", "limit"), [(60, 20)])
def test_a_cdn_that_has_had_enough_is_left_and_thumbnails_complete_the_download(site, cdn, monkeypatch, wanted, limit):
    """As Flickr's does: 429 after so many files. Its own line of the table, a little faster."""
    pace = {"127.0.0.4": Manners(file_pause_s=0.6, connections=1, rest_min_s=600.0)}
    monkeypatch.setattr(manners, "MANNERS", {**MANNERS, **pace})
    served = []

    def file(n: int) -> servers.Route:
        def route(request) -> None:
            served.append(n)
            if len(served) > limit:
                return servers.send(request, b"slow down", 429, "text/html")
            return servers.send(request, image_bytes(n))

        return route

    rows = [
        sites.openverse_row(
            n, cdn.put(f"/{n}_b.jpg", file(n)), thumbnail=site.put(f"/v1/images/{n}/thumb/", image_bytes(n))
        )
        for n in range(wanted)
    ]
    sites.openverse(site, rows)
    begin = time.monotonic()
    result = get("robotart", wanted, "openverse")
    print(f"{wanted} images in {time.monotonic() - begin:.0f} s; {len(cdn.hits)} asked of the CDN")
    assert (result.kept, result.code) == (wanted, 0), result.line()
    assert len(cdn.hits) == limit + 1  # not one more after it asked to wait
    assert cdn.most_in_a_second() <= 2
    assert result.line() == f"{wanted} of {wanted} kept ({wanted} by tag)"


def test_a_search_that_is_told_to_wait_asks_for_no_thumbnail_either(site, cdn):
    offer(site, cdn, 40, status(404), thumbs=True)
    search = site.routes["/v1/images/"]
    site.put("/v1/images/", servers.in_turn(search, status(429, Retry_After="7200")))
    result = get("robotart", 40, "openverse")
    last_search = max(n for n, hit in enumerate(site.hits) if hit.startswith("/v1/images/?"))
    assert len(site.hits) - last_search - 1 <= 2  # what was on its way
    assert result.code == 3
    assert "openverse asks to be left alone until" in result.line().lower()


def test_by_what_images_were_found_stands_in_the_line_and_in_the_data(site, cdn):
    rows = [sites.openverse_row(n, cdn.put(f"/{n}.jpg", image_bytes(n))) for n in range(12)]
    sites.openverse(site, [], phrase=rows[:9], words=rows)
    result = get("red_panda", 10, "openverse")
    assert result.line() == "10 of 10 kept (9 by the phrase, 1 by single words)"
    assert result.facts()["found_by"] == {"by the phrase": 9, "by single words": 1}
    check_sum(result)


def test_credits_of_each_image_are_right(site, cdn):
    sites.commons(site, [sites.commons_file(cdn, n, image_bytes(n)) for n in range(3)])
    assert get("robotart", 3, "commons").kept == 3
    assert not [path for path in cdn.paths() if not path.endswith("px.jpg")]  # no original was asked for
    with (paths.unsorted_dir("robots", "robotart") / "CREDITS.csv").open(newline="") as reader:
        row = next(row for row in csv.DictReader(reader) if row["source_id"] == "1001")
    assert (row["title"], row["creator"], row["license"]) == ("Tin robot 1", "Jo Example 1", "by-sa")
    assert row["page_url"] == "https://commons.wikimedia.org/wiki/File:Tin_1.jpeg"
    assert row["image_url"] == f"{cdn.base}/c1_500px.jpg"
    assert row["credit"].startswith('"Tin robot 1" by Jo Example 1 is under CC BY-SA, https://creativecommons.org/')


def test_partners_pictures_are_refused_and_it_is_said(site):
    for n in range(3):
        site.put(f"/image/PIA%20{n:05d}/PIA%20{n:05d}~medium.jpg", image_bytes(n))
    sites.nasa(site, [sites.nasa_item(n, site.base) for n in range(3)])
    line = get("robots", 3, "nasa").line()
    assert line.startswith("2 of 3 kept (2 by words); 1 was of a partner of NASA, whose licence is unknown.")


# Before a download


def test_a_preview_shows_titles_and_how_many_there_are_and_fetches_no_image(site, cdn):
    offer(site, cdn, 30, image_bytes(1))
    shown = preview("robots", DownloadOptions(50, "robotart", "openverse,sample"))
    assert cdn.hits == []
    assert len(site.hits) == 1
    assert len(shown.sources[0].titles) == 10
    assert shown.sources[0].titles[0] == "Tin robot 0 (by Jo Example, CC BY, by tag)"
    assert shown.line().endswith("0 are there; openverse shows 30 by tag")
    assert shown.code == 0


def test_a_preview_of_a_site_out_of_reach_says_so(site):
    site.put("/v1/images/", sites.cloudflare)
    shown = preview("robots", DownloadOptions(50, "robotart", "openverse"))
    assert "refuses this network" in shown.line()
    assert shown.code == 3
