"""The map is true: every file it names is there, and every package stands on it."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MAP = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_every_file_it_names_exists():
    named = set(re.findall(r"`((?:flow|scripts|tests)/[\w./-]*|[\w]+\.py)`", MAP)) | {
        "roboflow.py",
        "flow/front/cli.py",
    }
    assert len(named) > 30
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


def test_every_function_it_names_is_in_its_file():
    for function, file in re.findall(r"`(\w+)` in `([\w/]+\.py)`", MAP):
        assert re.search(rf"def {function}\(", (PROJECT / file).read_text(encoding="utf-8")), (function, file)


def test_every_room_stands_on_it():
    rooms = [p for p in (PROJECT / "flow").iterdir() if p.is_dir() and (p / "__init__.py").exists()]
    assert [room.name for room in rooms if f"flow/{room.name}/" not in MAP] == []


def test_it_fits_on_a_screen_or_so():
    assert len(MAP.splitlines()) <= 60
