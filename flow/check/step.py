"""The check step: sorted_ folders, doubtful training images or a heap, and a person -> decisions, saved at each key."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from flow.base import paths
from flow.base.errors import BadUsage, NotReady
from flow.check import thumbs
from flow.check.board import Board
from flow.check.desk import Desk
from flow.check.opening import opened
from flow.check.pile import piled, too_few, waits
from flow.check.robot import Robot
from flow.check.session import Session, Then, Work
from flow.check.sorted_board import SortedBoard
from flow.check.teach_board import TeachBoard
from flow.check.training_board import TrainingBoard
from flow.models import shelf
from flow.records import decisions, labelling
from flow.records.catalogue import Catalogue
from flow.talk import console


@dataclass(frozen=True)
class CheckOptions:
    """`training`: look at doubtful training images instead of sorted_ folders; `teach`: say what is on unsorted ones,
    which is also what comes where there is no model yet; `browser`: open one; `port`: 0 = any."""

    training: bool = False
    teach: bool = False
    browser: bool = True
    port: int = 0


@dataclass(frozen=True)
class Checked:
    """What was done at the page: pictures by kind of decision, how many are left, and what came after."""

    counts: dict[str, int]
    left: int
    after: tuple[str, ...] = field(default=())
    code: int = 0
    taught: bool = False  # a heap was taught, at least to begin with

    def line(self) -> str:
        kept, new, aside = (self.counts[name] for name in ("kept", "relabelled", "aside"))
        parts = [f"{kept} as the robot {'guessed' if self.taught else 'had them'}"] if kept else []
        parts += [f"{new} {'named by you' if self.taught else 'with another label'}"] if new else []
        parts += [f"{aside} set aside"] if aside else []
        verb = "said what is on" if self.taught else "checked"
        said = f"{verb} {kept + new + aside} pictures" + (f": {', '.join(parts)}" if parts else "")
        said += f"; {self.left} left" if self.left else ""
        return "; ".join([said, *(line.rstrip(".") for line in self.after)])

    def facts(self) -> dict:
        return asdict(self)


def check(basetag: str, stamp: str, catalogue: Catalogue, how: CheckOptions, then: Then) -> Checked:
    """Serve the page until the person says done, goes away or presses Ctrl-C.

    Raises:
        BadUsage: nobody could open the page.
        NotReady: nothing waits to be looked at.
        RoboError: the port is taken.
    """
    if how.browser and not console.is_watched():
        raise BadUsage(
            "check shows pictures in a browser, and without a terminal nobody is there to look.",
            "With --no-browser it prints the address and waits.",
        )
    decisions.settle(basetag, catalogue)
    teaches = how.teach or _begins(basetag, how)
    make_board = _lesson(basetag, stamp, catalogue, then) if teaches else _board(basetag, stamp, catalogue, how)
    after = ("retrain",) if how.training else ("harvest", "retrain")
    desk = Desk()
    session = Session(make_board, after, then, desk)
    try:
        _serve(basetag, session, desk, how)
    except KeyboardInterrupt:
        if desk.is_busy:  # harvest or retrain was cut short: that is told as everywhere else
            raise
        decisions.settle(basetag, catalogue)
    return _checked(session, session.work, teaches)


def _serve(basetag: str, session: Session, desk: Desk, how: CheckOptions) -> None:
    from flow.check.server import Site, serving

    thumbs.sweep()
    robot = Robot(basetag)
    with (
        serving(lambda guard: Site(basetag, session, desk, guard, robot), how.port) as address,
        opened(address, paths.way_in(basetag), how.browser),
    ):
        desk.serve()


def _begins(basetag: str, how: CheckOptions) -> bool:
    """Whether there is no model yet, and pictures wait that nobody has sorted."""
    return not (how.training or shelf.all_models(basetag) or labelling.sorted_folders(basetag)) and waits(basetag)


def _lesson(basetag: str, stamp: str, catalogue: Catalogue, then: Then) -> Callable[[], Board]:
    """The unsorted heap; once a model has sorted it, what that model sorted."""
    if then.backbone is None:
        raise BadUsage("A heap cannot be taught here.", "Sort the first images by hand, then retrain.")
    if not waits(basetag):
        raise too_few(basetag)
    before = len(shelf.all_models(basetag))
    pile = piled(basetag, catalogue, *then.backbone())

    def make_board() -> Board:
        if len(shelf.all_models(basetag)) > before:  # also once all it sorted is harvested: the heap is done with
            return SortedBoard(basetag, catalogue, stamp)
        return TeachBoard(basetag, catalogue, stamp, pile)

    return make_board


def _board(basetag: str, stamp: str, catalogue: Catalogue, how: CheckOptions) -> Callable[[], Board]:
    """What is looked at; made anew after a harvest or a retrain."""
    if how.training:
        if not shelf.all_models(basetag):
            raise NotReady(
                f"There is no model for {basetag} yet that could doubt a label.",
                f"Train one: python roboflow.py {basetag} 0 0 retrain",
            )
        return lambda: TrainingBoard(basetag, catalogue, stamp)
    if not labelling.sorted_folders(basetag):
        raise NotReady(
            f"Nothing of {basetag} waits to be checked.",
            f"Sort something first: python roboflow.py {basetag} 50 {basetag}, or look at check --training",
        )
    return lambda: SortedBoard(basetag, catalogue, stamp)


def _checked(session: Session, work: Work, taught: bool) -> Checked:
    ended = [e for _, e in work.ended]
    left = session.board.progress().left
    return Checked(
        session.counts(), left, tuple(e.line for e in ended), max((e.code for e in ended), default=0), taught
    )
