"""Sorted images: what is shown in which order, what a person drags meanwhile, and what may measure."""

import os
from pathlib import Path
from types import SimpleNamespace

import config as cfg
from flow.base import files, paths
from flow.check.sorted_board import SortedBoard
from flow.guide.basetag_state import read_state
from flow.guide.next_steps import next_steps
from flow.harvest import step as harvest
from flow.models import model_store
from flow.records import provenance
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, PERSON, WHOLE_FOLDER
from tests.check.person import Person, by_name
from tests.check.places import labeled_by_person, shas, sorted_or_quarantined
from tests.check.pool import LABELS, sorted_pool
from tests.check.serving import new_page
from tests.faults import world


def test_sure_pages_come_first_label_by_label_then_the_unsure_ones(board):
    kinds = []
    while page := board.next_page(3):
        kinds.append((page.kind, page.guess))
        assert len({(image.guess, image.below_threshold) for image in page.images}) == 1 and len(page.images) <= 3
        scores = [image.score for image in page.images]
        assert scores == sorted(scores, reverse=True)
        board.decide(page.id, shas(page), "keep")
    assert [k for k, _ in kinds] == sorted((k for k, _ in kinds), key=["sure", "unsure"].index)
    for kind in ("sure", "unsure"):
        guesses = [g for k, g in kinds if k == kind]
        assert guesses and guesses == sorted(guesses)


def test_the_next_step_counts_what_nobody_has_checked(root, catalogue, board):
    """Neither what was accepted on the page nor what was dragged by hand; after an undo of the harvest as before it."""
    before = read_state("robots").to_check
    page = board.next_page(3)
    board.decide(page.id, shas(page), "keep")
    assert sum(read_state("robots").to_check.values()) == sum(before.values()) - len(page.images)
    while page := board.next_page(24):
        board.decide(page.id, shas(page), "keep")
    state = read_state("robots")
    images = sum(state.checked.values())
    assert not state.to_check and images == sum(before.values()) + 1
    assert next_steps(state)[0].title == f"harvest the {images} images you checked"
    harvest.harvest("robots", "stamp", catalogue, checked_only=True)
    harvest.undo("robots", catalogue)
    assert read_state("robots").checked == state.checked and not read_state("robots").to_check


def test_the_next_step_counts_as_many_as_the_page_shows(root, catalogue, board):
    """Also where a person added an image of theirs, and put one back among the unsure ones."""
    while page := board.next_page(24):
        board.decide(page.id, shas(page), "keep")
    folder = world.sorted_folders(root)[0]
    world.put(folder / "built", "built", range(900, 901))
    assert not read_state("robots").to_check
    back, under = files.images_in(folder / "drawn")[0], paths.under_label("drawn", 0.925)
    back.rename(files.make_folder(folder / under) / back.name)
    assert read_state("robots").to_check == {folder.name: 1}
    [shown] = SortedBoard("robots", catalogue, "later").next_page(24).images
    assert shown.sha256 == files.sha256_of(folder / under / back.name)


def test_an_accepted_image_is_a_persons_and_an_unsure_one_moves_up(root, catalogue, board):
    first = board.next_page(24)
    before = sorted_or_quarantined(root)
    board.decide(first.id, shas(first), "keep")
    assert sorted_or_quarantined(root) == before
    assert {image.sha256: first.guess for image in first.images}.items() <= labeled_by_person(catalogue).items()
    while (page := board.next_page(24)).kind != "unsure":
        board.decide(page.id, shas(page), "keep")
    board.decide(page.id, shas(page), "keep")
    assert all(sorted_or_quarantined(root)[image.sha256] == page.guess for image in page.images)


def test_dragging_meanwhile_is_seen_and_respected(root, catalogue, board):
    page = board.next_page(24)
    one, two, three = shas(page, 0, 1, 2)
    other = next(label for label in board.labels() if label != page.guess)
    path = board.find(one)
    os.rename(path, path.parent.parent / other / path.name)
    os.rename(board.find(two), root / "removed.jpg")
    states = {image.sha256: (image.state, image.label) for image in board.current().images}
    assert states[one] == ("moved", other) and states[two] == ("missing", "")
    answer = board.decide(page.id, [one, two, three], "keep")
    assert answer.message == f"1 accepted as {page.guess}. 2 were moved or removed meanwhile and left alone."
    assert answer.incomplete
    assert sorted_or_quarantined(root)[one] == other and two not in sorted_or_quarantined(root)
    assert labeled_by_person(catalogue)[one] == other


def test_another_image_under_the_same_name_is_not_taken_for_the_first(root, board):
    page = board.next_page(24)
    path = board.find(page.images[0].sha256)
    path.write_bytes(world.image_bytes(4321))
    again = SortedBoard("robots", board.catalogue, "again").next_page(24)
    assert page.images[0].sha256 not in shas(again)
    assert len(again.images) == len(page.images) - 1


