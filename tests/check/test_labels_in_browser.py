"""Labels renamed and merged on the page, and mistakes found again by looking back, in a real browser."""

from pathlib import Path

import pytest

from flow.base import files, paths
from flow.records.open_catalogue import open_catalogue
from tests.check import pool
from tests.check.browser import Keys, Page, chromium
from tests.check.places import lies
from tests.check.serving import served


@pytest.fixture
def site(tf_files):
    """300 sorted images whose names tell the truth; the model is right about all of them."""
    pool.sorted_pool(300, wrong=0, below=0)
    with served() as open_page:
        yield open_page


@pytest.fixture
def page(site):
    with chromium() as browser:
        opened = Page(browser)
        opened.open(site.address)
        yield opened


def counts(label: str) -> int:
    folder = next(paths.testing("robots").glob("sorted_*"))
    return files.count_images(folder / label)


def test_mistakes_of_three_pages_are_found_and_mended_from_the_fifth(page, tf_files):
    """Five wrong labels on pages 1 to 3, noticed on page 5: at most 30 key presses and clicks."""
    planted: dict[str, str] = {}
    for number in range(4):
        shown = page.images()
        for image in shown[2:12:5] if number < 2 else shown[4:5] if number == 2 else []:
            truth = pool.truth_of(Path(image["name"]))
            digit = "1" if truth != page.state("state.labels[0]") else "2"
            page.one(f"[data-index='{shown.index(image)}']").click()
            page.wait_until_seen()
            page.press(digit)
            page.until(lambda sha=image["sha256"]: _state(page, sha) == "label", "the wrong label")
            planted[image["sha256"]] = truth
        page.accept()
    assert len(planted) == 5
    now = page.id()
    presses = 0

    def press(key: str) -> None:
        nonlocal presses
        page.wait_until_seen()
        page.press(key)
        presses += 1
        page.wait_until_seen()

    def turn(key: str) -> None:
        before = page.id()
        press(key)
        page.until(lambda: page.id() != before, "another page")
        page.wait_until_seen()

    turn(Keys.BACKSPACE)
    assert page.text("#title") == "What you decided"
    for _ in page.state("state.decided"):  # label by label: what is wrong stands out
        turn(Keys.BACKSPACE)
        while True:
            for index, image in enumerate(page.images()):
                truth = pool.truth_of(Path(image["name"]))
                if image["label"] != truth:
                    page.one(f"[data-index='{index}']").click()
                    presses += 1
                    press(key_of(page, truth))
                    page.until(lambda sha=image["sha256"], t=truth: lies(tf_files)[sha] == t, "the right label")
            if not page.one("#filters [data-turn='older']").is_enabled():
                break
            turn(Keys.PAGE_DOWN)
    press(Keys.ENTER)
    page.until(lambda: page.id() == now, "the page under way")
    assert presses <= 30
    assert all(lies(tf_files)[sha] == truth for sha, truth in planted.items())


def key_of(page: Page, label: str) -> str:
    labels = page.state("state.labels")
    return "n" if label == "not" else str(labels.index(label) + 1)


def _state(page: Page, sha: str) -> str:
    return next((image["state"] for image in page.images() if image["sha256"] == sha), "gone")


def test_a_name_is_typed_anew_and_u_takes_it_back(page):
    before = counts("cat")
    page.press(Keys.F2)
    page.until(lambda: page.one("#naming").get_attribute("open") is not None, "the names")
    field = page.one("#names input[data-label='cat']")
    field.click()
    page.press((Keys.CONTROL, "a"), "k", "i", "t", "t", "e", "n", Keys.ENTER)
    page.wait_for_message("Renamed cat to kitten")
    assert "kitten" in page.state("state.labels") and counts("kitten") == before and counts("cat") == 0
    page.wait_until_seen()
    page.press("u")
    page.wait_for_message("kitten is called cat again")
    assert "cat" in page.state("state.labels") and counts("cat") == before and counts("kitten") == 0


def test_a_click_on_the_title_names_that_label(page):
    label = page.text("#title")
    page.one("#title").click()
    page.until(lambda: page.one("#naming").get_attribute("open") is not None, "the names")
    assert page.browser.switch_to.active_element.get_attribute("data-label") == label
    page.press(*"fruit", Keys.ENTER)
    page.until(lambda: page.text("#title") == "fruit", "the new name over the page")
    assert {image["guess"] for image in page.images()} == {"fruit"}


