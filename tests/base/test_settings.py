"""Settings: checked by name, type and range; any file at all gives settings or one sentence."""

import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import config as cfg
from flow.base import settings
from flow.base.errors import BadUsage
from tests.faults.runner import run

CONFIG = Path(cfg.__file__).read_text(encoding="utf-8")
DECLARED = settings.declared()
RANGED = {name: one for name, one in DECLARED.items() if one.low is not None}


@pytest.fixture
def folder(tf_files, tmp_path):
    return tmp_path


def load(folder, text, environ=None):
    (folder / settings.FILE_NAME).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return settings.load(folder, environ or {})


def refused(folder, text) -> str:
    with pytest.raises(BadUsage) as problem:
        load(folder, text)
    message = f"{problem.value.message} {problem.value.hint}"
    assert "\n" not in message and len(message) < 700
    return problem.value.message


def test_no_file_and_an_empty_file_change_nothing(folder):
    assert settings.load(folder, {}) == {}
    assert load(folder, "") == {} and load(folder, "# only a remark\n") == {}


def test_good_values_are_taken_with_their_place(folder):
    where = load(
        folder, "confidence_min: 92.5\nlicences: [by, cc0]\ncontact: no\ntwilio_active: yes\nhost_pause_s: 1\n"
    )
    assert (cfg.confidence_min, cfg.licences, cfg.contact, cfg.twilio_active, cfg.host_pause_s) == (
        0.925,
        ["by", "cc0"],
        "no",
        True,
        1.0,
    )
    assert where["licences"] == "roboflow.yaml:2"


def test_the_old_spelling_of_a_setting_goes_on_working(folder):
    assert load(folder, "licenses: [by]\n") == {"licences": "roboflow.yaml:1, licenses"} and cfg.licences == ["by"]
    assert load(folder, "", {"ROBOFLOW_LICENSES": "cc0"}) == {"licences": "ROBOFLOW_LICENSES, licenses"}
    assert cfg.licences == ["cc0"]
    assert "there twice" in refused(folder, "licenses: [by]\nlicences: [cc0]\n")


def test_the_environment_is_stronger_than_the_file(folder):
    load(folder, "confidence_min: 0.5\n", {"ROBOFLOW_CONFIDENCE_MIN": "0.75", "ROBOFLOW_LICENCES": "by, by-sa"})
    assert cfg.confidence_min == 0.75 and cfg.licences == ["by", "by-sa"]


def test_nothing_is_changed_where_anything_is_wrong(folder):
    refused(folder, "confidence_min: 0.5\nconfidence_max: 1\n")
    assert cfg.confidence_min == 0.925


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("confidense_min: 0.5", 1, "did you mean 'confidence_min'"),
        ("confidence_min: 0.5\nconfidence_min: 0.6", 2, "twice"),
        ("\tconfidence_min: 0.5", 1, "not YAML"),
        ("confidence_min: [0.5", 1, "not YAML"),
        ("confidence_min: high", 1, "a number"),
        ("confidence_min: true", 1, "a number"),
        ("confidence_min: .nan", 1, "a number"),
        ("confidence_min: .inf", 1, "a number"),
        ("confidence_min: -0.1", 1, "outside 0..1"),
        ("confidence_min: 100.5", 1, "outside 0..1"),
        ("confidence_min: !!python/object/apply:os.system ['true']", 1, "flat list|must be|cannot be read"),
        ("confidence_min: !!python/name:os.system", 1, "cannot be read"),
        ("retrain_steps_default: 2001-02-31", 1, "cannot be read"),
        ("retrain_steps_default: 2.5", 1, "whole number"),
        ("retrain_steps_default: 0", 1, "outside 1..1000000"),
        ("retrain_steps_default: " + "9" * 5000, 1, "cannot be read|outside"),
        ("retrain_steps_default: " + "9" * 4000, 1, "outside"),
        ("retrain_solver_default: " + "x" * 4000, 1, "not one of"),
        ("x" * 900 + ": 1", 1, "not a setting"),
        ("imgnum_default: two hundred", 1, "whole number"),
        ("imgnum_default: -1", 1, "outside"),
        ("licences: by", 1, "list"),
        ("licences: [by, all-rights]", 1, "not a licence code"),
        ("licences: [[by]]", 1, "flat list"),
        ("licences: {by: 1}", 1, "one value"),
        ("sorted_name: ../x", 1, "folder name"),
        ("sorted_name: ''", 1, "folder name"),
        ("path_to_tf_files: ''", 1, "folder"),
        ("path_to_tf_files: ~nobody_of_that_name/x", 1, "no home folder"),
        ('path_to_tf_files: "a\\0b"', 1, "folder|not YAML"),
        ("- a\n- b", 1, "name: value"),
        ("just words", 1, "name: value"),
        ("? [a, b]\n: 1", 1, "must be a word"),
        ("a: 1\n---\nb: 2", 0, "not YAML"),
        ("&a [*a]", 1, "name: value"),
        ("licences: &a [*a]", 1, "flat list"),
        ("<<: {confidence_min: 1}", 1, "not a setting"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(folder, text, line, words):
    message = refused(folder, text)
    assert re.search(words, message) and settings.FILE_NAME in message
    assert not line or f":{line}" in message


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"[" * 50_000, b"a" * 5_000_000, b"\xff" * 200_000, b"contact: \x1b[31m", b"{" * 3000]
)
def test_no_file_is_too_strange(folder, data):
    refused(folder, data)


