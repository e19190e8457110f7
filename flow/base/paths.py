"""Where everything lies: names in, Path out. Pure; makes and reads nothing."""

from pathlib import Path

import config as cfg

PROJECT = Path(__file__).resolve().parent.parent.parent


def tf_files_to_type() -> str:
    """What a command that is printed needs as --tf-files; empty where all data lie beside roboflow.py."""
    return "" if tf_files() == PROJECT / "tf_files" else str(tf_files())


def tf_files() -> Path:
    """The root of all data; a relative setting lies beside roboflow.py."""
    return (PROJECT / Path(cfg.path_to_tf_files).expanduser()).absolute()


def from_here(text: str) -> str:
    """A folder given as an option is meant from the current directory, unlike one in the settings."""
    return str(Path(text).expanduser().absolute())


def models() -> Path:
    return tf_files() / "models"


def bottlenecks() -> Path:
    return tf_files() / "bottlenecks"


def training_root() -> Path:
    return tf_files() / "training_photos"


def training(basetag: str) -> Path:
    return training_root() / basetag


def testing_root() -> Path:
    return tf_files() / "testing_photos"


def testing(basetag: str) -> Path:
    return testing_root() / basetag


def summaries_root() -> Path:
    return tf_files() / "training_summaries"


def summaries(basetag: str) -> Path:
    return summaries_root() / basetag


def exports(basetag: str) -> Path:
    return tf_files() / "exports" / basetag


def unsorted_dir(basetag: str, searchtag: str) -> Path:
    return testing(basetag) / f"{cfg.unsorted_name}{searchtag}"


def quarantine(basetag: str) -> Path:
    return testing(basetag) / cfg.quarantine_name


def under_label(label: str, confidence_min: float) -> str:
    """The folder for uncertain images of a label: built, 0.925 -> built_under925."""
    return f"{label}{cfg.under_name}{confidence_min:.3f}".replace("0.", "", 1).replace(".", "")


def catalogue(basetag: str) -> Path:
    return tf_files() / "catalogues" / f"{basetag}.sqlite"


def lock(basetag: str) -> Path:
    return tf_files() / "locks" / f"{basetag}.lock"


def log(basetag: str) -> Path:
    return tf_files() / "logs" / f"{basetag}.log"


def last_run(basetag: str) -> Path:
    return tf_files() / "logs" / f"{basetag}_last_run.json"


def rests() -> Path:
    """Which hosts asked to be left alone, or refused us, and until when; may be removed at any time."""
    return tf_files() / "rests.json"


def hashes() -> Path:
    return bottlenecks() / "hashes.sqlite"


def thumbnails() -> Path:
    """Small images for the check page; they can be made again."""
    return tf_files() / "thumbnails"


def way_in(basetag: str) -> Path:
    """A page that leads a browser to the check page, readable by its owner only, while that is open."""
    return tf_files() / "logs" / f"{basetag}_check.html"
