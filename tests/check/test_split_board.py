"""A label that becomes several, and a whole label looked through."""

import pytest

import config as cfg
from flow.base import files, paths
from flow.base.errors import NotReady
from flow.base.learning import find_backbone
from flow.check.board import Refused
from flow.check.label_board import LabelBoard
from flow.check.split_board import SplitBoard, read_split
from flow.models import backbone
from flow.records import provenance
from flow.records.labels.history import LabelHistory
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import PERSON
from tests.check.conftest import KINDS, SIDE
from tests.check.places import shas
from tests.check.serving import new_page
from tests.faults import world
from tests.faults.runner import run

KEYS_MAX = 40


@pytest.fixture
def mixed(unlabeled_root):
    """All drawn robots of two kinds as training images of one label; names tell what each is."""
    home = files.make_folder(paths.training("robots") / "machine")
    for path in files.images_in(paths.testing("robots") / "unsorted_robotart"):
        if path.name.split("_")[0] in KINDS[:2]:
            path.rename(home / path.name)
    world.put(paths.training("robots") / "other", "drawn", range(3))
    with open_catalogue("robots") as catalogue:
        yield catalogue


def split_board(catalogue, *parts: str, label: str = "machine") -> SplitBoard:
    chosen = find_backbone("efficientnet_lite0", int(SIDE))
    pool = read_split("robots", catalogue, label, chosen, backbone.fetch(chosen))
    return SplitBoard("robots", catalogue, "stamp", pool, label, parts)


def kind_of(name: str) -> str:
    return name.split("_")[0]


def counts() -> dict[str, int]:
    return {label: n for label, n in provenance.label_counts("robots").items() if n}


def split_all(page, named: tuple[str, ...] = (), count: int = 200) -> int:
    """A person who knows the truth splits everything. Returns the keys and clicks that this takes: ctrl A and a label's
    key, or a click on each image and the key; the letters of a name, a slash and ENTER where it has no key yet."""
    keys, known = 0, set(named)
    view = page.view(count)
    while view["page"]:
        shown = view["page"]
        wrong: dict[str, list[str]] = {}
        for image in shown["images"]:
            if kind_of(image["name"]) != image["guess"]:
                wrong.setdefault(kind_of(image["name"]), []).append(image["sha256"])
        largest = max(wrong, key=lambda label: len(wrong[label]), default="") if not shown["guess"] else ""
        for label in sorted(wrong, key=lambda label: label == largest):
            images = wrong[label]
            keys += 2 if label == largest else 1 + len(images)
            keys += 0 if label in known else len(label) + 2
            known.add(label)
            asked = {"page": shown["id"], "images": images, "kind": "label", "label": label, "count": count}
            view = page.decide(asked)
        if view["page"] and view["page"]["id"] == shown["id"]:
            keys += 1
            right = [image["sha256"] for image in view["page"]["images"] if image["state"] == ""]
            view = page.accept({"page": shown["id"], "images": right, "later": [], "count": count})
    return keys


def test_a_mixture_is_split_with_few_keys_and_each_image_keeps_its_history(mixed):
    before = {i.sha256: (i.given_by, i.sampling) for i in provenance.training_images("robots", mixed)}
    keys = split_all(new_page(lambda: split_board(mixed, "built", "drawn")), ("built", "drawn"))
    home = paths.training("robots")
    for kind in KINDS[:2]:
        assert {kind_of(path.name) for path in files.images_in(home / kind)} == {kind}
    assert counts() == {"built": 20, "drawn": 20, "other": 3}
    now = {i.sha256: (i.given_by, i.sampling) for i in provenance.training_images("robots", mixed)}
    assert now == before and {given_by for given_by, _ in now.values()} == {PERSON}
    assert keys <= KEYS_MAX
    today = LabelHistory.of(mixed.label_changes()).today(["machine"], 0, counts())
    assert set(today["machine"]) == {"built", "drawn"}


def test_u_takes_back_step_by_step_and_in_the_end_the_split_itself(mixed):
    page = new_page(lambda: split_board(mixed, "built"))
    view = page.view(200)
    page.decide(
        {"page": view["page"]["id"], "images": _shas(view)[:3], "kind": "label", "label": "built", "count": 200}
    )
    assert counts() == {"machine": 37, "built": 3, "other": 3}
    assert "3 undone" in page.undo({})["message"] and counts() == {"machine": 40, "other": 3}
    assert "machine is one label again" in page.undo({})["message"]
    assert page.undo({})["message"] == "Nothing to undo."


