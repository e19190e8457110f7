"""The settings: declared in config.py, changed by roboflow.yaml, then by ROBOFLOW_* in the environment.

config.py is the only place that names a setting's unit, range or choices: they are read from the comment on its line
(`fraction 0..1; why`, `sgd or lbfgs; why`). An unknown name, a wrong type or a value out of range raises BadUsage with
the file, the line and the nearest match.
"""

import functools
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import config as cfg
from flow.base.errors import BadUsage
from flow.base.names import nearest

FILE_NAME = "roboflow.yaml"
FILE_BYTES_MAX = 100_000  # no real settings file is larger; stops a YAML bomb before it is read
PREFIX = "ROBOFLOW_"
NOT_SETTINGS = {"ROBOFLOW_NATIVE_LOG"}
NEAR_MISS = 0.8  # similarity (difflib) from which an unknown name in the environment is taken for a typing error
LICENCE_CODES = (
    *("cc0", "pdm", "by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd"),
    *("mit", "apache-2.0", "unknown"),
)
RENAMED = {"licenses": "licences"}  # what settings were called in earlier versions; such files go on working
# Addresses of nobody, as documentation shows them (RFC 2606), and senders that cannot be reached.
PLACEHOLDER = re.compile(
    r"(?:^|[@/.])example\.(?:com|org|net|edu)\b|@example$|\.(?:example|invalid|test)(?:/|$)|no-?reply@|^you@",
    re.IGNORECASE,
)
FOLDER_NAMES = ("unsorted_name", "sorted_name", "harvested_name", "quarantine_name")

_LINE = re.compile(
    r"^(?P<name>[a-z]\w*)(?:: [\w\[\], ]+)? = .*?  # (?P<unit>[^;]*?)(?:; (?P<reason>.*))?$", re.MULTILINE
)
_RANGE = re.compile(r"(?<![\w.])(-?[\d.]*\d)\.\.([\d.]*\d)")
_CHOICES = re.compile(r"^[a-z_][a-z0-9_]*(?:, [a-z_][a-z0-9_]*)* or [a-z_][a-z0-9_]*$")


