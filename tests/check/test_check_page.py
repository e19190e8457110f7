"""What the requests of the page do beside deciding: errors, thumbnails ahead of time, suspects after a training."""

import threading
import time

import pytest

import config as cfg
from flow.base import paths
from flow.base.errors import RoboError
from flow.check import thumbnails
from flow.check.sorted_board import SortedBoard
from flow.commands.check import StepDone
from tests.check.pool import sorted_pool
from tests.check.serving import new_page, served, session_served
from tests.check.trying import Trying
from tests.faults import world

WAIT_S = 20


@pytest.fixture
def page(root):
    with served() as open_page:
        yield open_page


def until(true, what: str):
    end = time.monotonic() + WAIT_S
    while not (found := true()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


# Errors


def test_every_error_has_a_kind_that_the_page_goes_by(page, root):
    _, view = page.get("/api/view?count=24")
    shown = view["page"]
    one = {"page": shown["id"], "images": [shown["images"][0]["sha256"]], "count": 24}
    cases = [
        (page.post("decide", **one, kind="burn"), 400, "refused"),
        (page.post("decide", **one, kind="label", label="a/b"), 400, "refused"),
        (page.post("accept", page="another", images=[], later=[], count=24), 400, "refused"),
        (page.post("decide", page=1), 400, "refused"),
        (page.post("work", steps=["burn"]), 400, "refused"),
        (page.post("burn"), 400, "request"),
        (page.get("/api/view?count=many"), 400, "request"),
        (page.get("/api/burn"), 400, "request"),
        (page.get("/api/image/x"), 400, "request"),
        (page.get(f"/api/image/{'0' * 64}"), 400, "refused"),
    ]
    for (status, answer), expected, kind in cases:
        assert (status, answer["kind"]) == (expected, kind) and answer["error"], answer


def test_an_error_while_a_step_runs_is_busy_and_ends_with_it(root):
    begun, may_end = threading.Event(), threading.Event()

    def slow(_step):
        begun.set()
        assert may_end.wait(WAIT_S)
        raise RoboError("The disk is full.", "Make room.")

    with served(do=slow) as page:
        page.get("/api/view?count=24")
        assert page.post("work", steps=["harvest"])[0] == 200 and begun.wait(WAIT_S)
        status, answer = page.post("undo")
        assert (status, answer["kind"]) == (409, "busy")
        assert page.get("/api/work")[1]["busy"]
        may_end.set()
        work = until(lambda: not (work := page.get("/api/work")[1])["busy"] and work, "the end of the step")
        assert work["problem"] == ["The disk is full.", "Make room."] and work["ended"] == []
        assert page.post("undo")[0] == 200


# Thumbnails ahead of time


def test_thumbnails_of_the_next_images_are_made_once_however_many_keys_are_pressed(tf_files, monkeypatch):
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    sorted_pool(200, wrong=0)
    made: list[str] = []
    monkeypatch.setattr(thumbnails, "thumbnail", lambda path, sha, size: made.append(sha) or b"")
    with served() as page:
        _, view = page.get("/api/view?count=10")
        for image in view["page"]["images"][:8]:
            page.post("decide", page=view["page"]["id"], images=[image["sha256"]], kind="aside", count=10)
        until(lambda: page.page._ahead._work_queue.empty(), "the thumbnails")
    assert len(made) >= 20 and len(made) == len(set(made))


def test_closing_the_page_does_not_wait_for_thumbnails(tf_files, monkeypatch):
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    sorted_pool(200, wrong=0)
    made, may_end = [], threading.Event()

    def slow(path, sha, size):
        made.append(sha)
        may_end.wait(WAIT_S)

    monkeypatch.setattr(thumbnails, "thumbnail", slow)
    try:
        with served() as page:
            page.get("/api/view?count=40")
            until(lambda: made, "the first thumbnail")
            begin = time.monotonic()
            assert page.post("done")[0] == 200
        assert time.monotonic() - begin < 5 and not may_end.is_set()
        assert len(made) == 1
    finally:
        may_end.set()
    time.sleep(0.3)
    assert len(made) == 1  # nor are those made that were still to come


# Suspects after a training


def test_after_a_training_the_page_goes_on_with_the_suspects_of_the_new_model(tf_files):
    cfg.path_to_tf_files = str(world.fresh(world.to_check_training))
    with served(do=lambda step: StepDone(f"{step} done", suspects=5)) as page:
        _, view = page.get("/api/view?count=24")
        assert view["page"] is None and view["after"] == ["harvest", "retrain"]
        assert page.post("work", steps=["retrain"])[0] == 200
        work = until(lambda: not (work := page.get("/api/work")[1])["busy"] and work, "the training")
        assert work["suspects"] == 5 and work["ended"][0]["line"] == "retrain done"
        assert page.get("/api/view?count=24")[1]["work"]["suspects"] == 5  # the end that the person sees says so
        status, view = page.post("suspects", count=24)
        suspects = view["page"]["images"]
        assert status == 200 and view["page"]["kind"] == "suspects" and view["after"] == ["retrain"]
        assert suspects and all(image["guess"] != image["given"] for image in suspects)
        assert view["work"]["suspects"] == 0 and view["work"]["ended"] == []  # read, and not shown again
        one = next(image for image in suspects if image["name"].startswith("drawn"))
        asked = {"page": view["page"]["id"], "images": [one["sha256"]], "kind": "label", "label": "drawn", "count": 24}
        assert page.post("decide", **asked)[0] == 200
        assert (paths.training("robots") / "drawn" / one["name"]).is_file()


def test_counts_go_on_when_suspects_follow_the_sorted_images(root, catalogue):
    page = new_page(lambda: SortedBoard("robots", catalogue, "stamp"))
    view = page.view(24)
    page.decide(
        {"page": view["page"]["id"], "images": [view["page"]["images"][0]["sha256"]], "kind": "aside", "count": 24}
    )
    before = page.counts()
    assert before["aside"] == 1
    assert page.look_at_suspects({"count": 24})["counts"] == before


# Other ways to train are tried while the person goes on


def begin_trial(page) -> dict:
    """A training, then the button."""
    assert page.post("work", steps=["retrain"])[0] == 200
    work = until(lambda: not (work := page.get("/api/work")[1])["busy"] and work, "the training")
    assert work["more"] == "about a minute" and work["trial"] is None
    status, answer = page.post("try_harder")
    assert status == 200 and answer["work"]["more"] == ""
    return answer["work"]["trial"]


def trial_ended(page) -> dict:
    return until(lambda: page.get("/api/work")[1]["trial"]["outcome"], "the outcome")


def test_other_ways_to_train_are_tried_while_the_person_decides_on_images(root):
    trying = Trying(StepDone("The head stays.", tried=(("tried", "result"), ("head", "the simplest"))))
    with session_served(lambda step: StepDone("retrained", more="about a minute"), trying) as page:
        view = page.get("/api/view?count=24")[1]
        assert page.post("try_harder")[0] == 400  # there is no head yet to begin from
        trial = begin_trial(page)
        assert trial == {"bar": ["last layers", 30, 100], "stopping": False, "outcome": None}
        view = page.get("/api/view?count=24")[1]
        right = [image["sha256"] for image in view["page"]["images"]]
        status, view = page.post("accept", page=view["page"]["id"], images=right, later=[], count=24)
        assert status == 200 and view["counts"]["kept"] == len(right) and view["work"]["trial"]["outcome"] is None
        assert page.post("try_harder")[0] == 400  # one at a time
        page.session._last_use = float("-inf")
        time.sleep(0.6)
        assert page.lock.is_held  # for a run that trains now it would be too early
        assert page.post("stop")[0] == 200
        outcome = trial_ended(page)
        assert outcome["line"] == "The head stays." and outcome["tried"][1] == ["head", "the simplest"]
        assert page.get("/api/view?count=24")[1]["work"]["ended"][0]["line"] == "retrained"
        until(lambda: not page.lock.is_held, "the lock")
        assert [result.line() for result in page.page.results] == ["retrained", "The head stays."]


def test_the_next_training_and_done_end_what_is_tried(root):
    trying = Trying(StepDone("never told"))
    with session_served(lambda step: StepDone("retrained", more="about a minute"), trying) as page:
        page.get("/api/view?count=24")
        begin_trial(page)
        assert page.post("work", steps=["retrain"])[0] == 200 and trying.closed == 1
        work = until(lambda: not (work := page.get("/api/work")[1])["busy"] and work, "the training")
        assert work["trial"] is None and "not tried to the end" in work["lines"][0]
        assert page.post("try_harder")[0] == 200 and page.post("done")[0] == 200
    assert trying.closed == 2


def test_where_trying_fails_the_model_stays_and_the_page_says_why(root):
    trying = Trying(RoboError("It broke down.", "A retrain tries again."))
    with session_served(lambda step: StepDone("retrained", more="about a minute"), trying) as page:
        page.get("/api/view?count=24")
        begin_trial(page)
        trying.stop()
        assert trial_ended(page)["line"] == "It broke down. A retrain tries again."
        assert page.get("/api/view?count=24")[0] == 200
