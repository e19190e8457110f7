"""Options declared where they are used: a frozen dataclass whose fields say how they are typed, read and explained.

    @dataclass(frozen=True)
    class DownloadOptions:
        source: str = option("where images come from", setting="scrapesite_default", metavar="S")
        retry_failed: bool = option("ask again for what was missing or refused before")

Parser, --help, the guide's "same without questions" and the docs read these declarations (`flow/commands/parse.py`).
"""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import config as cfg
from flow.base import settings
from flow.base.errors import BadUsage
from flow.base.names import whole_number

Parse = Callable[[str, str], object]  # (what was typed, the option's name for the error) -> the value


@dataclass(frozen=True)
class Spec:
    """How one field is typed. `parse` None = a flag without a value."""

    name: str
    help: str
    parse: Parse | None
    metavar: str
    setting: str  # holds the default, its type and its range; empty = the field's own default
    is_argument: bool  # given by its place, not by --name
    many: bool  # an argument that takes all words that are left
    on_off: bool  # a flag that exists as --name and as --no-name
    default: object

    @property
    def flag(self) -> str:
        """--retry-failed; of a flag that is on unless it is switched off: --no-browser."""
        start = "--no-" if self.parse is None and self.default is True and not self.on_off else "--"
        return start + self.name.replace("_", "-")


def option(
    help: str,
    *,
    default: Any = None,
    setting: str = "",
    parse: Parse | None = None,
    metavar: str = "",
    on_off: bool = False,
) -> Any:
    """Declare an option.

    Args:
        help: half a sentence for --help.
        default: where neither the person nor a setting says anything; a flag without one is False.
        setting: the setting that holds the default; type and range are the setting's.
        parse: reads what was typed, and raises BadUsage. A setting brings its own; without either it is a flag.
        on_off: a flag that can be switched on and off, and is None where neither was typed.
    """
    if setting and not on_off and parse is None:
        parse = _as_setting(setting)
    if parse is None and default is None and not on_off:
        default = False
    metadata = {"help": help, "parse": parse, "metavar": metavar, "setting": setting, "on_off": on_off}
    return field(default=default, metadata=metadata)


def argument(help: str, *, parse: Parse | None = None, metavar: str = "", many: bool = False) -> Any:
    """Declare what is given by its place, such as the FOLDER of `take`; None or () where it is left out."""
    metadata = {"help": help, "parse": parse or text, "metavar": metavar, "argument": True, "many": many}
    return field(default=() if many else None, metadata=metadata)


def specs(kind: type) -> Iterator[Spec]:
    """The declarations of a class of options, in the order of its fields."""
    for one in dataclasses.fields(kind):
        declared = one.metadata
        if "help" in declared:
            yield Spec(
                one.name,
                declared["help"],
                declared["parse"],
                declared["metavar"] or one.name.upper(),
                declared.get("setting", ""),
                declared.get("argument", False),
                declared.get("many", False),
                declared.get("on_off", False),
                one.default,
            )


def filled(kind: type, values: dict[str, object]) -> Any:
    """An instance of a class of options: what was given, then what the settings say now, then the own defaults."""
    defaults = {s.name: getattr(cfg, s.setting) for s in specs(kind) if s.setting and values.get(s.name) is None}
    return kind(**{name: value for name, value in values.items() if value is not None} | defaults)


# What an option's text can be


def text(typed: str, name: str) -> str:
    return typed


def path(typed: str, name: str) -> Path:
    """A path; as an option it is meant from the current directory."""
    if not typed.strip():
        raise BadUsage(f"{name} needs a name.", f"For example: {name} robots_to_go")
    return Path(typed).expanduser().absolute()


def whole(low: int, high: int, what: str) -> Parse:
    """A whole number within a range, ends included.

    Args:
        what: such as "a number of models", for the error.
    """

    def parse(typed: str, name: str) -> int:
        number = whole_number(typed)
        if number is None or not low <= number <= high:
            raise BadUsage(f"{name} {typed!r} is not {what} from {low} to {high}.", f"For example: {name} {low}")
        return number

    return parse


def _as_setting(setting: str) -> Parse:
    return lambda typed, name: settings.checked_text(setting, typed, name)
