"""What reaches the screen, and who is asked."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.base.errors import BadUsage, Quit
from flow.base.names import whole_number
from flow.ui import console, layout
from tests.scripted import scripted
from tests.terminal import Terminal


@pytest.fixture
def watched(monkeypatch):
    """As if somebody watched a screen that is no terminal."""
    console.setup()
    monkeypatch.setattr(console._world, "watched", True)


@given(st.text())
def test_no_control_bidi_or_zero_width_character_gets_through(text):
    shown = layout.safe(text)
    assert not set(shown) & set("\x00\x07\x08\x1b\x7f\x9b\u200b\u200e\u202e\u2066\u2028\ufeff")


def test_results_go_to_stdout_and_notes_to_stderr(watched, capsys):
    console.result("a result")
    console.note("a note with [red]markup[/red] [/foo]")
    console.warn("trouble")
    out, err = capsys.readouterr()
    assert out == "a result\n"
    assert "[red]markup[/red] [/foo]" in err and "careful: trouble" in err
    assert console.warnings() == ["trouble"]


def test_nobody_there_means_silence_until_the_last_line(capsys):
    console.setup()
    console.note("nice to know")
    console.warn("trouble")
    with console.progress(10, "working") as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")
    assert console.warnings() == ["trouble"]


def test_asking_without_a_terminal_names_the_argument():
    console.setup()
    with pytest.raises(BadUsage, match="The searchtag is missing"):
        console.ask("The searchtag", str)


def test_a_bad_answer_asks_again_and_enter_takes_the_default(tmp_path, capsys):
    def check(answer: str) -> int:
        if (number := whole_number(answer)) is None:
            raise BadUsage("A number, please.")
        return number

    with scripted(tmp_path, ["x", "²", "", "b", "12"]) as left:
        assert console.ask("How many?", check, "7") == 7
        assert console.ask("How many?", check) == 12
        assert left == []
    assert "A number, please." in capsys.readouterr().err


def test_q_quits_and_b_goes_back(tmp_path):
    with scripted(tmp_path, ["b", "q"]):
        assert console.ask("?", str, back=True) is console.BACK
        with pytest.raises(Quit):
            console.ask("?", str)


def test_a_table_lines_up_also_with_wide_characters(watched, capsys):
    console.table(["label", "n"], [["日本", 1], ["robots", 22]], to_stdout=True)
    assert capsys.readouterr().out == "label   n\n日本    1\nrobots  22\n"


def test_no_color_where_it_is_not_wanted(monkeypatch):
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.delenv("NO_COLOR", raising=False)
            patch.setenv(name, value)
            console.setup()
            assert not console._world.color
    console.setup(no_color=True)
    assert not console._world.color


NARROW = """
from flow.ui import console
console.setup()
console.result("a result of " + "several " * 9 + "words")
console.result("    python roboflow.py robots 0 0 retrain_defaults --images-min 24", is_command=True)
console.note("a note of " + "several " * 9 + "words")
console.raw("  python roboflow.py robots 0 0 retrain_defaults --images-min 24")
console.setup(json=True)
console.result('{"said": "' + "several " * 9 + '"}')
"""


def test_a_narrow_terminal_gets_whole_words_and_commands_that_can_be_copied():
    with Terminal(command=[sys.executable, "-c", NARROW], columns=44) as t:
        assert t.ended() == 0
    *lines, facts = t.screen.rstrip().split("\n")
    assert all(len(line) < 44 for line in lines)
    assert " ".join(t.screen.split()).count("several " * 9 + "words") == 2
    command = "python roboflow.py robots 0 0 \\ retrain_defaults --images-min 24"
    assert " ".join(t.screen.split()).count(command) == 2
    assert facts == '{"said": "' + "several " * 9 + '"}'  # JSON stays one line


def test_elsewhere_a_result_stays_one_line(capsys):
    console.setup()
    console.result("word " * 60, is_command=True)
    assert capsys.readouterr().out == "word " * 60 + "\n"


BAR = """
import time
from flow.ui import console, layout
console.setup()
with console.progress(40, "downloading") as advance:
    for number in range(40):
        advance(1)
        time.sleep(0.02)
        if number in (5, 20):
            console.note(f"openverse cannot be reached {number}")
            console.warn(f"trouble {number}")
            console.table(["folder", "images"], [["built", number]])
console.note("after")
"""


def test_messages_stand_on_lines_of_their_own_beside_a_progress_bar():
    """What the terminal shows at the end: every message whole, on its own line, and no rest of a bar."""
    with Terminal(command=[sys.executable, "-c", BAR]) as t:
        assert t.ended() == 0
    lines = [line.rstrip() for line in t.shown()]
    for sentence in (
        "openverse cannot be reached 5",
        "openverse cannot be reached 20",
        "careful: trouble 5",
        "built   20",
        "after",
    ):
        assert sentence in lines, lines
    assert not [line for line in lines if "downloading" in line], lines
