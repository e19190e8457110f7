"""Small pieces of HTML that cannot be got wrong: every text is escaped, every tag is closed.

`tag("td", label)` escapes `label` whatever it holds; only what `tag` made (a `Safe`) goes in as it is. Joining a Safe
to a plain text gives a plain text, which is escaped again: a slip shows, it does not run.
"""

import html
import math
import unicodedata
from collections.abc import Iterable

VOID = frozenset({"meta", "img", "br", "col"})  # the elements without an end tag that a report uses
ROWS_MAX = 30  # of a table on the page; a longer one scrolls in its box
GLUE = "\N{NO-BREAK SPACE}"  # keeps a number and its unit on one line


class Safe(str):
    """HTML that `tag` made."""

    __slots__ = ()


def clean(text: object) -> str:
    """A text that any encoding can hold: control characters and broken file names are spelled out as \\x1b, \\udcff."""
    return "".join(_spelled(c) if unicodedata.category(c) in ("Cc", "Cs") else c for c in str(text))


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


def join(children: Iterable[object]) -> Safe:
    """Children one after the other; None is left out, lists are joined too."""
    parts = []
    for child in children:
        if isinstance(child, Safe):
            parts.append(child)
        elif isinstance(child, (list, tuple)):
            parts.append(join(child))
        elif child is not None:
            parts.append(html.escape(clean(child), quote=True))
    return Safe("".join(parts))


def tag(name: str, /, *children: object, **attributes: object) -> Safe:
    """An element. Attributes: `class_` is class, `stroke_width` is stroke-width; None leaves one out."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(clean(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    end = "" if name in VOID else f"{join(children)}</{name}>"
    return Safe(f"<{name}{pairs}>{end}")


def name_of(text: object) -> Safe:
    """A label, kept apart from the direction of the writing around it."""
    return tag("bdi", text)


def percent(share: float | None, digits: int = 0) -> str:
    """A fraction 0..1 as "93 %"; a dash where there is none. Only a whole is 100 %, only nothing is 0 %."""
    if share is None or not math.isfinite(share):
        return "–"
    shown = round(100 * share, digits)
    if shown >= 100 > 100 * share:
        return f">{GLUE}99{GLUE}%"
    if shown <= 0 < share:
        return f"<{GLUE}1{GLUE}%"
    return f"{shown:.{digits}f}{GLUE}%"


def score(value: float | None) -> str:
    """A score 0..1 with three digits."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.3f}"


def score_up(value: float | None) -> str:
    """A score rounded up, so that using it as a limit never lets more through than was measured."""
    if value is None or not math.isfinite(value):
        return "–"
    up = math.ceil(value * 1000 - 1e-9) / 1000
    return f"{up:.3f}" if up < 1 else f"{value:.5f}"


def breakable(name: str) -> Safe:
    """A long name that may go on in the next line after each underscore."""
    return join([[part, Safe("<wbr>")] for part in name.replace("_", "_\0").split("\0")])


def between(row: dict) -> str:
    """The interval of a share in words, such as "67 to 77 %"."""
    return f"{round(100 * row['low'])}{GLUE}to{GLUE}{round(100 * row['high'])}{GLUE}%"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun, such as "1 picture" or "1,200 pictures"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def table(caption: object, head: list, rows: list[list], foot: list | None = None, kind: str = "") -> Safe:
    """A table with a caption in a box of its own, which scrolls where the page is too narrow. The first cell of a row
    is its heading; cells are texts or Safe."""
    parts = [tag("caption", caption), tag("thead", tag("tr", [tag("th", cell, scope="col") for cell in head]))]
    parts.append(tag("tbody", [_row(row) for row in rows]))
    if foot:
        parts.append(tag("tfoot", _row(foot)))
    return scroll(tag("table", parts, class_=kind or None), caption, len(rows))


def scroll(content: object, title: object, rows: int) -> Safe:
    """A box that scrolls sideways where the page is too narrow, and up and down where the table is very long; also
    with the keyboard."""
    kind = "scroll tall" if rows > ROWS_MAX else "scroll"
    return tag("div", content, class_=kind, tabindex=0, role="region", aria_label=f"Table: {title}")


def _row(cells: list) -> Safe:
    return tag("tr", tag("th", cells[0], scope="row"), [tag("td", cell) for cell in cells[1:]])


def section(key: str, title: str, *content: object) -> Safe:
    """A part of the page under its own heading, with an address inside the page."""
    return tag("section", tag("h2", title, id=f"{key}-title"), *content, id=key, aria_labelledby=f"{key}-title")


def paragraph(*content: object, kind: str | None = None) -> Safe:
    return tag("p", *content, class_=kind)


def more(summary: str, *content: object) -> Safe:
    """Details that open on a click."""
    return tag("details", tag("summary", summary), *content)


def listed(names: list[str], most: int = 8) -> Safe:
    """Names as in a sentence: "daisy, roses and tulips"; the rest only counted."""
    shown = [name_of(name) for name in names[:most]]
    if len(names) > most:
        shown.append(join([f"{len(names) - most} more"]))
    if len(shown) < 2:
        return join(shown)
    return join([Safe(", ".join(shown[:-1])), " and ", shown[-1]])
