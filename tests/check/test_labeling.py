"""From unlabeled images to a first model and what it sorted: by the page's requests, and in a real browser."""

import contextlib
import os
import shutil
import time
from pathlib import Path

import pytest

from flow.base import files
from tests.check.browser import Keys, Page, chromium, keep_screenshot
from tests.check.conftest import SMALL
from tests.check.serving import Served, program
from tests.terminal import run

WAIT_S = 60


@pytest.fixture
def root(unlabeled_root):
    return unlabeled_root


@contextlib.contextmanager
def served_by_program(root: Path, **environ: str):
    """`robots check` as the program serves it, and an honest visitor."""
    with program("robots", "check", "--tf-files", str(root), **SMALL, **environ) as (process, address):
        visitor = Served(address)
        visitor.enter()
        yield process, visitor


def answer(visitor: Served, view: dict, truth: dict[str, str]) -> dict:
    """A page, as a person answers it: a key for each image that is not guessed right, then ENTER."""
    page, right = view["page"], []
    for image in page["images"]:
        sha = image["sha256"]
        if image["guess"] == truth[sha]:
            right.append(sha)
            continue
        asked = {"page": page["id"], "images": [sha], "kind": "label", "label": truth[sha], "count": 24}
        status, view = visitor.post("decide", **asked)
        assert status == 200, view
    if right:
        status, view = visitor.post("accept", page=page["id"], images=right, later=[], count=24)
        assert status == 200, view
    return view


def worked(visitor: Served) -> dict:
    """What the steps that were started came to, once they have ended."""
    work, end = {"busy": True}, time.monotonic() + WAIT_S
    while work["busy"] and time.monotonic() < end:
        time.sleep(0.1)
        work = visitor.get("/api/work")[1]
    return work


def outcome_of(visitor: Served) -> dict:
    """What trying other ways to train came to, once it has ended."""
    end = time.monotonic() + WAIT_S
    while not (outcome := visitor.get("/api/work")[1]["trial"]["outcome"]):
        assert time.monotonic() < end, "it goes on and on"
        time.sleep(0.1)
    return outcome


def training_labels(root: Path) -> dict[str, str]:
    return {files.sha256_of(p): p.parent.name for p in (root / "training_photos/robots").glob("*/*.jpg")}


def test_killed_and_gone_on_with_to_a_first_sorted_folder(root, truth):
    """By the server's own requests: labelled, killed, labelled on, trained, sorted, checked, trained again."""
    with served_by_program(root) as (process, visitor):
        _, view = visitor.get("/api/view?count=24")
        for _ in range(2):
            view = answer(visitor, view, truth)
        one = view["page"]["images"][0]["sha256"]
        asked = {"page": view["page"]["id"], "images": [one], "kind": "label", "label": "a/b", "count": 24}
        status, problem = visitor.post("decide", **asked)
        assert status == 400 and "cannot be a label" in problem["error"]
        decided = view["progress"]["labeling"]["decisions"]
        os.kill(process.pid, 9)
        process.wait()
    tries = {"ROBOFLOW_RETRAIN_EFFORT_DEFAULT": "normal", "ROBOFLOW_RETRAIN_TUNE_EPOCHS_DEFAULT": "1"}
    with served_by_program(root, **tries) as (process, visitor):
        _, view = visitor.get("/api/view?count=24")
        assert view["progress"]["labeling"]["decisions"] == decided == 20 and view["after"] == ["first_model"]
        view = answer(visitor, view, truth)
        assert visitor.get("/api/progress")[1]["labeling"]["decisions"] > decided
        assert visitor.post("work", steps=["harvest"])[0] == 400
        assert visitor.post("work", steps=["first_model"])[0] == 200
        work = worked(visitor)
        assert work["problem"] is None and work["ended"][0]["step"] == "first_model", work
        assert "20 a label are a start" in " ".join(work["lines"]) and work["more"] == ""  # too few to compare by
        _, view = visitor.get("/api/view?count=24")
        assert view["page"]["kind"] in ("sure", "unsure") and view["after"] == ["harvest", "retrain"]
        assert view["progress"]["labeling"] is None
        sorted_images = {files.sha256_of(p) for p in (root / "testing_photos/robots").glob("sorted_*/*/*.jpg")}
        while view["page"]:
            view = answer(visitor, view, truth)
        assert visitor.post("work", steps=["harvest", "retrain"])[0] == 200
        work = worked(visitor)  # as few images as the first model was content with are enough for the second
        assert work["problem"] is None and [one["step"] for one in work["ended"]] == ["harvest", "retrain"], work
        assert visitor.get("/api/progress")[1]["left"] == 0  # what was harvested is not asked for again
        assert work["more"].startswith("about ") and visitor.post("try_harder")[0] == 200
        assert visitor.get("/api/progress")[0] == 200  # the page goes on meanwhile
        outcome = outcome_of(visitor)
        headings, *rows = outcome["tried"]
        assert headings[0] == "tried" and [row[0] for row in rows] == ["head", "head, lbfgs", "last layers"]
        better = "Taken: " in outcome["line"]
        assert bool(outcome["report"]) == better
        assert visitor.post("done")[0] == 200
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == "" and "efficientnet_lite0" in out
    assert len(list((root / "training_summaries/robots").iterdir())) == 2 + better
    assert training_labels(root) == truth and 0 < len(sorted_images) < len(truth) - decided


