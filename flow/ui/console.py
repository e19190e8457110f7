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
from typing import Any, Protocol, TextIO

from flow.base import runlog
from flow.base.errors import BadUsage, Quit
from flow.base.names import clean
from flow.ui import keys, texts
from flow.ui.layout import broken, broken_command, safe, table_lines

PLAIN_PROGRESS_S = 30.0  # seconds between two progress lines where there is no bar
# One screen at once, colours, a prompt that says the keys; from Python 3.13 on there is such a prompt without it.
LESS = "-FRX -PsSPACE goes on, b goes back, q leaves$"
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
    bar: Any = None  # the rich console of the progress bar on the screen, if there is one
    listener: "Listener | None" = None


class Listener(Protocol):
    """Somebody else who wants to hear what is said, such as an open page."""

    def noted(self, text: str) -> None: ...

    def advanced(self, label: str, done: int, total: int | None) -> None: ...


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


@contextlib.contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Notes, warnings and progress also reach `listener` while inside, whether or not a terminal shows them."""
    before, _world.listener = _world.listener, listener
    try:
        yield
    finally:
        _world.listener = before


def can_ask() -> bool:
    return _world.asks


def is_json() -> bool:
    return _world.json


def is_watched() -> bool:
    """True where a person may be looking: some stream is a terminal."""
    return _world.watched


def is_quiet() -> bool:
    return _world.quiet


def result(text: str, is_command: bool = False) -> None:
    """A result, to stdout; at a terminal broken between words, a command so that it can still be copied."""
    text, width = safe(text), _columns(sys.stdout)
    if not _world.json:
        text = "\n".join(broken_command(text, width) if is_command else broken(text, width))
    print(text, flush=True)


def note(text: str = "") -> None:
    """Something nice to know, to stderr, where somebody is there to read it."""
    runlog.info(text)
    if _world.listener:
        _world.listener.noted(text)
    if (_world.watched or _world.verbose) and not _world.quiet:
        _err(_wrapped(text))


def raw(text: str) -> None:
    """A command to copy: where it needs several lines, each but the last ends with a backslash."""
    if _world.watched or _world.verbose:
        _err("\n".join(broken_command(safe(text), _columns(sys.stderr))))


def private_address(text: str) -> None:
    """An address of our own that holds a key, for the person in front alone: whole on the screen, in no log. Where no
    terminal is, it is a result, but not where the result is JSON."""
    print(clean(text), file=sys.stderr if _world.watched or _world.json else sys.stdout, flush=True)


def detail(text: str) -> None:
    """For --verbose and the log only."""
    runlog.info(text)
    if _world.verbose:
        _err(text)


def warn(text: str) -> None:
    """Trouble that does not stop the run: at once where somebody watches, else in the last line."""
    runlog.warning(text)
    _world.warned.append(text)
    if _world.listener:
        _world.listener.noted(f"careful: {text}")
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
    for line in table_lines([headings, *rows], _columns(sys.stdout if to_stdout else sys.stderr)):
        if to_stdout:
            result(line)
        elif (_world.watched or _world.verbose) and not _world.quiet:
            _err(line)


def results_on_screen() -> bool:
    """Whether results go to a terminal, rather than into a file or another program."""
    return _is_terminal(sys.stdout)


def columns() -> int:
    """The width of the terminal that results go to; 80 where they go elsewhere."""
    return _columns(sys.stdout) if _is_terminal(sys.stdout) else 80


def page(text: str, stream: TextIO | None = None) -> None:
    """Long text: through the person's pager on a terminal, plain otherwise (on stdout unless told otherwise)."""
    stream = stream or sys.stdout
    lines = broken(safe(text), _columns(stream))
    if _is_terminal(sys.stdin) and _is_terminal(sys.stdout) and os.environ.get("TERM") != "dumb":
        import pydoc

        os.environ.setdefault("LESS", LESS)
        pydoc.pager("\n".join(lines) + "\n")
    else:
        print("\n".join(lines), file=stream, flush=True)


