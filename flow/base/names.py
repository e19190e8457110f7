"""Names people type, made safe to be folder names: basetags, searchtags and labels.

Unicode letters and digits stay as they are (日本 is a fine folder name); spaces become `_`; everything that could
leave the folder, hide, or be mistaken for one of our own folders is refused with the reason.
"""

import difflib
import getpass
import re
import shlex
import unicodedata
from collections.abc import Iterable

import config as cfg
from flow.base.errors import BadUsage

NAME_BYTES_MAX = 64  # leaves room for a number, a time, a score and a suffix within the usual 255 bytes
TEXT_MAX = 500  # characters kept of a title, a creator or a reason
WINDOWS_NAMES = {"con", "prn", "aux", "nul", *(f"{dev}{n}" for dev in ("com", "lpt") for n in range(1, 10))}
# Letters and marks that show nothing, so that two names could look alike: fillers, joiners, variation selectors.
INVISIBLE = {
    0x034F,
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x3164,
    0xFFA0,
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
}


def clean(text: str) -> str:
    """Text as it may be shown on a screen: control, bidi and zero-width characters removed."""
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))


def one_line(text: object) -> str:
    """Text from a site or a file name as one printable line of at most 500 characters."""
    return clean(" ".join(str(text or "").split()))[:TEXT_MAX]


def inert(cell: object) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def joined(words: Iterable[str]) -> str:
    """As in a sentence: a, b and c."""
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def command(basetag: str, tf_files: str, *arguments: str) -> str:
    """A command as one types it, from the basetag on. `tf_files`: of --tf-files, empty = without it."""
    where = ("--tf-files", tf_files) if tf_files else ()
    return shlex.join(["python", "roboflow.py", basetag, *arguments, *where])


def nearest(word: str, known: Iterable[str], similarity: float = 0.6) -> str:
    """`; did you mean 'steps'?` where a known word is near, else nothing; to end a sentence with.

    Args:
        similarity: 0..1, from which on a word is near (difflib's ratio).
    """
    near = difflib.get_close_matches(word, list(known), 1, similarity)
    return f"; did you mean {near[0]!r}?" if near else ""


def whole_number(text: str) -> int | None:
    """The number that up to 18 digits from 0 to 9 say; None for any other text, ² and digits of other scripts too."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def one_slip_away(word: str, known: Iterable[str]) -> str:
    """The known word that differs by one letter added, left out, changed or swapped with its neighbour; else empty."""
    return next((other for other in known if other != word and _one_slip(word, other)), "")


def _one_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 3:
        return False
    begin = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    left, right = one[begin:], other[begin:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped


def percent(share: float) -> str:
    """A fraction 0..1 as 97.9 %; 100.0 % only where nothing is missing, 0.0 % only where nothing is there."""
    shown = round(100 * share, 1)
    if shown >= 100 > 100 * share:
        return "99.9 %"
    return f"{0.1 if shown <= 0 < share else shown:.1f} %"


def percent_range(low: float, high: float) -> str:
    """Two fractions 0..1 as 94.6 to 99.2 %."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def folder_name(text: str, what: str) -> str:
    """A tag or label as a folder name of at most 64 bytes: lower case, NFKC, letters, digits, `_` and `-`.

    Args:
        text: what the person gave; a leading `#` is dropped.
        what: `basetag`, `searchtag` or `label`, for the error.

    Raises:
        BadUsage: where nothing safe can be made of it.
    """
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or ord(c) in INVISIBLE for c in text):
        raise BadUsage(f"The {what} {clean(text)!r} holds invisible characters.", "Type it again by hand.")
    name = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()).strip().lstrip("#").strip()
    name = re.sub(r"\s+", "_", name)
    problem = _problem(name) or _means_something(name, what)
    if problem:
        raise BadUsage(
            f"{clean(text)!r} cannot be a {what}: {problem}.", "Use letters, digits, _ and -, such as: robot_art"
        )
    return name


def label_name(text: str) -> str:
    """A label as typed, made safe; see `folder_name`."""
    return folder_name(text, "label")


def is_under(name: str) -> bool:
    """True for a folder of uncertain images, such as built_under925."""
    return bool(re.search(re.escape(cfg.under_name) + r"\d+$", name))


def split_under(name: str) -> tuple[str, str]:
    """The name of a part of a sorted_ folder as its label and what follows it: built_under925 -> built, _under925."""
    found = re.search(re.escape(cfg.under_name) + r"\d+$", name)
    return (name[: found.start()], name[found.start() :]) if found else (name, "")


def is_own_word(name: str) -> bool:
    """True for names that RoboFlow itself gives to folders, such as sorted_1 or built_under925."""
    own = (cfg.sorted_name, cfg.unsorted_name, cfg.harvested_name)
    return name.startswith(own) or is_under(name) or name == cfg.quarantine_name


def is_text(name: str) -> bool:
    """False for a file name whose bytes are no UTF-8; such a one cannot stand in a log, a model or a catalogue."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def account() -> str:
    """The name of the person's account; empty where the system knows none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _means_something(name: str, what: str) -> str:
    """Why `name`, safe as it is, would be misunderstood; a label may be called 0, as images of a digit are."""
    return "0 stands for no new images" if name == "0" and what != "label" else ""


def _problem(name: str) -> str:
    """Why `name` can't be a folder name, or an empty string."""
    if not name:
        return "there is nothing left of it"
    if name in (".", "..") or "/" in name or "\\" in name:
        return "it would leave its folder"
    if name.startswith(("-", ".")):
        return "it may not begin with - or ."
    bad = [c for c in name if not (c in "_-" or unicodedata.category(c)[0] in "LNM")]
    if bad:
        return f"{bad[0]!r} is not a letter, a digit, _ or -"
    if not any(unicodedata.category(c)[0] in "LN" for c in name):
        return "it has no letter and no digit"
    if len(name.encode("utf-8")) > NAME_BYTES_MAX:
        return f"it is longer than {NAME_BYTES_MAX} bytes"
    if name in WINDOWS_NAMES:
        return "Windows keeps that name for itself"
    if is_own_word(name):
        return "RoboFlow uses that name for its own folders"
    return ""
