"""Answers no honest host gives, by the thousand, through a real socket: each costs at most its own picture."""

import random
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path

import config as cfg
from flow.web.deadline import Deadline
from flow.web.fetch import Fetcher
from tests.raw_server import RawServer
from tests.servers import image_bytes

HOSTS, AT_ONCE = 64, 48
GOOD = image_bytes(1, (170, 165))
STATUS_LINES = [
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200 OK",
    b"HTTP/1.1 200 OK",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.1 302 Found",
    b"HTTP/1.1 301 ",
    b"HTTP/1.1 308 x",
    b"HTTP/1.1 404 no",
    b"HTTP/1.1 429 no",
    b"HTTP/1.1 503 no",
    b"HTTP/1.1 999 x",
    b"HTTP/1.1 100 Continue",
    b"HTTP/1.1 206 Part",
    b"HTTP/1.1 304 x",
    b"HTTP/1.1 204 x",
    b"HTTP/1.1 -1 x",
    b"HTTP/9.9 200 OK",
    b"HTTP/1.1 200",
    b"HTTP/1.1",
    b"ICY 200 OK",
    b"",
    b"\x00\x01\x02",
    b"HTTP/1.1 200 \xff\xfe",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 407 x",
    b"HTTP/1.1 401 x",
    b"SSH-2.0-OpenSSH",
    b"HTTP/1.1 \xd9\xa2\xd9\xa0\xd9\xa0 OK",
    b"A" * 70_000,
]
LOCATIONS = [
    b"http://[::1",
    b"http://[::1%]:80/",
    b"http://[::1%25lo]/",
    b"http://\xff\xfe/",
    b"/\xff\xfe\x80.jpg",
    b"//",
    b"///",
    b"",
    b" ",
    b"http://",
    b"https://",
    b"http:///x",
    b"http://x:99999/",
    b"http://x:-1/",
    b"http://x:port/",
    b"http://user:pw@x/",
    b"http://[v1.x]/",
    b"http://]/",
    b"http://[[::1]]/",
    b"file:///etc/passwd",
    b"data:image/png;base64,AA",
    b"javascript:1",
    b"http://127.0.0.1:1/",
    b"http://10.0.0.1/",
    b"http://0x7f.1/",
    b"http://\xe2\x84\xa1/",
    b"http://xn--/",
    b"http://a..b/",
    b"http://" + b"a" * 300 + b"/",
    b"/" + b"a" * 60_000,
    b"http://\x00/",
    b"/%",
    b"/%zz?%",
    b"?",
    b"#",
    b"http://%31%32/",
    b"\xed\xa0\x80",
    b"http://\xed\xa0\x80/",
    b"HTTP://[::ffff:1.2.3.4]:0/",
    b"/good",
    b"http:good",
    b"\\\\host\\x",
    b"http://h\tx/",
]
SIZES = [
    b"-5",
    b"0",
    b"5",
    b"ffffffffffffffffff",
    b"",
    b" ",
    b"g",
    b"0x10",
    b"+3",
    b"1;a=b",
    b"5_0",
    b"\xff",
    b"-0",
    b"1e3",
    b"5\r",
    b"f" * 9000,
]
LENGTHS = [
    b"-1",
    b"0",
    b"5",
    b"99999999999999999999999",
    b"abc",
    b"1, 1",
    b"5, 6",
    b"\xb2",
    b"",
    b"1e9",
    b"+5",
    b"0x5",
    b"9" * 5000,
]
ENCODINGS = [
    b"gzip",
    b"deflate",
    b"br",
    b"zstd",
    b"identity",
    b"gzip, gzip",
    b"x",
    b"\xff",
    b"",
    b",",
    b"gzip," * 40,
    b"compress",
]
KINDS = [
    b"image/jpeg",
    b"image/png",
    b"text/html",
    b"",
    b"\xff\xfe",
    b"image/jpeg; charset=\xff",
    b"video/mp4",
    b"application/json",
]
OTHERS = [
    b"Retry-After: -1",
    b"Retry-After: abc",
    b"Retry-After: 99999999999999999999",
    b"Retry-After: Fri, 99 Foo 99999",
    b"X-Robots-Tag: \xff: noai",
    b"Set-Cookie: \xff=\x00; expires=Thu, 99-Foo-0000",
    b"Connection: close",
    b"Connection: \xff",
    b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: \xff",
    b"no colon here",
    b": empty name",
    b" folded",
    b"X: " + b"y" * 70_000,
    b"Content-Type",
    b"Upgrade: h2c",
    b"WWW-Authenticate: Digest \xff",
    b"Proxy-Authenticate: x",
    b"Content-Range: bytes 5-1/\xff",
    b"Link: <\xff>",
]


