"""Tags and labels: something safe, or a refusal in words."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import config as cfg
from flow.base import names
from flow.base.errors import BadUsage
from tests.faults import hostile
from tests.faults.runner import run

GOOD = {
    "robots": "robots",
    "Robot Art": "robot_art",
    "#robotart": "robotart",
    "日本": "日本",
    "ロボット": "ロボット",
    "ＡＢＣ": "abc",
    "ﬁsh": "fish",
    "Straße": "straße",
    "naïve": "naïve",
    "робот": "робот",
    "r2-d2": "r2-d2",
    "1": "1",
    "0": "0",
    "trash": "trash",
    "  art  ": "art",
    "x_under": "x_under",
    "underground": "underground",
}
BAD = [
    "",
    " ",
    "#",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "/etc/passwd",
    "-rf",
    "--help",
    ".hidden",
    "a\0b",
    "a\nb",
    "a\x1b[31mb",
    "rob\u200bot",
    "\u202erobot",
    "\ufeffrobot",
    "rob\u00adot",
    "rob\ufe0fot",
    "\u3164",
    "\u115f",
    "con",
    "NUL",
    "com1",
    "COM¹",
    "lpt9",
    "x_under925",
    "sorted_1",
    "unsorted_x",
    "harvested_1",
    "quarantine",
    "Quarantine",
    "a.b",
    "a:b",
    "a*b",
    "<img>",
    "=cmd()",
    "$HOME",
    "`id`",
    "😀",
    "あ" * 100,
    "a" * 65,
    "\udcff",
    "\ud800",
    "___",
    "\u0301\u0302",
    "½",
    "con.",
    "a b\u2028c",
    "\U000e0041",
]


@pytest.mark.parametrize(("text", "name"), GOOD.items())
def test_good_names_stay_readable(text, name):
    assert names.folder_name(text, "label") == name


@pytest.mark.parametrize("what", ["basetag", "searchtag"])
def test_0_is_a_fine_label_and_no_tag(what):
    """A folder of noughts is a label like any other; as a tag, 0 stands for no new images."""
    with pytest.raises(BadUsage, match="no new images"):
        names.folder_name("0", what)


@pytest.mark.parametrize("text", BAD)
def test_bad_names_are_refused_in_printable_words(text):
    with pytest.raises(BadUsage) as refusal:
        names.folder_name(text, "label")
    assert refusal.value.message.isprintable() and refusal.value.hint


@given(st.text(max_size=80))
@example("İ")
@example("ǰ")
@settings(max_examples=400, deadline=None)
def test_any_text_is_made_safe_or_refused(text):
    assert hostile.problem_with_name(text) == ""


@given(st.lists(st.sampled_from(hostile.SNIPPETS), min_size=1, max_size=4).map("".join))
@settings(max_examples=300, deadline=None)
def test_hostile_pieces_are_made_safe_or_refused(text):
    assert hostile.problem_with_name(text) == ""


def test_our_own_words_follow_the_settings(tf_files):
    cfg.under_name, cfg.sorted_name = "_doubtful", "ordered_"
    assert names.is_own_word("built_doubtful925") and names.is_own_word("ordered_1")
    assert not names.is_own_word("built_under925") and not names.is_own_word("sorted_1")


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_shown_can_drive_no_terminal(text):
    assert not any(c in names.clean(text) for c in "\x1b\x07\u202e\u200b\n\r\x9b\u2028")


@pytest.mark.parametrize("text", ["../../etc", "x_under925", "sorted_1", "rob\u200bot", "-x", "\x1b]0;title\x07"])
@pytest.mark.parametrize("place", [0, 2])
def test_the_command_line_refuses_with_exit_2_and_touches_nothing(tmp_path, text, place):
    arguments = ["robots", "3", "robotart", "download", "--source", "sample"]
    arguments[place] = text
    done = run(tmp_path, *arguments)
    assert done.code == 2 and "Traceback" not in done.err and "\x1b" not in done.err and "\u200b" not in done.err
    assert not list(tmp_path.iterdir())
