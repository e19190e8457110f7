"""The check page in a real browser: looked at, corrected, undone, accepted, harvested and learned from; and what then
lies where is compared image by image. With CHECK_SHOTS=FOLDER it leaves screenshots to be looked at."""

import json
import time

import pytest

import config as cfg
from flow.base import files
from flow.commands.check import StepDone
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import PERSON, WHOLE_FOLDER
from tests.check.browser import WAIT_S, ActionChains, Keys, Page, chromium, keep_screenshot
from tests.check.places import lies
from tests.check.serving import program, served
from tests.conftest import PER_LABEL
from tests.faults import world
from tests.terminal import Terminal, run

TRAIN = ("--images-min", str(PER_LABEL), "--steps", "100")
MARKED = "[state.focused, [...state.marked]]"


@pytest.fixture(autouse=True)
def settings_back():
    before = cfg.path_to_tf_files
    yield
    cfg.path_to_tf_files = before


def test_the_whole_story(sorted_home):
    home = sorted_home
    before = lies(home)
    to_check = {files.sha256_of(p) for p in (home / "testing_photos/robots").glob("sorted_*/*/*.jpg")}
    expected: dict[str, str] = {}
    with program("robots", "check", *TRAIN, "--tf-files", str(home)) as (process, address), chromium() as browser:
        page = Page(browser)
        browser.get(address)
        page.until(lambda: page.all(".tile img"), "the first image")
        page.open(address)
        loaded = "return [...document.querySelectorAll('.tile img')].map(i => i.naturalWidth)"
        page.until(lambda: all(browser.execute_script(loaded)), "images")
        assert "token" not in browser.current_url and browser.get_cookies()[0]["httpOnly"]
        keep_screenshot(browser, "1_first")

        # Three are wrong; the third was a slip of the finger.
        first = page.images()
        guess = first[0]["guess"]
        labels = page.state("state.labels")
        other = next(i for i, label in enumerate(labels) if label != guess)
        assert page.text("#accepts") == f"accept {len(first)} as {guess}" and "1 image" in page.text("#acts")
        for n in range(3):
            assert page.state("state.focused") == n  # the next one is selected, and shown
            page.press(str(other + 1))
            page.wait_for_message(f"1 now {labels[other]}.")
            page.until(lambda n=n: lies(home)[first[n]["sha256"]] == labels[other], "the move")
        page.press("u")
        page.wait_for_message("1 undone.")
        assert page.state("state.focused") == 2 and lies(home)[first[2]["sha256"]] == before[first[2]["sha256"]]
        expected |= {image["sha256"]: labels[other] for image in first[:2]}
        keep_screenshot(browser, "2_corrected")

        # Several at once: shift marks a run, and a key acts on what is marked and on nothing else.
        assert len(first) > 4
        page.press((Keys.SHIFT, Keys.ARROW_RIGHT))
        assert "2 marked images" in page.text("#acts") and "leave 2" in page.text("#accepts")
        keep_screenshot(browser, "3_marked")
        page.press(Keys.ESCAPE)
        page.press("z")
        loaded = "return document.getElementById('image').naturalWidth"
        page.until(lambda: page.all("#scores li") and browser.execute_script(loaded), "large")
        assert "this one image" in page.text("#acts")
        page.until(lambda: page.all("#near img"), "similar images")
        keep_screenshot(browser, "4_large")
        page.press("z")
        page.until(lambda: page.one("#map").is_displayed(), "what the model looked at")
        assert not page.one("#image").is_displayed()
        assert "What spoke for" in page.text("#map-words") and "does not prove" in page.text("#map-words")
        assert browser.execute_script("return document.getElementById('map').naturalWidth") > 0
        keep_screenshot(browser, "4_why")
        page.press("z")
        assert not page.one("#large").is_displayed()

        expected |= {image["sha256"]: image["guess"] for image in page.accept()}
        page.wait_for_message(f"accepted as {guess}.")
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
        keep_screenshot(browser, "5_dark")
        page.resize(390, 844, touch=True)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        keep_screenshot(browser, "6_phone")
        while page.images():
            expected |= {image["sha256"]: image["guess"] for image in page.accept()}
        assert expected.keys() == to_check
        assert lies(home) == before | expected  # every image, and no other

        # All is checked: ENTER harvests and retrains.
        keep_screenshot(browser, "7_end")
        right = sum(before[sha].split(cfg.under_name)[0] == label for sha, label in expected.items())
        assert f"{right} of {len(expected)}" in page.text("#end")
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: page.all("#end a"), "the report")
        keep_screenshot(browser, "8_verdict")
        assert "on the same" in page.text("#end .verdict")
        report = page.one("#end a").get_attribute("href")
        script = "fetch(arguments[0]).then(answer => answer.text()).then(arguments[1])"
        assert "RoboFlow model report" in browser.execute_async_script(script, report)
        take = page.all("#end a")[1]
        assert take.text == "Take it with you" and take.get_attribute("href") == f"{report}#take"
        assert 'id="take"' in browser.execute_async_script(script, report)
        assert page.problems() == []
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == ""
    accepted = f"{len(expected) - 2} predictions accepted"
    assert f"checked {len(expected)} images: {accepted}, 2 labelled by you; harvested" in out
    assert lies(home) == before | expected
    cfg.path_to_tf_files = str(home)
    with open_catalogue("robots") as catalogue:
        known = catalogue.labels()
    assert {sha: (known[sha].label, known[sha].given_by, known[sha].sampling) for sha in expected} == {
        sha: (label, PERSON, WHOLE_FOLDER) for sha, label in expected.items()
    }
    assert len(list((home / "training_summaries/robots").iterdir())) == 2


