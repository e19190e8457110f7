"""The log, and that no secret is in it, printed or seen in a process list: not from the environment, and not out of an
address."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flow.base import locks, paths, runlog
from tests.terminal import PROJECT

LOGIN = "https://robo:tin%20can@pictures.example/a.jpg"
ADDRESSES = [
    (LOGIN, "https://[hidden]@pictures.example/a.jpg"),
    ("http://a:b@c@d.example/", "http://[hidden]@d.example/"),
    ("socks5h://me:pw@127.0.0.1:1080", "socks5h://[hidden]@127.0.0.1:1080"),
    ("https://x.example/?api_key=abc123&q=robot", "https://x.example/?api_key=[hidden]&q=robot"),
    ("https://x.example/?q=robot&access_token=a.b-c", "https://x.example/?q=robot&access_token=[hidden]"),
    (
        "https://s3.example/a?X-Amz-Signature=00ff&X-Amz-Credential=me",
        "https://s3.example/a?X-Amz-Signature=[hidden]&X-Amz-Credential=[hidden]",
    ),
    ("'https://x.example/?sig=abc' 'b'", "'https://x.example/?sig=[hidden]' 'b'"),
    ("https://x.example/?keywords=robot&author=jo", "https://x.example/?keywords=robot&author=jo"),
    ("https://x.example/ me@example.org", "https://x.example/ me@example.org"),
    ("https://x.example/@robot", "https://x.example/@robot"),
    ("no address: ?key=value user:pw@host", "no address: ?key=value user:pw@host"),
]


@pytest.mark.parametrize(("text", "want"), ADDRESSES)
def test_addresses_are_told_without_what_is_secret_in_them(text, want):
    assert runlog.plain_addresses(text) == want
    assert runlog.hide_secrets(text) == want


def test_neither_the_last_run_nor_the_lock_tells_them(tmp_path):
    facts = {"end": "now", "exit": 0, "line": f"took {LOGIN}", "results": {"download": {"reason": [LOGIN]}}}
    runlog.save_last_run(tmp_path / "last_run.json", facts)
    with locks.held(tmp_path / "robots.lock", 0, {"pid": 1, "since": "now", "command": f"roboflow.py {LOGIN}"}):
        shown = (tmp_path / "robots.lock").read_text() + (tmp_path / "last_run.json").read_text()
    assert "tin%20can" not in shown
    assert shown.count("[hidden]@pictures.example") == 4
    assert json.loads((tmp_path / "last_run.json").read_text())["good"]["line"].endswith("@pictures.example/a.jpg")


def test_a_run_prints_and_logs_no_secret_of_its_addresses_and_shows_none_to_others(tmp_path):
    """A list of addresses with logins and keys, base URLs with a login, every key in the environment."""
    secrets = {
        "OPENVERSE_CLIENT_ID": "openverse-identity",
        "OPENVERSE_CLIENT_SECRET": "openverse-hush",
        "FLICKR_API_KEY": "flickr-hush",
        "IMGURAPI_ID": "imgur-hush",
        "TWILIO_AUTH_TOKEN": "twilio-hush",
    }
    listing = tmp_path / "list.txt"
    listing.write_text("http://robo:list-hush@127.0.0.1:9/a.jpg\nhttp://127.0.0.1:9/b.jpg?token=query-hush\n")
    environ = {
        **os.environ,
        **secrets,
        "ROBOFLOW_URL_OPENVERSE": "http://robo:base-hush@127.0.0.1:9",
        "ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "yes",
        "ROBOFLOW_HOST_PAUSE_S": "0.3",
    }
    home = tmp_path / "tf_files"
    command = [
        sys.executable,
        "roboflow.py",
        "robots",
        "3",
        "odd",
        "download",
        "--verbose",
        "--tf-files",
        str(home),
        "--source",
        f"urls:{listing},openverse",
    ]
    running = subprocess.Popen(
        command, cwd=PROJECT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    seen = ""
    while running.poll() is None:
        seen += _process_list(running.pid)
        time.sleep(0.02)
    output = running.stdout.read()
    assert running.returncode == 3, output
    written = "".join(
        p.read_bytes().decode("utf-8", "replace")
        for p in home.rglob("*")
        if p.is_file() and "unsorted_" not in p.name and p.suffix != ".sqlite"
    )
    assert "[hidden]" in output
    assert "/b.jpg" in written
    for text in (output, written, seen):
        assert "hush" not in text
    assert str(listing) in seen


def _process_list(pid: int) -> str:
    """The command lines of a process and of its children, as `ps` shows them to anybody."""
    lines = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            if int(place.name) == pid or parent == pid:
                lines.append((place / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, ValueError, IndexError):
            continue
    return "\n".join(lines)


# The log file


@pytest.fixture
def log(tf_files):
    runlog.start(paths.log("robots"), "093011-0042")
    yield paths.log("robots")
    runlog.stop()


def test_a_log_line_has_utc_time_run_id_and_level(log, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    runlog.warning("careful")
    stamp, run_id, level, text = log.read_text().split(maxsplit=3)
    utc = time.strftime("%Y-%m-%dT%H", time.gmtime())
    monkeypatch.delenv("TZ")
    time.tzset()
    assert (
        stamp.startswith(utc)
        and stamp.endswith("Z")
        and (run_id, level, text) == ("093011-0042", "WARNING", "careful\n")
    )


def test_the_log_turns_over_and_stays_its_owners(log, monkeypatch):
    for handler in logging.getLogger("roboflow").handlers:
        handler.maxBytes = 2000
    for number in range(300):
        runlog.info(f"line {number}")
    files = sorted(log.parent.iterdir())
    assert len(files) == 1 + runlog.BACKUPS and sum(p.stat().st_size for p in files) < 6 * 2100
    assert {oct(p.stat().st_mode & 0o777) for p in files} == {"0o600"}


def test_a_log_others_could_read_is_closed_to_them(tf_files):
    path = paths.log("robots")
    path.parent.mkdir(parents=True)
    path.write_text("old\n")
    path.chmod(0o666)
    runlog.start(path, "x")
    runlog.stop()
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_hidden_in_lines_and_in_tracebacks(log, monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "abcdef0123456789")
    runlog.info("the token is abcdef0123456789")
    try:
        raise ValueError("header: abcdef0123456789")
    except ValueError as problem:
        runlog.failure(problem)
    text = log.read_text()
    assert "abcdef0123456789" not in text and text.count("[hidden]") >= 2 and "Traceback" in text


def test_a_file_name_cannot_forge_a_record(log):
    runlog.warning("quarantined a\n2026-01-01T00:00:00Z x INFO all is well.jpg")
    runlog.info("caf\udce9.jpg")
    lines = log.read_text().splitlines()
    assert lines[1].startswith("    ") and "caf\\udce9" in lines[2]


def test_a_log_that_cannot_be_written_stops_nothing_and_says_nothing(tf_files, capsys):
    path = paths.log("robots")
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    runlog.start(path, "x")
    runlog.info("hello")
    runlog.stop()
    path.unlink()
    path.mkdir()
    runlog.start(path, "x")
    runlog.info("hello")
    runlog.stop()
    assert capsys.readouterr().err == ""
