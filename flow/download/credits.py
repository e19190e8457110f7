"""The logs of an unsorted folder: urls, image-to-url, and CREDITS.csv with one ready attribution line an image.

They are brought up to date from the catalogue: lines that are missing are added, none is ever taken away.
"""

import csv
import io
from pathlib import Path

import config as cfg
from flow.base import files
from flow.base.names import clean, inert
from flow.records.rows import Image, to_columns

CREDITS = "CREDITS.csv"
COLUMNS = (
    "file",
    "credit",
    "title",
    "creator",
    "license",
    "license_url",
    "source",
    "source_id",
    "image_url",
    "page_url",
    "searchtag",
    "at",
    "sha256",
    "origin_sha256",
)
LICENCE_NAMES = {
    "cc0": "CC0 1.0",
    "pdm": "Public Domain",
    "mit": "the MIT licence",
    "apache-2.0": "the Apache licence 2.0",
    "unknown": "an unknown licence",
}


def update_logs(folder: Path, searchtag: str, images: list[Image]) -> None:
    """Add what is missing to the three logs of a folder.

    Args:
        images: everything ever kept for this searchtag, oldest first.
    """
    if not images:
        return
    files.make_folder(folder)
    start = f"{cfg.unsorted_name}{searchtag}"
    web = [image for image in images if image.image_url]
    _add_lines(folder / f"{start}_urls.txt", [image.image_url for image in web])
    _add_lines(folder / f"{start}_img2url.txt", [f"{image.file_name}\t{image.image_url}" for image in web])
    _add_rows(folder / CREDITS, images)


def credit_line(title: str, creator: str, licence_code: str, licence_url: str, page_url: str) -> str:
    """`"Tin robot" by Jo Example, CC BY 2.0, https://... , from https://...`: what CC BY asks for."""
    who = f"by {creator}" if creator else ""
    parts = [f'"{title}"' if title else "An image", who, f"is under {licence_name(licence_code)}"]
    line = " ".join(part for part in parts if part)
    return line + "".join(f", {link}" for link in (licence_url, page_url) if link)


def licence_name(code: str) -> str:
    """by-sa -> CC BY-SA; for people."""
    return LICENCE_NAMES.get(code, f"CC {code.upper()}")


def _add_lines(path: Path, lines: list[str]) -> None:
    old = _complete_lines(path)
    have = set(old)
    new = [line for line in map(clean_fields, lines) if line not in have]
    if new or not path.exists():
        files.write_whole(path, "".join(f"{line}\n" for line in [*old, *dict.fromkeys(new)]))


def clean_fields(text: str) -> str:
    return "\t".join(clean(part) for part in text.split("\t"))


def _complete_lines(path: Path) -> list[str]:
    """The lines of a log; a last line without its end was cut off and is written anew."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.split("\n")[:-1]


def _add_rows(path: Path, images: list[Image]) -> None:
    old = path.read_text(encoding="utf-8-sig", errors="replace") if path.exists() else ""
    have = {row[0].lstrip("'") for row in csv.reader(io.StringIO(old)) if row}
    new = [image for image in images if image.file_name not in have]
    if not new and old:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if not old:
        writer.writerow(COLUMNS)
    for image in new:
        writer.writerow([inert(value) for value in _row(image)])
    joint = "" if not old or old.endswith("\n") else "\n"
    files.write_whole(path, old + joint + text.getvalue())


def _row(image: Image) -> list[str]:
    values = {"file": image.file_name, **to_columns(image)}
    return [str(values[name]) for name in COLUMNS]
