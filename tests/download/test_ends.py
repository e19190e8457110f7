"""Every download ends, and its line says why: nothing new, a site's limit, a host that asks to wait, a failing disk."""

import os
import time

import pytest

import config as cfg
from flow.base import files, paths
from flow.base.errors import RoboError
from flow.download import candidates, step, worker_pool
from flow.records.catalogue import Catalogue
from flow.records.rows import ArchiveEntry
from flow.sources import FoundImage, Source
from flow.sources.sample import Sample
from flow.ui import console
from flow.web.fetch import Fetcher
from tests import servers, sites
from tests.download.test_download import check_sum, check_whole, get, quick  # noqa: F401
from tests.faults import world
from tests.faults.runner import run
from tests.servers import Server, image_bytes, status

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def notes(monkeypatch) -> list[str]:
    """The notes a person would see."""
    shown: list[str] = []
    monkeypatch.setattr(console, "note", lambda text="": shown.append(text))
    return shown


# Nothing new


def test_samples_that_are_all_too_small_do_not_go_on_for_ever(monkeypatch):
    monkeypatch.setattr(candidates, "USELESS_MAX", 30)
    cfg.image_side_min = 4000
    result = get("robotart", 5, "sample")
    assert (result.kept, result.missing) == (0, 5)
    assert 30 <= result.counts["too small"] < 80
    assert result.line().endswith("results in a row, so I stopped asking.")
    assert "Sample brought nothing new in " in result.line()
    check_sum(result)


def test_samples_that_are_all_the_same_do_not_go_on_for_ever(monkeypatch):
    """Every image after the first is a duplicate."""
    monkeypatch.setattr(candidates, "USELESS_MAX", 30)
    monkeypatch.setattr(Sample, "read", lambda self, found: image_bytes(1))
    result = get("robotart", 5, "sample")
    assert (result.kept, result.code) == (1, 0)
    assert 30 <= result.counts["duplicate"] < 80
    assert "brought nothing new" in result.line()


class Endless(Source):
    """A site whose every answer has other ids for the same image, or images nobody may use."""

    name = "endless"
    asked = 0

    def __init__(self, url: str, code: str = "by"):
        self.url, self.code = url, code

    def search(self, tag: str):
        while True:
            self.asked += 1
            yield FoundImage("endless", str(self.asked), self.url, licence=self.code)


@pytest.mark.parametrize(("code", "reason"), [("by", "seen before"), ("by-nc", "under another licence")])
def test_a_site_that_never_ends_is_left(monkeypatch, code, reason):
    with Server() as server:
        source = Endless(server.put("/1.jpg", image_bytes(1)), code)
        monkeypatch.setattr(step, "open_sources", lambda spec: [source])
        get("robotart", 1, "endless")
        before = source.asked
        result = get("robotart", 2, "endless")
    assert source.asked - before <= candidates.USELESS_MAX + 10
    assert (result.kept, result.missing, result.code) == (0, 2, 3)
    assert result.counts[reason] >= candidates.USELESS_MAX
    assert "Endless brought nothing new in 1,00" in result.line()


def test_many_known_images_do_not_hide_the_new_ones_after_them(monkeypatch):
    monkeypatch.setattr(candidates, "USELESS_MAX", 5)
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        catalogue.archive(*(ArchiveEntry("sample", f"1/built/{n}", "", "gone", "now") for n in range(1, 41)))
    assert get("built", 3, "sample").line() == "3 of 3 kept; 40 were seen before"


def test_a_host_that_rests_does_not_make_us_list_a_whole_site(monkeypatch):
    monkeypatch.setattr(step, "HELD_MIN", 40)
    with Server("127.0.0.4") as tired:
        for n in range(2000):
            tired.put(f"/{n}.jpg", status(429, Retry_After="3600"))
        listing = paths.tf_files().parent / "list.txt"
        listing.write_text("\n".join(f"{tired.base}/{n}.jpg" for n in range(2000)))
        result = get("robotart", 5, f"urls:{listing}")
    assert result.looked_at < 60
    assert "asks to be left alone until" in result.line()


# A site's limit


def test_the_limit_of_openverse_is_said_before_anything_is_fetched(notes):
    with Server() as server:
        cfg.url_openverse = cfg.url_commons = server.base
        sites.openverse(server, [sites.openverse_row(1, server.put("/1.jpg", image_bytes(1)))])
        sites.commons(server, [])
        get("robotart", 250, "openverse")
        limit = [text for text in notes if "at most 240 results a query" in text]
        assert len(limit) == 1
        assert "several searchtags" in limit[0]
        assert "--source openverse,commons" in limit[0]
        notes.clear()
        result = get("robotart", 240, "openverse")  # one is there already
        assert any("with those that are there 241 are needed" in text for text in notes)
        assert "has no more for 'robotart' (it shows at most 240 results a query)" in result.line()
        notes.clear()
        get("other", 240, "openverse")
        get("third", 250, "auto")
    assert not [text for text in notes if "at most 240" in text]


# Hosts that ask to wait


