"""The options of a training. Units, ranges and reasons: config.py."""

from dataclasses import dataclass

from flow.base.options import option


@dataclass(frozen=True)
class TrainOptions:
    """How a model is trained; every default is a setting."""

    architecture: str = option(
        "the backbone: a name, a handle or a folder", setting="retrain_model_default", metavar="NAME"
    )
    precision: str = option(
        "numbers that the EfficientNet-Lites compute with: int8 is twice as fast",
        setting="retrain_precision_default",
        metavar="P",
    )
    steps: int = option("training steps of the head", setting="retrain_steps_default", metavar="N")
    image_size: int = option(
        "size of an image for the backbone, pixels a side", setting="retrain_imgsize_default", metavar="PX"
    )
    test_percent: int = option(
        "percent of each label's images to hold out as the test set", setting="retrain_testper_default", metavar="%"
    )
    validation_percent: int = option(
        "percent of the training images to validate on while training", setting="retrain_valper_default", metavar="%"
    )
    batch_size: int = option("images in a step", setting="retrain_batchsize_default", metavar="N")
    learning_rate: float = option("learning rate of the head", setting="retrain_learnrate_default", metavar="R")
    solver: str = option("how the head is trained", setting="retrain_solver_default", metavar="S")
    seed: int = option(
        "random seed; the same seed and images give the same model", setting="retrain_seed_default", metavar="N"
    )
    images_min: int = option("images that each label needs", setting="retrain_imgcount_default", metavar="N")
    tune: str = option(
        "what is trained: the head, the last layers too, or auto = what is clearly better",
        setting="retrain_tune_default",
        metavar="WHAT",
    )
    effort: str = option(
        "how much --tune auto tries: quick, normal or high", setting="retrain_effort_default", metavar="E"
    )
    tune_epochs: int = option("epochs of tuning", setting="retrain_tune_epochs_default", metavar="N")
    tune_batch: int = option("images in a step of tuning", setting="retrain_tune_batch_default", metavar="N")
    tune_rate: float = option("learning rate that tuning begins with", setting="retrain_tune_rate_default", metavar="R")
    folds: bool = option(
        "train three more networks to cross-validate a tuned one", setting="retrain_tune_folds", on_off=True
    )


# What `retrain` asks for, in this order.
ASKED = ("architecture", "steps", "image_size", "test_percent", "batch_size", "learning_rate", "tune")
ASKED_IF_ATTENDED = ("tune",)  # of these, what keeps its default where nobody can be asked
