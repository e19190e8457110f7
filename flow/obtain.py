"""One image from offer to picture: read or fetch it, take it in. Runs in the download's worker threads."""

from dataclasses import dataclass
from datetime import datetime

from flow.catalogue import DEFERRED, FAILED, REFUSED
from flow.fetch import WAIT, Fetcher, NotFetched
from flow.intake import TOO_MANY_PIXELS, Refused, Taken, take_in
from flow.sources import Found, Source


@dataclass(frozen=True)
class Outcome:
    """What became of one offer: a picture, or the status and reason why not."""

    source: Source
    found: Found
    taken: Taken | None = None
    status: str = ""
    reason: str = ""  # a few words to count by
    detail: str = ""  # one sentence for the log
    until: datetime | None = None  # when its host will answer again


def obtain(source: Source, found: Found, fetcher: Fetcher, fallback: bool = False) -> Outcome:
    """Read or fetch one image and take it in. Never raises for trouble with the one image.

    Args:
        fallback: fetch `fallback_url` because the host of `image_url` wants a rest.
    """
    try:
        data = source.read(found)
        if data is None:
            data = _fetch(found, fetcher, fallback)
        return Outcome(source, found, taken=take_in(data))
    except Refused as problem:
        return Outcome(source, found, None, REFUSED, problem.reason, str(problem))
    except NotFetched as problem:
        return Outcome(source, found, None, problem.status, problem.reason, str(problem), problem.until)
    except OSError as problem:
        return Outcome(
            source, found, None, FAILED, "unreadable", f"unreadable: {problem.strerror or type(problem).__name__}"
        )
    except MemoryError:
        return Outcome(source, found, None, REFUSED, TOO_MANY_PIXELS)


def _fetch(found: Found, fetcher: Fetcher, fallback: bool) -> bytes:
    """The image's bytes, from its second address where the first gives none."""
    if fallback:
        try:
            return fetcher.get(found.fallback_url)
        except NotFetched as problem:  # says nothing about the first address, which is only resting
            raise NotFetched(DEFERRED, WAIT, str(problem)) from problem
    try:
        return fetcher.get(found.image_url)
    except NotFetched as problem:
        if not found.fallback_url or not problem.elsewhere:
            raise
        try:
            return fetcher.get(found.fallback_url)
        except NotFetched:
            raise problem from None  # the first address is the one to tell about
