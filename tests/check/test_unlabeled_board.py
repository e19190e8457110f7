"""Unlabeled images, while there is no model: what is asked, what a decision does, and what an undo and another evening
find again."""

import json
import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

import config as cfg
from flow.base import files, paths
from flow.base.errors import BadUsage, NotReady
from flow.check.board import Refused
from flow.check.sorted_board import SortedBoard
from flow.check.unlabeled_board import UnlabeledBoard
from flow.guide.basetag_state import read_state
from flow.guide.next_steps import next_steps
from flow.harvest import import_decisions
from flow.harvest import step as harvest
from flow.records import decisions
from flow.records.rows import CHOSEN, PERSON, RANDOM, SortedCopy
from scripts.learn import accuracy_check, labeling
from tests.check.conftest import EACH, KINDS, unlabeled_board
from tests.check.places import shas

WAIT_S = 60


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """A fifth of the steps between two pages: how good the guesses are is tested with active learning itself."""
    monkeypatch.setattr(labeling, "STEPS", 160)


@pytest.fixture
def root(unlabeled_root):
    return unlabeled_root


@pytest.fixture
def board(catalogue):
    return unlabeled_board(catalogue)


def answer(board: UnlabeledBoard, page, truth: dict[str, str]) -> None:
    """Label every image of a page: wrong guesses one by one, the right ones together."""
    right = [image.sha256 for image in page.images if image.guess == truth[image.sha256]]
    for image in page.images:
        if image.sha256 not in right:
            board.decide(page.id, [image.sha256], "label", truth[image.sha256])
    if right:
        board.decide(page.id, right, "keep")


def on_disk(root: Path) -> dict[str, str]:
    return {files.sha256_of(p): p.parent.name for p in root.glob("t*_photos/robots/**/*.jpg")}


def unsorted_images(root: Path) -> list[Path]:
    return files.images_in(root / "testing_photos/robots/unsorted_robotart")


def test_typical_images_come_first_without_a_guess_and_then_it_guesses(root, board, truth):
    before = on_disk(root)
    first = board.next_page(24)
    assert first.kind == "typical" and len(first.images) == 10 and {image.guess for image in first.images} == {""}
    assert board.labels() == ["not"] and not first.fills
    kinds = []
    page = first
    for _ in range(5):
        kinds.append(page.kind)
        answer(board, page, truth)
        page = board.next_page(24)
        assert not set(shas(page)) & board.decided.keys()
    assert kinds[:2] == ["typical", "typical"] and set(kinds[2:]) <= {"uncertain", "confirm"}
    assert all(image.guess in KINDS for image in page.images)
    assert on_disk(root) == before  # a decision moves nothing


def test_only_images_of_the_random_sample_are_rows_that_measure(catalogue, board, truth):
    for _ in range(4):
        answer(board, board.next_page(24), truth)
    rows = catalogue.decisions(decisions.DONE)
    assert {row.folder for row in rows} == {"unsorted_robotart"} and all(row.source == row.target for row in rows)
    samplings = {row.sha256: row.sampling for row in rows}
    random = board._state().random
    assert {board._pool.shas[row] for row in random} == {sha for sha, how in samplings.items() if how == RANDOM}
    assert set(samplings.values()) == {RANDOM, CHOSEN} and len(random) >= len(samplings) // 6


def test_of_a_recording_one_image_is_asked_for_and_counts_once(catalogue, truth):
    built = sorted(sha for sha, label in truth.items() if label == "built")
    catalogue.set_groups(dict.fromkeys(built, "clip/1"))
    board = unlabeled_board(catalogue)
    left = board.progress().left
    page = board.next_page(24)
    one = next(image.sha256 for image in page.images if image.sha256 in built)
    board.decide(page.id, [one], "label", "built")
    assert board.progress().left == left - len(built)
    answer(board, page, truth)
    page = board.next_page(24)
    assert page and not set(shas(page)) & set(built)


def test_a_page_without_guesses_is_never_accepted_blindly(board):
    page = board.next_page(24)
    with pytest.raises(Refused, match="no guess yet"):
        board.decide(page.id, shas(page), "keep")
    assert board.decided == {}


def test_what_was_left_open_comes_again_when_all_else_is_done(board, truth):
    page = board.next_page(24)
    left = {image.sha256 for image in page.images[4:]}
    for image in page.images[:4]:
        board.decide(page.id, [image.sha256], "label", truth[image.sha256])
    board.postpone(page.id, sorted(left))
    while (page := board.next_page(200)) and not set(shas(page)) & left:
        answer(board, page, truth)
    assert page and set(shas(page)) <= left
    while page:
        answer(board, page, truth)
        page = board.next_page(200)
    assert board.progress().left == 0


