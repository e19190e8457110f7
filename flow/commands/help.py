"""--help, --helpmore and the guide's plan, from what the flowsteps declare."""

import textwrap

import config as cfg
from flow.base import settings
from flow.base.options import Spec, specs
from flow.commands.command import Command, Section, all_commands
from flow.commands.parse import CommonOptions, Invocation
from flow.ui import console, texts
from flow.ui.layout import broken_command

WIDTH_MAX = 80
NAME_COLUMNS = 18


def help_text(asked: Invocation, words: list[str]) -> str:
    """The long manual, one flowstep's help where one was typed, or the general help."""
    width = min(WIDTH_MAX, console.columns())
    if asked.common.helpmore:
        return f"{texts.helpmore()}\n\n" + "\n\n".join(_one(command, width) for command in all_commands().values())
    if asked.command.name in words:
        return _one(asked.command, width)
    return _general(width)


def dry_run_hint() -> str:
    return f"It goes with {', '.join(c.name for c in all_commands().values() if c.dry_run)}."


def _general(width: int) -> str:
    lines = [
        *_usage_line("basetag imagequantity searchtag flowstep [options]", width),
        *_way("", "asks for whatever is left out", width),
        *_way(" FLOWSTEP --help", "what one flowstep does", width),
        *_way(" --helpmore", "explains everything", width),
        "",
        *_row("basetag", "your project, such as robots: it has its own labels, images and models", width),
        *_row("imagequantity", f"new images, 0 to {cfg.imgnum_maxpercycle}; 0 downloads none", width),
        *_row("searchtag", "your search, such as robotart; 0 with 0 images = no new images", width),
        *_row("flowstep", "what to run:", width),
    ]
    for section in Section:
        lines += ["", section.value]
        for command in (c for c in all_commands().values() if c.section is section):
            lines += _row(_usage(command), command.summary, width)
    lines += ["", "options of every flowstep"]
    for spec in specs(CommonOptions):
        lines += _row(_flag(spec), _about(spec), width)
    lines += ["", "examples"]
    examples = (f"  python roboflow.py {c.example}" for c in all_commands().values() if c.rank <= 2 and c.example)
    lines += [line for example in examples for line in broken_command(example, width)]
    lines += ["", *_wrapped(f"exit codes: {texts.EXIT_CODES}", width)]
    return "\n".join(lines)


def _one(command: Command, width: int) -> str:
    before = " imagequantity searchtag" if command.in_loop else ""
    lines = [*_usage_line(f"basetag{before} {_usage(command)} [options]", width), ""]
    lines += _wrapped(f"{command.summary[:1].upper()}{command.summary[1:]}. {command.about}", width)
    if command.arguments() and not command.in_loop:
        lines.append("")
        for spec in command.arguments():
            lines += _row(spec.metavar, spec.help, width)
    if command.flags():
        lines += ["", "options"]
        for spec in command.flags():
            lines += _row(_flag(spec), _about(spec), width)
    if command.example:
        lines += ["", "for example:", *broken_command(f"  python roboflow.py {command.example}", width)]
    return "\n".join(lines)


def _usage_line(words: str, width: int) -> list[str]:
    return _wrapped(f"usage: python roboflow.py {words}", width, "", " " * 11)


def _way(words: str, about: str, width: int) -> list[str]:
    """A way to call the program, and what comes of it beside it, or below it where the screen is narrow."""
    begin = f"       python roboflow.py{words}"
    beside = f"{begin:<45} {about}"
    return [beside] if len(beside) < width else [f"  {begin.strip()}", *_wrapped(about, width, " " * 6, " " * 6)]


def _usage(command: Command) -> str:
    if command.in_loop:
        return command.name
    return " ".join([command.name, *(spec.metavar + " ..." * spec.many for spec in command.arguments())])


def _flag(spec: Spec) -> str:
    if spec.on_off:
        return f"{spec.flag} | {spec.flag.replace('--', '--no-', 1)}"
    return f"{spec.flag} {spec.metavar}" if spec.parse else spec.flag


def _about(spec: Spec) -> str:
    """What an option does, with its range and the default it has now."""
    if not spec.setting or spec.on_off:
        return spec.help
    setting, default = settings.declared()[spec.setting], getattr(cfg, spec.setting)
    limits = f"{texts.range_of(spec.setting)}; " if setting.choices or setting.low is not None else ""
    return f"{spec.help} ({limits}now {default if default != '' else 'empty'})"


def _row(name: str, about: str, width: int) -> list[str]:
    """A name and what it means beside it, or below it where the name is long or the screen narrow."""
    if width < 50 or len(name) > NAME_COLUMNS:
        return [f"  {name}", *_wrapped(about, width, " " * 6, " " * 6)]
    begin = f"  {name:<{NAME_COLUMNS}} "
    return _wrapped(about, width, begin, " " * len(begin))


def _wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """Lines shorter than the screen is wide, broken between words alone; `first` and `others` begin them."""
    layout = textwrap.TextWrapper(width - 1, first, others, break_long_words=False, break_on_hyphens=False)
    return layout.wrap(text)