def test_after_a_training_the_report_and_the_suspects(sorted_home):
    """Three drawn robots lie among the built ones: the new model doubts them, and the page offers to look at them."""
    training = sorted_home / "training_photos/robots"
    wrong = files.images_in(training / "drawn")[:3]
    for path in wrong:
        path.rename(training / "built" / path.name)
    names = {path.name for path in wrong}
    with (
        program("robots", "check", *TRAIN, "--tf-files", str(sorted_home)) as (process, address),
        chromium() as browser,
    ):
        page = Page(browser)
        page.open(address)
        while page.images():
            page.accept()
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: page.all("#end a"), "the report")
        assert "that may be mislabelled" in page.text("#end .buttons")

        # The report opens beside; back here ENTER does what the main button says.
        page.one("#end a").click()
        page.until(lambda: len(browser.window_handles) == 2, "the report's tab")
        browser.switch_to.window(browser.window_handles[1])
        page.until(lambda: "RoboFlow model report" in browser.page_source, "the report")
        browser.switch_to.window(browser.window_handles[0])
        assert browser.switch_to.active_element == page.one("#end button.main")

        next(b for b in page.all("#end button") if "may be mislabelled" in b.text).click()
        page.until(lambda: page.state("state.page && state.page.kind") == "suspects", "the suspects")
        keep_screenshot(browser, "9_suspects")
        page.wait_until_seen()
        assert page.text("#title") == "In the wrong folder?" and "may be mislabelled" in page.text("#sub")
        suspects = page.images()
        assert names & {image["name"] for image in suspects}
        key = str(page.state("state.labels").index("drawn") + 1)
        for n, image in enumerate(suspects):
            assert page.state("state.focused") == n
            page.press(key if image["name"] in names else "x")
            page.until(lambda n=n: all(one["state"] for one in page.images()[n : n + 1]), "the label")
        page.until(lambda: "retrain with this" in page.text("#end"), "the end")
        assert {path.name for path in wrong if (training / "drawn" / path.name).exists()} == names & {
            image["name"] for image in suspects
        }
        assert page.problems() == []
        next(b for b in page.all("#end button") if b.text == "done for now").click()
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == "" and "harvested" in out


def test_enter_after_the_report_does_what_the_main_button_says(root):
    """The link has the focus once it was clicked, and would open the report once more."""
    report = root / "report.html"
    report.write_text("<p>RoboFlow model report</p>")
    done = StepDone("done", verdict="Better.", report=report)
    with served(do=lambda _step: done) as site, chromium() as browser:
        page = Page(browser)
        page.open(site.address)
        while page.images():
            page.accept()
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: page.all("#end a"), "the report")
        assert page.text("#end button.main").split()[-1] == "done"
        page.one("#end a").click()
        page.until(lambda: len(browser.window_handles) == 2, "the report's tab")
        browser.switch_to.window(browser.window_handles[0])
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        assert len(browser.window_handles) == 2  # it was not opened once more


