"""A real Chromium, and the check page as a person has it in front."""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest

selenium = pytest.importorskip("selenium", reason="skipped: no selenium")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

WAIT_S = 20
RESIZED_S = 0.5  # a page is cut anew a moment after the window has changed (RESIZED_MS in app.js)
IS_SEEN = """
return Promise.all([import("/page/state.js"), import("/page/api.js"), import("/page/keys.js")]).then(
  ([{ state }, { waiting }, { UNSEEN_MS }]) =>
    !state.locked && waiting() === 0 && performance.now() - state.shownAt > UNSEEN_MS
);
"""


class Page:
    """The check page in a browser."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, address: str) -> None:
        """Go there, and wait until the page has found its size."""
        self.browser.get(address)
        self.until(lambda: self.all(".tile"), "images")
        now, before = self.state("state.page.id"), ""
        while now != before:
            time.sleep(0.3)
            now, before = self.state("state.page.id"), now
        self.wait_until_seen()

    def resize(self, width: int, height: int, touch: bool = False) -> None:
        """Another window, or a telephone; the page finds its size anew and waits until that was seen."""
        resized(self.browser, width, height, touch)
        self.until(lambda: self.browser.execute_script("return innerWidth") == width, "the width")
        time.sleep(RESIZED_S)
        self.wait_until_seen()

    def wait_until_seen(self) -> None:
        """Until everything is answered, and what came then has been on the screen for as long as keys are ignored."""
        self.until(lambda: self.browser.execute_script(IS_SEEN), "a page that takes keys")

    def one(self, selector: str):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def press(self, *keys: str | tuple[str, ...]) -> None:
        """Each of `keys`, as a keyboard does: to whatever has the focus when it comes. Of a key of several all but the
        last are held."""
        for key in keys:
            chain = ActionChains(self.browser)
            for held in key[:-1]:
                chain.key_down(held)
            chain.send_keys(key[-1])
            for held in key[:-1]:
                chain.key_up(held)
            chain.perform()

    def drag(self, selector: str, onto: str) -> None:
        """With the mouse, from one element to another."""
        start, end = self.one(selector), self.one(onto)
        ActionChains(self.browser).click_and_hold(start).move_by_offset(9, 3).move_to_element(end).release().perform()

    def raw_key(self, key: str, code: str, repeat: bool = False, modifiers: int = 0) -> None:
        """One key-down event as the keyboard sends it, with what ActionChains cannot say: Caps Lock, or a held key."""
        text = {"Enter": "\r"}.get(key, key)
        event = {"key": key, "code": code, "text": text, "autoRepeat": repeat, "modifiers": modifiers}
        self.browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", **event})

    def raw_key_up(self, key: str, code: str) -> None:
        self.browser.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "code": code})

    def until(self, true, what: str, seconds: float = WAIT_S):
        end = time.monotonic() + seconds
        while not (found := true()):
            assert time.monotonic() < end, f"{what} never came; the page says {self.text('body')!r}"
            time.sleep(0.03)
        return found

    def wait_for_message(self, words: str) -> None:
        self.until(lambda: words in self.text("#message"), words)

    def images(self) -> list[dict]:
        """The images of the page as its own state has them."""
        script = "return import('/page/state.js').then(m => m.state.page ? m.state.page.images : [])"
        return self.browser.execute_script(script)

    def state(self, expression: str):
        return self.browser.execute_script(f"return import('/page/state.js').then(({{ state }}) => {expression})")

    def id(self) -> str:
        """Of the page that is shown; empty at the end."""
        return self.state("state.page ? state.page.id : ''")

    def accept(self) -> list[dict]:
        """ENTER on the page, once the eyes had time; what was open on it."""
        opened = [image for image in self.images() if image["state"] == ""]
        before = self.id()
        self.wait_until_seen()
        self.press(Keys.ENTER)
        self.until(lambda: self.id() != before, "the next page")
        return opened

    def name_label(self, name: str, last: str = Keys.ENTER) -> None:
        """Type a label's name into the little window that a slash opens."""
        self.press("/")
        self.until(lambda: self.one("#picker").get_attribute("open") is not None, "room for a name")
        self.press(*name, last)

    def press_label(self, truth: dict[str, str], n: int) -> None:
        """The key for what an image of the page is, or its name where it has no key yet; until the page shows it.

        Args:
            truth: content hash -> what the image is.
        """
        label, labels, before = truth[self.images()[n]["sha256"]], self.state("state.labels"), self.id()
        if self.state("state.focused") != n:
            self.all(".tile")[n].click()
        if label == "not":
            self.press("n")
        elif label in labels:
            self.press(str(labels.index(label) + 1))
        else:
            self.name_label(label)
        self.until(
            lambda: (
                self.id() != before
                or (self.images()[n]["label"] == label and self.state("state.labels").count(label) == 1)
            ),
            label,
        )

    def problems(self) -> list[str]:
        """What the browser had to complain of since this was asked last."""
        return [entry["message"] for entry in self.browser.get_log("browser")]


@contextlib.contextmanager
def chromium(width: int = 1280, height: int = 800):
    """A headless browser with one empty window that knows nothing; the test is skipped, plainly, where there is none."""
    if not (_binary() and shutil.which("chromedriver")):
        pytest.skip("skipped: no chromium")
    browser = _started()
    resized(browser, width, height)
    try:
        yield browser
    finally:
        _forget_all(browser)


@contextlib.contextmanager
def chromium_with_camera(film: Path | None, is_asked: bool = False, width: int = 1280, height: int = 800):
    """A browser of its own whose camera plays a film.

    Args:
        film: see `camera_film.write_mjpeg`; None = there is no camera.
        is_asked: the person is asked for the camera, and nobody answers; else it is allowed at once.
    """
    if not (_binary() and shutil.which("chromedriver")):
        pytest.skip("skipped: no chromium")
    flags = [] if is_asked else ["use-fake-ui-for-media-stream"]
    if film:
        flags += ["use-fake-device-for-media-stream", f"use-file-for-fake-video-capture={film}"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = _new_browser(profile, *flags)
        resized(browser, width, height)
        try:
            yield browser
        finally:
            browser.quit()


def _binary() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@functools.cache
def _started():
    """One for all tests of a process: three seconds of processor time each."""
    profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    browser = _new_browser(profile.name)
    atexit.register(profile.cleanup)
    atexit.register(browser.quit)
    return browser


def _new_browser(profile: str, *more: str):
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = _binary()
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        f"user-data-dir={profile}",
        *more,
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def _forget_all(browser) -> None:
    """What a test left: its windows, where they were, cookies and what was kept for an address, and what was said."""
    window = browser.window_handles[0]
    for other in browser.window_handles[1:]:
        browser.switch_to.window(other)
        browser.close()
    browser.switch_to.window(window)
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.get_log("browser")


def resized(browser, width: int, height: int, touch: bool = False) -> None:
    """The window as large as this, or as a telephone's."""
    shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": touch}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": touch})


def keep_screenshot(browser, name: str) -> None:
    """A screenshot where CHECK_SHOTS says, to be looked at."""
    wanted = os.environ.get("CHECK_SHOTS")
    if wanted:
        browser.save_screenshot(str(Path(wanted) / f"{name}.png"))
