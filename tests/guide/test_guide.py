"""Guided sessions in a real pseudo-terminal, as stories."""

import shlex
import shutil

import pytest

from flow.front import arguments, status
from flow.plan import make_plan
from flow.records.open_catalogue import open_catalogue
from tests.conftest import KINDS
from tests.terminal import Terminal
from tests.terminal import run as unattended

MORE = "1"  # "bring in more pictures" in a home with a model and nothing that waits


def printed_command(screen: str) -> list[str]:
    """The arguments of the command the guide printed; a small terminal breaks it, so the words are put together."""
    text = screen.split("the same without questions:\n")[1].split("ENTER starts")[0]
    return shlex.split(text.replace("\n", ""))[2:]


def test_a_first_time_user_downloads_and_makes_label_folders(tmp_path):
    with Terminal("--tf-files", str(tmp_path), "--source", "sample") as t:
        t.expect("What shall the basetag be")
        t.type("Robots")
        t.expect("`not`")
        t.expect("Which labels")
        t.type("built, drawn, not")
        t.expect("How many new images")
        t.type("6")
        t.expect("Which searchtag?")
        t.type("#robotart")
        t.expect("no model yet")
        t.expect("labels built, drawn, not")
        t.expect("ENTER starts")
        t.type("")
        t.expect("ENTER opens the page")
        t.type("q")
        assert t.ended() == 0
        assert "6 kept" in t.screen and "oh no" not in t.screen
        assert printed_command(t.screen) == [
            "robots",
            "6",
            "robotart",
            "download",
            "--source",
            "sample",
            "--tf-files",
            str(tmp_path),
        ]
    assert sorted(p.name for p in (tmp_path / "training_photos/robots").iterdir()) == ["built", "drawn", "not"]
    assert len(list((tmp_path / "testing_photos/robots/unsorted_robotart").glob("*.jpg"))) == 6


def test_a_first_model_from_images_sorted_by_hand(home, small_eyes):
    """Straight to training: 0 images, no searchtag; the small number of images is accepted with --images-min."""
    shutil.copytree(small_eyes, home / "models", dirs_exist_ok=True)
    with Terminal("--tf-files", str(home), rows=40, columns=120) as t:
        t.expect("What next?")
        t.type("1")
        t.expect("Where from?")
        t.type("")
        t.expect("How many new images")
        t.type("0")
        t.expect("Which searchtag's images")
        t.type("")
        t.expect("24 of 750")
        t.expect("Backbone")
        t.type("efficientnet_lite0")
        t.expect("Training steps")
        t.type("200")
        t.expect("Image size")
        t.type("128")
        for question in ("Testing percent (", "Batch size (", "Learning rate (", "What learns"):
            t.expect(question)
            t.type("")
        t.expect("ENTER starts")
        t.type("")
        assert t.ended() == 0
        assert "retrained efficientnet_lite0_batch64_steps200_test16_img128_acc" in t.screen
    assert len(list((home / "training_summaries/robots").iterdir())) == 2


def test_a_returning_user_classifies_checks_harvests_and_retrains(home):
    with Terminal(
        "robots", "12", "robotart", "retrain", "--source", "sample", "--images-min", "24", "--tf-files", str(home)
    ) as t:
        t.expect("sorted 12")
        t.expect("drag what is wrong")
        t.expect("robot only")
        t.expect("Harvest into the training data")
        folder = next((home / "testing_photos/robots").glob("sorted_*"))
        moved = next(folder.glob("*_under*/*.jpg"))
        moved.rename(folder / "drawn" / moved.name)
        t.type("c")
        t.expect("harvested 1 (1 checked by a person")
        t.expect("Backbone (")
        t.type("efficientnet_lite0")
        for question, answer in (
            ("Training steps (", "150"),
            ("Image size", ""),
            ("Testing percent (", ""),
            ("Batch size (", ""),
            ("Learning rate (", ""),
            ("What learns", "head"),
        ):
            t.expect(question)
            t.type(answer)
        assert t.ended() == 0
        assert "retrained efficientnet_lite0_" in t.screen and "report:" in t.screen


def test_nonsense_help_back_and_a_polite_goodbye(home):
    with Terminal("--tf-files", str(home)) as t:
        t.expect("What next?")
        t.type("99")
        t.expect("A number from 1 to 6")
        t.type("h")
        t.expect("Type the number of what you would like to do")
        t.expect("What next?")
        t.type("6")
        t.expect("Which basetag")
        t.type("../etc")
        t.expect("leave its folder")
        t.type("1")
        t.expect("What next?")
        t.type("1")
        t.expect("Where from?")
        t.type("/nowhere/at all")
        t.expect("There is no folder or file")
        t.type("sample")
        t.expect("How many new images")
        t.type("lots")
        t.expect("whole number from 0 to 250")
        t.type("10")
        t.expect("Which searchtag")
        t.type("b")
        t.expect("How many new images")
        t.type("5")
        t.expect("Which searchtag")
        t.type("q")
        assert t.ended() == 0
        assert "i love you" in t.last_lines(2)
    assert not list((home / "testing_photos/robots").glob("unsorted_*/*.jpg"))


