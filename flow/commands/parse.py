"""The command line -> an Invocation, and back: the declarations of the flowsteps say what there is."""

import argparse
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from flow.base import paths
from flow.base.errors import BadUsage
from flow.base.names import nearest, whole_number
from flow.base.options import Spec, filled, option, specs
from flow.commands.command import Command, all_commands

DEFAULT = "classify"  # the flowstep where none is typed
SEE_HELP = "python roboflow.py --help shows what there is."


@dataclass(frozen=True)
class CommonOptions:
    """Options of every flowstep: how a run behaves and talks, not what it does."""

    tf_files: str | None = option("folder of all data", parse=lambda typed, _: typed, metavar="DIR")
    dry_run: bool = option("say what would happen, change nothing")
    new: bool = option("make this basetag, although one of nearly the same name exists")
    lock_wait: float = option("seconds to wait for another run", setting="lock_wait_s", metavar="S")
    max_minutes: float = option("stop cleanly after so many minutes", setting="max_minutes", metavar="M")
    no_input: bool = option("ask nothing, also at a terminal")
    no_color: bool = option("no colours")
    quiet: bool = option("print problems only")
    verbose: bool = option("say more")
    json: bool = option("the result as one line of JSON")
    help: bool = option("this help; with a flowstep: what that one does")
    helpmore: bool = option("the long manual")


@dataclass(frozen=True)
class Invocation:
    """What a person asked for. `given`: names of the options and arguments that were typed or chosen; `given_common`:
    the same of the options of every flowstep."""

    command: Command
    basetag: str | None
    options: Any
    common: CommonOptions
    given: frozenset[str] = frozenset()
    given_common: frozenset[str] = frozenset()

    def missing(self) -> list[str]:
        """The words that are still to be asked for, as --help calls them."""
        words = ["basetag"] if self.basetag is None else []
        if self.command.in_loop:
            words += [_CALLED[name] for name in ("quantity", "searchtag") if getattr(self.options, name) is None]
        return words

    def choose(self, **values: object) -> "Invocation":
        """The same with some options set, as if the person had typed them."""
        return replace(self, options=replace(self.options, **values), given=self.given | values.keys())


_CALLED = {"quantity": "imagequantity", "searchtag": "searchtag"}
_ASKED_FIRST = ("tf_files", "dry_run", "help", "helpmore")  # of the shared options, what is no part of the same command


def parse(words: list[str]) -> Invocation:
    """Read the command line.

    Raises:
        BadUsage: an unknown option or flowstep, an option of another flowstep, a value out of range.
    """
    typed = vars(_parser().parse_intermixed_args(words))
    basetag, command, before, after = _positions(typed.pop("words"))
    _refuse_strangers(command, typed)
    values = _values(command, typed) | _arguments(command, before, after)
    shared = {s.name: _value(s, typed[s.name]) for s in specs(CommonOptions) if s.name in typed}
    common, options = filled(CommonOptions, shared), filled(command.options, values)
    return Invocation(command, basetag, options, common, frozenset(values), frozenset(shared))


def as_typed(one: Invocation) -> list[str]:
    """The words that make the same invocation, from `python` on; what is not said is left to the settings."""
    words = ["python", "roboflow.py", one.basetag or ""]
    if one.command.in_loop:
        words += [str(one.options.quantity), one.options.searchtag or "0"]
    words.append(one.command.name)
    for spec in one.command.arguments():
        value = getattr(one.options, spec.name)
        if not one.command.in_loop and value:
            words += map(str, value) if spec.many else [str(value)]
    words += flags_as_typed(one)
    for spec in specs(CommonOptions):
        if spec.name in one.given_common and spec.name not in _ASKED_FIRST:
            words += _flag_words(spec, getattr(one.common, spec.name))
    if paths.tf_files() != paths.PROJECT / "tf_files":
        words += ["--tf-files", str(paths.tf_files())]
    return words


