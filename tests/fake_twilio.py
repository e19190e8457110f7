"""A web server on 127.0.0.1 that behaves like Twilio's Messages API, and misbehaves when told to.

It knows the magic numbers of Twilio's test credentials with their error codes, checks the password, lets a message's
status move on with every look, and can hang, drop, drip, or answer with what a proxy or a hotel's login page would.
"""

import base64
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SID, TOKEN = "AC" + "0123456789abcdef" * 2, "tok3n/very+secret==value"
SENDER, TO = "+15005550006", "+14155550188"

# Magic number -> (HTTP status, code, message), as Twilio documents them for its test credentials.
FROM_ERRORS = {
    "+15005550001": (400, 21212, "The 'From' number +15005550001 is not a valid phone number or sender ID."),
    "+15005550007": (400, 21606, "The From phone number +15005550007 is not a number of your account."),
    "+15005550008": (429, 21611, "SMS queue is full."),
}
TO_ERRORS = {
    "+15005550001": (400, 21211, "The 'To' number +15005550001 is not a valid phone number."),
    "+15005550002": (400, 21612, "The 'To' phone number +15005550002 is not currently reachable."),
    "+15005550003": (400, 21408, "Permission to send an SMS has not been enabled for the region."),
    "+15005550004": (400, 21610, "Attempt to send to unsubscribed recipient."),
    "+15005550009": (400, 21614, "'To' number is not a valid mobile number."),
}
NOT_OWNED = (400, 21606, "The From phone number is not a valid, SMS-capable number of your account.")
PORTAL = b"<!DOCTYPE html><html><body>Welcome to the hotel. Please log in.</body></html>"


class FakeTwilio:
    """Use as `with FakeTwilio() as twilio:`; `twilio.url` is its address.

    Attributes:
        faults: what to do with the next POSTs instead of answering well, in order; empty = all is well.
        life: (status, error code) a message shows, one more with every look; the last one stays.
        get_fault: what to do with every look at a message; empty = all is well.
        sent: form fields of every POST that was understood; `taken`: those that became a message.
    """

    def __init__(self):
        self.faults: list[str] = []
        self.life: list[tuple[str, int | None]] = [("queued", None), ("sent", None), ("delivered", None)]
        self.get_fault = ""
        self.posts, self.status_requests = 0, 0
        self.sent: list[dict] = []
        self.taken: list[dict] = []
        self.closing = threading.Event()

    def __enter__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


def _handler(twilio: FakeTwilio):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            twilio.posts += 1
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = twilio.faults.pop(0) if twilio.faults else ""
            if fault:
                self._misbehave(fault)
            elif self.path != f"/2010-04-01/Accounts/{SID}/Messages.json":
                self._error(404, 20404, "The requested resource was not found")
            elif not self._is_known():
                self._error(401, 20003, "Authenticate")
            elif self.headers["Content-Type"] != "application/x-www-form-urlencoded":
                self._error(415, 20415, "Unsupported content type")
            else:
                self._take({name: values[0] for name, values in parse_qs(raw.decode("ascii")).items()})

        def do_GET(self):
            twilio.status_requests += 1
            if twilio.get_fault:
                self._misbehave(twilio.get_fault)
            elif not self._is_known():
                self._error(401, 20003, "Authenticate")
            elif self.path != f"/2010-04-01/Accounts/{SID}/Messages/SM1.json":
                self._error(404, 20404, "The requested resource was not found")
            else:
                status, code = twilio.life[min(twilio.status_requests - 1, len(twilio.life) - 1)]
                self._json(200, {"sid": "SM1", "status": status, "error_code": code})

        def _is_known(self):
            return self.headers.get("Authorization") == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()

        def _take(self, form):
            twilio.sent.append(form)
            missing = [name for name in ("To", "From", "Body") if not form.get(name)]
            if missing:
                self._error(400, 21604, f"A '{missing[0]}' is required.")
            elif form["From"] in FROM_ERRORS:
                self._error(*FROM_ERRORS[form["From"]])
            elif form["From"] != SENDER:
                self._error(*NOT_OWNED)
            elif form["To"] in TO_ERRORS:
                self._error(*TO_ERRORS[form["To"]])
            else:
                twilio.taken.append(form)
                self._json(201, {"sid": "SM1", "status": "queued", "body": form["Body"], "error_code": None})

        def _misbehave(self, fault):
            if fault == "hang":
                twilio.closing.wait(30)
            elif fault == "drip":
                self._drip()
            elif fault == "drop":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif fault in ("half", "stall"):
                self._answer(201, b'{"sid": "SM1", ', "application/json", length=500)
                if fault == "stall":
                    twilio.closing.wait(30)
                self.close_connection = True
            elif fault == "html":
                self._answer(200, PORTAL, "text/html")
            elif fault == "empty object":
                self._json(200, {})
            elif fault == "list":
                self._json(201, [1, 2])
            elif fault == "redirect":
                self._answer(302, b"", "text/html")
            elif fault == "5xx html":
                self._answer(502, b"<html>Bad gateway</html>", "text/html")
            elif fault == "test credentials":
                self._error(403, 20008, "Resource not accessible with Test Account Credentials")
            elif fault == "problem+json":
                self._json(400, {"type": "https://x.example/p", "title": "Bad", "status": 400, "code": 29999})
            elif fault == "tells all":
                self._error(400, 29998, f"No {TO} for {SID} {TOKEN} at https://api.example.com/{SID} \x1b[31m")
            else:
                self._error(int(fault), 20429 if fault == "429" else int(fault), "Too bad")

        def _drip(self):
            """A byte now and then, for ever: every single read is in time, the whole is not."""
            self.close_connection = True
            try:
                self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
                while not twilio.closing.is_set():
                    self.wfile.write(b" ")
                    time.sleep(0.05)
            except OSError:
                pass

        def _error(self, status, code, message):
            self._json(
                status, {"code": code, "message": message, "status": status, "more_info": f"https://t.example/{code}"}
            )

        def _json(self, status, value):
            self._answer(status, json.dumps(value).encode(), "application/json")

        def _answer(self, status, raw, kind, length=None):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw) if length is None else length))
            self.end_headers()
            self.wfile.write(raw)

    return Handler
