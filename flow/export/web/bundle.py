"""The page's JavaScript modules as one script, because browsers load no modules from disk.

The names at the top of all modules are in one scope then, so each may be there only once; a test holds that.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function|const|let|class)", re.MULTILINE)
HEAD = re.compile(r"^// @ts-check\n")


def bundled(entry: Path) -> str:
    """A module and everything that it imports, each once and before those that use it."""
    texts: dict[Path, str] = {}
    _add(entry.resolve(), texts)
    return "\n".join(texts.values())


def _add(module: Path, texts: dict[Path, str], way: tuple[Path, ...] = ()) -> None:
    if module in way:
        raise ValueError(f"{module.name} imports itself by way of {', '.join(path.name for path in way)}")
    if module in texts:
        return
    text = module.read_text(encoding="utf-8")
    for name in IMPORT.findall(text):
        _add((module.parent / name).resolve(), texts, (*way, module))
    texts[module] = EXPORT.sub("", HEAD.sub("", IMPORT.sub("", text)))
