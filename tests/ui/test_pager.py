"""Pages, keys, and what was pasted beyond the line asked for."""

import os
import pty

import pytest

from flow.ui import keys
from flow.ui.pager import Pages
from tests.terminal import Terminal


def test_pages_go_on_back_and_end():
    pages = Pages([str(n) for n in range(25)], rows=11)
    assert pages.count == 3 and pages.text().split("\n") == [str(n) for n in range(10)]
    assert pages.press(keys.BACK) is None and pages.press("") is None
    assert pages.press(keys.ON) and pages.press(keys.ON) and pages.text() == "20\n21\n22\n23\n24"
    assert "ENTER ends" in pages.foot() and pages.press(keys.BACK) and "3: SPACE" in pages.foot()
    assert pages.press(keys.ON) and pages.press(keys.ON) is False


@pytest.mark.parametrize("key", [keys.LEAVE])
def test_leaving_is_possible_from_any_page(key):
    for place in range(3):
        assert Pages([""] * 25, 11, place).press(key) is False


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        (b"q", keys.LEAVE),
        (b"\x1b", keys.LEAVE),
        (b"\x04", keys.LEAVE),
        (b" ", keys.ON),
        (b"\n", keys.ON),
        (b"b", keys.BACK),
        (b"\x1b[6~", keys.ON),
        (b"\x1b[A", keys.BACK),
        (b"\x1bOB", keys.ON),
        (b"x", ""),
        (b"\x1b[15~", ""),
    ],
)
def test_keys_as_a_terminal_sends_them(raw, meaning):
    master, slave = pty.openpty()
    try:
        with keys.one_by_one(slave):
            os.write(master, raw)
            assert keys.pressed(slave) == meaning
            assert not keys.waits(slave)
    finally:
        os.close(master)
        os.close(slave)


def test_what_was_pasted_beyond_a_line_is_gone():
    master, slave = pty.openpty()
    try:
        os.write(master, b"second\nthird\nand a beginning")
        assert keys.drop_waiting(slave) == b"second\nthird\nand a beginning" and keys.drop_waiting(slave) == b""
        os.write(master, b"next\n")
        assert os.read(slave, 100) == b"next\n"
    finally:
        os.close(master)
        os.close(slave)


def a_question(tmp_path, **terminal):
    (tmp_path / "training_photos/birds").mkdir(parents=True)
    return Terminal("birds", "5", "--source", "sample", "--tf-files", str(tmp_path), **terminal)


def test_h_helps_with_this_question_and_asks_it_again(tmp_path):
    with a_question(tmp_path) as t:
        t.expect("Which searchtag?")
        t.type("h")
        t.expect("hh = the whole manual")
        t.expect("Which searchtag?")
        assert "DEFINITIONS" not in t.screen
        t.type("q")
        assert t.ended() == 0


@pytest.mark.parametrize("key", [b"q", b"\x1b", b"\n"])
def test_the_manual_is_left_with_any_of_the_usual_keys(tmp_path, key):
    """ENTER goes on page by page and leaves at the end."""
    with a_question(tmp_path) as t:
        t.expect("Which searchtag?")
        t.type("hh")
        t.expect("SPACE or ENTER goes on")
        while t.screen.count("Which searchtag?") < 2:
            t.press(key)
            t.settle()
        t.expect("Which searchtag?")
        t.type("owl")
        t.expect("ENTER starts")
        t.type("")
        t.expect("5 asked: 5 kept")
        t.expect("ENTER opens the page")
        t.type("q")
        assert t.ended() == 0


def test_a_dumb_terminal_gets_the_manual_whole(tmp_path):
    with a_question(tmp_path, TERM="dumb") as t:
        t.expect("Which searchtag?")
        t.type("hh")
        t.expect("goodbye and i love you.")
        t.expect("Which searchtag?")
        assert "SPACE or ENTER" not in t.screen
        t.type("q")
        assert t.ended() == 0


def test_a_pasted_block_answers_one_question_only(tmp_path):
    with Terminal("birds", "--source", "sample", "--tf-files", str(tmp_path)) as t:
        t.expect("Which labels")
        t.press(b"owl, not\n7\neagles\n\n")
        t.expect("Ignored 3 lines typed ahead.")
        t.expect("How many")
        t.type("2")
        t.expect("Which searchtag")
        t.type("q")
        assert t.ended() == 0
