"""What is shown, what a decision does to folders and catalogue, and what undo takes back."""

import os
from pathlib import Path

import pytest

import config as cfg
from flow.base import files, paths
from flow.check.board import Refused
from flow.check.desk import Desk
from flow.check.session import Session, Then
from flow.check.sorted_board import SortedBoard
from flow.check.training_board import TrainingBoard
from flow.front.next_steps import next_steps
from flow.front.state import gather
from flow.harvest import step as harvest
from flow.records import decisions, provenance
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, MODEL, PERSON, WHOLE_FOLDER
from tests.check.person import Person, by_name
from tests.faults import world


@pytest.fixture
def root(tf_files):
    """Half sure, half under the line; one was dragged by hand. See tests/faults/world.py."""
    folder = world.fresh(world.to_check)
    cfg.path_to_tf_files = str(folder)
    return folder


@pytest.fixture
def catalogue(root):
    with open_catalogue("robots") as opened:
        yield opened


@pytest.fixture
def board(catalogue):
    return SortedBoard("robots", catalogue, "stamp")


def where(root: Path) -> dict[str, str]:
    """Content hash -> the folder it lies in, of everything that was sorted or set aside."""
    folders = [*(p for f in world.sorted_folders(root) for p in f.iterdir() if p.is_dir()), paths.quarantine("robots")]
    return {files.sha256_of(p): folder.name for folder in folders for p in files.images_in(folder)}


def shas(page, *numbers: int) -> list[str]:
    return [page.pictures[n].sha256 for n in numbers]


def human(catalogue) -> dict[str, str]:
    labels = {f.name for f in provenance.label_folders("robots")}
    return {
        i.sha256: i.label
        for f in provenance.sorted_folders("robots")
        for i in provenance.sorted_images(f, labels, catalogue)
        if i.given_by == PERSON
    }


def test_sure_pages_come_first_label_by_label_then_those_under_the_line(board):
    kinds = []
    while page := board.next_page(3):
        kinds.append((page.kind, page.guess))
        assert len({(p.guess, p.under) for p in page.pictures}) == 1 and len(page.pictures) <= 3
        assert [p.score for p in page.pictures] == sorted((p.score for p in page.pictures), reverse=True)
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert [k for k, _ in kinds] == sorted((k for k, _ in kinds), key=["sure", "under"].index)
    for kind in ("sure", "under"):
        guesses = [g for k, g in kinds if k == kind]
        assert guesses == sorted(guesses)


def test_the_next_step_counts_what_nobody_has_looked_at(root, catalogue, board):
    """Neither what was accepted at the page nor what was dragged by hand; after an undo of the harvest as before it."""
    before = gather("robots").waiting
    page = board.next_page(3)
    board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert sum(gather("robots").waiting.values()) == sum(before.values()) - len(page.pictures)
    while page := board.next_page(24):
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    stands = gather("robots")
    images = sum(stands.looked_at.values())
    assert not stands.waiting and images == sum(before.values()) + 1
    assert next_steps(stands)[0].title == f"harvest what you looked at ({images} images)"
    harvest.harvest("robots", "stamp", catalogue, checked_only=True)
    harvest.undo("robots", catalogue)
    assert gather("robots").looked_at == stands.looked_at and not gather("robots").waiting


def test_the_next_step_counts_as_many_as_the_page_shows(root, catalogue, board):
    """Also where a person added a picture of theirs, and put one back under the line."""
    while page := board.next_page(24):
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    folder = world.sorted_folders(root)[0]
    world.put(folder / "built", "built", range(900, 901))
    assert not gather("robots").waiting
    back, under = files.images_in(folder / "drawn")[0], paths.under_label("drawn", 0.925)
    back.rename(files.make_folder(folder / under) / back.name)
    assert gather("robots").waiting == {folder.name: 1}
    [shown] = SortedBoard("robots", catalogue, "later").next_page(24).pictures
    assert shown.sha256 == files.sha256_of(folder / under / back.name)


