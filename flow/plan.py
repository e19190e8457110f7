"""Decide first, then do: what a run will do, as one frozen Plan. Pure; reads nothing but cfg and what it is given."""

from dataclasses import dataclass, field, replace
from enum import Enum

import config as cfg
from flow.base import names
from flow.base.errors import BadUsage, NotReady


class Step(Enum):
    DOWNLOAD = "download"
    CLASSIFY = "classify"
    HARVEST = "harvest"
    RETRAIN = "retrain"


# flowstep -> steps in order. The short flowsteps below have one job of their own and no steps here.
FLOWS: dict[str, tuple[Step, ...]] = {
    "download": (Step.DOWNLOAD,),
    "classify": (Step.DOWNLOAD, Step.CLASSIFY),
    "classify_top": (Step.DOWNLOAD, Step.CLASSIFY),
    "retrain": (Step.DOWNLOAD, Step.CLASSIFY, Step.HARVEST, Step.RETRAIN),
    "retrain_defaults": (Step.DOWNLOAD, Step.CLASSIFY, Step.HARVEST, Step.RETRAIN),
    "automatic": (Step.DOWNLOAD, Step.CLASSIFY, Step.HARVEST, Step.RETRAIN),
    "harvest": (Step.HARVEST,),
}
SHORT_FLOWS = {
    "status": "counts, models, the last run and what waits for you",
    "models": "every model measured again on today's images, best first",
    "explore": "train every combination of the parameters given, and compare",
    "take": "pictures of yours that lie sorted in folders, as training data",
    "approve": "say that you looked at the sorted_ folders and agree",
    "undo": "put the last harvest back",
    "check": "look at what was sorted in the browser, a key for each label",
    "try": "what the best model says of a picture",
    "export": "the best model for another program",
    "forget": "remove all models but the best and the newest ones (--keep 10)",
    "notify_test": "send one text message and follow it",
}
FLOWSTEPS = (*FLOWS, *SHORT_FLOWS)
NEVER_ASKS = ("classify_top", "retrain_defaults", "automatic")  # the model and the parameters are not asked for
DRY_RUNS = (*FLOWS, "take", "approve", "explore", "forget", "undo")  # those that --dry-run goes with
WITH_SUBJECT = ("take", "try")  # flowsteps that are followed by what they are about
READ_ONLY = ("status", "models", "try", "notify_test")


@dataclass(frozen=True)
class Training:
    """How a classifier is trained. See config.py for units and ranges."""

    architecture: str
    steps: int
    batch_size: int
    learning_rate: float
    test_percent: int
    validation_percent: int
    image_size: int
    solver: str
    seed: int
    images_min: int
    tune: str  # head or last
    tune_epochs: int
    tune_batch: int
    tune_rate: float
    folds: bool  # of the tuning

    @classmethod
    def from_cfg(cls) -> "Training":
        return cls(
            architecture=cfg.retrain_model_default,
            steps=cfg.retrain_steps_default,
            batch_size=cfg.retrain_batchsize_default,
            learning_rate=cfg.retrain_learnrate_default,
            test_percent=cfg.retrain_testper_default,
            validation_percent=cfg.retrain_valper_default,
            image_size=cfg.retrain_imgsize_default,
            solver=cfg.retrain_solver_default,
            seed=cfg.retrain_seed_default,
            images_min=cfg.retrain_imgcount_default,
            tune=cfg.retrain_tune_default,
            tune_epochs=cfg.retrain_tune_epochs_default,
            tune_batch=cfg.retrain_tune_batch_default,
            tune_rate=cfg.retrain_tune_rate_default,
            folds=cfg.retrain_tune_folds,
        )


# What a person may choose for training: field -> the setting that holds its default and range.
TRAINING_SETTINGS = {
    "architecture": "retrain_model_default",
    "steps": "retrain_steps_default",
    "batch_size": "retrain_batchsize_default",
    "learning_rate": "retrain_learnrate_default",
    "test_percent": "retrain_testper_default",
    "validation_percent": "retrain_valper_default",
    "image_size": "retrain_imgsize_default",
    "solver": "retrain_solver_default",
    "seed": "retrain_seed_default",
    "images_min": "retrain_imgcount_default",
    "tune": "retrain_tune_default",
    "tune_epochs": "retrain_tune_epochs_default",
    "tune_batch": "retrain_tune_batch_default",
    "tune_rate": "retrain_tune_rate_default",
}
# What retrain asks for, in this order.
GUIDED_TRAINING = ("architecture", "steps", "image_size", "test_percent", "batch_size", "learning_rate", "tune")
OFFERED = ("tune",)  # of these, what keeps its default where there is nobody to ask


