"""Evenings as a person spends them at a terminal: what the guide shows, and where ENTER alone leads."""

import shutil

import pytest

from tests.faults import world
from tests.faults.world import fresh
from tests.terminal import Terminal
from tests.terminal import run as unattended

CLOSED = "http://127.0.0.1:9"
NO_NETWORK = {
    "ROBOFLOW_URL_OPENVERSE": CLOSED,
    "ROBOFLOW_URL_COMMONS": CLOSED,
    "ROBOFLOW_ADDRESSES_PRIVATE_ALLOWED": "true",
}


@pytest.fixture
def photos(tmp_path):
    """A folder as people have them: a blank in its name, sub-folders, one image that is broken."""
    folder = tmp_path / "my photos"
    world.put(folder / "summer", "built", range(10))
    for path in world.put(folder, "drawn", range(5)):
        path.write_bytes(world.image_bytes(int(path.stem.split("_")[1]), "drawn", side=200))
    for path in (folder / "summer").iterdir():
        path.write_bytes(world.image_bytes(int(path.stem.split("_")[1]), "built", side=200))
    (folder / "broken.jpg").write_bytes(world.image_bytes(1)[:300])
    return folder


def unsorted(root, tag):
    return sorted(p.name for p in (root / f"testing_photos/birds/unsorted_{tag}").glob("*.jpg"))


def begin(t, basetag="birds"):
    t.expect("What shall your basetag be")
    t.type(basetag)
    t.expect("Where from?")


@pytest.mark.parametrize("typed", ["'{}'", '"{}"', "{}", "file://{}"])
def test_a_first_evening_with_photos_of_ones_own_and_no_network(tmp_path, photos, typed):
    """The folder is dropped into the terminal, as terminals paste it; nothing is searched for."""
    text = typed.format(
        photos if "'" in typed or '"' in typed else str(photos).replace(" ", "%20" if "file" in typed else "\\ ")
    )
    root = tmp_path / "tf"
    with Terminal("--tf-files", str(root), **NO_NETWORK) as t:
        begin(t)
        t.type(text)
        t.expect("16 images, 1 that cannot be read")
        t.expect("broken.jpg: damaged or cut off")
        for question in (
            "Which labels",
            "How many new images, 0 to 250? [15]",
            "What shall these images be called?",
            "ENTER starts",
        ):
            t.expect(question)
            t.type("")
        t.expect("15 of 15 kept")
        t.expect("ENTER opens the page")
        t.type("q")
        t.expect("next: label the first images (15 are unsorted)")
        t.expect("python roboflow.py birds check")
        assert t.ended() == 0
    assert len(unsorted(root, "my_photos")) == 15 and len(list(photos.rglob("*.jpg"))) == 16
    assert sorted(p.name for p in (root / "training_photos/birds").iterdir()) == ["birds", "not"]


def test_enter_alone_on_a_first_evening_without_network_ends_with_images(tmp_path):
    """The situation is said once, with the ways on, and ENTER takes one of them."""
    with Terminal("--tf-files", str(tmp_path), **NO_NETWORK) as t:
        for question in (
            "What shall your basetag be",
            "Where from?",
            "Which labels",
            "How many new images",
            "Which searchtag?",
            "ENTER starts",
            "Where from instead?",
        ):
            t.expect(question)
            t.type("")
        t.expect("50 of 50 kept", 90)
        t.expect("ENTER opens the page")
        t.type("q")
        t.expect("next: label the first images (50 are unsorted)")
        assert t.ended() == 0
        assert t.screen.count("cannot be reached") == 2 and t.screen.count("Three ways on") == 1
        assert " 0 kept" not in t.screen and "unsorted_robots\n" not in t.screen.split("Where from instead?")[0]
        assert all(len(line) <= 80 for line in t.shown() if str(tmp_path) not in line)


def test_later_leaves_and_the_next_evening_begins_with_another_way(tmp_path, photos):
    root = tmp_path / "tf"
    with Terminal("birds", "--tf-files", str(root), **NO_NETWORK) as t:
        for question, answer in (
            ("Where from?", ""),
            ("Which labels", ""),
            ("How many", "5"),
            ("Which searchtag?", ""),
            ("ENTER starts", ""),
            ("Where from instead?", "later"),
        ):
            t.expect(question)
            t.type(answer)
        t.expect("next: bring in images")
        assert t.ended() == 3
    with Terminal("birds", "--tf-files", str(root), **NO_NETWORK) as t:
        t.expect("1  bring in images")
        t.expect("no network")
        t.expect("What next?")
        t.type("")
        t.expect("[sample] >")
        t.type(f"'{photos}'")
        t.expect("How many new images, 0 to 250? [15]")
        t.type("q")
        assert t.ended() == 0


def test_at_a_command_without_network_the_ways_on_are_commands(tmp_path):
    with Terminal("birds", "5", "owl", "--tf-files", str(tmp_path), **NO_NETWORK) as t:
        t.expect("Three ways on without one:")
        t.expect("python roboflow.py birds 5 owl --source folder:DIR")
        assert t.ended() == 3 and "Where from" not in t.screen and "copy the first 20" not in t.screen
    done = unattended("birds", "5", "owl", "--tf-files", str(tmp_path), environ=NO_NETWORK)
    assert done.returncode == 3 and len(done.stdout.splitlines()) == 1 and done.stderr == ""


