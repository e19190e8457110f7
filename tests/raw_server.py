"""A server that says whatever bytes it is told to: for answers no honest server gives.

It listens on all of 127.0.0.0/8, so that one server plays many hosts.
"""

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

Answer = Callable[[socket.socket, str], None]  # gets the connection and the path asked for; hangs up on return


class RawServer:
    """Use as a context manager. `closing` is set at its end: answers that wait or drip should look at it."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None):
        self.answer, self.tls = answer, tls
        self.closing = threading.Event()
        self._line = socket.create_server(("0.0.0.0", 0), backlog=512)
        self.port = self._line.getsockname()[1]

    def __enter__(self) -> "RawServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._line.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError, IndexError):  # clients that hang up are part of the tests
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                line = self.tls.wrap_socket(line, server_side=True)
            with line:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    piece = line.recv(65_536)
                    if not piece:
                        return
                    asked += piece
                self.answer(line, asked.split(b" ", 2)[1].decode("latin-1"))


def certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A certificate of our own with its key in one file, made by the openssl command."""
    path = folder / "certificate.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=loopback",
            "-addext",
            f"subjectAltName=IP:{host}",
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())
    return path
