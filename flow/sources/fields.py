"""Reading the fields of a site's answer warily: any of them may be missing, null, or of another kind."""

import contextlib
import html
import re

# Wikimedia hides what its data base knows behind the plain words: Tin robot label QS:Len,"Tin robot"
_HIDDEN = re.compile(r"\s*\b(?:(?:label|title|date|description|artist) )?QS:[A-Z]\w*,.*$")

_ADDRESS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))"
    r"(?:/\d[\d.]*)?(?:/[a-z]{2})?(?:/(?:legalcode|deed)(?:\.[a-z-]+)?)?/?"
)


def words_of(tag: str) -> str:
    """A searchtag as words: robot_art -> robot art."""
    return tag.replace("_", " ").strip()


def phrase_of(tag: str) -> str:
    """A searchtag as a phrase: robot_art -> "robot art", with its quotes."""
    return f'"{words_of(tag).replace(chr(34), "")}"'


def text(value: object) -> str:
    """A field as text: markup taken out, entities turned back; empty for anything that is not text or a number."""
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        return ""
    plain = " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", str(value))).split())
    plain = _HIDDEN.sub("", plain) if "QS:" in plain else plain
    return plain.encode("utf-8", "backslashreplace").decode("utf-8")  # half a character can be sent, not written


def number(value: object) -> int:
    """A field as a whole number from 0 up; 0 for anything else."""
    with contextlib.suppress(ValueError, OverflowError):
        return max(0, int(value)) if isinstance(value, (str, int, float)) else 0
    return 0


def rows(value: object) -> list[dict]:
    """The objects of a list; empty for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def at(value: object, *names: str) -> object:
    """A field inside objects; None where one of them is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def licence_code(words: str) -> str:
    """The code of a licence written in any common way, or by its address: CC BY-SA 4.0, cc-by, Public domain,
    https://creativecommons.org/licenses/by/4.0/ -> by-sa, by, pdm, by. Anything else is unknown."""
    plain = re.sub(r"[\s_]+", "-", words.strip().lower())
    if address := _ADDRESS.fullmatch(plain):
        plain = address[1] or {"zero": "cc0", "mark": "pdm"}[address[2]]
    if re.search(r"(^|[^a-z])cc-?0|(^|[^a-z])zero", plain) and "by" not in plain.split("-"):
        return "cc0"
    if plain.startswith("pd") or "public-domain" in plain or "no-restrictions" in plain:
        return "pdm"
    found = re.fullmatch(r"(?:cc-)?(by(?:-nc)?(?:-sa|-nd)?)(?:-\d[\d.]*)?(?:-[a-z]{2,3})?", plain)
    return found[1] if found else "unknown"


def licence_link(code: str, version: str = "4.0") -> str:
    """Where a licence can be read; empty where it is unknown."""
    if code == "cc0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if code == "pdm":
        return "https://creativecommons.org/publicdomain/mark/1.0/"
    return f"https://creativecommons.org/licenses/{code}/{version}/" if code.startswith("by") else ""
