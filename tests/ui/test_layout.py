"""Text on a narrow screen: nothing breaks inside a word, and a command that needs several lines can still be copied."""

import shlex
import subprocess

from hypothesis import example, given, settings
from hypothesis import strategies as st

from flow.ui.layout import broken, broken_command, shortened, table_lines

WORD = st.text("abcdefg-_/0", min_size=1, max_size=25)
WORDS = st.lists(WORD, min_size=1, max_size=20)


@given(WORDS, st.integers(30, 90), st.sampled_from(["", "  ", "    "]))
def test_lines_break_between_words_and_lose_none(words, width, indent):
    lines = broken(indent + " ".join(words), width)
    assert " ".join(lines).split() == words
    assert all(len(line) < width for line in lines)


def test_a_line_goes_on_indented_like_its_beginning():
    assert broken("  one two three four", 14) == ["  one two", "  three four"]
    assert broken("one two three four", 14, hanging="    ") == ["one two three", "    four"]


def test_a_long_word_is_moved_to_the_left_rather_than_broken():
    name = "efficientnet_lite0_batch64_steps2600_test16_img224_acc97.92"
    assert broken(f"  best by its own test {name}", 60) == ["  best by its own test", name]
    assert broken("a " + "x" * 100, 60) == ["a", "x" * 100]  # nothing can be done for that one


@given(st.lists(st.text("ab '\"\\$é", min_size=1, max_size=12), min_size=1, max_size=12), st.integers(40, 90))
@example([5 * "\\" + 5 * "'", "a"], 40)  # a long word that is not the last: its backslash needs room too
@settings(max_examples=60, deadline=None)
def test_a_command_in_several_lines_means_the_same_to_a_shell(words, width):
    command = shlex.join(["printf", "%s\\n", *words])
    lines = broken_command(f"  {command}", width)
    assert all(line.endswith(" \\") for line in lines[:-1]) and not lines[-1].endswith(" \\")
    assert all(len(line) < width for line in lines)
    done = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout == "".join(f"{word}\n" for word in words)


def test_a_command_that_fits_stays_as_it_is():
    assert broken_command("  python roboflow.py robots check", 80) == ["  python roboflow.py robots check"]
    assert broken_command("python roboflow.py robots 0 0 retrain_defaults --images-min 24", 40) == [
        "python roboflow.py robots 0 0 \\",
        "    retrain_defaults --images-min 24",
    ]


ROWS = st.lists(st.tuples(WORD, WORD, WORDS.map(" ".join)), min_size=1, max_size=6)


@given(ROWS, st.integers(30, 80))
def test_no_table_breaks_inside_a_word(rows, width):
    lines = list(table_lines(rows, width))
    assert all(len(line) < width for line in lines)
    assert " ".join(lines).split() == " ".join(cell for row in rows for cell in row).split()


def test_a_table_with_room_is_aligned_and_one_without_gives_its_last_column_a_line():
    rows = [["#", "right", "model"], [1, "97.9%", "a_long_name_of_a_model"]]
    assert list(table_lines(rows, 80)) == ["#  right  model", "1  97.9%  a_long_name_of_a_model"]
    assert list(table_lines(rows, 30)) == ["#  right", "     model", "1  97.9%", "     a_long_name_of_a_model"]


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=6), st.integers(60, 200))
def test_shortened_texts_fit_and_begin_as_they_did(texts, limit):
    cut = shortened(texts, limit)
    assert sum(map(len, cut)) <= max(limit, 3 * len(texts))
    for before, after in zip(texts, cut, strict=True):
        assert after == before or before.startswith(after.removesuffix("..."))


def test_short_texts_stay_whole_where_a_long_one_is_cut_behind_a_word():
    long = "retrained a_model: accuracy 97.9 % (95 % interval 94.6 to 99.2 %)"
    assert shortened(["5 asked: 5 kept", long], 60) == [
        "5 asked: 5 kept",
        "retrained a_model: accuracy 97.9 % (95 %...",
    ]
