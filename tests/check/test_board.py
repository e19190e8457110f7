"""What a decision does to folders and catalogue, and what undo and redo take back, on whichever board."""

import os
from dataclasses import replace

import pytest

import config as cfg
from flow.base import paths
from flow.base.errors import BadUsage
from flow.check.board import Refused
from flow.check.sorted_board import SortedBoard
from flow.records import decisions
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import PENDING, WHOLE_FOLDER, Decision
from tests.check.places import shas, sorted_or_quarantined
from tests.faults import world


def test_label_and_set_aside_move_the_file_and_undo_puts_it_back(root, board):
    page = board.next_page(24)
    before = sorted_or_quarantined(root)
    one, two = shas(page, 0, 1)
    other = next(label for label in board.labels() if label != page.guess)
    assert board.decide(page.id, [one], "label", other).message == f"1 now {other}."
    assert board.decide(page.id, [two], "aside").message == "1 set aside."
    assert sorted_or_quarantined(root)[one] == other and sorted_or_quarantined(root)[two] == cfg.quarantine_name
    assert "set aside by a person" in (paths.quarantine("robots") / "reasons.txt").read_text()
    board.undo()
    assert board.undo().message == "1 undone."
    assert sorted_or_quarantined(root) == before
    assert "set aside" not in (paths.quarantine("robots") / "reasons.txt").read_text()
    assert board.undo().message == "Nothing to undo."
    board.redo()
    board.redo()
    assert sorted_or_quarantined(root)[one] == other and sorted_or_quarantined(root)[two] == cfg.quarantine_name
    assert board.redo().message == "Nothing to redo."


def test_what_was_undone_is_not_counted(board):
    while (page := board.next_page(24)).kind != "unsure":
        board.decide(page.id, shas(page), "keep")
    before = board.progress()
    board.decide(page.id, shas(page), "keep")
    board.undo()
    assert (board.progress().counts, board.progress().left) == (before.counts, before.left)
    board.redo()
    assert board.progress().counts["kept"] == before.counts["kept"] + len(page.images)


def test_what_was_undone_is_not_redone_after_something_else_was_decided(root, board):
    page = board.next_page(24)
    one, two = shas(page, 0, 1)
    board.decide(page.id, [one], "aside")
    board.undo()
    board.decide(page.id, [two], "aside")
    board.undo()
    board.redo()
    now = sorted_or_quarantined(root)
    assert now[two] == cfg.quarantine_name and now[one] != cfg.quarantine_name
    assert board.redo().message == "Nothing to redo."


def test_undo_reaches_into_an_earlier_session_and_shows_its_page(root, catalogue, board):
    before = sorted_or_quarantined(root)
    page = board.next_page(24)
    other = next(label for label in board.labels() if label != page.guess)
    board.decide(page.id, shas(page, 0, 1), "label", other)
    later = SortedBoard("robots", catalogue, "later")
    answer = later.undo()
    assert sorted_or_quarantined(root) == before and set(answer.touched) == set(shas(page, 0, 1))
    assert {image.guess for image in answer.page.images} == {page.guess} and answer.page.is_open


def test_deciding_twice_and_undoing_once_leaves_the_first(root, board):
    page = board.next_page(24)
    [one] = shas(page, 0)
    other = next(label for label in board.labels() if label != page.guess)
    board.decide(page.id, [one], "label", other)
    board.decide(page.id, [one], "aside")
    answer = board.undo()
    assert sorted_or_quarantined(root)[one] == other
    assert next(image for image in answer.page.images if image.sha256 == one).label == other


def test_a_taken_name_keeps_both_images(root, board):
    page = board.next_page(24)
    other = next(label for label in board.labels() if label != page.guess)
    path = board.find(page.images[0].sha256)
    (path.parent.parent / other / path.name).write_bytes(world.image_bytes(1234))
    before = world.contents(root)
    board.decide(page.id, shas(page, 0), "label", other)
    assert world.contents(root) == before and sorted_or_quarantined(root)[page.images[0].sha256] == other
    [now] = [image for image in board.current().images if image.sha256 == page.images[0].sha256]
    assert now.state == "label"


