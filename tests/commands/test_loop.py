"""The six flowsteps of the loop: which steps each takes, in every state of the disk, and what is refused beforehand."""

import itertools
import json
import shutil
from dataclasses import replace

import pytest

import config as cfg
from flow.base.errors import BadUsage, NotReady
from flow.commands import loop
from flow.commands.command import Outcome, Run, all_commands
from flow.commands.loop import Flow, Step
from flow.commands.parse import parse
from flow.records.open_catalogue import open_copy
from flow.ui import console
from tests.faults import world
from tests.faults.runner import run
from tests.servers import Server, image_bytes
from tests.sites import openverse, openverse_row

LOOP = [command for command in all_commands().values() if command.in_loop]
D, C, H, R = (step.value for step in Step)


@pytest.fixture
def disk(tf_files):
    """Make a data folder of the tests the program's own, with so many models."""

    def choose(models: int):
        root = world.fresh(world.with_model if models else world.beginning)
        cfg.path_to_tf_files, cfg.retrain_imgcount_default = str(root), 20
        cfg.scrapesite_default = "sample"  # a dry run of a search would ask its sites
        for number in range(1, models):
            made = next((root / "training_summaries/robots").iterdir())
            shutil.copytree(made, made.with_name(f"copy_{number}"))
        return root

    return choose


def steps_of(line: str, attended: bool = False) -> list[str]:
    """What a command would do, a step's name each."""
    one = parse(line.split())
    with open_copy(one.basetag) as catalogue:
        asked = Run(one.basetag, "20260101_000000", catalogue, Outcome(one.basetag), None, one.given, attended)
        return [step for step, _ in one.command.dry_run(asked, one.options)]


def plan_of(line: str, flow: Flow, attended: bool = False) -> loop.Plan:
    one = parse(line.split())
    with open_copy(one.basetag) as catalogue:
        asked = Run(one.basetag, "20260101_000000", catalogue, Outcome(one.basetag), None, one.given, attended)
        return loop.plan(asked, one.options, flow)


SORTS = Flow((Step.DOWNLOAD, Step.CLASSIFY), asks=True)


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("robots 200 robotart download", [D]),
        ("robots 200 robotart classify_top", [D, C]),
        ("robots 200 robotart --model 1", [D, C]),
        ("robots 0 robotart classify_top", [C]),
        ("robots 0 0 retrain_defaults", [R]),
        ("robots 0 0 retrain_defaults --harvest", [H, R]),
        ("robots 200 robotart automatic", [D, C, R]),
        ("robots 200 robotart automatic --harvest", [D, C, H, R]),
        ("robots 200 robotart retrain_defaults --no-harvest", [D, C, R]),
        ("robots harvest", [H]),
    ],
)
def test_the_steps_of_each_flowstep(disk, line, steps):
    disk(3)
    assert steps_of(line) == steps


def test_the_setting_harvest_default_harvests_unasked(disk):
    disk(1)
    cfg.harvest_default = True
    assert steps_of("robots 0 0 retrain_defaults") == [H, R]
    assert steps_of("robots 0 0 retrain_defaults --no-harvest") == [R]


def test_retrain_offers_the_harvest_where_a_person_is_there(disk):
    disk(3)
    assert steps_of("robots 200 robotart retrain", attended=True) == [D, C, H, R]


def test_without_a_model_the_run_only_downloads_and_says_so(disk):
    disk(0)
    plan = plan_of("robots 200 robotart", SORTS)
    assert plan.steps == (Step.DOWNLOAD,) and "only downloads" in plan.notes[0]
    assert steps_of("robots 5 robotart automatic") == [D, R]


def test_sorting_without_a_model_and_without_a_download_is_not_ready(disk):
    disk(0)
    with pytest.raises(NotReady, match="no model for robots yet"):
        steps_of("robots 0 robotart classify_top")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("robots 200 robotart", "--model is missing"),
        ("robots 200 robotart retrain --model 1", "--architecture is missing"),
    ],
)
def test_without_a_terminal_a_missing_answer_is_named(disk, line, named):
    disk(3)
    with pytest.raises(BadUsage, match=named):
        steps_of(line)
    assert steps_of(line, attended=True)


def test_retrain_with_every_answer_given_asks_nothing(disk):
    disk(3)
    line = (
        "robots 0 0 retrain --no-harvest --architecture efficientnet_lite0 --steps 5 --image-size 128 --test-percent 20 "
        "--batch-size 8 --learning-rate 0.1"
    )
    assert steps_of(line) == [R]


@pytest.mark.parametrize(
    "line",
    ["robots 5 0 download", "robots 0 0 download", "robots 0 0", "robots 0 art download", "robots 5 0 automatic"],
)
def test_0_for_one_of_the_two_alone_leaves_nothing_to_do(disk, line):
    disk(1)
    with pytest.raises(BadUsage) as problem:
        steps_of(line)
    assert problem.value.message and problem.value.hint


def test_more_than_a_cycle_is_cut_and_said(disk):
    disk(0)
    plan = plan_of("robots 9000 robotart download", Flow((Step.DOWNLOAD,)))
    assert str(cfg.imgnum_maxpercycle) in plan.notes[0]
    one = parse(["robots", "9000", "robotart", "download"])
    unattended = Run("robots", "", None, Outcome("robots"))
    assert loop._capped(unattended, one.options).quantity == cfg.imgnum_maxpercycle
    assert loop._capped(unattended, replace(one.options, quantity=7)).quantity == 7