def test_a_folder_in_the_files_place_is_refused(folder):
    (folder / settings.FILE_NAME).mkdir()
    with pytest.raises(BadUsage, match="cannot be read: Is a directory"):
        settings.load(folder, {})


def test_folder_names_that_could_be_taken_for_each_other_are_refused(folder):
    assert "begin alike" in refused(folder, "sorted_name: un\n")


def test_a_mark_at_the_beginning_of_the_file_is_no_harm(folder):
    load(folder, b"\xef\xbb\xbfconfidence_min: 0.5\n")
    assert cfg.confidence_min == 0.5


@given(st.binary(max_size=200))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_bytes_give_settings_or_a_sentence(tmp_path_factory, data):
    one_try(tmp_path_factory, data)


PLAIN = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from(["!!int x", "[", "- 1", "&a *a", "!!set {a}", "~", "1:30"]),
)


@given(st.dictionaries(st.sampled_from(settings.names()), PLAIN, max_size=4))
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_values_give_settings_in_range_or_a_sentence(tmp_path_factory, values):
    one_try(tmp_path_factory, "".join(f"{k}: {v}\n" for k, v in values.items()).encode("utf-8", "surrogatepass"))


def one_try(factory, data):
    before = {name: getattr(cfg, name) for name in settings.names()}
    try:
        load(factory.getbasetemp(), data)
        for name, one in RANGED.items():
            assert one.low <= getattr(cfg, name) <= one.high and not math.isnan(getattr(cfg, name))
        assert all(type(getattr(cfg, name)) is type(value) for name, value in before.items())
    except BadUsage as problem:
        assert "\n" not in problem.message
    finally:
        for name, value in before.items():
            setattr(cfg, name, value)


@given(st.sampled_from(settings.names()), st.text(max_size=30))
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_environment_gives_a_value_of_its_type_or_a_sentence(name, text):
    try:
        value = settings.checked_text(name, text, f"ROBOFLOW_{name.upper()}")
    except BadUsage as problem:
        assert name in problem.message.lower()
    else:
        assert type(value) is type(getattr(cfg, name))


# config.py declares each setting once, in its line


def test_every_setting_is_declared_with_its_type_and_unit():
    assert list(DECLARED) == settings.names() == re.findall(r"^([a-z_]+)(?:: [\w\[\]]+)? = ", CONFIG, re.MULTILINE)
    for name, one in DECLARED.items():
        value = getattr(cfg, name)
        assert one.unit and type(value) in (bool, int, float, str, list), name
        assert settings.check(name, value, "config.py") == value
        if isinstance(value, bool):
            assert one.unit == "True or False" and not one.choices, name
        elif isinstance(value, (int, float)):
            assert one.low is not None and one.low <= value <= one.high, name
        else:
            assert one.low is None and (not one.choices or value in one.choices), name


@pytest.mark.parametrize(
    ("name", "unit", "limits", "choices"),
    [
        ("confidence_min", "fraction 0..1 (over 1 up to 100: percent)", (0, 1), ()),
        ("imgnum_maxpercycle", "images 1..10000", (1, 10000), ()),
        ("retrain_learnrate_default", "rate 0.000001..10", (0.000001, 10), ()),
        ("retrain_solver_default", "sgd or lbfgs", (None, None), ("sgd", "lbfgs")),
        ("retrain_tune_default", "auto, head or last", (None, None), ("auto", "head", "last")),
        ("retrain_model_default", "backbone name", (None, None), ()),
        ("twilio_active", "True or False", (None, None), ()),
    ],
)
def test_unit_range_and_choices_are_read_from_the_line(name, unit, limits, choices):
    one = DECLARED[name]
    assert (one.unit, (one.low, one.high), one.choices) == (unit, limits, choices)


