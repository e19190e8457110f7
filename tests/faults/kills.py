"""Break a command at its nth operation, run it again, and compare with a run that nothing happened to."""

import random
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import world
from tests.faults.runner import Ended, Run, together

KILLED = -9
WIDTH = 3  # runs at a time


@dataclass(frozen=True)
class Scene:
    """A command on a data folder, {root} in its words. `codes`: exit codes of an unbroken run; `again`: those of one more run after it."""

    name: str
    build: Callable[[Path], None]
    command: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    again: tuple[int, ...] = (0,)
    environ: dict[str, str] = field(default_factory=dict)
    before: str = ""  # see runner.Run
    once_more_adds: bool = False  # a run after a whole one does more work (a second model, more images)


def _own_images() -> Path:
    """A folder of a person's own: four pictures and a damaged one."""
    folder = world.scratch() / "own"
    for label in world.LABELS:
        world.put(folder, label, range(500, 502))
    (folder / "torn.jpg").write_bytes(world.image_bytes(777)[:400])
    return folder


def scenes() -> list[Scene]:
    """The commands that change anything."""
    own = _own_images()
    small = {"ROBOFLOW_IMAGE_SIDE_MIN": "16"}
    return [
        Scene("harvest", world.to_harvest, ("robots", "harvest")),
        Scene("undo", world.to_undo, ("robots", "undo"), again=(10,)),
        Scene("classify", world.to_classify, ("robots", "0", "mine", "classify_top"), codes=(3,)),
        Scene(
            "download folder",
            world.beginning,
            ("robots", "5", "robotart", "download", "--source", f"folder:{own}"),
            codes=(3,),
            environ=small,
        ),
        Scene(
            "download sample",
            world.beginning,
            ("robots", "2", "built", "download", "--source", "sample"),
            once_more_adds=True,
        ),
        Scene("retrain", world.beginning, ("robots", "0", "0", "retrain_defaults", *world.TRAIN), once_more_adds=True),
        Scene("approve", world.to_harvest, ("robots", "approve")),
        Scene("check", world.to_check, ("robots", "check", "--no-browser"), before="looks_through"),
        Scene(
            "check and harvest",
            world.to_check,
            ("robots", "check", "--no-browser"),
            again=(10,),
            before="looks_and_harvests",
        ),
        Scene(
            "check training",
            world.to_check_training,
            ("robots", "check", "--training", "--no-browser"),
            before="looks_through",
        ),
        Scene("export model", world.with_model, ("robots", "export", "--smaller"), again=(2,)),
        Scene("export data", world.with_model, ("robots", "export", "--data", "{root}/exports/data"), again=(2,)),
        *_scenes_of_labels(),
        Scene(
            "automatic",
            world.to_classify,
            ("robots", "2", "drawn", "automatic", "--harvest", "--source", "sample", *world.TRAIN),
            once_more_adds=True,
        ),
    ]


def _scenes_of_labels() -> list[Scene]:
    """Labels and basetags that get other names; once that is done there is nothing of the old name any more."""
    labels = ("robots", "labels")
    return [
        Scene("labels rename", world.to_relabel, (*labels, "rename", "built", "machine"), again=(10,)),
        Scene("labels merge", world.to_relabel, (*labels, "merge", "built", "drawn", "both"), again=(10,)),
        Scene("labels remove", world.to_relabel, (*labels, "remove", "built"), again=(10,)),
        Scene("labels remove to", world.to_relabel, (*labels, "remove", "built", "--to", "drawn"), again=(10,)),
        Scene("labels move", world.to_relabel, (*labels, "move", "built_1.jpg", "built_2.jpg", "drawn"), again=(2,)),
        Scene("undo a merge", world.merged, ("robots", "undo"), again=(10,)),
        Scene("undo a renaming", world.relabelled, ("robots", "undo"), again=(10,)),
        Scene("renamed by hand", world.renamed_by_hand, (*labels, "add", "third"), again=(2,)),
        Scene("backup", world.to_undo, ("robots", "backup", "{root}/backup.zip"), again=(2,)),
        Scene("restore", world.backed_up, ("robots", "restore", "{root}/backup.zip"), again=(2,)),
        Scene("restore what was put away", world.put_away, ("robots", "restore"), again=(2, 10)),
        Scene("rename-basetag", world.to_undo, ("robots", "rename-basetag", "machines"), again=(10,)),
        Scene("remove", world.to_undo, ("robots", "remove", "--confirm", "robots"), again=(10,)),
    ]