def test_every_flowstep_and_every_disk_gives_steps_or_a_refusal_in_words(disk):
    """No combination ends in anything else; unattended, nothing is left to ask."""
    for models in (0, 1, 3):
        disk(models)
        for command, quantity, tag, attended in itertools.product(LOOP, (0, 1, 250), ("0", "owl"), (True, False)):
            try:
                steps = steps_of(f"robots {quantity} {tag} {command.name}", attended)
            except (BadUsage, NotReady) as problem:
                assert problem.message and problem.hint
                continue
            assert steps and steps == [step for step in (D, C, H, R) if step in steps]


# Refused before the first request


@pytest.fixture
def site():
    """Openverse on this machine, with ten images; it counts its requests."""
    with Server() as server:
        rows = [openverse_row(n, server.put(f"/{n}.jpg", image_bytes(n))) for n in range(10)]
        openverse(server, rows)
        yield server


def search(root, site, *options):
    environ = {
        "ROBOFLOW_URL_OPENVERSE": site.base,
        "ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "yes",
        "ROBOFLOW_HOST_PAUSE_S": "0",
    }
    return run(root, "robots", "2", "art", "classify_top", "--source", "openverse", *options, environ=environ)


@pytest.mark.parametrize("model", ["nosuch", "²", "2", "0", "-1", "99999999999999999999", "٣", " "])
def test_a_model_that_is_not_there_is_refused_before_the_first_request(site, model):
    root = world.fresh(world.with_model)
    done = search(root, site, f"--model={model}")
    assert (done.code, done.out) == (10, "") and f"There is no model {model!r} for robots." in done.err
    assert site.hits == [] and not list(root.glob("testing_photos/robots/unsorted_art*"))


def test_a_model_is_refused_also_where_there_is_none_at_all(site):
    root = world.fresh(world.beginning)
    done = search(root, site, "--model", "nosuch")
    assert done.code == 10 and "There is no model 'nosuch'" in done.err and site.hits == []


@pytest.mark.parametrize("by_name", [False, True])
def test_a_model_that_is_there_is_used_by_its_number_and_by_its_name(site, by_name):
    root = world.fresh(world.with_model)
    name = next((root / "training_summaries/robots").iterdir()).name
    done = search(root, site, "--model", name if by_name else "1")
    assert done.code == 0 and "2 of 2 kept (2 by tag); sorted 2: " in done.out, done
    assert len(site.hits) > 2


def test_a_source_that_is_none_is_refused_before_anything_is_made(tmp_path):
    for source, message in (
        ("opnverse", "did you mean 'openverse'?"),
        ("~/empty", "'~/empty' is not a source. --source folder:~/empty"),
        ("/nowhere/at/all", "--source folder:/nowhere/at/all"),
        ("openverse,./photos", "'./photos' is not a source."),
        ("folder:/nowhere/at/all", "There is no folder /nowhere/at/all."),
        ("sample:²", "sample takes a whole number as its seed, but it is '²'."),
        ("sample:٣", "sample takes a whole number"),
        ("folder", "folder:DIR"),
        ("", "names no source"),
    ):
        done = run(tmp_path, "birds", "3", "owl", "download", "--source", source)
        printed = " ".join(done.err.split()).replace("try: For images of your own: ", "")
        assert (done.code, done.out) == (2, "") and message in printed, (source, done)
        assert not list(tmp_path.glob("*_photos"))


# What a run ends with


def line_of(*sentences: str, warned: tuple[str, ...] = ()) -> str:
    console.setup()
    for warning in warned:
        console.warn(warning)
    outcome = Outcome("robots")
    for number, sentence in enumerate(sentences):
        outcome.add(f"step {number}", loop.Message(sentence), 0.0)
    return outcome.line()


def test_the_last_line_has_at_most_200_characters_and_begins_every_part():
    assert line_of("5 asked: 5 kept", "sorted 5: 4 sure, 1 unsure") == (
        "robots: 5 asked: 5 kept; sorted 5: 4 sure, 1 unsure"
    )
    long = (
        "retrained "
        + "efficientnet_lite0_batch64_steps2600_test16_img224_acc97.92"
        + ": accuracy 97.9 % "
        + "and so on " * 30
    )
    line = line_of("5 asked: 5 kept", long, warned=("the label folder not is empty",))
    assert len(line) <= 200 and line.startswith("robots: 5 asked: 5 kept; retrained efficientnet_lite0_")
    assert "acc97.92: accuracy 97.9 %" in line and line.endswith("... (careful: the label folder not is empty)")
    many = line_of("5 asked: 5 kept", warned=tuple(f"photo_{n}.jpg is left out: damaged" for n in range(99)))
    assert many == "robots: 5 asked: 5 kept (careful: photo_0.jpg is left out: damaged) (98 more in the log)"
    assert len(line_of(*["word " * 99] * 9, warned=("word " * 99,) * 9)) <= 200


def test_what_the_line_has_no_room_for_is_in_the_log_and_in_json(tmp_path):
    root = world.fresh(world.beginning)
    for number in range(12):
        (world.training(root) / f"an_empty_label_folder_{number}").mkdir()
    arguments = ("robots", "0", "0", "retrain_defaults", "--images-min", "20", "--steps", "10")
    done = run(root, *arguments)
    assert (done.code, done.err) == (0, "") and len(done.out.splitlines()) == 1 and len(done.out) <= 201
    assert "robots: retrained efficientnet_lite0_" in done.out and "(11 more in the log)" in done.out
    log = (root / "logs/robots.log").read_text()
    assert all(f"an_empty_label_folder_{number} is empty" in log for number in range(12))
    facts = json.loads(run(root, *arguments, "--json").out)
    assert len(facts["warnings"]) == 12
