"""The only module of flow that prints or reads. Terminal, pipe or nobody is found out once, in `setup`.

stdout carries results, stderr progress, notes and errors. Without any terminal a run that goes well writes one
line to stdout and nothing to stderr; warnings wait for that line (`warnings()`).
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from flow.base import runlog
from flow.base.errors import BadUsage, Quit
from flow.base.names import clean
from flow.talk import words

PLAIN_PROGRESS_S = 30.0  # seconds between two progress lines where there is no bar
BACK = object()  # what `ask` returns for the answer b


@dataclass
class _World:
    """How this run talks; set once by `setup`."""

    watched: bool = False  # a terminal somewhere: notes and progress are welcome
    asks: bool = False  # stdin and stderr are terminals: questions are possible
    color: bool = False
    quiet: bool = False
    verbose: bool = False
    json: bool = False
    warned: list[str] = field(default_factory=list)


_world = _World()


def setup(
    *, no_input: bool = False, no_color: bool = False, quiet: bool = False, verbose: bool = False, json: bool = False
) -> None:
    """Look at the streams and the options, once per run."""
    out, err, inp = (_is_terminal(s) for s in (sys.stdout, sys.stderr, sys.stdin))
    _world.watched = out or err or inp
    _world.asks = inp and err and (out or json) and not no_input
    _world.color = not (no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or json)
    _world.quiet, _world.verbose, _world.json = quiet, verbose, json
    _world.warned.clear()


def can_ask() -> bool:
    return _world.asks


def is_json() -> bool:
    return _world.json


def is_watched() -> bool:
    """True where a person may be looking: some stream is a terminal."""
    return _world.watched


def is_quiet() -> bool:
    return _world.quiet


def result(text: str) -> None:
    """A result, to stdout."""
    print(_safe(text), flush=True)


def note(text: str = "") -> None:
    """Something nice to know, to stderr, where somebody is there to read it."""
    runlog.info(text)
    if (_world.watched or _world.verbose) and not _world.quiet:
        _err(_wrapped(text))


def raw(text: str) -> None:
    """A command to copy: never wrapped, never indented."""
    if _world.watched or _world.verbose:
        _err(text)


def detail(text: str) -> None:
    """For --verbose and the log only."""
    runlog.info(text)
    if _world.verbose:
        _err(text)


def warn(text: str) -> None:
    """Trouble that does not stop the run: at once where somebody watches, else in the last line."""
    runlog.warning(text)
    _world.warned.append(text)
    if _world.watched or _world.verbose:
        _err(_wrapped(f"careful: {text}"), "yellow")


def warnings() -> list[str]:
    """All warnings of this run so far."""
    return list(_world.warned)


def error(message: str, hint: str = "") -> None:
    """The one sentence that says what went wrong, and what to do; always to stderr."""
    runlog.error(f"{message} {hint}".strip())
    _err(_wrapped(f"oh no. {message}"), "red")
    if hint:
        _err(_wrapped(f"   try: {hint}"))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], to_stdout: bool = False) -> None:
    """A plain aligned table; the same text on a terminal and in a pipe, so nothing is cut or wrapped."""
    cells = [[_safe(str(c)) for c in row] for row in [headings, *rows]]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(headings))]
    too_wide = sum(widths) + 2 * len(widths) > _columns(sys.stdout if to_stdout else sys.stderr)
    for row in cells:
        line = "  ".join(c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        if too_wide and len(row) > 1:  # a narrow terminal gets the last column on a line of its own
            line = "  ".join(c + " " * (w - _width(c)) for c, w in zip(row[:-1], widths, strict=False)).rstrip()
            line += f"\n     {row[-1]}"
        if to_stdout:
            result(line)
        elif (_world.watched or _world.verbose) and not _world.quiet:
            _err(line)


def page(text: str) -> None:
    """Long text: through the pager on a terminal, plain otherwise."""
    if _is_terminal(sys.stdout) and _is_terminal(sys.stdin):
        import pydoc

        pydoc.pager(text)
    else:
        result(text)


def beep() -> None:
    """Only a terminal beeps."""
    if _is_terminal(sys.stderr) and not _world.quiet:
        sys.stderr.write("\a")
        sys.stderr.flush()


def need_terminal(argument: str, hint: str = "") -> None:
    """Raise BadUsage naming the missing argument where nobody can be asked."""
    if not _world.asks:
        raise BadUsage(f"{argument} is missing, and there is nobody to ask.", hint or words.USAGE_HINT)


def ask(
    question: str, check: Callable[[str], object], default: str = "", explain: str = "", back: bool = False
) -> object:
    """Ask until the answer is good.

    Args:
        question: one line, without the default.
        check: turns the text into the value, or raises BadUsage with what is wrong.
        default: what ENTER means; empty = ENTER is no answer.
        explain: shown after a bad answer.
        back: whether `b` is possible.

    Returns:
        What `check` made of the answer, or `BACK`.

    Raises:
        Quit: on `q` or the end of the input.
        BadUsage: without a terminal.
    """
    need_terminal(question)
    while True:
        answer = _read(question, default)
        word = answer.lower()
        if word in ("q", "quit"):
            raise Quit
        if word in ("h", "help"):
            page(words.helpmore())
            continue
        if word == "b" and back:
            return BACK
        if word == "b":
            _err("  there is no question before this one.")
            continue
        try:
            return check(answer or default)
        except BadUsage as problem:
            _err(_wrapped(f"  {problem.message} {explain or problem.hint}".rstrip()))


def yes_no(question: str, default: bool) -> bool:
    """Ask for y or n; ENTER takes the default."""
    return bool(ask(f"{question} (y/n)", is_yes, "y" if default else "n"))


def is_yes(answer: str) -> bool:
    """The answer to a question for y or n; raises BadUsage on any other."""
    if answer.lower() not in ("y", "yes", "n", "no"):
        raise BadUsage("Please answer y or n.")
    return answer.lower() in ("y", "yes")


@contextlib.contextmanager
def progress(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, a line every 30 s where output is piped but somebody watches, else silence.

    Yields:
        advance(n): n more of `total` are done.
    """
    if _world.quiet or not (_world.watched or _world.verbose):
        yield lambda n: None
    elif _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb":
        with _bar(total, label) as advance:
            yield advance
    else:
        with _lines(total, label) as advance:
            yield advance


