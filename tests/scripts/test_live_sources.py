"""scripts/live_sources.py against loopback: it can only be tried for real where there is a network."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.live_sources import SOURCES, Row, table
from tests import sites
from tests.servers import Server, image_bytes
from tests.sites import openverse_row

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def server(monkeypatch):
    with Server() as made:
        for name in ("OPENVERSE", "COMMONS", "MET"):
            monkeypatch.setenv(f"ROBOFLOW_URL_{name}", made.base)
        monkeypatch.setenv("ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED", "true")
        monkeypatch.setenv("ROBOFLOW_HOST_PAUSE_S", "0")
        yield made


def asked(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "scripts.live_sources", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)


def test_it_prints_a_row_a_source_with_what_the_headers_said(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    small = server.put("/small.jpg", image_bytes(9, (40, 40)))
    rows = [openverse_row(0, small), *(openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(1, 9))]
    sites.openverse(server, rows)
    server.put("/w/api.php", sites.cloudflare)
    done = asked("robin", "openverse", "commons")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["source", "tag", "found", "fetched", "refused", "seconds"]
    assert lines[1].split()[:4] == ["openverse", "robin", "4", "3"] and "1 too small" in lines[1]
    assert lines[2].split()[:5] == ["commons", "robin", "0", "0", "-"]
    assert "limits: 127.0.0.1: X-RateLimit-Limit-anon-burst 20/min" in done.stdout
    assert "Commons refuses this network" in done.stdout
    assert [p.name for p in tmp_path.iterdir() if "roboflow_live" in p.name] == []  # nothing is left
    assert not (PROJECT / "tf_files" / "catalogues" / "live.sqlite").exists()


def test_a_source_that_does_not_exist_is_one_row(server):
    done = asked("robin", "openvers")
    assert done.returncode == 1 and "exit 2: I know no image source called 'openvers'" in done.stdout


def test_it_asks_every_source_that_needs_no_key():
    from flow.sources import REGISTRY

    offline, keys = {"auto", "folder", "urls", "sample", "video"}, {"flickr", "imgur"}
    assert {name.partition(":")[0] for name in SOURCES} == set(REGISTRY) - offline - keys


def test_the_table_is_aligned():
    lines = table([Row("a", "b", 3, 3), Row("longer", "b", 1, 0, problem="gone")]).splitlines()
    assert lines[1].index("b") == lines[2].index("b") and lines[3] == "longer: gone"
