"""A trained model gets its folder: written where nobody sees it, then given its name."""

from dataclasses import asdict, dataclass
from pathlib import Path

from flow.base import files, paths
from flow.base.learning import api, cache_paths, problems
from flow.models import model_store, prune
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.labels.history import LabelHistory
from flow.retrain import tuning
from flow.retrain.options import TrainOptions
from flow.retrain.result import Retrained

WORKING = ".training_"


@dataclass(frozen=True)
class Written:
    """A model in a hidden folder.

    `name`: that it shall have; `held_out`: content hash -> TEST, of images that its training held out for the first
    time; `seconds`: that training took; `unreadable`: images that were left out.
    """

    folder: Path
    name: str
    held_out: dict[str, str]
    seconds: float
    unreadable: int
    warnings: tuple[str, ...]


def publish(
    basetag: str,
    training: TrainOptions,
    stamp: str,
    catalogue: Catalogue,
    learned: "api.TrainingResult",
    selection: dict | None = None,
) -> Retrained:
    """Store the split, write the model to a hidden folder, then give the folder its name.

    Args:
        selection: what else was tried, for model.json.
    """
    version = catalogue.add_splits(learned.dataset.newly_held_out)
    written = write(basetag, training, stamp, learned, facts_now(basetag, catalogue), selection)
    return give_name(basetag, written, version, selection)


def facts_now(basetag: str, catalogue: Catalogue) -> dict:
    """What model.json says of the basetag that a model is made for, as it is now."""
    return {
        "basetag": basetag,
        "test_version": catalogue.split_version(),
        "label_version": LabelHistory.of(catalogue.label_changes()).version,
        "listed": provenance.label_counts(basetag),
    }


def write(
    basetag: str,
    training: TrainOptions,
    stamp: str,
    learned: "api.TrainingResult",
    facts: dict,
    selection: dict | None = None,
) -> Written:
    """Write a model to a hidden folder; nothing else is changed.

    Args:
        facts: see `facts_now`.

    Raises:
        RoboError: the disk is full.
    """
    home = files.make_folder(paths.summaries(basetag))
    sweep(home)
    stem = api.parameters_in_name(learned.job.backbone.name, learned.job.backbone.input_size, asdict(training))
    share = learned.trained.facts["accuracy"]
    final = files.free_folder(home, f"{stem}_acc{100 * share['value']:.2f}" if share["total"] else f"{stem}_unmeasured")
    working = home / f"{WORKING}{stamp}_{final.name}"
    files.need_space(home, 200)
    chosen = {"selection": selection} if selection else {}
    with problems():
        api.write_model(learned, working, {"name": final.name, **facts, "stamp": stamp, **chosen}, places=cache_paths())
    tuning.warm_caches(learned, working)
    files.sync_all(working)
    return Written(
        working,
        final.name,
        learned.dataset.newly_held_out,
        round(sum(learned.seconds.values()), 1),
        len(learned.dataset.unreadable),
        tuple(learned.trained.warnings),
    )


def give_name(basetag: str, written: Written, test_version: int, selection: dict | None = None) -> Retrained:
    """Give a written model's folder its name; where another one has that name by now, a free one.

    Args:
        test_version: of the split that its training made or used.
    """
    final = files.free_folder(paths.summaries(basetag), written.name)
    model, now = model_store.read(written.folder), {"name": final.name, "test_version": test_version}
    if any(model.facts[name] != value for name, value in now.items()):
        model_store.add_facts(model, now)
    files.move_folder(written.folder, final)
    model = model_store.read(final)
    return Retrained(model, written.seconds, written.unreadable, written.warnings, selection=selection)


def sweep(home: Path) -> None:
    """Delete the half-written and half-removed models of killed runs; they contain nothing that is needed."""
    for start in (WORKING, prune.REMOVING):
        files.sweep_folders(home, start)
