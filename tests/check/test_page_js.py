"""The page's own modules: their unit tests, which Node.js runs, and that they import each other without a circle."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from flow.check.check_page import PAGE_FOLDER

TESTS = Path(__file__).parent / "page_js"
NODE_MIN = (20, 19)  # from here on Node takes the page's files for modules by itself
IMPORT = re.compile(r'^(?:import|export)\b[^;]*?\bfrom "(\./[a-z_]+\.js)";', re.MULTILINE)
MODULES = sorted(path.name for path in PAGE_FOLDER.glob("*.js"))


def node() -> str:
    """The program; the test is skipped, plainly, where there is none or an old one."""
    found = shutil.which("node")
    if not found:
        pytest.skip("skipped: no node")
    version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip()
    if tuple(int(part) for part in version.lstrip("v").split(".")[:2]) < NODE_MIN:
        pytest.skip(f"skipped: node {version} is older than {'.'.join(map(str, NODE_MIN))}")
    return found


@pytest.mark.parametrize("file", sorted(path.name for path in TESTS.glob("*.test.mjs")))
def test_unit_tests_of_the_modules(file):
    done = subprocess.run([node(), "--test", str(TESTS / file)], capture_output=True, text=True, timeout=120)
    passed = re.search(r"^# pass (\d+)$|^ℹ pass (\d+)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert passed and int(passed[1] or passed[2]) >= 5, done.stdout


def imports(name: str) -> set[str]:
    """The modules of the page that one imports."""
    text = (PAGE_FOLDER / name).read_text(encoding="utf-8")
    found = {other.removeprefix("./") for other in IMPORT.findall(text)}
    assert len(found) == len(re.findall(r'\bfrom "', text)), f"{name} imports in a way that this test does not see"
    return found


def test_modules_import_each_other_without_a_circle():
    left = {name: imports(name) for name in MODULES}
    assert len(left) > 10 and left["app.js"] and all(found <= left.keys() for found in left.values())
    while ready := {name for name, found in left.items() if not found & left.keys()}:
        left = {name: found for name, found in left.items() if name not in ready}
    assert not left, f"these import each other in a circle: {sorted(left)}"


def test_every_module_is_reached_from_the_first_of_a_page():
    reached, left = set(), {"app.js", "camera.js"}
    while left:
        name = left.pop()
        reached.add(name)
        left |= imports(name) - reached
    assert reached == set(MODULES)


def test_what_can_be_tested_without_a_page_needs_none():
    """State, keys and layout know neither the network nor what is drawn."""
    for name in ("state.js", "keys.js", "layout.js", "labeling.js", "dom.js", "camera_state.js", "camera_cuts.js"):
        assert imports(name) <= {"state.js", "dom.js"}, name
