"""Learning, of the head alone or of the last layers too: what it will take is said before it begins."""

from pathlib import Path
from typing import TYPE_CHECKING

from flow.base import paths
from flow.base.errors import BadUsage, RoboError
from flow.models import backbone
from flow.plan import Training
from flow.talk import console, words

if TYPE_CHECKING:
    from scripts.learn.backbones import Backbone
    from scripts.learn.learning import Gathered, Job, Learned, Places
    from scripts.learn.tune import Tuning


def places() -> "Places":
    from scripts.learn.learning import Places

    return Places(paths.models(), paths.bottlenecks(), paths.hashes())


def check(chosen: "Backbone", training: Training) -> None:
    """Raise BadUsage where the last layers of a backbone shall learn and cannot."""
    if training.tune == "last" and chosen.weights is None:
        raise BadUsage(
            f"The last layers of {chosen.title} cannot learn: its graph cannot be cut.",
            "--tune last works with efficientnet_lite0, _lite1 and _lite2; --tune head with every backbone.",
        )


def learn(job: "Job", gathered: "Gathered", attended: bool = False) -> "Learned":
    """Train on what was gathered.

    Args:
        attended: whether a person who presses Ctrl-C while the last layers learn is asked what to do with them.

    Raises:
        RoboError: the backbone cannot be tuned.
        KeyboardInterrupt: Ctrl-C, and nothing shall be kept.
    """
    from scripts.learn import learning
    from scripts.learn.backbones import BackboneProblem

    if job.tune is None:
        return learning.learn_from(job, gathered)
    try:
        with console.progress(0 if gathered.kept else len(job.pictures), "first layers") as advance:
            under_way = learning.prepare(job, gathered, places(), advance)
    except BackboneProblem as problem:
        raise RoboError(problem.message, problem.hint) from problem
    console.note(words.tuning(under_way.estimate(), under_way.trainings))
    try:
        with console.progress(under_way.steps, "last layers") as advance:
            under_way.run(advance)
    except KeyboardInterrupt:
        if not (attended and _keeps(under_way)):
            raise
    return learning.tuned(job, gathered, under_way)


def make_ready(learned: "Learned", folder: Path) -> None:
    """Convert the network of a tuned model, so that its first images need not wait (both ways must agree, else it runs
    the full way), and keep what it makes of the pictures it has learned from, to find those that look alike."""
    from scripts.learn import bottlenecks, model_files, runners

    if not learned.net:
        return
    own = backbone.own_graph(learned.job.backbone.name, learned.job.backbone.input_size, folder)
    runners.open_runner(own, folder / model_files.GRAPH, places().converted)
    stuff = learned.material
    with bottlenecks.Store(bottlenecks.store_path(places().bottlenecks, own, learned.backbone_key)) as store:
        store.put({p.sha256: vector for p, vector in zip(stuff.pictures, stuff.vectors, strict=True)})


def _keeps(under_way: "Tuning") -> bool:
    """Whether the person who stopped a tuning wants what it has learned so far."""
    if not under_way.done or not console.can_ask():
        return False
    console.note(words.tuning_stopped(under_way.done, under_way.steps))
    return console.yes_no("Keep what it has learned so far, as a model?", False)
