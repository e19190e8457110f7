"""One image from candidate to JPEG: read or fetch it, decode it. Runs in the download's threads."""

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from flow.base.files import write_part
from flow.download.validate import DAMAGED, TOO_MANY_PIXELS, Rejected, ValidImage, validate_image
from flow.records.rows import FAILED, REFUSED
from flow.sources import FoundImage, Source
from flow.web.failures import ODD, Fallback, NotFetched
from flow.web.fetch import Fetcher

_numbers = count(1)  # for the names of part files; next() on it is safe in threads


@dataclass(frozen=True)
class Outcome:
    """What became of one candidate: an image, or the status and reason why not."""

    source: Source
    found: FoundImage
    data: bytes = b""  # as fetched
    valid: ValidImage | None = None
    part: Path | None = None  # the image's file, not yet under its name
    status: str = ""
    reason: str = ""  # a few words to count by
    detail: str = ""  # one sentence for the log
    fallback: Fallback = Fallback.NOWHERE  # where its other addresses may be tried


def fetch_image(source: Source, found: FoundImage, url: str, fetcher: Fetcher) -> Outcome:
    """Read or fetch the bytes of one image. Never raises because of the one image.

    Args:
        url: which of `found.addresses`.
    """
    try:
        data = source.read(found)
        return Outcome(source, found, fetcher.get(url) if data is None else data)
    except NotFetched as problem:
        return Outcome(
            source, found, status=problem.status, reason=problem.reason, detail=str(problem), fallback=problem.fallback
        )
    except OSError as problem:
        why = f"unreadable: {problem.strerror or type(problem).__name__}"
        return Outcome(source, found, status=FAILED, reason="unreadable", detail=why)
    except Exception as problem:  # noqa: BLE001 - one image, whatever is wrong with it, never ends a run
        why = f"{ODD}: {type(problem).__name__}"
        return Outcome(source, found, status=FAILED, reason=ODD, detail=why, fallback=Fallback.ANYWHERE)


def decode_image(outcome: Outcome, fetcher: Fetcher, folder: Path) -> Outcome:
    """Decode fetched bytes and write the image as a part file in `folder`.

    Raises:
        OSError: the disk is full. That has nothing to do with the one image, and ends the run.
    """
    if outcome.status or fetcher.stopped.is_set():
        return outcome
    try:
        valid = validate_image(outcome.data)
    except Rejected as problem:
        return _refused(outcome, problem.reason, str(problem))
    except MemoryError:
        return _refused(outcome, TOO_MANY_PIXELS)
    except Exception as problem:  # noqa: BLE001 - as above; nothing here touches the disk yet
        return _refused(outcome, DAMAGED, f"{DAMAGED}: {type(problem).__name__}")
    part = write_part(folder, f"{next(_numbers)}.jpg", valid.jpeg)
    return replace(outcome, data=b"", valid=valid, part=part)


def _refused(outcome: Outcome, reason: str, detail: str = "") -> Outcome:
    """What cannot be used. Too many pixels may be fewer at the smaller address."""
    fallback = Fallback.ANYWHERE if reason == TOO_MANY_PIXELS else Fallback.NOWHERE
    return replace(outcome, data=b"", status=REFUSED, reason=reason, detail=detail, fallback=fallback)
