"""explore: train every combination of several values, and compare."""

from collections.abc import Sequence

from flow.commands.command import Command, Message, Result, Run, Section
from flow.retrain import explore
from flow.retrain import step as retrain_step
from flow.retrain.options import TrainOptions
from flow.ui import console


def run(run: Run, options: TrainOptions) -> Result:
    return explore.explore(run.basetag, _chosen(run, options), run.stamp, run.catalogue)


def dry_run(run: Run, options: TrainOptions) -> Sequence[tuple[str, Result]]:
    trainings = explore.combinations(_chosen(run, options))
    retrain_step.check_ready(run.basetag, trainings[0])
    for t in trainings if not console.is_json() else ():
        console.result(
            f"{t.architecture} at {t.image_size} px: {t.steps} steps of {t.batch_size}, "
            f"rate {t.learning_rate:g}, {t.solver}"
        )
    count = f"would train {len(trainings)} combinations"
    return [("explore", Message(f"{count}, each a new folder in training_summaries/{run.basetag}"))]


def _chosen(run: Run, options: TrainOptions) -> dict[str, object]:
    """The parameters that were typed; several values of one as a list."""
    return {name: getattr(options, name) for name in run.given}


COMMAND = Command(
    "explore",
    "train every combination of several values, and compare",
    Section.MODELS,
    run,
    options=TrainOptions,
    about="Give several values with commas between. All models share one split, so that they can be compared.",
    example="robots explore --steps 500,2600 --learning-rate 0.01,0.1",
    dry_run=dry_run,
    lists=True,
    rank=2,
)
