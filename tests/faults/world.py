"""Small data folders to break things in, what they come to, and a stand-in for TensorFlow."""

import atexit
import hashlib
import io
import json
import os
import random
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.runner import run

LABELS = ("built", "drawn")
PER_LABEL = 20
BASETAG = "robots"
STAMP = re.compile(r"\d{8}_\d{6}")
TRAIN = ("--architecture", "efficientnet_lite0", "--images-min", str(PER_LABEL), "--steps", "20")
HALF_DONE = (".part-", ".sorting_", ".training_", ".unpacking_")


def scratch() -> Path:
    """A folder of our own, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="roboflow_faults_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def image_bytes(seed: int, kind: str = "built", side: int = 72, ending: str = "JPEG") -> bytes:
    """A small picture: built ones are reddish blocks, drawn ones bluish lines; every seed is another one."""
    from PIL import Image, ImageDraw

    rng = random.Random(f"{kind} {seed}")
    ground = (200, 90, 70) if kind == "built" else (70, 90, 200)
    image = Image.new("RGB", (side, side), tuple(c + rng.randrange(-20, 20) for c in ground))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = rng.randrange(side), rng.randrange(side)
        box = (x, y, x + rng.randrange(4, side // 2), y + rng.randrange(4, side // 2))
        color = tuple(rng.randrange(256) for _ in range(3))
        (draw.rectangle if kind == "built" else draw.line)(box, fill=color)
    out = io.BytesIO()
    image.save(out, ending)
    return out.getvalue()


def put(folder: Path, kind: str, seeds: range) -> list[Path]:
    """Pictures of a kind as files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{kind}_{seed}.jpg" for seed in seeds]
    for path, seed in zip(paths, seeds, strict=True):
        path.write_bytes(image_bytes(seed, kind))
    return paths


def training(root: Path) -> Path:
    return root / "training_photos" / BASETAG


def testing(root: Path) -> Path:
    return root / "testing_photos" / BASETAG


def unsorted(root: Path, tag: str = "mine") -> Path:
    return testing(root) / f"unsorted_{tag}"


def sorted_folders(root: Path) -> list[Path]:
    return sorted(p for p in testing(root).glob("sorted_*"))


# Data folders, each a step further than the one before


def beginning(root: Path) -> None:
    """Sorted training photos, no model."""
    for label in LABELS:
        put(training(root) / label, label, range(PER_LABEL))


def with_model(root: Path) -> None:
    beginning(root)
    done = run(root, BASETAG, "0", "0", "retrain_defaults", *TRAIN)
    assert done.code == 0, done


def to_classify(root: Path) -> None:
    """Six pictures and one damaged one wait in unsorted_mine."""
    with_model(root)
    for label in LABELS:
        put(unsorted(root), label, range(100, 103))
    (unsorted(root) / "bad.jpg").write_bytes(image_bytes(999)[:300])


def to_harvest(root: Path) -> None:
    """Sorted by the model; a person moved one and added one."""
    to_classify(root)
    done = run(
        root,
        BASETAG,
        "0",
        "mine",
        "classify_top",
        environ={"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"},
    )
    assert done.code == 3, done
    folder = sorted_folders(root)[0]
    moved = sorted((folder / "built").glob("*.jpg"))[0]
    os.rename(moved, folder / "drawn" / moved.name)
    put(folder / "drawn", "drawn", range(300, 301))


def to_undo(root: Path) -> None:
    to_harvest(root)
    done = run(root, BASETAG, "harvest")
    assert done.code == 0, done


def to_check(root: Path) -> None:
    """Sorted by the model, half of it unsure; names tell the truth (see `before.looks_through`)."""
    with_model(root)
    for tag, first, least in (("mine", 100, "0"), ("more", 200, "1")):
        folder = unsorted(root, tag)
        for label in LABELS:
            put(folder, label, range(first, first + 3))
        (folder / f"drawn_{first + 9}.jpg").write_bytes(image_bytes(first + 9, "built"))  # the model will be wrong
        (folder / f"aside_{first}.jpg").write_bytes(image_bytes(first + 8, "built"))
        options = {"ROBOFLOW_CONFIDENCE_MIN": least, "ROBOFLOW_DISTANCE_GATE": "no"}
        done = run(root, BASETAG, "0", tag, "classify_top", environ=options)
        assert done.code == 0, done
    os.rename(*_one_by_hand(root))