def outside(name: str) -> list[str]:
    """Values just and far outside a setting's range."""
    one, is_whole = RANGED[name], isinstance(getattr(cfg, name), int)
    high, step = 100 if name == "confidence_min" else one.high, 1 if is_whole else 0.001  # up to 100 it is percent
    values = (one.low - step, high + step, high * 1000 + 1, -high * 1000 - 1)
    return [str(int(value)) if is_whole else f"{value:.12g}" for value in values]


@pytest.mark.parametrize("name", RANGED)
def test_a_value_outside_its_range_is_refused_in_one_sentence_wherever_it_comes_from(folder, name):
    ends = [RANGED[name].low, RANGED[name].high]
    for value in map(type(getattr(cfg, name)), ends):
        assert settings.check(name, value, "config.py") == value
    for value in outside(name):
        message = refused(folder, f"{name}: {value}\n")
        with pytest.raises(BadUsage) as problem:
            settings.load(folder / "nowhere", {f"ROBOFLOW_{name.upper()}": value})
        for text, where in ((message, "roboflow.yaml:1"), (problem.value.message, f"ROBOFLOW_{name.upper()}")):
            assert text.startswith(f"{where}: {name} = ") and text.endswith(f" is outside {RANGED[name].range}.")


@pytest.mark.parametrize(("name", "value"), [(n, outside(n)[1]) for n in RANGED] + [("retrain_solver_default", "adam")])
def test_a_run_with_such_a_value_ends_with_exit_2_and_does_nothing(tmp_path, name, value):
    done = run(
        tmp_path, "robots", "3", "art", "download", "--source", "sample", environ={f"ROBOFLOW_{name.upper()}": value}
    )
    assert (done.code, done.out) == (2, "") and done.err.startswith(f"oh no. ROBOFLOW_{name.upper()}: {name} = ")
    assert len(done.err.splitlines()) == 2 and not list(tmp_path.iterdir())


# Names in the environment


@pytest.mark.parametrize(
    "variable", ["ROBOFLOW_API_KEY", "ROBOFLOW_PROJECT", "ROBOFLOW_NATIVE_LOG", "ROBOFLOW_", "OTHER"]
)
def test_a_variable_of_another_program_is_left_alone(folder, variable):
    assert settings.load(folder, {variable: "x"}) == {}
    foreign = [variable] if variable in ("ROBOFLOW_API_KEY", "ROBOFLOW_PROJECT", "ROBOFLOW_") else []
    assert settings.foreign_variables({variable: "x", "ROBOFLOW_STEPS": "1"}) == foreign + ["ROBOFLOW_STEPS"]
    assert settings.foreign_variables({"ROBOFLOW_CONFIDENCE_MIN": "0.5"}) == []


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("ROBOFLOW_CONFIDENCE_MN", "confidence_min"),
        ("ROBOFLOW_CONFIDENSE_MIN", "confidence_min"),
        ("ROBOFLOW_LICENCE", "licences"),
        ("ROBOFLOW_HOST_PAUSE", "host_pause_s"),
    ],
)
def test_a_near_miss_is_a_typing_error(folder, variable, meant):
    with pytest.raises(BadUsage, match=f"{variable}.*is not a setting; did you mean '{meant}'"):
        settings.load(folder, {variable: "1"})


def test_numbers_have_plain_digits():
    for text in ("²", "٣", "１０", "1e", "0x10"):
        with pytest.raises(BadUsage, match="whole number"):
            settings.checked_text("retrain_steps_default", text, "--steps")
    assert settings.checked_text("retrain_steps_default", "10", "--steps") == 10


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org",
        "https://www.example.com/me",
        "you@my.house",
        "no-reply@my.house",
        "jo@example",
        "jo@robots.invalid",
    ],
)
def test_a_placeholder_is_no_contact(text, tf_files):
    """Wikimedia answers 403 to such, and nobody can be reached there."""
    with pytest.raises(BadUsage) as problem:
        settings.check("contact", text, "roboflow.yaml:3")
    assert "is a placeholder, and sites such as Wikimedia refuse those" in problem.value.message


@pytest.mark.parametrize(
    "text", ["", "jo@example-lab.edu", "jo@examples.io", "https://robots.club/example.html", "noreen@x.org"]
)
def test_what_only_looks_like_a_placeholder_is_one_s_own(text, tf_files):
    assert settings.check("contact", text, "roboflow.yaml:3") == text
