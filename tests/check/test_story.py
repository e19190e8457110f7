"""The check page in a real browser: looked at, corrected, undone, accepted, harvested and learned from; and what then
lies where is compared picture by picture. With CHECK_SHOTS=FOLDER it leaves screenshots to be looked at."""

import json
import time
from pathlib import Path

import pytest

import config as cfg
from flow.base import files
from flow.check import opening
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import PERSON, WHOLE_FOLDER
from tests.check.serving import chromium, keep_picture, program, resized, served
from tests.conftest import PER_LABEL
from tests.faults import world
from tests.terminal import Terminal, run

selenium = pytest.importorskip("selenium", reason="skipped: no selenium")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

TRAIN = ("--images-min", str(PER_LABEL), "--steps", "100")
WAIT_S = 20


class Page:
    """The page as a person has it in front."""

    def __init__(self, browser):
        self.browser = browser

    def open(self, address: str) -> None:
        """Go there, and wait until the page has found its size."""
        self.browser.get(address)
        self.until(lambda: self.all(".tile"), "pictures")
        now, before = self.state("state.page.id"), ""
        while now != before:
            time.sleep(0.3)
            now, before = self.state("state.page.id"), now

    def one(self, selector: str):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.one(selector).text

    def press(self, *keys: str) -> None:
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

    def until(self, true, what: str):
        end = time.monotonic() + WAIT_S
        while not (found := true()):
            assert time.monotonic() < end, f"{what} never came; the page says {self.text('body')!r}"
            time.sleep(0.03)
        return found

    def says(self, words: str) -> None:
        self.until(lambda: words in self.text("#said"), words)

    def shown(self) -> list[dict]:
        """The pictures of the page as its own state has them."""
        script = "return import('/page/state.js').then(m => m.state.page ? m.state.page.pictures : [])"
        return self.browser.execute_script(script)

    def state(self, name: str):
        return self.browser.execute_script(f"return import('/page/state.js').then(({{ state }}) => {name})")

    def accept(self) -> list[dict]:
        """ENTER on the page, once the eyes had time; what was open on it."""
        opened = [p for p in self.shown() if p["state"] == ""]
        before = self.state("state.page.id")
        time.sleep(1.05 if self.state("state.ledOn") else 0.35)
        self.press(Keys.ENTER)
        self.until(lambda: self.state("state.page ? state.page.id : ''") != before, "the next page")
        return opened

    def has_seen_no_trouble(self) -> bool:
        return self.browser.get_log("browser") == []


def lies(home: Path) -> dict[str, str]:
    """Content hash -> the folder it lies in, of what was sorted and is in training."""
    places = [*(home / "testing_photos/robots").glob("sorted_*/*"), *(home / "training_photos/robots").iterdir()]
    return {files.sha256_of(p): f.name for f in places if f.is_dir() for p in files.images_in(f)}