class Trial:
    """One scene with its unbroken run, to try breaks on."""

    def __init__(self, scene: Scene, **options):
        self.scene, self.options = scene, {"environ": scene.environ, "before": scene.before, **options}
        self.places = [world.scratch() / "tf_files" for _ in range(WIDTH)]
        root = world.fresh(scene.build, self.places[0])
        self.before = world.contents(root)
        ended = together(self._run(root))[0]
        if ended.code not in scene.codes:
            raise AssertionError(f"{scene.name} unbroken: {ended}")
        self.points = ended.points
        self.whole = world.contents(root)
        self.end = world.state(root)

    def close(self) -> None:
        for place in self.places:
            shutil.rmtree(place.parent, ignore_errors=True)

    def each(
        self, breaks: Iterable[tuple[int, ...]], how: str = "kill", codes: Iterable[int] = (KILLED,)
    ) -> Iterable[str]:
        """For each tuple (n1, n2, ...): break the first run at n1, the second at n2 ..., then run to the end.

        Yields:
            What was wrong, one sentence a tuple; empty where all held.
        """
        breaks = list(breaks)
        for begin in range(0, len(breaks), WIDTH):
            yield from self._some(breaks[begin : begin + WIDTH], how, tuple(codes))

    def _some(self, breaks: list[tuple[int, ...]], how: str, codes: tuple[int, ...]) -> list[str]:
        places = self.places[: len(breaks)]
        for place in places:
            world.fresh(self.scene.build, place)
        wrong = ["" for _ in breaks]
        for depth in range(max(map(len, breaks))):
            acting = [i for i, points in enumerate(breaks) if depth < len(points)]
            ended = together(*(self._run(places[i], breaks[i][depth], how) for i in acting))
            for i, end in zip(acting, ended, strict=True):
                wrong[i] = wrong[i] or self._after_break(places[i], end, codes)
        last = together(*(self._run(place) for place in places))
        for i, end in enumerate(last):
            wrong[i] = wrong[i] or self._after_all(places[i], end)
        return [
            f"{self.scene.name}, {how} at {points}: {text}" if text else ""
            for points, text in zip(breaks, wrong, strict=True)
        ]

    def _run(self, root: Path, nth: int = 0, how: str = "kill") -> Run:
        command = (word.replace("{root}", str(root)) for word in self.scene.command)
        return Run((*command, "--tf-files", str(root)), str(root), nth, how, **self.options)

    def _after_break(self, root: Path, end: Ended, codes: tuple[int, ...]) -> str:
        now = world.contents(root)
        if not self.before <= now:
            return f"{len(self.before - now)} contents lost"
        if not self.scene.once_more_adds and now - self.whole:
            return f"{len(now - self.whole)} half files under a final name"
        if end.code not in (*codes, *self.scene.codes, *self.scene.again):
            return f"exit {end.code}: {end.err.strip()[-300:]}"
        if "Traceback" in end.err or "mistake of mine" in end.err:
            return f"no clear sentence: {end.err.strip()[-500:]}"
        return ""

    def _after_all(self, root: Path, end: Ended) -> str:
        if end.code not in (*self.scene.codes, *self.scene.again):
            return f"then exit {end.code}: {end.err.strip()[-300:]}"
        lost = self.before - world.contents(root)
        if lost:
            return f"then {len(lost)} contents lost"
        try:
            now = world.state(root)
        except AssertionError as problem:
            return f"then {problem}"
        if self.scene.once_more_adds and "downloads" in now:  # killed after all was done: the next run did more
            return "" if not now["half done"] else f"half done: {now['half done']}"
        different = [name for name in self.end if now.get(name) != self.end[name]]
        if not different:
            return ""
        name = different[0]
        less, more = (
            [x for x in one if x not in other] if isinstance(one, list) else one
            for one, other in ((self.end[name], now[name]), (now[name], self.end[name]))
        )
        return f"another end: {', '.join(different)}: missing {less}, too much {more}"[:600]


def every(trial: Trial, step: int = 1, start: int = 1) -> list[tuple[int, ...]]:
    """Points 1, 2, 3 ... or each `step`-th of them."""
    return [(n,) for n in range(start, trial.points + 1, step)]


def nested(trial: Trial, amount: int, depth: int = 2, seed: int = 1) -> list[tuple[int, ...]]:
    """Some runs that are killed, and whose recovery is killed too."""
    rng = random.Random(seed)
    return [tuple(rng.randint(1, trial.points) for _ in range(depth)) for _ in range(amount)]
