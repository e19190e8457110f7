"""The download step: N new images, every one accounted for, whatever happens on the way."""

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import config as cfg
from flow.base import files, paths
from flow.base.errors import RoboError
from flow.download import fetch_image
from flow.download.credits import CREDITS, update_logs
from flow.download.options import DownloadOptions
from flow.download.result import Downloaded
from flow.download.step import download
from flow.download.validate import validate_image
from flow.records.catalogue import Catalogue
from flow.records.rows import KEPT, PENDING, ArchiveEntry
from flow.records.rows import Image as Row
from tests import servers, sites
from tests.servers import Server, image_bytes, status

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def quick(tf_files, monkeypatch):
    """No pauses, loopback allowed, small limits."""
    for key in ("OPENVERSE_CLIENT_ID", "OPENVERSE_CLIENT_SECRET"):
        monkeypatch.delenv(key, raising=False)
    cfg.host_pause_s = 0.0
    cfg.addresses_private_allowed = True
    cfg.file_deadline_s = 1.5
    cfg.image_bytes_max = 300_000
    return tf_files


def get(tag: str, quantity: int, spec: str, **options: object) -> Downloaded:
    """A run that downloads and ends well."""
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        got = download("robots", DownloadOptions(quantity, tag, spec, **options), catalogue)
        if not got.goes_on:
            catalogue.finish(tag)
        return got


def kept_files(tag: str) -> list[Path]:
    return files.images_in(paths.unsorted_dir("robots", tag))


def check_whole(tag: str) -> None:
    """Nothing half-written, every file readable and known to the catalogue, logs complete."""
    folder = paths.unsorted_dir("robots", tag)
    assert not list(files.parts_in(folder))
    shas = {}
    for path in kept_files(tag):
        with Image.open(path) as image:
            image.load()
            assert image.format == "JPEG"
        shas[files.sha256_of(path)] = path.name
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        rows = {row.sha256: row.file_name for row in catalogue.images_of(tag)}
        assert catalogue.pending() == []
    assert rows == shas
    assert len(set(shas)) == len(kept_files(tag))
    credited = [row["file"] for row in csv.DictReader((folder / CREDITS).open(newline=""))]
    assert sorted(credited) == sorted(shas.values())


def check_sum(result: Downloaded) -> None:
    """The line adds up, read as a person reads it."""
    line = result.line()
    kept, asked = map(int, re.match(r"(\d+) of (\d+) kept", line).groups())
    assert (kept, asked) == (result.before + result.kept, result.asked), line
    one, several = re.search(r"; (\d+) (?:was|were) ", line), re.search(r"; (\d+) others were not: ([^.;]+)", line)
    others = int((one or several)[1]) if one or several else 0
    if several:
        assert sum(int(n) for n in re.findall(r"(?:^|, )(\d+) ", several[2])) == others, line
    assert others == sum(result.counts.values()), line
    if ways := re.search(r"kept \(([^)]+)\)", line):
        assert sum(int(n) for n in re.findall(r"(?:^|, )(\d+) ", ways[1])) == kept, line
    assert result.facts()["looked_at"] == result.kept + sum(result.counts.values())
    assert result.missing == max(0, asked - kept)


# The ordinary case


def test_download_fills_the_folder_and_records_where_each_image_came_from(quick):
    with Server() as server:
        cfg.url_openverse = server.base
        sites.openverse(server, [sites.openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(12)])
        result = get("robotart", 10, "openverse")
    assert (result.line(), result.code) == ("10 of 10 kept (10 by tag)", 0)
    folder = paths.unsorted_dir("robots", "robotart")
    assert all(re.fullmatch(r"robotart_\d+_\d{6}\.jpg", path.name) for path in kept_files("robotart"))
    assert sorted(int(path.name.split("_")[1]) for path in kept_files("robotart")) == list(range(1, 11))
    rows = list(csv.DictReader((folder / CREDITS).open(newline="")))
    assert rows[0]["credit"].startswith('"Tin robot')
    assert {
        "source",
        "source_id",
        "image_url",
        "page_url",
        "license",
        "license_url",
        "searchtag",
        "at",
        "sha256",
    } <= set(rows[0])
    pairs = dict(line.split("\t") for line in (folder / "unsorted_robotart_img2url.txt").read_text().splitlines())
    assert set(pairs) == {path.name for path in kept_files("robotart")}
    assert sorted(pairs.values()) == sorted((folder / "unsorted_robotart_urls.txt").read_text().splitlines())
    check_whole("robotart")
    check_sum(result)
    assert json.loads(json.dumps(result.facts()))["kept"] == 10


