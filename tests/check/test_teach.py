"""A heap without a model is taught: what is asked, what a decision does, what an undo and another evening find again,
and the whole way to a first sorted_ folder, by requests and in a real browser."""

import contextlib
import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import config as cfg
from flow.base import files, paths
from flow.base.errors import BadUsage, NotReady
from flow.check import pile as piles
from flow.check.behind import Behind
from flow.check.board import Refused
from flow.check.sorted_board import SortedBoard
from flow.check.teach_board import TeachBoard
from flow.front.next_steps import next_steps
from flow.front.state import gather
from flow.harvest import import_decisions
from flow.harvest import step as harvest
from flow.models import backbone
from flow.records import decisions
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import CHOSEN, PERSON, RANDOM, SortedCopy
from scripts.learn import active_learning
from tests.check.serving import Served, chromium, keep_picture, program
from tests.check.test_story import Page
from tests.terminal import run

selenium = pytest.importorskip("selenium", reason="skipped: no selenium")
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

KINDS, EACH, SIDE = ("built", "drawn", "not"), 20, "128"
SMALL = {"ROBOFLOW_RETRAIN_IMGSIZE_DEFAULT": SIDE, "ROBOFLOW_RETRAIN_STEPS_DEFAULT": "100"}
WAIT_S = 60


@pytest.fixture(scope="session")
def brought(tmp_path_factory, small_eyes):
    """A data folder with 60 drawn robots, unsorted; and what each of them is. Never changed; copy it."""
    home = tmp_path_factory.mktemp("brought") / "tf_files"
    shutil.copytree(small_eyes, home / "models")
    for kind in KINDS:
        done = run("robots", str(EACH), kind, "download", "--source", "sample", "--tf-files", str(home))
        assert done.returncode == 0, done.stderr
    testing = home / "testing_photos/robots"
    truth = {files.sha256_of(p): kind for kind in KINDS for p in files.images_in(testing / f"unsorted_{kind}")}
    for kind in KINDS[1:]:  # one heap, in which nothing tells what is what
        for path in files.images_in(testing / f"unsorted_{kind}"):
            path.rename(testing / "unsorted_built" / f"{truth[files.sha256_of(path)]}_{path.name}")
        shutil.rmtree(testing / f"unsorted_{kind}")
    (testing / "unsorted_built").rename(testing / "unsorted_robotart")
    before, cfg.path_to_tf_files = cfg.path_to_tf_files, str(home)
    try:
        with open_catalogue("robots") as catalogue:
            fresh(catalogue)  # what the backbone sees is computed once for all tests
    finally:
        cfg.path_to_tf_files = before
    return home, truth


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """A fifth of the steps between two pages: how good the guesses are is tested beside the lesson itself."""
    monkeypatch.setattr(active_learning, "STEPS", 160)


@pytest.fixture
def truth(brought):
    return brought[1]


@pytest.fixture
def root(brought, tf_files):
    cfg.retrain_imgsize_default = int(SIDE)
    return shutil.copytree(brought[0], tf_files, symlinks=True)


@pytest.fixture
def catalogue(root):
    with open_catalogue("robots") as opened:
        yield opened


def fresh(catalogue, stamp: str = "stamp") -> TeachBoard:
    """A board as a new process makes it."""
    chosen = backbone.find_backbone("efficientnet_lite0", int(SIDE))
    return TeachBoard(
        "robots", catalogue, stamp, piles.piled("robots", catalogue, chosen, backbone.locate_backbone(chosen))
    )


@pytest.fixture
def board(catalogue):
    return fresh(catalogue)


def answer(board: TeachBoard, page, truth: dict[str, str]) -> None:
    """Say what every picture of a page is: wrong guesses one by one, the right ones together."""
    right = [p.sha256 for p in page.pictures if p.guess == truth[p.sha256]]
    for picture in page.pictures:
        if picture.sha256 not in right:
            board.decide(page.id, [picture.sha256], "label", truth[picture.sha256])
    if right:
        board.decide(page.id, right, "keep")


