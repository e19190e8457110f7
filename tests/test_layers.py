"""Who may import whom: packages stand in storeys, nothing goes round in circles, steps do not know each other."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
MODULES = [
    PROJECT / "roboflow.py",
    PROJECT / "config.py",
    *sorted((PROJECT / "flow").rglob("*.py")),
    *sorted((PROJECT / "scripts").rglob("*.py")),
]
DRAWING = "flow.sources.sample."  # draws the sample robots; only ever imported by the sample source, when it draws
# From the ground up. A room may use what lies in storeys below it; rooms of one storey do not know each other.
STOREYS = [
    {"config"},
    {"flow.base"},
    {"flow.ui"},
    {"flow.plan", "flow.records"},
    {"flow.web"},
    {"flow.sources", "flow.sms", "flow.models"},
    {"flow.download", "flow.classify", "flow.harvest", "flow.retrain", "flow.check", "flow.export"},
    {"flow.front"},
    {"roboflow"},
]
SCRIPT_STOREYS = [
    {"scripts.learn"},
    {"scripts.report"},
    {"scripts.retrain", "scripts.label_image", "scripts.probe"},
    {"scripts.studies", "scripts.bench", "scripts.demo"},
]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in MODULES}


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imports(path: Path, top_only: bool = False) -> set[str]:
    """Modules of ours that a file imports; only for types does not count."""
    tree = parsed(path)
    nodes = list(tree.body) if top_only else [n for part in tree.body if not _for_types(part) for n in ast.walk(part)]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & set(NAMES)
            found |= inside or {node.module}
    return found


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def room(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] in ("flow", "scripts") else parts[0]


def storey(name: str, storeys: list[set[str]]) -> int | None:
    return next((i for i, rooms in enumerate(storeys) if room(name) in rooms), None)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path):
    name = name_of(path)
    for storeys in (STOREYS, SCRIPT_STOREYS):
        mine = storey(name, storeys)
        for other in imports(path):
            its = storey(other, storeys)
            if mine is not None and its is not None and room(other) != room(name):
                assert its < mine, f"{name} (storey {mine}) uses {other} (storey {its})"


def test_every_room_has_its_storey():
    rooms = {room(name) for name in NAMES} - {"flow", "scripts"}
    assert rooms <= set().union(*STOREYS, *SCRIPT_STOREYS)


def test_nothing_goes_round_in_circles():
    """Imports inside functions count too."""
    uses = {name: {other for other in imports(path) if other in NAMES} for name, path in NAMES.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a circle: {' -> '.join([*way[way.index(name) :], name])}"
        if name not in done:
            for other in sorted(uses[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(uses):
        visit(name, ())


def test_the_rooms_are_few():
    """A newcomer sees all of a floor at once."""
    for folder, most in (("flow", 16), ("scripts", 10)):
        there = [p.name for p in (PROJECT / folder).iterdir() if p.name != "__pycache__"]
        assert len(there) <= most, sorted(there)


@pytest.mark.parametrize("path", [p for p in MODULES if p.name == "__init__.py"], ids=name_of)
def test_every_room_says_what_it_is_for(path):
    assert ast.get_docstring(parsed(path))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_scripts_know_neither_flow_nor_cfg(path):
    if name_of(path).startswith("scripts"):
        assert not {i for i in imports(path) if i.split(".")[0] in ("flow", "config", "roboflow")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_flow_imports_scripts_only_inside_functions(path):
    if name_of(path).startswith("flow") and not name_of(path).startswith(DRAWING):
        assert not {
            i for i in imports(path, top_only=True) if i.split(".")[0] in ("scripts", "tensorflow", "numpy", "PIL")
        }


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_console_prints_and_only_the_front_door_leaves(path):
    name = name_of(path)
    tree = parsed(path)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if name.startswith("flow") and name != "flow.ui.console":
        assert not calls & {"print", "input"}
    if name.startswith("flow") or name == "config":
        assert not calls & {"sys.exit", "exit", "os._exit", "quit"}


def test_importing_the_whole_program_brings_no_tensorflow():
    """Everything but the lines inside functions; help, prompts and downloads start without TensorFlow."""
    modules = [m for m in NAMES if not m.startswith(("scripts", DRAWING)) and m != "roboflow"]
    code = f"import sys\nfor m in {modules!r}: __import__(m)\nprint([m for m in ('tensorflow', 'numpy', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