def flags_as_typed(one: Invocation) -> list[str]:
    """The options that were typed or chosen, as words."""
    flags = (spec for spec in one.command.flags() if spec.name in one.given)
    return [word for spec in flags for word in _flag_words(spec, getattr(one.options, spec.name))]


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of exiting: the front door has the only exit."""

    def error(self, message: str) -> NoReturn:
        raise BadUsage(f"{message[:1].upper()}{message[1:]}.".replace("..", "."), SEE_HELP)


def _parser() -> argparse.ArgumentParser:
    """Every option of every flowstep; which of them go with the one that was typed is looked at afterwards."""
    p = _Parser(prog="roboflow.py", add_help=False, allow_abbrev=False)
    p.add_argument("words", nargs="*")
    p.add_argument("-h", dest="help", action="store_true", default=argparse.SUPPRESS)
    flags = {s.name: s for s in specs(CommonOptions)}
    for command in all_commands().values():
        flags |= {s.name: s for s in command.flags()}
    for spec in flags.values():
        if spec.on_off:
            p.add_argument(spec.flag, dest=spec.name, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS)
        elif spec.parse is None:
            off = spec.default is True
            kind = "store_false" if off else "store_true"
            p.add_argument(spec.flag, dest=spec.name, action=kind, default=argparse.SUPPRESS)
        else:
            p.add_argument(spec.flag, dest=spec.name, default=argparse.SUPPRESS)
    return p


# Words without dashes


def _positions(words: list[str]) -> tuple[str | None, Command, list[str], list[str]]:
    """Basetag, flowstep, the words before it (imagequantity and searchtag) and those after it (its arguments)."""
    commands = all_commands()
    place = _place_of_flowstep(words, commands)
    if place is None:
        if len(words) > 3:
            _refuse_word(words[3], "a flowstep", commands)
        if len(words) > 1 and not _is_number(words[1]):
            _refuse_word(words[1], "a whole number and not a flowstep", commands)
        return (words[0] if words else None), commands[DEFAULT], words[1:], []
    command, before, after = commands[words[place]], words[1:place], words[place + 1 :]
    if command.in_loop:
        before, after = [*before, *after][:2], [*before, *after][2:]
    if not command.in_loop and before not in ([], ["0", "0"]):
        raise BadUsage(
            f"{command.name} takes no imagequantity and no searchtag.", f"python roboflow.py {words[0]} {command.name}"
        )
    most = len(command.arguments()) if not command.in_loop else 0
    if len(after) > most and not any(spec.many for spec in command.arguments()):
        raise BadUsage(f"There is a word too many: {after[most]!r}.", SEE_HELP)
    return (words[0] if place else None), command, before, after


def _place_of_flowstep(words: list[str], commands: dict[str, Command]) -> int | None:
    """Where the flowstep stands: fourth; second, before what else it needs; or third, between quantity and
    searchtag."""
    if len(words) > 1 and words[1] in commands:
        return 1
    if len(words) > 1 and _is_number(words[0]) and not _is_number(words[1]):
        rest = " ".join([words[1], words[0], *words[2:]])
        raise BadUsage("The basetag comes first, then the imagequantity.", f"python roboflow.py {rest}")
    if len(words) > 3 and words[3] in commands:
        return 3
    if len(words) == 4 and words[2] in commands:
        return 2
    if len(words) == 3 and words[2] in commands:
        step = words[2]
        raise BadUsage(
            f"The searchtag is missing before the flowstep {step}.",
            f"For example: python roboflow.py {words[0]} {words[1]} robotart {step}",
        )
    if words and words[0] in commands and not _is_number(words[1] if len(words) > 1 else ""):
        if len(words) == 1:
            return 0
        rest = " ".join(words[1:])
        raise BadUsage(
            f"The basetag is missing before {words[0]}.", f"For example: python roboflow.py robots {words[0]} {rest}"
        )
    return None


def _refuse_word(word: str, what: str, commands: dict[str, Command]) -> NoReturn:
    raise BadUsage(f"{word!r} is not {what}{nearest(word, commands) or '.'}", f"Flowsteps: {', '.join(commands)}.")


def _is_number(word: str) -> bool:
    return whole_number(word.removeprefix("-")) is not None


def _arguments(command: Command, before: list[str], after: list[str]) -> dict[str, object]:
    """What was given by its place, read."""
    given = before if command.in_loop else after
    found: dict[str, object] = {}
    for place, spec in enumerate(command.arguments()):
        assert spec.parse is not None
        if spec.many and given[place:]:
            found[spec.name] = tuple(spec.parse(word, spec.metavar) for word in given[place:])
        elif place < len(given):
            found[spec.name] = spec.parse(given[place], spec.metavar)
    return found


# Options


def _refuse_strangers(command: Command, typed: dict) -> None:
    """An option that would change nothing is a mistake: it belongs to another flowstep."""
    own = {s.name for s in (*specs(CommonOptions), *command.flags())}
    for name in typed:
        if name not in own:
            homes = [c.name for c in all_commands().values() if any(s.name == name for s in c.flags())]
            flag = next(s.flag for s in all_commands()[homes[0]].flags() if s.name == name)
            raise BadUsage(f"{flag} does not go with {command.name}.", f"It goes with {', '.join(homes)}.")


def _values(command: Command, typed: dict) -> dict[str, object]:
    found: dict[str, object] = {}
    with_lists = {s.name for one in all_commands().values() if one.lists for s in one.flags()}
    for spec in command.flags():
        if spec.name not in typed:
            continue
        raw = typed[spec.name]
        if spec.name in with_lists and spec.parse and "," in raw:
            if not command.lists:
                raise BadUsage(f"{spec.flag} takes several values only in explore.", "Give one value.")
            found[spec.name] = [_value(spec, part.strip()) for part in raw.split(",")]
        else:
            found[spec.name] = _value(spec, raw)
    return found


def _value(spec: Spec, raw: Any) -> object:
    return spec.parse(raw, spec.flag) if spec.parse else raw


def _flag_words(spec: Spec, value: object) -> list[str]:
    if spec.on_off:
        return [spec.flag if value else spec.flag.replace("--", "--no-", 1)]
    if spec.parse is None:
        return [spec.flag] if value != spec.default else []
    return [spec.flag, ",".join(map(str, value)) if isinstance(value, list) else str(value)]