def on_disk(root: Path) -> dict[str, str]:
    return {files.sha256_of(p): p.parent.name for p in root.glob("t*_photos/robots/**/*.jpg")}


def test_typical_pictures_come_first_without_a_guess_and_then_it_guesses(root, board, truth):
    before = on_disk(root)
    first = board.next_page(24)
    assert first.kind == "typical" and len(first.pictures) == 10 and {p.guess for p in first.pictures} == {""}
    assert board.labels() == ["not"] and not first.fits
    kinds = []
    page = first
    for _ in range(5):
        kinds.append(page.kind)
        answer(board, page, truth)
        page = board.next_page(24)
        assert not {p.sha256 for p in page.pictures} & board.decided.keys()
    assert kinds[:2] == ["typical", "typical"] and set(kinds[2:]) <= {"doubt", "guess"}
    assert all(p.guess in KINDS for p in page.pictures)
    assert on_disk(root) == before  # a decision moves nothing


def test_only_pictures_drawn_at_random_are_rows_that_measure(catalogue, board, truth):
    for _ in range(4):
        answer(board, board.next_page(24), truth)
    rows = catalogue.decisions(decisions.DONE)
    assert {row.folder for row in rows} == {"unsorted_robotart"} and all(row.source == row.target for row in rows)
    came = {row.sha256: row.came for row in rows}
    drawn = board._lesson().drawn
    assert {board._pile.shas[row] for row in drawn} == {sha for sha, how in came.items() if how == RANDOM}
    assert set(came.values()) == {RANDOM, CHOSEN} and len(drawn) >= len(came) // 6


def test_a_page_without_guesses_is_never_accepted_blindly(board):
    page = board.next_page(24)
    with pytest.raises(Refused, match="what that is"):
        board.decide(page.id, [p.sha256 for p in page.pictures], "keep")
    assert board.decided == {}


def test_what_was_left_open_comes_again_when_all_else_is_done(board, truth):
    page = board.next_page(24)
    left = {p.sha256 for p in page.pictures[4:]}
    for picture in page.pictures[:4]:
        board.decide(page.id, [picture.sha256], "label", truth[picture.sha256])
    board.later(page.id, sorted(left))
    while (page := board.next_page(200)) and not {p.sha256 for p in page.pictures} & left:
        answer(board, page, truth)
    assert page and {p.sha256 for p in page.pictures} <= left
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
    assert all(p.state == "" for p in undone.page.pictures if p.sha256 in undone.touched)
    again = fresh(catalogue, "later")
    assert again.decided == board.decided and list(again._lesson().decided) == list(board._lesson().decided)
    assert again._lesson().drawn == board._lesson().drawn and again.labels() == board.labels()
    assert again._lesson().gone == board._lesson().gone
    assert again.redo().touched and again.decided.keys() == before.keys()


def test_the_next_step_knows_how_far_a_lesson_went(root, catalogue, board, truth):
    """Broken off with Ctrl-C, another evening: what was said is not asked for again, and not counted as waiting."""
    first = board.next_page(24)
    answer(board, first, truth)
    second = board.next_page(24)
    board.decide(second.id, [second.pictures[0].sha256], "aside")
    stands = gather("robots")
    assert (stands.said, stands.unsorted) == (10, {"robotart": 59})
    assert next_steps(stands)[0].title == "go on saying what is on the pictures (10 said, 49 wait)"
    while board.undo().touched:
        pass
    assert gather("robots").said == 0
    answer(board, replace(first, pictures=tuple(first.pictures[:4])), truth)
    import_decisions.import_decisions("robots", "stamp", catalogue)
    assert gather("robots").said == 0  # they are training data now


def test_after_everything_is_undone_it_guesses_nothing(board, truth):
    for _ in range(3):
        answer(board, board.next_page(24), truth)
    while board.undo().touched:
        pass
    page = board.next_page(24)
    assert board.decided == {} and page.kind == "typical" and board.progress().teach["decisions"] == 0


