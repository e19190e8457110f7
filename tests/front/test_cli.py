"""The front door without a terminal: nothing is asked, one line, honest exit codes, no traceback."""

import json
import time

import pytest

from tests.terminal import run


@pytest.mark.parametrize(
    ("arguments", "named"), [((), "basetag"), (("robots",), "imagequantity"), (("robots", "5"), "searchtag")]
)
def test_a_missing_argument_is_named_not_asked(tmp_path, arguments, named):
    done = run(*arguments, "--tf-files", str(tmp_path))
    assert done.returncode == 2 and done.stdout == ""
    assert named in done.stderr and "Traceback" not in done.stderr


def test_retrain_needs_someone_to_ask(home):
    done = run("robots", "0", "0", "retrain", "--tf-files", str(home))
    assert done.returncode == 2 and "retrain_defaults" in done.stderr


def test_too_few_images_says_the_counts_and_what_to_do(home):
    done = run("robots", "0", "0", "retrain_defaults", "--architecture", "efficientnet_lite0", "--tf-files", str(home))
    assert done.returncode == 10
    assert "built 24, drawn 24, not 24" in done.stderr and "--images-min 24" in done.stderr


def test_no_such_basetag_is_not_ready(tmp_path):
    done = run("robots", "0", "0", "retrain_defaults", "--tf-files", str(tmp_path))
    assert done.returncode == 10 and "robots" in done.stderr
    assert not (tmp_path / "training_photos").exists()


def test_help_is_quick_and_brings_no_tensorflow(tmp_path):
    for option in ("--help", "--helpmore"):
        done = run(option, environ={"PYTHONPROFILEIMPORTTIME": "1"})
        assert done.returncode == 0 and "robots" in done.stdout
        loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
        assert not loaded & {"tensorflow", "numpy", "PIL", "requests", "rich", "twilio"}


def test_status_reads_only(home):
    before = sorted(p for p in home.rglob("*"))
    done = run("status", "--tf-files", str(home))
    assert done.returncode == 0 and "built 24" in done.stdout and "models: 1" in done.stdout
    assert sorted(p for p in home.rglob("*")) == before


def test_json_is_all_of_stdout(home):
    done = run("robots", "models", "--tf-files", str(home), "--json")
    facts = json.loads(done.stdout)
    assert facts["exit"] == 0 and len(facts["results"]["models"]["models"]) == 1


def test_quiet_says_nothing(home):
    done = run("robots", "harvest", "--quiet", "--tf-files", str(home))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_backbone_that_cannot_be_fetched_falls_back_to_efficientnet_lite0_and_says_so(home):
    """Nobody is there to ask: the model's name says efficientnet_lite0, and the one line has the warning."""
    done = run(
        "robots",
        "0",
        "0",
        "retrain_defaults",
        "--images-min",
        "24",
        "--steps",
        "50",
        "--tf-files",
        str(home),
        "--architecture",
        "http://127.0.0.1:9/nothing/1",
    )
    assert done.returncode == 0 and done.stderr == ""
    assert "retrained efficientnet_lite0_" in done.stdout and "could not be fetched" in done.stdout


def test_a_settings_file_with_a_typo_is_refused_with_line_and_nearest(home, tmp_path):
    done = run("status", "--tf-files", str(home), environ={"ROBOFLOW_CONFIDENSE_MIN": "0.5"})
    assert done.returncode == 2 and "confidence_min" in done.stderr


def test_the_line_moves_with_confidence_min(home):
    """At 0 everything is sure (but what is unlike the training data); the folder names tell the line."""
    environ = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "false"}
    done = run(
        "robots", "10", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home), environ=environ
    )
    assert "10 sure, 0 under" in done.stdout
    environ["ROBOFLOW_CONFIDENCE_MIN"] = "100"
    done = run("robots", "10", "other", "classify_top", "--source", "sample", "--tf-files", str(home), environ=environ)
    assert "0 sure, 10 under" in done.stdout
    assert list((home / "testing_photos/robots").glob("sorted_*/*_under1000"))


def test_a_damaged_model_is_refused(home):
    model = next((home / "training_summaries/robots").iterdir())
    (model / "head.npz").write_bytes(b"PK nothing")
    done = run("robots", "5", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home))
    assert done.returncode == 1 and "head.npz has changed" in done.stderr
    assert len(list((home / "testing_photos/robots/unsorted_robotart").glob("*.jpg"))) == 5


def test_an_unreadable_image_is_set_aside_and_the_rest_sorted(home):
    folder = home / "testing_photos/robots/unsorted_mine"
    folder.mkdir(parents=True)
    good = next((home / "training_photos/robots/drawn").glob("*.jpg"))
    good.rename(folder / "good.jpg")
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff not really a picture")
    done = run("robots", "0", "mine", "classify_top", "--tf-files", str(home))
    assert done.returncode == 3 and "1 unreadable" in done.stdout
    assert (home / "testing_photos/robots/quarantine/bad.jpg").exists()
    assert "bad.jpg\t" in (home / "testing_photos/robots/quarantine/reasons.txt").read_text()


def test_explore_compares_on_one_split(home):
    done = run(
        "robots",
        "explore",
        "--steps",
        "20,300",
        "--learning-rate",
        "0.01,0.1",
        "--architecture",
        "efficientnet_lite0",
        "--images-min",
        "24",
        "--tf-files",
        str(home),
        "--json",
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)["results"]["explore"]
    assert len(facts["models"]) == 4 and set(facts["effects"]["steps"]) == {"20", "300"}
    assert len({m["share"]["total"] for m in facts["leaderboard"]["models"]}) == 1
    for model in (home / "training_summaries/robots").iterdir():
        assert list(model.glob("train/events*")) and list(model.glob("events*"))


@pytest.mark.parametrize(
    "arguments", [("explore",), ("explore", "--steps", "500"), ("explore", "--test-percent", "10,20")]
)
def test_explore_without_something_to_compare_is_bad_usage(home, arguments):
    assert run("robots", *arguments, "--tf-files", str(home)).returncode == 2


def test_max_minutes_stops_cleanly(home):
    begin = time.monotonic()
    done = run(
        "robots", "200", "robotart", "download", "--source", "sample", "--max-minutes", "0.02", "--tf-files", str(home)
    )
    assert done.returncode == 3 and "minutes are over" in done.stderr
    assert time.monotonic() - begin < 60
    assert not list((home / "testing_photos/robots/unsorted_robotart").glob(".part*"))
