"""The manual in a pager, help at a question, and what was pasted beyond the line asked for."""

import os
import pty
import shutil
import sys

import pytest

from flow.ui import keys
from tests.terminal import Terminal


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


@pytest.mark.parametrize("pager", ["less", "more"])
def test_the_manual_is_shown_by_the_persons_pager_and_left_with_q(tmp_path, pager):
    if not shutil.which(pager):
        pytest.skip(f"{pager} is not installed")
    with a_question(tmp_path, PAGER=pager) as t:
        t.expect("Which searchtag?")
        t.type("hh")
        ours = "goes on" if sys.version_info < (3, 13) else "press h for help"  # later ones have a prompt of their own
        t.expect(ours if pager == "less" else "More")
        t.press(b"q")
        while t.screen.count("Which searchtag?") < 2:
            t.settle()
        t.type("owl")
        t.expect("ENTER starts")
        t.type("q")
        assert t.ended() == 0


def test_a_dumb_terminal_gets_the_manual_whole(tmp_path):
    with a_question(tmp_path, TERM="dumb") as t:
        t.expect("Which searchtag?")
        t.type("hh")
        t.expect("goodbye and i love you.")
        t.expect("Which searchtag?")
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