def test_ctrl_d_is_quit_and_ctrl_c_is_130(home):
    with Terminal("--tf-files", str(home)) as t:
        t.expect("What next?")
        t.press(b"\x04")
        assert t.ended() == 0
    with Terminal("--tf-files", str(home)) as t:
        t.expect("What next?")
        t.press(b"\x03")
        assert t.ended() == 130
        assert "nothing is half done" in t.screen and "Traceback" not in t.screen


def test_classify_asks_which_model_and_enter_takes_the_best(home):
    """With one model there is nothing to choose; with two there is, and d only downloads."""
    with Terminal("robots", "3", "robotart", "--source", "sample", "--tf-files", str(home)) as t:
        t.expect("ENTER opens the page")
        t.type("q")
        assert t.ended() == 0 and "which model" not in t.screen and "sorted 3" in t.screen
    assert (
        unattended(
            "robots",
            "explore",
            "--steps",
            "10,30",
            "--architecture",
            "efficientnet_lite0",
            "--images-min",
            "24",
            "--tf-files",
            str(home),
        ).returncode
        == 0
    )
    with Terminal("robots", "3", "mechs", "--source", "sample", "--tf-files", str(home)) as t:
        t.expect("Sort with which model?")
        assert "kept" not in t.screen  # asked first, so that the person can go for a walk
        t.type("9")
        t.expect("A number from 1 to 3")
        t.type("")
        t.expect("sorted 3")
        t.expect("ENTER opens the page")
        t.type("q")
        assert t.ended() == 0
    with Terminal("robots", "3", "not", "--source", "sample", "--tf-files", str(home)) as t:
        t.expect("Sort with which model?")
        t.type("d")
        assert t.ended() == 0 and "sorted" not in t.last_lines(1)


def test_more_than_a_cycle_is_asked_about(home):
    with Terminal("robots", "900", "robotart", "download", "--source", "sample", "--tf-files", str(home)) as t:
        t.expect("Take 250 now?")
        t.type("n")
        assert t.ended() == 0


@pytest.mark.parametrize(
    "answers",
    [
        ["", "5", "robotart", "d"],
        ["sample", "5", "robotart", "1", "n"],
        ["", "5", "robotart", "", "y", "n", "efficientnet_lite0", "", "", "", "", "", "last"],
        ["search", "0", "0", "efficientnet_lite0", "77", "", "20", "16", "0.1", ""],
        ["", "0", "robotart", "1", "y", "c", "mobilenet_0.50", "500", "160", "", "32", "0.02"],
    ],
)
def test_the_printed_command_makes_the_same_plan(home, answers):
    """Every plan reachable by prompts equals the plan of the command it prints."""
    from flow.base import paths
    from flow.front import guide
    from tests.scripted import scripted

    folder = home / "testing_photos/robots/unsorted_robotart"
    folder.mkdir(parents=True)
    with scripted(home, [MORE, *answers]) as left:
        request, confirm = guide.complete(arguments.Request(basetag="robots"))
        assert left == [] and confirm
        disk = status.disk_state("robots")
        asked = make_plan(request, disk, "s", asks=False)
        again, _ = arguments.parse(shlex.split(guide.command(request))[2:])
        assert make_plan(again, disk, "s", asks=False).__dict__ | {"chosen": ()} == asked.__dict__ | {"chosen": ()}
        assert paths.training("robots").is_dir()


def test_questions_leave_stdout_to_the_results(home):
    """Without a terminal the same words on stdin are not read: nothing is asked."""
    done = unattended("--tf-files", str(home), "--no-input")
    assert done.returncode == 2 and done.stdout == ""


def test_hostile_names_reach_no_screen(home):
    folder = home / "training_photos/robots/evil\x1b[31m\u202etxt"
    folder.mkdir()
    with Terminal("robots", "0", "0", "--tf-files", str(home), "--no-color") as t:
        assert t.ended() == 2
        assert "\x1b[31m" not in t.screen and "\u202e" not in t.screen
    assert set(KINDS) <= {p.name for p in (home / "training_photos/robots").iterdir()}


def test_a_lost_catalogue_is_told_again_also_when_the_guide_opens_it_first(home):
    """Robot labels must not turn into a person's because the guide looked before the run did."""
    assert (
        unattended("robots", "20", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home)).returncode
        == 0
    )
    assert unattended("robots", "harvest", "--tf-files", str(home)).returncode == 0
    for part in (home / "catalogues").iterdir():
        part.unlink()
    with Terminal("robots", "--tf-files", str(home)) as t:
        t.expect("3  bring in more pictures")
        t.expect("What next?")
        t.type("3")
        t.expect("Where from?")
        t.type("sample")
        t.expect("How many new images")
        t.type("5")
        t.expect("Which searchtag")
        t.type("robotart")
        t.expect("Sort with which model?")
        t.type("q")
        assert t.ended() == 0
    from flow.records.rows import MODEL
    from tests.scripted import scripted

    with scripted(home, []), open_catalogue("robots") as catalogue:
        assert [label for label in catalogue.labels().values() if label.given_by == MODEL]


def test_enter_at_the_harvest_question_leaves_unchecked_images_where_a_person_finds_them(home):
    assert (
        unattended("robots", "12", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home)).returncode
        == 0
    )
    done = unattended("robots", "harvest", "--checked-only", "--tf-files", str(home))
    assert done.returncode == 0 and "unchecked left out" in done.stdout
    assert len(list((home / "testing_photos/robots").glob("sorted_*"))) == 1
