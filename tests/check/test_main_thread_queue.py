"""Whether anybody still looks at the page."""

from flow.check import main_thread_queue
from flow.check.main_thread_queue import Tabs


def test_tabs_that_close_or_fall_silent_are_closed():
    now = [0.0]
    tabs = Tabs(lambda: now[0])
    now[0] = 600
    assert not tabs.are_closed  # nobody has come yet: the address may still be on its way
    tabs.heard("one")
    tabs.heard("two")
    tabs.closed("one")
    now[0] += main_thread_queue.CLOSED_S + 1
    assert not tabs.are_closed
    tabs.closed("two")
    assert not tabs.are_closed  # it may only have been loaded anew
    tabs.heard("three")
    now[0] += main_thread_queue.CLOSED_S + 1
    assert not tabs.are_closed
    now[0] += main_thread_queue.SILENCE_S
    assert tabs.are_closed


def test_nobody_is_waited_for_for_ever():
    now = [0.0]
    tabs = Tabs(lambda: now[0])
    now[0] = main_thread_queue.NOBODY_S + 1
    assert tabs.are_closed


def test_a_browser_that_another_page_sends_here_may_be_slow():
    """The camera page leads back; the work that it was ends just then, which counts silence anew."""
    now = [0.0]
    tabs = Tabs(lambda: now[0])
    tabs.heard("one")
    tabs.closed("one")
    tabs.expect()
    tabs.reset()
    now[0] += main_thread_queue.COMING_S
    assert not tabs.are_closed
    now[0] += main_thread_queue.CLOSED_S + 1
    assert tabs.are_closed
