"""A loop that nobody watches: what only the model labelled is learned from only where it helps."""

import json
import re

from tests.conftest import PER_LABEL
from tests.terminal import run

NIGHT = ("robots", "0", "0", "retrain_defaults", "--steps", "300", "--images-min", str(PER_LABEL))


def test_the_line_says_that_unchecked_images_taught_nothing_and_they_stay(sorted_home):
    done = run("robots", "harvest", "--tf-files", str(sorted_home), "--json")
    by_model = json.loads(done.stdout)["results"]["harvest"]["robot"]
    training = sorted_home / "training_photos/robots"
    before = sorted(path for path in training.rglob("*.jpg"))
    assert by_model > 0 and len(before) == 3 * PER_LABEL + by_model
    done = run(*NIGHT, "--tf-files", str(sorted_home))
    assert (done.returncode, done.stderr) == (0, "")
    found = re.search(r"; nothing learned from (\d+) unchecked images$", done.stdout.strip())
    assert found and 0 < int(found[1]) <= by_model and "cross-validated on 72 images" in done.stdout
    assert sorted(path for path in training.rglob("*.jpg")) == before
    facts = [json.loads(path.read_text()) for path in sorted_home.glob("training_summaries/robots/*/model.json")]
    (newest,) = [f for f in facts if f.get("unchecked")]
    assert f"nothing learned from {found[1]} unchecked images: they would not help" in newest["warnings"]
    assert newest["unchecked"]["images"] == int(found[1]) and newest["unchecked"]["taken"] is False
    assert sum(row["train"] for row in newest["counts"].values()) == 3 * PER_LABEL