def test_the_whole_story(sorted_home):
    home = sorted_home
    before = lies(home)
    waiting = {files.sha256_of(p) for p in (home / "testing_photos/robots").glob("sorted_*/*/*.jpg")}
    expected: dict[str, str] = {}
    with program("robots", "check", *TRAIN, "--tf-files", str(home)) as (process, address), chromium() as browser:
        page = Page(browser)
        browser.get(address)
        page.until(lambda: page.all(".tile img"), "the first picture")
        page.open(address)
        page.until(
            lambda: all(
                browser.execute_script("return [...document.querySelectorAll('.tile img')].map(i => i.naturalWidth)")
            ),
            "pictures",
        )
        assert "token" not in browser.current_url and browser.get_cookies()[0]["httpOnly"]
        keep_picture(browser, "1_first")

        # Three are wrong; the third was a slip of the finger.
        first = page.shown()
        guess = first[0]["guess"]
        labels = page.state("state.labels")
        other = next(i for i, label in enumerate(labels) if label != guess)
        assert page.text("#accepts") == f"accept {len(first)} as {guess}" and "1 picture" in page.text("#acts")
        for n in range(3):
            assert page.state("state.here") == n  # the next one is selected, and shown
            page.press(str(other + 1))
            page.says(f"1 now {labels[other]}.")
            page.until(lambda n=n: lies(home)[first[n]["sha256"]] == labels[other], "the move")
        page.press("u")
        page.says("1 undone.")
        assert page.state("state.here") == 2 and lies(home)[first[2]["sha256"]] == before[first[2]["sha256"]]
        expected |= {p["sha256"]: labels[other] for p in first[:2]}
        keep_picture(browser, "2_corrected")

        # Several at once: shift marks a run, and a key acts on what is marked and on nothing else.
        if len(first) > 5:
            page.press(Keys.SHIFT + Keys.ARROW_RIGHT)
            assert "2 marked pictures" in page.text("#acts") and f"leave {2}" in page.text("#accepts")
            keep_picture(browser, "3_marked")
            page.press(Keys.ESCAPE)
        page.press("z")
        page.until(
            lambda: (
                page.all("#scores li")
                and browser.execute_script("return document.getElementById('picture').naturalWidth")
            ),
            "large",
        )
        assert "this one picture" in page.text("#acts")
        page.until(lambda: page.all("#near img"), "look-alikes")
        keep_picture(browser, "4_large")
        page.press("z")

        expected |= {p["sha256"]: p["guess"] for p in page.accept()}
        page.says(f"accepted as {guess}.")
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        )
        assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        keep_picture(browser, "5_dark")
        resized(browser, 390, 844, touch=True)
        page.until(lambda: browser.execute_script("return innerWidth") == 390, "phone width")
        time.sleep(0.5)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        keep_picture(browser, "6_phone")
        while page.shown():
            expected |= {p["sha256"]: p["guess"] for p in page.accept()}
        assert expected.keys() == waiting
        assert lies(home) == before | expected  # every picture, and no other

        # All is looked at: ENTER harvests and retrains.
        keep_picture(browser, "7_end")
        right = sum(before[sha].split(cfg.under_name)[0] == label for sha, label in expected.items())
        assert f"{right} of {len(expected)}" in page.text("#end")
        page.press(Keys.ENTER)
        page.until(lambda: page.all("#end a"), "the report")
        keep_picture(browser, "8_verdict")
        assert "on the same" in page.text("#end .verdict")
        report = page.one("#end a").get_attribute("href")
        script = "fetch(arguments[0]).then(answer => answer.text()).then(arguments[1])"
        assert "RoboFlow model report" in browser.execute_async_script(script, report)
        assert page.has_seen_no_trouble()
        page.press(Keys.ENTER)
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == ""
    assert (
        f"checked {len(expected)} pictures: {len(expected) - 2} as the robot had them, 2 with another label; harvested"
        in out
    )
    assert lies(home) == before | expected
    cfg.path_to_tf_files = str(home)
    with open_catalogue("robots") as catalogue:
        known = catalogue.labels()
    assert {sha: (known[sha].label, known[sha].given_by, known[sha].came) for sha in expected} == {
        sha: (label, PERSON, WHOLE_FOLDER) for sha, label in expected.items()
    }
    assert len(list((home / "training_summaries/robots").iterdir())) == 2


@pytest.fixture(autouse=True)
def settings_back():
    before = cfg.path_to_tf_files
    yield
    cfg.path_to_tf_files = before


