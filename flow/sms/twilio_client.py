"""One text message through the real Twilio client: sent within 25 s or given up, then followed if wanted.

Whatever the network does, Ctrl-C works at any moment of it. No error that leaves here holds a secret, a phone number
or an address. The credentials come from the environment; nothing is written.
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
FOLLOW_S, POLL_S = 15.0, 1.5  # how long, and how often, to look at what became of a message
VARIABLES = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER", "TWILIO_SENDTONUM")
ARRIVED, LOST = ("delivered", "read", "received"), ("undelivered", "failed", "canceled")

_clock, _sleep = time.monotonic, time.sleep  # tests turn these

# Twilio's code -> what to do. The numbers below 30000 come at once, the others with the later status of a message.
ADVICE = {
    20003: "Check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN against the Twilio console.",
    20008: "These are test credentials: nothing is really sent, and there is no status.",
    20005: "The Twilio account is not active; look into its console.",
    20429: "Too many requests; try again in a minute.",
    21211: "TWILIO_SENDTONUM is not a phone number; write it like +14155550123.",
    21212: "TWILIO_PHONE_NUMBER is not a phone number; write it like +14155550123.",
    21408: "Allow that country under Messaging, Geo permissions in the Twilio console.",
    21606: "TWILIO_PHONE_NUMBER is not a number of this account that can send texts.",
    21608: "A trial account texts only to numbers verified in its console; verify TWILIO_SENDTONUM.",
    21610: "That phone answered STOP; send START from it to TWILIO_PHONE_NUMBER.",
    21611: "The queue of TWILIO_PHONE_NUMBER is full; wait an hour.",
    21612: "TWILIO_PHONE_NUMBER can't reach TWILIO_SENDTONUM; use a number of the same country.",
    21614: "TWILIO_SENDTONUM can't receive texts; use a mobile number.",
    30003: "The phone is off or out of reach; switch it on and try again.",
    30004: "The phone's network blocks the message; ask its provider.",
    30005: "No such phone; check TWILIO_SENDTONUM.",
    30006: "A landline or unreachable network; use a mobile number.",
    30007: "The network took it for spam; a registered or toll-free number helps.",
    30008: "The network gave no reason; try again later.",
    30034: "US networks block unregistered numbers; register TWILIO_PHONE_NUMBER for A2P 10DLC in the Twilio console.",
    63038: "The account's daily number of messages is used up; wait until tomorrow.",
}


class NotSent(Exception):
    """Why a message did not go out: one sentence without secrets, and what to do. `passing`: try once more."""

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
    """The client and the id Twilio gave the message.

    Raises:
        NoCredentials, BadUsage: before anything is sent.
        NotSent: after the second try, or the first where a second would change nothing.
    """
    account, end = _account(), _clock() + BUDGET_S
    for is_last in (False, True):
        try:
            return _within(end, lambda: _create(account, text))
        except Exception as problem:  # noqa: BLE001 - the client raises four unrelated families of errors
            trouble = _why(problem)
        if is_last or not trouble.passing or _clock() + RETRY_PAUSE_S >= end:
            break
        _sleep(RETRY_PAUSE_S)
    raise trouble


def _create(account: _Account, text: str) -> tuple[Any, str]:
    client = _client(account)
    sid = client.messages.create(to=account.to, from_=account.sender, body=text, smart_encoded=True).sid
    if not isinstance(sid, str) or not sid:
        raise ValueError("no message id")
    return client, sid


def _within(end: float, call: Callable[[], Any]) -> Any:
    """What `call` returns, or TimeoutError at `end`, however the network hangs.

    The client's own timeout starts anew with every byte, and looking up a name has none at all: hence the thread, left
    behind where it hangs. The main thread stays free for Ctrl-C.
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
    """Look at a sent message until its fate is known, at most 15 s: a sentence with status, code and what to do."""
    end, status, code, answered = _clock() + FOLLOW_S, "queued", None, False
    while status not in (*ARRIVED, *LOST) and _clock() < end:
        _sleep(min(POLL_S, max(0.0, end - _clock())))
        try:
            message = _within(end, lambda: client.messages(sid).fetch())
            status, code = re.sub(r"[^a-z_]", "", str(message.status))[:20] or "unknown", message.error_code
            answered = True
        except Exception as problem:  # noqa: BLE001 - see `send`
            trouble = _why(problem)
            if answered and isinstance(problem, TimeoutError):
                break  # the last look has little time left, and what was told before still holds
            answered |= trouble.passing
            if not trouble.passing:
                return f"Twilio took it, but does not tell its status: {trouble.why} {trouble.advice}".strip()
    return _outcome(status, code)


def no_secrets(text: str) -> str:
    """`runlog.hide_secrets`, and our own four also without the blanks around them and as they look in an address."""
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
        return f"Status: {status}, error code {code or 'none'}. {_advice(code or 0)}"
    return (
        f"Status after {FOLLOW_S:g} s: {status}, no error code so far. If it does not arrive, look for error 30034 in "
        "the message log of the Twilio console: US networks block numbers that are not registered."
    )


def _account() -> _Account:
    """Raises NoCredentials naming the missing variables, BadUsage where the base URL is not on this machine."""
    values = [os.environ.get(name, "").strip() for name in VARIABLES]
    missing = [name for name, value in zip(VARIABLES, values, strict=True) if not value]
    if missing:
        raise NoCredentials(
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set.",
            "Set what is missing in the environment (cron has its own), or twilio_active to False.",
        )
    strange = [VARIABLES[i] for i, value in enumerate(values) if not (value.isascii() and value.isprintable())]
    if strange or not values[0].isalnum():  # the account is part of the address
        raise NoCredentials(f"{(strange or VARIABLES)[0]} holds characters it can't have.", "Copy it again.")
    sid, token, sender, to = values
    return _Account(sid, token, sender, to, _own_machine(cfg.twilio_base_url))


def _own_machine(url: str) -> str:
    """The base URL put together again from its checked parts, so that no two readings of it can differ."""
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
    """Any error of the client in our words. Its own are not passed on: they hold the account, numbers, addresses."""
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
        return NotSent("The answer was not Twilio's.", "A login page of the network may stand in between.")
    return NotSent(f"The connection to Twilio failed ({type(problem).__name__}).")


def _refusal(problem: Exception) -> NotSent:
    status, code = (getattr(problem, name, None) for name in ("status", "code"))
    status = status if isinstance(status, int) else 0
    code = code if isinstance(code, int) and code != status else None
    words = _advice(code) if code else ""
    if status >= 500 and code is None:
        words = "Twilio has trouble; nothing to do."
    kind = f"error {code}" if code else f"HTTP status {status}"
    if status == 401 and code is None:
        code, words = 20003, ADVICE[20003]
    return NotSent(f"Twilio said no ({kind}).", words, passing=status == 429 or status >= 500, code=code)


def _advice(code: int) -> str:
    return ADVICE.get(code, "Look the code up in Twilio's list of error codes.")
