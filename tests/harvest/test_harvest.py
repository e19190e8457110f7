"""Harvest and undo: exact, explained, and never a file overwritten."""

import json
import os
import shutil

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.faults import world
from tests.faults.runner import run
from tests.faults.world import contents, fresh, sorted_folders, to_harvest, to_undo, training


@pytest.fixture
def root():
    return fresh(to_harvest)


def names(folder):
    return sorted(p.name for p in folder.glob("*.jpg"))


def homes(root):
    return sorted(world.testing(root).glob("harvested_*"))


def logged(root):
    """The run's last line in the log, which is whole however long it is."""
    return (root / "logs/robots.log").read_text(encoding="utf-8").splitlines()[-1]


def test_a_dry_run_tells_every_move_and_makes_none(root):
    before, state = contents(root), world.state(root)
    done = run(root, "robots", "harvest", "--dry-run")
    lines = done.out.splitlines()
    assert done.code == 0 and len(lines) == 8 and all(" -> training_photos/robots/" in line for line in lines[:-1])
    assert contents(root) == before and world.state(root)["images"] == state["images"] and not homes(root)


def test_undo_restores_the_harvest_exactly(root):
    before = world.state(root)
    assert run(root, "robots", "harvest").code == 0
    done = run(root, "robots", "undo")
    assert done.code == 0 and "put 7 images" in done.out
    after = world.state(root)
    assert (after["images"], after["labels"], after["sortings"]) == (
        before["images"],
        before["labels"],
        before["sortings"],
    )


def test_a_second_undo_says_there_is_nothing_to_undo():
    root = fresh(to_undo)
    assert run(root, "robots", "undo").code == 0
    state = world.state(root)
    done = run(root, "robots", "undo")
    assert done.code == 10 and "no harvest" in done.err
    assert world.state(root) == state


def test_undo_leaves_what_a_person_moved_and_says_so():
    root = fresh(to_undo)
    moved = next((training(root) / "drawn").glob("drawn_300*"))
    shutil.move(moved, training(root) / "built" / moved.name)
    done = run(root, "robots", "undo")
    assert done.code == 3 and "put 6 images" in done.out and "no longer where the harvest put it" in done.out
    assert (training(root) / "built" / moved.name).exists()


def test_undo_with_a_missing_file_brings_back_the_rest():
    root = fresh(to_undo)
    next((training(root) / "drawn").glob("drawn_300*")).unlink()
    done = run(root, "robots", "undo")
    assert done.code == 3 and "put 6 images" in done.out


def test_undo_never_takes_another_image_for_the_one_it_moved():
    root = fresh(to_undo)
    changed = next((training(root) / "drawn").glob("drawn_300*"))
    changed.write_bytes(world.image_bytes(4711))
    done = run(root, "robots", "undo")
    assert done.code == 3 and "another image now" in done.out and changed.exists()


def test_undo_where_the_sorted_folder_is_there_again():
    root = fresh(to_undo)
    folder = next(homes(root)[0].glob("sorted_*"))
    world.put(world.testing(root) / folder.name / "built", "built", range(800, 801))
    before = contents(root)
    done = run(root, "robots", "undo")
    assert done.code == 3 and f"another {folder.name}" in done.out
    assert contents(root) == before


def test_the_last_harvest_is_undone_also_after_the_clock_was_set_back(root):
    assert run(root, "robots", "harvest").code == 0
    world.put(world.testing(root) / "sorted_20200101_000000" / "built", "built", range(700, 702))
    assert run(root, "robots", "harvest", clock_s=-3 * 365 * 86400).code == 0
    assert homes(root)[0].name < homes(root)[1].name < "harvested_2030"
    done = run(root, "robots", "undo")
    assert "put 2 images" in done.out and homes(root)[0].name in done.out
    assert "put 7 images" in run(root, "robots", "undo").out


@pytest.mark.parametrize("same", [True, False])
def test_a_taken_name_keeps_both_images(root, same):
    """The same bytes are in training already: nothing to move. Other bytes: the new one gets a name of its own."""
    source = next((sorted_folders(root)[0] / "drawn").glob("drawn_300*"))
    there = training(root) / "drawn" / source.name
    there.write_bytes(source.read_bytes() if same else world.image_bytes(55))
    before = contents(root)
    done = run(root, "robots", "harvest")
    assert done.code == 0 and contents(root) == before
    assert ("1 already in training" in done.out) == same
    assert (training(root) / "drawn" / f"{source.stem}_2.jpg").exists() != same


