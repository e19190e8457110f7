"""Status, the log and last_run.json: honest, quick, and nobody else's business."""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flow.base import paths, runlog
from flow.front import state, status
from flow.models.model_store import Model
from flow.records.catalogue import Catalogue
from flow.records.rows import UnfinishedDownload
from tests.faults import world
from tests.faults.runner import run
from tests.helpers import picture
from tests.terminal import run as typed

PROJECT = Path(__file__).resolve().parent.parent.parent


def last_run(root):
    return json.loads((root / "logs/robots_last_run.json").read_text())


def test_the_best_model_is_the_one_whose_interval_begins_highest(tf_files, monkeypatch):
    """All of 16 images right says less than 57 of 61."""

    def made(name: str, value: float, low: float, total: int) -> Model:
        accuracy = {"value": value, "low": low, "high": 1.0, "total": total}
        return Model(Path(name), {"accuracy": accuracy, "created": name, "counts": {}})

    monkeypatch.setattr(
        state.shelf, "all_models", lambda _: [made("few", 1.0, 0.758, 16), made("many", 0.934, 0.824, 61)]
    )
    best = state.gather("robots").best
    assert (best.name, best.total) == ("many", 61)


def test_status_tells_the_last_good_run_and_the_trouble_after_it():
    root = world.fresh(world.to_harvest)
    assert run(root, "robots", "harvest").code == 0
    good = last_run(root)
    assert good["exit"] == 0 and good["good"]["line"] == good["line"] and "harvested 7" in good["line"]
    assert run(root, "robots", "undo").code == 0 and run(root, "robots", "undo").code == 10
    told = last_run(root)
    assert told["exit"] == 10 and "no harvest" in told["line"] and "put 7" in told["good"]["line"]
    text = run(root, "robots", "status").out
    assert "last good run: 0 min ago, robots: put 7 images" in text
    assert "the last run failed: 0 min ago, exit 10, There is no harvest" in text


@pytest.mark.parametrize(
    ("how", "code", "words"), [("term", 143, "Told to stop"), ("int", 130, "Ctrl-C"), ("EIO", 1, "disk failed")]
)
def test_a_run_that_was_stopped_or_failed_is_remembered_as_that(how, code, words):
    root = world.fresh(world.to_harvest)
    done = run(root, "robots", "harvest", nth=44, how=how)
    assert done.code == code, done
    assert (last_run(root)["exit"], last_run(root)["good"]["exit"]) == (code, 3) and words in last_run(root)["line"]


def test_a_download_that_brought_nothing_was_no_good_run_and_is_not_what_comes_next(tf_files, tmp_path):
    (tmp_path / "pictures").mkdir()
    picture((40, 180, 180), 1, 300).save(tmp_path / "pictures/one.png")
    (tmp_path / "dead.txt").write_text("http://127.0.0.1:9/gone.jpg\n")
    before = {"end": "2026-01-01T00:00:00+00:00", "exit": 0, "line": "robots: all well"}
    runlog.save_last_run(paths.last_run("robots"), before)
    for tag, source, kept in (
        ("dead", f"urls:{tmp_path / 'dead.txt'}", 0),
        ("mine", f"folder:{tmp_path / 'pictures'}", 1),
    ):
        done = typed("robots", "5", tag, "download", "--source", source, "--tf-files", str(tf_files))
        assert done.returncode == (0 if kept else 3) and f"{kept} kept" in done.stdout
        told = runlog.read_last_run(paths.last_run("robots"))
        assert runlog.ended_well(told) == bool(kept) and (told["good"]["line"] == before["line"]) != bool(kept)
        assert ("the last run failed" in "\n".join(status.lines(state.gather("robots")))) != bool(kept)
    with Catalogue.open(paths.catalogue("robots")) as catalogue:
        catalogue.begin(
            UnfinishedDownload("dead", 5, "auto", 0, "2026-11-25T10:00:00+00:00")
        )  # as where a site is away
    assert not state.gather("robots").unfinished
    picture((40, 180, 180), 2).save(paths.unsorted_dir("robots", "dead") / "half.png")
    assert set(state.gather("robots").unfinished) == {"dead"}


