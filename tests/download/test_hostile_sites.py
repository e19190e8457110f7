"""Hosts and sites that answer with nonsense: the others' images are kept, and the same command goes on."""

import json

import pytest

import config as cfg
from flow.base import paths
from flow.records.catalogue import Catalogue
from flow.web import hosts
from tests import sites
from tests.download.test_download import check_sum, check_whole, get, kept_files, quick  # noqa: F401
from tests.faults import answers
from tests.servers import Server, image_bytes, send

GOOD, ODD = 24, 300
pytestmark = pytest.mark.usefixtures("quick")


def test_three_hundred_odd_answers_cost_none_of_twenty_four_good_images(tf_files, monkeypatch):
    monkeypatch.setattr(answers.Deadline, "pause", lambda self, seconds: self.check())
    monkeypatch.setattr(hosts, "COOL_S", 0.01)
    for name, value in answers.SETTINGS.items():
        setattr(cfg, name, value)
    cfg.download_workers = 32
    with answers.server() as there:
        urls = [there.url(f"/{n}", answers.host_of_number(n)) for n in range(ODD)]
        urls[10:10] = [there.url(f"/good{n}", "127.0.2.1") for n in range(GOOD)]
        listing = tf_files.parent / "list.txt"
        listing.write_text("\n".join(urls))
        result = get("robotart", len(urls), f"urls:{listing}")
        shown = {row["url"] for row in _archive() if row["status"] == "kept"}
        assert set(urls[10 : 10 + GOOD]) <= shown
        assert result.looked_at == len(urls)
        again = get("robotart", len(urls), f"urls:{listing}")
    assert again.before >= GOOD
    check_sum(result)
    check_whole("robotart")


def test_what_was_answered_is_remembered(tf_files):
    with answers.RawServer(lambda line, _: line.sendall(b"HTTP/1.1 302 x\r\nLocation: http://[::1\r\n\r\n")) as there:
        listing = tf_files.parent / "list.txt"
        listing.write_text(there.url("/x.jpg"))
        assert get("robotart", 1, f"urls:{listing}").counts == {"bad address": 1}
        assert get("robotart", 1, f"urls:{listing}").counts == {"seen before": 1}
    assert [(row["status"], row["reason"]) for row in _archive()] == [("refused", "bad address")]


def test_an_unforeseen_error_costs_one_image(tf_files, monkeypatch):
    from flow.download import fetch_image

    plain = fetch_image.validate_image

    def validate(data: bytes) -> object:
        if data == image_bytes(3):
            raise RecursionError
        return plain(data)

    monkeypatch.setattr(fetch_image, "validate_image", validate)
    folder = tf_files.parent / "mine"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.jpg").write_bytes(image_bytes(n))
    result = get("robotart", 6, f"folder:{folder}")
    assert (result.kept, result.counts) == (5, {"damaged": 1})


HALF = "\ud800"


@pytest.mark.parametrize(
    "field", ["id", "url", "title", "creator", "foreign_landing_url", "license_url", "attribution", "thumbnail"]
)
def test_half_a_character_in_a_sites_answer_costs_at_most_that_image(field):
    with Server() as server:
        cfg.url_openverse = server.base
        rows = [sites.openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(6)]
        rows[2][field] = f"{rows[2][field] or server.base}{HALF}"
        sites.openverse(server, rows)
        result = get("robotart", 6, "openverse")
    assert result.kept >= 5
    assert result.looked_at == 6
    check_whole("robotart")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"results": [{"id": "\\ud800", "url": "\\udfff"}], "page_count": 1}',
        b'{"results": [{"id": {"a": 1}, "url": [1]}]}',
        b'{"results": {"id": 1}, "page_count": "\\ud800"}',
        b'{"results": [[[[1]]]], "page_count": 1e400}',
        b'{"results": NaN}',
        b'{"detail": "\\ud800"}',
        b'{"results": [{"id": 1, "url": "http://[::1", "license": "by"}], "page_count": -1}',
        b'{"results": [{"id": 1, "url": "http://\\u0000", "width": 1e999, "height": "x"}]}',
        b"[" * 5000,
        b"\xff\xfe\x00",
        b"1" * 10_000,
        json.dumps({"results": "x" * 100_000}).encode(),
    ],
)
def test_nonsense_as_a_search_answer_ends_the_source_not_the_run(raw):
    with Server() as server:
        cfg.url_openverse = cfg.url_commons = server.base
        server.put("/v1/images/", lambda request: send(request, raw, kind="application/json"))
        sites.commons(server, [sites.commons_file(server, n, image_bytes(n)) for n in range(3)])
        result = get("robotart", 3, "auto")
    assert (result.kept, len(kept_files("robotart"))) == (3, 3)


def test_a_source_that_cannot_read_an_answer_says_so(monkeypatch):
    from flow.sources import openverse

    def stumbles(_: dict) -> None:
        raise AttributeError("'NoneType' object has no attribute 'get'")

    monkeypatch.setattr(openverse, "_found", stumbles)
    with Server() as server:
        cfg.url_openverse = server.base
        sites.openverse(server, [sites.openverse_row(1, server.put("/1.jpg", image_bytes(1)))])
        result = get("robotart", 3, "openverse")
    assert (result.kept, result.code) == (0, 3)
    assert "Openverse answered something that makes no sense (AttributeError)" in result.line()


def _archive() -> list:
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        return list(catalogue._db.execute("SELECT * FROM archive"))
