"""The check step: sorted_ folders, suspected training images or unlabeled ones, and a person -> decisions, saved at
each key.

`CheckSession.serve` (`page_session.py`) gives back control where the person wants a harvest or a training: what is
done then is the caller's business, and the page shows its progress.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flow.base import files
from flow.base.errors import BadUsage, NotReady
from flow.base.learning import api
from flow.base.locks import Lock
from flow.base.names import nearest
from flow.base.options import argument, option, text, whole
from flow.check.board import Board
from flow.check.check_page import CheckPage
from flow.check.label_board import LabelBoard
from flow.check.page_session import PageSession
from flow.check.predictor_service import PredictorService
from flow.check.sorted_board import SortedBoard
from flow.check.split_board import SplitBoard, read_split
from flow.check.training_board import TrainingBoard
from flow.check.trial import Trial
from flow.check.unlabeled_board import UnlabeledBoard
from flow.check.unlabeled_pool import UnlabeledPool, has_images, read_pool, too_few
from flow.models import model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory


@dataclass(frozen=True)
class CheckOptions:
    """What the check page can be told."""

    label: str | None = argument("with --training: show all images of this label", metavar="LABEL")
    training: bool = option("check training images that may be mislabelled")
    model: str = option("with --training: go by this model", default="", parse=text, metavar="NAME-or-NUMBER")
    teach: bool = option("label unsorted images; this is what comes where there is no model yet")
    browser: bool = option("open no browser, print the address", default=True)
    port: int = option("listen on this port", default=0, parse=whole(1024, 65535, "a port"), metavar="P")
    split: tuple[str, ...] = ()  # a label that becomes several, and the new ones that were named; see `labels split`


@dataclass(frozen=True)
class Checked:
    """What was done on the page: images by kind of decision, how many are left, and the lines of the steps after it."""

    counts: dict[str, int]
    left: int
    after: tuple[str, ...] = field(default=())
    code: int = 0
    teaching: bool = False  # unlabeled images were labelled, at least to begin with

    def line(self) -> str:
        accepted, new, quarantined = (self.counts[name] for name in ("kept", "relabelled", "aside"))
        parts = [f"{accepted} {'guesses' if self.teaching else 'predictions'} accepted"] if accepted else []
        parts += [f"{new} labelled by you"] if new else []
        parts += [f"{quarantined} set aside"] if quarantined else []
        text = f"{'labelled' if self.teaching else 'checked'} {accepted + new + quarantined} images"
        text += f": {', '.join(parts)}" if parts else ""
        text += f"; {self.left} left" if self.left else ""
        return "; ".join([text, *(line.rstrip(".") for line in self.after)])

    def facts(self) -> dict:
        facts = asdict(self)
        return facts | {"taught": facts.pop("teaching")}  # as --json has always called it


class CheckSession(PageSession):
    """A check page, from opening it to what was done on it.

    Args:
        lock: the basetag's; None where the caller keeps it.
        backbone: gives the backbone that unlabeled images go through, and its folder.
        start_trial: see `CheckPage`.

    Raises:
        BadUsage: nobody could open the page.
        NotReady: there is nothing to check.
    """

    def __init__(
        self,
        basetag: str,
        stamp: str,
        catalogue: Catalogue,
        options: CheckOptions,
        backbone: Callable[[], "tuple[api.Backbone, Path]"],
        lock: Lock | None = None,
        start_trial: Callable[[], Trial] | None = None,
    ):
        super().__init__("check", basetag, catalogue, options.browser, options.port, lock)
        self.teaching = options.teach or _is_first(basetag, options)
        if options.split:
            make_board = _split(basetag, stamp, catalogue, options.split, backbone)
        elif self.teaching:
            make_board = _unlabeled(basetag, stamp, catalogue, backbone)
        else:
            make_board = _labeled(basetag, stamp, catalogue, options)
        self._page = CheckPage(
            basetag,
            make_board,
            lambda: TrainingBoard(basetag, catalogue, stamp),
            self._main,
            PredictorService(basetag),
            self._wake,
            start_trial,
        )

    @property
    def page(self) -> CheckPage:
        return self._page

    def result(self) -> Checked:
        lines = tuple(result.line() for result in self.page.results)
        code = max((result.code for result in self.page.results), default=0)
        left = self.page.board.progress().left
        return Checked(self.page.counts(), left, lines, code, self.teaching)


def check_once(session: CheckSession, do: Callable[[str], Any]) -> Checked:
    """Serve a session; `do` carries out the steps that the person asks for and returns their results."""
    for step in session.serve():
        with session.page.working(step):
            session.page.add(step, do(step))
    return session.result()


def _is_first(basetag: str, options: CheckOptions) -> bool:
    """Whether there is no model yet, and images wait that have no label."""
    has_more = (
        options.training or options.label or model_store.all_models(basetag) or provenance.sorted_folders(basetag)
    )
    return not has_more and has_images(basetag)


def _unlabeled(
    basetag: str, stamp: str, catalogue: Catalogue, backbone: Callable[[], "tuple[api.Backbone, Path]"]
) -> Callable[[], Board]:
    """The unlabeled images; once a model has sorted them, what that model sorted."""
    if not has_images(basetag):
        raise too_few(basetag)
    before = len(model_store.all_models(basetag))
    chosen, pools = backbone(), dict[tuple, UnlabeledPool]()

    def make_board() -> Board:
        if len(model_store.all_models(basetag)) > before:  # also once all it sorted is harvested
            return SortedBoard(basetag, catalogue, stamp)
        there = tuple(path for folder in provenance.unsorted_folders(basetag) for path in files.images_in(folder))
        if there not in pools:  # the first time, or something came in since
            pools.clear()
            pools[there] = read_pool(basetag, catalogue, *chosen)
        return UnlabeledBoard(basetag, catalogue, stamp, pools[there])

    return make_board


def _split(
    basetag: str,
    stamp: str,
    catalogue: Catalogue,
    named: tuple[str, ...],
    backbone: Callable[[], "tuple[api.Backbone, Path]"],
) -> Callable[[], Board]:
    """The images of one label that becomes several."""
    label, *parts = named
    changes = LabelHistory.of(catalogue.label_changes())
    pool = read_split(basetag, catalogue, label, *backbone())

    def make_board() -> Board:
        now = LabelHistory.of(catalogue.label_changes()).names([label], changes.version)[label]
        return SplitBoard(basetag, catalogue, stamp, pool, now or label, tuple(parts))

    return make_board


def _whole_label(basetag: str, stamp: str, catalogue: Catalogue, label: str) -> Callable[[], Board]:
    """All training images of a label; where that is renamed meanwhile, under the new name."""
    counts = provenance.label_counts(basetag)
    if not counts.get(label):
        near = nearest(label, counts) or "."
        there = ", ".join(f"{name} {n}" for name, n in counts.items()) or "none"
        raise NotReady(f"There are no training images of a label {label!r}{near}", f"Labels: {there}.")
    changes, since = LabelHistory.of(catalogue.label_changes()), catalogue.last_decision()

    def make_board() -> Board:
        now = LabelHistory.of(catalogue.label_changes()).names([label], changes.version)[label]
        return LabelBoard(basetag, catalogue, stamp, now or label, since)

    return make_board


def _labeled(basetag: str, stamp: str, catalogue: Catalogue, options: CheckOptions) -> Callable[[], Board]:
    """All training images of a label, suspected ones, or the sorted_ folders."""
    if options.label:
        return _whole_label(basetag, stamp, catalogue, options.label)
    if options.training:
        models = model_store.all_models(basetag)
        if options.model and not model_store.find(models, options.model):
            raise BadUsage(
                f"There is no model {options.model!r} for {basetag}.",
                f"python roboflow.py {basetag} models lists {len(models)}." if models else "Leave --model out.",
            )
        if not models:
            raise NotReady(
                f"{basetag} has no model yet that could find mislabelled images.",
                f"Train one: python roboflow.py {basetag} 0 0 retrain",
            )
        return lambda: TrainingBoard(basetag, catalogue, stamp, options.model)
    if options.model:
        raise BadUsage("--model goes with check --training.", f"python roboflow.py {basetag} check --training")
    if not provenance.sorted_folders(basetag):
        raise NotReady(
            f"{basetag} has no sorted images to check.",
            f"Sort some first: python roboflow.py {basetag} 50 {basetag}, or try check --training",
        )
    return lambda: SortedBoard(basetag, catalogue, stamp)
