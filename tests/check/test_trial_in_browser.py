"""Other ways to train are tried while a person goes on: the line above the images, in a real browser."""

from flow.commands.page_steps import StepDone
from tests.check.browser import Keys, Page, chromium, keep_screenshot
from tests.check.serving import session_served
from tests.check.trying import Trying

RETRAIN = "import('/page/actions.js').then((page) => page.actions.work(['retrain']))"
TRIED = (
    ("tried", "right of 240", "loss", "took", "result"),
    ("head", "230", "0.110", "1 s", "the simplest"),
    ("last layers", "233", "0.104", "44 s", "not clearly better"),
)


def trained(step: str) -> StepDone:
    return StepDone("retrained", verdict="A better model.", more="about a minute")


def test_a_line_above_the_images_says_how_far_it_is_and_what_it_came_to(root):
    trying = Trying(StepDone("Nothing else that was tried is clearly better, so the model stays.", tried=TRIED))
    with session_served(trained, trying) as served, chromium() as browser:
        page = Page(browser)
        page.open(served.address)
        browser.execute_script(RETRAIN)
        page.until(lambda: "try harder, about a minute" in page.text("#end"), "the offer")
        next(button for button in page.all("#end button") if "try harder" in button.text).click()
        page.until(lambda: "last layers 30 %" in page.text("#trial"), "the line")
        keep_screenshot(browser, "trial_1_under_way")
        page.wait_until_seen()
        page.accept()
        assert page.state("state.counts.kept") > 0 and "last layers 30 %" in page.text("#trial")
        trying.bar = ("last layers", 80, 100)
        page.until(lambda: "last layers 80 %" in page.text("#trial"), "more of it")
        page.resize(390, 844, touch=True)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        keep_screenshot(browser, "trial_1_phone")
        browser.refresh()
        page.until(lambda: "last layers 80 %" in page.text("#trial"), "the line, after a reload")
        page.one("#trial button").click()
        page.until(lambda: "details" in page.text("#trial"), "the outcome")
        assert trying.stopped.is_set() and "so the model stays" in page.text("#trial")
        keep_screenshot(browser, "trial_2_phone")
        page.one("#trial button").click()
        assert "The model stays." in page.text("#trial-outcome") and "right of 240" in page.text("#trial-outcome")
        keep_screenshot(browser, "trial_3_phone")
        page.press(Keys.ESCAPE)
        page.resize(1280, 800)
        page.one("#trial button").click()
        keep_screenshot(browser, "trial_3_outcome")
        page.press(Keys.ENTER)
        page.until(lambda: page.state("!document.querySelector('dialog[open]')"), "the images")
        keep_screenshot(browser, "trial_2_outcome")
        page.all("#trial button")[1].click()
        assert page.one("#trial").is_displayed() is False and page.problems() == []