def test_a_killed_run_leaves_the_record_of_the_one_before():
    root = world.fresh(world.to_harvest)
    before = last_run(root)
    assert run(root, "robots", "harvest", nth=40).code == -9
    assert last_run(root) == before


def test_a_run_that_found_the_basetag_locked_writes_nothing():
    from flow.base import locks

    root = world.fresh(world.to_harvest)
    before = last_run(root)
    with locks.held(root / "locks/robots.lock", 0, {"pid": 1, "since": "now", "command": "x"}):
        assert run(root, "robots", "harvest").code == 11
    assert last_run(root) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '{"end": 3}',
        '{"end": "x", "exit": 0, "line": "y"}',
        "[" * 9999,
        "\x00",
        '{"end": "2999-01-01T00:00:00+00:00", "exit": 1, "line": "y", "good": {"end": 1}}',
    ],
)
def test_a_damaged_record_is_no_trouble(text):
    root = world.fresh(world.to_harvest)
    (root / "logs/robots_last_run.json").write_text(text)
    done = run(root, "robots", "status")
    assert done.code == 0 and "last good run" in done.out and done.err == ""
    assert run(root, "robots", "approve").code == 0 and last_run(root)["exit"] == 0


def test_ages_in_words(monkeypatch):
    from datetime import datetime, timedelta, timezone

    now = datetime.now(timezone.utc)
    ages = [
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=9), "9 days ago"),
        (-timedelta(hours=1), "set back"),
    ]
    for age, words in ages:
        assert words in status._ago((now - age).isoformat())


def test_status_reads_only_and_loads_none_of_the_heavy_packages():
    root = world.fresh(world.to_harvest)
    before = sorted((p, p.stat().st_mtime_ns) for p in root.rglob("*"))
    code = (
        "import sys, runpy\nsys.argv[1:] = sys.argv[1:]\ntry: runpy.run_path('roboflow.py', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, [m for m in ('tensorflow', 'numpy', 'PIL', 'requests') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "robots", "status", "--tf-files", str(root)],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []" and "waiting for you: sorted_" in done.stdout
    assert sorted((p, p.stat().st_mtime_ns) for p in root.rglob("*")) == before


def test_status_of_a_basetag_that_is_not_there_makes_nothing(tmp_path):
    done = run(tmp_path, "birds", "status")
    assert done.code == 10 and "no such basetag" in done.out and not list(tmp_path.iterdir())


# The log


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


def test_a_bug_of_ours_is_one_sentence_with_the_traceback_in_the_log_and_no_secret_anywhere():
    root = world.fresh(world.to_harvest)
    done = run(root, "robots", "harvest", before="a_bug", environ={"IMGURAPI_ID": "supersecret99"})
    text = (root / "logs/robots.log").read_text()
    assert done.code == 1 and "That was a mistake of mine: ValueError" in done.err and "Traceback" not in done.err
    assert "Traceback" in text
    everything = done.out + done.err + "".join(p.read_text("utf-8", "replace") for p in (root / "logs").iterdir())
    assert "supersecret99" not in everything


def test_quitting_is_not_remembered_as_a_failure():
    """With nothing done yet the record stays; with something done, that is what the run came to."""
    from tests.terminal import Terminal

    root = world.fresh(world.to_harvest)
    before = last_run(root)
    arguments = ("robots", "--tf-files", str(root), "--images-min", "20")
    with Terminal(*arguments[:1], "0", "0", "retrain", *arguments[1:]) as t:
        t.expect("Harvest into the training data")
        t.type("q")
        assert t.ended() == 0
    assert last_run(root) == before
    with Terminal(*arguments[:1], "0", "0", "retrain", *arguments[1:]) as t:
        t.expect("Harvest into the training data")
        t.type("c")
        t.expect("Backbone")
        t.type("q")
        assert t.ended() == 0
    assert last_run(root)["exit"] == 0 and "harvested 2" in last_run(root)["good"]["line"]
