"""python -m scripts.studies NAME --data DIR ..."""

import argparse
import importlib
import os
import pkgutil
import sys

from scripts import studies
from scripts.learn.backbones import BackboneProblem


def all_studies() -> dict:
    """Name -> module, of each module here that has a `run`."""
    names = sorted(found.name for found in pkgutil.iter_modules(studies.__path__) if found.name != "__main__")
    modules = {name: importlib.import_module(f"{studies.__name__}.{name}") for name in names}
    return {name: module for name, module in modules.items() if hasattr(module, "run")}


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 images or a backbone that a study needs are not there or do not suffice."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(prog="python -m scripts.studies", description=studies.__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="study", required=True, metavar="NAME")
    found = all_studies()
    for name, module in found.items():
        one = commands.add_parser(name, help=module.__doc__.split("\n")[0], description=module.__doc__)
        one.formatter_class = argparse.RawDescriptionHelpFormatter
        module.add_flags(one)
    flags = parser.parse_args(arguments)
    try:
        found[flags.study].run(flags)
    except (ValueError, RuntimeError, OSError, BackboneProblem) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
