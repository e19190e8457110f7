"""A page that is left open lets other runs work, and goes on with what they left; and how a session ends."""

import time

import pytest

import config as cfg
from flow.base import paths
from flow.check import page_session
from flow.check.main_thread_queue import Busy
from flow.commands.command import Message
from tests.check.browser import Keys, Page, chromium
from tests.check.places import lies
from tests.check.serving import program, session_served
from tests.conftest import PER_LABEL
from tests.faults import world
from tests.terminal import run

WAIT_S = 60
TRAIN = ("0", "0", "retrain_defaults", "--images-min", str(PER_LABEL), "--steps", "50", "--again")


@pytest.fixture
def root(sorted_home, tf_files):
    cfg.path_to_tf_files = str(sorted_home)
    return sorted_home


def until(true, what: str):
    end = time.monotonic() + WAIT_S
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


def beside(root, *arguments: str):
    """Another run of the program, in a process of its own."""
    return run("robots", *arguments, "--tf-files", str(root))


def quarantine_request(view: dict, *indices: int) -> dict:
    shown = view["page"]
    images = [shown["images"][n]["sha256"] for n in indices]
    return {"page": shown["id"], "images": images, "kind": "aside", "label": "", "count": 24}


def test_a_page_without_decisions_gives_the_lock_back_and_the_next_key_takes_it_again(root, monkeypatch):
    monkeypatch.setattr(page_session, "GIVE_BACK_S", 3600.0)
    with session_served() as page:
        _, view = page.get("/api/view?count=24")
        locked = beside(root, *TRAIN)
        assert locked.returncode == 11 and f"is open at http://{page.host}/" in locked.stderr, locked.stderr
        assert "leave it for a minute" in locked.stderr
        monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
        until(lambda: not page.lock.is_held, "the lock's return")
        trained = beside(root, *TRAIN)
        assert trained.returncode == 0, trained.stderr
        assert len(list((root / "training_summaries/robots").iterdir())) == 2
        monkeypatch.setattr(page_session, "GIVE_BACK_S", 3600.0)
        status, view = page.post("decide", **quarantine_request(view, 0))
        assert status == 200 and page.lock.is_held
        assert view["message"] == "1 set aside." and view["page"]["images"][0]["state"] == "aside"
        assert beside(root, *TRAIN).returncode == 11


def test_where_another_run_changed_things_the_next_key_says_so_once(root, monkeypatch):
    """A folder approved beside the page: what was shown and decided here stays, and the count is that of now."""
    with session_served() as page:
        _, view = page.get("/api/view?count=4")
        page.post("decide", **quarantine_request(view, 0))
        monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
        until(lambda: not page.lock.is_held, "the lock's return")
        approved = beside(root, "approve")
        assert approved.returncode == 0, approved.stderr
        monkeypatch.setattr(page_session, "GIVE_BACK_S", 3600.0)
        unsure = len(list((root / "testing_photos/robots").glob("sorted_*/*_under*/*.jpg")))
        assert 0 < unsure < view["progress"]["left"] - 2
        status, view = page.post("decide", **quarantine_request(view, 1))
        assert status == 200 and page.lock.is_held and view["progress"]["left"] == unsure
        assert view["message"] == "1 set aside. Another run has changed things meanwhile; this is how they are now."
        assert [image["state"] for image in view["page"]["images"][:3]] == ["aside", "aside", ""]
        _, view = page.post("undo")
        assert view["message"] == "1 undone."  # said once
        assert view["counts"]["aside"] == 1  # counted on from before


def test_an_image_that_another_run_moved_meanwhile_is_left_alone(root, monkeypatch):
    """A harvest beside the page takes what was on it; the key that comes then loses nothing."""
    monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
    before = world.contents(root)
    with session_served() as page:
        _, view = page.get("/api/view?count=24")
        until(lambda: not page.lock.is_held, "the lock's return")
        harvested = beside(root, "harvest")
        assert harvested.returncode == 0, harvested.stderr
        monkeypatch.setattr(page_session, "GIVE_BACK_S", 3600.0)
        status, view = page.post("decide", **quarantine_request(view, 0))
        assert status == 200 and "1 was moved or removed meanwhile and left alone." in view["message"]
        assert "Another run has changed things meanwhile" in view["message"] and view["incomplete"]
        assert view["page"] is None and view["progress"]["left"] == 0  # all of it was harvested
        assert page.lock.is_held
    assert world.contents(root) == before and not list((root / "testing_photos/robots").glob("quarantine/*.jpg"))