def answer(number: int) -> bytes:
    """The bytes of one answer; the same for the same number."""
    rng = random.Random(number)
    lines = [rng.choice(STATUS_LINES)]
    if rng.random() < 0.6:
        lines.append(b"Location: " + rng.choice(LOCATIONS))
    if rng.random() < 0.7:
        lines.append(b"Content-Type: " + rng.choice(KINDS))
    if rng.random() < 0.3:
        lines.append(b"Content-Encoding: " + rng.choice(ENCODINGS))
    body = _body(rng)
    if rng.random() < 0.4:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"".join(rng.choice([*SIZES, b"%x" % len(body)]) + b"\r\n" + body[:200] + b"\r\n" for _ in range(3))
    elif rng.random() < 0.7:
        lines.append(b"Content-Length: " + rng.choice([*LENGTHS, str(len(body)).encode(), str(len(body)).encode()]))
    lines += rng.sample(OTHERS, rng.randrange(3)) + ([b"X: y"] * 300 if rng.random() < 0.02 else [])
    raw = rng.choice([b"\r\n", b"\r\n", b"\r\n", b"\n"]).join(lines) + b"\r\n\r\n" + body
    return _damaged(raw, rng) if rng.random() < 0.3 else raw


def _body(rng: random.Random) -> bytes:
    kind = rng.randrange(5)
    if kind == 0:
        return b""
    if kind == 1:
        return rng.randbytes(rng.randrange(2000))
    if kind == 2:
        return b"\x1f\x8b\x08" + rng.randbytes(300)
    return GOOD if kind == 3 else GOOD[: rng.randrange(len(GOOD))] + rng.randbytes(50)


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(rng.randrange(1, 6)):
        if changed:
            changed[rng.randrange(min(len(changed), 400))] = rng.randrange(256)
    return bytes(changed[: rng.randrange(1, len(changed) + 1)] if rng.random() < 0.3 else changed)


def host_of_number(number: int) -> str:
    return f"127.0.1.{1 + number % HOSTS}"


def server() -> RawServer:
    """Serves `answer(n)` at /n and a good picture at /good."""

    def serve(line: socket.socket, path: str) -> None:
        digits = "".join(c for c in path.split("?")[0] if c.isdecimal() and c.isascii())
        if path.startswith("/good") or not digits:
            good = image_bytes(int(digits or 1), (170, 165))
            line.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(good) + good
            )
        else:
            line.sendall(answer(int(digits)))

    return RawServer(serve)


def problems(numbers: range) -> Iterator[str]:
    """Fetch and take in each of the answers; yields a line for each: empty, or what was raised that must not be."""
    before = {name: getattr(cfg, name) for name in SETTINGS}
    for name, value in SETTINGS.items():
        setattr(cfg, name, value)
    plain, Deadline.pause = Deadline.pause, lambda self, seconds: self.check()  # no waiting between tries
    try:
        with (
            server() as there,
            Fetcher(lambda: datetime.now().astimezone()) as fetcher,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            fetcher.hosts.resting_s = lambda host: 0.0  # else a 429 among them would hide those after it
            yield from (f.result() for f in as_completed([pool.submit(_one, fetcher, there, n) for n in numbers]))
    finally:
        Deadline.pause = plain
        for name, value in before.items():
            setattr(cfg, name, value)


SETTINGS = {
    "host_pause_s": 0.0,
    "addresses_private_allowed": True,
    "file_deadline_s": 1.0,
    "read_timeout_s": 0.3,
    "connect_timeout_s": 0.5,
    "host_connections_max": 8,
}
reasons: Counter[str] = Counter()


def _one(fetcher: Fetcher, there: RawServer, number: int) -> str:
    from flow.download.fetch_image import decode_image, fetch_image
    from flow.sources import FoundImage, Source

    url = there.url(f"/{number}", host_of_number(number))
    begin = time.monotonic()
    try:
        found = FoundImage("site", str(number), url)
        outcome = decode_image(fetch_image(Source(), found, url, fetcher), fetcher, Path("/nowhere"))
    except FileNotFoundError:
        reasons["a picture"] += 1  # good enough to be written: to a folder that is not there
        return ""
    except BaseException as problem:  # noqa: BLE001 - that is what is looked for
        return f"answer {number}: {type(problem).__name__}: {problem}"
    reasons[outcome.reason] += 1
    slow = time.monotonic() - begin > 20
    return f"answer {number}: no reason" if not outcome.reason else f"answer {number}: too slow" if slow else ""
