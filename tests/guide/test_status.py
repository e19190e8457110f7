"""Status: true, quick, and read-only."""

import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

from flow.guide import status
from tests.faults import world
from tests.faults.runner import run
from tests.terminal import PROJECT


def last_run(root):
    return json.loads((root / "logs/robots_last_run.json").read_text())


def test_status_tells_the_last_good_run_and_the_trouble_after_it():
    root = world.fresh(world.to_harvest)
    assert run(root, "robots", "harvest").code == 0
    good = last_run(root)
    assert good["exit"] == 0 and good["good"]["line"] == good["line"] and "harvested 7" in good["line"]
    assert run(root, "robots", "undo").code == 0 and run(root, "robots", "undo").code == 10
    facts = last_run(root)
    assert facts["exit"] == 10 and "no harvest" in facts["line"] and "put 7" in facts["good"]["line"]
    text = run(root, "robots", "status").out
    assert "last good run: 0 min ago, robots: put 7 images" in text
    assert "the last run failed: 0 min ago, exit 10, There is no harvest" in text


def test_ages_in_words():
    now = datetime.now(timezone.utc)
    ages = [
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(days=9), "9 days ago"),
        (-timedelta(hours=1), "set back"),
    ]
    for age, words in ages:
        assert words in status._ago((now - age).isoformat())


def test_status_reads_only_and_loads_none_of_the_heavy_packages():
    root = world.fresh(world.to_harvest)
    before = sorted((p, p.stat().st_mtime_ns) for p in root.rglob("*"))
    code = (
        "import sys, runpy\nsys.argv[1:] = sys.argv[1:]\ntry: runpy.run_path('roboflow.py', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, [m for m in ('tensorflow', 'numpy', 'PIL', 'requests') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "robots", "status", "--tf-files", str(root)],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 []" and "to check: sorted_" in done.stdout
    assert sorted((p, p.stat().st_mtime_ns) for p in root.rglob("*")) == before


def test_status_of_a_basetag_that_is_not_there_makes_nothing(tmp_path):
    done = run(tmp_path, "birds", "status")
    assert done.code == 10 and "no such basetag" in done.out and not list(tmp_path.iterdir())


def test_status_counts_what_lies_where_and_says_what_comes_next():
    root = world.fresh(world.to_harvest)
    world.put(world.unsorted(root, "more"), "built", range(400, 403))
    world.put(world.testing(root) / "quarantine", "drawn", range(500, 501))
    text, facts = run(root, "status").out, json.loads(run(root, "robots", "status", "--json").out)["robots"]
    folder = world.sorted_folders(root)[0].name
    assert "robots\n  training images: built 20, drawn 20\n" in text and "unsorted: more 3" in text
    assert f"to check: {folder} 5" in text and "models: 1, best by its own test efficientnet_lite0_" in text
    assert "quarantine: 2 set aside; reasons.txt there says why" in text
    assert (
        f"  next: check the 5 images that a model sorted\n    python roboflow.py robots check --tf-files {root}" in text
    )
    assert facts["training"] == {"built": 20, "drawn": 20} and facts["to_sort"] == {"more": 3}
    assert facts["sorted_waiting"] == {folder: 5} and facts["looked_at"] == [] and facts["quarantine"] == 2
    assert facts["next"]["command"] == f"python roboflow.py robots check --tf-files {root}"


def test_status_shows_all_basetags_where_none_is_named(tmp_path):
    assert "nothing here yet" in run(tmp_path, "status").out
    for basetag in ("birds", "robots"):
        (tmp_path / "training_photos" / basetag).mkdir(parents=True)
    text = run(tmp_path, "status").out
    assert [part.splitlines()[0] for part in text.split("\n\n")] == ["birds", "robots"]
    assert json.loads(run(tmp_path, "status", "--json").out).keys() == {"birds", "robots"}
