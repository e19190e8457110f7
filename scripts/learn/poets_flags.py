"""The flags of tensorflow-for-poets-2's retrain.py and a few of our own, and the training job that they describe."""

import argparse
from pathlib import Path

from scripts.learn import backbone_files, backbones, dataset, model_files
from scripts.learn.augmentation import Augmentation
from scripts.learn.cache_paths import CachePaths
from scripts.learn.dataset import SplitRules
from scripts.learn.hash_cache import HashCache
from scripts.learn.head import Head
from scripts.learn.train import HeadConfig
from scripts.learn.training_job import TrainingJob
from scripts.learn.tune import TuneConfig


def parser(description: str) -> argparse.ArgumentParser:
    """Ours come at the end."""
    p = argparse.ArgumentParser(
        prog="python -m scripts.retrain",
        description=description,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    p.add_argument("--image_dir", type=Path, required=True, help="folder of label folders")
    p.add_argument("--output_graph", type=Path, default=Path("tf_files/retrained_graph"), help="SavedModel to write")
    p.add_argument("--intermediate_output_graphs_dir", type=Path, default=Path("tf_files/intermediate_graph"))
    p.add_argument("--intermediate_store_frequency", type=int, default=0, help="steps between two of them, 0 = none")
    p.add_argument("--output_labels", type=Path, default=Path("tf_files/retrained_labels.txt"))
    p.add_argument("--summaries_dir", type=Path, default=Path("tf_files/training_summaries"), help="for TensorBoard")
    p.add_argument("--how_many_training_steps", type=int, default=4000)
    p.add_argument("--learning_rate", type=float, default=0.01)
    p.add_argument("--testing_percentage", type=int, default=10)
    p.add_argument("--validation_percentage", type=int, default=10)
    p.add_argument("--eval_step_interval", type=int, default=10, help="steps between two points of the curves")
    p.add_argument("--train_batch_size", type=int, default=100)
    p.add_argument("--test_batch_size", type=int, default=-1, help="accepted; always the whole test set")
    p.add_argument("--validation_batch_size", type=int, default=100, help="accepted; always the whole validation set")
    p.add_argument("--print_misclassified_test_images", action="store_true")
    p.add_argument("--model_dir", type=Path, default=Path("tf_files/models"), help="where fetched backbones are stored")
    p.add_argument("--bottleneck_dir", type=Path, default=Path("tf_files/bottlenecks"))
    p.add_argument("--final_tensor_name", default="final_result", help="name of the graph's output")
    p.add_argument("--flip_left_right", action="store_true", help="train on mirrored copies too")
    p.add_argument("--random_crop", type=int, default=0, help="percent, 0..99")
    p.add_argument("--random_scale", type=int, default=0, help="percent, 0..99")
    p.add_argument("--random_brightness", type=int, default=0, help="percent, 0..99")
    p.add_argument("--architecture", default=backbones.DEFAULT, help=f"{', '.join(backbones.names())}, handle, folder")
    p.add_argument("--saved_model_dir", type=Path, default=None, help="a second place to write the SavedModel to")
    p.add_argument("--image_size", type=int, default=0, help="pixels, where the backbone leaves a choice")
    p.add_argument(
        "--precision", choices=(backbones.INT8, backbones.FLOAT32), default=backbones.INT8, help="of the Lites"
    )
    p.add_argument("--solver", choices=("sgd", "lbfgs"), default="sgd")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--tune", choices=("head", "last"), default="head", help="last: the last layers are trained too")
    p.add_argument("--tune_epochs", type=int, default=TuneConfig.epochs)
    p.add_argument("--tune_batch", type=int, default=TuneConfig.batch)
    p.add_argument("--tune_rate", type=float, default=TuneConfig.rate)
    p.add_argument("--no_folds", action="store_true", help="tune once, and measure on the test set alone")
    return p


def check_flags(flags: argparse.Namespace) -> str:
    """What is wrong with the flags, or an empty string."""
    for name, low, high in (
        ("how_many_training_steps", 1, 10**7),
        ("testing_percentage", 1, 90),
        ("train_batch_size", 1, 4096),
        ("validation_percentage", 0, 90),
        ("random_crop", 0, 99),
        ("random_scale", 0, 99),
        ("random_brightness", 0, 99),
        ("eval_step_interval", 1, 10**7),
        ("intermediate_store_frequency", 0, 10**7),
        ("tune_epochs", 1, 1000),
        ("tune_batch", 2, 1024),
    ):
        if not low <= getattr(flags, name) <= high:
            return f"--{name} must lie between {low} and {high}."
    if not flags.learning_rate > 0 or not flags.tune_rate > 0:
        return "--learning_rate and --tune_rate must be above 0."
    distorts = flags.flip_left_right or flags.random_crop or flags.random_scale or flags.random_brightness
    if flags.tune == "last" and (distorts or flags.intermediate_store_frequency):
        return "--tune last mirrors images itself; distortions and intermediate graphs are for --tune head."
    return "" if flags.image_dir.is_dir() else f"There is no folder {flags.image_dir}."


def job_of(flags: argparse.Namespace, places: CachePaths) -> TrainingJob:
    """The flags as a job; fetches the backbone. Raises BackboneProblem."""
    backbone = backbones.find(flags.architecture, flags.image_size, flags.precision)
    folder = backbone_files.locate(backbone, places.models)
    with HashCache(places.hashes) as hashes:
        images = dataset.list_images(flags.image_dir, hashes)
    config = HeadConfig(
        flags.how_many_training_steps,
        flags.train_batch_size,
        flags.learning_rate,
        flags.solver,
        flags.seed,
        flags.eval_step_interval,
    )
    rules = SplitRules(flags.testing_percentage, flags.validation_percentage, test_min=1)
    distortions = Augmentation(flags.flip_left_right, flags.random_crop, flags.random_scale, flags.random_brightness)

    def checkpoint(step: int, head: Head) -> None:
        target = flags.intermediate_output_graphs_dir / f"intermediate_{step}"
        model_files.save_graph(target, folder, backbone.input_size, head, flags.final_tensor_name)

    tuning = TuneConfig(flags.tune_epochs, flags.tune_batch, flags.tune_rate, not flags.no_folds)
    return TrainingJob(
        images,
        backbone,
        folder,
        config,
        rules,
        augmentation=distortions,
        checkpoint=checkpoint,
        checkpoint_every=flags.intermediate_store_frequency,
        tune=tuning if flags.tune == "last" else None,
    )
