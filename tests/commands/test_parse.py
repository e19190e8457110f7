"""The command line: what is typed is understood, or refused in a sentence that says what to type instead."""

import itertools
import shlex

import pytest

import config as cfg
from flow.base import settings
from flow.base.errors import BadUsage
from flow.base.options import specs
from flow.commands.command import all_commands
from flow.commands.parse import CommonOptions, as_typed, flags_as_typed, parse

LOOP = ("download", "classify", "classify_top", "retrain", "retrain_defaults", "automatic")


def read(line: str):
    return parse(shlex.split(line))


def refused(line: str) -> str:
    with pytest.raises(BadUsage) as problem:
        read(line)
    assert problem.value.code == 2 and "\n" not in problem.value.message and problem.value.hint
    return f"{problem.value.message} {problem.value.hint}"


# Words without dashes


@pytest.mark.parametrize("flowstep", LOOP)
@pytest.mark.parametrize("line", ["robots 5 art {}", "robots 5 {} art", "robots {} 5 art"])
def test_a_flowstep_of_the_loop_may_stand_in_the_second_third_or_fourth_place(flowstep, line):
    one = read(line.format(flowstep))
    assert (one.command.name, one.basetag, one.options.quantity, one.options.searchtag) == (
        flowstep,
        "robots",
        5,
        "art",
    )


def test_classify_is_what_runs_where_none_is_typed():
    assert read("robots 5 art").command.name == "classify"
    assert read("").command.name == "classify" and read("").missing() == ["basetag", "imagequantity", "searchtag"]
    assert read("robots").missing() == ["imagequantity", "searchtag"]
    assert read("robots retrain").command.name == "retrain" and read("robots 5 art").missing() == []


@pytest.mark.parametrize("flowstep", [name for name in all_commands() if name not in LOOP])
def test_any_other_flowstep_follows_the_basetag_with_or_without_two_noughts(flowstep):
    short, long = read(f"robots {flowstep}"), read(f"robots 0 0 {flowstep}")
    assert (short.command, short.basetag, short.options) == (long.command, long.basetag, long.options)
    assert short.command.name == flowstep and short.missing() == []
    assert read(flowstep).basetag is None and read(flowstep).missing() == ["basetag"]


def test_a_basetag_may_be_called_like_a_flowstep():
    one = read("harvest 5 wheat")
    assert (one.basetag, one.options.quantity, one.options.searchtag) == ("harvest", 5, "wheat")
    assert read("harvest 5 wheat download").basetag == "harvest" and read("check status").basetag == "check"


def test_arguments_come_after_their_flowstep():
    assert read("robots take '~/my photos'").options.folder == "~/my photos"
    assert read("robots try a.jpg b.jpg ~/c").options.images == ("a.jpg", "b.jpg", "~/c")
    assert read("robots 0 0 try a.jpg").options.images == ("a.jpg",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("200 robots", "basetag comes first, then the imagequantity. python roboflow.py robots 200"),
        ("200 robots robotart", "python roboflow.py robots 200 robotart"),
        ("200 robots robotart download", "python roboflow.py robots 200 robotart download"),
        ("200 robots download", "python roboflow.py robots 200 download"),
        (
            "robots 5 download",
            "searchtag is missing before the flowstep download. For example: python roboflow.py robots 5",
        ),
        ("take ~/photos", "basetag is missing before take. For example: python roboflow.py robots take ~/photos"),
        ("try photo.jpg", "python roboflow.py robots try photo.jpg"),
        ("robots clasify", "did you mean 'classify'?"),
        ("robots 5 robotart retrian", "did you mean 'retrain'?"),
        ("robots 5 robotart fly", "'fly' is not a flowstep. Flowsteps: "),
        ("robots x robotart", "'x' is not a whole number"),
        ("robots ² robotart", "'²' is not a whole number"),
        ("robots ٣ robotart", "'٣' is not a whole number"),
        ("robots 1.5 robotart", "'1.5' is not a whole number"),
        ("robots 5 art download 7", "a word too many: '7'"),
        ("robots harvest now", "a word too many: 'now'"),
        ("robots take a b", "a word too many: 'b'"),
        ("robots 5 art harvest", "harvest takes no imagequantity and no searchtag. python roboflow.py robots harvest"),
        ("robots -5 art", "-5 images cannot be downloaded"),
        ("robots -- --5 art", "not a whole number"),
        ("robots 5 sorted_1", "cannot be a searchtag"),
        ("robots 5 ../etc", "cannot be a searchtag"),
    ],
)
def test_a_word_in_the_wrong_place_is_answered_with_the_right_one(line, message):
    assert message in refused(line)