def test_a_name_taken_while_the_harvest_runs_is_left_alone(root):
    done = run(root, "robots", "harvest", before="names_get_taken")
    assert done.code == 3 and "taken meanwhile" in done.out
    assert len([p for p in training(root).rglob("*.jpg") if p.read_bytes() == b"somebody's"]) == 7
    assert "put 0 images" in run(root, "robots", "undo").out


def test_only_exact_label_folders_are_harvested_and_a_persons_own_stay(root):
    folder = sorted_folders(root)[0]
    for name in ("built_under925", "Built", "mine", ".built"):
        world.put(folder / name, name, range(1))
    (folder / "nothing").mkdir()
    world.put(folder, "loose", range(1))
    before = contents(root)
    done = run(root, "robots", "harvest")
    assert sorted(p.name for p in training(root).iterdir()) == ["built", "drawn"]
    assert done.code == 0 and f"{folder.name}/Built (1 image), {folder.name}/mine (1 image)" in done.out
    assert f"{folder.name} (1 image outside any folder)" in logged(root)
    assert sorted(p.name for p in folder.rglob("*.jpg")) == [".built_0.jpg", "Built_0.jpg", "loose_0.jpg", "mine_0.jpg"]
    harvested = homes(root)[0] / folder.name
    assert sorted(p.name for p in harvested.iterdir()) == ["built", "built_under925", "drawn", "nothing", "scores.txt"]
    assert contents(root) == before


def test_undo_puts_the_parts_back_beside_a_persons_own(root):
    folder = sorted_folders(root)[0]
    world.put(folder / "mine", "mine", range(2))
    before = world.state(root)
    assert run(root, "robots", "harvest").code == 0
    assert run(root, "robots", "harvest").out.startswith("robots: harvested 0")
    done = run(root, "robots", "undo")
    assert done.code == 0 and "put 7 images" in done.out
    assert world.state(root)["images"] == before["images"] and (folder / "scores.txt").exists()


def test_killed_while_a_persons_own_stay_the_next_run_finishes_it(root):
    folder = sorted_folders(root)[0]
    world.put(folder / "mine", "mine", range(2))
    before = contents(root)
    for nth in range(60, 120, 6):
        run(root, "robots", "harvest", nth=nth)
        assert contents(root) == before
    run(root, "robots", "harvest")
    assert contents(root) == before and sorted(p.name for p in folder.rglob("*.jpg")) == ["mine_0.jpg", "mine_1.jpg"]


def test_approving_one_folder_counts_and_approves_that_one_only(root):
    first = sorted_folders(root)[0].name
    world.put(world.testing(root) / "sorted_20200101_000000" / "built", "built", range(700, 702))
    done = run(root, "robots", "approve", "--sorted", "sorted_20200101_000000")
    assert done.code == 0 and "approved 2 images in sorted_20200101_000000" in done.out
    assert "approved 7 images in " + first in run(root, "robots", "approve", "--sorted", first).out


def test_checked_only_takes_what_a_person_touched(root):
    done = run(root, "robots", "harvest", "--checked-only")
    assert "harvested 2 (2 labelled by a person, 0 by the model alone), 5 unchecked left out" in done.out


def test_a_label_folder_that_cannot_be_written_stops_it_before_the_first_move(root):
    state = world.state(root)
    for path in [root, *root.rglob("*")]:
        os.chown(path, 65534, 65534)
        path.chmod(0o777)
    (training(root) / "drawn").chmod(0o555)
    root.parent.chmod(0o755)
    done = run(root, "robots", "harvest", before="as_nobody")
    assert done.code == 1 and "drawn cannot be written, so nothing was moved" in done.err
    assert world.state(root)["images"] == state["images"] and not homes(root)


def test_an_image_the_disk_does_not_give_waits_for_the_next_harvest(root):
    folder = sorted_folders(root)[0]
    bad = next((folder / "drawn").glob("drawn_300*"))
    done = run(root, "robots", "harvest", unreadable=(str(bad),))
    assert done.code == 3 and bad.exists() and f"{bad.name} cannot be read from the disk; it stays" in done.out
    assert "(1 more in the log)" in done.out and "could not be read; the folder stays for the next harvest" in logged(
        root
    )
    done = run(root, "robots", "harvest")
    assert done.code == 0 and not sorted_folders(root) and (training(root) / "drawn" / bad.name).exists()