def test_undo_takes_a_decision_back_and_a_new_process_finds_the_rest(catalogue, board, truth):
    for _ in range(2):
        answer(board, board.next_page(24), truth)
    page = board.next_page(24)
    answer(board, page, truth)
    before = dict(board.decided)
    undone = board.undo()
    assert undone.page.id == page.id and set(undone.touched) and not set(undone.touched) & board.decided.keys()
    assert all(image.state == "" for image in undone.page.images if image.sha256 in undone.touched)
    again = unlabeled_board(catalogue, "later")
    assert again.decided == board.decided and list(again._state().decided) == list(board._state().decided)
    assert again._state().random == board._state().random and again.labels() == board.labels()
    assert again._state().excluded == board._state().excluded
    assert again.redo().touched and again.decided.keys() == before.keys()


def test_the_next_step_knows_how_far_the_labelling_went(root, catalogue, board, truth):
    """Broken off with Ctrl-C, another evening: what was labelled is not asked for again, and not counted as waiting."""
    first = board.next_page(24)
    answer(board, first, truth)
    second = board.next_page(24)
    board.decide(second.id, shas(second, 0), "aside")
    state = read_state("robots")
    assert (state.labeled_unsorted, state.unsorted) == (10, {"robotart": 59})
    assert next_steps(state)[0].title == "go on labelling (10 labelled, 49 unsorted)"
    while board.undo().touched:
        pass
    assert read_state("robots").labeled_unsorted == 0
    answer(board, replace(first, images=tuple(first.images[:4])), truth)
    import_decisions.import_decisions("robots", "stamp", catalogue)
    assert read_state("robots").labeled_unsorted == 0  # they are training data now


def test_after_everything_is_undone_it_guesses_nothing(board, truth):
    for _ in range(3):
        answer(board, board.next_page(24), truth)
    while board.undo().touched:
        pass
    page = board.next_page(24)
    assert board.decided == {} and page.kind == "typical" and board.progress().labeling["decisions"] == 0


def test_set_aside_leaves_the_pool_and_undo_brings_it_back(root, board):
    page = board.next_page(24)
    [sha] = shas(page, 0)
    board.decide(page.id, [sha], "aside")
    assert on_disk(root)[sha] == "quarantine" and board._row[sha] in board._state().excluded
    board.undo()
    assert on_disk(root)[sha] == "unsorted_robotart" and board._row[sha] not in board._state().excluded


def test_near_duplicates_of_a_labelled_image_are_not_asked_for(root, catalogue, truth):
    from PIL import Image

    original = unsorted_images(root)[0]
    copied = original.parent / "again.jpg"
    with Image.open(original) as image:
        image.save(copied, quality=60)
    board = unlabeled_board(catalogue)
    sha, copy = files.sha256_of(original), files.sha256_of(copied)
    assert board._row[copy] in board._pool.near_duplicates[board._row[sha]]
    page = board.next_page(24)
    board._show(replace(page, images=(page.images[0].__class__(sha, ""),)))
    board.decide(page.id, [sha], "label", "built")
    shown = set()
    while page := board.next_page(200):
        shown |= set(shas(page))
        answer(board, page, truth)
    assert copy not in shown and len(shown) >= EACH


@pytest.mark.parametrize(
    "name", ["../outside", "a/b", ".hidden", "sorted_1", "<img src=x>", "", "x\u202ey", "con", "a" * 80]
)
def test_names_that_cannot_be_labels_are_refused_and_change_nothing(board, name):
    page = board.next_page(24)
    with pytest.raises(BadUsage):
        board.decide(page.id, shas(page, 0), "label", name)
    assert board.labels() == ["not"] and board.decided == {}


def test_a_label_is_typed_once_and_keeps_its_key(board):
    page = board.next_page(24)
    for n, (typed, is_called) in enumerate(
        (("Rose Bush", "rose_bush"), ("日本", "日本"), ("  rose BUSH ", "rose_bush"))
    ):
        done = board.decide(page.id, shas(page, n), "label", typed)
        assert done.page.images[n].label == is_called
    assert board.labels() == ["rose_bush", "日本", "not"]
    with pytest.raises(Refused):
        board.decide("another page", shas(page, 0), "label", "fig")
    assert "fig" not in board.labels()