# Options


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("robots 5 art --stepz 5", "--stepz"),
        ("robots 5 art --step 5", "--step"),  # no abbreviations: they would change their meaning some day
        ("robots 5 art download --steps 0", "--steps: retrain_steps_default = 0 is outside 1..1000000."),
        ("robots 5 art download --learning-rate nan", "must be a number"),
        ("robots 5 art retrain_defaults --steps 5,6", "--steps takes several values only in explore."),
        ("robots 5 art retrain_defaults --solver adam", "is not one of sgd, lbfgs"),
        ("robots 5 art --steps ²", "must be a whole number"),
        ("robots check --port ²", "--port '²' is not a port from 1024 to 65535."),
        ("robots check --port 80", "--port '80' is not a port from 1024 to 65535."),
        ("robots forget --keep 0", "--keep '0' is not a number of models from 1 to 10000."),
        ("robots forget --keep 99999999999999999999", "is not a number of models"),
        ("robots export --to ''", "--to needs a name"),
        ("robots harvest --steps 5", "--steps does not go with harvest. It goes with "),
        ("robots 5 art --csv x", "--csv does not go with classify. It goes with try."),
        ("robots 5 art --lock-wait long", "must be a number"),
        ("robots 5 art --max-minutes -1", "is outside 0..100000"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_possible(line, message):
    assert message in refused(line)


RANGED = [
    (command.name, spec)
    for command in all_commands().values()
    for spec in (*specs(CommonOptions), *command.flags())
    if spec.setting and spec.parse and settings.declared()[spec.setting].low is not None
]


@pytest.mark.parametrize(("name", "spec"), RANGED, ids=lambda x: getattr(x, "name", x))
def test_every_option_of_every_flowstep_holds_to_its_settings_range(name, spec):
    one = settings.declared()[spec.setting]
    words = ["robots", *(("5", "art") if name in LOOP else ()), name]
    for value in (one.low, one.high):
        kind = type(getattr(cfg, spec.setting))
        assert parse([*words, f"{spec.flag}={kind(value)}"]).command.name == name
    for value in (one.low - 1, one.high + 1):
        with pytest.raises(BadUsage, match=f"{spec.flag}: {spec.setting} = .* is outside {one.range}"):
            parse([*words, f"{spec.flag}={value:.12g}"])


def test_the_settings_values_are_the_defaults(monkeypatch):
    monkeypatch.setattr(cfg, "retrain_steps_default", 77)
    monkeypatch.setattr(cfg, "scrapesite_default", "nasa")
    one = read("robots 5 art retrain_defaults --batch-size 5")
    assert (one.options.steps, one.options.batch_size, one.options.source) == (77, 5, "nasa")
    assert one.given == {"quantity", "searchtag", "batch_size"}


def test_several_sources_are_one_option_with_commas():
    assert read("robots 5 art --source openverse,commons").options.source == "openverse,commons"
    assert read("robots explore --steps 5,6 --architecture a,b").options.architecture == ["a", "b"]


def test_switches_are_on_off_or_left_to_the_settings():
    assert read("robots 5 art").options.harvest is None
    assert read("robots 5 art --harvest").options.harvest is True
    assert read("robots 5 art --no-harvest").options.harvest is False
    assert read("robots check").options.browser and not read("robots check --no-browser").options.browser


# And back


def test_every_option_of_every_flowstep_is_part_of_the_command_that_does_the_same():
    """Typed, read, and typed again as the program would: nothing is lost, and it is read as the same."""
    for command in all_commands().values():
        words = ["robots", *(("5", "art") if command.in_loop else ()), command.name]
        words += [word for spec in command.arguments() if not command.in_loop for word in ("a.jpg",)[: 1 + spec.many]]
        flags = [*specs(CommonOptions), *command.flags()]
        typed = [word for spec in flags if spec.name not in ("help", "helpmore", "dry_run") for word in example(spec)]
        one = parse([*words, *typed])
        again = as_typed(one)
        assert again[:2] == ["python", "roboflow.py"]
        for spec in command.flags():
            assert spec.flag in again or spec.flag.replace("--", "--no-", 1) in again, (command.name, spec.flag)
        once_more = parse(again[2:])
        assert (once_more.options, once_more.given) == (one.options, one.given), command.name
        assert once_more.given_common == one.given_common - {"tf_files"}


def example(spec) -> list[str]:
    """An option with a value that is not its default."""
    if spec.on_off or spec.parse is None:
        return [spec.flag]
    one = settings.declared().get(spec.setting)
    values = {"keep": "7", "port": "2000", "architecture": "mobilenet_0.50", "source": "nasa", "tf_files": "/tmp/x"}
    if one and one.choices:
        return [spec.flag, next(c for c in one.choices if c != getattr(cfg, spec.setting))]
    if one and one.low is not None:
        return [spec.flag, f"{type(getattr(cfg, spec.setting))(min(one.low + 1, one.high))}"]
    return [spec.flag, values.get(spec.name, "one")]


def test_what_is_not_said_is_left_to_the_settings():
    assert flags_as_typed(read("robots 5 art retrain_defaults")) == []
    assert as_typed(read("robots 5 art --again --sorted sorted_1 --max-minutes 3 --new"))[2:] == shlex.split(
        "robots 5 art classify --sorted sorted_1 --again --new --max-minutes 3.0"
    )


def test_chosen_options_count_as_typed():
    one = read("robots 900 art").choose(model="best_one", quantity=250)
    assert as_typed(one)[2:] == shlex.split("robots 250 art classify --model best_one")


def test_no_words_at_all_end_in_anything_but_an_invocation_or_a_sentence():
    pieces = ("robots", "0", "5", "-5", "art", "classify", "take", "status", "--json", "--steps", "--", "", "²")
    for words in itertools.product(pieces, repeat=3):
        try:
            assert parse(list(words)).command.name in all_commands()
        except BadUsage as problem:
            assert problem.message and "\n" not in problem.message
