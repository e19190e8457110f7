"""Outside the virtual environment the program says which command activates it, without a traceback."""

import os
import re
import shutil
import subprocess
import sys

from roboflow import NEEDED
from tests.terminal import PROJECT


def bare(project, *arguments):
    """Run a copy of roboflow.py with a Python that has nothing installed."""
    command = [sys.executable, "-I", "-S", str(project / "roboflow.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=project, env={**os.environ, "PYTHONUTF8": "1"})


def test_the_command_that_activates_it_is_named(tmp_path):
    shutil.copy(PROJECT / "roboflow.py", tmp_path)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/activate").write_text("")
    for arguments in ((), ("robots", "status"), ("--help",)):
        done = bare(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (1, "") and "Traceback" not in done.stderr
        assert (
            "yaml" in done.stderr and "try: source .venv/bin/activate" in done.stderr and "mistake" not in done.stderr
        )


def test_where_there_is_none_the_command_that_makes_it(tmp_path):
    shutil.copy(PROJECT / "roboflow.py", tmp_path)
    done = bare(tmp_path)
    assert done.returncode == 1 and f"cd {tmp_path} && make install" in done.stderr


def test_what_is_looked_for_is_what_is_required():
    modules = {"pyyaml": "yaml", "pillow": "PIL", "pi-heif": "pi_heif"}
    text = (PROJECT / "requirements.txt").read_text()
    required = {re.split(r"[^a-z0-9_-]", line.strip())[0] for line in text.splitlines() if line[:1].isalpha()}
    assert {modules.get(name, name) for name in required} >= set(NEEDED) - {"numpy"}