def test_keys_are_the_same_when_the_labels_have_become_folders(catalogue, board):
    page = board.next_page(24)
    for n, label in enumerate(("zebra", "not", "ant")):
        board.decide(page.id, shas(page, n), "label", label)
    for label in ("not", "ant", "zebra", "bee"):
        files.make_folder(paths.training("robots") / label)
    assert SortedBoard("robots", catalogue, "later").labels() == ["zebra", "ant", "bee", "not"]
    assert unlabeled_board(catalogue).labels() == ["zebra", "ant", "bee", "not"]


def test_an_image_that_vanished_or_changed_is_not_asked_for(root, board, truth):
    removed, changed, other = unsorted_images(root)[:3]
    not_asked = {files.sha256_of(removed), files.sha256_of(changed)}
    removed.unlink()
    changed.write_bytes(other.read_bytes())
    shown = set()
    while page := board.next_page(200):
        shown |= set(shas(page))
        answer(board, page, truth)
    assert shown == truth.keys() - not_asked


def labelled_until_measured(board: UnlabeledBoard, truth: dict[str, str], decisions: int = 45) -> dict:
    """So many decisions, and how good the guesses are by then."""
    while len(board.decided) < decisions and (page := board.next_page(24)):
        answer(board, page, truth)
        board.next_page(24)
        board.learner._learning.wait(WAIT_S)
        board.learner._measuring.wait(WAIT_S)
    return board.progress().labeling


def test_it_says_how_good_the_guesses_are(board, truth):
    assert board.progress().labeling["share"] is None
    labeling = labelled_until_measured(board, truth)
    share = labeling["share"]
    assert share["low"] <= share["value"] <= share["high"] and share["total"] == labeling["random"] >= 5
    assert share["value"] > 0.7 and labeling["curve"][-1][1] == share["value"] and labeling["ready"]
    assert labeling["decisions"] == len(board.decided) and labeling["failed"] == ""
    assert set(labeling) == set(json.loads(json.dumps(labeling)))


def measured(board: UnlabeledBoard) -> dict:
    """Where the session stands once everything is measured."""
    board.progress()
    for task in (board.learner._learning, board.learner._measuring, board._sample._measuring):
        task.wait(WAIT_S)
    return board.progress().labeling


def test_a_page_of_random_images_tells_how_good_the_guesses_are(catalogue, board, truth, monkeypatch):
    monkeypatch.setattr(accuracy_check, "draw_check", partial(accuracy_check.draw_check, count=8))
    before = labelled_until_measured(board, truth)
    decided = set(board.decided)
    page = board.accuracy_page()
    assert (page.kind, page.title) == ("sample", "How good is it?") and not page.fills
    assert set(shas(page)).isdisjoint(decided) and all(image.guess for image in page.images)
    assert board.progress().labeling["sample"] == "open" and board.accuracy_page().id == page.id
    some = page.images[0]
    with pytest.raises(Refused, match="Each of these counts"):
        board.postpone(page.id, [some.sha256])
    answer(board, page, truth)
    labeling = measured(board)
    assert labeling["sample"] == "measured" and labeling["failed"] == ""
    share, wrong = labeling["share"], sum(image.guess != truth[image.sha256] for image in page.images)
    assert (
        share["total"] >= before["share"]["total"] + len(page.images) >= 12 and share["total"] - share["right"] >= wrong
    )
    assert share["high"] - share["low"] < before["share"]["high"] - before["share"]["low"]
    assert {row.sampling for row in catalogue.decisions_of_page(page.id)} == {RANDOM}
    board.undo()
    assert board.progress().labeling["sample"] == "open"
    board.redo()
    assert measured(board)["share"] == share
    answer(board, board.next_page(24), truth)  # what was measured is no longer how good it is now
    labeling = measured(board)
    assert labeling["sample"] == "" and labeling["share"]["total"] == labeling["random"]
    assert 0 <= labeling["forecast"] < 0.3


def test_an_image_without_its_label_is_set_aside_and_does_not_count(board, truth):
    labelled_until_measured(board, truth, 25)
    page = board.accuracy_page()
    board.decide(page.id, shas(page)[:2], "aside")
    rest = [image for image in page.images if image.sha256 not in shas(page)[:2]]
    answer(board, replace(page, images=tuple(rest)), truth)
    labeling = measured(board)
    assert labeling["sample"] == "measured"
    known = board._sample.sample.check.decided
    assert labeling["share"]["total"] <= len(rest) + len(known) + labeling["random"]