def test_mouse_and_touch_do_it_too(sorted_home):
    with program("robots", "check", "--tf-files", str(sorted_home)) as (process, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        tiles = page.all(".tile")
        act = lambda: ActionChains(browser)  # noqa: E731
        act().click(tiles[1]).perform()
        assert page.state("[state.here, [...state.marks]]") == [1, []]
        act().key_down(Keys.CONTROL).click(tiles[3]).key_up(Keys.CONTROL).perform()
        assert page.state("[...state.marks]") == [1, 3]
        act().click(tiles[0]).key_down(Keys.SHIFT).click(tiles[2]).key_up(Keys.SHIFT).perform()
        assert page.state("[...state.marks]") == [0, 1, 2]
        act().move_to_element_with_offset(tiles[1], 30, 30).click_and_hold().move_to_element_with_offset(
            tiles[3], 10, 40
        ).release().perform()
        assert page.state("[...state.marks]") == [1, 2, 3]
        act().double_click(tiles[2]).perform()
        assert page.state("state.large") and page.state("state.here") == 2
        page.one("#close").click()
        act().move_to_element_with_offset(tiles[1], 30, 30).click_and_hold().move_to_element_with_offset(
            tiles[3], 10, 40
        ).release().perform()
        hashes = [p["sha256"] for p in page.shown()]
        labels = page.state("state.labels")
        guess = page.shown()[0]["guess"]
        chip = next(c for c in page.all("#labels button") if c.get_attribute("data-label") != guess)
        label = chip.get_attribute("data-label")
        chip.click()
        page.says(f"3 now {label}.")
        assert [lies(sorted_home)[h] for h in hashes[1:4]] == [label] * 3 and label in labels
        page.one("#undo").click()
        page.says("3 undone.")

        resized(browser, 390, 844, touch=True)
        time.sleep(0.6)
        tiles = page.all(".tile")
        for tile in tiles[:2]:
            spot = tile.rect
            at = [{"x": spot["x"] + 20, "y": spot["y"] + 20}]
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.until(lambda: page.state("[...state.marks]") == [0, 1], "two marks")
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
        page.until(lambda: page.state("state.large"), "large")
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert page.has_seen_no_trouble()
        browser.get("about:blank")  # the tab goes away
        assert process.wait(WAIT_S) == 0


def test_what_a_screen_reader_hears(sorted_home):
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        first = page.one(".tile")
        guess = page.shown()[0]["guess"]
        n = len(page.shown())
        assert first.accessible_name.startswith(f"1 of {n}: {guess}, score 9") and first.aria_role == "option"
        assert browser.switch_to.active_element == first and first.get_attribute("aria-selected") == "true"
        nameless = browser.execute_script(
            "return [...document.querySelectorAll('button, input, [role=listbox], [role=toolbar], [role=progressbar]')]"
            ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.id)"
        )
        assert nameless == []
        assert page.one("#said").get_attribute("aria-live") == "polite"


def test_many_labels_are_picked_by_their_first_letters(sorted_home):
    for label in ("apple", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "melon", "zucchini"):
        (sorted_home / "training_photos/robots" / label).mkdir()
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        sha = page.shown()[0]["sha256"]
        page.press("m", "e", Keys.ENTER)
        page.says("1 now melon.")
        assert lies(sorted_home)[sha] == "melon" and page.state("state.here") == 1 and page.shown()[1]["state"] == ""
        page.press("/", "z", Keys.ENTER)
        page.says("1 now zucchini.")


def test_a_label_that_is_a_trap_is_only_text(sorted_home):
    trap = "<img src=x onerror=document.title='caught'>"
    (sorted_home / "training_photos/robots" / trap).mkdir()
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        page.press("1")
        page.says(f"1 now {trap}.")
        assert trap in [c.text.split("\n")[-1] for c in page.all("#labels button")]
        assert browser.title == "robots · check" and page.has_seen_no_trouble()


def test_another_page_and_another_tab_cannot_do_anything(sorted_home, tmp_path):
    """A page of somebody else's in the same browser, which has the cookie: it is neither sent nor believed."""
    before = lies(sorted_home)
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        host = address.split("/?")[0]
        evil = tmp_path / "evil.html"
        evil.write_text(f"""<form method=post enctype=text/plain action={host}/api/done><input name='{{"a":"' value='"}}'></form>
            <iframe src={host}/></iframe><img src={host}/page/icon.svg onload="document.title='seen'"><script>document.title='evil';
            fetch('{host}/api/done', {{method: 'POST', credentials: 'include', body: '{{}}'}}).catch(() => 0)</script>""")
        browser.switch_to.new_window("tab")
        browser.get(evil.as_uri())
        time.sleep(0.5)
        assert browser.title == "evil"
        browser.execute_script("document.forms[0].submit()")
        time.sleep(0.5)
        assert "belongs to a RoboFlow run" in page.text("body")
        browser.switch_to.window(browser.window_handles[0])
        page.press("1")
        page.until(lambda: "1 " in page.text("#said"), "an answer")
    assert len({k for k, v in lies(sorted_home).items() if before[k] != v}) <= 1


def test_the_page_notices_that_the_run_has_ended(tf_files):
    cfg.path_to_tf_files = str(world.fresh(world.to_check))
    with chromium() as browser:
        page = Page(browser)
        with served() as site:
            page.open(site.address)
            page.press("1")
            page.says("1 now")
        page.until(lambda: "The run has ended." in page.text("#end"), "word of the end")  # nobody pressed a key
        assert "Everything you did is saved." in page.text("#end") and not page.one("#deck").is_displayed()


