"""The flowsteps with one job of their own: each is a function that gives a result with line(), facts() and code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flow.base.errors import BadUsage, NotReady
from flow.front.run import Result, check, make_basetag
from flow.plan import Request
from flow.records.catalogue import Catalogue
from flow.talk import console
from flow.texts import notify


@dataclass(frozen=True)
class Said:
    """A result that is one sentence."""

    sentence: str
    code: int = 0

    def line(self) -> str:
        return self.sentence

    def facts(self) -> dict:
        return {"said": self.sentence}


def do(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    """Carry out one short flowstep; `catalogue` is a copy where `request.dry_run` says that nothing may change."""
    if request.flowstep not in SHORT:
        raise NotReady(f"This RoboFlow cannot {request.flowstep} yet.", "python roboflow.py --help shows what it can.")
    return SHORT[request.flowstep](request, basetag, stamp, catalogue)


def _models(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.models import leaderboard

    board = leaderboard.leaderboard(basetag, catalogue)
    if not console.is_json():
        leaderboard.show(board, to_stdout=True)
    return board


def _explore(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.retrain import explore

    if not request.dry_run:
        return explore.explore(basetag, request.training, stamp, catalogue)
    trainings = explore.combinations(request.training)
    explore.retrain.check_ready(basetag, trainings[0])
    for t in trainings:
        console.result(
            f"{t.architecture} at {t.image_size} px: {t.steps} steps of {t.batch_size}, "
            f"rate {t.learning_rate:g}, {t.solver}"
        )
    return Said(f"would train {len(trainings)} combinations, each a new folder in training_summaries/{basetag}")


def _take(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.harvest import take

    if not request.subject:
        raise BadUsage("Take which folder?", f"For example: python roboflow.py {basetag} take ~/sorted_photos")
    if not request.dry_run:
        make_basetag(basetag)
    return take.take(basetag, Path(request.subject).expanduser(), stamp, catalogue, request.dry_run)


def _check(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    return check(request, basetag, stamp, catalogue)


def _approve(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.harvest import approve

    return approve.approve(basetag, request.folder or "", stamp, catalogue, request.dry_run)


def _undo(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.harvest import step as harvest

    return harvest.undo(basetag, catalogue, request.dry_run)


def _forget(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.models import forget, leaderboard

    if request.keep is None:
        raise BadUsage("forget needs to know how many models stay.", f"python roboflow.py {basetag} forget --keep 10")
    return forget.forget(basetag, leaderboard.ranked(basetag, catalogue), request.keep, request.dry_run)


def _export(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    from flow.export import step

    wanted = step.Wanted(_path(request.to, "--to"), request.smaller, _path(request.data, "--data"), request.model or "")
    return step.export(basetag, wanted, catalogue)


def _try(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
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


def _notify_test(request: Request, basetag: str, stamp: str, catalogue: Catalogue) -> Result:
    return Said(notify.test(basetag))


SHORT: dict[str, Callable[[Request, str, str, Catalogue], Result]] = {
    "models": _models,
    "explore": _explore,
    "take": _take,
    "check": _check,
    "approve": _approve,
    "undo": _undo,
    "export": _export,
    "try": _try,
    "forget": _forget,
    "notify_test": _notify_test,
}