def test_set_aside_leaves_the_heap_and_undo_brings_it_back(root, board):
    page = board.next_page(24)
    sha = page.pictures[0].sha256
    board.decide(page.id, [sha], "aside")
    assert on_disk(root)[sha] == "quarantine" and board._row[sha] in board._lesson().gone
    board.undo()
    assert on_disk(root)[sha] == "unsorted_robotart" and board._row[sha] not in board._lesson().gone


def test_look_alikes_of_a_decided_picture_are_not_asked_for(root, catalogue, truth):
    from PIL import Image

    heap = root / "testing_photos/robots/unsorted_robotart"
    original = files.images_in(heap)[0]
    with Image.open(original) as image:
        image.save(heap / "again.jpg", quality=60)
    board = fresh(catalogue)
    sha, copy = files.sha256_of(original), files.sha256_of(heap / "again.jpg")
    assert board._row[copy] in board._pile.alike[board._row[sha]]
    page = board.next_page(24)
    board._show(page.with_pictures([page.pictures[0].__class__(sha, "")]))
    board.decide(page.id, [sha], "label", "built")
    shown = set()
    while page := board.next_page(200):
        shown |= {p.sha256 for p in page.pictures}
        answer(board, page, truth)
    assert copy not in shown and len(shown) >= EACH


@pytest.mark.parametrize(
    "name", ["../outside", "a/b", ".hidden", "sorted_1", "<img src=x>", "", "x\u202ey", "con", "a" * 80]
)
def test_names_that_cannot_be_labels_are_refused_and_change_nothing(board, name):
    page = board.next_page(24)
    with pytest.raises(BadUsage):
        board.decide(page.id, [page.pictures[0].sha256], "label", name)
    assert board.labels() == ["not"] and board.decided == {}


def test_a_label_is_typed_once_and_keeps_its_key(board):
    page = board.next_page(24)
    for n, (typed, is_called) in enumerate(
        (("Rose Bush", "rose_bush"), ("日本", "日本"), ("  rose BUSH ", "rose_bush"))
    ):
        done = board.decide(page.id, [page.pictures[n].sha256], "label", typed)
        assert done.page.pictures[n].label == is_called
    assert board.labels() == ["rose_bush", "日本", "not"]
    with pytest.raises(Refused):
        board.decide("another page", [page.pictures[0].sha256], "label", "fig")
    assert "fig" not in board.labels()


def test_keys_are_the_same_when_the_labels_have_become_folders(catalogue, board):
    page = board.next_page(24)
    for n, label in enumerate(("zebra", "not", "ant")):
        board.decide(page.id, [page.pictures[n].sha256], "label", label)
    for label in ("not", "ant", "zebra", "bee"):
        files.make_folder(paths.training("robots") / label)
    assert SortedBoard("robots", catalogue, "later").labels() == ["zebra", "ant", "bee", "not"]
    assert fresh(catalogue).labels() == ["zebra", "ant", "bee", "not"]


def test_a_picture_that_vanished_or_changed_is_not_asked_for(root, board, truth):
    paths_now = files.images_in(root / "testing_photos/robots/unsorted_robotart")
    gone, changed = files.sha256_of(paths_now[0]), files.sha256_of(paths_now[1])
    paths_now[0].unlink()
    paths_now[1].write_bytes(paths_now[2].read_bytes())
    shown = set()
    while page := board.next_page(200):
        shown |= {p.sha256 for p in page.pictures}
        answer(board, page, truth)
    assert shown == truth.keys() - {gone, changed}


def test_it_says_where_it_stands(board, truth):
    assert board.progress().teach["share"] is None
    while len(board.decided) < 45 and (page := board.next_page(24)):
        answer(board, page, truth)
        board.next_page(24)
    board.learner._learning.settled(WAIT_S)
    board.learner._measuring.settled(WAIT_S)
    teach = board.progress().teach
    share = teach["share"]
    assert share["low"] <= share["value"] <= share["high"] and share["total"] == teach["draws"] >= 5
    assert share["value"] > 0.7 and teach["curve"][-1][1] == share["value"] and teach["ready"]
    assert teach["decisions"] == len(board.decided) and set(teach) == set(json.loads(json.dumps(teach)))