@contextlib.contextmanager
def _bar(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True, no_color=not _world.color, markup=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False) as bars:
        task = bars.add_task(_safe(label), total=total)
        yield lambda n: bars.advance(task, n)


@contextlib.contextmanager
def _lines(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    done, last = 0, time.monotonic()

    def advance(n: int = 1) -> None:
        nonlocal done, last
        done += n
        if time.monotonic() - last >= PLAIN_PROGRESS_S:
            last = time.monotonic()
            _err(f"{label}: {done}" + (f" of {total}" if total else ""))

    yield advance


def _read(question: str, default: str) -> str:
    """One line from the person; the end of the input is a polite quit."""
    tail = f" [{default}]" if default else ""
    sys.stderr.write(f"{_safe(question)}{_safe(tail)} > ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        _err("")
        raise Quit
    return line.strip()


def _columns(stream: TextIO) -> int:
    """The width of a terminal; endless where there is none."""
    if not _is_terminal(stream):
        return 10_000
    with contextlib.suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or 80
    return 80


def _wrapped(text: str) -> str:
    """Text broken between words at the terminal's width, lines going on indented like their first; paths stay whole."""
    import textwrap

    width = _columns(sys.stderr)
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        if len(line) < width:
            lines.append(line)
            continue
        lines += textwrap.wrap(
            line, width - 1, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
    return "\n".join(lines)


def _err(text: str, color: str = "") -> None:
    codes = {"red": "31", "yellow": "33", "": ""}
    text = _safe(text)
    if color and _world.color and _is_terminal(sys.stderr):
        text = f"\x1b[{codes[color]}m{text}\x1b[0m"
    print(text, file=sys.stderr, flush=True)


def _safe(text: str) -> str:
    """No control, bidi or zero-width character from a tag or a title reaches the screen; lines stay lines."""
    return "\n".join(clean(line.expandtabs(4)) for line in text.split("\n"))


def _width(text: str) -> int:
    """Columns a text takes: wide East Asian characters take two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed stream
        return False