def _shas(view: dict) -> list[str]:
    return [image["sha256"] for image in view["page"]["images"]]


def test_a_split_that_was_broken_off_goes_on(mixed):
    page = new_page(lambda: split_board(mixed, "built", "drawn"))
    view = page.view(200)
    for kind in KINDS[:2]:
        images = [i["sha256"] for i in view["page"]["images"] if kind_of(i["name"]) == kind]
        if images:
            page.decide({"page": view["page"]["id"], "images": images, "kind": "label", "label": kind, "count": 200})
    left = counts().get("machine", 0)
    again = split_board(mixed, "built", "drawn")
    assert again.progress().left == left and again.progress().decided == 40 - left
    split_all(new_page(lambda: again))
    assert counts() == {"built": 20, "drawn": 20, "other": 3}


def test_the_command_undo_joins_a_split_again(mixed, unlabeled_root):
    split_all(new_page(lambda: split_board(mixed, "built", "drawn")))
    mixed.close()
    done = run(unlabeled_root, "robots", "undo")
    assert done.code == 0 and "machine is one label again (40 images)" in done.out
    assert counts() == {"machine": 40, "other": 3}


def test_a_label_of_too_few_images_cannot_be_split(mixed):
    world.put(paths.training("robots") / "lone", "drawn", range(50, 51))
    with pytest.raises(NotReady, match="lone has too few images"):
        split_board(mixed, label="lone")
    with pytest.raises(NotReady, match="nothing has too few images"):
        split_board(mixed, label="nothing")


# A whole label


@pytest.fixture
def label_board(tf_files):
    cfg.path_to_tf_files = str(world.fresh(world.to_check_training))
    with open_catalogue("robots") as catalogue:
        yield LabelBoard("robots", catalogue, "stamp", "built", catalogue.last_decision())


def test_a_whole_label_shows_the_least_typical_first_and_each_image_once(label_board):
    seen, first = [], []
    while page := label_board.next_page(8):
        first = first or [image.name for image in page.images]
        seen += shas(page)
        label_board.decide(page.id, shas(page), "keep")
    assert len(seen) == len(set(seen)) == 25
    assert sum(name.startswith("drawn") for name in first) >= 3  # five of 25 are mislabelled
    again = LabelBoard("robots", label_board.catalogue, "again", "built", label_board.catalogue.last_decision())
    assert again.progress().left == 25  # who asks for a whole label sees the whole label


def test_a_wrong_one_gets_another_label_and_leaves_the_board(label_board):
    page = label_board.next_page(25)
    wrong = [image.sha256 for image in page.images if image.name.startswith("drawn")]
    label_board.decide(page.id, wrong, "label", "drawn")
    assert len(files.images_in(paths.training("robots") / "built")) == 20
    assert label_board.progress().left == 20
    label_board.undo()
    assert len(files.images_in(paths.training("robots") / "built")) == 25


def test_looking_back_shows_what_was_decided_newest_first_and_by_label(label_board):
    with pytest.raises(Refused, match="Nothing is decided yet"):
        label_board.look_back("", 0, 10)
    page = label_board.next_page(6)
    one, two, three = shas(page, 0, 1, 2)
    label_board.decide(page.id, [one], "label", "drawn")
    label_board.decide(page.id, [two], "aside")
    label_board.decide(page.id, [three], "keep")
    assert shas(label_board.look_back("", 0, 10)) == [three, two, one]
    assert label_board.decided_labels() == {" aside": 1, "built": 1, "drawn": 1}
    back = label_board.look_back("drawn", 0, 10)
    assert shas(back) == [one]
    answer = label_board.decide(back.id, [one], "label", "built")
    assert answer.page.kind == "back" and label_board.current().id == page.id
    assert label_board.find(one) == paths.training("robots") / "built" / page.images[0].name
    label_board.undo()
    assert label_board.find(one).parent.name == "drawn"


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (("check", "--training", "bilt"), 10, "did you mean 'built'"),
        (("check", "--training", "--model", "nosuch"), 2, "There is no model 'nosuch'"),
        (("check", "--model", "1"), 2, "--model goes with check --training"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_sentence(words, code, printed):
    done = run(world.fresh(world.to_check_training), "robots", *words, "--no-browser")
    assert done.code == code and printed in done.err, done
