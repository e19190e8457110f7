"""Arguments -> plan, for every flowstep and every state of the disk."""

import itertools

import pytest

import config as cfg
from flow.base.errors import BadUsage, NotReady
from flow.front import arguments
from flow.plan import FLOWS, FLOWSTEPS, Disk, Request, Step, Training, make_plan, make_training

D, C, H, R = Step.DOWNLOAD, Step.CLASSIFY, Step.HARVEST, Step.RETRAIN
FULL = Disk(models=3)


def plan_of(line: str, disk: Disk = FULL, asks: bool = False):
    return make_plan(arguments.parse(line.split())[0], disk, "20260101_000000", asks)


@pytest.mark.parametrize(
    ("line", "steps"),
    [
        ("robots 200 robotart download", (D,)),
        ("robots 200 robotart classify_top", (D, C)),
        ("robots 200 robotart --model 1", (D, C)),
        ("robots 0 robotart classify_top", (C,)),
        ("robots 0 0 retrain_defaults", (R,)),
        ("robots 0 0 retrain_defaults --harvest", (H, R)),
        ("robots 200 robotart automatic", (D, C, R)),
        ("robots 200 robotart automatic --harvest", (D, C, H, R)),
        ("robots 200 robotart retrain_defaults --no-harvest", (D, C, R)),
        ("robots harvest", (H,)),
    ],
)
def test_the_steps_of_each_flow(line, steps):
    assert plan_of(line).steps == steps


def test_retrain_offers_the_harvest_where_a_person_is_there():
    plan = plan_of("robots 200 robotart retrain", asks=True)
    assert plan.steps == (D, C, H, R)
    assert plan.ask_harvest and plan.ask_training and plan.ask_model


def test_without_a_model_the_run_only_downloads_and_says_so():
    plan = plan_of("robots 200 robotart", Disk(models=0))
    assert plan.steps == (D,)
    assert "only downloads" in plan.notes[0]


def test_classify_without_model_and_without_download_is_not_ready():
    with pytest.raises(NotReady):
        plan_of("robots 0 robotart classify_top", Disk(models=0))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("robots", "imagequantity"),
        ("robots 200", "searchtag"),
        ("robots 200 robotart", "--model"),
        ("robots 200 robotart retrain --model 1", "--architecture"),
    ],
)
def test_without_a_terminal_a_missing_answer_is_named(line, named):
    with pytest.raises(BadUsage, match=named):
        plan_of(line)


def test_retrain_with_every_answer_given_asks_nothing():
    line = (
        "robots 0 0 retrain --no-harvest --architecture efficientnet_lite0 --steps 5 --image-size 128 --test-percent 20 "
        "--batch-size 8 --learning-rate 0.1"
    )
    plan = plan_of(line)
    assert plan.steps == (R,) and not plan.ask_training and not plan.ask_harvest
    assert plan.training.steps == 5 and plan.training.learning_rate == 0.1


@pytest.mark.parametrize(
    "line",
    [
        "robots x robotart",
        "robots -5 robotart",
        "robots 5 0 download",
        "robots 0 0 download",
        "robots 0 0",
        "../etc 5 robotart",
        "robots 5 sorted_1",
        "robots 5 robotart fly",
        "robots 5 robotart download --steps 0",
        "robots 5 robotart download --learning-rate nan",
        "robots 5 robotart download --stepz 5",
        "robots 5 robotart retrain_defaults --steps 5,6",
        "robots 1 2 download 4 5",
    ],
)
def test_bad_arguments_are_bad_usage(line):
    with pytest.raises(BadUsage) as caught:
        plan_of(line)
    assert caught.value.code == 2 and caught.value.message


def test_more_than_a_cycle_is_clamped_with_a_notice():
    plan = plan_of("robots 9000 robotart download")
    assert plan.quantity == cfg.imgnum_maxpercycle
    assert str(cfg.imgnum_maxpercycle) in plan.notes[0]


def test_training_starts_from_the_settings(monkeypatch):
    monkeypatch.setattr(cfg, "retrain_steps_default", 77)
    assert make_training({"batch_size": 5}) == Training.from_cfg().__class__(
        **{**vars(Training.from_cfg()), "batch_size": 5}
    )
    assert make_training({}).steps == 77


def test_short_forms_mean_the_same():
    assert arguments.parse(["robots", "models"])[0] == arguments.parse(["robots", "0", "0", "models"])[0]
    assert arguments.parse(["status"])[0].basetag is None


def test_every_flow_and_disk_gives_a_plan_or_a_clear_refusal():
    """No combination ends in anything but a plan or one of our own errors."""
    for flowstep, quantity, tag, models, asks in itertools.product(
        FLOWSTEPS, (0, 1, 250), ("0", "owl"), (0, 1, 5), (True, False)
    ):
        request = Request(basetag="birds", quantity=quantity, searchtag=tag, flowstep=flowstep)
        try:
            plan = make_plan(request, Disk(models=models), "20260101_000000", asks)
        except (BadUsage, NotReady) as problem:
            assert problem.message
            continue
        assert plan.steps and set(plan.steps) <= set(FLOWS[flowstep])
        assert asks or not (plan.ask_harvest or plan.ask_model or plan.ask_training)
