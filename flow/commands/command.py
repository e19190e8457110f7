"""What a flowstep declares. Each module of this package that has a COMMAND is one; nothing lists them a second time."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol

from flow.base.errors import DONE
from flow.base.locks import Lock
from flow.base.options import Spec, specs
from flow.records.catalogue import Catalogue
from flow.ui import console
from flow.ui.layout import broken, shortened

LINE_MAX = 200  # characters of a run's one line; a mail's subject or a text message has no room for more
FOLDERS = re.compile(r"(?<!\S)/\S+/(?=\S)")  # the folders of a path that is a word of a sentence


class Result(Protocol):
    """What a step or a flowstep came to: a sentence, the same as data, and the exit code it asks for."""

    @property
    def code(self) -> int: ...

    def line(self) -> str: ...

    def facts(self) -> dict: ...


@dataclass(frozen=True)
class Message:
    """A result that is one sentence."""

    sentence: str
    code: int = DONE

    def line(self) -> str:
        return self.sentence

    def facts(self) -> dict:
        return {"said": self.sentence}


@dataclass
class Outcome:
    """What a run came to, so far: the results of its steps, and how many seconds each took."""

    basetag: str
    results: list[tuple[str, Result]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    goes_on_as: str = ""  # the basetag's new name
    step: str = ""  # the one under way, for the log and the text message

    def add(self, step: str, result: Result, seconds: float) -> None:
        self.results.append((step, result))
        self.seconds.append(seconds)

    @property
    def code(self) -> int:
        return max((result.code for _, result in self.results), default=DONE)

    def full_line(self) -> str:
        """Everything in one line, for the log; warnings that nobody has seen yet come with it."""
        return _joined(self.basetag, self._parts(), [f"careful: {w}" for w in self._unseen()])

    def line(self) -> str:
        """The same in at most 200 characters, as cron mails it: of several warnings the first, long parts cut."""
        if len(full := self.full_line()) <= LINE_MAX:
            return full
        parts, warned = self._parts(), [f"careful: {FOLDERS.sub('.../', w)}" for w in self._unseen()[:1]]
        rest = [f"{len(self._unseen()) - 1} more in the log"] if len(self._unseen()) > 1 else []
        frame = len(_joined(self.basetag, [""] * len(parts), [""] * len(warned) + rest))
        fitting = shortened([*parts, *warned], LINE_MAX - frame)
        return _joined(self.basetag, fitting[: len(parts)], fitting[len(parts) :] + rest)

    def _parts(self) -> list[str]:
        return [result.line().rstrip(".") for _, result in self.results] or ["nothing to do"]

    def _unseen(self) -> list[str]:
        return [] if console.is_watched() else console.warnings()

    def table(self) -> list[str]:
        """A line a step: its name, what it came to, and how long it took."""
        lines, width = [], console.columns()
        name_width = max(len(name) for name, _ in self.results) + 2 if self.results else 0
        for (name, result), seconds in zip(self.results, self.seconds, strict=True):
            text = f"{result.line().rstrip('.')}  ({seconds:.1f} s)" if seconds >= 0.05 else result.line().rstrip(".")
            lines += broken(f"{name:<{name_width}}{text}", width, " " * min(name_width, width // 4))
        return lines or [f"{self.basetag}: nothing to do"]

    def facts(self) -> dict:
        return {name: result.facts() for name, result in self.results}


def _joined(basetag: str, parts: list[str], warned: list[str]) -> str:
    return f"{basetag}: {'; '.join(parts)}{''.join(f' ({w})' for w in warned)}"


@dataclass(frozen=True)
class Run:
    """What every flowstep is given beside its own options.

    `given`: names of the options that the person typed or chose; `attended`: a person may be asked; `guided`: the
    person came here by answering the guide, and goes on answering.
    """

    basetag: str
    stamp: str  # one time stamp a run, such as 20261123_093011
    catalogue: Catalogue
    outcome: Outcome
    lock: Lock | None = None  # the basetag's; a page that waits for a person gives it back
    given: frozenset[str] = frozenset()
    attended: bool = False
    guided: bool = False
    typed: Callable[..., str] = lambda **_: ""  # the command as one types it, with these options chosen besides
    new_labels: tuple[str, ...] = ()  # label folders that the person named for a new basetag


class Section(Enum):
    """Where a flowstep stands in --help and in the docs."""

    LOOP = "the loop"
    CHECK = "check and correct"
    MODELS = "models"
    TAKE_AWAY = "take it with you"
    HOUSE = "housekeeping"


@dataclass(frozen=True)
class Report:
    """What a flowstep found that only looks: the text for a person, the same as data, and the exit code."""

    text: str
    facts: dict
    code: int = DONE


@dataclass(frozen=True)
class NoOptions:
    """A flowstep without options of its own."""


@dataclass(frozen=True)
class Command:
    """A flowstep. `run` and `dry_run` get the run and an instance of `options`.

    `in_loop`: imagequantity and searchtag come before its name, as in `robots 200 robotart classify`; other flowsteps
    are followed by their arguments, as in `robots take ~/photos`.
    """

    name: str
    summary: str  # half a sentence
    section: Section
    run: Callable[[Run, Any], Result | None] | None = None
    options: type = NoOptions
    about: str = ""  # a paragraph for `FLOWSTEP --help`
    example: str = ""  # what is typed after `python roboflow.py`
    dry_run: Callable[[Run, Any], Sequence[tuple[str, Result]]] | None = None
    in_loop: bool = False
    new_basetag: bool = False  # also for a basetag that has no folders yet
    read_only: bool | Callable[[Any], bool] = False  # changes nothing (with these options): no lock, no last_run.json
    opens_catalogue: bool = True  # False: acts on the basetag as a whole, and gets a copy of its catalogue to look at
    lists: bool = False  # training options take several values, with commas between
    rank: int = 50  # order within its section
    report: Callable[[str], "Report"] | None = None  # instead of `run`: looks at the disk and touches nothing

    def is_read_only(self, options: Any) -> bool:
        """Whether a run with these options changes nothing."""
        return self.read_only(options) if callable(self.read_only) else self.read_only

    def arguments(self) -> list[Spec]:
        return [spec for spec in specs(self.options) if spec.is_argument]

    def flags(self) -> list[Spec]:
        return [spec for spec in specs(self.options) if not spec.is_argument]


def all_commands() -> dict[str, Command]:
    """Every flowstep by name, in the order of --help."""
    if not _found:
        here = Path(__file__).parent
        modules = [import_module(f"flow.commands.{m.name}") for m in iter_modules([str(here)])]
        commands = [module.COMMAND for module in modules if hasattr(module, "COMMAND")]
        order = list(Section)
        commands.sort(key=lambda c: (order.index(c.section), c.rank, c.name))
        _found.update({command.name: command for command in commands})
    return _found


_found: dict[str, Command] = {}
