"""What checking costs a person, through the page's own requests, and how long the page lets them wait.

`python -m tests.check.test_person` prints the table of docs/check-page.md.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest

import config as cfg
from flow.base import files, paths
from flow.check.board import Refused
from tests.check.person import COUNT, Person
from tests.check.pool import LABELS, sorted_pool, truth_of
from tests.check.serving import PAGE_THREAD, served
from tests.faults import world


class ByRequests:
    """The page as its script reaches it: over HTTP, in JSON."""

    def __init__(self, page):
        self._page, self.seconds = page, []

    def view(self, count: int) -> dict:
        return self._asked(lambda: self._page.get(f"/api/view?count={count}"))

    def __getattr__(self, name: str):
        return lambda asked: self._asked(lambda: self._page.post(name, **asked))

    def _asked(self, ask) -> dict:
        begin = time.perf_counter()
        status, answer = ask()
        self.seconds.append(time.perf_counter() - begin)
        if status != 200:
            raise Refused(answer["error"])
        return answer


def evening(amount: int = 250, wrong: float = 0.3) -> dict:
    """One evening's checking of sorted images in memory; what it cost."""
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    made = sorted_pool(amount, wrong)
    with served() as page:
        requests, person = ByRequests(page), Person()
        last = person.check_all(requests)
    home = next(paths.testing("robots").glob("sorted_*"))
    lies = {p.name: folder.name for folder in files.folders_in(home) for p in files.images_in(folder)}
    return {
        **made,
        "keys": person.keys,
        "clicks": person.clicks,
        "keys_beside": person.keys_beside,
        "seen": person.seen,
        "pages": person.pages,
        "progress": last["progress"],
        "lies": lies,
        "key_s": median(requests.seconds[1:]),
        "first_s": requests.seconds[0],
    }


@pytest.fixture(autouse=True)
def settings(tf_files):
    """Settings are put back."""


def test_a_page_costs_a_person_less_than_dragging():
    cost = evening()
    assert all(place == name.split("_")[0] for name, place in cost["lies"].items()) and len(cost["lies"]) == 250
    assert cost["progress"]["left"] == 0 and cost["progress"]["share"]["right"] == 250 - cost["wrong"]
    assert cost["seen"] == 250 and cost["clicks"] == cost["wrong"]  # each image once
    print(as_text(cost))
    # Beside a look at each image, which both need: a drag is about 4 s, a click on an image 1 s, a key 0.3 s.
    page_s, drags_s = min(0.3 * cost["keys"], cost["clicks"] + 0.3 * cost["keys_beside"]), 4 * cost["drags"]
    assert 4 * page_s < drags_s


def calls_for(amount: int) -> tuple[int, list[int]]:
    """How many functions are called until the first page is there, and for each key after it."""
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    sorted_pool(amount)
    count = Counter()
    with counted(count), served() as page:
        requests = ByRequests(page)
        shown = requests.view(COUNT)["page"]
        first, keys = count.total(), []
        other = next(label for label in LABELS if label != shown["guess"])
        for image in shown["images"][:9]:
            count.clear()
            requests.decide(
                {"page": shown["id"], "images": [image["sha256"]], "kind": "label", "label": other, "count": COUNT}
            )
            keys.append(count.total())
    return first, sorted(keys)


@contextlib.contextmanager
def counted(count: Counter) -> Iterator[None]:
    """Count the calls of the page and of the threads that answer requests; others make thumbnails as they find time."""

    def called(frame, event, argument) -> None:
        name = threading.current_thread().name
        if event in ("call", "c_call") and (name == PAGE_THREAD or "request" in name):
            count[event] += 1

    threading.setprofile(called)
    try:
        yield
    finally:
        threading.setprofile(None)


def test_a_key_costs_little_more_with_sixteen_times_the_images():
    """Seconds depend on what else runs; how much is done does not. `python -m tests.check.test_person` prints seconds."""
    calls_for(50)  # what is imported and read once
    small, large = 250, 4_000
    small_first, small_keys = calls_for(small)
    large_first, large_keys = calls_for(large)
    assert small_keys[4] > 1_000 and large_keys[4] - small_keys[4] < 5 * (large - small)  # calls an image
    assert small_first > 1_000 and large_first - small_first < 60 * (large - small)


def test_the_names_of_the_sorted_images_tell_the_truth():
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    made = sorted_pool(50, wrong=0.3)
    found = [p for p in paths.testing("robots").glob("sorted_*/*/*.jpg")]
    assert len({files.sha256_of(p) for p in found}) == 50
    assert sum(truth_of(p) != p.parent.name.split(cfg.under_name)[0] for p in found) == made["wrong"]


def as_text(cost: dict) -> str:
    return (
        f"250 images, {cost['wrong']} wrong, {cost['below']} below the threshold: {cost['drags']} drags by hand; "
        f"at the page {cost['seen']} looks on {cost['pages']} pages "
        f"and {cost['keys']} keys, or {cost['clicks']} clicks and {cost['keys_beside']} keys; "
        f"first page {cost['first_s']:.2f} s, a key {1000 * cost['key_s']:.0f} ms"
    )


if __name__ == "__main__":
    for share in (0.05, 0.1, 0.2, 0.3):
        print(as_text(evening(wrong=share)))
