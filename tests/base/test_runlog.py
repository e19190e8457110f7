"""No secret is logged, printed or seen in a process list: not from the environment, and not out of an address."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flow.base import locks, runlog
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
        told = (tmp_path / "robots.lock").read_text() + (tmp_path / "last_run.json").read_text()
    assert "tin%20can" not in told
    assert told.count("[hidden]@pictures.example") == 4
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
    said = running.stdout.read()
    assert running.returncode == 3, said
    written = "".join(
        p.read_bytes().decode("utf-8", "replace")
        for p in home.rglob("*")
        if p.is_file() and "unsorted_" not in p.name and p.suffix != ".sqlite"
    )
    assert "[hidden]" in said
    assert "/b.jpg" in written
    for text in (said, written, seen):
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
