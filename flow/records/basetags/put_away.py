"""A basetag is moved to removed/, and brought back from there or from a backup."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from flow.base import files, names, paths
from flow.base.errors import BadUsage, NotReady
from flow.records.basetags import archive, moving
from flow.records.basetags.parts import folders_of, images_of, is_photo, parts_of

UNPACKING = ".unpacking_"  # start of a folder's name in removed/ while a backup is read; swept by the next restore


@dataclass(frozen=True)
class BasetagMoved:
    """What became of a basetag as a whole."""

    kind: str
    basetag: str
    images: int
    where: str
    dry: bool = False
    code: int = 0

    def line(self) -> str:
        images = f"{self.images} image{'s' * (self.images != 1)}"
        if self.kind == "rename":
            return f"{self.basetag} {'would be' if self.dry else 'is'} called {self.where} now: {images}"
        finished_steps = {"remove": "put away in", "restore": "restored from", "backup": "backed up in"}
        return f"{'would be ' if self.dry else ''}{finished_steps[self.kind]} {self.where}: {images}"

    def facts(self) -> dict:
        return asdict(self)


def removed_home() -> Path:
    return paths.tf_files() / "removed"


def remove(basetag: str, stamp: str, dry_run: bool = False) -> BasetagMoved:
    """Move everything of a basetag to a new folder of removed/."""
    home, images = files.free_folder(removed_home(), f"{basetag}_{stamp}"), images_of(basetag)
    if not dry_run:
        moving.carry_out(moving.plan_removal(basetag, home))
    return BasetagMoved("remove", basetag, images, str(home), dry_run)


def rename(old: str, new: str, stamp: str, dry_run: bool = False) -> BasetagMoved:
    """Give a basetag another name.

    Raises:
        BadUsage: there is one of that name.
    """
    must_be_free(new, f"python roboflow.py {old} rename-basetag ANOTHER")
    images = images_of(old)
    if not dry_run:
        _put_leftovers_away(new, stamp)
        moving.carry_out(moving.plan_rename(old, new))
    return BasetagMoved("rename", old, images, new, dry_run)


def restore(basetag: str, what: str, stamp: str, dry_run: bool = False) -> BasetagMoved:
    """Bring a basetag back, under the name `basetag`.

    Args:
        what: a backup, or a folder of removed/; empty = the newest one of this basetag.

    Raises:
        BadUsage: there is a basetag of that name.
        NotReady: there is nothing to bring back.
    """
    must_be_free(basetag, f"python roboflow.py ANOTHER restore {what}".rstrip())
    home = _removed_folder(basetag, what)
    if home is None:
        source = Path(what).expanduser()
        if dry_run:
            return BasetagMoved("restore", basetag, archive.count(source), str(source), True)
        files.sweep_folders(removed_home(), f"{UNPACKING}{basetag}.")  # a basetag's name holds no dot
        home = files.make_folder(removed_home() / f"{UNPACKING}{basetag}.{stamp}")
        try:
            old = archive.unpack(source, home)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        shown = str(source)
    else:
        old, shown = moving.owner_of(home), str(home)
    images = sum(is_photo(path.relative_to(home)) for path in home.rglob("*"))
    if not dry_run:
        _put_leftovers_away(basetag, stamp)
        moving.carry_out(moving.plan_restore(home, old, basetag))
    return BasetagMoved("restore", basetag, images, shown, dry_run)


def must_be_free(basetag: str, hint: str) -> None:
    """Raise BadUsage where there is a basetag of that name. Folders without files are no basetag."""
    for folder in folders_of(basetag):
        if any(path.is_file() for path in folder.rglob("*")):
            raise BadUsage(f"There is a basetag {basetag} already; nothing was changed.", f"For example: {hint}")


def _put_leftovers_away(basetag: str, stamp: str) -> None:
    """What is left of a basetag whose folders somebody deleted: the next one of that name begins without it."""
    if parts_of(basetag):
        moving.carry_out(moving.plan_removal(basetag, files.free_folder(removed_home(), f"{basetag}_{stamp}_left")))


def new_name(text: str) -> str:
    """A basetag's new name as a folder name. Raises BadUsage."""
    return names.folder_name(text, "basetag")


def _removed_folder(basetag: str, what: str) -> Path | None:
    """The folder of removed/ that is meant; None where it is a file."""
    homes = [home for home in files.folders_in(removed_home()) if moving.owner_of(home)]
    if what:
        named = [home for home in homes if what in (home.name, str(home)) or Path(what).absolute() == home]
        return named[0] if named else None
    mine = [home for home in homes if moving.owner_of(home) == basetag]
    if not mine:
        latest = ", ".join(home.name for home in homes[-5:])
        hint = f"Put away: {latest}." if latest else f"Or from a backup: python roboflow.py {basetag} restore FILE.zip"
        raise NotReady(f"No basetag {basetag} was put away in {removed_home()}.", hint)
    return max(mine, key=lambda home: home.name)
