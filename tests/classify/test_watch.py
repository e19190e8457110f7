"""A watched folder: what arrives is sorted once, whatever other programs do there, and none is lost."""

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest

import config as cfg
from flow.base import files, locks, paths
from flow.base.errors import BadUsage
from flow.classify import day_folder, watch
from flow.classify.day_folder import DayFolder
from flow.classify.inbox import AGAIN_S, PATIENCE_S, SETTLED_S, Inbox
from flow.classify.scorer import Scored
from flow.models import model_store
from flow.models.todays_labels import TodaysLabels
from flow.records.open_catalogue import open_catalogue
from flow.sources.sample.drawings import draw_image
from tests.helpers import heic
from tests.terminal import PROJECT, Terminal, run

NOW = datetime(2026, 11, 29, 9, 30).astimezone()


def jpeg(number: int, kind: str = "built") -> bytes:
    buffer = io.BytesIO()
    draw_image(kind, 1000 + number).resize((160, 160)).save(buffer, "JPEG")
    return buffer.getvalue()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def copies(home: Path) -> list[Path]:
    return [path for path in home.glob("testing_photos/robots/sorted_*/*/*") if path.is_file()]


def hashes(found: list[Path]) -> list[str]:
    return sorted(files.sha256_of(path) for path in found)


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def opened(home, tf_files, inbox):
    """A watch that looks when it is reported to, with a clock that the test moves."""
    clock = [100.0]
    with open_catalogue("robots") as catalogue:
        (model,) = model_store.all_models("robots")
        watching = watch._Watch("robots", inbox, catalogue, model, None)
        watching._inbox._clock = lambda: clock[0]

        def look(seconds: float = SETTLED_S + 0.1, times: int = 2) -> None:
            for _ in range(times):
                clock[0] += seconds
                while watching.look():
                    pass

        watching.step = look
        yield watching


# The folder


def test_a_file_is_complete_once_it_has_not_changed_for_a_while(tmp_path):
    now = [0.0]
    inbox, path = Inbox(tmp_path, lambda: now[0]), tmp_path / "a.jpg"
    path.write_bytes(b"begin")
    assert inbox.complete() == []
    now[0] += SETTLED_S / 2
    path.write_bytes(b"begin and end")
    assert inbox.complete() == []
    now[0] += SETTLED_S / 2
    assert inbox.complete() == []
    now[0] += SETTLED_S
    assert inbox.complete() == [path] == inbox.complete()
    inbox.finish(path)
    assert inbox.complete() == []
    path.write_bytes(b"another image under the same name")
    inbox.complete()
    now[0] += SETTLED_S
    assert inbox.complete() == [path]


def test_what_cannot_be_read_now_does_not_hold_up_the_others(tmp_path):
    now = [0.0]
    inbox = Inbox(tmp_path, lambda: now[0])
    for name in ("a.jpg", "b.jpg", ".hidden.jpg", "c.txt", "d.jpg.part"):
        (tmp_path / name).write_bytes(b"x")
    inbox.complete()
    now[0] += SETTLED_S
    assert [path.name for path in inbox.complete()] == ["a.jpg", "b.jpg"]
    inbox.postpone(tmp_path / "a.jpg")
    assert [path.name for path in inbox.complete()] == ["b.jpg"]
    assert inbox.may_be_incomplete(tmp_path / "a.jpg")
    now[0] += max(AGAIN_S, PATIENCE_S)
    assert [path.name for path in inbox.complete()] == ["a.jpg", "b.jpg"]
    assert not inbox.may_be_incomplete(tmp_path / "a.jpg")


def test_folders_in_it_count_and_our_own_do_not(tf_files, tmp_path):
    for place in ("phone/camera", ".stversions", "tf_files/training_photos/robots/built"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "a.jpg").write_bytes(b"x")
    inbox = Inbox(tmp_path, iter((0.0, 10.0)).__next__)
    inbox.complete()
    assert inbox.complete() == [tmp_path / "phone/camera/a.jpg"]


# Sorting


def test_a_copy_goes_to_the_folder_of_the_day_and_the_original_stays(opened, inbox, home):
    data = {"one.jpg": jpeg(1), "two.HEIC": heic(draw_image("mechs", 7).resize((160, 160)))}
    for name, content in data.items():
        (inbox / name).write_bytes(content)
    opened.step()
    (folder,) = paths.testing("robots").glob("sorted_*")
    assert folder.name == f"sorted_{datetime.now():%Y%m%d}"
    assert hashes(copies(home)) == sorted(map(sha, data.values()))
    assert {path.name: path.read_bytes() for path in inbox.iterdir()} == data
    rows = opened._catalogue.sortings(folder.name)
    assert set(rows) == set(map(sha, data.values()))
    assert len((folder / "scores.txt").read_text().splitlines()) == 3 + 2
    assert opened._catalogue.image(sha(data["one.jpg"])).credit == "your own photo"
    assert opened.result().line().startswith("sorted 2 images that arrived")
    (inbox / "three.jpg").write_bytes(jpeg(3))
    opened.step()
    assert len(list(paths.testing("robots").glob("sorted_*"))) == 1 and len(copies(home)) == 3


