"""What HTTP headers and URLs say and how we say it: who we are, how long to wait, who does not want to be used."""

import contextlib
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import requests

import config as cfg
from flow.web.address_guard import BadAddress

VERSION = "1.0"
OPT_OUT = {"noai", "noimageai", "noindex", "noimageindex", "none"}
# Parts of a query that do not name the image: where the link was found, and the key that opens it for an hour.
NOT_NAMING = re.compile(r"(?:utm_|x-amz-)|(?:expires|signature|key-pair-id)(?:=|$)", re.IGNORECASE)
WITH_COLON = ("unavailable_after", "max-image-preview", "max-snippet", "max-video-preview")  # directives, not names


def user_agent() -> str:
    """Who we are, in the form Wikimedia asks for: name/version (contact) library/version."""
    contact = re.sub(r"[^\x20-\x7e]|[()]", "", cfg.contact) or "no contact given"
    return f"RoboFlow/{VERSION} ({contact}) requests/{requests.__version__}"


def plain_url(url: str) -> str:
    """A URL as the archive knows it: no fragment, no utm_ parameters, no signature; empty for what is not http(s)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https"):
        return ""
    query = parts.query
    if NOT_NAMING.search(query):
        query = urlencode([(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not NOT_NAMING.match(k)])
    return urlunsplit((parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower(), parts.path, query, ""))


def onward(url: str, location: str) -> str:
    """Where a redirect leads. Servers send its bytes as they like: UTF-8, or else each byte counts as it is.

    Raises:
        BadAddress: nowhere.
    """
    raw = location.encode("latin-1", "replace")  # http.client gives bytes as latin-1
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = quote(raw, safe="%/:=&?~#+!$,;'@()*[]")
    try:
        return urljoin(url, text)
    except ValueError as problem:
        raise BadAddress("a redirect to nowhere") from problem


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Retry-After in seconds, given as seconds or as a date; None where it says nothing readable."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - now).total_seconds())
    return None


def opted_out(header: str) -> bool:
    """True where one X-Robots-Tag header asks everyone, or us by name, not to use the image.

    A robot's name counts to the end of its header, so headers that came singly must not be joined.
    """
    agent = ""
    for part in header.lower().split(","):
        name, colon, rest = part.partition(":")
        if colon and name.strip() not in WITH_COLON:
            agent, part = name.strip(), rest
        if part.strip() in OPT_OUT and agent in ("", "*", "roboflow"):
            return True
    return False