@pytest.mark.parametrize("header", ["-1", "abc", None])
def test_a_429_without_a_time_is_waited_for_briefly_while_others_go_on(notes, header):
    headers = {} if header is None else {"Retry_After": header}
    with Server("127.0.0.1") as tired, Server("127.0.0.2", latency_s=0.2) as fine:
        urls = [
            tired.put("/0.jpg", servers.in_turn(status(429, **headers), image_bytes(0))),
            tired.put("/1.jpg", image_bytes(1)),
        ]
        urls += [fine.put(f"/{n}.jpg", image_bytes(10 + n)) for n in range(12)]
        listing = paths.tf_files().parent / "list.txt"
        listing.write_text("\n".join(urls))
        begin = time.monotonic()
        result = get("robotart", 14, f"urls:{listing}")
        took = time.monotonic() - begin
    assert result.kept == 14
    assert 8 < took < 50  # it was a minute
    waits = [text for text in notes if "asks to wait" in text]
    assert waits
    assert all(text.startswith("127.0.0.1 asks to wait; going on with ") for text in waits)
    assert fine.left_at < tired.left_at - 5  # the others were long there


def test_waiting_has_an_end_for_the_whole_run(notes, monkeypatch):
    monkeypatch.setattr(step, "WAITS_MAX_S", 1.5)
    with Server() as tired:
        listing = paths.tf_files().parent / "list.txt"
        listing.write_text("\n".join(tired.put(f"/{n}.jpg", status(429, Retry_After="1")) for n in range(3)))
        begin = time.monotonic()
        result = get("robotart", 3, f"urls:{listing}")
    assert time.monotonic() - begin < 30
    assert result.code == 3
    assert "asks to be left alone until" in result.line()


# Memory


def test_fetching_waits_while_much_is_still_to_be_decoded(monkeypatch):
    """What is fetched and not decoded is bounded: large images do not collect before a slow decoder."""
    from flow.download import fetch_image

    monkeypatch.setattr(worker_pool, "WAITING_BYTES_MAX", 100_000)
    held, most, plain = [], [], fetch_image.validate_image

    def fetched(fetcher: Fetcher, url: str) -> bytes:
        held.append(1)
        most.append(len(held))
        return image_bytes(int(url.split(".")[2]), (240, 200)) + bytes(100_000)

    def validate(data: bytes) -> object:
        time.sleep(0.05)
        held.pop()
        return plain(data)

    class Many(Source):
        name, own, online = "many", True, True

        def search(self, tag: str):
            yield from (FoundImage("many", str(n), f"http://127.0.{n}.1/x.jpg") for n in range(40))

    monkeypatch.setattr(Fetcher, "get", fetched)
    monkeypatch.setattr(fetch_image, "validate_image", validate)
    monkeypatch.setattr(step, "open_sources", lambda spec: [Many()])
    assert get("robotart", 40, "many").kept == 40
    assert max(most) <= cfg.download_workers + 2  # else it is three times as many
    check_whole("robotart")


def test_what_needs_no_network_is_read_by_as_many_threads_as_there_are_cores(monkeypatch):
    reading, most, plain = [], [], Sample.read

    def read(self, found: FoundImage) -> bytes:
        reading.append(1)
        most.append(len(reading))
        time.sleep(0.01)
        reading.pop()
        return plain(self, found)

    monkeypatch.setattr(worker_pool, "LOCAL_WORKERS", 2)
    monkeypatch.setattr(Sample, "read", read)
    assert get("robotart", 16, "sample").kept == 16
    assert max(most) <= 2 < cfg.download_workers


# Disks


def test_a_folder_that_cannot_be_written_is_reported_before_anything_is_fetched(monkeypatch):
    def no(*_: object) -> None:
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(files, "write_part", no)
    with Server() as server:
        listing = paths.tf_files().parent / "list.txt"
        listing.write_text(server.put("/1.jpg", image_bytes(1)))
        with pytest.raises(RoboError) as problem:
            get("robotart", 1, f"urls:{listing}")
        assert server.hits == []
    assert (
        problem.value.message == f"{paths.unsorted_dir('robots', 'robotart')} cannot be written: Read-only file system."
    )
    assert problem.value.code == 1


def test_a_file_where_the_folder_should_be_is_an_error():
    folder = paths.unsorted_dir("robots", "robotart")
    files.make_folder(folder.parent)
    folder.write_text("a user's own")
    with pytest.raises(RoboError) as problem:
        get("robotart", 1, "sample")
    assert str(folder) in problem.value.message
    assert folder.read_text() == "a user's own"


def test_a_folder_of_somebody_else_costs_one_line_and_exit_1():
    root = world.fresh(world.beginning)
    root.parent.chmod(0o755)
    folder = world.unsorted(root, "built")
    for place in (root, *root.rglob("*")):
        place.chmod(0o777)
    folder.mkdir(parents=True)
    folder.parent.chmod(0o777)
    folder.chmod(0o555)
    done = run(root, "robots", "2", "built", "download", "--source", "sample", before="as_nobody")
    assert done.code == 1, done
    assert done.err.splitlines()[0] == f"oh no. {folder} cannot be written: Permission denied."
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("how", ["ENOSPC", "EROFS"])
def test_a_disk_that_fails_on_the_way_is_reported_with_its_folder(how):
    root = world.fresh(world.beginning)
    points = run(root, "robots", "3", "built", "download", "--source", "sample").points
    for share in (0.1, 0.25, 0.4, 0.6, 0.8, 0.9):
        root = world.fresh(world.beginning)
        done = run(root, "robots", "3", "built", "download", "--source", "sample", nth=int(points * share), how=how)
        assert done.code in (0, 1), done
        if done.code:
            first = done.err.splitlines()[0]
            assert str(root) in first, first
