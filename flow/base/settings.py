"""Changes to the settings: roboflow.yaml, then ROBOFLOW_* in the environment; checked, then put into `cfg`.

An unknown name, a wrong type or a value out of range raises BadUsage with the file, the line and the nearest match.
"""

import math
import os
import re
from pathlib import Path
from typing import Any

import yaml

import config as cfg
from flow.base.errors import BadUsage
from flow.base.names import nearest

FILE_NAME = "roboflow.yaml"
FILE_BYTES_MAX = 100_000  # no honest settings file is larger; stops a YAML bomb before it is read
PREFIX = "ROBOFLOW_"
NOT_SETTINGS = {"ROBOFLOW_NATIVE_LOG"}

# Ranges, ends included. Each stands in words on the setting's line in config.py too; a test compares the two.
RANGES: dict[str, tuple[float, float]] = {
    "confidence_min": (0, 1),
    "imgnum_default": (1, 250),
    "imgnum_maxpercycle": (1, 10_000),
    "image_side_max": (64, 8192),
    "image_side_min": (16, 4096),
    "image_aspect_max": (1, 100),
    "image_bytes_max": (1000, 500_000_000),
    "download_workers": (1, 32),
    "host_connections_max": (1, 8),
    "host_pause_s": (0, 60),
    "connect_timeout_s": (0.1, 300),
    "read_timeout_s": (0.1, 300),
    "file_deadline_s": (0.5, 3600),
    "retrain_imgcount_default": (2, 1_000_000),
    "retrain_label_min": (2, 1000),
    "retrain_steps_default": (1, 1_000_000),
    "retrain_batchsize_default": (1, 4096),
    "retrain_learnrate_default": (0.000001, 10),
    "retrain_testper_default": (1, 50),
    "retrain_valper_default": (0, 50),
    "retrain_imgsize_default": (32, 512),
    "retrain_seed_default": (0, 2_147_483_647),
    "retrain_tune_epochs_default": (1, 1000),
    "retrain_tune_batch_default": (2, 1024),
    "retrain_tune_rate_default": (0.000001, 0.1),
    "eval_step_interval": (1, 100_000),
    "test_min_per_label": (1, 1000),
    "robot_label_weight": (0, 1),
    "robot_labels_max_ratio": (0, 100),
    "models_keep": (0, 10_000),
    "hub_timeout_s": (0.1, 600),
    "sms_minsecstonotify": (0, 86_400),
    "lock_wait_s": (0, 86_400),
    "max_minutes": (0, 100_000),
}
CHOICES = {"retrain_solver_default": ("sgd", "lbfgs"), "retrain_tune_default": ("head", "last")}
LICENSE_CODES = ("cc0", "pdm", "by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd", "unknown")


def names() -> list[str]:
    """Every setting, in the order of config.py."""
    return [name for name in vars(cfg) if not name.startswith("_") and name.islower()]


def load(folder: Path, environ: dict[str, str] | None = None) -> dict[str, str]:
    """Read the file in `folder` and the environment, check, and change `cfg`.

    Returns:
        Where each changed setting came from, such as {"confidence_min": "roboflow.yaml:3"}.

    Raises:
        BadUsage: with file and line, or the variable's name.
    """
    changes = {**_from_file(folder / FILE_NAME), **_from_environment(dict(os.environ) if environ is None else environ)}
    for name, (value, _) in changes.items():
        setattr(cfg, name, value)
    _check_names()
    return {name: where for name, (_, where) in changes.items()}


def check(name: str, value: Any, where: str) -> Any:
    """A value in the setting's own type, inside its range.

    Args:
        where: `roboflow.yaml:3` or `ROBOFLOW_STEPS`, for the error.

    Raises:
        BadUsage: unknown name, wrong type, out of range.
    """
    _must_be_known(name, where)
    value = _typed(name, value, where)
    if name == "confidence_min" and 1 < value <= 100:
        value = value / 100
    if name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
        low, high = RANGES[name]
        raise BadUsage(
            f"{where}: {name} = {_shown(value)} is outside {low:g}..{high:g}.", "Change it there and run again."
        )
    if name in CHOICES and value not in CHOICES[name]:
        raise BadUsage(
            f"{where}: {name} = {_shown(value)} is not one of {', '.join(CHOICES[name])}.", "Change it there."
        )
    if name == "licenses":
        _check_licenses(value, where)
    if name.endswith("_name") and not re.fullmatch(r"[A-Za-z0-9_]{1,32}", value):
        raise BadUsage(
            f"{where}: {name} = {_shown(value)} cannot be part of a folder name.", "Letters, digits and _ are fine."
        )
    if name == "path_to_tf_files":
        check_folder(value, where)
    return value


