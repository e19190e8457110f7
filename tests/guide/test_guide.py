"""Guided sessions in a real pseudo-terminal, as stories."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from flow.base.options import specs
from flow.commands.command import all_commands
from flow.commands.parse import CommonOptions, as_typed, parse
from flow.guide import guide
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import MODEL
from tests.commands.test_parse import example
from tests.conftest import KINDS
from tests.faults import world
from tests.scripted import scripted
from tests.terminal import PROJECT, Terminal
from tests.terminal import run as unattended

MORE = "2"  # "bring in more images" in a home with a model that doubts some labels, and nothing else to do


def number_of(title: str, screen: str) -> str:
    """The number of an offer in the guide's last list."""
    return re.findall(rf"^ +(\d+)  {title}", screen, re.MULTILINE)[-1]


def printed_command(screen: str) -> list[str]:
    """The arguments of the command that the guide printed; in a narrow terminal its lines end with a backslash."""
    text = screen.split("the same without questions:\n")[1].split("ENTER starts")[0]
    return shlex.split(text.replace("\\\n", ""))[2:]


def test_a_first_time_user_downloads_and_makes_label_folders(tmp_path):
    with Terminal("--tf-files", str(tmp_path), "--source", "sample") as t:
        t.expect("What shall your basetag be")
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
        t.type(MORE)
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
        t.expect("by the model only")
        t.expect("Harvest into the training data")
        folder = next((home / "testing_photos/robots").glob("sorted_*"))
        moved = next(folder.glob("*_under*/*.jpg"))
        moved.rename(folder / "drawn" / moved.name)
        t.type("c")
        t.expect("harvested 1 (1 labelled by a person")
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
        last = number_of("another basetag", t.screen)
        t.type("99")
        t.expect(f"A number from 1 to {last}")
        t.type("h")
        t.expect("Type the number of what you would like to do")
        t.expect("What next?")
        t.type(last)
        t.expect("Which basetag")
        t.type("../etc")
        t.expect("leave its folder")
        t.type("1")
        t.expect("What next?")
        t.type(MORE)
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


def test_a_name_that_was_typed_a_moment_ago_can_be_typed_anew(tmp_path):
    with Terminal("--tf-files", str(tmp_path)) as t:
        t.expect("What shall your basetag be")
        t.type("robts")
        t.expect("Where from?")
        t.type("b")
        t.expect("What shall your basetag be")
        t.type("robots")
        t.expect("Where from?")
        t.type("sample")
        t.expect("Which labels")
        t.type("q")
        assert t.ended() == 0 and "no question before" not in t.screen


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
        assert t.ended() == 0 and "sorted 3" not in t.screen


def test_more_than_a_cycle_is_asked_about(home):
    with Terminal("robots", "900", "robotart", "download", "--source", "sample", "--tf-files", str(home)) as t:
        t.expect("Take 250 now?")
        t.type("n")
        assert t.ended() == 0


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["", "5", "robotart", "d"], {"quantity": 5, "searchtag": "robotart", "source": "auto"}),
        (["sample", "5", "robotart", "1", "n"], {"source": "sample"}),
        (
            ["", "5", "robotart", "", "y", "n", "efficientnet_lite0", "", "", "", "", "", "last"],
            {"steps": 2600, "tune": "last", "harvest": False, "images_min": 24},
        ),
        (
            ["search", "0", "0", "efficientnet_lite0", "77", "", "20", "16", "0.1", ""],
            {"steps": 77, "test_percent": 20, "batch_size": 16, "learning_rate": 0.1, "quantity": 0, "searchtag": "0"},
        ),
        (
            ["", "0", "robotart", "1", "y", "c", "mobilenet_0.50", "500", "160", "", "32", "0.02"],
            {"architecture": "mobilenet_0.50", "steps": 500, "image_size": 160, "harvest": True, "checked_only": True},
        ),
    ],
)
def test_the_answers_become_a_command_that_does_the_same(home, answers, expected):
    """What is reached by answers is what the command says that is printed for it."""
    folder = home / "testing_photos/robots/unsorted_robotart"
    folder.mkdir(parents=True)
    with scripted(home, [MORE, *answers]) as left:
        guided = guide.complete("classify", True, {"basetag": "robots"}, [])
        assert left == [] and guided.is_shown
        asked = parse(guided.words)
        again = parse(as_typed(asked)[2:])
    assert (again.command, again.basetag, again.options) == (asked.command, asked.basetag, asked.options)
    for name, value in expected.items():
        assert getattr(asked.options, name) == value, name
    assert asked.command.name == (
        "retrain_defaults" if "steps" in expected else "download" if answers[-1] == "d" else "classify"
    )


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