def test_a_label_dropped_on_another_merges_the_two_after_a_question(page):
    cat, robots_seen = counts("cat"), counts("drawn")
    page.drag("#labels [data-label='cat']", "#labels [data-label='drawn']")
    page.until(lambda: page.one("#asking").get_attribute("open") is not None, "the question")
    assert (
        page.text("#question") == f"Merge cat into drawn? 0 training images and {cat} sorted ones of cat become drawn."
    )
    page.press(Keys.ESCAPE)
    page.until(lambda: page.one("#asking").get_attribute("open") is None, "no question")
    assert counts("cat") == cat
    page.drag("#labels [data-label='cat']", "#labels [data-label='drawn']")
    page.until(lambda: page.one("#asking").get_attribute("open") is not None, "the question")
    page.press(Keys.ENTER)
    page.wait_for_message("Merged cat into drawn")
    assert (counts("cat"), counts("drawn")) == (0, cat + robots_seen) and "cat" not in page.state("state.labels")
    page.wait_until_seen()
    page.press("u")
    page.wait_for_message("cat is a label again")
    assert (counts("cat"), counts("drawn")) == (cat, robots_seen)


def test_decisions_after_a_renaming_are_undone_before_it(page):
    one = page.images()[0]["sha256"]
    page.press(Keys.F2)
    page.until(lambda: page.one("#naming").get_attribute("open") is not None, "the names")
    page.one("#names input[data-label='cat']").click()
    page.press((Keys.CONTROL, "a"), *"kitten", Keys.ENTER)
    page.wait_for_message("Renamed cat to kitten")
    page.wait_until_seen()
    page.press("x")
    page.wait_for_message("1 set aside")
    page.press("u")
    page.wait_for_message("1 undone")
    assert _state(page, one) == "" and "kitten" in page.state("state.labels")
    page.press("u")
    page.wait_for_message("is called cat again")
    page.press("u")
    page.wait_for_message("Nothing to undo")


def test_a_name_that_cannot_be_one_is_refused_in_a_sentence(page):
    page.press(Keys.F2)
    page.until(lambda: page.one("#naming").get_attribute("open") is not None, "the names")
    page.one("#names input[data-label='cat']").click()
    page.press((Keys.CONTROL, "a"), *"../x", Keys.ENTER)
    page.until(lambda: "problem" in page.one("#message").get_attribute("class"), "why not")
    assert "cat" in page.state("state.labels") and counts("cat")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_looking_back_fits_the_window(page, width, height):
    page.accept()
    page.resize(width, height, touch=width < 500)
    page.press(Keys.BACKSPACE)
    page.until(lambda: page.text("#title") == "What you decided", "what was decided")
    page.wait_until_seen()
    script = "return document.documentElement.scrollWidth <= innerWidth && document.querySelector('#grid').clientHeight > 150"
    assert page.browser.execute_script(script)
    assert page.one("#filters").is_displayed() and not page.one("#end").is_displayed()


def test_what_is_decided_is_there_in_a_later_session(tf_files):
    pool.sorted_pool(60, wrong=0, below=0)
    with served() as site:
        shown = site.get("/api/view?count=20")[1]["page"]
        shas = [image["sha256"] for image in shown["images"]]
        site.post("accept", page=shown["id"], images=shas, later=[], count=20)
    with served() as site:
        _, view = site.get("/api/look_back?label=&skip=0&count=5")
        assert [image["state"] for image in view["page"]["images"]] == ["keep"] * 5
        assert dict(view["decided"]) == {shown["guess"]: len(shas)}
        _, rest = site.get("/api/look_back?label=&skip=5&count=5")
        seen = [image["sha256"] for one in (view, rest) for image in one["page"]["images"]]
        assert seen == shas[::-1][: len(seen)]
        wrong = seen[0]
        before = next(iter(_decision(wrong)))
        site.post("decide", page=view["page"]["id"], images=[wrong], kind="label", label="zebra", count=5)
        after = next(iter(_decision(wrong)))
        assert (after.label, after.sampling) == ("zebra", before.sampling)


def _decision(sha: str):
    with open_catalogue("robots") as catalogue:
        folder = next(paths.testing("robots").glob("sorted_*")).name
        yield catalogue.decisions_of(sha, folder)[-1]
