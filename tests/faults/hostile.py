"""Damaged images and hostile names by the thousand; each must end in an image, a name, or a reason."""

import http.client
import json
import os
import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.faults import world

ENDINGS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
SNIPPETS = (
    "..",
    "/",
    "\\",
    "\0",
    "\n",
    "\x1b[31m",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\u0301",
    "\u3164",
    "\ufe0f",
    "\ud800",
    "con",
    "nul",
    "com1",
    "CON.",
    "_under925",
    "sorted_",
    "unsorted_",
    "harvested_",
    "quarantine",
    "trash",
    "0",
    "-",
    "--",
    ".",
    "~",
    "$HOME",
    "`id`",
    "日本",
    "ロボット",
    "ß",
    "İ",
    "ﬁ",
    "½",
    "²",
    "é",
    "e\u0301",
    "😀",
    "%2e%2e",
    "<img onerror=x>",
    "=cmd()",
    " ",
    "\t",
    "\u2028",
    "#",
    "*",
    "?",
    "|",
    ":",
    "'",
    '"',
    ";",
    "a" * 63,
    "あ" * 30,
    "\U000e0041",
)


def damaged(amount: int, seed: int = 1) -> Iterator[bytes]:
    """Small images of every kind with bytes flipped, pieces cut out, doubled, swapped or cut off."""
    rng = random.Random(seed)
    whole = [world.image_bytes(n, "built", 40, ending) for n, ending in enumerate(ENDINGS)]
    for number in range(amount):
        data = bytearray(whole[number % len(whole)])
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            _damage(data, rng, whole)
        yield bytes(data)


def _damage(data: bytearray, rng: random.Random, whole: list[bytes]) -> None:
    if not data:
        return
    at, length = rng.randrange(len(data)), rng.randrange(1, 40)
    way = rng.randrange(7)
    if way <= 2:
        data[at] ^= 1 << rng.randrange(8)
    elif way == 3:
        data[at] = rng.choice((0, 255, 127, 128))
    elif way == 4:
        del data[at : at + length]
    elif way == 5:
        data[at:at] = rng.choice(whole)[at : at + length]
    elif rng.random() < 0.3:
        del data[at:]


def problem_with_image(data: bytes) -> str:
    """What is wrong about how the program takes these bytes; empty where it ends in an image or in a reason."""
    from flow.download.validate import Rejected, validate_image
    from scripts.learn.images import Unreadable, decode

    try:
        image = decode(data)
        if image.mode != "RGB" or not all(image.size):
            return f"decode gave {image.mode} {image.size}"
    except Unreadable as problem:
        if not 0 < len(str(problem)) < 100:
            return f"the reason is {str(problem)!r}"
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        return f"decode: {type(problem).__name__}: {problem}"
    try:
        taken = validate_image(data)
        if decode(taken.jpeg).size != (taken.width, taken.height):
            return "what was kept is another image"
    except Rejected as problem:
        if not problem.reason:
            return "refused without a reason"
    except Exception as problem:  # noqa: BLE001 - as above
        return f"validate_image: {type(problem).__name__}: {problem}"
    return ""


def names(amount: int, seed: int = 1) -> Iterator[str]:
    """Tags and labels nobody should give."""
    rng = random.Random(seed)
    yield from SNIPPETS
    for _ in range(amount - len(SNIPPETS)):
        parts = [rng.choice(SNIPPETS) if rng.random() < 0.4 else _some_text(rng) for _ in range(rng.randint(1, 3))]
        yield "".join(parts)


def _some_text(rng: random.Random) -> str:
    top = rng.choice((0x7F, 0x24F, 0x3FF, 0x9FFF, 0x10FFFF))
    return "".join(chr(rng.randrange(top + 1)) for _ in range(rng.randint(0, 8)))


def problem_with_name(text: str) -> str:
    """What is wrong about what is made of a name; empty where it is refused in words, or safe."""
    from flow.base import names, paths
    from flow.base.errors import BadUsage

    try:
        name = names.folder_name(text, "label")
    except BadUsage as problem:
        text_shown = problem.message + problem.hint
        return "" if text_shown.isprintable() else f"{text!r}: the refusal holds {text_shown!r}"
    except Exception as problem:  # noqa: BLE001 - that is what is looked for
        return f"{text!r}: {type(problem).__name__}: {problem}"
    home = paths.training("robots")
    if Path(os.path.normpath(home / name)).parent != home or name != Path(name).name:
        return f"{text!r} leaves its folder as {name!r}"
    if len(name.encode()) > 64 or names.is_own_word(name) or name[0] in "-." or name in names.WINDOWS_NAMES:
        return f"{text!r} became {name!r}"
    if any(unicodedata.category(c)[0] in "CZ" for c in name) or names.clean(name) != name:
        return f"{text!r} became {name!r}, which hides something"
    if names.folder_name(name, "label") != name:
        return f"{text!r} became {name!r}, and that another name"
    return ""