def test_mouse_and_touch_do_it_too(sorted_home):
    with program("robots", "check", "--tf-files", str(sorted_home)) as (process, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        tiles = page.all(".tile")

        def act() -> ActionChains:
            return ActionChains(browser)

        def draw_frame() -> None:
            chain = act().move_to_element_with_offset(tiles[1], 30, 30).click_and_hold()
            chain.move_to_element_with_offset(tiles[3], 10, 40).release().perform()

        act().click(tiles[1]).perform()
        assert page.state(MARKED) == [1, []]
        act().key_down(Keys.CONTROL).click(tiles[3]).key_up(Keys.CONTROL).perform()
        assert page.state("[...state.marked]") == [1, 3]
        act().click(tiles[0]).key_down(Keys.SHIFT).click(tiles[2]).key_up(Keys.SHIFT).perform()
        assert page.state("[...state.marked]") == [0, 1, 2]
        draw_frame()
        assert page.state("[...state.marked]") == [1, 2, 3]
        act().double_click(tiles[2]).perform()
        assert page.state("state.large") and page.state("state.focused") == 2
        page.one("#close").click()
        draw_frame()
        hashes = [image["sha256"] for image in page.images()]
        labels = page.state("state.labels")
        guess = page.images()[0]["guess"]
        chip = next(c for c in page.all("#labels button") if c.get_attribute("data-label") != guess)
        label = chip.get_attribute("data-label")
        chip.click()
        page.wait_for_message(f"3 now {label}.")
        assert [lies(sorted_home)[h] for h in hashes[1:4]] == [label] * 3 and label in labels
        page.one("#undo").click()
        page.wait_for_message("3 undone.")

        page.resize(390, 844, touch=True)
        tiles = page.all(".tile")
        for tile in tiles[:2]:
            spot = tile.rect
            at = [{"x": spot["x"] + 20, "y": spot["y"] + 20}]
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
            browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        page.until(lambda: page.state("[...state.marked]") == [0, 1], "two marks")
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
        page.until(lambda: page.state("state.large"), "large")
        browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert page.problems() == []
        browser.get("about:blank")  # the tab is closed
        assert process.wait(WAIT_S) == 0


def test_what_a_screen_reader_hears(sorted_home):
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        first = page.one(".tile")
        guess = page.images()[0]["guess"]
        n = len(page.images())
        assert first.accessible_name.startswith(f"1 of {n}: {guess}, score 9") and first.aria_role == "option"
        assert browser.switch_to.active_element == first and first.get_attribute("aria-selected") == "true"
        nameless = browser.execute_script(
            "return [...document.querySelectorAll('button, input, [role=listbox], [role=toolbar], [role=progressbar]')]"
            ".filter(e => !(e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.id)"
        )
        assert nameless == []
        assert page.one("#message").get_attribute("aria-live") == "polite"


def test_many_labels_are_picked_by_their_first_letters(sorted_home):
    for label in ("apple", "cherry", "fig", "grape", "kiwi", "lemon", "mango", "melon", "zucchini"):
        (sorted_home / "training_photos/robots" / label).mkdir()
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        sha = page.images()[0]["sha256"]
        page.press("m", "e", Keys.ENTER)
        page.wait_for_message("1 now melon.")
        assert lies(sorted_home)[sha] == "melon" and page.state("state.focused") == 1
        assert page.images()[1]["state"] == ""
        page.press("/", "z", Keys.ENTER)
        page.wait_for_message("1 now zucchini.")


def test_a_label_that_is_a_trap_is_only_text(sorted_home):
    trap = "<img src=x onerror=document.title='caught'>"
    (sorted_home / "training_photos/robots" / trap).mkdir()
    with program("robots", "check", "--tf-files", str(sorted_home)) as (_, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        page.press("1")
        page.wait_for_message(f"1 now {trap}.")
        assert trap in [c.text.split("\n")[-1] for c in page.all("#labels button")]
        assert browser.title == "robots · check" and page.problems() == []


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
        page.until(lambda: "1 " in page.text("#message"), "an answer")
    assert len({k for k, v in lies(sorted_home).items() if before[k] != v}) <= 1


def test_the_page_notices_that_the_run_has_ended(tf_files):
    cfg.path_to_tf_files = str(world.fresh(world.to_check))
    with chromium() as browser:
        page = Page(browser)
        with served() as site:
            page.open(site.address)
            page.press("1")
            page.wait_for_message("1 now")
        page.until(lambda: "The run has ended." in page.text("#end"), "word of the end")  # nobody pressed a key
        assert "Everything you did is saved." in page.text("#end") and not page.one("#deck").is_displayed()


def test_ctrl_c_and_the_lock_and_nobody_there(sorted_home):
    """Ctrl-C ends it well; a second one says who is at work; without a terminal it wants --no-browser."""
    quiet = {name: "" for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "SSH_CONNECTION")}
    with Terminal("robots", "check", "--tf-files", str(sorted_home), **quiet) as t:
        t.expect("http://127.0.0.1:")
        second = run("robots", "check", "--no-browser", "--tf-files", str(sorted_home))
        assert second.returncode == 11 and "Your check page of robots is open at http://127.0.0.1:" in second.stderr
        assert "token" not in second.stderr
        time.sleep(0.5)
        t.press(b"\x03")
        assert t.ended() == 0
        assert "checked 0 images" in t.screen
    alone = run("robots", "check", "--tf-files", str(sorted_home))
    assert alone.returncode == 2 and "--no-browser" in alone.stderr
    over_ssh = {**quiet, "SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}
    with Terminal("robots", "check", "--tf-files", str(sorted_home), **over_ssh) as t:
        t.expect("ssh -L ")
        t.expect("@10.0.0.2")
        t.press(b"\x03")
        assert t.ended() == 0
    log = (sorted_home / "logs/robots.log").read_text()
    assert "token=" not in log


def test_nothing_to_check_is_said(home):
    done = run("robots", "check", "--no-browser", "--tf-files", str(home))
    assert done.returncode == 10 and "robots has no sorted images to check" in done.stderr
    facts = json.loads(run("robots", "check", "--no-browser", "--json", "--tf-files", str(home)).stdout)
    assert facts["exit"] == 10