def _one_by_hand(root: Path) -> tuple[Path, Path]:
    """A person dragged one picture before: from and to."""
    folder = sorted_folders(root)[0]
    moved = sorted((folder / "built").glob("built*.jpg"))[0]
    return moved, folder / "drawn" / moved.name


def to_check_training(root: Path) -> None:
    """A model that doubts the labels of some training images, rightly."""
    beginning(root)
    for number in range(900, 905):
        (training(root) / "built" / f"drawn_{number}.jpg").write_bytes(image_bytes(number, "drawn"))
    done = run(root, BASETAG, "0", "0", "retrain_defaults", *TRAIN)
    assert done.code == 0, done


def to_relabel(root: Path) -> None:
    """Sorted images that a person has looked through, some set aside; training images of two labels."""
    to_check(root)
    done = run(root, BASETAG, "check", "--no-browser", before="looks_through")
    assert done.code == 0, done


def merged(root: Path) -> None:
    """Two labels were put together."""
    to_relabel(root)
    done = run(root, BASETAG, "labels", "merge", "built", "drawn", "both")
    assert done.code == 0, done


def relabelled(root: Path) -> None:
    """A label was renamed."""
    to_relabel(root)
    done = run(root, BASETAG, "labels", "rename", "built", "machine")
    assert done.code == 0, done


def renamed_by_hand(root: Path) -> None:
    """A label's folder got another name in a file manager."""
    to_relabel(root)
    os.rename(training(root) / "built", training(root) / "machine")


def backed_up(root: Path) -> None:
    """A backup, and nothing else of the basetag, as the original's users start over."""
    to_undo(root)
    done = run(root, BASETAG, "backup", str(root / "backup.zip"))
    assert done.code == 0, done
    for name in ("training_photos", "testing_photos", "training_summaries"):
        shutil.rmtree(root / name / BASETAG)


def put_away(root: Path) -> None:
    """A basetag that was put away."""
    to_undo(root)
    done = run(root, BASETAG, "remove", "--confirm", BASETAG)
    assert done.code == 0, done


_built: dict[str, Path] = {}


def fresh(build, root: Path | None = None) -> Path:
    """A copy of a data folder; each kind is built once."""
    if build.__name__ not in _built:
        template = scratch() / "tf_files"
        template.mkdir()
        build(template)
        _built[build.__name__] = template
    root = root or scratch() / "tf_files"
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(_built[build.__name__], root, symlinks=True)


# What a data folder comes to


def contents(*roots: Path) -> set[str]:
    """The contents of all image files, hidden ones aside."""
    return {hashlib.sha256(p.read_bytes()).hexdigest() for root in roots for p in _images(root)}


def state(root: Path) -> dict:
    """What must be the same however a run came to its end: places and contents of images, models, labels, journals."""
    found = {
        "images": sorted((STAMP.sub("STAMP", str(p.parent.relative_to(root))), _sha(p)) for p in _images(root)),
        "half done": sorted(
            str(p.relative_to(root))
            for p in root.rglob("*")
            if p.name.startswith(HALF_DONE) and "thumbnails" not in p.parts
        ),
        "journals": sorted(p.name for p in root.rglob("*.jsonl")),
        "exports": sorted(
            (str(p.relative_to(root)), _sha(p))
            for p in root.glob("exports/**/[!.]*")
            if p.is_file() and not any(part.startswith(HALF_DONE) for part in p.relative_to(root).parts)
        ),
        "models": sorted({_model(p) for p in (root / "training_summaries").rglob("model.json")}),
        "logs": sorted(
            (p.name, len(p.read_bytes().splitlines())) for p in testing(root).glob("unsorted_*/*.[tc][xs][tv]")
        ),
    }
    return found | _catalogue(root)


def _images(root: Path) -> list[Path]:
    """All but thumbnails, which can be made again."""
    return [
        p
        for p in sorted(root.rglob("*"))
        if p.suffix == ".jpg"
        and "thumbnails" not in p.parts
        and not p.name.startswith(".")
        and p.is_file()
        and not any(part.startswith(HALF_DONE) for part in p.relative_to(root).parts)
    ]


