"""`make demo`: the whole loop turned once, offline, in a folder of its own.

Robots drawn by RoboFlow itself are sorted into label folders as a person would, a first classifier is trained on them,
more images come in and are sorted by it, the mistakes are put right, the harvest goes into the training data, and a
second classifier is trained.
Everything is done by running roboflow.py, as a person at a terminal would.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LABELS = ("built", "drawn", "mechs", "not")
BASETAG = "robots"


class Demo:
    """One run of the loop below `home`; `rows` collects what each step came to."""

    def __init__(self, home: Path, per_label: int, more: int):
        self.home, self.per_label, self.more = home, per_label, more
        self.rows: list[tuple[str, str, float]] = []

    def turn(self) -> None:
        """All steps, in order."""
        self.sort_first_images()
        self.step("retrain", "0", "0", "retrain_defaults", *self.training())
        self.step("download", str(self.more), "robotart", "download", "--source", "sample")
        self.step("classify", "0", "robotart", "classify_top")
        self.check_by_hand()
        self.step("approve", "0", "0", "approve")
        self.step("harvest", "0", "0", "harvest")
        self.step("retrain", "0", "0", "retrain_defaults", *self.training())
        self.step("models", "0", "0", "models")

    def training(self) -> tuple[str, ...]:
        return ("--images-min", str(self.per_label), "--effort", "quick")

    def sort_first_images(self) -> None:
        """What a person does by hand at the very beginning: the first images into one folder a label."""
        for label in LABELS:
            self.step("download", str(self.per_label), label, "download", "--source", "sample")
            target = self.home / "training_photos" / BASETAG / label
            target.mkdir(parents=True, exist_ok=True)
            unsorted = self.home / "testing_photos" / BASETAG / f"unsorted_{label}"
            for image in sorted(unsorted.glob("*.jpg")):
                shutil.move(image, target / image.name)

    def check_by_hand(self) -> None:
        """What a person does now: drag what is wrong, or unsure, into the right label folder.

        The demo knows what it drew (the kind stands in CREDITS.csv), so it can play the person.
        """
        begin, testing = time.monotonic(), self.home / "testing_photos" / BASETAG
        with open(testing / "unsorted_robotart" / "CREDITS.csv", encoding="utf-8", newline="") as credits:
            kinds = {
                Path(row["file"]).stem: row["title"].rpartition("(")[2].rstrip(")") for row in csv.DictReader(credits)
            }
        folder = next(testing.glob("sorted_*"))
        dragged = 0
        for image in sorted(folder.glob("*/*.jpg")):
            kind = kinds[image.stem.rpartition("_")[0]]
            if image.parent.name != kind:
                image.rename(folder / kind / image.name)
                dragged += 1
        line = f"{dragged} images moved into the right label folder, the others were right"
        print(f"\n{line}", flush=True)
        self.rows.append(("check", line, time.monotonic() - begin))

    def step(self, name: str, *arguments: str) -> None:
        """Run roboflow.py once; what it says goes to the terminal, its result into the table."""
        command = [sys.executable, str(PROJECT / "roboflow.py"), BASETAG, *arguments, "--tf-files", str(self.home)]
        print(f"\n$ python roboflow.py {BASETAG} {' '.join(arguments)}", flush=True)
        begin = time.monotonic()
        done = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"That went wrong (exit {done.returncode}): {done.stdout}")
        line = summary(json.loads(done.stdout))
        print(line, flush=True)
        self.rows.append((name, line, time.monotonic() - begin))


def summary(facts: dict) -> str:
    """One line about a step, from what --json gave."""
    results = facts["results"]
    if "retrain" in results:
        row = results["retrain"]
        value, low, high = (100 * row["accuracy"][name] for name in ("value", "low", "high"))
        interval = f"95 % interval {low:.1f} to {high:.1f} %"
        return f"accuracy {value:.1f} % ({interval}, {row['measured_on']})"
    if "classify" in results:
        row = results["classify"]
        return f"{sum(row['places'].values())} sorted, {row['sure']} sure: {Path(row['folder']).name}"
    if "harvest" in results:
        row = results["harvest"]
        return ", ".join(f"{label} {n}" for label, n in row["labels"].items()) + " into the training data"
    if "models" in results:
        rows = results["models"]["models"]
        return f"{len(rows)} models compared on the same {results['models']['images']} images"
    if "approve" in results:
        return f"{results['approve']['images']} images now count as sorted by a person"
    row = results["download"]
    return f"{row['kept']} of {row['asked']} kept: {Path(row['folder']).name}"


def main(arguments: list[str] | None = None) -> int:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--folder", type=Path, default=PROJECT / "demo_tf_files", help="where everything goes")
    p.add_argument("--per-label", type=int, default=60, help="first images per label")
    p.add_argument("--more", type=int, default=120, help="images downloaded for the second turn")
    given = p.parse_args(arguments)
    home = given.folder.absolute()
    if home.exists():
        number = 2
        while (free := home.with_name(f"{home.name}_{number}")).exists():
            number += 1
        home = free
    demo, begin = Demo(home, given.per_label, given.more), time.monotonic()
    demo.turn()
    print(f"\nThe loop turned once in {time.monotonic() - begin:.0f} s:\n")
    for name, line, seconds in demo.rows:
        print(f"  {name:<9} {seconds:5.1f} s  {line}")
    print(f"\nLook at the images:   {home / 'testing_photos' / BASETAG}")
    for report in sorted((home / "training_summaries" / BASETAG).glob("*/report.html")):
        print(f"Look at the report:   {report}")
    print("Now your own: python roboflow.py    (boop boop)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