@dataclass(frozen=True)
class Setting:
    """One line of config.py. `low`, `high`: the range, ends included; None where it has none."""

    name: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    reason: str

    @property
    def range(self) -> str:
        """Such as 1..1000000; empty where it has none."""
        return "" if self.low is None or self.high is None else f"{_plainly(self.low)}..{_plainly(self.high)}"

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range, where there is one."""
        return self.low is None or self.high is None or self.low <= value <= self.high


@functools.cache
def declared() -> dict[str, Setting]:
    """Every setting by name, in the order of config.py, as its line declares it."""
    found = {}
    for line in _LINE.finditer(Path(cfg.__file__).read_text(encoding="utf-8")):
        name, unit = line["name"], line["unit"].strip()
        limits, choices = _RANGE.search(unit), _CHOICES.match(unit)
        is_choice = choices and not isinstance(getattr(cfg, name), bool)
        words = re.split(r", | or ", choices[0]) if choices and is_choice else ()
        low, high = (float(limits[1]), float(limits[2])) if limits else (None, None)
        found[name] = Setting(name, unit, low, high, tuple(words), (line["reason"] or "").strip())
    return found


def names() -> list[str]:
    """Every setting, in the order of config.py."""
    return [name for name in vars(cfg) if not name.startswith("_") and name.islower()]


def load(folder: Path, environ: dict[str, str] | None = None) -> dict[str, str]:
    """Read the file in `folder` and the environment, check, and change `cfg`.

    Returns:
        Where each changed setting came from, such as {"confidence_min": "roboflow.yaml:3"}; one that was changed by the
        name it had in an earlier version: {"licences": "roboflow.yaml:4, licenses"}.

    Raises:
        BadUsage: with file and line, or the variable's name.
    """
    changes = {**_from_file(folder / FILE_NAME), **_from_environment(dict(os.environ) if environ is None else environ)}
    for name, (value, _) in changes.items():
        setattr(cfg, name, value)
    _check_folder_names()
    return {name: where for name, (_, where) in changes.items()}


def foreign_variables(environ: dict[str, str] | None = None) -> list[str]:
    """Variables that begin like ours and are no settings of ours; the company of the same name uses such, too."""
    environ = dict(os.environ) if environ is None else environ
    return [v for v in environ if v.startswith(PREFIX) and v not in NOT_SETTINGS and not _setting_of(v)]


def check(name: str, value: Any, where: str) -> Any:
    """A value in the setting's own type, inside its range.

    Args:
        where: `roboflow.yaml:3` or `ROBOFLOW_STEPS`, for the error.

    Raises:
        BadUsage: unknown name, wrong type, out of range.
    """
    _must_be_known(name, where)
    value, setting = _typed(name, value, where), declared().get(name)
    if name == "confidence_min" and 1 < value <= 100:
        value = value / 100
    if setting and not setting.holds(value):
        problem = f"{where}: {name} = {_shown(value)} is outside {setting.range}."
        raise BadUsage(problem, "Change it there and run again.")
    if setting and setting.choices and isinstance(value, str) and value not in setting.choices:
        choices = ", ".join(setting.choices)
        raise BadUsage(f"{where}: {name} = {_shown(value)} is not one of {choices}.", "Change it there.")
    if name == "licences":
        _check_licences(value, where)
    if name.endswith("_name") and not re.fullmatch(r"[A-Za-z0-9_]{1,32}", value):
        problem = f"{where}: {name} = {_shown(value)} cannot be part of a folder name."
        raise BadUsage(problem, "Letters, digits and _ are fine.")
    if name == "path_to_tf_files":
        check_folder(value, where)
    if name == "contact" and PLACEHOLDER.search(value):
        problem = f"{where}: {_shown(value)} is a placeholder, and sites such as Wikimedia refuse those (403)."
        raise BadUsage(problem, "Give an e-mail or web address of your own, or leave `contact` out.")
    return value


def checked_text(name: str, text: str, where: str) -> object:
    """A setting's value from the text of an option or an answer; raises BadUsage as `check`."""
    return check(name, _from_text(name, text), where)


def check_folder(text: str, where: str) -> None:
    """Raise BadUsage where a text cannot name a folder."""
    if not text.strip() or "\0" in text:
        raise BadUsage(f"{where}: {_shown(text)} cannot be a folder.", "For example: ~/robots")
    try:
        Path(text).expanduser()
    except RuntimeError as problem:
        raise BadUsage(f"{where}: there is no home folder for {text!r}.", "Give the whole path.") from problem


def _check_folder_names() -> None:
    """Raise BadUsage where two of our own folder names could be taken for each other."""
    own = {name: getattr(cfg, name) for name in FOLDER_NAMES}
    for name, value in own.items():
        for other, start in own.items():
            if name != other and value.startswith(start):
                problem = f"The settings {name} = {_shown(value)} and {other} = {start!r} begin alike."
                raise BadUsage(problem, "Change one of them.")


def _must_be_known(name: str, where: str) -> None:
    if name not in names():
        near = nearest(name.lower(), names())
        raise BadUsage(f"{where}: {_shown(name)} is not a setting{near or '.'}", "config.py lists them all.")


def _plainly(number: float) -> str:
    """A number without an exponent: 1000000, 0.000001."""
    return f"{number:f}".rstrip("0").rstrip(".")


