"""Who may import whom: calls go down and results come back up, steps do not know each other, nothing goes in circles."""

import ast
import functools
import re
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
STEPS = {"flow.download", "flow.classify", "flow.harvest", "flow.check", "flow.export", "flow.retrain"}
# From the ground up: a package imports only what lies in layers below its own; those of one layer do not know each other.
LAYERS = [
    {"config"},
    {"flow.base"},
    {"flow.ui"},
    {"flow.records", "flow.sms"},
    {"flow.web", "flow.models"},
    {"flow.sources"},
    STEPS,
    {"flow.guide"},
    {"flow.commands"},
    {"roboflow"},
]
# The learning library and what stands on it.
SCRIPT_LAYERS = [
    {"scripts.learn"},
    {"scripts.report"},
    {"scripts.retrain", "scripts.label_image"},
    {"scripts.api"},
    {"scripts.studies", "scripts.demo", "scripts.live_sources"},
]
DOOR = "flow.base.learning"  # the only module of flow that names `scripts`
DRAWING = "flow.sources.sample."  # draws the sample robots; imported by the sample source alone, when it draws
HEAVY = {"tensorflow", "tensorflow_hub", "ai_edge_litert", "numpy", "PIL", "rich", "twilio", "jinja2", "scripts"}
SCREEN = {"print", "input", "sys.stdout.write", "sys.stderr.write", "sys.stdin.read", "sys.stdin.readline"}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {name_of(path): path for path in MODULES}
OF_FLOW = [name for name in NAMES if name.split(".")[0] == "flow"]
OF_SCRIPTS = [name for name in NAMES if name.split(".")[0] == "scripts"]


@functools.cache
def parsed(name: str) -> ast.Module:
    return ast.parse(NAMES[name].read_text(encoding="utf-8"))


