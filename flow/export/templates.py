"""Text files filled in from a template: cards in Markdown, licences, the exported page."""

import re
from pathlib import Path

from flow.base import names


def filled(template: Path, **values: object) -> str:
    """A template of ours with its values; a missing one is an error. HTML is escaped, other files are not.

    The filter `plain` is for Markdown, `percent` for fractions 0..1.
    """
    import jinja2

    rules = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=template.suffix == ".html",
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    rules.filters.update(plain=plain, percent=names.percent)
    return rules.from_string(template.read_text(encoding="utf-8")).render(**values)


def plain(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*\[\]<>|])", r"\\\1", names.one_line(text))


def without_gaps(text: str) -> str:
    """Markdown with at most one empty line in a row, as templates leave more."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
