"""The words that docs/glossary.md replaces do not come back in the names of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
GLOSSARY = (PROJECT / "docs/glossary.md").read_text(encoding="utf-8")
REPLACED = set(
    re.search(r"do not come back in names:\n(.+?)\.\n\n", GLOSSARY, re.DOTALL)[1].replace("\n", " ").split(", ")
)
# Settings are names in files of users; the pictures of the docs are made by tests/pictures.py.
KEPT = {"distance_gate", "robot_label_weight", "robot_labels_max_ratio", "pictures"}
PYTHON = [
    PROJECT / "roboflow.py",
    PROJECT / "config.py",
    *(path for top in ("flow", "scripts", "tests") for path in sorted((PROJECT / top).rglob("*.py"))),
]
SCRIPTS = [
    path
    for top in ("flow", "scripts", "tests")
    for ending in ("js", "mjs")
    for path in sorted((PROJECT / top).rglob(f"*.{ending}"))
    if "node_modules" not in path.parts
]
# Comments and texts of JavaScript, but not what a template string computes.
NO_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", re.DOTALL)
NAME = r"[A-Za-z_$][\w$]*"
DECLARED = re.compile(rf"\b(?:const|let|var|function|class)\s+({NAME})")
UNPACKED = re.compile(r"\b(?:const|let|var)\s+[{\[]([^;]*?)[}\]]\s*=")
PARAMETERS = re.compile(rf"\bfunction\s*(?:{NAME})?\s*\(([^)]*)\)|\(([^()]*)\)\s*=>|\b({NAME})\s*=>")


def words(name: str) -> set[str]:
    """The words of a name: those of `drawStanding` and of `draw_standing` are draw and standing."""
    return set(re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower().split("_"))


def names_of_python(source: str) -> Iterator[str]:
    """What a module gives a name to. Tests are sentences: their names, and what libraries call things, are free."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.name.startswith("test_"):
                yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname


def names_of_javascript(source: str) -> Iterator[str]:
    """The same of JavaScript, as far as it can be told without a parser: declarations, unpacked values, parameters."""
    code = NO_CODE.sub(" ", source)
    yield from DECLARED.findall(code)
    for part in UNPACKED.findall(code) + ["".join(found) for found in PARAMETERS.findall(code)]:
        for one in part.split(","):
            yield from re.findall(NAME, one.partition("=")[0].rpartition(":")[2])[:1]


def found_in(path: Path) -> list[str]:
    source = path.read_text(encoding="utf-8")
    names = {path.stem, *(names_of_python(source) if path.suffix == ".py" else names_of_javascript(source))}
    return sorted(name for name in names - KEPT if words(name) & REPLACED)


def test_the_glossary_names_the_words_that_go():
    assert (
        {"heap", "lesson", "told", "wish", "shelf"} <= REPLACED
        and len(REPLACED) > 30
        and all(w.isalpha() for w in REPLACED)
    )


def test_the_glossary_fits_on_a_screen_or_so():
    assert len(GLOSSARY.splitlines()) <= 40


@pytest.mark.parametrize("path", PYTHON + SCRIPTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_name_uses_them(path):
    assert found_in(path) == []


def test_names_are_found_where_they_are_made():
    python = "import a as told\nclass Shelf:\n  def wish(self, heap): self.did = [lesson := 1]\nfor desk in (): pass\n"
    assert {"told", "Shelf", "wish", "heap", "did", "lesson", "desk"} <= set(names_of_python(python))
    script = 'const told = "x"; let {a, wish: heap = 1} = b; function shelf(c, desk) {} const f = (pile) => 1; x.map(crew => 2) // gone'
    found = set(names_of_javascript(script))
    assert {"told", "a", "heap", "shelf", "c", "desk", "f", "pile", "crew"} <= found and not {"wish", "gone"} & found
    assert words("drawStanding") == words("draw_standing") == {"draw", "standing"}
