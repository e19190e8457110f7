"""Try everything and print how much was tried: `python -m tests.faults`. Exit 1 where anything did not hold.

With a number it is killed at so many fewer operations: `python -m tests.faults 5`, as continuous integration has time for.
"""

import os
import subprocess
import sys
import time
from collections import Counter

from tests.faults import answers, hostile, kills, meddler, world
from tests.faults.cases import CASES
from tests.faults.runner import Run, run, together

os.environ.setdefault("ROBOFLOW_RETRAIN_EFFORT_DEFAULT", "quick")  # heads alone, as in the tests

ROUNDS = 200  # of somebody meddling with the files
IMAGES, NAMES, DAMAGED_FILES, ANSWERS, REQUESTS = 5000, 20_000, 300, 10_000, 10_000
KILL_EVERY = {
    "download folder": 2,
    "download sample": 4,
    "retrain": 2,
    "automatic": 16,
    "check": 2,
    "check and harvest": 4,
}  # the slow ones at each 2nd, 3rd ... operation
BREAKS = {"int": (130,), "term": (143, -15), "ENOSPC": (0, 1, 3), "EIO": (0, 1, 3), "EROFS": (0, 1, 3)}


class Tally:
    """Counts what was tried, and keeps what was wrong."""

    def __init__(self):
        self.tried, self.wrong, self.begin = Counter(), [], time.monotonic()

    def add(self, what: str, results) -> int:
        before = self.tried[what]
        for wrong in results:
            self.tried[what] += 1
            if wrong:
                self.wrong.append(wrong)
                print(f"WRONG {wrong}", flush=True)
        return self.tried[what] - before

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begin:5.0f} s  {text}", flush=True)


def main(every: int = 1) -> int:
    tally = Tally()
    scenes = kills.scenes()
    for scene in scenes:
        kill_trials(tally, scene, every)
    for scene in scenes[:4]:
        broken_trials(tally, scene)
    large_basetags(tally)
    somebody(tally)
    disks(tally)
    images(tally)
    names(tally)
    requests(tally)
    odd_answers(tally)
    tried, seconds = tally.tried, time.monotonic() - tally.begin
    recovery = f"{tried['in recovery']} of them during recovery, {tried['without links']} without hard links"
    print(f"\nkill points tested    {tried['kill points']:6}  ({recovery})")
    print(
        f"faults tried          {tried['faults']:6}  (signals; full, failing and read-only disks; 2 and 20 runs at once)"
    )
    print(f"rounds of meddling    {tried['meddling']:6}  (a second process drags, renames and deletes files meanwhile)")
    print(f"damaged images tried  {tried['images']:6}")
    print(f"names tried           {tried['names']:6}")
    print(f"hostile requests      {tried['requests']:6}")
    print(f"odd answers tried     {tried['answers']:6}")
    print(f"fault cases with tests {len(CASES):5}  (tests/faults/cases.py names them)")
    print(f"{f'{len(tally.wrong)} WRONG' if tally.wrong else 'nothing lost, everything held'}; {seconds:.0f} s")
    return bool(tally.wrong)


def kill_trials(tally: Tally, scene: kills.Scene, every: int) -> None:
    """Killed at every operation, and some again while recovering."""
    step = KILL_EVERY.get(scene.name, 1) * every
    trial = kills.Trial(scene)
    points = tally.add("kill points", trial.each(kills.every(trial, step)))
    again = (
        0
        if scene.once_more_adds
        else tally.add("in recovery", trial.each(kills.nested(trial, 9) + kills.nested(trial, 3, depth=3)))
    )
    tally.tried["kill points"] += again
    line = f"{scene.name}: {trial.points} operations, killed at {'every one' if step == 1 else f'one in {step}'} ({points})"
    trial.close()
    if scene.name in ("harvest", "undo"):
        bare = kills.Trial(scene, no_links="EPERM")
        less = tally.add("without links", bare.each(kills.every(bare, 3)))
        tally.tried["kill points"] += less
        line += f", without hard links {less}"
        bare.close()
    tally.say(line + (f", {again} again in recovery" if again else ""))


