"""How figures read: percents, scores, counts, durations. The templates know these functions by name."""

import math
import unicodedata

GLUE = "\N{NO-BREAK SPACE}"  # keeps a number and its unit on one line


def clean(text: object) -> object:
    """What may stand on a page: control characters and broken file names are spelled out as \\x1b, \\udcff."""
    if text is None or hasattr(text, "__html__"):  # nothing, or what a template made
        return text or ""
    return "".join(_spelled(c) if unicodedata.category(c) in ("Cc", "Cs") else c for c in str(text))


def _spelled(character: str) -> str:
    return character.encode("unicode_escape").decode()


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


def between(row: dict) -> str:
    """The interval of a share in words, such as "67 to 77 %"."""
    return f"{round(100 * row['low'])}{GLUE}to{GLUE}{round(100 * row['high'])}{GLUE}%"


def comma(number: int) -> str:
    """1,200."""
    return f"{number:,}"


def count(number: int, one: str) -> str:
    """A number with its noun, such as "1 image" or "1,200 images"."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