def test_second_run_fetches_nothing_it_has(quick):
    with Server() as server:
        cfg.url_openverse = server.base
        urls = [server.put(f"/{n}.jpg", image_bytes(n)) for n in range(30)]
        urls.append(server.put("/gone.jpg", status(404)))
        sites.openverse(server, [sites.openverse_row(n, url) for n, url in enumerate(urls)])
        get("robotart", 20, "openverse")
        second = get("robotart", 20, "openverse")
        images = [path for path in server.paths() if path.endswith(".jpg")]
        assert len(images) == len(set(images)) == 31
        third = get("robotart", 20, "openverse")
        assert len([path for path in server.paths() if path.endswith(".jpg")]) == 31
    assert (second.kept, second.missing, second.code) == (10, 10, 3)
    assert "openverse has no more for 'robotart'" in second.line().lower()
    assert (third.kept, third.counts) == (0, {"seen before": 31})
    check_whole("robotart")


def test_auto_takes_from_commons_what_openverse_lacks(quick):
    with Server() as server:
        cfg.url_openverse = cfg.url_commons = server.base
        sites.openverse(server, [sites.openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(6)])
        pages = [sites.commons_file(server, n, image_bytes(100 + n)) for n in range(6)]
        nc = sites.commons_file(server, 9, image_bytes(109), License="cc-by-nc-2.0", LicenseShortName="CC BY-NC 2.0")
        sites.commons(server, [nc, *pages])
        result = get("robotart", 10, "auto")
        assert not [path for path in server.paths() if path.startswith("/c9")]
    assert (result.kept, result.code, result.counts["under another licence"]) == (10, 0, 1)
    check_sum(result)


def test_images_deleted_or_moved_by_the_person_do_not_come_again(quick):
    with Server() as server:
        listing = quick.parent / "list.txt"
        listing.write_text("\n".join(server.put(f"/{n}.jpg", image_bytes(n)) for n in range(6)))
        get("robotart", 6, f"urls:{listing}")
        moved, deleted, *_ = kept_files("robotart")
        label = files.make_folder(paths.training("robots") / "built")
        moved.rename(label / "by_hand.jpg")
        deleted.unlink()
        listing.write_text(
            "\n".join(server.put(f"/again/{n}.jpg", image_bytes(n)) for n in range(6))
        )  # the same, elsewhere
        result = get("other", 6, f"urls:{listing}")
    assert (result.kept, result.counts) == (0, {"duplicate": 6})


def test_duplicates_exact_and_near_are_recorded_and_near_ones_come_when_asked_for(quick):
    folder = files.make_folder(quick.parent / "mine")
    (folder / "a.jpg").write_bytes(image_bytes(1, (600, 500)))
    (folder / "b.jpg").write_bytes(image_bytes(1, (600, 500)))
    smaller = Image.open(folder / "a.jpg").resize((300, 250))
    smaller.save(folder / "c.jpg", quality=60)
    files.make_folder(paths.training("robots") / "built")
    (paths.training("robots") / "built" / "old.jpg").write_bytes(image_bytes(7))
    (folder / "d.jpg").write_bytes(image_bytes(7))
    result = get("mine", 10, f"folder:{folder}")
    assert (result.kept, result.counts) == (1, {"duplicate": 2, "near-duplicate": 1})
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        entry = [row for row in catalogue._db.execute("SELECT * FROM archive WHERE reason='near-duplicate'")][0]
        assert entry["sha256"] == files.sha256_of(kept_files("mine")[0])
    again = get("mine", 10, f"folder:{folder}", keep_near=True)
    assert (again.kept, again.counts) == (1, {"seen before": 3})