@dataclass(frozen=True)
class Request:
    """What a person asked for, on the command line or answering the guide; the same either way.

    `training` holds only what was chosen; explore's lists of values too. None means: not said.
    """

    basetag: str | None = None
    quantity: int | None = None
    searchtag: str | None = None
    flowstep: str = "classify"
    source: str | None = None
    model: str | None = None
    harvest: bool | None = None
    checked_only: bool | None = None
    keep_near: bool | None = None
    training: dict[str, object] = field(default_factory=dict)
    labels: tuple[str, ...] = ()  # for a new basetag in the guide
    folder: str | None = None  # one sorted_ folder, for approve and harvest
    subject: str | None = None  # what follows the flowstep: take FOLDER
    dry_run: bool = False
    retry_failed: bool = False
    again: bool = False  # train although nothing is new
    keep: int | None = None  # models that forget leaves
    check_training: bool = False  # check looks at doubtful training images
    check_teach: bool = False
    browser: bool = True  # check opens one
    port: int = 0  # of the check page; 0 = any that is free
    to: str | None = None  # folder an exported model goes to
    smaller: bool = False  # float16 and int8 too
    data: str | None = None  # folder the training images are copied to
    csv: str | None = None  # file for what `try` finds
    pictures: tuple[str, ...] = ()  # files, folders and addresses to try


@dataclass(frozen=True)
class Disk:
    """What is on disk for a basetag, as far as a plan depends on it."""

    known: bool = True  # the basetag has folders
    models: int = 0


@dataclass(frozen=True)
class Plan:
    """Everything decided. Steps read this and nothing else."""

    basetag: str
    quantity: int
    searchtag: str
    flowstep: str
    steps: tuple[Step, ...]
    stamp: str  # one time stamp a run, such as 20261123_093011
    source: str = ""
    model: str = ""  # folder name or number; empty = the most accurate
    ask_model: bool = False
    ask_training: bool = False
    ask_harvest: bool = False
    attended: bool = False  # a person answers questions, also those that come up on the way
    checked_only: bool = False
    keep_near: bool = False
    training: Training = field(default_factory=Training.from_cfg)
    folder: str = ""
    dry_run: bool = False
    retry_failed: bool = False
    again: bool = False
    chosen: tuple[str, ...] = ()  # training parameters the person gave already
    notes: tuple[str, ...] = ()  # what was decided on the person's behalf, in words


def make_plan(request: Request, disk: Disk, stamp: str, asks: bool) -> Plan:
    """Turn a complete request into a plan.

    Args:
        disk: what there is for this basetag.
        stamp: the run's time stamp.
        asks: whether a person is there to answer.

    Raises:
        BadUsage: an argument is missing or makes no sense.
        NotReady: nothing to work on.
    """
    if request.flowstep not in FLOWS:
        raise BadUsage(f"{request.flowstep!r} is not a flowstep with steps.", f"Flowsteps: {', '.join(FLOWSTEPS)}")
    quantity, searchtag, basetag = _what(request)
    steps, notes = _steps(request, disk, quantity, searchtag, asks)
    if quantity > cfg.imgnum_maxpercycle:
        notes.append(f"{quantity} images are more than one cycle's worth; taking {cfg.imgnum_maxpercycle}.")
        quantity = cfg.imgnum_maxpercycle
    training = make_training(request.training)
    if not asks:
        _nobody_to_ask(request, disk, steps)
    attended = asks and request.flowstep not in NEVER_ASKS
    return Plan(
        basetag=basetag,
        quantity=quantity,
        searchtag=searchtag,
        flowstep=request.flowstep,
        steps=steps,
        stamp=stamp,
        source=request.source or cfg.scrapesite_default,
        model=request.model or "",
        ask_model=attended and Step.CLASSIFY in steps and request.model is None and disk.models > 1,
        ask_training=attended
        and any(name not in request.training for name in GUIDED_TRAINING)
        and request.flowstep == "retrain",
        ask_harvest=attended and Step.HARVEST in steps and request.harvest is None and request.flowstep == "retrain",
        attended=asks and request.flowstep == "retrain",
        checked_only=not cfg.harvest_unchecked if request.checked_only is None else request.checked_only,
        keep_near=cfg.near_duplicates_keep if request.keep_near is None else request.keep_near,
        training=training,
        folder=request.folder or "",
        dry_run=request.dry_run,
        retry_failed=request.retry_failed,
        again=request.again,
        chosen=tuple(request.training),
        notes=tuple(notes),
    )


