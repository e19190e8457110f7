"""--help: made of what the flowsteps declare, so that nothing is left out, on a wide screen and on a narrow one."""

import pytest

import config as cfg
from flow.base.options import specs
from flow.commands import help
from flow.commands.command import Section, all_commands
from flow.commands.parse import CommonOptions, parse
from flow.ui import console
from tests.terminal import run

WIDTHS = (40, 60, 80, 200)


@pytest.fixture
def shown(monkeypatch):
    """The help as a terminal of so many columns gets it."""

    def text(words: list[str], columns: int = 80) -> str:
        monkeypatch.setattr(console, "columns", lambda: columns)
        return help.help_text(parse(words), words)

    return text


def test_the_general_help_names_every_flowstep_with_what_it_does(shown):
    text = shown(["--help"])
    for command in all_commands().values():
        assert f"\n  {command.name}" in text and command.summary in " ".join(text.split())
    assert [section.value for section in Section] == [line for line in text.splitlines() if line in SECTIONS]
    assert len(text.splitlines()) <= 90


SECTIONS = {section.value for section in Section}


def test_the_general_help_names_the_options_of_every_flowstep_and_the_exit_codes(shown):
    text = " ".join(shown(["--help"]).split())
    assert all(spec.flag in text and spec.help in text for spec in specs(CommonOptions))
    for code, meaning in (
        (0, "done"),
        (1, "failed"),
        (2, "bad arguments"),
        (3, "done in part"),
        (10, "not ready"),
        (11, "locked"),
    ):
        assert f"{code} {meaning}" in text
    assert "12 credentials" in text and "130 Ctrl-C" in text and "143 told to stop" in text


@pytest.mark.parametrize("name", all_commands())
def test_a_flowsteps_own_help_names_its_arguments_and_options_with_their_defaults(shown, name):
    command = all_commands()[name]
    text = " ".join(shown([name, "--help"]).split())
    assert text.startswith("usage: python roboflow.py basetag") and command.summary[1:] in text
    assert not command.about or command.about in text
    for spec in (*command.arguments(), *command.flags()):
        assert spec.help in text or command.in_loop and spec.is_argument, spec.name
        assert spec.is_argument or spec.flag in text
        if spec.setting and not spec.on_off:
            assert f"now {getattr(cfg, spec.setting)})" in text, spec.name
    assert not command.example or f"python roboflow.py {command.example}" in text


@pytest.mark.parametrize("name", all_commands())
def test_a_flowsteps_own_help_fits_on_a_page(shown, name):
    assert len(shown([name, "--help"]).splitlines()) <= 60


def test_where_images_may_come_from_is_in_the_help_of_the_flowsteps_that_download(shown):
    text = " ".join(shown(["download", "--help"]).split())
    assert "auto, openverse, commons, inaturalist, gbif, nasa, cleveland, met, huggingface:DATASET, folder:DIR" in text
    assert "flickr (a key of your own), imgur (owners of an old key only) (now auto)" in text


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", ["", *all_commands()])
def test_no_line_is_wider_than_the_screen_and_none_breaks_inside_a_word(shown, name, columns):
    words = [name, "--help"] if name else ["--help"]
    text, wide = shown(words, columns), shown(words, 1000)
    known = set(wide.split()) | {"\\"}
    for line in text.splitlines():
        assert len(line) < min(columns, 81) or len(line.split()) == 1, line
        assert set(line.split()) <= known, line


def test_helpmore_explains_the_words_and_every_flowstep(shown):
    text = " ".join(shown(["--helpmore"]).split())
    assert "goodbye and i love you" in text and "DEFINITIONS" in text
    assert all(command.about in text for command in all_commands().values())


def test_the_range_of_a_setting_is_in_the_help_as_config_py_has_it(shown, monkeypatch):
    text = " ".join(shown(["retrain", "--help"]).split())
    assert (
        "--test-percent % percent of each label's images to hold out as the test set (a number from 1 to 50; now 16)"
        in text
    )
    monkeypatch.setattr(cfg, "retrain_testper_default", 33)
    assert "now 33)" in " ".join(shown(["retrain", "--help"]).split())


@pytest.mark.parametrize("variable", ["ROBOFLOW_API_KEY", "ROBOFLOW_WORKSPACE"])
def test_names_in_the_environment_that_are_no_settings_are_at_most_a_note(tmp_path, variable):
    """The company of the same name uses such names, and they are no mistake of the person who has them."""
    environ = {variable: "x-secret-x"}
    done = run("--help", environ=environ)
    assert (done.returncode, done.stderr) == (0, "") and variable not in done.stdout
    quiet = run("status", "--tf-files", str(tmp_path), environ=environ)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    output = run("status", "--verbose", "--tf-files", str(tmp_path), environ=environ)
    assert output.returncode == 0 and f"no setting has such a name: {variable}." in output.stderr
    assert "x-secret-x" not in output.stderr + output.stdout


def test_a_near_miss_in_the_environment_is_an_error_also_with_help():
    for words in (("--help",), ("status",)):
        done = run(*words, environ={"ROBOFLOW_CONFIDENCE_MN": "0.5"})
        assert (done.returncode, done.stdout) == (2, "")
        assert "ROBOFLOW_CONFIDENCE_MN" in done.stderr and "did you mean 'confidence_min'?" in done.stderr


def test_help_is_quick_and_brings_nothing_heavy():
    for option in ("--help", "--helpmore"):
        done = run(option, environ={"PYTHONPROFILEIMPORTTIME": "1"})
        assert done.returncode == 0 and "robots" in done.stdout
        loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
        assert not loaded & {"tensorflow", "numpy", "PIL", "requests", "rich", "twilio", "scripts", "scripts.api"}