def test_an_enter_for_the_page_before_does_not_begin_the_harvest(tf_files):
    """A label for the last pictures leads to the end by itself, and the ENTER that hands are used to comes too late."""
    cfg.path_to_tf_files = str(world.fresh(world.to_check))
    with served() as site, chromium() as browser:
        page = Page(browser)
        page.open(site.address)
        while page.shown():
            before = page.state("state.page.id")
            page.press((Keys.CONTROL, "a"), "1")
            page.until(lambda before=before: page.state("state.page ? state.page.id : ''") != before, "the next page")
        page.until(lambda: page.all("#end button.main"), "the end")
        page.press(Keys.ENTER)
        time.sleep(1.1)
        assert site.done == [] and "That was everything" in page.text("#end")
        page.press(Keys.ENTER)
        page.until(lambda: site.done == ["harvest", "retrain"], "the harvest")


def test_nor_does_it_accept_a_page_that_nobody_has_seen(sorted_home):
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        first = page.state("state.page.id")
        page.press((Keys.CONTROL, "a"), "1")
        page.until(lambda: page.state("state.page.id") != first, "the next page")
        second = page.state("state.page.id")
        time.sleep(0.4)  # longer than a page waits that an ENTER has led to
        page.press(Keys.ENTER)
        time.sleep(1.1)
        assert page.state("state.page.id") == second and {p["state"] for p in page.shown()} == {""}
        assert page.accept() and page.state("state.page ? state.page.id : ''") != second


def test_ctrl_c_and_the_lock_and_nobody_there(sorted_home):
    """Ctrl-C ends it well; a second one says who is at work; without a terminal it wants --no-browser."""
    quiet = {name: "" for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION")}
    with Terminal("robots", "check", "--tf-files", str(sorted_home), **quiet) as t:
        t.expect("http://127.0.0.1:")
        second = run("robots", "check", "--no-browser", "--tf-files", str(sorted_home))
        assert second.returncode == 11 and "check" in second.stderr
        time.sleep(0.5)
        t.press(b"\x03")
        assert t.ended() == 0
        assert "checked 0 pictures" in t.screen
    alone = run("robots", "check", "--tf-files", str(sorted_home))
    assert alone.returncode == 2 and "--no-browser" in alone.stderr
    with Terminal(
        "robots", "check", "--tf-files", str(sorted_home), **{**quiet, "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
    ) as t:
        t.expect("ssh -L ")
        t.expect("@10.0.0.2")
        t.press(b"\x03")
        assert t.ended() == 0
    log = (sorted_home / "logs/robots.log").read_text()
    assert "token=" not in log


def test_the_browser_is_led_in_by_a_file_that_only_its_owner_reads(tmp_path, monkeypatch):
    """The secret stands in no program's arguments."""
    seen, browser, way_in = tmp_path / "seen", tmp_path / "browser", tmp_path / "logs/robots_check.html"
    browser.write_text(
        f'#!/bin/sh\n{{ echo "$@"; stat -c %a {way_in}; cat {way_in}; }} > {seen}.part\nmv {seen}.part {seen}\n'
    )
    browser.chmod(0o755)
    monkeypatch.setattr(opening, "IN_CONTAINER", ())
    monkeypatch.setenv("BROWSER", str(browser))
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    with opening.opened("http://127.0.0.1:5/?token=secret", way_in, True):
        end = time.monotonic() + WAIT_S
        while not seen.exists() and time.monotonic() < end:
            time.sleep(0.05)
        arguments, mode, *page = seen.read_text().splitlines()
        assert "secret" not in arguments and mode == "600" and "token=secret" in "".join(page)
    assert not way_in.exists()


def test_nothing_to_check_is_said(home):
    done = run("robots", "check", "--no-browser", "--tf-files", str(home))
    assert done.returncode == 10 and "Nothing of robots waits" in done.stderr
    facts = json.loads(run("robots", "check", "--no-browser", "--json", "--tf-files", str(home)).stdout)
    assert facts["exit"] == 10
