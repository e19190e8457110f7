"""Training of the head alone, or of the backbone's last layers too; says beforehand how long that will take."""

from pathlib import Path

from flow.base.errors import BadUsage
from flow.base.learning import api, cache_paths, problems
from flow.models import backbone
from flow.retrain.options import TrainOptions
from flow.ui import console, texts


def check(chosen: "api.Backbone", training: TrainOptions) -> None:
    """Raise BadUsage where the last layers of a backbone should be trained but cannot be."""
    if training.tune == "last" and chosen.weights is None:
        raise BadUsage(
            f"The last layers of {chosen.title} cannot be trained: its graph cannot be split.",
            "--tune last works with efficientnet_lite0, _lite1 and _lite2; --tune head with every backbone.",
        )


def train(job: "api.TrainingJob", prepared: "api.PreparedData", attended: bool = False) -> "api.TrainingResult":
    """Train on prepared data.

    Args:
        attended: after Ctrl-C while the last layers learn, ask whether to keep what they have learned.

    Raises:
        RoboError: the backbone cannot be tuned.
        KeyboardInterrupt: Ctrl-C, and nothing is to be kept.
    """
    if job.tune is None:
        return api.fit(job, prepared)
    with console.progress(0 if prepared.activations else len(job.images), "first layers") as advance, problems():
        run = api.prepare_tuning(job, prepared, cache_paths(), advance)
    console.note(texts.tuning_text(run.estimate(), run.trainings))
    try:
        with console.progress(run.steps, "last layers") as advance:
            run.run(advance)
    except KeyboardInterrupt:
        if not (attended and _keeps(run)):
            raise
    return api.finish_tuning(job, prepared, run)


def warm_caches(result: "api.TrainingResult", folder: Path) -> None:
    """Convert the network of a tuned model to TFLite, so that its first images need not wait, and store its embeddings
    of the training images, which new images are compared with. (Where the converted network gives other numbers,
    TensorFlow runs the model.)"""
    if not result.tuned_network:
        return
    own = backbone.own_graph(result.job.backbone.name, result.job.backbone.input_size, folder)
    api.open_runner(own, folder / api.GRAPH, cache_paths().converted)
    data = result.dataset
    vectors = {p.sha256: vector for p, vector in zip(data.images, data.vectors, strict=True)}
    api.store_embeddings(cache_paths().bottlenecks, own, result.backbone_key, vectors)


def _keeps(run: "api.TuneRun") -> bool:
    """Ask the person who stopped a tuning whether to keep what was learned so far."""
    if not run.steps_done or not console.can_ask():
        return False
    console.note(texts.tuning_stopped(run.steps_done, run.steps))
    return console.yes_no("Keep what it has learned so far, as a model?", False)