def test_two_labels_are_needed_for_a_model(root, truth):
    with served_by_program(root) as (_, visitor):
        _, view = visitor.get("/api/view?count=24")
        assert not view["progress"]["labeling"]["ready"]
        visitor.post("work", steps=["first_model"])
        work = worked(visitor)
        assert "at least 2 labels" in work["problem"][0]
        assert visitor.get("/api/view?count=24")[1]["page"]["kind"] == "typical"
    assert training_labels(root) == {}


def test_nothing_unsorted_is_said_by_the_program(root):
    shutil.rmtree(root / "testing_photos/robots/unsorted_robotart")
    done = run("robots", "check", "--teach", "--no-browser", "--tf-files", str(root))
    assert done.returncode == 10 and "robots has no unsorted images" in done.stderr and "download" in done.stderr


def label_until_measured(page: Page, truth: dict[str, str]) -> None:
    """Until five images of a random sample are labelled."""
    while page.images() and page.state("state.progress.labeling.random") < 5:
        page.wait_until_seen()
        before = page.id()
        for i, image in enumerate(page.images()):
            if image["guess"] != truth[image["sha256"]]:
                page.press_label(truth, i)
        if page.state(f"state.page.id === {before!r} && !state.locked"):  # else the last label leads on
            page.accept()
        page.until(lambda: page.state("state.progress.labeling.measuring") is False, "the accuracy")


def test_the_whole_way_in_a_browser(root, truth):
    """From unlabeled images to sorted ones: names typed once, keys, undo, guesses corrected, trained, looked at."""
    with program("robots", "check", "--tf-files", str(root), **SMALL) as (process, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        assert page.text("#title") == "What is this?" and "Nothing labelled yet" in page.text("#left")
        assert page.text("#accepts") == "show others"
        keep_screenshot(browser, "label_1_first")
        trap = "<img src=x onerror=document.title='caught'>"
        page.name_label(trap)
        page.until(lambda: "cannot be a label" in page.text("#message"), "a refusal")
        assert page.state("state.labels") == ["not"] and browser.title == "robots · check"
        assert page.state("state.focused") == 0  # back at the image that has no label yet
        for i in range(len(page.images())):
            page.press_label(truth, i)
            if i == 2:
                page.press("u")
                page.wait_for_message("1 undone.")
                assert page.state("state.focused") == 2
                page.press_label(truth, 2)
        page.until(lambda: "after 10 decisions" in page.text("#left"), "the second page")
        label_until_measured(page, truth)
        page.until(lambda: page.text("#left").startswith("Accuracy "), "how good it is")
        assert "95 % interval" in page.text("#left")
        keep_screenshot(browser, "label_2_measured")
        page.resize(390, 844, touch=True)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        keep_screenshot(browser, "label_2_phone")
        page.resize(1280, 800)
        page.press((Keys.CONTROL, Keys.ENTER))
        page.until(lambda: "train a model" in page.text("#end"), "the end of the labelling")
        keep_screenshot(browser, "label_3_end")
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: "check what it sorted" in page.text("#end"), "the sorting")
        keep_screenshot(browser, "label_4_sorted")
        page.wait_until_seen()
        page.press(Keys.ENTER)
        page.until(lambda: page.all(".tile") and page.state("state.page.kind") in ("sure", "unsure"), "what it sorted")
        assert page.one("#curve").is_displayed() is False and "left of" in page.text("#left")
        assert [entry for entry in page.problems() if "400" not in entry] == []  # the name that was refused
        page.one("#done").click()
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == "" and out.startswith("robots: labelled ")
    training = training_labels(root)
    assert training == {sha: truth[sha] for sha in training} and len(training) >= 20


def test_one_more_page_of_random_images_tells_how_good_it_is_in_a_browser(root, truth):
    """From the end of the labelling to the page, and back to the end with what it told."""
    with program("robots", "check", "--tf-files", str(root), **SMALL) as (process, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        label_until_measured(page, truth)
        page.press((Keys.CONTROL, Keys.ENTER))
        page.until(lambda: "how good is it?" in page.text("#end"), "the offer")
        width = page.state("state.progress.labeling.share.high - state.progress.labeling.share.low")
        page.wait_until_seen()
        page.press("%")
        page.until(lambda: page.text("#title") == "How good is it?" and page.images(), "random images")
        images, before = page.images(), page.state("state.progress.labeling.decisions")
        assert all(image["guess"] for image in images) and "with the guesses on them" in page.text("#sub")
        keep_screenshot(browser, "label_5_sample")
        page.resize(390, 844, touch=True)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        keep_screenshot(browser, "label_5_phone")
        page.resize(1280, 800)
        page.wait_until_seen()
        for i, image in enumerate(images):
            if image["guess"] != truth[image["sha256"]]:
                page.press_label(truth, i)
        if page.state("state.page && state.page.kind === 'sample' && !state.locked && !state.ending"):
            page.wait_until_seen()
            page.press(Keys.ENTER)
        page.until(lambda: page.state("state.ending && state.progress.labeling.sample") == "measured", "how good it is")
        page.until(lambda: f"after {before + len(images)} decisions" in page.text("#end .verdict"), "the end again")
        assert page.state("state.progress.labeling.share.high - state.progress.labeling.share.low") < width
        keep_screenshot(browser, "label_5_checked")
        assert page.problems() == []