def problems_with_requests(served, amount: int, seed: int = 1) -> Iterator[str]:
    """Requests that no honest page sends; each must be refused. Yields what was wrong, or nothing, one a request.

    Args:
        served: tests.check.serving.Served.
    """
    rng = random.Random(seed)
    for _ in range(amount):
        method, path, body, headers = _request(rng, served)
        try:
            status, _, _ = served.send(method, path, body, **headers)
        except (OSError, http.client.HTTPException) as problem:
            yield f"{method} {path}: {type(problem).__name__}: {problem}"
            continue
        yield "" if status in (400, 403, 404) else f"{method} {path} {headers} {body[:80] if body else body}: {status}"


def _request(rng: random.Random, served) -> tuple[str, str, bytes | None, dict]:
    valid = served.own_headers()
    way = rng.randrange(6)
    if way == 0:  # from elsewhere
        spoiled = rng.choice(
            (
                ("Cookie", ""),
                ("Cookie", served.cookie[:-3] + "abc"),
                ("X-Roboflow-Token", ""),
                ("X-Roboflow-Token", "a" * 43),
                ("Host", "evil.example"),
                ("Host", "127.0.0.1"),
                ("Host", "127.0.0.1.evil.example:80"),
                ("Host", ""),
                ("Origin", "http://evil.example"),
                ("Origin", "null"),
                ("Origin", ""),
                ("Origin", "https://" + served.host),
                ("Sec-Fetch-Site", "cross-site"),
                ("Sec-Fetch-Site", "same-site"),
            )
        )
        return (
            "POST",
            "/api/" + rng.choice(("undo", "done", "accept", "work", "redo")),
            b"{}",
            {**valid, spoiled[0]: spoiled[1]},
        )
    if way == 1:  # a path that leads elsewhere
        return "GET", _path(rng), None, {"Cookie": served.cookie}
    if way == 2:
        method = rng.choice(("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"))
        return method, rng.choice(("/", "/api/view", "/api/burn", "/thumb/grid/x", "/page/app.js")), b"{}", valid
    name = "/api/" + rng.choice(("decide", "accept", "work"))
    if way == 3:  # no JSON at all
        kind = rng.choice(
            ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json")
        )
        return "POST", name, rng.randbytes(rng.randrange(200)), {**valid, "Content-Type": kind}
    if way == 4:
        length = rng.choice(("-1", "x", "99999999999", str(70_000)))
        return "POST", name, b"{}", {**valid, "Content-Length": length}
    return "POST", name, _body(rng), valid


def _path(rng: random.Random) -> str:
    parts = (
        "..",
        "%2e%2e",
        "etc",
        "passwd",
        "thumb",
        "grid",
        "large",
        "page",
        "report",
        "api",
        "image",
        "a" * 64,
        "0" * 63 + "g",
        "app.js",
        "check.html",
        "%00",
        "//",
        "\\",
        "%2f",
        "C:",
        "~root",
        "config.py",
        "..;",
        "a" * 300,
    )
    text = "/" + "/".join(rng.choice(parts) for _ in range(rng.randrange(1, 6)))
    return "/page/../app.js" if text == "/page/app.js" or not text.strip("/") else text


def _body(rng: random.Random) -> bytes:
    """JSON of any shape and size that happens to make no sense."""
    values = (
        None,
        True,
        -1,
        1e308,
        "",
        "x" * 600,
        "keep",
        "label",
        "built",
        "../..",
        "<img onerror=alert(1)>",
        [],
        ["a" * 64],
        [[[[]]]],
        {"a": {}},
        ["0" * 64] * 500,
        "\ud800",
        10**30,
    )
    if rng.random() < 0.2:
        return json.dumps(rng.choice(values)).encode() * rng.choice((1, 2))
    if rng.random() < 0.1:
        return b"[" * rng.randrange(1, 60_000)
    names = ("page", "images", "kind", "label", "later", "count", "steps", "x")
    return json.dumps({name: rng.choice(values) for name in names if rng.random() < 0.7}).encode()