def test_an_accepted_picture_is_a_persons_and_one_under_the_line_moves_up(root, catalogue, board):
    first = board.next_page(24)
    before = where(root)
    board.decide(first.id, [p.sha256 for p in first.pictures], "keep")
    assert where(root) == before
    assert {p.sha256: first.guess for p in first.pictures}.items() <= human(catalogue).items()
    while (page := board.next_page(24)).kind != "under":
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert all(where(root)[p.sha256] == page.guess for p in page.pictures)


def test_label_and_set_aside_move_the_file_and_undo_puts_it_back(root, board):
    page = board.next_page(24)
    before = where(root)
    one, two = shas(page, 0, 1)
    other = next(label for label in board.labels() if label != page.guess)
    assert board.decide(page.id, [one], "label", other).said == f"1 now {other}."
    board.decide(page.id, [two], "aside")
    assert where(root)[one] == other and where(root)[two] == cfg.quarantine_name
    assert "set aside by a person" in (paths.quarantine("robots") / "reasons.txt").read_text()
    board.undo()
    board.undo()
    assert where(root) == before
    assert "set aside" not in (paths.quarantine("robots") / "reasons.txt").read_text()
    assert board.undo().said == "Nothing to undo."
    board.redo()
    board.redo()
    assert where(root)[one] == other and where(root)[two] == cfg.quarantine_name
    assert board.redo().said == "Nothing to redo."


def test_what_was_undone_is_not_counted(board):
    while (page := board.next_page(24)).kind != "under":
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    before = board.progress()
    board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    board.undo()
    assert (board.progress().counts, board.progress().left) == (before.counts, before.left)
    board.redo()
    assert board.progress().counts["kept"] == before.counts["kept"] + len(page.pictures)


def test_what_was_undone_is_not_redone_after_something_else_was_decided(root, board):
    page = board.next_page(24)
    one, two = shas(page, 0, 1)
    board.decide(page.id, [one], "aside")
    board.undo()
    board.decide(page.id, [two], "aside")
    board.undo()
    board.redo()
    assert where(root)[two] == cfg.quarantine_name and where(root)[one] != cfg.quarantine_name
    assert board.redo().said == "Nothing to redo."


def test_undo_reaches_into_an_earlier_session_and_shows_its_page(root, catalogue, board):
    before = where(root)
    page = board.next_page(24)
    other = next(label for label in board.labels() if label != page.guess)
    board.decide(page.id, shas(page, 0, 1), "label", other)
    later = SortedBoard("robots", catalogue, "later")
    answer = later.undo()
    assert where(root) == before and set(answer.touched) == set(shas(page, 0, 1))
    assert {p.guess for p in answer.page.pictures} == {page.guess} and answer.page.is_open


def test_deciding_twice_and_undoing_once_leaves_the_first(root, board):
    page = board.next_page(24)
    [one] = shas(page, 0)
    other = next(label for label in board.labels() if label != page.guess)
    board.decide(page.id, [one], "label", other)
    board.decide(page.id, [one], "aside")
    answer = board.undo()
    assert where(root)[one] == other
    assert next(p for p in answer.page.pictures if p.sha256 == one).label == other


def test_dragging_meanwhile_is_seen_and_respected(root, catalogue, board):
    page = board.next_page(24)
    one, two, three = shas(page, 0, 1, 2)
    other = next(label for label in board.labels() if label != page.guess)
    path = board.find(one)
    os.rename(path, path.parent.parent / other / path.name)
    os.rename(board.find(two), root / "taken.jpg")
    states = {p.sha256: (p.state, p.label) for p in board.current().pictures}
    assert states[one] == ("moved", other) and states[two] == ("gone", "")
    answer = board.decide(page.id, [one, two, three], "keep")
    assert answer.said == f"1 accepted as {page.guess}. 2 were moved or taken away meanwhile and left alone."
    assert where(root)[one] == other and two not in where(root)
    assert human(catalogue)[one] == other