def test_a_key_waits_for_a_run_that_is_at_work_and_is_not_lost(root, monkeypatch):
    """In a browser: the key is kept, the page says why, and what the key said is done when the other run has ended."""
    monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
    with session_served() as site, chromium() as browser:
        page = Page(browser)
        page.open(site.address)
        sha = page.images()[0]["sha256"]
        until(lambda: not site.lock.is_held, "the lock's return")
        with program("robots", "check", "--tf-files", str(root)) as (other, address):
            assert address.startswith("http")
            page.press("x")
            page.wait_for_message("Your key is kept until then.")
            assert "is open at http://" in page.text("#message") and page.one("#message").get_attribute("class")
            other.terminate()
            other.wait(WAIT_S)
        page.wait_for_message("1 set aside.")
        assert page.images()[0]["state"] == "aside" and sha not in lies(root)
        assert page.problems() == [] or all("423" in problem for problem in page.problems())


def test_a_harvest_waits_for_a_run_that_is_at_work_and_the_page_says_why(root, monkeypatch):
    monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
    started = []

    def do(name: str) -> Message:
        started.append(name)
        return Message(f"{name} done")

    with session_served(do=do) as site, chromium() as browser:
        page = Page(browser)
        page.open(site.address)
        while page.images():
            page.accept()
        page.wait_until_seen()
        until(lambda: not site.lock.is_held, "the lock's return")
        with program("robots", "check", "--tf-files", str(root)) as (other, address):
            assert address.startswith("http")
            page.press(Keys.ENTER)
            page.wait_for_message("Your key is kept until then.")
            assert page.one("#message").is_displayed() and not page.one("#labels").is_displayed()
            assert started == []
            other.terminate()
            other.wait(WAIT_S)
        page.until(lambda: "Harvested." in page.text("#end"), "the end of both")
        assert started == ["harvest", "retrain"] and not page.one("#message").is_displayed()


def test_ctrl_c_ends_a_page_well_while_another_run_is_at_work(root, monkeypatch):
    """The lock was given back, and the page has nothing of its own to finish."""
    monkeypatch.setattr(page_session, "GIVE_BACK_S", 0.3)
    with session_served() as page:
        until(lambda: not page.lock.is_held, "the lock's return")
        with program("robots", "check", "--tf-files", str(root)):
            status, answer = page.post("undo")
            assert (status, answer["kind"]) == (423, "locked") and "is open at http://" in answer["error"]

            def interrupt():
                raise KeyboardInterrupt

            with pytest.raises(Busy):  # as a request is answered then
                page.session._main.ask(interrupt)
            until(lambda: page.done, "the end of the session")
    assert page.done[0].startswith("checked 0 images; ") and page.done[0].endswith(" left")


def test_without_a_model_nothing_is_suspected(root):
    (root / "training_summaries/robots").rename(root / "elsewhere")
    done = beside(root, "check", "--training", "--no-browser")
    assert done.returncode == 10 and "no model yet that could find mislabelled images" in done.stderr
    assert "retrain" in done.stderr


def test_a_session_tells_what_was_done_and_what_is_left(root):
    with session_served(do=lambda step: Message(f"{step} came to this.")) as page:
        _, view = page.get("/api/view?count=24")
        total = view["progress"]["left"]
        page.post("decide", **quarantine_request(view, 0, 1))
        assert page.post("work", steps=["harvest"])[0] == 200
        until(lambda: not page.get("/api/work")[1]["busy"], "the harvest")
        assert page.post("done")[0] == 200
        until(lambda: page.done, "the end")
    assert page.done == [f"checked 2 images: 2 set aside; {total - 2} left; harvest came to this"]
    assert not paths.way_in("robots").exists()