def beep() -> None:
    """Only a terminal beeps."""
    if _is_terminal(sys.stderr) and not _world.quiet:
        sys.stderr.write("\a")
        sys.stderr.flush()


def need_terminal(argument: str, hint: str = "") -> None:
    """Raise BadUsage naming the missing argument where nobody can be asked."""
    if not _world.asks:
        raise BadUsage(f"{argument} is missing, and there is nobody to ask.", hint or texts.USAGE_HINT)


def ask(
    question: str,
    check: Callable[[str], object],
    default: str = "",
    explain: str = "",
    back: bool = False,
    help: str = "",
) -> object:
    """Ask until the answer is good.

    Args:
        question: one line, without the default.
        check: turns the text into the value, or raises BadUsage with what is wrong.
        default: what ENTER means; empty = ENTER is no answer.
        explain: shown after a bad answer.
        back: whether `b` is possible.
        help: a few lines that `h` shows; `hh` shows the whole manual.

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
        if word in ("h", "help", "?"):
            _err(_wrapped(f"{help}\n{texts.help_tail(default, back)}".lstrip("\n")))
            continue
        if word == "hh":
            page(texts.helpmore(), sys.stderr)
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


def yes_no(question: str, default: bool, help: str = "") -> bool:
    """Ask for y or n; ENTER takes the default."""
    return bool(ask(f"{question} (y/n)", is_yes, "y" if default else "n", help=help))


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
    with _shown(total, label) as advance:
        yield _reported(advance, label, total) if _world.listener else advance


def _reported(advance: Callable[[int], None], label: str, total: int | None) -> Callable[[int], None]:
    """`advance`, heard by the listener too; several threads may call it."""
    done = 0

    def report(n: int = 1) -> None:
        nonlocal done
        done += n
        if _world.listener:
            _world.listener.advanced(label, done, total)
        advance(n)

    return report


@contextlib.contextmanager
def _shown(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
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
        task = bars.add_task(safe(label), total=total)
        before, _world.bar = _world.bar, screen
        try:
            yield lambda n: bars.advance(task, n)
        finally:
            _world.bar = before


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
    """One line from the person; the end of the input is a polite quit.

    Of several lines pasted at once the first is the answer, and the others answer nothing: they were not meant for
    questions that nobody has seen yet.
    """
    tail = f" [{default}]" if default else ""
    sys.stderr.write(_wrapped(safe(f"{question}{tail}")) + " > ")
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except BaseException:  # Ctrl-C: what is said next begins on a line of its own
        _err("")
        raise
    if not line:
        _err("")
        raise Quit
    if _is_terminal(sys.stdin) and (dropped := keys.drop_waiting(sys.stdin.fileno())):
        begin = "" if dropped.endswith(b"\n") else "\n"
        _err(begin + _wrapped(texts.typed_ahead(len(dropped.splitlines()))))
    return line.strip()


def _columns(stream: TextIO) -> int:
    """The width of a terminal; endless where there is none."""
    return _size(stream)[0] if _is_terminal(stream) else 10_000


def _size(stream: TextIO) -> tuple[int, int]:
    """Columns and rows of a terminal, as it is now; 80 x 24 where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        columns, rows = os.get_terminal_size(stream.fileno())
        return columns or 80, rows or 24
    return 80, 24


def _wrapped(text: str) -> str:
    """Text for stderr, broken at the terminal's width as it is now."""
    return "\n".join(broken(text, _columns(sys.stderr)))


def _err(text: str, color: str = "") -> None:
    codes = {"red": "31", "yellow": "33", "": ""}
    text = safe(text)
    if _world.bar is not None:  # above the bar, which is drawn again below
        _world.bar.print(text, style=color or None, markup=False, highlight=False, soft_wrap=True)
        return
    if color and _world.color and _is_terminal(sys.stderr):
        text = f"\x1b[{codes[color]}m{text}\x1b[0m"
    print(text, file=sys.stderr, flush=True)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed stream
        return False
