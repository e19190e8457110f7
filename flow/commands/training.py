"""Training with all that is said of it: what `retrain` and the check page have in common."""

from dataclasses import replace
from typing import Any

from flow.commands.command import Run
from flow.commands.tell import tell_retrained
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.retrain import step as retrain_step
from flow.retrain.options import TrainOptions
from flow.sms import notify
from flow.ui import console, texts


def train(run: Run, training: TrainOptions, attended: bool, again: bool, least: int = 0) -> Any:
    """A new model (Retrained), or NothingNew, and what there is to say of it.

    Args:
        least: images each label needs; 0 = what retrain asks for.
    """
    least = least or retrain_step.IMAGES_LEAST
    retrain_step.check_ready(run.basetag, training, least)
    before = model_store.all_models(run.basetag)
    console.note(texts.retraining(training.architecture, provenance.label_counts(run.basetag)))
    done = retrain_step.retrain(run.basetag, training, run.stamp, run.catalogue, attended, again, least)
    if isinstance(done, retrain_step.NothingNew):
        console.note(f"  {done.line()}; --again trains all the same.")
        return done
    done = replace(done, advice=leaderboard.advice(run.basetag, run.catalogue, done.model, before))
    tell_retrained(done)
    share = done.model.facts["accuracy"]
    assert done.advice is not None
    notify.retrained(
        run.basetag, done.seconds, share["value"], done.advice.best_before, share["total"], done.advice.is_top
    )
    return done