def test_postponed_images_come_again_at_the_end(board):
    page = board.next_page(24)
    postponed = page.images[0].sha256
    board.postpone(page.id, [postponed])
    board.decide(page.id, shas(page)[1:], "keep")
    seen = []
    while page := board.next_page(24):
        seen.append(shas(page))
        board.decide(page.id, seen[-1], "keep")
    assert seen[-1] == [postponed] and sum(postponed in page for page in seen) == 1


def test_nonsense_is_refused_and_changes_nothing(root, board):
    page = board.next_page(24)
    before = world.state(root)
    for asked in (
        ("nowhere", shas(page, 0), "keep"),
        (page.id, ["0" * 64], "keep"),
        ("nowhere", shas(page, 0), "label", "owl"),
        (page.id, shas(page, 0), "burn"),
        (page.id, [], "keep"),
        (page.id, [], "label", "owl"),
    ):
        with pytest.raises(Refused):
            board.decide(*asked)
    assert world.state(root) == before and "owl" not in board.labels()


def test_an_image_without_a_guess_is_never_accepted(root, board):
    """Such as one of a page of unlabeled images, where another run has sorted them since."""
    page = board.next_page(24)
    before = world.state(root)
    board._show(replace(page, images=tuple(replace(image, guess="") for image in page.images)))
    with pytest.raises(Refused, match="no guess yet"):
        board.decide(page.id, shas(page, 0), "keep")
    assert world.state(root) == before


def test_a_row_that_leads_out_of_the_photos_is_dropped(catalogue, tmp_path):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    row = Decision(
        number=1,
        action=1,
        folder="sorted_x",
        sha256="0" * 64,
        kind="label",
        label="built",
        source=os.path.relpath(secret, paths.tf_files()),
        target="training_photos/robots/x.jpg",
        page="p",
        sampling=WHOLE_FOLDER,
        who="me",
        at="now",
        state=PENDING,
    )
    catalogue.put_decisions([row])
    decisions.finish_pending("robots", catalogue)
    assert secret.exists() and catalogue.decisions(PENDING) == catalogue.decisions("done") == []


def test_an_older_catalogue_gets_the_table(root):
    import sqlite3

    with sqlite3.connect(root / "catalogues/robots.sqlite") as db:
        db.execute("DROP TABLE decisions")
        db.execute("PRAGMA user_version = 0")  # it carried no number then
    with open_catalogue("robots") as opened:
        assert opened.damaged is None and opened.decisions("done") == []


# A label that is named on the page


def test_a_new_name_becomes_a_label_and_a_folder(root, board):
    """On the page of sorted images too; the image lies in it at once, and an undo leaves the empty folder."""
    page = board.next_page(24)
    [one] = shas(page, 0)
    before = sorted_or_quarantined(root)
    answer = board.decide(page.id, [one], "label", "Baby Kitten")
    assert answer.message == "1 now baby_kitten." and "baby_kitten" in board.labels()
    assert sorted_or_quarantined(root)[one] == "baby_kitten" and (paths.training("robots") / "baby_kitten").is_dir()
    board.undo()
    assert (
        sorted_or_quarantined(root) == before and "baby_kitten" in SortedBoard("robots", board.catalogue, "x").labels()
    )


@pytest.mark.parametrize("name", ["../outside", "a/b", ".hidden", "sorted_1", "<img src=x>", "con", "a" * 80])
def test_a_name_that_cannot_be_a_label_is_refused(root, board, name):
    page = board.next_page(24)
    before, labels = world.state(root), board.labels()
    with pytest.raises(BadUsage):
        board.decide(page.id, shas(page, 0), "label", name)
    assert world.state(root) == before and board.labels() == labels
    assert {f.name for f in paths.training("robots").iterdir()} == set(world.LABELS)
