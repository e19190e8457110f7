"""One image from offer to picture: read or fetch it, take it in. Runs in the download's threads."""

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from flow.base.files import write_part
from flow.download.validate import DAMAGED, TOO_MANY_PIXELS, Rejected, ValidImage, validate_image
from flow.records.rows import DEFERRED, FAILED, REFUSED
from flow.sources import FoundImage, Source
from flow.web.failures import ODD, WAIT, NotFetched
from flow.web.fetch import Fetcher

_numbers = count(1)  # for the names of part files; next() on it is safe in threads


@dataclass(frozen=True)
class Outcome:
    """What became of one offer: a picture, or the status and reason why not."""

    source: Source
    found: FoundImage
    data: bytes = b""  # as fetched
    taken: ValidImage | None = None
    part: Path | None = None  # the picture's file, not yet under its name
    status: str = ""
    reason: str = ""  # a few words to count by
    detail: str = ""  # one sentence for the log


def fetch_image(source: Source, found: FoundImage, fetcher: Fetcher, fallback: bool = False) -> Outcome:
    """Read or fetch the bytes of one image. Never raises for trouble with the one image.

    Args:
        fallback: fetch `fallback_url` because the host of `image_url` wants a rest.
    """
    try:
        data = source.read(found)
        return Outcome(source, found, _fetch(found, fetcher, fallback) if data is None else data)
    except NotFetched as problem:
        return Outcome(source, found, b"", None, None, problem.status, problem.reason, str(problem))
    except OSError as problem:
        why = f"unreadable: {problem.strerror or type(problem).__name__}"
        return Outcome(source, found, status=FAILED, reason="unreadable", detail=why)
    except Exception as problem:  # noqa: BLE001 - one picture, whatever is wrong with it, never ends a run
        why = f"{ODD}: {type(problem).__name__}"
        return Outcome(source, found, status=FAILED, reason=ODD, detail=why)


def decode_image(outcome: Outcome, fetcher: Fetcher, folder: Path) -> Outcome:
    """Turn fetched bytes into a picture and write it as a part file in `folder`.

    Raises:
        OSError: the disk is full. That is no trouble of the one image, and ends the run.
    """
    if outcome.status or fetcher.stopped.is_set():
        return outcome
    try:
        taken = validate_image(outcome.data)
    except Rejected as problem:
        return replace(outcome, data=b"", status=REFUSED, reason=problem.reason, detail=str(problem))
    except MemoryError:
        return replace(outcome, data=b"", status=REFUSED, reason=TOO_MANY_PIXELS)
    except Exception as problem:  # noqa: BLE001 - as above; nothing here touches the disk yet
        why = f"{DAMAGED}: {type(problem).__name__}"
        return replace(outcome, data=b"", status=REFUSED, reason=DAMAGED, detail=why)
    part = write_part(folder, f"{next(_numbers)}.jpg", taken.jpeg)
    return replace(outcome, data=b"", taken=taken, part=part)


def _fetch(found: FoundImage, fetcher: Fetcher, fallback: bool) -> bytes:
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
