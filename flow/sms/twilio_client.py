"""One text message through the real Twilio client: sent within 25 s or given up, then followed on request.

Ctrl-C works at any time, whatever the network does. No error from here contains a secret, a phone number or an address.
The credentials come from the environment; nothing is written.
"""

import ipaddress
import logging
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import config as cfg
from flow.base import runlog
from flow.base.errors import BadUsage, NoCredentials, RoboError

BUDGET_S = 25.0  # for one message, second try included
TIMEOUT_S = 10.0  # to reach Twilio, and between two pieces of its answer
RETRY_PAUSE_S = 2.0
FOLLOW_S, POLL_S = 15.0, 1.5  # how long, and how often, to ask for the status of a message
VARIABLES = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "TWILIO_SENDTONUM")
ARRIVED, LOST = ("delivered", "read", "received"), ("undelivered", "failed", "canceled")

_clock, _sleep = time.monotonic, time.sleep  # tests replace these

# Twilio's error code -> what to do, for the codes that people meet: those from 30000 on come with a message's status.
ADVICE = {
    20003: "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN against the Twilio console.",
    20008: "These are test credentials: nothing is really sent, and there is no status.",
    21211: "TWILIO_SENDTONUM is not a phone number; write it like +14155550123.",
    21212: "TWILIO_PHONE_NUMBER is not a phone number; write it like +14155550123.",
    21408: "Allow that country under Messaging, Geo permissions in the Twilio console.",
    21606: "TWILIO_PHONE_NUMBER is not a number of this account that can send texts.",
    21608: "A trial account texts only to numbers verified in its console; verify TWILIO_SENDTONUM.",
    21610: "That phone answered STOP; send START from it to TWILIO_PHONE_NUMBER.",
    21611: "The queue of TWILIO_PHONE_NUMBER is full; wait an hour.",
    21612: "TWILIO_PHONE_NUMBER cannot reach TWILIO_SENDTONUM; use a number of the same country.",
    21614: "TWILIO_SENDTONUM cannot receive texts; use a mobile number.",
    30003: "The phone is off or out of reach; switch it on and try again.",
    30034: "US networks block unregistered numbers; register TWILIO_PHONE_NUMBER for A2P 10DLC in the Twilio console.",
}
OTHER_CODE = "Look the code up: https://www.twilio.com/docs/api/errors/{}"


class NotSent(Exception):
    """Why a message was not sent: one sentence without secrets, and what to do. `passing`: try once more."""

    def __init__(self, why: str, advice: str = "", passing: bool = False, code: int | None = None):
        super().__init__(why)
        self.why, self.advice, self.passing, self.code = why, advice, passing, code


@dataclass(frozen=True)
class _Account:
    sid: str
    token: str = field(repr=False)
    sender: str
    to: str
    base_url: str  # empty = Twilio's own


def send(text: str) -> tuple[Any, str]:
    """Send a message; returns the client and the id that Twilio gave the message.

    Raises:
        NoCredentials, BadUsage: before anything is sent.
        NotSent: after the second try, or the first where a second would change nothing.
    """
    account, end = _account(), _clock() + BUDGET_S
    for is_last in (False, True):
        try:
            return _within(end, lambda: _create(account, text))
        except Exception as problem:  # noqa: BLE001 - the client raises four unrelated families of errors
            failure = _why(problem)
        if is_last or not failure.passing or _clock() + RETRY_PAUSE_S >= end:
            break
        _sleep(RETRY_PAUSE_S)
    raise failure


def _create(account: _Account, text: str) -> tuple[Any, str]:
    client = _client(account)
    sid = client.messages.create(to=account.to, from_=account.sender, body=text, smart_encoded=True).sid
    if not isinstance(sid, str) or not sid:
        raise ValueError("no message id")
    return client, sid


def _within(end: float, call: Callable[[], Any]) -> Any:
    """What `call` returns, or TimeoutError at `end`, however the network hangs.

    The client's own timeout starts again with every byte, and a name lookup has none. Therefore a thread makes the call
    and is left behind where it hangs; the main thread stays free for Ctrl-C.
    """
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((call(), None))
        except Exception as problem:  # noqa: BLE001 - handed over to the caller
            answers.put((None, problem))

    threading.Thread(target=work, daemon=True, name="text message").start()
    try:
        value, problem = answers.get(timeout=max(0.05, end - _clock()))
    except queue.Empty:
        raise TimeoutError from None
    if problem:
        raise problem
    return value


def follow(client: Any, sid: str) -> str:
    """Follow a sent message until its status is final, at most 15 s.

    Returns:
        A sentence with status, error code and what to do.
    """
    end, status, code, answered = _clock() + FOLLOW_S, "queued", None, False
    while status not in (*ARRIVED, *LOST) and _clock() < end:
        _sleep(min(POLL_S, max(0.0, end - _clock())))
        try:
            message = _within(end, lambda: client.messages(sid).fetch())
            status, code = re.sub(r"[^a-z_]", "", str(message.status))[:20] or "unknown", message.error_code
            answered = True
        except Exception as problem:  # noqa: BLE001 - see `send`
            failure = _why(problem)
            if answered and isinstance(problem, TimeoutError):
                break  # the last request had little time left, and the status before it still holds
            answered |= failure.passing
            if not failure.passing:
                return f"Twilio took it, but does not tell its status: {failure.why} {failure.advice}".strip()
    return _outcome(status, code)