def check_folder(text: str, where: str) -> None:
    """Raise BadUsage where a text cannot name a folder."""
    if not text.strip() or "\0" in text:
        raise BadUsage(f"{where}: {_shown(text)} cannot be a folder.", "For example: ~/robots")
    try:
        Path(text).expanduser()
    except RuntimeError as problem:
        raise BadUsage(f"{where}: there is no home folder for {text!r}.", "Give the whole path.") from problem


def _check_names() -> None:
    """Raise BadUsage where two of our own folder names could be taken for each other."""
    own = {name: getattr(cfg, name) for name in ("unsorted_name", "sorted_name", "harvested_name", "quarantine_name")}
    for name, value in own.items():
        for other, start in own.items():
            if name != other and value.startswith(start):
                raise BadUsage(
                    f"The settings {name} = {_shown(value)} and {other} = {start!r} begin alike.", "Change one of them."
                )


def _must_be_known(name: str, where: str) -> None:
    if name not in names():
        near = nearest(name.lower(), names())
        raise BadUsage(f"{where}: {_shown(name)} is not a setting{near}.", "config.py lists them all.")


def _shown(value: object) -> str:
    """A value as it stands in an error, however long it is."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}...{text[-10:]}"


def _check_licenses(value: list, where: str) -> None:
    for code in value:
        if code not in LICENSE_CODES:
            raise BadUsage(f"{where}: {_shown(code)} is not a licence code.", f"Known are: {', '.join(LICENSE_CODES)}.")


def _typed(name: str, value: Any, where: str) -> Any:
    """The value where its type is that of the default; whole numbers will do for fractions."""
    want = type(getattr(cfg, name))
    if want is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if want is str and isinstance(value, (bool, int, float)):
        raise BadUsage(
            f"{where}: {name} must be text, but {_shown(value)} is not.", f'Put it in quotes: {name}: "{value}"'
        )
    if type(value) is not want or (want is float and not math.isfinite(value)):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list of texts"}
        raise BadUsage(
            f"{where}: {name} must be {kinds[want]}, but it is {_shown(value)}.",
            f"The default is {getattr(cfg, name)!r}.",
        )
    if want is list and not all(isinstance(v, str) for v in value):
        raise BadUsage(f"{where}: {name} must be a list of texts.", f"The default is {getattr(cfg, name)!r}.")
    return value


def _from_file(path: Path) -> dict[str, tuple[object, str]]:
    """Checked settings of the YAML file with where each stands; nothing where there is no file."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadUsage(f"{path} is larger than a settings file can be.", "Keep it under 100 kB.")
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as problem:
        raise BadUsage(f"{path} cannot be read: {problem.strerror}.", "Make it readable, or move it away.") from problem
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise BadUsage(
            f"{path}{_mark(problem)}: this is not YAML that can be read.",
            "One `name: value` a line, indented with spaces.",
        ) from problem
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
        if key.value in found:
            raise BadUsage(f"{where}: {_shown(key.value)} stands there twice.", "Keep one of the two.")
        _must_be_known(key.value, where)
        found[key.value] = (check(key.value, _plain(node, key.value, where), where), where)
    return found


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
    except (
        yaml.YAMLError,
        ValueError,
    ) as problem:  # a tag of another program, a day that is none, a number without end
        raise BadUsage(f"{where}: {name} cannot be read.", f"The default is {default!r}.") from problem


def _mark(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


def _from_environment(environ: dict[str, str]) -> dict[str, tuple[object, str]]:
    """Checked settings from ROBOFLOW_NAME=value; lists are comma-separated."""
    found = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable[len(PREFIX) :].lower()
        found[name] = (check(name, _from_text(name, text), variable), variable)
    return found


def _from_text(name: str, text: str) -> object:
    """Environment text in the setting's type as far as it can be read; `check` refuses the rest."""
    default = getattr(cfg, name, None)
    if isinstance(default, bool):
        return {
            "true": True,
            "1": True,
            "yes": True,
            "on": True,
            "false": False,
            "0": False,
            "no": False,
            "off": False,
        }.get(text.lower(), text)
    if isinstance(default, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    for kind in (int, float) if isinstance(default, (int, float)) else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def checked_text(name: str, text: str, where: str) -> object:
    """A setting's value from the text of an option or an answer; raises BadUsage as `check`."""
    return check(name, _from_text(name, text), where)
