"""What a training can be told. Units, ranges and reasons: config.py."""

from dataclasses import dataclass

from flow.base.options import option


@dataclass(frozen=True)
class TrainOptions:
    """How a classifier is trained; every default is a setting."""

    architecture: str = option(
        "the backbone: a name, a handle or a folder", setting="retrain_model_default", metavar="NAME"
    )
    steps: int = option("training steps of the head", setting="retrain_steps_default", metavar="N")
    image_size: int = option(
        "pixels a side that the backbone looks at", setting="retrain_imgsize_default", metavar="PX"
    )
    test_percent: int = option(
        "percent of a label's images, held out to measure", setting="retrain_testper_default", metavar="%"
    )
    validation_percent: int = option(
        "percent of the training images, watched while training", setting="retrain_valper_default", metavar="%"
    )
    batch_size: int = option("images a step", setting="retrain_batchsize_default", metavar="N")
    learning_rate: float = option("length of a step", setting="retrain_learnrate_default", metavar="R")
    solver: str = option("how the head is trained", setting="retrain_solver_default", metavar="S")
    seed: int = option("same seed, same images: same model", setting="retrain_seed_default", metavar="N")
    images_min: int = option("images a label needs", setting="retrain_imgcount_default", metavar="N")
    tune: str = option("what learns; last: the last layers too", setting="retrain_tune_default", metavar="WHAT")
    tune_epochs: int = option("how often tuning sees an image", setting="retrain_tune_epochs_default", metavar="N")
    tune_batch: int = option("images a step of tuning", setting="retrain_tune_batch_default", metavar="N")
    tune_rate: float = option("first learning rate of tuning", setting="retrain_tune_rate_default", metavar="R")
    folds: bool = option("train three more networks to measure a tuned one", setting="retrain_tune_folds", on_off=True)


# What `retrain` asks for, in this order.
ASKED = ("architecture", "steps", "image_size", "test_percent", "batch_size", "learning_rate", "tune")
ASKED_IF_ATTENDED = ("tune",)  # of these, what keeps its default where nobody is there to ask
