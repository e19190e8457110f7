"""As cron runs it: no environment, no home, no input, another directory, another locale; one line, nothing on stderr."""

import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flow.sources.sample import Sample

PROJECT = Path(__file__).resolve().parent.parent.parent
DOOR = f"{shlex.quote(sys.executable)} {shlex.quote(str(PROJECT / 'roboflow.py'))}"
TRAIN = "--architecture efficientnet_lite0 --images-min 24 --steps 300"


def cron(command: str, home: Path, environ: str = "", after: str = "") -> subprocess.CompletedProcess:
    """The command as crond gives it to /bin/sh, from /."""
    line = f"{DOOR} {command} --tf-files {shlex.quote(str(home))} {after}"
    return subprocess.run(
        ["env", "-i", *shlex.split(environ), "/bin/sh", "-c", line],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=280,
    )


def test_retrain_defaults_and_automatic_from_a_crontab(home, tmp_path):
    """The two lines people put into a crontab, with TensorFlow and all."""
    done = cron(
        f"robots 0 0 retrain_defaults {TRAIN} --again", home, "TF_CPP_MIN_LOG_LEVEL=0"
    )  # its noise goes to the log
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "logs/robots.log").stat().st_mode & 0o777 == 0o600
    assert len(done.stdout.splitlines()) == 1 and done.stdout.startswith("robots: retrained efficientnet_lite0_")
    own = tmp_path / "own pictures"
    own.mkdir()
    for number, found in enumerate(itertools.islice(Sample(9).search("robotart"), 6)):
        (own / f"mine {number}.jpg").write_bytes(Sample(9).read(found))
    done = cron(
        f"robots 100 robotart automatic --source {shlex.quote(f'folder:{own}')} --architecture efficientnet_lite0 --images-min 20 --steps 300",
        home,
        "LC_ALL=en_US.ISO-8859-1 LANG=xx",
        "<&-",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1
    for word in ("6 of 100 kept", "sorted 6", "nothing new since"):
        assert word in done.stdout
    record = json.loads((home / "logs/robots_last_run.json").read_text())
    assert record["exit"] == 0 and record["line"] == done.stdout.strip()


def test_a_locale_that_is_really_not_utf8(tmp_path):
    """The names are those of the disk, whatever encoding the locale asks for."""
    made = subprocess.run(
        ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(tmp_path / "en_US.ISO-8859-1")], capture_output=True
    )
    if made.returncode not in (0, 1) or not list(tmp_path.iterdir()):
        pytest.skip("no locale can be made here")
    done = cron("日本 2 日本 download --source sample", tmp_path / "tf", f"LOCPATH={tmp_path} LC_ALL=en_US.ISO-8859-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "tf/testing_photos/日本/unsorted_日本").glob("日本_*.jpg"))) == 2


@pytest.mark.parametrize(
    ("environ", "after"),
    [
        ("", "<&-"),
        ("LC_ALL=en_US.ISO-8859-1", "</dev/null"),
        ("LC_ALL=C PYTHONCOERCECLOCALE=0 PYTHONUTF8=0", "<&-"),
        ("TERM=xterm LANG=", ""),
    ],
)
def test_a_download_in_any_environment(tmp_path, environ, after):
    done = cron("日本 2 日本 download --source sample", tmp_path, environ, after)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["日本: 2 of 2 kept"]
    assert len(list((tmp_path / "testing_photos/日本/unsorted_日本").glob("*.jpg"))) == 2


def test_quiet_says_nothing_at_all(tmp_path):
    done = cron("robots 2 built download --source sample --quiet", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_closed_outputs_do_no_harm(tmp_path):
    assert cron("robots 2 built download --source sample", tmp_path, after=">&- 2>&- <&-").returncode == 0
    assert len(list(tmp_path.rglob("*.jpg"))) == 2


def test_a_full_disk_behind_stdout_is_one_sentence(tmp_path):
    done = cron("robots 2 built download --source sample", tmp_path, after=">/dev/full")
    assert done.returncode == 1 and "disk is full" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("robots", 2),
        ("robots 5", 2),
        ("robots 5 robotart fly", 2),
        ("robots 0 0 retrain_defaults", 10),
        ("robots 0 0 retrain", 2),
        ("birds harvest", 10),
        ("robots x y", 2),
        ("robots 5 x download --source folder:/nowhere", 2),
        ("--nonsense", 2),
    ],
)
def test_a_failure_is_one_sentence_and_a_hint_on_stderr_and_its_code(tmp_path, command, code):
    done = cron(command, tmp_path, after="<&-")
    assert done.returncode == code and done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0].startswith("oh no. ") and len(lines) <= 2 and "Traceback" not in done.stderr


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_soon_in_words_and_the_next_run_goes_on(tmp_path, sign, code):
    command = [
        sys.executable,
        PROJECT / "roboflow.py",
        "robots",
        "30",
        "built",
        "download",
        "--source",
        "sample",
        "--tf-files",
        tmp_path,
    ]
    run = subprocess.Popen(
        command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    folder = tmp_path / "testing_photos/robots/unsorted_built"
    while not list(folder.glob("*.jpg")) and run.poll() is None:
        time.sleep(0.05)
    begin = time.monotonic()
    os.kill(run.pid, sign)
    out, err = run.communicate(timeout=60)
    assert run.returncode == code and time.monotonic() - begin < 30
    assert "nothing is half done" in err and "Traceback" not in err and out == ""
    assert not list(folder.glob(".part-*")) and 0 < len(list(folder.glob("*.jpg"))) < 30
    done = cron("robots 30 built download --source sample", tmp_path)
    assert done.returncode == 0 and len(list(folder.glob("*.jpg"))) == 30
