"""Who may import whom. Calls go down, results come back up."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
MODULES = [PROJECT / "roboflow.py", PROJECT / "config.py", *sorted((PROJECT / "flow").rglob("*.py")),
           *sorted((PROJECT / "scripts").glob("*.py"))]  # fmt: skip
STEPS = {"flow.download", "flow.classify", "flow.harvest", "flow.retrain", "flow.explore", "flow.approve"}
DRAWING = "flow.sources.art"  # draws the sample robots; only ever imported by the sample source, when it draws
FRONT = {"flow.cli", "flow.guide", "flow.questions", "flow.run", "flow.arguments", "roboflow"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, top_only: bool = False) -> set[str]:
    """Modules of ours that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_scripts_know_neither_flow_nor_cfg(path):
    if name_of(path).startswith("scripts"):
        assert not {i for i in imports(path) if i.split(".")[0] in ("flow", "config", "roboflow")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_flow_imports_scripts_only_inside_functions(path):
    if name_of(path).startswith("flow") and not name_of(path).startswith(DRAWING):
        assert not {i for i in imports(path, top_only=True) if i.split(".")[0] in ("scripts", "tensorflow", "numpy", "PIL")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_steps_import_neither_each_other_nor_the_front(path):
    name = name_of(path)
    if name in STEPS:
        forbidden = (STEPS | FRONT) - {name}
        if name in ("flow.explore", "flow.approve"):  # made of another step's parts, and no step of a flow themselves
            forbidden -= {"flow.retrain", "flow.harvest"}
        assert not imports(path) & forbidden


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_below_imports_the_front(path):
    if name_of(path) not in FRONT:
        assert not imports(path) & FRONT


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_console_prints_and_only_the_front_door_leaves(path):
    name = name_of(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if name.startswith("flow") and name != "flow.console":
        assert not calls & {"print", "input"}
    if name.startswith("flow") or name == "config":
        assert not calls & {"sys.exit", "exit", "os._exit", "quit"}


def test_config_imports_nothing_and_words_and_errors_nothing_of_the_steps():
    assert imports(PROJECT / "config.py") == set()
    assert not {i for i in imports(PROJECT / "flow/errors.py") if i.startswith(("flow", "config"))}


def test_importing_the_whole_program_brings_no_tensorflow():
    """Everything but the lines inside functions; help, prompts and downloads start without TensorFlow."""
    modules = [m for m in map(name_of, MODULES) if not m.startswith(("scripts", DRAWING)) and m != "roboflow"]
    code = f"import sys\nfor m in {modules!r}: __import__(m)\nprint([m for m in ('tensorflow', 'numpy', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
