"""Text laid out for a screen: safe characters, lines broken between words, tables. Pure; prints nothing."""

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from flow.base import runlog
from flow.base.names import clean


def safe(text: str) -> str:
    """No control, bidi or zero-width character from a tag or a title reaches the screen, and no login or key of an
    address; lines stay lines."""
    return "\n".join(clean(line.expandtabs(4)) for line in runlog.plain_addresses(text).split("\n"))


def broken(text: str, width: int, hanging: str = "") -> list[str]:
    """Lines shorter than `width`, broken between words; paths stay whole. A line goes on indented like its beginning,
    or by `hanging`."""
    lines = []
    for line in text.split("\n"):
        if len(line) < width:
            lines.append(line)
            continue
        indent = hanging or line[: len(line) - len(line.lstrip())]
        options = {"subsequent_indent": indent, "break_long_words": False, "break_on_hyphens": False}
        lines += [_moved_left(part, width) for part in textwrap.wrap(line, width - 1, **options)]  # type: ignore[arg-type]
    return lines


def broken_command(command: str, width: int) -> list[str]:
    """A command in lines shorter than `width`: broken between its words, behind a backslash, so that it can be copied
    whole. What is in quotes stays together."""
    if len(command) < width:
        return [command]
    indent = command[: len(command) - len(command.lstrip())]
    first, *words = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+", command) or [""]
    lines = [f"{indent}{first}"]
    for number, word in enumerate(words, 1):
        limit = width - 1 if number == len(words) else width - 3  # all but the last line end with a backslash
        if len(lines[-1]) + 1 + len(word) <= limit:
            lines[-1] += f" {word}"
        else:
            lines[-1] += " \\"
            lines.append(_moved_left(f"{indent}    {word}", limit + 1))
    return lines


def _moved_left(line: str, width: int) -> str:
    """A line with less of its indentation, where its one long word has no room otherwise."""
    word = line.lstrip()
    return " " * max(0, min(len(line) - len(word), width - 1 - len(word))) + word


def shortened(texts: Sequence[str], limit: int) -> list[str]:
    """Texts of at most `room` characters together: the longest ones end behind a word, with three dots."""
    lengths = [len(text) for text in texts]
    most = next((n for n in range(max(lengths), 3, -1) if sum(min(one, n) for one in lengths) <= limit), 3)
    return [text if len(text) <= most else _cut(text, most) for text in texts]


def _cut(text: str, most: int) -> str:
    begin = text[: most - 3]
    words = begin.rpartition(" ")[0] if text[most - 3] != " " else begin
    return (words or begin).rstrip(" ,;:.(") + "..."


def table_lines(rows: Sequence[Sequence[object]], columns: int) -> Iterator[str]:
    """An aligned table, nothing cut; where the screen is too narrow the last column gets a line of its own."""
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(cells[0]))]
    too_wide = len(widths) > 1 and sum(widths) + 2 * len(widths) > columns
    for row in cells:
        shown = row[:-1] if too_wide else row
        line = "  ".join(c + " " * (w - _width(c)) for c, w in zip(shown, widths, strict=False)).rstrip()
        yield from broken(line, columns, "  ")
        if too_wide:
            yield from broken(_moved_left(f"     {row[-1]}", columns), columns)


def _width(text: str) -> int:
    """Columns a text takes: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
