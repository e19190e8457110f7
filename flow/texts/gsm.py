"""What one plain text message can carry: 160 characters of the GSM-7 alphabet, and no address of anything. Pure.

One curly quote, dash or emoji makes a phone network switch to another alphabet, with room for 70 characters, and
charge for two or three messages instead of one.
"""

import re
import unicodedata
from collections.abc import Sequence

LIMIT = 160  # GSM-7 characters in one message
BODY_MIN = 50  # characters of the news kept before the goodbye goes
BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("^{}\\[~]|€")  # sent as an escape and a second character: each takes two

# What has a plain twin that Unicode does not name.
TWINS = {
    **dict.fromkeys("`´‘’‚‛ʼ′", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("•·", "*"),
    "⁄": "/", "×": "x", "→": "->", "≈": "~", "≤": "<=", "≥": ">=", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i",
    "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "œ": "oe", "Œ": "OE", "ħ": "h", "Ħ": "H",
}  # fmt: skip
UNREADABLE = "\0"  # stands for one character without any twin until all are known
# File endings that look like the end of a host name: a file name may stay, a host name may not.
FILE_ENDINGS = frozenset([
    "py", "log", "json", "yaml", "yml", "csv", "sqlite", "txt", "md", "jpg", "jpeg", "png", "gif", "webp", "bmp", "tif",
    "tiff", "avif", "heic", "npz", "npy", "h5", "keras", "pb", "tflite",
])  # fmt: skip
RAW_MAX = 2000  # characters looked at; nothing further on could reach the message anyway

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
_QUOTED_PATH = re.compile(r"(?<!\w)(['\"])((?:~|[a-z]:)?[/\\][^'\"]*)\1", re.IGNORECASE)
_PATH = re.compile(
    r"(?<![\w/\\])(?:~|[a-z]:)?(?:[/\\]|(?:[\w.+-]+[/\\]){2})[^\s'\",;]+",  # from a root, or three folders deep
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:[\w.+-]+@)?\b(?:[a-z0-9_-]+\.)+([a-z]{2,})\b(?::\d+)?", re.IGNORECASE)
_NUMBERS = re.compile(
    r"(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?"  # IPv4
    r"|\[?(?<![\w:])(?:(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:)+:(?:[0-9a-f]{1,4}:)*[0-9a-f]{1,4})\b\]?",
    re.IGNORECASE,
)


def length(text: str) -> int:
    """How many of the 160 places a text takes."""
    return sum(2 if char in EXTENSION else 1 for char in text)


def is_plain(text: str) -> bool:
    """True where every character can be sent in GSM-7."""
    return all(char in BASIC or char in EXTENSION for char in text)


def plain(text: str) -> str:
    """One line in GSM-7 that reads as nearly like `text` as the alphabet allows.

    Accents the alphabet lacks are dropped (ç becomes c), emoji and invisible characters vanish, and a run of letters
    with no Latin twin (日本) becomes one question mark.
    """
    letters = "".join(_twin(char) for char in unicodedata.normalize("NFC", text))
    return " ".join(re.sub(f"{UNREADABLE}+", "?", letters).split())


def cut(text: str, limit: int) -> str:
    """At most `limit` places of a plain text, ended by three dots, between two words where that costs little."""
    if length(text) <= limit:
        return text
    if limit < 4:
        return "." * max(limit, 0)
    kept, used = [], 0
    for char in text:
        used += length(char)
        if used > limit - 3:
            break
        kept.append(char)
    start = "".join(kept)
    space = start.rfind(" ", max(0, len(start) - 12))
    return (start[:space] if space > 0 else start).rstrip(" ,.-") + "..."


def fit(head: str, body: str, hints: Sequence[str], goodbye: str, signature: str = "") -> str:
    """One message of at most 160 places: head, body, a hint, goodbye, signature, all made plain.

    Args:
        head: kept whole; at most some 30 characters.
        body: the news; the only part that is cut short.
        hints: what to do next, the best first; the others are shorter and taken where the first leaves no room.
        goodbye: left out where the news would get too short.
        signature: kept whole; at most some 30 characters.
    """
    head, body, goodbye, signature = plain(head), plain(body), plain(goodbye), plain(signature)
    hints = [plain(hint) for hint in hints]
    for hint in hints:
        for ending in ([goodbye], []):
            text = _line(head, body, hint, *ending, signature)
            if length(text) <= LIMIT:
                return text
    for ending in ([goodbye], []):
        room = LIMIT - length(_line(head, hints[-1], *ending, signature)) - 1
        if room >= BODY_MIN or not ending:
            break
    return cut(_line(head, cut(body, room), hints[-1], *ending, signature), LIMIT)


def without_places(text: str, folders: Sequence[str] = (), machine: str = "") -> str:
    """Text without full paths, web addresses and host names; of a path its last part stays.

    Args:
        folders: known folders, taken out first because a space may stand in their names.
        machine: this machine's own name.
    """
    text = _URL.sub("a web address", text[:RAW_MAX])
    for folder in sorted(filter(lambda name: len(name) > 1, folders), key=len, reverse=True):
        text = re.sub(re.escape(folder) + r"[/\\](?=\w)", "", text)
        text = re.sub(re.escape(folder) + r"(?![\w.-])", lambda found: _last(found[0]), text)
    text = _QUOTED_PATH.sub(lambda found: f"'{_last(found[2])}'", text)
    text = _PATH.sub(lambda found: _last(found[0]), text)
    text = _HOST.sub(_host_or_file, _NUMBERS.sub("a site", text))
    return re.sub(rf"(?<![\w-]){re.escape(machine)}(?![\w-])", "this machine", text) if machine else text


def _line(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _twin(char: str) -> str:
    """GSM-7 for one character; an empty string for what may vanish."""
    if char.isspace() or unicodedata.category(char)[0] == "Z":
        return " "
    if char in BASIC or char in EXTENSION:
        return char
    if char in TWINS:
        return TWINS[char]
    parts = [TWINS.get(part, part) for part in unicodedata.normalize("NFKD", char)]
    found = "".join(part for part in parts if is_plain(part))
    if found or unicodedata.category(char)[0] in "MC" or unicodedata.category(char) in ("So", "Sk"):
        return found
    return UNREADABLE


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def _host_or_file(found: re.Match) -> str:
    is_file = found[1].lower() in FILE_ENDINGS and "@" not in found[0] and ":" not in found[0]
    return found[0] if is_file else "a site"
