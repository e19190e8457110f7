"""A run from its arguments to its exit code: without a terminal nothing is asked and one line is said; at one, a table."""

import json
import re
import time

import pytest

from tests.faults import world
from tests.faults.runner import run as run_fast
from tests.terminal import Terminal, run


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


def test_what_is_sure_moves_with_confidence_min(home):
    """At 0 everything is sure (but what is unfamiliar); the folder names tell confidence_min."""
    environ = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "false"}
    done = run(
        "robots", "10", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home), environ=environ
    )
    assert "10 sure, 0 unsure" in done.stdout
    environ["ROBOFLOW_CONFIDENCE_MIN"] = "100"
    done = run("robots", "10", "other", "classify_top", "--source", "sample", "--tf-files", str(home), environ=environ)
    assert "0 sure, 10 unsure" in done.stdout
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


def test_max_minutes_may_be_a_setting_too():
    root = world.fresh(world.beginning)
    arguments = ("robots", "200", "art", "download", "--source", "sample")
    done = run_fast(root, *arguments, environ={"ROBOFLOW_MAX_MINUTES": "0.01"})
    assert done.code == 3 and "The 0.01 minutes are over" in done.err


def test_a_bug_of_ours_is_one_sentence_with_the_traceback_in_the_log_and_no_secret_anywhere():
    root = world.fresh(world.to_harvest)
    done = run_fast(root, "robots", "harvest", before="a_bug", environ={"IMGURAPI_ID": "supersecret99"})
    text = (root / "logs/robots.log").read_text()
    assert done.code == 1 and "That was a mistake of mine: ValueError" in done.err and "Traceback" not in done.err
    assert "Traceback" in text
    everything = done.out + done.err + "".join(p.read_text("utf-8", "replace") for p in (root / "logs").iterdir())
    assert "supersecret99" not in everything


def test_the_old_name_of_a_setting_is_accepted_with_a_note():
    root = world.fresh(world.beginning)
    done = run_fast(root, "robots", "status", "--verbose", environ={"ROBOFLOW_LICENSES": "by"})
    assert done.code == 0 and "ROBOFLOW_LICENSES, licenses: this setting is called licences now" in done.err
    assert run_fast(root, "robots", "status", environ={"ROBOFLOW_LICENSES": "by"}).err == ""


# A basetag that is nearly another one


SLIPS = ("robot", "robotss", "robits", "rboots", "Robost")


@pytest.mark.parametrize("typed", SLIPS)
def test_a_basetag_one_letter_from_another_is_refused_where_nobody_can_be_asked(typed):
    root = world.fresh(world.with_model)
    for words in (("3", "art", "download", "--source", "sample"), ("models",), ("harvest",)):
        done = run_fast(root, typed, *words)
        assert (done.code, done.out) == (2, ""), done
        assert f"There is no basetag {typed.lower()}, but there is robots." in done.err
        assert f"Give robots, or --new to begin {typed.lower()}." in done.err
    assert [p.name for p in (root / "training_photos").iterdir()] == ["robots"]


def test_new_makes_it_all_the_same():
    root = world.fresh(world.with_model)
    done = run_fast(root, "robot", "3", "art", "download", "--source", "sample", "--new")
    assert (done.code, done.err) == (0, "") and "robot: 3 of 3 kept" in done.out
    assert run_fast(root, "robot", "3", "more", "download", "--source", "sample").code == 0  # now it is one of its own


@pytest.mark.parametrize("other", ["birds", "ro", "robots2x", "rob"])
def test_another_name_is_another_basetag(other):
    root = world.fresh(world.beginning)
    assert run_fast(root, other, "1", "art", "download", "--source", "sample").code == 0


def test_at_a_terminal_it_is_asked_whether_the_other_one_was_meant(tmp_path):
    (tmp_path / "training_photos/robots").mkdir(parents=True)
    arguments = ("2", "art", "download", "--source", "sample", "--tf-files", str(tmp_path))
    with Terminal("robost", *arguments) as t:
        t.expect("There is no basetag robost. Did you mean robots? (y/n) [y]")
        t.type("h")
        t.expect("n makes a new one")
        t.expect("Did you mean robots?")
        t.type("")
        t.expect("2 of 2 kept")
        assert t.ended() == 0
    assert (tmp_path / "testing_photos/robots/unsorted_art").is_dir()
    with Terminal("robost", *arguments) as t:
        t.expect("Did you mean robots?")
        t.type("n")
        assert t.ended() == 0
    assert (tmp_path / "testing_photos/robost/unsorted_art").is_dir()


# What a run ends with


def test_at_a_terminal_a_run_ends_with_a_line_a_step_and_with_what_comes_next(home):
    arguments = ("robots", "12", "art", "classify_top", "--source", "sample", "--tf-files", str(home))
    with Terminal(*arguments, columns=200) as t:
        assert t.ended() == 0
    *_, download, classify, following, command = t.screen.replace("\a", "").rstrip().split("\n")
    assert re.fullmatch(r"download  12 of 12 kept  \(\d+\.\d s\)", download)
    assert re.fullmatch(r"classify  sorted 12: \d+ sure, \d+ \D+  \(\d+\.\d s\)", classify)
    assert following.startswith("next: check the 12 images") and command.startswith("  python roboflow.py robots check")


def test_without_a_terminal_it_ends_with_one_line():
    root = world.fresh(world.with_model)
    done = run_fast(root, "robots", "12", "art", "classify_top", "--source", "sample")
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"robots: 12 of 12 kept; sorted 12: \d+ sure, \d+ \D+\n", done.out) and len(done.out) <= 201
    quiet = run_fast(root, "robots", "2", "more", "classify_top", "--source", "sample", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_the_counts_of_the_last_line_add_up(tmp_path):
    """Every image that was looked at is in exactly one of the counts of its step."""
    root = world.fresh(world.with_model)
    mine = tmp_path / "mine"
    world.put(mine, "built", range(700, 706))  # six that are kept
    (mine / "twice.jpg").write_bytes((mine / "built_700.jpg").read_bytes())
    (mine / "known.jpg").write_bytes(next((world.training(root) / "drawn").iterdir()).read_bytes())
    (mine / "small.jpg").write_bytes(world.image_bytes(1, side=20))
    (mine / "torn.jpg").write_bytes(world.image_bytes(2)[:200])
    done = run_fast(
        root,
        "robots",
        "30",
        "mine",
        "classify_top",
        "--source",
        f"folder:{mine}",
        environ={"ROBOFLOW_IMAGE_SIDE_MIN": "40"},
    )
    assert done.code == 3, done
    download, classify = done.out.removeprefix("robots: ").split("; sorted ")
    kept, asked, others, each = re.match(r"(\d+) of (\d+) kept; (\d+) others were not: ([^.]+)\.", download).groups()
    assert (int(kept), int(asked)) == (6, 30) and int(kept) + int(others) == len(list(mine.iterdir())) == 10
    assert int(others) == sum(int(n) for n in re.findall(r"(?:^|, )(\d+) ", each)) == 4
    total, sure, unsure = map(int, re.match(r"(\d+): (\d+) sure, (\d+) ", classify).groups())
    assert total == sure + unsure == 6
    assert run_fast(root, "robots", "approve").code == 0
    harvested = run_fast(root, "robots", "harvest").out
    total, checked, model = map(int, re.search(r"harvested (\d+) \((\d+) [a-z ]+, (\d+) ", harvested).groups())
    assert total == checked + model == sure
