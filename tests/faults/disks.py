"""Real disks that are full, or turned read-only: a small one in memory, mounted in a name space of our own.

Run as `unshare -rm python -m tests.faults.disks FOLDER`; prints one line a case, and `skipped` where mounting is forbidden.
"""

import subprocess
import sys
from pathlib import Path

from tests.faults import world
from tests.faults.runner import run

COMMANDS = {
    "harvest": (world.to_harvest, ("robots", "harvest"), (0,)),
    "undo": (world.to_undo, ("robots", "undo"), (0,)),
    "classify": (world.to_classify, ("robots", "0", "mine", "classify_top"), (3,)),
    "download": (world.beginning, ("robots", "2", "built", "download", "--source", "sample"), (0,)),
    "retrain": (world.beginning, ("robots", "0", "0", "retrain_defaults", *world.TRAIN), (0,)),
}


def main(folder: Path) -> int:
    if mount("-t", "tmpfs", "-o", "size=260m", "none", str(folder)):
        print("skipped")
        return 0
    for name, (build, command, codes) in COMMANDS.items():
        for kind, break_it, mend in (("full", fill, empty), ("read-only", read_only, writable)):
            root = world.fresh(build, folder / "tf_files")
            before = world.contents(root)
            break_it(folder)
            done = run(root, *command)
            mend(folder)
            again = run(root, *command)
            good = (
                done.code == 1
                and done.err.startswith("oh no. ")
                and "Traceback" not in done.err
                and again.code in codes
            )
            good = good and before <= world.contents(root)
            print(
                f"{'ok' if good else 'WRONG'} {name} on a {kind} disk: exit {done.code}, {' '.join(done.err.split())[:150]}; then {again.code}"
            )
    return 0


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], capture_output=True).returncode


def fill(folder: Path) -> None:
    with open(folder / "filler", "wb", buffering=0) as writer:
        for size in (1 << 20, 4096, 1):
            try:
                while writer.write(b"\1" * size) == size:
                    pass
            except OSError:
                continue


def empty(folder: Path) -> None:
    (folder / "filler").unlink()


def read_only(folder: Path) -> None:
    mount("-o", "remount,ro", str(folder))


def writable(folder: Path) -> None:
    mount("-o", "remount,rw", str(folder))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
