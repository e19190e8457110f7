"""Text without full paths, web addresses and host names, on one line and no longer than a phone likes. Pure."""

import re
from collections.abc import Sequence

RAW_MAX = 2000  # characters looked at; nothing further on could reach the message anyway
# File endings that look like the end of a host name: a file name may stay, a host name may not.
FILE_ENDINGS = frozenset(
    [
        "py",
        "log",
        "json",
        "yaml",
        "yml",
        "csv",
        "sqlite",
        "txt",
        "md",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "webp",
        "bmp",
        "tif",
        "tiff",
        "avif",
        "heic",
        "npz",
        "npy",
        "h5",
        "keras",
        "pb",
        "tflite",
    ]
)

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


def one_line(text: str) -> str:
    """Text without line breaks and without what cannot be seen, such as terminal escapes and broken file names."""
    seen = "".join(char for char in text if char.isprintable() or char.isspace())
    return " ".join(seen.split())


def cut(text: str, limit: int) -> str:
    """At most `limit` characters (4 or more), ended by three dots where something is missing."""
    return text if len(text) <= limit else text[: limit - 3].rstrip(" ,.-") + "..."


def redact(text: str, folders: Sequence[str] = (), machine: str = "") -> str:
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


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def _host_or_file(found: re.Match) -> str:
    is_file = found[1].lower() in FILE_ENDINGS and "@" not in found[0] and ":" not in found[0]
    return found[0] if is_file else "a site"
