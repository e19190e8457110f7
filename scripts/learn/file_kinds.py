"""What a file is that cannot be read as an image, by its first bytes, and what to do about it. Nothing is decoded."""

import contextlib
from pathlib import Path

BYTES = 32  # of a file's beginning, enough to tell
NOT_IMAGE = "not an image"  # how the reason begins; downloads count by these words
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")
STILL_ENDINGS = (".heic", ".HEIC", ".jpg", ".JPG", ".jpeg", ".JPEG")  # of the image beside a Live Photo's film
VIDEO_ENDINGS = (".mov", ".mp4", ".m4v", ".3gp", ".avi", ".mkv", ".webm", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv")
RAW_ENDINGS = (".dng", ".nef", ".nrw", ".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw", ".x3f")
_SAVE = "save it as JPEG or PNG"
_VIDEO, _RAW, _TIFF = "a video; --source video:FILE takes frames of it", f"a raw photo; {_SAVE}", f"a TIFF; {_SAVE}"
_KINDS = (
    (b"\x1aE\xdf\xa3", _VIDEO),  # Matroska, WebM
    (b"OggS", _VIDEO),
    (b"FLV\x01", _VIDEO),
    (b"0&\xb2u\x8ef\xcf\x11", _VIDEO),  # WMV
    (b"\0\0\x01\xba", _VIDEO),  # MPEG
    (b"\0\0\0\x0cjP  ", f"a JPEG 2000; {_SAVE}"),
    (b"\0\0\0\x0cJXL ", f"a JPEG XL; {_SAVE}"),
    (b"\xff\x0a", f"a JPEG XL; {_SAVE}"),
    (b"IIRO", _RAW),
    (b"IIU\0", _RAW),
    (b"FUJIFILMCCD-RAW", _RAW),
    (b"FOVb", _RAW),
    (b"II*\0", _TIFF),
    (b"MM\0*", _TIFF),
    (b"8BPS", f"a Photoshop file; {_SAVE}"),
    (b"%PDF", "a PDF"),
    (b"%!PS", "a PostScript file"),
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"\x1f\x8b", "a packed file; unpack it"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    (b"<html", "a web page"),
    (b"<!doc", "a web page"),
)


def why_not_image(source: Path | bytes) -> str:
    """Why no decoder took a file, in a few words that begin with NOT_IMAGE; empty for a damaged HEIC or AVIF, which
    nothing but its first bytes tells from any other file.

    Args:
        source: file or its bytes. A file's ending tells raw photos from TIFFs, its neighbours a Live Photo's film.
    """
    begin, path = _begin(source)
    if not begin:
        return f"{NOT_IMAGE}: the file is empty"
    if begin[4:8] == b"ftyp" and begin[8:12] in (*HEIF_BRANDS, *AVIF_BRANDS):
        return ""
    kind = _kind(begin, path)
    if kind == _VIDEO and path and (still := still_of(path)):
        return f"{NOT_IMAGE}: a Live Photo's film; its image is {still.name[-24:]}"
    return f"{NOT_IMAGE}: it is {kind}" if kind else NOT_IMAGE


def still_of(path: Path) -> Path | None:
    """The image beside a film of the same name, as telephones put them down for one Live Photo."""
    if path.suffix.lower() not in VIDEO_ENDINGS:
        return None
    beside = (path.with_suffix(ending) for ending in STILL_ENDINGS)
    return next((still for still in beside if still.is_file()), None)


def _begin(source: Path | bytes) -> tuple[bytes, Path | None]:
    if isinstance(source, bytes):
        return source[:BYTES], None
    with contextlib.suppress(OSError), source.open("rb") as reader:
        return reader.read(BYTES), source
    return b"?", source


def _kind(begin: bytes, path: Path | None) -> str:
    is_raw = path is not None and path.suffix.lower() in RAW_ENDINGS
    if begin[4:8] == b"ftyp":
        return _RAW if is_raw or begin[8:12] == b"crx " else _VIDEO
    if begin[:4] == b"RIFF" and begin[8:12] == b"AVI ":
        return _VIDEO
    text = begin.lstrip().lower()
    kind = next((kind for magic, kind in _KINDS if begin.startswith(magic) or text.startswith(magic)), "")
    return _RAW if is_raw and kind == _TIFF else kind
