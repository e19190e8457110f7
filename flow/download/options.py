"""The options of a download."""

from dataclasses import dataclass

from flow.base import names
from flow.base.errors import BadUsage
from flow.base.options import argument, option
from flow.sources import source_names


def _quantity(typed: str, _: str) -> int:
    number = names.whole_number(typed.removeprefix("-"))
    if number is None:
        raise BadUsage(
            f"The imagequantity {typed!r} is not a whole number.", "For example: python roboflow.py robots 200 robotart"
        )
    if typed.startswith("-"):
        raise BadUsage(f"{typed} images cannot be downloaded.", "0 skips the download.")
    return number


def _searchtag(typed: str, _: str) -> str:
    return typed if typed == "0" else names.folder_name(typed, "searchtag")


@dataclass(frozen=True)
class DownloadOptions:
    """`quantity` new images of `searchtag` from `source`, such as "auto" or "folder:DIR". Searchtag "0" = none."""

    quantity: int = argument("new images to download; 0 downloads none", parse=_quantity, metavar="imagequantity")
    searchtag: str = argument("what to search for; 0 = no new images", parse=_searchtag, metavar="searchtag")
    source: str = option(
        f"where images come from; several with commas: {', '.join(source_names())}",
        setting="scrapesite_default",
        metavar="S",
    )
    keep_near: bool = option("keep near-duplicates too", setting="near_duplicates_keep", on_off=True)
    retry_failed: bool = option("ask again for images that were missing or refused before")
