"""No answer of a host does more than fail one image; see tests/faults/answers.py for the answers."""

import socket
from collections.abc import Callable
from datetime import datetime

import pytest

import config as cfg
from flow.records.rows import FAILED, REFUSED
from flow.web.failures import NotFetched
from flow.web.fetch import Fetcher
from flow.web.headers import onward
from tests.faults import answers
from tests.raw_server import RawServer

SAMPLE = 1500  # of the 10,000 that `python -m tests.faults` tries
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"


@pytest.fixture
def fetcher(tf_files):
    cfg.host_pause_s, cfg.addresses_private_allowed, cfg.file_deadline_s = 0.0, True, 3.0
    with Fetcher(lambda: datetime.now().astimezone()) as made:
        yield made


def answering(raw: bytes) -> Callable[[socket.socket, str], None]:
    return lambda line, _: line.sendall(raw)


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", REFUSED, "bad address"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1%]:80/\r\n\r\n", REFUSED, "bad address"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://\xff\xfe/x\r\n\r\n", REFUSED, "bad address"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://h\xed\xa0\x80/\r\n\r\n", REFUSED, "bad address"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", FAILED, None),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", FAILED, None),
        (b"\x00\x01\x02\r\n\r\n", FAILED, "an answer that makes no sense"),
    ],
    ids=["bracket", "zone", "no utf-8", "half a character", "chunk of -5", "no gzip", "no http"],
)
def test_an_answer_that_used_to_end_a_run_fails_one_image(fetcher, raw, status, reason):
    with RawServer(answering(raw)) as server, pytest.raises(NotFetched) as problem:
        fetcher.get(server.url("/x.jpg"))
    assert problem.value.status == status
    assert problem.value.reason == reason or reason is None


def test_a_redirect_of_raw_bytes_leads_where_it_says(fetcher):
    def answer(line: socket.socket, path: str) -> None:
        asked.append(path)
        if path == "/x.jpg":
            line.sendall(
                b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: /\xe9 \xff.jpg\r\n\r\n"
            )
        else:
            line.sendall(HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok")

    asked: list[str] = []
    with RawServer(answer) as server:
        assert fetcher.get(server.url("/x.jpg")) == b"ok"
    assert asked == ["/x.jpg", "/%E9%20%FF.jpg"]
    assert onward("http://a/b/c", "\u00c3\u00a9.jpg") == "http://a/b/\u00e9.jpg"  # UTF-8, as http.client gives it


def test_fifteen_hundred_random_answers(tf_files):
    wrong = [text for text in answers.problems(range(SAMPLE)) if text]
    assert wrong == []
    assert len(answers.reasons) > 15  # they were of many kinds
    assert answers.reasons["a picture"] > 5
