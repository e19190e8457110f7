"""`make demo` turns the whole loop; here with fewer images."""

import shutil
import subprocess
import sys

from tests.terminal import PROJECT


def test_the_demo_turns_the_loop_and_touches_no_folder_that_is_there(tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine.jpg").write_bytes(b"a photo of mine")
    command = [
        sys.executable,
        "scripts/demo.py",
        "--folder",
        str(tmp_path / "demo"),
        "--per-label",
        "20",
        "--more",
        "12",
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [p.name for p in (tmp_path / "demo").iterdir()] == ["mine.jpg"]
    home = tmp_path / "demo_2"
    models = list((home / "training_summaries/robots").glob("*_acc*/report.html"))
    assert len(models) == 2 and all(str(report) in done.stdout for report in models)
    for step in ("download", "retrain", "classify", "check", "approve", "harvest", "models"):
        assert f"\n  {step}" in done.stdout
    sorted_by_hand = sum(len(list(p.glob("*.jpg"))) for p in (home / "training_photos/robots").iterdir())
    assert sorted_by_hand == 4 * 20 + 12
    shutil.rmtree(home)