def test_the_same_content_is_sorted_once_also_after_a_restart_and_once_harvested(opened, inbox, home):
    (inbox / "one.jpg").write_bytes(jpeg(1))
    (inbox / "copy.jpg").write_bytes(jpeg(1))
    trained = next(paths.training("robots").glob("*/*.jpg"))
    shutil.copy(trained, inbox / "trained.jpg")
    opened.step()
    assert len(copies(home)) == 1
    again = watch._Watch("robots", inbox, opened._catalogue, opened._model, None)
    again._inbox._clock = iter(range(100)).__next__
    while again.look() or again._inbox._clock() < 20:
        pass
    assert len(copies(home)) == 1 and again.result().line() == "no new image arrived"


def test_what_a_person_approved_gets_no_unchecked_images(opened, inbox, home):
    (inbox / "one.jpg").write_bytes(jpeg(1))
    opened.step()
    (folder,) = paths.testing("robots").glob("sorted_*")
    opened._catalogue.approve(folder.name, "now")
    (inbox / "two.jpg").write_bytes(jpeg(2))
    opened.step()
    assert sorted(path.name for path in paths.testing("robots").glob("sorted_*")) == [folder.name, f"{folder.name}_2"]
    assert hashes(list(folder.glob("*/*.jpg"))) == [sha(jpeg(1))]