def test_a_lost_catalogue_is_rebuilt_also_when_the_guide_opens_it_first(home):
    """A model's labels must not turn into a person's because the guide looked before the run did."""
    assert (
        unattended("robots", "20", "robotart", "classify_top", "--source", "sample", "--tf-files", str(home)).returncode
        == 0
    )
    assert unattended("robots", "harvest", "--tf-files", str(home)).returncode == 0
    for part in (home / "catalogues").iterdir():
        part.unlink()
    with Terminal("robots", "--tf-files", str(home)) as t:
        t.expect("What next?")
        t.type(number_of("bring in more images", t.screen))
        t.expect("Where from?")
        t.type("sample")
        t.expect("How many new images")
        t.type("5")
        t.expect("Which searchtag")
        t.type("robotart")
        t.expect("Sort with which model?")
        t.type("q")
        assert t.ended() == 0
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


# "the same without questions" is what was typed, what was answered, and nothing left out


LEFT_OUT = ("tf_files", "dry_run", "help", "helpmore", "no_input", "json", "quiet")  # nobody is asked with these


def every_option(command) -> list[str]:
    """All options that go with a flowstep, each with a value of its own, from what is declared."""
    specs_of_both = [*command.flags(), *specs(CommonOptions)]
    words = [word for spec in specs_of_both if spec.name not in LEFT_OUT for word in example(spec)]
    words[words.index("--model") + 1] = "1"
    return words


@pytest.mark.parametrize(("flowstep", "answers"), [("retrain_defaults", []), ("classify", ["n"]), ("classify", ["y"])])
def test_the_same_without_questions_carries_every_option_that_was_typed(flowstep, answers):
    root = world.fresh(world.with_model)
    options = every_option(all_commands()[flowstep])
    assert len(options) > 40 and {"--again", "--sorted", "--new", "--max-minutes", "--keep-near"} <= set(options)
    with Terminal("robots", *[flowstep][: flowstep != "classify"], *options, "--tf-files", str(root), columns=100) as t:
        for question, answer in (("How many new images", "5"), ("Which searchtag", "art")):
            t.expect(question)
            t.type(answer)
        for answer in answers:
            t.expect("Train a new model afterwards?")
            t.type(answer)
        t.expect("ENTER starts")
        t.type("q")
        assert t.ended() == 0
    wanted = "retrain_defaults" if "y" in answers else flowstep
    printed, typed = parse(printed_command(t.screen)), parse(["robots", "5", "art", wanted, *options])
    assert (printed.command, printed.basetag, printed.options) == (typed.command, typed.basetag, typed.options)
    assert printed.given == typed.given and printed.given_common == typed.given_common | {"tf_files"}


def test_it_carries_new_where_the_person_wanted_another_basetag_of_nearly_the_same_name(tmp_path):
    (tmp_path / "training_photos/robots").mkdir(parents=True)
    questions = {
        "Did you mean robots?": "n",
        "Which labels": "",
        "How many new images": "2",
        "Which searchtag": "art",
        "ENTER starts": "q",
    }
    with Terminal("robost", "--source", "sample", "--tf-files", str(tmp_path)) as t:
        for question, answer in questions.items():
            t.expect(question)
            t.type(answer)
        assert t.ended() == 0
    command = printed_command(t.screen)
    assert command[:4] == ["robost", "2", "art", "download"] and "--new" in command
    assert unattended(*command).returncode == 0


def test_the_printed_command_can_be_copied_from_a_narrow_terminal(tmp_path):
    """A shell that is given its lines as they stand on the screen runs the same."""
    with Terminal("robots", "--source", "sample", "--tf-files", str(tmp_path / "my data"), columns=50) as t:
        for question, answer in (("Which labels", ""), ("How many new images", "2"), ("Which searchtag", "art")):
            t.expect(question)
            t.type(answer)
        t.expect("ENTER starts")
        t.type("q")
        assert t.ended() == 0
    lines = t.screen.split("the same without questions:\n")[1].split("ENTER starts")[0]
    assert lines.count("\\\n") >= 2
    copied = lines.replace("python roboflow.py", f"{shlex.quote(sys.executable)} roboflow.py")
    done = subprocess.run(["bash", "-c", copied], cwd=PROJECT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (0, "") and "2 of 2 kept" in done.stdout
    assert len(list((tmp_path / "my data").glob("testing_photos/robots/unsorted_art/*.jpg"))) == 2
