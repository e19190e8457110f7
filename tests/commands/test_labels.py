"""Labels that change: what becomes of images, of who labelled them, of models, and what undo takes back."""

import json
import os
import shutil

import pytest

import config as cfg
from flow.base import files, paths
from flow.records import provenance
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, MODEL, PERSON
from tests.faults import world
from tests.faults.runner import run


@pytest.fixture
def root(tf_files):
    """Training images of two labels and a model; sorted images that a person has looked through."""
    folder = world.fresh(world.to_relabel)
    cfg.path_to_tf_files = str(folder)
    with open_catalogue("robots") as catalogue:  # half held out, some labelled by a model alone
        images = provenance.training_images("robots", catalogue)
        catalogue.add_splits({image.sha256: "test" for image in images[::2]})
        rows = [catalogue.label(image.sha256) for image in images[1:12:5]]
        catalogue.set_labels([type(row)(row.sha256, row.label, MODEL, 0.97, "model") for row in rows])
    return folder


def labels(root, *words: str, code: int = 0, **options) -> str:
    done = run(root, "robots", "labels", *words, **options)
    assert done.code == code, done
    return done.out + done.err


def remembered(root) -> dict[str, tuple]:
    """Content hash -> label, who gave it, score, sampling and whether it is held out."""
    with open_catalogue("robots") as catalogue:
        held_out = catalogue.splits()
        images = provenance.training_images("robots", catalogue)
        return {i.sha256: (i.label, i.given_by, i.score, i.sampling, held_out.get(i.sha256)) for i in images}


def lies(root) -> list[tuple[str, str]]:
    """(folder, content hash) of every image."""
    return sorted((str(p.parent.relative_to(root)), files.sha256_of(p)) for p in root.rglob("*.jpg"))


def rows(root) -> dict:
    """What the catalogue remembers, but for the changes themselves."""
    state = world.state(root)
    return {name: state[name] for name in ("labels", "provenance", "sortings", "decided", "splits")}


def test_a_renaming_changes_the_name_and_nothing_else(root):
    before, places = remembered(root), lies(root)
    printed = labels(root, "rename", "built", "machine")
    assert "renamed built to machine: 20 images and" in printed
    now = remembered(root)
    assert now == {sha: ("machine" if row[0] == "built" else row[0], *row[1:]) for sha, row in before.items()}
    assert [place.replace("machine", "built") for place, _ in lies(root)] and not (
        world.training(root) / "built"
    ).exists()
    assert sorted((place.replace("machine", "built"), sha) for place, sha in lies(root)) == places
    folder = world.sorted_folders(root)[0]
    assert (folder / "machine").is_dir() and not (folder / "built").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("rename", "built", "machine"),
        ("merge", "built", "drawn"),
        ("merge", "built", "drawn", "both"),
        ("remove", "built"),
        ("remove", "built", "--to", "drawn"),
        ("move", "built_1.jpg", "built_2.jpg", "drawn"),
    ],
    ids=" ".join,
)
def test_a_dry_run_changes_nothing_and_undo_takes_all_of_it_back(root, words):
    places, known = lies(root), rows(root)
    done = run(root, "robots", "labels", *words, "--dry-run")
    assert done.code == 0 and "would " in done.out and " -> " in done.out and lies(root) == places
    labels(root, *words)
    assert lies(root) != places
    assert world.contents(root) == {sha for _, sha in places}
    reported = run(root, "robots", "undo", "--dry-run")
    assert "would undo the change of labels" in reported.out
    assert run(root, "robots", "undo").code == 0
    assert (lies(root), rows(root)) == (places, known)
    names = {folder.name for folder in provenance.label_folders("robots")}
    assert names == {"built", "drawn"}  # no empty folder is left of the new one
    assert run(root, "robots", "undo").code == 10


def test_a_merge_keeps_who_labelled_each_image_and_the_test_set(root):
    before = remembered(root)
    labels(root, "merge", "built", "drawn", "robot")
    assert remembered(root) == {sha: ("robot", *row[1:]) for sha, row in before.items()}