def test_a_wish_replaces_an_older_one_and_trouble_keeps_the_last_result():
    seen, begun, may_end = [], threading.Event(), threading.Event()

    def slow(wish):
        seen.append(wish)
        begun.set()
        assert may_end.wait(5)
        if wish == "bad":
            raise ValueError(wish)
        return wish

    behind = Behind(slow)
    behind.wish("a")
    assert begun.wait(5)
    behind.wish("b")
    behind.wish("c")
    may_end.set()
    assert behind.settled(5) == "c" and seen == ["a", "c"]
    behind.wish("bad")
    assert behind.settled(5) == "c" and not behind.is_busy
    begun.clear()
    may_end.clear()
    behind.wish("d")
    assert begun.wait(5)
    behind.forget()
    may_end.set()
    assert behind.settled(5) is None  # what was under way comes too late
    behind.wish("e")
    assert behind.settled(5) == "e"


def test_what_was_said_becomes_training_data_and_undo_takes_it_out_again(root, catalogue, board, truth):
    for _ in range(3):
        answer(board, board.next_page(24), truth)
    said = {sha: row for sha, row in board.decided.items() if row.label}
    before = on_disk(root)
    done = import_decisions.import_decisions("robots", "20261125_100000", catalogue)
    assert sum(done.labels.values()) == len(said) and not done.trouble
    known = catalogue.labels()
    assert {sha: (known[sha].label, known[sha].given_by, known[sha].came) for sha in said} == {
        sha: (row.label, PERSON, row.came) for sha, row in said.items()
    }
    assert import_decisions.import_decisions("robots", "20261125_100001", catalogue).labels == {}  # twice is once
    assert fresh(catalogue).decided.keys() == board.decided.keys()  # the lesson goes on another evening
    harvest.undo("robots", catalogue)
    assert not [p for f in files.folders_in(paths.training("robots")) for p in files.images_in(f)]
    heap = files.images_in(root / "testing_photos/robots/unsorted_robotart")
    assert {files.sha256_of(path): "unsorted_robotart" for path in heap} == before


def test_a_label_that_changed_after_it_was_taken_is_told(root, catalogue, board, truth):
    page = board.next_page(24)
    answer(board, page, truth)
    import_decisions.import_decisions("robots", "20261125_100000", catalogue)
    picture = page.pictures[0]
    other = "drawn" if truth[picture.sha256] == "built" else "built"
    board.decide(page.id, [picture.sha256], "label", other)
    again = import_decisions.import_decisions("robots", "20261125_100001", catalogue)
    assert again.code == 3 and "1 of them lie" in again.trouble[0] and again.already == len(page.pictures)


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
    heap = files.images_in(root / "testing_photos/robots/unsorted_robotart")
    first = board.next_page(24)
    said = first.pictures[0].sha256
    board.decide(first.id, [said], "label", truth[said])
    target = files.make_folder(root / "testing_photos/robots/sorted_20261125_100000/built")
    for path in heap[:40]:
        shutil.copy(path, target)
    sha_of = {path: files.sha256_of(path) for path in heap}
    catalogue.add_sortings(
        SortedCopy(target.parent.name, path.name, sha_of[path], "built", "built", 0.9, "m", "now") for path in heap[:40]
    )
    assert set(fresh(catalogue)._pile.shas) == {said} | {sha_of[path] for path in heap[40:]}


def test_nothing_unsorted_is_said(root, catalogue):
    shutil.rmtree(root / "testing_photos/robots/unsorted_robotart")
    with pytest.raises(NotReady, match="waits unsorted"):
        fresh(catalogue)
    done = run("robots", "check", "--teach", "--no-browser", "--tf-files", str(root))
    assert done.returncode == 10 and "Nothing of robots waits unsorted" in done.stderr and "download" in done.stderr


@contextlib.contextmanager
def taught_by(root: Path):
    """`robots check` as the program serves it, and an honest visitor."""
    with program("robots", "check", "--tf-files", str(root), **SMALL) as (process, address):
        visitor = Served(address, None, None)
        _, headers, page = visitor.send("GET", "/?" + address.split("?")[1])
        visitor.cookie = headers["Set-Cookie"].split(";")[0]
        visitor.token = page.decode().split('name="roboflow-token" content="')[1].split('"')[0]
        yield process, visitor