def no_secrets(text: str) -> str:
    """`runlog.hide_secrets`, and our own four also without spaces around them and as they look in an address."""
    text = runlog.hide_secrets(text)
    for name in VARIABLES:
        value = os.environ.get(name, "").strip()
        for form in (value, quote(value, safe="")):
            text = text.replace(form, "[hidden]") if len(form) >= 4 else text
    return text


def _outcome(status: str, code: int | None) -> str:
    if status in ARRIVED:
        return f"Status: {status}, no error. Look at your phone."
    if code is not None or status in LOST:
        return f"Status: {status}, error code {code or 'none'}. {_advice(code) if code else ''}".strip()
    hint = "If it does not arrive, look it up in the message log of the Twilio console."
    return f"Status after {FOLLOW_S:g} s: {status}, no error code so far. {hint}"


def _account() -> _Account:
    """Raises NoCredentials with the names of missing variables, BadUsage where the base URL is not on this machine."""
    values = [os.environ.get(name, "").strip() for name in VARIABLES]
    missing = [name for name, value in zip(VARIABLES, values, strict=True) if not value]
    if missing:
        raise NoCredentials(
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set.",
            "Set what is missing in the environment (cron has its own), or set twilio_active to False.",
        )
    strange = [VARIABLES[i] for i, value in enumerate(values) if not (value.isascii() and value.isprintable())]
    if strange or not values[0].isalnum():  # the account is part of the address
        raise NoCredentials(f"{(strange or VARIABLES)[0]} holds characters that it cannot have.", "Copy it again.")
    sid, token, sender, to = values
    return _Account(sid, token, sender, to, _own_machine(cfg.twilio_base_url))


def _own_machine(url: str) -> str:
    """The base URL, built again from its checked parts, so that it cannot be read in two ways."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host = ipaddress.ip_address("127.0.0.1" if parts.hostname == "localhost" else parts.hostname or "")
        port = parts.port
        plain = parts.scheme in ("http", "https") and not parts.username and parts.path in ("", "/")
    except ValueError:
        host, port, plain = None, None, False
    if not host or not host.is_loopback or not plain:
        raise BadUsage(
            "twilio_base_url is not an address of this machine.", "Leave it empty, or try http://127.0.0.1:8000"
        )
    name = f"[{host}]" if host.version == 6 else str(host)
    return f"{parts.scheme}://{name}" + (f":{port}" if port else "")


def _client(account: _Account) -> Any:
    """A Twilio client with a time limit. Imported here: it takes a third of a second."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    for name in ("twilio.http_client", "urllib3.connectionpool"):  # both log addresses with the account in them
        logging.getLogger(name).setLevel(logging.WARNING)
    http = TwilioHttpClient(timeout=TIMEOUT_S, max_retries=0)
    client = Client(account.sid, account.token, http_client=http)
    if account.base_url:
        client.edge = client.region = None  # they would be built into the host name
        client.api.base_url = account.base_url
        http.session.trust_env = False  # a proxy of the environment would carry the credentials off this machine
    return client


def _why(problem: Exception) -> NotSent:
    """Any error of the client in our words; its own contain the account, numbers and addresses."""
    if isinstance(problem, RoboError):
        return NotSent(problem.message, problem.hint)
    if isinstance(problem, ImportError):
        return NotSent("The twilio package is missing.", "pip install twilio")
    from requests import exceptions as net
    from twilio.base.exceptions import TwilioException

    if isinstance(problem, TwilioException):
        return _refusal(problem)
    in_the_middle = any(type(cause).__name__ == "ReadTimeoutError" for cause in problem.args)
    is_late = isinstance(problem, (net.Timeout, TimeoutError)) and not isinstance(problem, net.ConnectTimeout)
    if is_late or in_the_middle:
        # Not tried again: Twilio may have taken the message, and it would arrive twice.
        return NotSent("Twilio did not answer in time; the message may still arrive.")
    if isinstance(problem, net.ConnectionError):
        return NotSent("Twilio could not be reached.", "Check the network.", passing=True)
    if isinstance(problem, (ValueError, TypeError, AttributeError)):
        return NotSent("The answer was not Twilio's.", "A login page of the network may have answered.")
    return NotSent(f"The connection to Twilio failed ({type(problem).__name__}).")


def _refusal(problem: Exception) -> NotSent:
    """A response of Twilio's with an error, which has a code of Twilio's or only an HTTP status."""
    status, code = (found if isinstance(found := getattr(problem, name, 0), int) else 0 for name in ("status", "code"))
    passing = status == 429 or status >= 500
    if code and code != status:
        return NotSent(f"Twilio refused it (error {code}).", _advice(code), passing, code)
    why = f"Twilio refused it (HTTP status {status})."
    if status == 401:
        return NotSent(why, ADVICE[20003], code=20003)
    return NotSent(why, "Twilio has a problem; nothing to do." if status >= 500 else "", passing)


def _advice(code: int) -> str:
    return ADVICE.get(code, OTHER_CODE.format(code))