def test_a_removed_label_goes_to_the_quarantine_with_the_reason(root):
    before = remembered(root)
    labels(root, "remove", "built")
    assert "its label was removed" in (paths.quarantine("robots") / "reasons.txt").read_text()
    assert {row[0] for row in remembered(root).values()} == {"drawn"}
    quarantined = {files.sha256_of(path) for path in files.images_in(paths.quarantine("robots"))}
    assert len(quarantined & before.keys()) == 20


def test_moved_images_are_a_persons_choice(root):
    labels(root, "move", "built_1.jpg", "built/built_2.jpg", "drawn")
    with open_catalogue("robots") as catalogue:
        images = {i.path.name: i for i in provenance.training_images("robots", catalogue)}
    for name in ("built_1.jpg", "built_2.jpg"):
        assert (images[name].label, images[name].given_by, images[name].sampling) == ("drawn", PERSON, CHOSEN)


def test_a_taken_file_name_keeps_both_images(root):
    (world.training(root) / "drawn" / "built_3.jpg").write_bytes(world.image_bytes(4321))
    before = world.contents(root)
    labels(root, "merge", "built", "drawn")
    assert world.contents(root) == before
    assert run(root, "robots", "undo").code == 0
    assert world.contents(root) == before and len(files.images_in(world.training(root) / "built")) == 20


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (("rename", "bilt", "x"), 10, "did you mean 'built'"),
        (("rename", "built", "drawn"), 2, "labels merge built drawn puts the two together"),
        (("rename", "built", "built"), 2, "called that already"),
        (("rename", "built"), 2, "needs 2 labels, and 1"),
        (("rename", "built", "../x"), 2, "cannot be a label"),
        (("merge", "built", "built"), 2, "Merging needs two labels"),
        (("remove", "built", "--to", "built"), 2, "cannot take its own images"),
        (("remove", "built", "--to", "nothing"), 10, "There is no label 'nothing'"),
        (("renam", "built", "x"), 2, "did you mean 'rename'"),
        (("rename", "built", "x", "--to", "y"), 2, "--to goes with labels remove"),
        (("add", "built"), 2, "a label already"),
        (("move", "nothing.jpg", "drawn"), 10, "There is no training image nothing.jpg"),
        (("move", "drawn"), 2, "needs images and a label"),
        (("move", "drawn_1.jpg", "drawn"), 2, "All of these are drawn already"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_changes_nothing(root, words, code, printed):
    before = lies(root)
    assert printed in labels(root, *words, code=code)
    assert lies(root) == before and not list(world.testing(root).glob("relabelled_*"))


def test_models_go_on_under_their_labels_and_say_what_these_are_called_now(root):
    labels(root, "rename", "built", "machine")
    done = run(root, "robots", "models")
    assert "knows built, now machine" in done.out
    report = next((root / "training_summaries/robots").glob("*/report.html")).read_text()
    assert "Labels have changed since" not in report or "built, now machine" in report
    facts = json.loads(run(root, "robots", "models", "--json").out)["results"]["models"]["models"][0]
    assert facts["labels"] == ["built", "drawn"] and facts["labels_since"] == "built, now machine"
    assert run(root, "robots", "undo").code == 0
    assert "knows" not in run(root, "robots", "models").out


def test_a_renaming_keeps_the_accuracy_and_a_merge_counts_the_two_as_one(root):
    def accuracy() -> tuple[int, int]:
        [model] = json.loads(run(root, "robots", "models", "--json").out)["results"]["models"]["models"]
        return model["share"]["right"], model["share"]["total"]

    before = accuracy()
    labels(root, "rename", "built", "machine")
    assert accuracy() == before
    labels(root, "merge", "machine", "drawn", "robot")
    assert accuracy()[0] == accuracy()[1] == before[1]  # mixing the two up is no mistake any more
    assert "cannot be compared" not in run(root, "robots", "models").out


def test_sorting_gives_the_labels_of_today(root):
    labels(root, "rename", "built", "machine")
    world.put(world.unsorted(root, "late"), "built", range(700, 703))
    options = {"ROBOFLOW_CONFIDENCE_MIN": "0", "ROBOFLOW_DISTANCE_GATE": "no"}
    assert run(root, "robots", "0", "late", "classify_top", environ=options).code == 0
    newest = max(world.sorted_folders(root), key=lambda folder: folder.stat().st_mtime_ns)
    assert {folder.name for folder in newest.iterdir() if folder.is_dir()} <= {"machine", "drawn"}
    assert (newest / "machine").is_dir()


# By hand


def test_a_folder_renamed_in_a_file_manager_is_recognised_and_keeps_its_history(root):
    before = remembered(root)
    os.rename(world.training(root) / "built", world.training(root) / "machine")
    printed = run(root, "robots", "labels", "add", "third")
    assert printed.code == 0
    log = (root / "logs/robots.log").read_text()
    assert "built is now machine: 20 images; taken as a rename." in log
    now = remembered(root)
    assert now == {sha: ("machine" if row[0] == "built" else row[0], *row[1:]) for sha, row in before.items()}
    assert "knows built, now machine" in run(root, "robots", "models").out
    assert (world.sorted_folders(root)[0] / "machine").is_dir()


def test_a_folder_emptied_into_another_one_is_a_merge(root):
    before = remembered(root)
    for path in files.images_in(world.training(root) / "built"):
        os.rename(path, world.training(root) / "drawn" / path.name)
    (world.training(root) / "built").rmdir()
    assert run(root, "robots", "labels", "add", "third").code == 0
    assert remembered(root) == {sha: ("drawn", *row[1:]) for sha, row in before.items()}


def test_a_folder_that_is_taken_away_and_comes_back_keeps_who_labelled_it(root, tmp_path):
    before = remembered(root)
    shutil.move(world.training(root) / "built", tmp_path / "built")
    assert run(root, "robots", "labels", "add", "third").code == 0
    assert {row[0] for row in remembered(root).values()} == {"drawn"}
    shutil.move(tmp_path / "built", world.training(root) / "built")
    assert run(root, "robots", "labels", "add", "fourth").code == 0
    assert remembered(root) == before


def test_a_few_images_dragged_are_no_merge(root):
    for path in files.images_in(world.training(root) / "built")[:3]:
        os.rename(path, world.training(root) / "drawn" / path.name)
    assert run(root, "robots", "labels", "add", "third").code == 0
    assert sum(row[0] == "built" for row in remembered(root).values()) == 17


def test_a_basetag_whose_folders_were_deleted_begins_anew(root):
    """The seed's way to start over: make a backup, then delete the directories."""
    shutil.rmtree(world.training(root))
    world.put(world.training(root) / "owl", "built", range(900, 905))
    assert run(root, "robots", "labels", "add", "third").code == 0
    assert "owl" in run(root, "robots", "labels").out


# Lists


def test_the_list_says_who_labelled_what_and_how_well_it_is_told(root):
    table = labels(root)
    assert [line.split()[:4] for line in table.splitlines()[1:3]] == [
        ["built", "20", "17", "3"],
        ["drawn", "20", "20", "0"],
    ]
    assert "robots: 2 labels: built 20, drawn 20" in table
    facts = json.loads(run(root, "robots", "labels", "--json").out)["results"]["labels"]["labels"]
    assert [row["test"] for row in facts] == [10, 10] and all(row["measured"] for row in facts)


def test_an_undone_harvest_and_a_change_are_taken_back_in_the_order_in_which_they_were_done(tf_files):
    folder = world.fresh(world.to_undo)
    cfg.path_to_tf_files = str(folder)
    labels(folder, "rename", "built", "machine")
    assert "machine is called built again" in run(folder, "robots", "undo").out
    assert "put 7 images" in run(folder, "robots", "undo").out


def test_a_lost_catalogue_is_filled_again_with_the_labels_of_today(root):
    labels(root, "merge", "built", "drawn", "robot")
    labels(root, "rename", "robot", "machine")
    before = {sha: row[:2] for sha, row in remembered(root).items()}
    for part in (root / "catalogues").iterdir():
        part.unlink()
    assert {sha: row[:2] for sha, row in remembered(root).items()} == before
    assert "knows built, now machine" in run(root, "robots", "models").out