def tell(visitor: Served, view: dict, truth: dict[str, str]) -> dict:
    """A page, as a person answers it: a key for each picture that is not guessed right, then ENTER."""
    page, right = view["page"], []
    for picture in page["pictures"]:
        if picture["guess"] == truth[picture["sha256"]]:
            right.append(picture["sha256"])
            continue
        asked = {
            "page": page["id"],
            "pictures": [picture["sha256"]],
            "kind": "label",
            "label": truth[picture["sha256"]],
            "count": 24,
        }
        status, view = visitor.post("decide", **asked)
        assert status == 200, view
    if right:
        status, view = visitor.post("accept", page=page["id"], pictures=right, later=[], count=24)
        assert status == 200, view
    return view


def worked(visitor) -> dict:
    """What came of the work that was begun, once it has ended."""
    work, end = {"busy": True}, time.monotonic() + WAIT_S
    while work["busy"] and time.monotonic() < end:
        time.sleep(0.1)
        work = visitor.get("/api/work")[1]
    return work


def test_killed_and_gone_on_with_to_a_first_sorted_folder(root, truth):
    """By the server's own requests: taught, killed, taught on, trained, sorted, looked at."""
    with taught_by(root) as (process, visitor):
        _, view = visitor.get("/api/view?count=24")
        for _ in range(2):
            view = tell(visitor, view, truth)
        status, problem = visitor.post(
            "decide",
            page=view["page"]["id"],
            pictures=[view["page"]["pictures"][0]["sha256"]],
            kind="label",
            label="a/b",
            count=24,
        )
        assert status == 400 and "cannot be a label" in problem["error"]
        decided = view["progress"]["teach"]["decisions"]
        os.kill(process.pid, 9)
        process.wait()
    with taught_by(root) as (process, visitor):
        _, view = visitor.get("/api/view?count=24")
        assert view["progress"]["teach"]["decisions"] == decided == 20 and view["after"] == ["teach"]
        view = tell(visitor, view, truth)
        assert visitor.get("/api/progress")[1]["teach"]["decisions"] > decided
        assert visitor.post("then", steps=["harvest"])[0] == 400
        assert visitor.post("then", steps=["teach"])[0] == 200
        work = worked(visitor)
        assert work["trouble"] is None and work["ended"][0]["step"] == "teach", work
        assert "usually needs" in " ".join(work["lines"])
        _, view = visitor.get("/api/view?count=24")
        assert view["page"]["kind"] in ("sure", "under") and view["after"] == ["harvest", "retrain"]
        sorted_then = {files.sha256_of(p) for p in (root / "testing_photos/robots").glob("sorted_*/*/*.jpg")}
        while view["page"]:
            view = tell(visitor, view, truth)
        assert visitor.post("then", steps=["harvest", "retrain"])[0] == 200
        work = worked(visitor)  # as few images as the first model was content with are enough for the second
        assert work["trouble"] is None and [one["step"] for one in work["ended"]] == ["harvest", "retrain"], work
        assert visitor.get("/api/progress")[1]["left"] == 0  # what was harvested is not asked for again
        assert visitor.post("done")[0] == 200
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == "" and "retrained efficientnet_lite0" in out
    assert len(list((root / "training_summaries/robots").iterdir())) == 2
    training = {files.sha256_of(p): p.parent.name for p in (root / "training_photos/robots").glob("*/*.jpg")}
    assert training == truth and 0 < len(sorted_then) < len(truth) - decided


def test_two_labels_are_needed_for_a_model(root, truth):
    with taught_by(root) as (_, visitor):
        _, view = visitor.get("/api/view?count=24")
        assert not view["progress"]["teach"]["ready"]
        visitor.post("then", steps=["teach"])
        work = worked(visitor)
        assert "at least 2 labels" in work["trouble"][0]
        assert visitor.get("/api/view?count=24")[1]["page"]["kind"] == "typical"
    assert not [p for p in (root / "training_photos").rglob("*.jpg")]