def test_a_damaged_image_is_said_once_it_cannot_be_one_that_is_still_written(opened, inbox, home):
    whole = jpeg(1)
    (inbox / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    opened.step(times=3)
    assert opened.result().unreadable == 0 and not copies(home)
    opened.step(PATIENCE_S)
    assert opened.result().unreadable == 1 and opened.result().code == 3
    quarantine = paths.quarantine("robots")
    assert (quarantine / "cut.jpg").is_file() and "damaged" in (quarantine / "reasons.txt").read_text()
    opened.step(PATIENCE_S)
    assert opened.result().unreadable == 1 and (inbox / "cut.jpg").is_file()
    (inbox / "cut.jpg").write_bytes(whole)
    opened.step()
    assert hashes(copies(home)) == [sha(whole)]


def test_a_folder_that_is_not_there_or_our_own_is_refused(tf_files, tmp_path):
    tf_files.mkdir()
    with pytest.raises(BadUsage, match="There is no folder"):
        watch._check(tmp_path / "nowhere")
    (tmp_path / "link").symlink_to(tf_files)
    for own in (tf_files, tmp_path / "link"):
        with pytest.raises(BadUsage, match="RoboFlow's own"):
            watch._check(own)


@pytest.mark.parametrize("at", ["write_part", "remember", "append", "publish", "kept"])
def test_cut_short_anywhere_each_image_ends_up_there_once(opened, inbox, home, monkeypatch, at):
    """Power fails in the middle of a batch; the next run puts it right."""
    data = [jpeg(number) for number in range(3)]
    scored = []
    for number, content in enumerate(data):
        path = inbox / f"{number}.jpg"
        path.write_bytes(content)
        scored.append(Scored(path, sha(content), {"built": 0.99, "mechs": 0.01}, "built", "built", ""))
    day, seen = DayFolder("robots", opened._catalogue, opened._model, TodaysLabels({})), []
    place, name = {
        "write_part": (files, "write_part"),
        "remember": (type(opened._catalogue), "add_sortings"),
        "append": (day_folder.scores_file, "append"),
        "publish": (files, "publish"),
        "kept": (type(opened._catalogue), "keep"),
    }[at]
    real = getattr(place, name)

    def fails(*arguments, **named):
        seen.append(1)
        if len(seen) == 2 or at in ("remember", "append"):
            raise KeyboardInterrupt
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(place, name, fails)
        with pytest.raises(KeyboardInterrupt):
            day.add(scored, NOW)
    again = DayFolder("robots", opened._catalogue, opened._model, TodaysLabels({}))
    again.finish_pending()
    again.add([one for one in scored if not again.is_known(one.sha256)], NOW)
    assert hashes(copies(home)) == sorted(map(sha, data))
    assert not [path for path in paths.testing("robots").rglob(".*") if path.is_file()]
    (folder,) = paths.testing("robots").glob("sorted_*")
    assert set(opened._catalogue.sortings(folder.name)) == set(map(sha, data))


# The whole program


def start(inbox: Path, home: Path, *more: str, out=subprocess.PIPE) -> subprocess.Popen:
    command = [sys.executable, "roboflow.py", "robots", "watch", str(inbox), "--json", "--tf-files", str(home), *more]
    return subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True
    )


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def until(true, what: str, seconds: float = 90):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_two_hundred_files_in_bursts_are_sorted_once_each_and_none_is_lost(home, inbox, tmp_path):
    """Some are written slowly, with pauses longer than those that count as complete, some are renamed meanwhile; in the
    middle the program is killed and started again."""
    rng, data = random.Random(1), [jpeg(number, ("built", "mechs")[number % 2]) for number in range(200)]

    def slowly(path: Path, content: bytes) -> None:
        with open(path, "wb") as writer:
            for part in range(4):
                writer.write(content[len(content) * part // 4 : len(content) * (part + 1) // 4])
                writer.flush()
                time.sleep(1.3)

    def renamed(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        time.sleep(rng.uniform(0.1, 3))
        path.rename(path.with_name(f"renamed_{path.name}"))

    out, threads = tmp_path / "out.jsonl", []
    with open(out, "w") as writer:
        process = start(inbox, home, out=writer)
        for number, content in enumerate(data):
            write = {0: slowly, 1: renamed, 2: renamed}.get(number % 20, lambda path, it: path.write_bytes(it))
            threads.append(threading.Thread(target=write, args=(inbox / f"{number}.jpg", content)))
            threads[-1].start()
            if number == 100:
                until(lambda: len(rows_of(out)) > 20, "the first lines")
                process.kill()
                process.wait()
                process = start(inbox, home, out=writer)
        for thread in threads:
            thread.join()
        until(lambda: len(copies(home)) >= len(data), "all copies")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert hashes(copies(home)) == sorted(map(sha, data))
    *rows, last = rows_of(out)
    assert last["flowstep"] == "watch" and last["results"]["watch"]["unreadable"] == 0
    reported = [row["sha256"] for row in rows]
    assert len(reported) == len(set(reported)) >= len(data) - 16  # a batch may be killed before it is told
    assert all(Path(row["copy"]).is_file() and row["label"] in row["scores"] for row in rows)
    with open_catalogue_of(home) as catalogue:
        assert not catalogue.pending()


def open_catalogue_of(home: Path):
    cfg_before, cfg.path_to_tf_files = cfg.path_to_tf_files, str(home)
    try:
        return open_catalogue("robots")
    finally:
        cfg.path_to_tf_files = cfg_before


def test_other_runs_may_work_while_it_waits_and_it_waits_while_they_do(home, inbox, tmp_path):
    out = tmp_path / "out.jsonl"
    with open(out, "w") as writer:
        process = start(inbox, home, out=writer)
        (inbox / "one.jpg").write_bytes(jpeg(1))
        until(lambda: rows_of(out), "the first line")
        time.sleep(2.5)
        for command in (("approve",), ("labels", "rename", "built", "made")):
            done = run("robots", *command, "--tf-files", str(home))
            assert done.returncode == 0, done.stderr
        with locks.held(home / "locks" / "robots.lock", 5, {"pid": os.getpid(), "since": "now", "command": "a test"}):
            (inbox / "two.jpg").write_bytes(jpeg(2))
            time.sleep(4)
            assert len(rows_of(out)) == 1
        until(lambda: len(rows_of(out)) == 2, "the second line")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    first, second, _ = rows_of(out)
    assert "built" in first["scores"] and {"made"} < set(second["scores"]) and "built" not in second["scores"]
    folders = {Path(row["copy"]).parent.parent.name for row in rows_of(out)[:2]}
    assert len(folders) == 2  # the approved one stays as it was


def test_at_a_terminal_there_is_a_line_an_image_and_ctrl_c_ends_it(home, inbox):
    (inbox / "one.jpg").write_bytes(jpeg(1))
    with Terminal("robots", "watch", str(inbox), "--tf-files", str(home), "--no-color") as terminal:
        terminal.expect("waiting for images in")
        terminal.expect("one.jpg", 40)
        terminal.press(b"\x03")
        terminal.expect("sorted 1 image that arrived")
        terminal.expect("next:")
        assert terminal.process.wait(20) == 0


def test_under_cron_it_ends_by_itself_with_one_line(home, inbox):
    (inbox / "one.jpg").write_bytes(jpeg(1))
    done = run("robots", "watch", str(inbox), "--tf-files", str(home), "--max-minutes", "0.25")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1 and "sorted 1 image that arrived" in done.stdout


def test_without_a_model_it_says_so(tmp_path, inbox):
    done = run("robots", "watch", str(inbox), "--tf-files", str(tmp_path / "new"))
    assert done.returncode == 10 and "There is no basetag robots yet" in done.stderr
