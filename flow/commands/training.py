"""Training with all that is said of it: what `retrain` and the check page have in common."""

from dataclasses import replace
from typing import Any

from flow.base.learning import api, find_backbone
from flow.commands.command import Run
from flow.commands.tell import tell_retrained
from flow.models import leaderboard, model_store
from flow.retrain import step as retrain_step
from flow.retrain import try_harder
from flow.retrain.options import TrainOptions
from flow.retrain.result import NothingNew, Retrained
from flow.sms import notify
from flow.ui import console, texts
from flow.ui.question_help import HELPS


def train(run: Run, training: TrainOptions, attended: bool, again: bool, least: int = 0) -> Any:
    """A new model (Retrained), or NothingNew, and what there is to say of it.

    Args:
        attended: a person is there, and is asked whether to try harder once the head works.
        least: images each label needs; 0 = what retrain asks for.
    """
    least = least or retrain_step.IMAGES_LEAST
    counts = retrain_step.check_ready(run.basetag, training, least)
    before = model_store.all_models(run.basetag)
    console.note(texts.retraining(training.architecture, counts))
    done = retrain_step.retrain(run.basetag, training, run.stamp, run.catalogue, attended, again, least)
    if isinstance(done, NothingNew):
        console.note(f"  {done.line()}; --again trains all the same.")
        return done
    done = _compared(run, done, before)
    seconds = harder_seconds(done, training) if attended and console.can_ask() else 0.0
    ask = f"Try other ways to train ({try_harder.minutes_words(seconds)}; Ctrl-C keeps this model)?"
    if seconds and console.yes_no(ask, True, HELPS["harder"]):
        before = model_store.all_models(run.basetag)
        better = retrain_step.harder(run.basetag, training, run.stamp, run.catalogue, done)
        done = tell_harder(run, better, done, before)
    return done


def harder_seconds(done: Retrained, training: TrainOptions) -> float:
    """About how long it takes to try what --tune auto tries besides the head; 0 = nothing is left to try, or too few
    images measure."""
    is_over = training.tune != "auto" or training.effort == try_harder.QUICK or done.selection
    measuring = done.model.facts.get("measured_on", {}).get("images", 0)
    if is_over or measuring < api.model_selection.GROUPS_MIN:
        return 0.0
    images = sum(int(row["images"]) for row in done.model.facts["counts"].values())
    backbone = find_backbone(str(done.model.facts["backbone"]["architecture"]))
    rough = try_harder.rough_seconds(images, training, backbone)
    return min(rough, try_harder.seconds_for(training.effort))


def tell_harder(run: Run, done: Retrained, head: Retrained, before: list[model_store.Model]) -> Retrained:
    """What trying other ways to train came to: a new model is compared with those there were `before`, and told."""
    if done.model.name != head.model.name:
        return _compared(run, done, before)
    try_harder.tell(done.selection or {})
    return done


def _compared(run: Run, done: Retrained, before: list[model_store.Model]) -> Retrained:
    """Compare a new model with the earlier ones; tell the person at the terminal, and by a text message."""
    done = replace(done, advice=leaderboard.advice(run.basetag, run.catalogue, done.model, before))
    tell_retrained(done)
    share = done.model.facts["accuracy"]
    assert done.advice is not None
    notify.retrained(
        run.basetag, done.seconds, share["value"], done.advice.best_before, share["total"], done.advice.is_top
    )
    return done
