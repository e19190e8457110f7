"""The whole loop, as a person plays it: sort, train, download, classify, check by hand, harvest, train again."""

import hashlib
import json
from pathlib import Path

from tests.conftest import KINDS, PER_LABEL
from tests.terminal import run

TRAIN = ("--architecture", "efficientnet_lite0", "--steps", "300", "--images-min", str(PER_LABEL))


def contents(folder: Path) -> set[str]:
    """The contents of all images below a folder."""
    return {hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.jpg")}


def roboflow(home: Path, *arguments: str, code: int = 0):
    """Run, check the exit code and that a success is silent on stderr; the facts from --json."""
    done = run("robots", *arguments, "--tf-files", str(home), "--json")
    assert done.returncode == code, done.stdout + done.stderr
    assert code or done.stderr == ""
    return json.loads(done.stdout)["results"]


def test_the_loop_turns_and_loses_nothing(sorted_home):
    home = sorted_home
    before = contents(home)
    folder = next((home / "testing_photos/robots").glob("sorted_*"))
    sorted_now = [p for p in folder.rglob("*.jpg")]
    assert len(sorted_now) == 40
    assert {p.parent.name.split("_under")[0] for p in sorted_now} <= set(KINDS)

    # A person looks: takes one that is unsure, and labels it as drawn.
    uncertain = next(p for p in sorted_now if "_under" in p.parent.name)
    uncertain.rename(folder / "drawn" / uncertain.name)
    sure = {kind: len(list((folder / kind).glob("*.jpg"))) for kind in KINDS}

    harvested = roboflow(home, "harvest")["harvest"]
    assert harvested["human"] == 1 and harvested["human"] + harvested["robot"] == sum(sure.values())
    for kind in KINDS:
        assert len(list((home / "training_photos/robots" / kind).glob("*.jpg"))) == PER_LABEL + sure[kind]
    assert not list((home / "testing_photos/robots").glob("sorted_*"))
    assert contents(home) == before

    again = roboflow(home, "0", "0", "retrain_defaults", *TRAIN)["retrain"]
    facts = json.loads((Path(again["folder"]) / "model.json").read_text())
    assert sum(row["robot"] for row in facts["counts"].values()) == harvested["robot"]
    assert sum(row["human"] for row in facts["counts"].values()) == 3 * PER_LABEL + 1

    board = roboflow(home, "models")["models"]
    assert len(board["models"]) == 2 and board["images"] == facts["accuracy"]["total"]

    back = roboflow(home, "undo")["undo"]
    assert back["back"] == sum(sure.values())
    assert all(len(list((home / "training_photos/robots" / kind).glob("*.jpg"))) == PER_LABEL for kind in KINDS)
    assert contents(home) == before


def test_the_same_command_again_sorts_nothing_twice(sorted_home):
    again = roboflow(sorted_home, "0", "robotart", "classify_top")["classify"]
    assert again["places"] == {} and again["skipped"] == 40
    assert len(list((sorted_home / "testing_photos/robots").glob("sorted_*"))) == 1


def test_approving_makes_the_harvest_a_persons(sorted_home):
    roboflow(sorted_home, "approve")
    harvested = roboflow(sorted_home, "harvest", "--checked-only")["harvest"]
    assert harvested["robot"] == 0 and harvested["human"] > 0 and harvested["unchecked_left"] == 0


def test_checked_only_leaves_what_nobody_looked_at(sorted_home):
    harvested = roboflow(sorted_home, "harvest", "--checked-only")["harvest"]
    assert harvested["human"] == harvested["robot"] == 0 and harvested["unchecked_left"] > 0


def test_the_scores_of_every_label_and_the_model_are_in_the_log(sorted_home):
    folder = next((sorted_home / "testing_photos/robots").glob("sorted_*"))
    lines = (folder / "scores.txt").read_text().splitlines()
    assert lines[0].startswith("# model efficientnet_lite0_")
    rows = [line.split("\t") for line in lines[3:]]
    assert len(rows) == 40
    for name, place, label, score, _, scores, _ in rows:
        every = json.loads(scores)
        assert set(every) == set(KINDS) and abs(sum(every.values()) - 1) < 1e-3
        assert max(every, key=every.get) == label and (folder / place / name).exists()
        assert name.rsplit("_", 1)[1].split(".")[0] == f"{min(999, int(float(score) * 1000)):03d}"


def test_what_classify_computed_retrain_reads(sorted_home):
    """No image goes through the backbone twice: after the harvest nothing is left to compute."""
    roboflow(sorted_home, "harvest")
    # The smaller store is of the float32 network, for the comparison with the graph on some images.
    _, store = sorted((sorted_home / "bottlenecks").glob("efficientnet_lite0*.sqlite"), key=rows_in)
    before = rows_in(store)
    roboflow(sorted_home, "0", "0", "retrain_defaults", *TRAIN)
    assert rows_in(store) == before


def rows_in(store: Path) -> int:
    import sqlite3

    with sqlite3.connect(store) as db:
        return db.execute("SELECT count(*) FROM vectors").fetchone()[0]


def test_automatic_does_everything_unasked(home):
    done = run("robots", "30", "mechs", "automatic", "--source", "sample", "--harvest", *TRAIN, "--tf-files", str(home))
    assert done.returncode == 0 and done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    for word in ("30 kept", "sorted 30", "harvested", "retrained"):
        assert word in done.stdout


def test_a_new_basetag_from_the_command_line(tmp_path):
    """It gets no label folder that nobody asked for, and with no model it downloads only."""
    done = run("birds", "5", "owl", "--source", "sample", "--tf-files", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "training_photos/birds").iterdir())
    assert len(list((tmp_path / "testing_photos/birds/unsorted_owl").glob("*.jpg"))) == 5