def _model(path: Path) -> str:
    facts = json.loads(path.read_text(encoding="utf-8"))
    for name, sha in facts["files"].items():
        assert _sha(path.parent / name) == sha, f"{path.parent.name}: {name} is not what was written"
    return f"{facts['files']['head.npz']} {facts['test_version']} {','.join(facts['labels'])}"


def _catalogue(root: Path) -> dict:
    path = root / "catalogues" / f"{BASETAG}.sqlite"
    if not path.exists():
        return {}
    db = sqlite3.connect(path)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        rows = db.execute("SELECT sha256, place, label, folder FROM sortings").fetchall()
        there = {p.name for p in testing(root).glob("*orted_*")} | {
            p.name for p in testing(root).glob("harvested_*/sorted_*")
        }
        return {
            "labels": sorted(db.execute("SELECT sha256, label, given_by FROM labels")),
            "archive": sorted(Counter(db.execute("SELECT source, status, reason FROM archive")).items()),
            "provenance": sorted(db.execute("SELECT sha256, source_id FROM images")),
            "sortings": sorted(row[:3] for row in rows if row[3] in there),
            "decided": sorted(set(db.execute("SELECT sha256, label FROM decisions WHERE state='done'"))),
            "undecided": db.execute("SELECT count(*) FROM decisions WHERE state IN ('pending', 'undoing')").fetchone()[
                0
            ],
            "splits": sorted(db.execute("SELECT * FROM splits")),
            "downloads": db.execute("SELECT count(*) FROM downloads").fetchone()[0],
        }
    finally:
        db.close()


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


# The stand-in


def stand_in_for_tensorflow() -> None:
    """In this process, bottlenecks are mean colours of 16 fields, and a saved graph or backbone is two small files.

    Everything that decides what lies where, and when, is the real program.
    """
    import numpy as np

    from scripts import api
    from scripts.learn import (
        backbones,
        build_ahead,
        child,
        efficientnet_lite,
        embedder,
        model_files,
        runners,
        summaries,
        tflite,
    )
    from scripts.report import page as report

    def vectors(pixels: "np.ndarray") -> "np.ndarray":
        n, side = len(pixels), pixels.shape[1] // 4 * 4
        fields = pixels[:, :side, :side].reshape(n, 4, side // 4, 4, side // 4, 3).mean(axis=(2, 4))
        return fields.reshape(n, 48).astype(np.float32)

    def save_graph(folder: Path, *_: object) -> None:
        (folder / "variables").mkdir(parents=True)
        (folder / "saved_model.pb").write_bytes(b"graph" * 1000)
        (folder / "variables" / "variables.index").write_bytes(b"index")

    class Source:
        def converted(self, kind: str, examples: list[Path] | None = None) -> bytes:
            return kind.encode("ascii") * 1000

    def compare(files: dict[str, Path], labelled: dict[Path, int], *_: object) -> list[tflite.Compared]:
        return [tflite.Compared(kind, len(labelled), len(labelled), len(labelled), len(labelled)) for kind in files]

    def write_curves(folder: Path, _: list) -> None:
        (folder / "train").mkdir(parents=True, exist_ok=True)
        (folder / "train" / "events.out").write_bytes(b"events")

    def open_runner(backbone, *_: object, **__: object) -> runners.Runner:
        key = backbones.key_of(backbone, Path()) if backbone.weights else "0" * 64
        return runners.Runner(key, backbone.input_size, 48, "light", vectors)

    api.open_source, api.compare_files = lambda *_: Source(), compare
    for module in (api, embedder, runners):
        module.open_runner = open_runner
    child.call = lambda function, *arguments: function(*arguments)  # another process would know nothing of all this
    build_ahead.build_here = build_ahead.build_missing = lambda *_: None
    model_files.save_graph = save_graph
    efficientnet_lite.read_network = lambda *_: None
    efficientnet_lite.save = lambda network, size, folder: save_graph(folder)
    summaries.write_curves = write_curves
    summaries.write_hparams = lambda *_: None
    report.write = lambda path, *_: path.write_text("<p>report", encoding="utf-8")