def _for_types(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


@functools.cache
def imports(name: str, top_only: bool = False) -> set[str]:
    """The modules that a module imports: at any place, or as it is imported itself. Only for types does not count."""
    parts = [part for part in parsed(name).body if not _for_types(part)]
    nodes = [node for part in parts for node in (_run_at_once(part) if top_only else ast.walk(part))]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{name} imports by a relative name"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & set(NAMES) or {node.module}
    return found


def _run_at_once(node: ast.AST):
    """A node and those in it that run when the module is imported: the insides of functions do not."""
    yield node
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        for inside in ast.iter_child_nodes(node):
            yield from _run_at_once(inside)


def package(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] in ("flow", "scripts") else parts[0]


def layer(name: str, layers: list[set[str]]) -> int | None:
    return next((number for number, packages in enumerate(layers) if package(name) in packages), None)


def calls(name: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(parsed(name)) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("name", NAMES)
def test_imports_go_down(name):
    for layers in (LAYERS, SCRIPT_LAYERS):
        mine = layer(name, layers)
        for other in imports(name):
            its = layer(other, layers)
            if mine is not None and its is not None and package(other) != package(name):
                assert its < mine, f"{name} (layer {mine}) imports {other} (layer {its})"


def test_every_package_has_its_layer():
    packages = {package(name) for name in NAMES} - {"flow", "scripts"}
    assert packages == set().union(*LAYERS, *SCRIPT_LAYERS)


@pytest.mark.parametrize("name", [name for name in NAMES if package(name) in STEPS])
def test_a_step_knows_no_other_step_no_flowstep_and_no_guide(name):
    """The next step finds its input on the disk."""
    strangers = (STEPS | {"flow.commands", "flow.guide"}) - {package(name)}
    assert {other for other in imports(name) if package(other) in strangers} == set()


def test_nothing_goes_in_circles():
    """Imports inside functions count too."""
    uses = {name: {other for other in imports(name) if other in NAMES} for name in NAMES}
    assert circle_in(uses) == ""


def test_the_scripts_of_the_check_page_go_in_no_circle_and_import_only_each_other():
    home = PROJECT / "flow/check/page"
    scripts = {path.name: path.read_text(encoding="utf-8") for path in home.glob("*.js")}
    imported = re.compile(r"""^(?:import|(?:import|export)\b[^;"'=()]*\bfrom)\s+["']([^"']+)["'];""", re.MULTILINE)
    uses = {name: set(imported.findall(text)) for name, text in scripts.items()}
    assert len(uses) > 5 and sum(map(len, uses.values())) > len(uses)
    assert {other for others in uses.values() for other in others} <= {f"./{name}" for name in scripts}
    assert circle_in({name: {other.removeprefix("./") for other in others} for name, others in uses.items()}) == ""


def circle_in(uses: dict[str, set[str]]) -> str:
    """The first circle, as `a -> b -> a`; empty where there is none."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> str:
        if name in way:
            return " -> ".join([*way[way.index(name) :], name])
        for other in sorted(uses[name]) if name not in done else ():
            if found := visit(other, (*way, name)):
                return found
        done.add(name)
        return ""

    return next((found for name in sorted(uses) if (found := visit(name, ()))), "")


def test_a_circle_would_be_seen():
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == "b -> c -> b"


def test_only_one_module_names_the_learning_library_and_only_its_door():
    naming = {name: sorted(_named_scripts(name)) for name in ("roboflow", *OF_FLOW) if _named_scripts(name)}
    assert naming == {DOOR: ["scripts", "scripts.api"]}


def _named_scripts(name: str) -> set[str]:
    """`scripts` as it is imported, for types too, or stands in a text that is no docstring."""
    found = set()
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "scripts":
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "scripts"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_docstring(node, name):
            found |= set(re.findall(r"^scripts(?:[./][\w./]*)?$", node.value))
    return found


@functools.cache
def _docstrings(name: str) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(parsed(name))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
    }


def _is_docstring(node: ast.Constant, name: str) -> bool:
    return id(node) in _docstrings(name)


def test_the_door_is_opened_when_something_behind_it_is_first_used():
    code = (
        "import sys\nfrom flow.base import learning\n"
        "print(any(m.startswith('scripts') for m in sys.modules))\n"
        "learning.api.Share\nprint('scripts.api' in sys.modules, 'tensorflow' in sys.modules)"
    )
    assert run_python(code).split() == ["False", "True", "False"]


@pytest.mark.parametrize("name", OF_SCRIPTS)
def test_the_learning_library_knows_neither_flow_nor_the_settings(name):
    assert {other for other in imports(name) if other.split(".")[0] in ("flow", "config", "roboflow")} == set()


@pytest.mark.parametrize("name", OF_FLOW)
def test_heavy_packages_are_imported_inside_functions(name):
    if not name.startswith(DRAWING):
        assert {other for other in imports(name, top_only=True) if other.split(".")[0] in HEAVY} == set()


@pytest.mark.parametrize("name", OF_SCRIPTS)
def test_the_learning_library_starts_tensorflow_inside_functions(name):
    heaviest = {"tensorflow", "tensorflow_hub", "tensorboard", "ai_edge_litert"}
    assert {other for other in imports(name, top_only=True) if other.split(".")[0] in heaviest} == set()


@pytest.mark.parametrize("name", [*OF_FLOW, "config"])
def test_only_the_ui_prints_and_reads_and_only_the_front_door_ends_the_program(name):
    if package(name) != "flow.ui":
        assert not calls(name) & SCREEN
    assert not calls(name) & {"sys.exit", "exit", "os._exit", "quit"}


@pytest.mark.parametrize("name", OF_FLOW)
def test_no_text_of_a_person_is_taken_for_a_number_because_of_its_digits(name):
    """² is a digit to isdigit() and no number to int(); flow.base.names.whole_number tells."""
    assert not [call for call in calls(name) if call.endswith((".isdigit", ".isnumeric"))]
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.BoolOp) and ".isdecimal()" in ast.unparse(node):
            assert ".isascii()" in ast.unparse(node), ast.unparse(node)
    lonely = sum(call.endswith(".isdecimal") for call in calls(name)) > sum(c.endswith(".isascii") for c in calls(name))
    assert not lonely


def test_importing_the_whole_program_brings_nothing_heavy():
    """Everything but the insides of functions: help, questions and downloads start at once."""
    modules = [name for name in OF_FLOW if not name.startswith(DRAWING)]
    code = f"import sys\nfor m in {modules!r}: __import__(m)\nprint([m for m in {sorted(HEAVY)!r} if m in sys.modules])"
    assert run_python(code) == "[]"


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_packages_are_few():
    """A newcomer sees all of a floor at once."""
    for folder, most in (("flow", 16), ("scripts", 10)):
        there = [p.name for p in (PROJECT / folder).iterdir() if p.name != "__pycache__"]
        assert len(there) <= most, sorted(there)


@pytest.mark.parametrize("name", [name for name, path in NAMES.items() if path.name == "__init__.py"])
def test_every_package_says_what_it_is_for(name):
    assert ast.get_docstring(parsed(name))
