"""Figures as text: percentages, scores, counts, durations. The templates know these functions by name."""

import math
import unicodedata

GLUE = "\N{NO-BREAK SPACE}"  # keeps a number and its unit on one line


def clean(text: object) -> object:
    """Text for a page: control characters and undecodable bytes of file names are written as \\x1b, \\udcff."""
    if text is None or hasattr(text, "__html__"):  # nothing, or what a template made
        return text or ""
    return "".join(_spelled(c) if unicodedata.category(c) in ("Cc", "Cs") else c for c in str(text))


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


def percent(share: float | None, digits: int = 0) -> str:
    """A fraction 0..1 as "93 %"; a dash for None. Only 1 is 100 %, only 0 is 0 %."""
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
    """A score rounded up, so that no more images pass it as a threshold than were measured."""
    if value is None or not math.isfinite(value):
        return "–"
    up = math.ceil(value * 1000 - 1e-9) / 1000
    return f"{up:.3f}" if up < 1 else f"{value:.5f}"


def between(row: dict, digits: int = 0) -> str:
    """The interval of a share, such as "67 to 77 %"."""
    return f"{100 * row['low']:.{digits}f}{GLUE}to{GLUE}{100 * row['high']:.{digits}f}{GLUE}%"


def comma(number: int) -> str:
    """1,200."""
    return f"{number:,}"


def count(number: int, one: str) -> str:
    """A number with its noun, such as "1 image" or "1,200 images"."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def duration(seconds: float) -> str:
    """Seconds as "0.4 s", "1 min 15 s" or "2 h 3 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