def test_folders_of_images_become_training_data_with_y_and_undo_removes_them(tmp_path, photos):
    """The folders of a new basetag may be named anything, so ENTER alone would leave their images unsorted."""
    root = tmp_path / "tf"
    shutil.move(photos / "summer", photos / "Owl")
    world.put(photos / "not", "drawn", range(50, 54))
    with Terminal("--tf-files", str(root)) as t:
        begin(t)
        t.type(f"'{photos}'")
        t.expect("Folders of images: owl 10, not 4.")
        t.expect("[n] >")
        t.type("y")
        t.expect("took not 4, owl 10 as training data")
        t.expect("next: bring in more images")
        assert t.ended() == 0
    assert len(list((root / "training_photos/birds/owl").iterdir())) == 10
    with Terminal("--tf-files", str(root)) as t:
        t.expect("undo the last harvest")
        t.expect("What next?")
        t.type("2")
        t.expect("took 14 copies out of the training data")
        assert t.ended() == 0
    assert not list((root / "training_photos/birds").rglob("*.jpg")) and len(list(photos.rglob("*.jpg"))) == 20


def test_folders_named_like_labels_become_training_data_with_enter(tmp_path, photos):
    root = tmp_path / "tf"
    shutil.move(photos / "summer", photos / "Owl")
    world.put(photos / "holiday", "drawn", range(50, 54))
    for label in ("owl", "not"):
        (root / "training_photos/birds" / label).mkdir(parents=True)
    with Terminal("birds", "--tf-files", str(root)) as t:
        t.expect("1  bring in images")
        t.type("")
        t.expect("Where from?")
        t.type(f"'{photos}'")
        t.expect("Folders named like your labels: owl 10.")
        t.expect("[y] >")
        t.type("")
        t.expect("took owl 10 as training data")
        assert t.ended() == 0
    assert len(list((root / "training_photos/birds/owl").iterdir())) == 10


def test_a_second_evening_begins_with_what_waits():
    """As many as the page shows, five of seven: one was dragged into its folder, and one is a person's own."""
    root = fresh(world.to_harvest)
    with Terminal("--tf-files", str(root)) as t:
        t.expect("to check: sorted_")
        t.expect("1  check the 5 images that a model sorted")
        t.expect("2  bring in more images")
        t.expect("What next? [1]")
        t.type("")
        t.expect("python roboflow.py robots check --tf-files")
        t.expect(str(root))
        t.press(b"\x03")
        t.ended()
        assert "How many" not in t.screen and "Which searchtag" not in t.screen


def test_checked_harvested_and_retrained_with_enter_alone(grown):
    """After approving, each start's ENTER goes one step on round the loop."""
    root = fresh(world.to_harvest)
    shutil.rmtree(root / "models")  # a stand-in; here the real backbone sees the images
    shutil.copytree(grown / "models", root / "models")
    assert unattended("robots", "approve", "--tf-files", str(root)).returncode == 0
    world.put(world.training(root) / "built", "built", range(600, 606))
    for first, done in (
        ("harvest the 7 images you checked", "harvested 7"),
        ("retrain: 13 new images since the last model", "retrained"),
    ):
        with Terminal("robots", "--tf-files", str(root)) as t:
            t.expect(f"1  {first}")
            t.expect("What next? [1]")
            t.type("")
            t.expect(done, 90)
            assert t.ended() == 0
    with Terminal("robots", "--tf-files", str(root)) as t:
        t.expect("1  bring in more images")


def test_too_few_of_one_label_is_named():
    root = fresh(world.beginning)
    for path in sorted((world.training(root) / "drawn").iterdir())[4:]:
        path.unlink()
    with Terminal("robots", "--tf-files", str(root)) as t:
        t.expect("1  bring in more images")
        t.expect("Most needed: drawn")
        t.expect("What next? [1]")
        t.type("")
        t.expect("Where from?")
        t.type("q")
        assert t.ended() == 0


def test_after_an_undo_checking_again_comes_first():
    root = fresh(world.to_harvest)
    for flowstep in ("approve", "harvest", "undo"):
        assert unattended("robots", flowstep, "--tf-files", str(root)).returncode == 0
    assert (
        "next: check the 7 images again before they are harvested"
        in unattended("robots", "status", "--tf-files", str(root)).stdout
    )
    with Terminal("robots", "--tf-files", str(root)) as t:
        t.expect("1  check the 7 images again before they are harvested")
        t.expect("2  harvest the 7 images you checked")


def test_every_run_ends_with_what_status_says_comes_next():
    root = fresh(world.to_harvest)
    with Terminal("robots", "approve", "--tf-files", str(root)) as t:
        assert t.ended() == 0
    last = t.screen.split("next: ")[1].replace("\\\n", "").split()  # a long command goes on after a backslash
    status = unattended("robots", "status", "--tf-files", str(root)).stdout.split("next: ")[1]
    assert last == status.split() and "harvest" in last


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_dumb_terminals_and_no_colours_get_whole_plain_questions(tmp_path, environ):
    """What is typed waits for the end of the question: else its echo stands before it."""
    with Terminal("birds", "--tf-files", str(tmp_path), columns=60, **environ) as t:
        t.expect("Where from?")
        t.resize(24, 44)
        t.type("x" * 300)
        t.expect("There is no folder or file")
        t.expect("> ")
        t.type("sample")
        t.expect("Which labels, with commas between?")
        t.expect("> ")
        t.type("h")
        t.expect("Labels are")
        t.expect("Which labels, with commas between?")
        t.expect("> ")
        t.type("")
        t.expect("How many new images")
        t.expect("> ")
        t.type("3")
        t.expect("Which searchtag?")
        t.expect("> ")
        t.type("")
        t.expect("ENTER starts")
        t.expect("> ")
        t.type("")
        t.expect("ENTER opens the page")
        t.expect("> ")
        t.type("q")
        assert t.ended() == 0 and "3 kept" in t.screen
        output = t.screen.split("There is no folder or file")[1]
        assert [
            line for line in output.split("\n") if len(line) > 44 and "/" not in line and "x" * 30 not in line
        ] == []
