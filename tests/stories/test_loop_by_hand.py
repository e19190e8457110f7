"""The steps 1 to 7 of docs/loop.md, typed one after the other by a beginner, from an empty start."""

import csv
import shutil

from tests.terminal import Terminal, run

LABELS = ("built", "drawn", "not")


def kinds(unsorted):
    """What each drawn robot really is, as a person sees it: image name -> kind."""
    with open(unsorted / "CREDITS.csv", encoding="utf-8", newline="") as credits:
        return {row["file"]: row["title"].rpartition("(")[2].rstrip(")") for row in csv.DictReader(credits)}


def test_steps_1_to_7_from_an_empty_start(grown, tmp_path):
    shutil.copytree(grown / "models", tmp_path / "models")  # the backbone is built elsewhere
    home = ("--tf-files", str(tmp_path))

    def types(*arguments):
        done = run("robots", *arguments, *home)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # 1 download
    types("110", "robotart", "download", "--source", "sample")
    unsorted, training = tmp_path / "testing_photos/robots/unsorted_robotart", tmp_path / "training_photos/robots"
    assert not list(training.iterdir())  # no label folder that nobody asked for
    # 2 sort by hand, and one folder made too many
    for name, kind in kinds(unsorted).items():
        if kind in LABELS:
            (training / kind).mkdir(exist_ok=True)
            shutil.copy(unsorted / name, training / kind / name)
    (training / "maybe").mkdir()
    # 3 retrain
    output = types("0", "0", "retrain_defaults", "--images-min", "20", "--steps", "100")
    assert "retrained" in output and "the label folder maybe is empty, so it is not trained on" in output
    # 4 classify
    assert "sorted 40" in types("40", "robots", "classify", "--source", "sample")
    # 5 check, 6 harvest
    assert "approved" in types("approve") and "harvested" in types("harvest")
    # 7 retrain again, asked one by one, ENTER all the way
    with Terminal("robots", "0", "0", "retrain", "--images-min", "20", *home) as t:
        for question in (
            "Backbone",
            "Training steps",
            "Image size",
            "Testing percent",
            "Batch size",
            "Learning rate",
            "What learns",
        ):
            t.expect(question)
            t.expect("> ")
            t.type("")
        assert t.ended() == 0 and "retrained" in t.last_lines(12)


def test_training_still_needs_images_of_two_labels(tmp_path):
    done = run("robots", "22", "built", "download", "--source", "sample", "--tf-files", str(tmp_path))
    assert done.returncode == 0
    training = tmp_path / "training_photos/robots"
    shutil.copytree(tmp_path / "testing_photos/robots/unsorted_built", training / "built")
    (training / "drawn").mkdir()
    done = run("robots", "0", "0", "retrain_defaults", "--images-min", "20", "--tf-files", str(tmp_path))
    assert done.returncode == 10 and "has 1 (built 22, drawn 0)" in done.stderr