def press_name(page: Page, name: str, last: str = Keys.ENTER) -> None:
    """Type a name into the little window that the first letter opens."""
    page.press("/")
    page.until(lambda: page.one("#picker").get_attribute("open") is not None, "room for a name")
    page.press(*name, last)


def test_the_whole_way_in_a_browser(root, truth):
    """From a heap to a sorted_ folder: names typed once, keys, undo, guesses put right, trained, looked at."""
    with program("robots", "check", "--tf-files", str(root), **SMALL) as (process, address), chromium() as browser:
        page = Page(browser)
        page.open(address)
        assert page.text("#title") == "What is this?" and "Nothing learned yet" in page.text("#far")
        assert page.text("#accepts") == "show others"
        keep_picture(browser, "teach_1_first")
        trap = "<img src=x onerror=document.title='caught'>"
        press_name(page, trap)
        page.until(lambda: "cannot be a label" in page.text("#said"), "a refusal")
        assert page.state("state.labels") == ["not"] and browser.title == "robots · check"
        for i, picture in enumerate(page.shown()):
            said = truth[picture["sha256"]]
            labels = page.state("state.labels")
            before = page.state("state.page.id")
            if said == "not":
                page.press("n")
            elif said in labels:
                page.press(str(labels.index(said) + 1))
            else:
                press_name(page, said)
            page.until(
                lambda i=i, said=said, before=before: (
                    page.state("state.page.id") != before
                    or page.shown()[i]["label"] == said
                    and page.state("state.labels").count(said) == 1
                ),
                said,
            )
            if i == 2:
                page.press("u")
                page.says("1 undone.")
                assert page.state("state.here") == 2
                page.press("n" if said == "not" else str(page.state("state.labels").index(said) + 1))
                page.until(lambda said=said: page.shown()[2]["label"] == said, "it again")
        page.until(lambda: "after 10 decisions" in page.text("#far"), "the second page")
        while len(page.shown()) and page.state("state.progress.teach.draws") < 5:
            before = page.state("state.page.id")
            labels = page.state("state.labels")
            for i, picture in enumerate(page.shown()):
                said = truth[picture["sha256"]]
                if picture["guess"] == said:
                    continue
                if page.state("state.here") != i:
                    page.all(".tile")[i].click()
                page.press("n" if said == "not" else str(labels.index(said) + 1))
                page.until(
                    lambda i=i, said=said, before=before: (
                        page.state("state.page.id") != before or page.shown()[i]["label"] == said
                    ),
                    said,
                )
            if page.state(f"state.page.id === {before!r} && !state.locked"):  # else the last label leads on
                page.accept()
            page.until(lambda: page.state("state.progress.teach.measuring") is False, "the measure")
        page.until(lambda: page.text("#far").startswith("About "), "how good it is")
        keep_picture(browser, "teach_2_measured")
        ActionChains(browser).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
        page.until(lambda: "train a model" in page.text("#end"), "the end of the lesson")
        keep_picture(browser, "teach_3_end")
        page.press(Keys.ENTER)
        page.until(lambda: "look at what it sorted" in page.text("#end"), "the sorting")
        keep_picture(browser, "teach_4_sorted")
        page.press(Keys.ENTER)
        page.until(lambda: page.all(".tile") and page.state("state.page.kind") in ("sure", "under"), "what it sorted")
        assert page.one("#curve").is_displayed() is False and "left of" in page.text("#far")
        troubles = [entry for entry in browser.get_log("browser") if "400" not in entry["message"]]  # the name refused
        assert troubles == []
        page.one("#done").click()
        page.until(lambda: "Thank you" in page.text("#end"), "goodbye")
        out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0 and err == "" and out.startswith("robots: said what is on ")
    training = {files.sha256_of(p): p.parent.name for p in (root / "training_photos/robots").glob("*/*.jpg")}
    assert training == {sha: truth[sha] for sha in training} and len(training) >= 20
