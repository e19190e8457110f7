"""From a request to export and try, which know nothing of the command line."""

from pathlib import Path

from flow.base.errors import BadUsage
from flow.plan import Request
from flow.records.catalogue import Catalogue


def export(request: Request, basetag: str, catalogue: Catalogue) -> object:
    """See `flow/export/step.py`."""
    from flow.export import step

    wanted = step.Wanted(_path(request.to, "--to"), request.smaller, _path(request.data, "--data"), request.model or "")
    return step.export(basetag, wanted, catalogue)


def try_out(request: Request, basetag: str, catalogue: Catalogue) -> object:
    """See `flow/export/trying.py`."""
    from flow.export import trying

    if not request.pictures:
        raise BadUsage("try needs a picture, a folder or an address.", f"python roboflow.py {basetag} try photo.jpg")
    return trying.try_out(basetag, request.pictures, request.model or "", _path(request.csv, "--csv"), catalogue)


def _path(text: str | None, option: str) -> Path | None:
    """A path given as an option is meant from the current directory."""
    if text is None:
        return None
    if not text.strip():
        raise BadUsage(f"{option} needs a name.", f"For example: {option} robots_to_go")
    return Path(text).expanduser().absolute()