def make_training(chosen: dict[str, object]) -> Training:
    """The config's values with what the person chose in their place.

    Raises:
        BadUsage: several values where one is meant.
    """
    for name, value in chosen.items():
        if isinstance(value, (list, tuple)):
            raise BadUsage(f"--{name.replace('_', '-')} takes several values only in explore.", "Give one value.")
    return replace(Training.from_cfg(), **chosen)  # type: ignore[arg-type]  # checked where they were read


def _what(request: Request) -> tuple[int, str, str]:
    """Quantity, searchtag and basetag, checked and made safe."""
    if request.basetag is None:
        raise BadUsage("The basetag is missing.", "For example: python roboflow.py robots 200 robotart")
    basetag = names.folder_name(request.basetag, "basetag")
    if request.flowstep == "harvest":
        return 0, "", basetag
    if request.quantity is None:
        raise BadUsage("The imagequantity is missing.", f"For example: python roboflow.py {basetag} 200 robotart")
    if request.quantity < 0:
        raise BadUsage(f"{request.quantity} images cannot be downloaded.", "0 skips the download.")
    if request.searchtag is None:
        raise BadUsage(
            "The searchtag is missing.", f"For example: python roboflow.py {basetag} {request.quantity} robotart"
        )
    if request.searchtag == "0":
        if request.quantity:
            raise BadUsage("A searchtag of 0 needs an imagequantity of 0.", f"python roboflow.py {basetag} 0 0 retrain")
        return 0, "", basetag
    return request.quantity, names.folder_name(request.searchtag, "searchtag"), basetag


def _steps(
    request: Request, disk: Disk, quantity: int, searchtag: str, asks: bool
) -> tuple[tuple[Step, ...], list[str]]:
    """The flow's steps less those that have nothing to do, with a sentence for each one dropped."""
    steps, notes = list(FLOWS[request.flowstep]), []
    if not searchtag and Step.DOWNLOAD in steps:
        steps = [s for s in steps if s not in (Step.DOWNLOAD, Step.CLASSIFY)]
        if not steps:
            raise BadUsage(
                f"With 0 0 there is nothing for {request.flowstep} to do.", "Give a quantity and a searchtag."
            )
    if not quantity and Step.DOWNLOAD in steps:
        steps.remove(Step.DOWNLOAD)
        if not steps:
            raise BadUsage("0 images to download: nothing to do.", "Give a quantity of at least 1.")
    if Step.CLASSIFY in steps and not disk.models:
        if Step.DOWNLOAD not in steps and Step.RETRAIN not in steps:
            raise NotReady(
                f"There is no model for {request.basetag} yet.", "Sort images into training_photos and run retrain."
            )
        steps.remove(Step.CLASSIFY)
        notes.append(
            "There is no model yet, so nothing can be classified: this run only downloads."
            if Step.RETRAIN not in steps
            else "There is no model yet, so nothing is classified first."
        )
    if Step.HARVEST in steps and not _harvests(request, asks):
        steps.remove(Step.HARVEST)
    return tuple(steps), notes


def _harvests(request: Request, asks: bool) -> bool:
    """Harvest when told to, or when the person can be offered it; otherwise as the setting says."""
    if request.flowstep == "harvest" or request.harvest is not None:
        return request.harvest is not False
    return cfg.harvest_default or (request.flowstep == "retrain" and asks)


def _nobody_to_ask(request: Request, disk: Disk, steps: tuple[Step, ...]) -> None:
    """Raise BadUsage for the first question this run would have to ask."""
    if Step.CLASSIFY in steps and request.model is None and disk.models > 1 and request.flowstep not in NEVER_ASKS:
        raise BadUsage(
            "--model is missing, and there is nobody to ask which one to use.",
            "Give --model NAME, or use classify_top or automatic, which take the best.",
        )
    if request.flowstep == "retrain":
        missing = [n for n in GUIDED_TRAINING if n not in request.training and n not in OFFERED]
        if missing:
            raise BadUsage(
                f"--{missing[0].replace('_', '-')} is missing, and there is nobody to ask.",
                "retrain_defaults takes the config's values and asks nothing.",
            )
