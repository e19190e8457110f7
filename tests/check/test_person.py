"""What checking costs a person, through the page's own requests, and how long the page lets them wait.

`python -m tests.check.test_person` prints the table of the README.
"""

import contextlib
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median

import pytest

import config as cfg
from flow.base import files, paths
from flow.check.board import Refused
from tests.check.heap import LABELS, sorted_heap, truth_of
from tests.check.person import COUNT, Person
from tests.check.serving import served
from tests.faults import world


class ByRequests:
    """The session as the page's script reaches it: over HTTP, in JSON."""

    def __init__(self, page):
        self._page, self.seconds = page, []

    def view(self, count: int) -> dict:
        return self._asked(lambda: self._page.get(f"/api/view?count={count}"))

    def __getattr__(self, name: str):
        return lambda asked: self._asked(lambda: self._page.post(name, **asked))

    def _asked(self, does) -> dict:
        begin = time.perf_counter()
        status, answer = does()
        self.seconds.append(time.perf_counter() - begin)
        if status != 200:
            raise Refused(answer["error"])
        return answer


def evening(amount: int = 250, wrong: float = 0.3) -> dict:
    """One evening's checking of a heap in memory; what it cost."""
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    made = sorted_heap(amount, wrong)
    with served() as page:
        requests, person = ByRequests(page), Person()
        last = person.look(requests)
    home = next(paths.testing("robots").glob("sorted_*"))
    lies = {p.name: folder.name for folder in files.folders_in(home) for p in files.images_in(folder)}
    return {
        **made,
        "keys": person.keys,
        "clicks": person.clicks,
        "beside": person.beside,
        "looks": person.fingerprints,
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
    assert cost["looks"] == 250 and cost["clicks"] == cost["wrong"]  # each picture once
    print(told(cost))
    # Beside a look at each picture, which both need: a drag is about 4 s, a click on a picture 1 s, a key 0.3 s.
    page_s, drags_s = min(0.3 * cost["keys"], cost["clicks"] + 0.3 * cost["beside"]), 4 * cost["drags"]
    assert 4 * page_s < drags_s


def calls_for(amount: int) -> tuple[int, list[int]]:
    """How many functions are called until the first page is there, and for each key after it."""
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    sorted_heap(amount)
    count = Counter()
    with counted(count), served() as page:
        requests = ByRequests(page)
        shown = requests.view(COUNT)["page"]
        first, keys = count.total(), []
        other = next(label for label in LABELS if label != shown["guess"])
        for picture in shown["pictures"][:9]:
            count.clear()
            requests.decide(
                {"page": shown["id"], "pictures": [picture["sha256"]], "kind": "label", "label": other, "count": COUNT}
            )
            keys.append(count.total())
    return first, sorted(keys)


@contextlib.contextmanager
def counted(count: Counter) -> Iterator[None]:
    """Count the calls of this thread and of those that answer requests; others make thumbnails as they find time."""
    here = threading.current_thread()

    def look(frame, event, argument) -> None:
        thread = threading.current_thread()
        if event in ("call", "c_call") and (thread is here or "request" in thread.name):
            count[event] += 1

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_the_first_page_and_a_key_cost_the_same_in_a_heap_of_any_size():
    """Seconds depend on what else runs; how much is done does not. `python -m tests.check.test_person` prints seconds."""
    calls_for(50)  # what is imported and read once
    small_first, small_keys = calls_for(250)
    large_first, large_keys = calls_for(4_000)
    assert 1_000 < large_first < 1.5 * small_first
    assert 1_000 < large_keys[4] < 1.5 * small_keys[4]


def test_the_heaps_names_tell_the_truth():
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    made = sorted_heap(50, wrong=0.3)
    found = [p for p in paths.testing("robots").glob("sorted_*/*/*.jpg")]
    assert len({files.sha256_of(p) for p in found}) == 50
    assert sum(truth_of(p) != p.parent.name.split(cfg.under_name)[0] for p in found) == made["wrong"]


def told(cost: dict) -> str:
    return (
        f"250 pictures, {cost['wrong']} wrong, {cost['under']} under the line: {cost['drags']} drags by hand; "
        f"at the page {cost['looks']} looks on {cost['pages']} pages "
        f"and {cost['keys']} keys, or {cost['clicks']} clicks and {cost['beside']} keys; "
        f"first page {cost['first_s']:.2f} s, a key {1000 * cost['key_s']:.0f} ms"
    )


if __name__ == "__main__":
    for share in (0.05, 0.1, 0.2, 0.3):
        print(told(evening(wrong=share)))