def test_another_picture_under_the_same_name_is_not_taken_for_the_first(root, board):
    page = board.next_page(24)
    path = board.find(page.pictures[0].sha256)
    path.write_bytes(world.picture(4321))
    again = SortedBoard("robots", board.catalogue, "again").next_page(24)
    assert page.pictures[0].sha256 not in [p.sha256 for p in again.pictures]
    assert len(again.pictures) == len(page.pictures) - 1


def test_a_taken_name_keeps_both_pictures(root, board):
    page = board.next_page(24)
    other = next(label for label in board.labels() if label != page.guess)
    path = board.find(page.pictures[0].sha256)
    (path.parent.parent / other / path.name).write_bytes(world.picture(1234))
    before = world.contents(root)
    board.decide(page.id, shas(page, 0), "label", other)
    assert world.contents(root) == before and where(root)[page.pictures[0].sha256] == other
    assert next(p for p in board.current().pictures if p.sha256 == page.pictures[0].sha256).state == "label"


def test_later_ones_come_again_at_the_end(board):
    page = board.next_page(24)
    kept = page.pictures[0].sha256
    board.later(page.id, [kept])
    board.decide(page.id, [p.sha256 for p in page.pictures[1:]], "keep")
    seen = []
    while page := board.next_page(24):
        seen.append([p.sha256 for p in page.pictures])
        board.decide(page.id, seen[-1], "keep")
    assert seen[-1] == [kept] and sum(kept in s for s in seen) == 1


def test_nonsense_is_refused_and_changes_nothing(root, board):
    page = board.next_page(24)
    before = world.state(root)
    for asked in (
        ("nowhere", shas(page, 0), "keep"),
        (page.id, ["0" * 64], "keep"),
        (page.id, shas(page, 0), "label", "owl"),
        (page.id, shas(page, 0), "label", "../x"),
        (page.id, shas(page, 0), "burn"),
        (page.id, [], "keep"),
    ):
        with pytest.raises(Refused):
            board.decide(*asked)
    assert world.state(root) == before


def test_progress_counts_and_says_how_often_the_robot_was_right(root, catalogue):
    session = Session(lambda: SortedBoard("robots", catalogue, "s"), ("harvest",), Then(None, None), Desk())
    person = Person()
    last = person.look(session)
    progress = last["progress"]
    assert progress["left"] == 0 and progress["decided"] == 15
    wrong = progress["share"]["total"] - progress["share"]["right"]
    truth = {
        i.sha256: by_name({"name": i.path.name})
        for f in provenance.sorted_folders("robots")
        for i in provenance.sorted_images(f, {"built", "drawn"}, catalogue)
    }
    assert sum(human(catalogue)[sha] != label for sha, label in truth.items()) == 1  # the one dragged by hand before
    assert (
        last["counts"]["aside"] == 2 and progress["share"]["total"] == 13 and 0 < wrong == last["counts"]["relabelled"]
    )


def test_only_a_folder_that_was_looked_at_whole_may_measure(catalogue, board):
    first, second = provenance.sorted_folders("robots")
    labels = {"built", "drawn"}

    def came(folder: Path) -> set[str]:
        return {i.came for i in provenance.sorted_images(folder, labels, catalogue)}

    page = board.next_page(24)
    board.decide(page.id, [page.pictures[0].sha256], "keep")
    assert came(first) == {CHOSEN}
    board.decide(page.id, [p.sha256 for p in page.pictures[1:]], "keep")
    while (page := board.next_page(24)).kind == "sure":
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert came(first) == {WHOLE_FOLDER} and came(second) <= {CHOSEN}
    board.decide(page.id, [p.sha256 for p in page.pictures], "aside")
    while page := board.next_page(24):
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert came(second) == {WHOLE_FOLDER}  # what was set aside is not left


