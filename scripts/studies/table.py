"""Prints a table line by line, while the study goes on."""

from collections.abc import Iterable


class Table:
    """Columns as wide as their headings, or wider where the heading ends in spaces; numbers to the right."""

    def __init__(self, title: str, *headings: str):
        self._widths = [max(len(heading), 5) for heading in headings]
        print("\n".join(["", *([title] if title else [])]))
        self.row(*headings)

    def row(self, *cells: object) -> None:
        texts = [_text(cell) for cell in cells]
        print("  ".join(map(self._cell, texts, self._widths)).rstrip(), flush=True)

    @staticmethod
    def _cell(text: str, width: int) -> str:
        is_number = text[:1].isdigit() or text[:1] in "+-"
        return text.strip().rjust(width) if is_number else text.ljust(width)


def share(value: dict) -> str:
    """An accuracy with its interval and number of images, of a model's facts."""
    return f"{value['value']:.3f} ({value['low']:.3f}-{value['high']:.3f}) of {value['total']}"


def of(held: Iterable[bool]) -> str:
    """How many are true: `14 of 16`."""
    held = list(held)
    return f"{sum(held)} of {len(held)}"


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "NO"
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)
