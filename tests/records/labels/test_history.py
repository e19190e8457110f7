"""What a label of back then is today, through changes, changes taken back, and names that are used again."""

from hypothesis import given
from hypothesis import strategies as st

from flow.records.labels.history import MERGE, MOVE, REMOVE, RENAME, SPLIT, UNDO, LabelHistory, words
from flow.records.rows import LabelChange


def history(*rows: tuple) -> LabelHistory:
    """Rows of (action, kind, old, new), numbered as they come; of an undo the new is the action it takes back."""
    made = []
    for number, (action, kind, old, new) in enumerate(rows, 1):
        undoes = new if kind == UNDO else 0
        made.append(LabelChange(number, kind, old, "" if undoes else new, "", undoes or action, undoes))
    return LabelHistory.of(made)


def today(changes: LabelHistory, *labels: str, version: int = 0) -> dict:
    return changes.today(labels, version)


def test_renamed_merged_split_and_removed():
    changes = history(
        (1, RENAME, "cat", "kitten"),
        (2, MERGE, "dog", "pet"),
        (2, MERGE, "kitten", "pet"),
        (3, SPLIT, "flower", "rose"),
        (3, SPLIT, "flower", "tulip"),
        (4, REMOVE, "junk", ""),
        (5, REMOVE, "rest", "not"),
    )
    assert today(changes, "cat", "dog", "flower", "junk", "rest", "owl") == {
        "cat": ("pet",),
        "dog": ("pet",),
        "flower": ("flower", "rose", "tulip"),
        "junk": (),
        "rest": ("not",),
        "owl": ("owl",),
    }
    assert changes.today(["flower"], 0, {"rose", "tulip"}) == {"flower": ("rose", "tulip")}
    assert words(["cat", "owl", "junk"], today(changes, "cat", "owl", "junk")) == "cat, now pet; junk, since removed"


def test_a_model_made_after_a_change_knows_it():
    changes = history((1, RENAME, "cat", "kitten"), (2, RENAME, "owl", "cat"))
    assert today(changes, "cat", "owl") == {"cat": ("kitten",), "owl": ("cat",)}
    assert today(changes, "cat", "kitten", version=2) == {"cat": ("cat",), "kitten": ("kitten",)}


def test_what_was_taken_back_counts_for_nobody_who_came_before_it():
    changes = history((1, RENAME, "cat", "kitten"), (0, UNDO, "kitten", 1))
    assert today(changes, "cat") == {"cat": ("cat",)}


def test_a_model_made_between_a_change_and_its_undo():
    renamed = history((1, RENAME, "cat", "kitten"), (0, UNDO, "kitten", 1))
    assert today(renamed, "kitten", version=1) == {"kitten": ("cat",)}
    merged = history((1, MERGE, "cat", "pet"), (1, MERGE, "dog", "pet"), (0, UNDO, "pet", 1))
    assert today(merged, "pet", version=2) == {"pet": ("pet", "cat", "dog")}


def test_single_images_that_moved_change_no_label():
    changes = history((1, MOVE, "cat", "dog"), (2, RENAME, "dog", "hound"), (0, UNDO, "dog", 1))
    assert today(changes, "cat", "dog") == {"cat": ("cat",), "dog": ("hound",)}


LABELS = st.sampled_from(["a", "b", "c", "d"])


@given(st.lists(st.tuples(LABELS, st.sampled_from(["e", "f", "g", "h", "i"])), max_size=8))
def test_changes_taken_back_in_order_leave_everything_as_it_was(renamings):
    rows = [(n, RENAME, old, new) for n, (old, new) in enumerate(renamings, 1)]
    undos = [(0, UNDO, new, n) for n, _, _, new in reversed(rows)]
    changes = history(*rows, *undos)
    assert today(changes, "a", "b", "e") == {"a": ("a",), "b": ("b",), "e": ("e",)}