def broken_trials(tally: Tally, scene: kills.Scene) -> None:
    """Ctrl-C, SIGTERM, and a disk that fails, at each 9th operation."""
    trial, tried = kills.Trial(scene), 0
    for number, (how, codes) in enumerate(BREAKS.items()):
        tried += tally.add("faults", trial.each(kills.every(trial, 9, start=1 + number), how, codes))
    trial.close()
    tally.say(f"{scene.name}: {tried} times stopped by a signal or a failing disk")


def large_basetags(tally: Tally) -> None:
    """Two, and twenty, runs at once."""
    for amount in (2, 20):
        root = world.fresh(world.to_harvest)
        before = world.contents(root)
        wanted = Run(("robots", "harvest", "--tf-files", str(root)), str(root), before="slow")
        codes = sorted(end.code for end in together(*[wanted] * amount))
        good = set(codes) == {0, 11} and before == world.contents(root)  # one that starts late may find it done: 0 too
        tally.add("faults", ["" if good else f"{amount} runs at once: {codes}"])
    tally.say("2 and 20 runs at once: one worked, the others were told")


def somebody(tally: Tally) -> None:
    """A person drags, renames and deletes files while the program works."""
    tally.add("meddling", meddler.rounds(ROUNDS))
    tally.say(f"somebody dragging, renaming and deleting meanwhile: {ROUNDS} rounds")


def disks(tally: Tally) -> None:
    """Disks that are really full or read-only, where a small one may be mounted."""
    place = world.scratch()
    command = ["unshare", "-rm", sys.executable, "-m", "tests.faults.disks", str(place)]
    try:
        lines = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout.splitlines()
    except (OSError, subprocess.TimeoutExpired) as problem:
        lines = [f"skipped: {type(problem).__name__}"]
    if not lines or lines[0].startswith("skipped"):
        tally.say("full and read-only disks: not tried, no disk can be mounted here (the injected ones above were)")
        return
    tally.add("faults", ("" if line.startswith("ok ") else line for line in lines))
    tally.say(f"really full and really read-only disks: {len(lines)} runs")


def images(tally: Tally) -> None:
    """Damaged images through the decoder and the intake, and a folder of them through classify."""
    tally.add("images", map(hostile.problem_with_image, hostile.damaged(IMAGES)))
    root = world.fresh(world.with_model)
    folder = world.unsorted(root)
    folder.mkdir(parents=True)
    for number, data in enumerate(hostile.damaged(DAMAGED_FILES, seed=2)):
        (folder / f"{number}.jpg").write_bytes(data)
    before = world.contents(root)
    done = run(root, "robots", "0", "mine", "classify_top")
    kept = before == world.contents(root) and done.code == 3
    tally.add("images", ["" if kept else f"classify of damaged images: {done}"] * DAMAGED_FILES)
    tally.say(f"damaged images: {tally.tried['images']}")


def names(tally: Tally) -> None:
    tally.add("names", map(hostile.problem_with_name, hostile.names(NAMES)))
    tally.say(f"hostile names: {NAMES}")


def requests(tally: Tally) -> None:
    """What no honest page sends, to the check page."""
    import config as cfg
    from tests.check.serving import served

    root = world.fresh(world.to_check)
    before, cfg.path_to_tf_files = world.state(root), str(root)
    with served() as page:
        page.get("/api/view?count=24")
        tally.add("requests", hostile.problems_with_requests(page, REQUESTS))
    tally.add("requests", ["" if world.state(root) == before else "a hostile request changed something"])
    tally.say(f"hostile requests: {REQUESTS}, each refused, nothing changed")


def odd_answers(tally: Tally) -> None:
    """What no honest host answers, through a real socket."""
    tally.add("answers", answers.problems(range(ANSWERS)))
    kinds = ", ".join(f"{n} {reason}" for reason, n in answers.reasons.most_common(5))
    tally.say(f"odd answers of hosts: {ANSWERS} ({kinds} ...)")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
