"""Text laid out for a screen: safe characters, lines broken between words, tables. Pure; prints nothing."""

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
        indent = hanging or line[: len(line) - len(line.lstrip())]
        fits = len(line) < width
        lines += (
            [line]
            if fits
            else textwrap.wrap(
                line, width - 1, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
        )
    return lines


def table_lines(rows: Sequence[Sequence[object]], columns: int) -> Iterator[str]:
    """An aligned table, nothing cut; where the screen is too narrow the last column gets a line of its own."""
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(cells[0]))]
    too_wide = sum(widths) + 2 * len(widths) > columns
    for row in cells:
        shown = row[:-1] if too_wide and len(row) > 1 else row
        line = "  ".join(c + " " * (w - _width(c)) for c, w in zip(shown, widths, strict=False)).rstrip()
        yield line if shown is row else f"{line}\n     {row[-1]}"


def _width(text: str) -> int:
    """Columns a text takes: wide East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)
