"""A journal is read however large it has become, and says how many of its lines are torn."""

import subprocess
import sys

from flow.base import paths
from flow.records import journal
from flow.records.journal import Move, as_text, read
from tests.terminal import PROJECT


def moves(count: int) -> list[Move]:
    return [
        Move(
            f"{n:064x}",
            f"testing_photos/robots/sorted_x/built/{n}.jpg",
            f"training_photos/robots/built/{n}.jpg",
            "built",
            "robot",
        )
        for n in range(count)
    ]


def home(tf_files):
    folder = paths.testing("robots") / "harvested_x"
    folder.mkdir(parents=True)
    return folder / journal.DONE


def test_what_is_written_is_read(tf_files):
    path = home(tf_files)
    path.write_text(as_text(moves(3), [path.parent / "sorted_x"], 7))
    found = read(path)
    assert (found.moves, found.folders, found.number, found.torn) == (moves(3), ["sorted_x"], 7, 0)


def test_lines_of_other_systems_and_torn_ones(tf_files):
    path = home(tf_files)
    whole = as_text(moves(3), [], 7)
    path.write_bytes(whole.replace("\n", "\r\n").encode())
    assert (len(read(path).moves), read(path).torn) == (3, 0)
    lines = whole.splitlines()
    path.write_text("\n".join([lines[0], lines[1][:50], "\u2028\x0b\x0c\x85", *lines[2:]]))
    assert (len(read(path).moves), read(path).torn) == (2, 1)
    path.write_bytes(lines[0].encode() + b"\n\xff\xfe\x00\n" + lines[3].encode())
    assert (len(read(path).moves), read(path).torn) == (1, 2)


def test_two_hundred_megabytes_of_anything_take_little_memory(tf_files):
    """One line without an end (a failing disk leaves zeros), and many that say nothing; the whole ones are found."""
    path = home(tf_files)
    lines = as_text(moves(50), [], 3).splitlines(keepends=True)
    with path.open("wb") as writer:
        writer.write("".join(lines[:25]).encode())
        writer.truncate(writer.tell() + 180_000_000)
        writer.seek(0, 2)
        writer.write(b"\n")
        for _ in range(20):
            writer.write(b'{"note": "robots"}\n' * 50_000)
        writer.write("".join(lines[25:]).encode())
    assert path.stat().st_size > 190_000_000
    code = f"""
import config as cfg
cfg.path_to_tf_files = {str(tf_files)!r}
from pathlib import Path
from flow.records import journal
import resource
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = journal.read(Path({str(path)!r}))
print(len(found.moves), found.number, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    count, number, megabytes = map(int, done.stdout.split())
    assert (count, number) == (50, 3)
    assert megabytes < 40
