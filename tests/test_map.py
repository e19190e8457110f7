"""ARCHITECTURE.md is true: every package is named once, with what it may import, and every file it names is there."""

import re
from pathlib import Path

import pytest

from tests import test_layers

PROJECT = Path(__file__).resolve().parent.parent
MAP = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in MAP.splitlines() if line.startswith("| `")]
ROW = {name.strip("`").rstrip("/").removesuffix(".py").replace("/", "."): cells for name, *cells in ROWS}


def actual(package: str) -> set[str]:
    """The packages beside it that a package imports, without the settings."""
    own = [name for name in test_layers.NAMES if test_layers.package(name) == package]
    others = {test_layers.package(other) for name in own for other in test_layers.imports(name)}
    floor = package.split(".")[0]
    return {other.split(".")[1] for other in others if other.split(".")[0] == floor and other not in (floor, package)}


def test_every_package_stands_there_once():
    there = [test_layers.package(name) for name in test_layers.NAMES if "." in name]
    assert sorted(ROW) == sorted(set(there)) and len(ROWS) == len(ROW)


@pytest.mark.parametrize("package", ROW)
def test_what_it_may_import_is_what_it_imports(package):
    assert set(filter(None, ROW[package][2].split(", "))) == actual(package)


@pytest.mark.parametrize("package", ROW)
def test_it_says_what_comes_in_and_what_goes_out(package):
    takes, gives, _ = ROW[package]
    assert gives and (takes or package in ("flow.base", "scripts.demo"))


def test_the_packages_stand_in_the_order_in_which_calls_go_down():
    of_flow = [package for package in ROW if package.startswith("flow.")]
    layers = [test_layers.layer(package, test_layers.LAYERS) for package in of_flow]
    for place, package in enumerate(of_flow):
        lower = {f"flow.{other}" for other in actual(package)}
        assert lower <= set(of_flow[place + 1 :]), package
    assert None not in layers


def test_every_file_it_names_is_there():
    named = set(re.findall(r"`((?:flow|scripts|tests)/[\w./-]*|\w+\.py)`", MAP))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (PROJECT / name).exists()] == []


def test_every_function_it_names_is_in_its_file():
    named = re.findall(r"`(\w+)` in `([\w/]+\.py)`", MAP)
    assert len(named) >= 3
    for function, file in named:
        assert re.search(rf"def {function}\(", (PROJECT / file).read_text(encoding="utf-8")), (function, file)


def test_it_fits_on_a_screen_or_so():
    assert len(MAP.splitlines()) <= 60