def test_own_files_that_cannot_be_used_go_into_quarantine_and_stay_where_they_are(quick):
    folder = files.make_folder(quick.parent / "mine")
    (folder / "good.jpg").write_bytes(image_bytes(1))
    (folder / "half.jpg").write_bytes(image_bytes(2)[:3000])
    (folder / "page.jpg").write_bytes(b"<html></html>")
    (folder / "small.png").write_bytes(image_bytes(3, (50, 50), "PNG"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = get("mine", 4, f"folder:{folder}")
    assert (result.kept, result.code) == (1, 3)
    assert result.counts == {"damaged": 1, "not an image": 1, "too small": 1}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    quarantine = paths.quarantine("robots")
    assert {path.name for path in quarantine.iterdir()} == {"half.jpg", "page.jpg", "small.png", "reasons.txt"}
    assert "half.jpg\tdamaged" in (quarantine / "reasons.txt").read_text()
    assert "1 too small (under 160px a side: image_side_min)" in result.line()
    again = get("mine", 4, f"folder:{folder}")
    assert (again.kept, again.code, again.counts) == (0, 0, {"seen before": 4})
    assert len(list(quarantine.iterdir())) == 4
    cfg.image_side_min = 40  # what the line named was changed: what was too small is looked at again
    again = get("mine", 4, f"folder:{folder}")
    assert (again.kept, again.counts) == (1, {"seen before": 3})


def test_folder_with_fewer_than_asked_is_no_failure(quick):
    folder = files.make_folder(quick.parent / "mine")
    (folder / "good.jpg").write_bytes(image_bytes(1))
    result = get("mine", 4, f"folder:{folder}")
    assert (result.code, result.line()) == (0, "1 of 4 kept. Folder has no more for 'mine'.")


# Trouble


def faulty_site(hosts: list[Server], good: int, bad: int, tired: Server, odd: Server) -> list[str]:
    """URLs of good images over the hosts, mixed with every kind of trouble; the tired host says 429 for an hour."""
    kinds = [
        lambda s, n: s.put(f"/t{n}.jpg", status(404)),
        lambda s, n: s.put(f"/t{n}.jpg", servers.truncated(image_bytes(n))),
        lambda s, n: s.put(f"/t{n}.jpg", servers.html),
        lambda s, n: s.put(f"/t{n}.jpg", b"<html>dressed up as a picture</html>"),
        lambda s, n: s.put(f"/t{n}.jpg", servers.redirect("http://169.254.169.254/latest/")),
        lambda s, n: s.put(f"/t{n}.jpg", servers.redirect("http://10.0.0.1/x.jpg")),
        lambda s, n: s.put(f"/t{n}.jpg", image_bytes(0)),  # a duplicate
        lambda s, n: tired.put(f"/t{n}.jpg", status(429, Retry_After="3600")),
        lambda s, n: s.put(f"/t{n}.jpg", image_bytes(n, (90, 90))),
        lambda s, n: s.put(f"/t{n}.jpg", servers.with_headers(image_bytes(n), X_Robots_Tag="noai")),
        lambda s, n: s.put(f"/t{n}.jpg", servers.in_turn(status(503), image_bytes(n))),  # good in the end
    ]
    urls = [hosts[n % len(hosts)].put(f"/{n}.jpg", image_bytes(n)) for n in range(good)]
    urls += [kinds[n % len(kinds)](hosts[n % len(hosts)], 1000 + n) for n in range(bad)]
    urls += [odd.put("/endless.jpg", servers.endless), odd.put("/drip.jpg", servers.drip(image_bytes(5000)))]
    random.Random(4).shuffle(urls)
    return urls


def test_two_hundred_with_thirty_percent_trouble(quick):
    with ExitStack() as stack, Server("127.0.0.1") as a, Server("127.0.0.2") as b, Server("127.0.0.3") as c:
        tired, odd = stack.enter_context(Server("127.0.0.4")), stack.enter_context(Server("127.0.0.5"))
        hosts = [a, b, c]
        urls = faulty_site(hosts, 165, 73, tired, odd)
        cfg.url_openverse = cfg.url_commons = a.base
        sites.openverse(a, [sites.openverse_row(n, url) for n, url in enumerate(urls)])
        sites.commons(a, [sites.commons_file(c, n, image_bytes(9000 + n)) for n in range(60)])
        result = get("robotart", 200, "auto")
        assert max(host.at_once for host in hosts) <= 2  # the search is one of a host's two
        assert len(tired.hits) <= 2  # it asked to wait, and was left alone
    assert (result.kept, result.code) == (200, 0), result.line()
    assert len(kept_files("robotart")) == 200
    assert {
        "gone (404)",
        "cut off",
        "not an image",
        "not a public address",
        "duplicate",
        "too small",
        "marked noai",
        "left for later",
        "too large",
        "too slow",
    } <= set(result.counts)
    check_whole("robotart")
    check_sum(result)


def test_host_that_asks_to_wait_an_hour_is_reported_with_the_time(quick):
    with Server("127.0.0.1") as site, Server("127.0.0.4") as tired:
        cfg.url_openverse = site.base
        urls = [tired.put(f"/{n}.jpg", status(429, Retry_After="3600")) for n in range(5)]
        urls += [site.put(f"/{n}.jpg", image_bytes(n)) for n in range(3)]
        sites.openverse(site, [sites.openverse_row(n, url) for n, url in enumerate(urls)])
        start = time.monotonic()
        result = get("robotart", 8, "openverse")
        assert time.monotonic() - start < 60  # and not an hour
        assert (result.kept, result.code) == (3, 3)
        asked = "5 images are left for later: 127.0.0.4 asks to be left alone until "
        assert re.search(rf"{asked}(\d{{4}}-\d\d-\d\d )?\d\d:\d\d; the same", result.line())
        assert result.line().endswith("the same command goes on from here.")
        check_sum(result)
        for n in range(5):
            tired.put(f"/{n}.jpg", image_bytes(50 + n))
        before = len(tired.hits)
        early = get("robotart", 8, "openverse")
        assert (early.before, early.kept, early.code, len(tired.hits)) == (3, 0, 3, before)  # its time has not come
        paths.rests().unlink()  # as if an hour had passed
        again = get("robotart", 8, "openverse")  # the same command completes it, and asks for no more than that
    assert (again.before, again.kept, again.missing, again.code) == (3, 5, 0, 0)
    assert again.line() == "8 of 8 kept (3 in an earlier run, 5 by tag)"
    check_sum(again)


def test_host_that_asks_to_wait_a_second_is_waited_for(quick):
    with Server() as site:
        route = servers.in_turn(status(429, Retry_After="1"), image_bytes(1))
        listing = quick.parent / "list.txt"
        listing.write_text(site.put("/1.jpg", route))
        assert get("robotart", 1, f"urls:{listing}").line() == "1 of 1 kept"


def test_second_address_is_taken_while_the_first_host_rests(quick):
    with Server("127.0.0.1") as site, Server("127.0.0.4") as tired:
        cfg.url_openverse = site.base
        rows = [
            sites.openverse_row(
                n,
                tired.put(f"/{n}.jpg", status(429, Retry_After="3600")),
                thumbnail=site.put(f"/thumb{n}.jpg", image_bytes(n)),
            )
            for n in range(6)
        ]
        sites.openverse(site, rows)
        result = get("robotart", 6, "openverse")
        assert len(tired.hits) <= 2
    assert result.line() == "6 of 6 kept (6 by tag)"


def test_site_out_of_reach_is_partial_and_says_so(quick):
    with Server() as stopped:
        cfg.url_openverse = stopped.base
    cfg.file_deadline_s = 10.0
    result = get("robotart", 5, "openverse")
    assert (result.kept, result.code) == (0, 3)
    assert "openverse cannot be reached (no connection)" in result.line().lower()


def test_full_disk_is_a_plain_error(quick, monkeypatch):
    def full(*_: object) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fetch_image, "write_part", full)
    with pytest.raises(RoboError) as problem:
        get("robotart", 3, "sample")
    assert "cannot be written" in problem.value.message
    monkeypatch.undo()
    assert get("robotart", 3, "sample").kept == 3
    check_whole("robotart")


def test_retry_failed_asks_again_for_what_was_gone(quick):
    with Server() as server:
        listing = quick.parent / "list.txt"
        listing.write_text(server.put("/1.jpg", status(404)))
        assert get("a", 1, f"urls:{listing}").counts == {"gone (404)": 1}
        server.put("/1.jpg", image_bytes(1))
        assert get("a", 1, f"urls:{listing}").counts == {"seen before": 1}
        assert get("a", 1, f"urls:{listing}", retry_failed=True).kept == 1


# Stopped


RUN = """
import sys, os
sys.path.insert(0, {root!r})
import config as cfg
cfg.path_to_tf_files, cfg.host_pause_s, cfg.addresses_private_allowed = {tf!r}, 0.0, True
from flow.base import paths
from flow.download.options import DownloadOptions
from flow.records.catalogue import Catalogue
from flow.download.step import download
{trap}
with Catalogue.open(paths.catalogue("robots")) as catalogue:
    print(download("robots", DownloadOptions({quantity}, "robotart", {spec!r}), catalogue).line())
"""


def run_in_a_process(kill_at: int, *args: object) -> tuple[int, int]:
    """A download in a process of its own that kills itself at its n-th call of our own code; -1 = never.

    Returns:
        How the process ended (-9 = killed), and how many calls it made.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        calls = 0

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal calls
            if event in ("call", "return") and "/flow/" in frame.f_code.co_filename:
                calls += 1
                if calls == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)  # this thread: the one that writes the records
        get(*args)
        sys.setprofile(None)
        os.write(writer, str(calls).encode())
        os._exit(0)
    os.close(writer)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    written = os.read(reader, 100)
    os.close(reader)
    return code, int(written or 0)


def test_killed_at_any_moment_the_same_command_completes_it(quick):
    """Twenty moments over the whole run. The unkilled run tells how many there are to choose from."""
    folder = files.make_folder(quick.parent / "mine")
    for number in range(9):
        (folder / f"{number:02}.jpg").write_bytes(image_bytes(number, (180, 170)))
    want = ("robotart", 6, f"folder:{folder}")
    cfg.path_to_tf_files = str(quick.parent / "whole")
    code, calls = run_in_a_process(-1, *want)
    assert (code, len(kept_files("robotart"))) == (0, 6)
    names = [path.read_bytes() for path in kept_files("robotart")]
    for point in range(1, 21):
        cfg.path_to_tf_files = str(quick.parent / f"killed{point}")
        code, _ = run_in_a_process(calls * point // 21, *want)
        assert code == -signal.SIGKILL
        before = {files.sha256_of(path) for path in kept_files("robotart")}
        result = get(*want)
        assert before <= {files.sha256_of(path) for path in kept_files("robotart")}  # nothing that was there is lost
        assert sorted(path.read_bytes() for path in kept_files("robotart")) == sorted(names), point
        assert result.before + result.kept == 6
        check_whole("robotart")


@pytest.mark.parametrize("after_s", [0.35, 0.6, 0.9])
def test_killed_while_fetching_the_same_command_completes_it(quick, after_s):
    with Server(latency_s=0.05) as server:
        listing = quick.parent / "list.txt"
        listing.write_text("\n".join(server.put(f"/{n}.jpg", image_bytes(n)) for n in range(40)))
        code = RUN.format(root=str(ROOT), tf=str(quick), trap="", quantity=30, spec=f"urls:{listing}")
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not server.hits and child.poll() is None:
            time.sleep(0.01)
        time.sleep(after_s - 0.3)
        child.kill()
        child.wait()
        result = get("robotart", 30, f"urls:{listing}")
    assert len(kept_files("robotart")) == 30
    assert result.before + result.kept == 30
    check_whole("robotart")


def test_ctrl_c_keeps_what_is_complete_and_stops_at_once(quick):
    with Server() as server:
        listing = quick.parent / "list.txt"
        urls = [server.put(f"/{n}.jpg", image_bytes(n)) for n in range(4)] + [
            server.put(f"/s{n}.jpg", servers.never) for n in range(4)
        ]
        listing.write_text("\n".join(urls))
        trap = "cfg.file_deadline_s = 60.0"
        code = RUN.format(root=str(ROOT), tf=str(quick), trap=trap, quantity=8, spec=f"urls:{listing}")
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while len(kept_files("robotart")) < 4 and child.poll() is None:
            time.sleep(0.05)
        start = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
        assert time.monotonic() - start < 15  # the answers take a minute
    assert b"KeyboardInterrupt" in errors
    assert len(kept_files("robotart")) == 4
    check_whole("robotart")


def test_stopped_passes_through_and_leaves_nothing_half_done(quick):
    from flow.base.errors import Stopped

    class Clock:
        """Raises as a signal handler would, somewhere in the main thread."""

        def __init__(self) -> None:
            self.calls = 0

        def __call__(self) -> datetime:
            self.calls += 1
            if self.calls == 12:
                raise Stopped(143, "told to stop")
            return datetime.now().astimezone()

    with Catalogue.open(paths.catalogue("robots")) as catalogue, pytest.raises(Stopped):
        download("robots", DownloadOptions(20, "robotart", "sample"), catalogue, Clock())
    assert get("robotart", 20, "sample").missing == 0
    assert len(kept_files("robotart")) == 20
    check_whole("robotart")


def test_pending_row_without_its_file_is_taken_back(quick):
    entry = ArchiveEntry("sample", "1/robotart/1", "", PENDING, "now", "", "aa", "bb")
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        texts = dict.fromkeys((field.name for field in fields(Row)), "")
        row = Row(**texts | {"sha256": "bb", "source": "sample", "source_id": "1/robotart/1", "searchtag": "robotart"})
        catalogue.keep((entry, row))
    assert get("robotart", 2, "sample").line() == "2 of 2 kept"
    check_whole("robotart")


def test_lost_catalogue_gets_its_provenance_back(quick):
    with Server() as server:
        cfg.url_openverse = server.base
        sites.openverse(server, [sites.openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(6)])
        get("robotart", 4, "openverse")
        paths.catalogue("robots").unlink()
        result = get("robotart", 2, "openverse")
    assert (result.kept, result.counts) == (2, {"seen before": 4})
    assert len(kept_files("robotart")) == 6
    check_whole("robotart")


def test_unfinished_download_of_long_ago_is_begun_anew(quick):
    late = datetime.now(timezone.utc) + timedelta(days=3)
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        from flow.records.rows import UnfinishedDownload

        catalogue.begin(UnfinishedDownload("robotart", 3, "sample", -2, datetime.now(timezone.utc).isoformat()))
        assert download("robots", DownloadOptions(3, "robotart", "sample"), catalogue, lambda: late).kept == 3
        catalogue.begin(UnfinishedDownload("robotart", 3, "sample", 1, datetime.now(timezone.utc).isoformat()))
        assert download("robots", DownloadOptions(3, "robotart", "sample"), catalogue).before == 2


# Logs and hostile texts


HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        '=HYPERLINK("http://x")',
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        '"; DROP',
        "a\nb",
        "\x1b[31mred",
        "\u202egnp.exe",
        "x" * 5000,
        "\ud800",
        "\0",
        "\ufeff=1",
    ]
)


VALID = validate_image(image_bytes(1))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=HOSTILE, creator=HOSTILE, credit=HOSTILE, page=HOSTILE)
def test_hostile_texts_stay_texts(quick, title, creator, credit, page):
    from flow.download.image_store import ImageStore
    from flow.download.known_images import KnownImages
    from flow.sources import FoundImage

    folder = paths.unsorted_dir("robots", "hostile")
    for path in kept_files("hostile"):
        path.unlink()
    for name in (CREDITS, "unsorted_hostile_urls.txt", "unsorted_hostile_img2url.txt"):
        (folder / name).unlink(missing_ok=True)
    paths.catalogue("h").unlink(missing_ok=True)
    found = FoundImage("urls", "1", "http://x.example/a\tb\n.jpg", page, title, creator, "by", page, credit)
    with Catalogue.open(paths.catalogue("h")) as catalogue, KnownImages("h", catalogue, False) as known:
        store = ImageStore(
            "robots",
            DownloadOptions(1, "hostile", "urls"),
            catalogue,
            known,
            folder,
            lambda: datetime.now().astimezone(),
        )
        files.make_folder(folder)
        assert store.keep([(found, VALID, files.write_part(folder, "x", VALID.jpeg))]) == 1
        store.confirm()
        update_logs(folder, "hostile", catalogue.images_of("hostile"))
        update_logs(folder, "hostile", catalogue.images_of("hostile"))
    rows = list(csv.reader((folder / CREDITS).open(newline="", encoding="utf-8")))
    assert len(rows) == 2
    assert len(rows[1]) == len(rows[0])
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in rows[1])
    assert not any(c in "".join(rows[1]) for c in "\n\r\x1b\u202e\0")
    assert len((folder / "unsorted_hostile_img2url.txt").read_text().splitlines()) == 1


def test_log_that_was_cut_off_is_completed(quick):
    get("robotart", 3, "sample")
    folder = paths.unsorted_dir("robots", "robotart")
    log = folder / "unsorted_robotart_img2url.txt"
    whole = log.read_text()
    log.write_text(whole[:-5])
    (folder / CREDITS).unlink()
    get("robotart", 1, "sample")
    assert log.read_text().startswith(whole)
    check_whole("robotart")


def test_archive_remembers_kept_images(quick):
    get("robotart", 2, "sample")
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        for image in catalogue.images_of("robotart"):
            assert catalogue.archived(image.source, image.source_id, "").status == KEPT
