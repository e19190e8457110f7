"""The sentences that runs end with: their counts add up, whatever was counted."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flow.check.step import Checked
from flow.classify import Sorted
from flow.download.result import Downloaded
from flow.export.try_images import TryResult
from flow.harvest.import_sorted import Imported
from flow.harvest.step import Harvested
from flow.models.prediction import Prediction

N = st.integers(0, 400)
HERE = Path("/tmp")


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.%])", text)]


REASONS = ["duplicate", "too small", "under another licence", "not an image", "no connection", "left for later"]


@given(N, N, st.dictionaries(st.sampled_from(REASONS), N), N, N)
def test_a_download(kept, before, counts, missing, by_words):
    """All that was looked at is kept or in one of the counts; what was asked for is there or missing."""
    asked, by_words = kept + before + missing, min(by_words, kept)
    ways = {way: n for way, n in {"by the phrase": kept - by_words, "by single words": by_words}.items() if n}
    line = Downloaded(asked, kept, counts, HERE, before, found_by=ways).line()
    first, _, others = line.partition("; ")
    assert first.startswith(f"{kept + before} of {asked} kept") and (f"{before} in an earlier run" in first) == bool(
        before
    )
    assert sum(numbers(first)[2:]) == (kept + before if ways or before else 0)
    each = [n for n in counts.values() if n]
    assert sorted(numbers(others)) == sorted(each + [sum(each)] * (len(each) > 1))


@given(
    st.dictionaries(st.sampled_from(["built", "built_under925", "drawn", "not_under925"]), st.integers(1, 99)), N, N, N
)
def test_sorting(places, quarantined, skipped, unread):
    done = Sorted(HERE, "m", places, quarantined=quarantined, skipped=skipped, unread=unread)
    if done.total:
        total, sure, unsure, *others = numbers(done.line())
        assert total == sure + unsure == sum(places.values())
        assert others == [n for n in (quarantined, unread, skipped) if n]


@given(N, N, N, N)
def test_a_harvest(by_person, by_model, already, left):
    done = Harvested({"built": by_person + by_model}, by_person, by_model, already, left, folders=1, folder=HERE)
    total, *parts = numbers(done.line())
    assert total == by_person + by_model == sum(parts[:2]) and parts[2:] == [n for n in (already, left) if n]


@given(st.dictionaries(st.sampled_from(["built", "drawn", "not"]), st.integers(1, 99), min_size=1), N, N, N)
def test_an_import(labels, already, unreadable, clashing):
    figures = numbers(Imported(labels, already, unreadable, clashing).line())
    assert figures == [*labels.values(), *(n for n in (already, unreadable, clashing) if n)]


@given(N, N, N, N, st.booleans())
def test_a_check(accepted, relabelled, quarantined, left, teaching):
    done = Checked({"kept": accepted, "relabelled": relabelled, "aside": quarantined}, left, teaching=teaching)
    total, *parts = numbers(done.line())
    assert total == accepted + relabelled + quarantined
    assert parts == [n for n in (accepted, relabelled, quarantined, left) if n]


@given(st.lists(st.tuples(st.sampled_from(["built", "drawn"]), st.booleans()), min_size=2, max_size=30), N)
def test_a_try(looks, unreadable):
    predictions = {
        f"{n}.jpg": Prediction({label: 1.0 if sure else 0.1}, 0.5, 1.0, 0.5) for n, (label, sure) in enumerate(looks)
    }
    bad = {f"bad_{n}.jpg": "damaged" for n in range(unreadable)}
    total, *figures = numbers(TryResult("m", predictions, bad).line())
    labels = len({label for label, _ in looks})
    assert total == len(looks) == sum(figures[:labels])
    assert figures[labels:] == [sum(sure for _, sure in looks), *[unreadable] * bool(unreadable)]