def _shown(value: object) -> str:
    """A value as an error shows it, however long it is."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}...{text[-10:]}"


def _check_licences(value: list, where: str) -> None:
    for code in value:
        if code not in LICENCE_CODES:
            known = ", ".join(LICENCE_CODES)
            raise BadUsage(f"{where}: {_shown(code)} is not a licence code.", f"Known are: {known}.")


def _typed(name: str, value: Any, where: str) -> Any:
    """The value where its type is that of the default; whole numbers will do for fractions."""
    default = getattr(cfg, name)
    want = type(default)
    if want is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if want is str and isinstance(value, (bool, int, float)):
        problem = f"{where}: {name} must be text, but {_shown(value)} is not."
        raise BadUsage(problem, f'Put it in quotes: {name}: "{value}"')
    if type(value) is not want or (want is float and not math.isfinite(value)):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list of texts"}
        problem = f"{where}: {name} must be {kinds[want]}, but it is {_shown(value)}."
        raise BadUsage(problem, f"The default is {default!r}.")
    if want is list and not all(isinstance(v, str) for v in value):
        raise BadUsage(f"{where}: {name} must be a list of texts.", f"The default is {default!r}.")
    return value


def _from_file(path: Path) -> dict[str, tuple[object, str]]:
    """Checked settings of the YAML file, and where each of them is; nothing where there is no file."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadUsage(f"{path} is larger than a settings file can be.", "Keep it under 100 kB.")
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as problem:
        raise BadUsage(f"{path} cannot be read: {problem.strerror}.", "Make it readable, or move it away.") from problem
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        hint = "One `name: value` a line, indented with spaces."
        raise BadUsage(f"{path}{_mark(problem)}: this is not YAML that can be read.", hint) from problem
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise BadUsage(f"{path}:1: settings are lines of `name: value`.", "For example: confidence_min: 0.9")
    return _from_mapping(root, path)


def _from_mapping(root: yaml.MappingNode, path: Path) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for key, node in root.value:
        where = f"{path.name}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise BadUsage(f"{where}: a setting's name must be a word.", "config.py lists them all.")
        name = RENAMED.get(str(key.value), str(key.value))
        if name in found:
            raise BadUsage(f"{where}: {_shown(key.value)} is there twice.", "Keep one of the two.")
        _must_be_known(name, where)
        found[name] = (check(name, _plain(node, name, where), where), _origin(where, str(key.value)))
    return found


def _origin(where: str, called: str) -> str:
    """Where a setting was changed; by an earlier version's name, that too."""
    return f"{where}, {called}" if called in RENAMED else where


def _plain(node: yaml.Node, name: str, where: str) -> object:
    """A node as a plain value. Text settings keep what was written: `no`, `on` and `007` stay text."""
    default = getattr(cfg, name, None)
    if isinstance(node, yaml.ScalarNode) and isinstance(default, str):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise BadUsage(f"{where}: {name} must be a flat list.", "For example: [by, by-sa]")
        return [item.value for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        raise BadUsage(f"{where}: {name} must be one value.", f"The default is {default!r}.")
    try:
        return yaml.safe_load(yaml.serialize(node))
    except (yaml.YAMLError, ValueError) as problem:  # a tag of another program, an impossible date, a huge number
        raise BadUsage(f"{where}: {name} cannot be read.", f"The default is {default!r}.") from problem


def _mark(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _from_environment(environ: dict[str, str]) -> dict[str, tuple[object, str]]:
    """Checked settings from ROBOFLOW_NAME=value; lists are comma-separated. A variable of another program is left
    alone; one that nearly has the name of a setting is refused."""
    found = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if name := _setting_of(variable):
            value = check(name, _from_text(name, text), variable)
            found[name] = (value, _origin(variable, variable[len(PREFIX) :].lower()))
    return found


def _setting_of(variable: str) -> str:
    """The setting that a variable means; empty for a variable of another program. Raises nothing for a near miss: it is
    returned as it is, and `check` refuses it."""
    name = variable[len(PREFIX) :].lower()
    name = RENAMED.get(name, name)
    return name if name in names() or nearest(name, names(), NEAR_MISS) else ""


def _from_text(name: str, text: str) -> object:
    """Environment text in the setting's type as far as it can be read; `check` refuses the rest."""
    default = getattr(cfg, name, None)
    if isinstance(default, bool):
        words = {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }
        return words.get(text.lower(), text)
    if isinstance(default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    for kind in (int, float) if isinstance(default, (int, float)) and text.isascii() else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text