def test_images_that_vanish_meanwhile_are_a_persons_doing(root):
    before = contents(root)
    done = run(root, "robots", "harvest", before="images_vanish_late")
    assert done.code in (0, 3) and "Traceback" not in done.err and contents(root) == before


def damage(journal, how):
    lines = journal.read_text().splitlines()
    if how == "torn":
        text = "\n".join(lines)[:-40]
    elif how == "garbage":
        text = "\n".join([lines[0], "\x00\xff{{{", '{"sha256": 1}', "[" * 5000, *lines[3:]])
    elif how == "path":
        move = json.loads(lines[0])
        text = "\n".join([json.dumps(move | {"target": "../../../../etc/x.jpg"}), *lines[1:]])
    else:
        text = ""
    journal.write_text(text, encoding="utf-8", errors="replace")


@pytest.mark.parametrize("how", ["torn", "garbage", "path", "empty"])
def test_a_damaged_journal_of_an_unfinished_harvest_is_done_as_far_as_it_goes(root, how):
    before = contents(root)
    assert run(root, "robots", "harvest", nth=45).code == -9
    damage(homes(root)[0] / "journal.jsonl", how)
    done = run(root, "robots", "harvest")
    assert "Traceback" not in done.err and "mistake" not in done.err and done.code in (0, 3)
    assert contents(root) == before and not (root.parent.parent / "etc").exists()
    run(root, "robots", "harvest")
    assert len(list(training(root).rglob("*.jpg"))) == 47  # what the journal lost was still waiting


@pytest.mark.parametrize("how", ["torn", "garbage", "path", "empty"])
def test_a_damaged_journal_of_a_done_harvest_is_undone_as_far_as_it_goes(how):
    root = fresh(to_undo)
    before = contents(root)
    damage(homes(root)[0] / "moves.jsonl", how)
    done = run(root, "robots", "undo")
    assert done.code == 3 and "journal" in done.out and contents(root) == before


class Loop(RuleBasedStateMachine):
    """Harvests, undos, kills and a person's hands in any order: no image is lost, and a finish is always reached."""

    @initialize()
    def begin(self):
        self.root = fresh(to_harvest)
        self.contents = contents(self.root)
        self.seed = 1000

    @rule(label=st.sampled_from(world.LABELS))
    def a_person_adds(self, label):
        self.seed += 1
        self.contents |= {
            world._sha(p) for p in world.put(training(self.root) / label, label, range(self.seed, self.seed + 1))
        }

    @rule(number=st.integers(0, 1000), label=st.sampled_from(world.LABELS))
    def a_person_moves(self, number, label):
        images = sorted(training(self.root).rglob("*.jpg")) + sorted(world.testing(self.root).glob("sorted_*/*/*.jpg"))
        image = images[number % len(images)]
        target = image.parent.parent / label / image.name
        if not target.exists() and target.parent.exists():
            image.rename(target)

    @rule(command=st.sampled_from(["harvest", "undo", "approve"]))
    def run_it(self, command):
        done = run(self.root, "robots", command)
        assert done.code in (0, 3, 10), done
        assert "Traceback" not in done.err and "mistake" not in done.err

    @rule(command=st.sampled_from(["harvest", "undo"]), nth=st.integers(1, 110))
    def kill_it(self, command, nth):
        assert run(self.root, "robots", command, nth=nth).code in (-9, 0, 3, 10)

    @precondition(lambda self: not sorted_folders(self.root))
    @rule()
    def classify_again(self):
        assert run(self.root, "robots", "0", "mine", "classify_top").code in (0, 3)

    @invariant()
    def nothing_is_lost(self):
        if hasattr(self, "root"):
            assert self.contents <= contents(self.root)

    def teardown(self):
        if hasattr(self, "root"):
            done = run(self.root, "robots", "harvest")
            assert done.code in (0, 3), done
            assert world.state(self.root)["half done"] == []
            assert not list(world.testing(self.root).glob("harvested_*/journal.jsonl"))
            shutil.rmtree(self.root.parent)


TestLoop = Loop.TestCase
TestLoop.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)
