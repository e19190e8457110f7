"""The answer to "where from?": a search, a path typed or dropped into the terminal, the camera, or a word."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import config as cfg
from flow.base.errors import BadUsage
from flow.base.files import IMAGE_ENDINGS
from flow.base.learning import api
from flow.base.names import one_line
from flow.sources import REGISTRY, check_sources

SEARCH, SAMPLE, LATER, CAMERA = "search", "sample", "later", "camera"
DECODED_MAX = 1000  # images that are decoded before a download, to find broken ones; a minute or so
ADDRESSES_BYTES_MAX = 50_000_000


@dataclass(frozen=True)
class ImageSource:
    """`source` as --source takes it; CAMERA: the camera page. For a person's own images: how many there are (of videos,
    how many frames are kept at most), which cannot be read, and the folder, where it is one; `videos`: how many."""

    source: str
    images: int = 0
    unreadable: dict[Path, str] = field(default_factory=dict)
    folder: Path | None = None
    videos: int = 0

    @property
    def own(self) -> bool:
        return self.source.startswith(("folder:", "urls:", "video:"))

    @property
    def usable(self) -> int:
        return self.images - len(self.unreadable)


def read_source(answer: str) -> ImageSource:
    """What an answer to "where from?" means. Raises BadUsage where there is no such place, or nothing in it."""
    word = answer.strip().lower()
    if not word:
        raise BadUsage("Where from, please?", "search, a path, or sample.")
    if word == SEARCH:
        return ImageSource(cfg.scrapesite_default)
    if word == CAMERA:
        return ImageSource(CAMERA)
    path = typed_path(answer)
    if path is not None:
        return _own_folder(path) if path.is_dir() else _own_file(path)
    try:
        check_sources(answer.strip())
    except BadUsage as problem:
        raise BadUsage(
            f"There is no folder or file {one_line(answer)}, and no source of that name.", "ENTER, a path, or sample."
        ) from problem
    kind, _, rest = answer.strip().partition(":")
    if kind.lower() in ("folder", "urls", "video"):
        raise BadUsage(f"There is no {'folder' if kind.lower() == 'folder' else 'file'} {one_line(rest)}.")
    return ImageSource(answer.strip())


def typed_path(text: str) -> Path | None:
    """The file or folder that a text means, or None. Quotes, blanks behind backslashes, file:// addresses and ~ are
    understood, as terminals paste a path that is dropped into them. A word that is a source's name is no path."""
    text = text.strip()
    named = text.partition(":")[2] if text.lower().startswith(("folder:", "urls:", "video:")) else text
    if not named or named.lower() in (SEARCH, CAMERA, *REGISTRY):
        return None
    for candidate in (named, *_unquoted(named)):
        try:
            path = Path(candidate).expanduser()
            if path.exists():
                return path.absolute()
        except (OSError, RuntimeError, ValueError):  # too long, no such home, a null byte
            continue
    return None


def _unquoted(text: str) -> list[str]:
    if text.lower().startswith("file://"):
        return [unquote(urlsplit(text).path)]
    try:
        words = shlex.split(text)
    except ValueError:  # an apostrophe in a name
        return [text.replace("\\ ", " ").replace("\\'", "'")]
    return [words[0]] if len(words) == 1 else []


def _own_file(path: Path) -> ImageSource:
    """A video, or a text file of addresses."""
    if path.suffix.lower() in api.VIDEO_ENDINGS:
        return _own_videos(path, 1)
    if path.suffix.lower() in IMAGE_ENDINGS:
        raise BadUsage(f"{path.name} is one image.", f"Give the folder it lies in: {path.parent}")
    try:
        if path.stat().st_size > ADDRESSES_BYTES_MAX:
            raise BadUsage(f"{path.name} is larger than a list of addresses can be.", "One address a line.")
        from flow.sources.urls import Urls

        found = sum(1 for _ in Urls(path).search(""))
    except OSError as problem:
        raise BadUsage(f"{path} cannot be read: {problem.strerror}.", "Make it readable, or give another.") from problem
    if not found:
        raise BadUsage(f"{path.name} holds no addresses.", "One address a line, each beginning with http.")
    return ImageSource(f"urls:{path}", found)


def _own_folder(folder: Path) -> ImageSource:
    from flow.harvest.import_sorted import find_unreadable
    from flow.sources.folder import Folder
    from flow.sources.video import videos_in

    listed, videos = [Path(found.image_url) for found in Folder(folder).search("")], len(videos_in(folder))
    if videos and not listed:
        return _own_videos(folder, videos)
    if not listed:
        raise BadUsage(f"There is no image in {folder}.", "Image files end in .jpg, .png, .webp and so on.")
    return ImageSource(f"folder:{folder}", len(listed), find_unreadable(listed, DECODED_MAX), folder, videos)


def _own_videos(path: Path, count: int) -> ImageSource:
    return ImageSource(f"video:{path}", count * cfg.video_frames_max, videos=count)


def describe(source: ImageSource) -> list[str]:
    """What was found, in words; nothing for a search."""
    if source.source.startswith("urls:"):
        return [f"{source.images} addresses"]
    videos = f"{source.videos} video{'s' * (source.videos != 1)}"
    if source.folder is None:
        return [f"{videos}, of each at most {cfg.video_frames_max} frames"] if source.videos else []
    bad = f", {len(source.unreadable)} that cannot be read" if source.unreadable else ""
    first = f" (of the first {DECODED_MAX})" if bad and source.images > DECODED_MAX else ""
    lines = [f"{source.images} images{bad}{first}"]
    lines += [f"{videos} beside them; for those: video:{source.folder}"] if source.videos else []
    lines += [f"  {one_line(path.name)}: {why}" for path, why in list(source.unreadable.items())[:3]]
    return lines + (["  ..."] if len(source.unreadable) > 3 else [])