def test_progress_counts_and_says_how_often_the_model_was_right(root, catalogue):
    last = Person().check_all(new_page(lambda: SortedBoard("robots", catalogue, "s")))
    progress = last["progress"]
    assert progress["left"] == 0 and progress["decided"] == 15
    wrong = progress["share"]["total"] - progress["share"]["right"]
    truth = {
        image.sha256: by_name({"name": image.path.name})
        for folder in provenance.sorted_folders("robots")
        for image in provenance.sorted_images(folder, {"built", "drawn"}, catalogue)
    }
    labels = labeled_by_person(catalogue)
    assert sum(labels[sha] != label for sha, label in truth.items()) == 1  # the one dragged by hand before
    assert last["counts"]["aside"] == 2 and progress["share"]["total"] == 13
    assert 0 < wrong == last["counts"]["relabelled"]


def test_only_a_folder_that_was_checked_whole_may_measure(catalogue, board):
    first, second = provenance.sorted_folders("robots")
    labels = {"built", "drawn"}

    def samplings(folder: Path) -> set[str]:
        return {image.sampling for image in provenance.sorted_images(folder, labels, catalogue)}

    page = board.next_page(24)
    board.decide(page.id, shas(page, 0), "keep")
    assert samplings(first) == {CHOSEN}
    board.decide(page.id, shas(page)[1:], "keep")
    while (page := board.next_page(24)).kind == "sure":
        board.decide(page.id, shas(page), "keep")
    assert samplings(first) == {WHOLE_FOLDER} and samplings(second) <= {CHOSEN}
    board.decide(page.id, shas(page), "aside")
    while page := board.next_page(24):
        board.decide(page.id, shas(page), "keep")
    assert samplings(second) == {WHOLE_FOLDER}  # what was set aside is not left


def test_harvest_takes_what_was_checked(root, catalogue, board):
    page = board.next_page(24)
    board.decide(page.id, shas(page), "keep")
    ready = board.progress().harvest
    done = harvest.harvest("robots", "20261123_000000", catalogue, checked_only=True)
    assert done.by_person == ready["human"] == len(page.images) + 1 and done.by_model == 0
    assert all(catalogue.labels()[sha].given_by == PERSON for sha in shas(page))
    harvest.undo("robots", catalogue)
    assert set(shas(page)) <= labeled_by_person(catalogue).keys()


def listings_for(relabelled: int, monkeypatch) -> int:
    """How often label folders are listed while a page's images are relabelled, in a pool of 10,000."""
    cfg.path_to_tf_files = str(world.scratch() / "tf_files")
    sorted_pool(10_000, wrong=0, below=0)
    with open_catalogue("robots") as catalogue:
        board = SortedBoard("robots", catalogue, "stamp")
        page = board.next_page(200)
        other = next(label for label in LABELS if label != page.guess)
        listed, scandir = [], os.scandir

        def counted(folder):
            listed.append(folder)
            return scandir(folder)

        monkeypatch.setattr(os, "scandir", counted)
        done = board.decide(page.id, shas(page)[:relabelled], "label", other)
        monkeypatch.setattr(os, "scandir", scandir)
    assert done.message == f"{relabelled} now {other}."
    return sum(str(folder) == str(paths.training("robots")) for folder in listed)


def test_relabelling_a_hundred_of_ten_thousand_lists_the_label_folders_as_often_as_relabelling_one(
    tf_files, monkeypatch
):
    one, hundred = listings_for(1, monkeypatch), listings_for(100, monkeypatch)
    assert 0 < hundred == one < 10


def test_a_recording_that_the_model_learned_from_tells_nothing_of_it_and_others_count_once(root, catalogue):
    def share() -> dict:
        board = SortedBoard("robots", catalogue, "stamp")
        while page := board.next_page(24):
            board.decide(page.id, shas(page), "keep")
        return board.progress().share

    before = share()
    accepted = [row.sha256 for row in catalogue.decisions("done")]
    catalogue.set_groups(dict.fromkeys(accepted[:5], "clip/1"))
    as_one = share()
    assert (as_one["right"], as_one["total"]) == (before["right"], before["total"]) and as_one["low"] < before["low"]
    provenance.training_images("robots", catalogue)
    catalogue.set_groups({next(iter(catalogue.labels())): "clip/1"})
    assert share()["total"] == before["total"] - 5


def test_what_the_model_that_sorted_had_learned_from_does_not_measure_it(root, catalogue, board, monkeypatch):
    """After `undo` the same images are sorted again, by the model that was trained on them."""
    while page := board.next_page(24):
        board.decide(page.id, shas(page), "keep")
    before, decided = board.progress().share, set(board.decided)
    copies = [copy for home in board.folders() for copy in catalogue.sortings(home).values()]
    learned = frozenset(sorted(decided)[:4])
    monkeypatch.setattr(model_store, "all_models", lambda _: [SimpleNamespace(name=copies[0].model)])
    monkeypatch.setattr(model_store, "predictions", lambda _: SimpleNamespace(trained_on=learned))
    after = SortedBoard("robots", catalogue, "stamp").progress().share
    assert after["total"] == before["total"] - 4 > 0
