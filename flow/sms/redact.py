"""Text without full paths, web addresses and host names, on one line and short enough for a phone. Pure."""

import re
from collections.abc import Sequence

RAW_MAX = 2000  # characters that are read; more would not fit into a message
# Endings of file names, which may stay; with another ending it is taken for a host name.
_FILE_ENDING = re.compile(
    r"py|log|json|ya?ml|csv|sqlite|txt|md|jpe?g|png|gif|webp|bmp|tiff?|avif|heic|np[yz]|h5|keras|pb|tflite"
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
    """Text without line breaks and invisible characters, such as terminal escapes."""
    seen = "".join(char for char in text if char.isprintable() or char.isspace())
    return " ".join(seen.split())


def cut(text: str, limit: int) -> str:
    """At most `limit` (4 or more) characters, with three dots at the end where something is missing."""
    return text if len(text) <= limit else text[: limit - 3].rstrip(" ,.-") + "..."


def redact(text: str, folders: Sequence[str] = (), machine: str = "") -> str:
    """Text without full paths, web addresses and host names; of a path its last part stays.

    Args:
        folders: known folders, removed first because their names may contain spaces.
        machine: this machine's name.
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
    is_file = _FILE_ENDING.fullmatch(found[1].lower()) and "@" not in found[0] and ":" not in found[0]
    return found[0] if is_file else "a site"