def test_without_guesses_there_is_nothing_to_check(board, truth):
    with pytest.raises(Refused, match="no guesses to check yet"):
        board.accuracy_page()
    assert board.progress().labeling["forecast"] is None


def test_the_sample_goes_on_after_another_run_has_changed_something(catalogue, board, truth):
    labelled_until_measured(board, truth, 25)
    page = board.accuracy_page()
    again = unlabeled_board(catalogue)
    again.take_over(board)
    assert again.accuracy_page().id == page.id
    answer(again, page, truth)
    assert measured(again)["sample"] == "measured"


def test_the_curve_goes_on_after_another_run_has_changed_something(catalogue, board, truth):
    before = labelled_until_measured(board, truth)
    again = unlabeled_board(catalogue)
    again.take_over(board)
    again.learner._learning.wait(WAIT_S)
    again.learner._measuring.wait(WAIT_S)
    labeling = again.progress().labeling
    assert len(before["curve"]) > 1 and labeling["curve"] == before["curve"] and labeling["share"] == before["share"]


def test_labels_become_training_data_and_undo_takes_them_out_again(root, catalogue, board, truth):
    for _ in range(3):
        answer(board, board.next_page(24), truth)
    labelled = {sha: row for sha, row in board.decided.items() if row.label}
    before = on_disk(root)
    done = import_decisions.import_decisions("robots", "20261125_100000", catalogue)
    assert sum(done.labels.values()) == len(labelled) and not done.problems
    known = catalogue.labels()
    assert {sha: (known[sha].label, known[sha].given_by, known[sha].sampling) for sha in labelled} == {
        sha: (row.label, PERSON, row.sampling) for sha, row in labelled.items()
    }
    assert import_decisions.import_decisions("robots", "20261125_100001", catalogue).labels == {}  # twice is once
    assert unlabeled_board(catalogue).decided.keys() == board.decided.keys()  # it goes on another evening
    harvest.undo("robots", catalogue)
    assert not [p for f in files.folders_in(paths.training("robots")) for p in files.images_in(f)]
    assert {files.sha256_of(path): "unsorted_robotart" for path in unsorted_images(root)} == before


def test_a_label_that_changed_after_it_became_training_data_is_pointed_out(root, catalogue, board, truth):
    page = board.next_page(24)
    answer(board, page, truth)
    import_decisions.import_decisions("robots", "20261125_100000", catalogue)
    [sha] = shas(page, 0)
    other = "drawn" if truth[sha] == "built" else "built"
    board.decide(page.id, [sha], "label", other)
    again = import_decisions.import_decisions("robots", "20261125_100001", catalogue)
    assert again.code == 3 and again.problems[0].startswith("1 ") and again.already == len(page.images)


def test_a_catalogue_from_elsewhere_leads_nowhere(root, catalogue, board, truth, tmp_path):
    page = board.next_page(24)
    answer(board, page, truth)
    rows = catalogue.decisions(decisions.DONE)
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    outside = os.path.relpath(tmp_path / "secret.jpg", paths.tf_files())
    catalogue.put_decisions([replace(rows[0], label="../../outside"), replace(rows[1], source=outside, target=outside)])
    done = import_decisions.import_decisions("robots", "20261125_100000", catalogue)
    assert sum(done.labels.values()) == len(rows) - 2 and not (root / "outside").exists()
    assert all(b"secret" not in p.read_bytes()[:10] for p in (root / "training_photos").rglob("*.jpg"))


def test_what_has_been_sorted_is_not_asked_for_again(root, catalogue, board, truth):
    images = unsorted_images(root)
    first = board.next_page(24)
    [labelled] = shas(first, 0)
    board.decide(first.id, [labelled], "label", truth[labelled])
    target = files.make_folder(root / "testing_photos/robots/sorted_20261125_100000/built")
    for path in images[:40]:
        shutil.copy(path, target)
    sha_of = {path: files.sha256_of(path) for path in images}
    catalogue.add_sortings(
        SortedCopy(target.parent.name, path.name, sha_of[path], "built", "built", 0.9, "m", "now")
        for path in images[:40]
    )
    assert set(unlabeled_board(catalogue)._pool.shas) == {labelled} | {sha_of[path] for path in images[40:]}


def test_nothing_unsorted_is_said(root, catalogue):
    shutil.rmtree(root / "testing_photos/robots/unsorted_robotart")
    with pytest.raises(NotReady, match="no unsorted images"):
        unlabeled_board(catalogue)
    assert cfg.path_to_tf_files == str(root)