def test_harvest_takes_what_was_checked(root, catalogue, board):
    page = board.next_page(24)
    board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    waiting = board.progress().harvest
    done = harvest.harvest("robots", "20261123_000000", catalogue, checked_only=True)
    assert done.human == waiting["human"] == len(page.pictures) + 1 and done.robot == 0
    assert all(catalogue.labels()[p.sha256].given_by == PERSON for p in page.pictures)
    harvest.undo("robots", catalogue)
    assert {p.sha256 for p in page.pictures} <= human(catalogue).keys()


def test_an_older_catalogue_gets_the_table(root):
    import sqlite3

    with sqlite3.connect(root / "catalogues/robots.sqlite") as db:
        db.execute("DROP TABLE decisions")
    with open_catalogue("robots") as opened:
        assert opened.set_aside is None and opened.decisions("done") == []


# Training images


@pytest.fixture
def doubts(tf_files):
    folder = world.fresh(world.to_check_training)
    cfg.path_to_tf_files = str(folder)
    with open_catalogue("robots") as catalogue:
        yield TrainingBoard("robots", catalogue, "stamp")


def test_a_relabelled_training_image_moves_and_is_a_persons_choice(doubts):
    page = doubts.next_page(24)
    wrong = next(p for p in page.pictures if p.given == "built" and p.name.startswith("drawn"))
    doubts.decide(page.id, [wrong.sha256], "label", "drawn")
    assert doubts.find(wrong.sha256) == paths.training("robots") / "drawn" / wrong.name
    label = doubts.catalogue.labels()[wrong.sha256]
    assert (label.label, label.given_by, label.came) == ("drawn", PERSON, CHOSEN)
    doubts.undo()
    assert doubts.find(wrong.sha256) == paths.training("robots") / "built" / wrong.name
    assert doubts.catalogue.labels()[wrong.sha256].came == WHOLE_FOLDER


def test_a_kept_doubt_is_not_asked_again_and_goes_on_measuring(doubts):
    page = doubts.next_page(24)
    one = page.pictures[0]
    before = doubts.catalogue.labels()[one.sha256]
    doubts.decide(page.id, [one.sha256], "keep")
    assert doubts.catalogue.labels()[one.sha256] == before
    again = TrainingBoard("robots", doubts.catalogue, "again")
    assert one.sha256 not in [p.sha256 for p in again.next_page(24).pictures]


def test_a_training_image_set_aside_leaves_the_training_and_comes_back(doubts):
    page = doubts.next_page(24)
    one = page.pictures[0]
    doubts.decide(page.id, [one.sha256], "aside")
    assert one.sha256 not in doubts.catalogue.labels()
    assert doubts.find(one.sha256) == paths.quarantine("robots") / one.name
    doubts.undo()
    assert doubts.find(one.sha256) == paths.training("robots") / one.given / one.name
    assert doubts.catalogue.labels()[one.sha256].label == one.given


def test_a_robots_label_that_a_person_keeps_is_a_persons(doubts):
    from flow.records.rows import Label

    page = doubts.next_page(24)
    one = page.pictures[0]
    doubts.catalogue.set_labels([Label(one.sha256, one.given, MODEL, 0.9, "model")])
    doubts.decide(page.id, [one.sha256], "keep")
    assert doubts.catalogue.labels()[one.sha256].given_by == PERSON


def test_a_row_that_leads_out_of_the_photos_is_forgotten(catalogue, tmp_path):
    from flow.records.rows import PENDING, Decision

    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"x")
    out = os.path.relpath(secret, paths.tf_files())
    row = Decision(
        1,
        1,
        "sorted_x",
        "0" * 64,
        "label",
        "built",
        out,
        "training_photos/robots/x.jpg",
        "p",
        WHOLE_FOLDER,
        "me",
        "now",
        PENDING,
    )
    catalogue.put_decisions([row])
    decisions.finish_pending("robots", catalogue)
    assert secret.exists() and catalogue.decisions(PENDING) == catalogue.decisions("done") == []
