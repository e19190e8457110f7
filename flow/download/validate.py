"""From the bytes of anything to an image worth keeping: an RGB JPEG, or a refusal with its reason.

The decoding is `scripts.learn.images`; here are the sniffing before it and the judging after it.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import config as cfg
from flow.base.file_type import NOT_IMAGE
from flow.base.learning import api

if TYPE_CHECKING:
    from PIL import Image


JPEG_QUALITY = 90
FLAT_RANGE = 10  # of 255; an image whose every channel varies less shows nothing

SIDE_MIN_BEFORE = 160  # pixels; catalogues of earlier versions do not say what was too small

# Reasons for refusing, as they stand in the last line of a download
DAMAGED, TOO_SMALL, TOO_LONG, FLAT, TOO_MANY_PIXELS = (
    "damaged",
    "too small",
    "too long and thin",
    "one flat colour",
    "too many pixels",
)


class Rejected(Exception):
    """Not kept. `reason` is one of a few words to count by, the text may say more."""

    def __init__(self, reason: str, text: str = ""):
        super().__init__(text or reason)
        self.reason = reason


@dataclass(frozen=True)
class ValidImage:
    """An image as it will be kept. The hashes are hex sha256."""

    jpeg: bytes
    sha256: str
    origin_sha256: str
    fingerprint: "api.Fingerprint"
    width: int  # pixels
    height: int


def validate_image(data: bytes) -> ValidImage:
    """An image made ready: turned upright, RGB, longest side at most cfg.image_side_max, JPEG without EXIF.

    Raises:
        Rejected: not an image, damaged, too small, too long, flat, too many pixels.
    """
    try:
        with api.open_image(data, draft_side=cfg.image_side_max, look=_judge) as image:
            return _valid_image(image, data)
    except api.Unreadable as problem:
        raise Rejected(_reason(str(problem)), str(problem)) from problem


def _valid_image(image: "Image.Image", data: bytes) -> ValidImage:
    """A decoded image as it will be kept. Raises Rejected where it shows nothing."""
    from PIL import Image

    image.thumbnail((cfg.image_side_max, cfg.image_side_max), Image.Resampling.LANCZOS)
    if _is_flat(image.resize((64, 64), Image.Resampling.BOX)):
        raise Rejected(FLAT)
    buffer = io.BytesIO()
    image.info.clear()  # no comment, profile or EXIF (with its places) is passed on
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    jpeg = buffer.getvalue()
    return ValidImage(
        jpeg, hashlib.sha256(jpeg).hexdigest(), hashlib.sha256(data).hexdigest(), api.fingerprint(image), *image.size
    )


def _is_flat(image: "Image.Image") -> bool:
    """True where every channel hardly varies."""
    import numpy as np

    pixels = np.asarray(image).reshape(-1, 3)
    return bool((pixels.max(axis=0) - pixels.min(axis=0) < FLAT_RANGE).all())


def _judge(width: int, height: int) -> None:
    """Raise Rejected for sides that are too short, or too unlike."""
    if min(width, height) < cfg.image_side_min:
        raise Rejected(TOO_SMALL, f"too small: {width} x {height}, at least {cfg.image_side_min} a side is wanted")
    if max(width, height) > cfg.image_aspect_max * min(width, height):
        raise Rejected(TOO_LONG, f"too long and thin: {width} x {height}")


def archived_reason(reason: str) -> str:
    """A reason as the catalogue keeps it: what was too small is kept with the limit of then."""
    return f"{TOO_SMALL}, under {cfg.image_side_min}" if reason == TOO_SMALL else reason


def is_large_enough_now(reason: str) -> bool:
    """Whether an image that was too small, as the catalogue has it, may not be by the limit of now."""
    kind, _, limit = reason.partition(", under ")
    before = int(limit) if limit.isascii() and limit.isdecimal() else SIDE_MIN_BEFORE
    return kind == TOO_SMALL and cfg.image_side_min < before


def _reason(text: str) -> str:
    if "pixels" in text:
        return TOO_MANY_PIXELS
    return NOT_IMAGE if text.startswith(NOT_IMAGE) else DAMAGED
