"""camera: show things to the camera, hold a key, and a model learns them."""

from dataclasses import dataclass, replace

import config as cfg
from flow.base.errors import NotReady
from flow.check.camera_session import CameraOptions, CameraSession, Shown
from flow.check.page_session import PageSession
from flow.commands.command import Command, Result, Run, Section
from flow.commands.make_basetag import make_basetag
from flow.commands.page_steps import PageTraining, StepDone, few_will_do
from flow.commands.tell import tell_moved
from flow.retrain import step as retrain_step
from flow.retrain.options import TrainOptions


@dataclass(frozen=True)
class CameraCommandOptions(TrainOptions, CameraOptions):
    """The page's options, and those of a training that is started on it."""


def camera(run: Run, options: CameraCommandOptions) -> Result:
    """Serve the page; train where the person asks for it there."""
    make_basetag(run.basetag)
    return _shown(run, options, CameraOptions(options.browser, options.port))


def camera_from(page: PageSession, run: Run, options: TrainOptions) -> Shown:
    """The camera page for a person at another page, which leads there and where Done leads back to."""
    return _shown(run, options, CameraOptions(), page)


def _shown(run: Run, options: TrainOptions, shown: CameraOptions, origin: PageSession | None = None) -> Shown:
    def backbone():  # type: ignore[no-untyped-def]
        return retrain_step.choose_backbone(options, attended=False)

    session = CameraSession(run.basetag, run.stamp, run.catalogue, shown, backbone, run.lock, origin)
    for step in session.serve():
        with session.page.working(step):
            session.page.add(step, _train(run, options))
    return session.result()


def _train(run: Run, options: TrainOptions) -> StepDone:
    """What was recorded becomes training data, as all that was labelled on the check page, and a model learns from it.

    Raises:
        NotReady: fewer than two labels have images; nothing was changed.
    """
    from flow.harvest.import_decisions import counts_after, import_decisions

    counts = counts_after(run.basetag, run.catalogue)
    if len(counts) < cfg.retrain_label_min:
        raise NotReady(f"A model needs images of at least {cfg.retrain_label_min} labels.", "Show it another thing.")
    imported = import_decisions(run.basetag, run.stamp, run.catalogue)
    tell_moved(imported)
    done = PageTraining(run).train(few_will_do(counts, options), (imported,))
    return replace(done, more="")  # other ways to train are tried from the check page, or at night


COMMAND = Command(
    "camera",
    "show things to the camera and hold a key; it predicts live",
    Section.CHECK,
    camera,
    options=CameraCommandOptions,
    about="Hold a label's key, and what the camera sees is recorded under it; type a name to make a label. After two "
    "labels live bars show what it takes each frame for. Each hold counts as one recording: how good the model is, is "
    "measured on recordings it has not seen. Only this page may use the camera, and nothing leaves your computer.",
    example="things camera",
    new_basetag=True,
    rank=3,
)
