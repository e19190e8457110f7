"""Keys in a real browser: those that come before the person can have seen the page, held ones, and Caps Lock."""

import threading
import time

import pytest

from flow.commands.command import Message
from tests.check.browser import WAIT_S, Keys, Page, chromium
from tests.check.places import sorted_or_quarantined
from tests.check.serving import served

HANDS = """
// As soon as another page, or another end, is there, press keys again and again for a while, as fast hands do. Afterwards
// `window.early` is a list of [key, whether the browser was kept from doing what it usually does].
const [keys, forMs] = arguments;
const shown = (state) => [state.page?.id, document.querySelector('#end h2')?.textContent].join(' ');
window.early = null;
import('/page/state.js').then(({ state }) => {
  const before = shown(state), pressed = [];
  let begin = 0;
  window.handsAreReady = true;
  const timer = setInterval(() => {
    if (!begin && shown(state) === before) return;
    begin ||= performance.now();
    if (performance.now() - begin > forMs) { clearInterval(timer); window.early = pressed; return; }
    for (const key of keys) {
      const event = new KeyboardEvent('keydown', { key, code: /\\d/.test(key) ? `Digit${key}` : key, bubbles: true, cancelable: true });
      const goesOn = (document.activeElement ?? document.body).dispatchEvent(event);
      pressed.push([key, !goesOn]);
    }
  }, 15);
});
"""
ALL_KEYS = [Keys.ENTER, "1", "2", " ", "n", "x", "/", "z", "u"]
NAMES = {Keys.ENTER: "Enter"}
CAPS_LOCK_U = {"key": "U", "code": "KeyU"}


@pytest.fixture
def site(root):
    """A served page whose steps wait for `go_on` where they are to be watched."""
    go_on = threading.Event()

    def do(step: str) -> Message:
        assert go_on.wait(WAIT_S)
        return Message(f"{step} done")

    with served(do=do) as open_page:
        open_page.go_on = go_on
        try:
            yield open_page
        finally:
            go_on.set()


@pytest.fixture
def page(site):
    with chromium() as browser:
        opened = Page(browser)
        opened.open(site.address)
        yield opened


def hands_ready(page: Page, keys: list[str], for_ms: int = 320) -> None:
    """Hands that are too fast: they press `keys` as soon as the next page is there."""
    page.browser.execute_script(HANDS, [NAMES.get(key, key) for key in keys], for_ms)
    page.until(lambda: page.browser.execute_script("return window.handsAreReady"), "the hands")


def pressed_early(page: Page) -> list[list]:
    """What the hands pressed: key, and whether the browser was kept from acting on it."""
    return page.until(lambda: page.browser.execute_script("return window.early"), "the end of the pressing")


def label_whole_page(page: Page) -> None:
    """A label for all images: the page leads on to the next one by itself."""
    page.press((Keys.CONTROL, "a"), "1")


def test_keys_that_come_too_early_do_not_label_images_that_nobody_has_seen(page, site, root):
    first = page.id()
    hands_ready(page, ALL_KEYS)
    label_whole_page(page)
    pressed = pressed_early(page)
    second, places = page.id(), sorted_or_quarantined(root)
    assert {key for key, _ in pressed} == {NAMES.get(key, key) for key in ALL_KEYS}
    assert all(was_kept for _, was_kept in pressed)
    assert second != first and {image["state"] for image in page.images()} == {""}
    assert not page.state("state.large") and page.state("state.marked.size") == 0
    assert not page.one("#picker").is_displayed()
    page.wait_until_seen()
    assert sorted_or_quarantined(root) == places and page.id() == second
    page.press("1")  # the same key once it is seen
    page.until(lambda: page.images()[0]["state"] != "", "the label")


def test_nor_does_an_enter_begin_the_harvest_before_the_end_was_seen(page, site):
    while True:
        hands_ready(page, [Keys.ENTER])
        label_whole_page(page)
        pressed = pressed_early(page)
        assert pressed and all(was_kept for _, was_kept in pressed)
        if not page.images():
            break
        page.wait_until_seen()
    page.wait_until_seen()
    assert site.done == [] and "That was everything" in page.text("#end")
    site.go_on.set()
    page.press(Keys.ENTER)
    page.until(lambda: site.done == ["harvest", "retrain"], "the harvest")


def test_nor_does_an_enter_end_the_session_before_the_result_of_a_harvest_was_seen(page, site):
    """While it works ENTER does nothing; then the page changes by itself, and its main button ends the session."""
    while page.images():
        page.accept()
    page.wait_until_seen()
    next(b for b in page.all("#end button") if b.text == "only harvest").click()
    page.until(lambda: "Harvesting" in page.text("#end"), "the harvest")
    hands_ready(page, [Keys.ENTER])
    site.go_on.set()
    pressed = pressed_early(page)
    assert pressed and all(was_kept for _, was_kept in pressed)
    page.wait_until_seen()
    assert "Harvested." in page.text("#end") and site.done == ["harvest"]
    page.press(Keys.ENTER)
    page.until(lambda: "Thank you" in page.text("#end"), "goodbye")


def test_an_enter_that_is_held_down_accepts_one_page_and_begins_nothing(page, site):
    """A key that is held repeats for as long as it likes, also when the end is there."""
    while page.images():
        before = page.id()
        page.raw_key("Enter", "Enter")
        page.until(lambda before=before: page.id() != before, "the next page")
        after = page.id()
        for _ in range(10):
            time.sleep(0.06)
            page.raw_key("Enter", "Enter", repeat=True)
        page.raw_key_up("Enter", "Enter")
        assert page.id() == after
        page.wait_until_seen()
    assert page.all("#end button.main") and site.done == []


def test_a_held_digit_labels_one_image(page, root):
    n = len(page.images())
    assert n > 2
    page.raw_key("1", "Digit1")
    for _ in range(5):
        page.raw_key("1", "Digit1", repeat=True)
    page.raw_key_up("1", "Digit1")
    page.wait_for_message("1 now")
    assert [image["state"] != "" for image in page.images()] == [True] + [False] * (n - 1)


def test_caps_lock_and_u_undoes_and_shift_does_it_again(page, root):
    before = sorted_or_quarantined(root)
    page.press("x")
    page.wait_for_message("1 set aside.")
    after = sorted_or_quarantined(root)
    assert after != before
    page.raw_key("U", "KeyU")  # as with Caps Lock: a capital without shift
    page.raw_key_up("U", "KeyU")
    page.wait_for_message("1 undone.")
    assert sorted_or_quarantined(root) == before
    page.raw_key("u", "KeyU", modifiers=8)  # with Caps Lock and shift
    page.raw_key_up("u", "KeyU")
    page.wait_for_message("1 done again.")
    assert sorted_or_quarantined(root) == after


def test_a_slash_and_a_new_name_make_a_label_of_sorted_images_too(page, root):
    [first, *_] = page.images()
    page.name_label("kitten")
    page.wait_for_message("1 now kitten.")
    assert sorted_or_quarantined(root)[first["sha256"]] == "kitten"
    labels = page.state("state.labels")
    assert "kitten" in labels and "kitten" in page.text("#labels")
    assert page.state("state.focused") == 1
    page.press(str(labels.index("kitten") + 1))  # it has a key now
    page.until(lambda: page.images()[1]["label"] == "kitten", "the same label by its key")
    page.press("u", "u")
    page.until(lambda: {image["state"] for image in page.images()} == {""}, "both undone")
