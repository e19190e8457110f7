"""The questions about models: sort with which, train one and how, harvest what."""

from collections import Counter

import config as cfg
from flow.base import paths, settings
from flow.base.errors import BadUsage
from flow.base.learning import api, find_backbone
from flow.base.names import whole_number
from flow.base.options import specs
from flow.guide.questions import SKIP, Question
from flow.models import leaderboard, model_store
from flow.records import provenance
from flow.records.catalogue import Catalogue
from flow.records.open_catalogue import open_catalogue
from flow.records.rows import PERSON
from flow.retrain import step as retrain
from flow.retrain.options import ASKED, TrainOptions
from flow.ui import console, texts
from flow.ui.question_help import HELPS

MODELS_SHOWN = 8  # more would scroll the question's beginning off a small terminal
SETTING_OF = {spec.name: spec.setting for spec in specs(TrainOptions)}


def ask_harvest(waiting: dict[str, Counter], default: str, back: bool) -> object:
    """The counts per label, and what to take: `checked`, `all`, `none`, or console.BACK."""
    rows = [[label, by[PERSON], sum(by.values()) - by[PERSON]] for label, by in sorted(waiting.items())]
    if rows:
        console.table(["sorted", "checked by you", "by the model only"], rows)
    ask = "Harvest into the training data: c = only what you checked, a = all, n = none"
    return console.ask(ask, _harvest_choice, default, back=back, help=HELPS["harvest"])


def _harvest_choice(answer: str) -> str:
    choices = {"c": "checked", "a": "all", "n": "none"}
    if answer.lower() not in choices:
        raise BadUsage("Please answer c, a or n.")
    return choices[answer.lower()]


def show_training_data(basetag: str, least: int) -> None:
    """Counts per label as bars against the minimum."""
    for label, n in provenance.label_counts(basetag).items():
        full = min(20, round(20 * n / least))
        console.note(f"  {label:<14} {'#' * full}{'-' * (20 - full)} {n} of {least}")


def choose_model(basetag: str, catalogue: Catalogue, back: bool = False, may_skip: bool = True) -> object:
    """Show the models and ask for one: its name, None for only downloading (where `may_skip`), or console.BACK."""
    board = leaderboard.leaderboard(basetag, catalogue)
    leaderboard.show(board, to_stdout=False, most=MODELS_SHOWN)
    ranked = [s.model for s in board.ranking]

    def check(answer: str) -> str | None:
        if answer.lower() == "d" and may_skip:
            return None
        number = whole_number(answer) or 0
        if not 1 <= number <= len(ranked):
            raise BadUsage(f"A number from 1 to {len(ranked)}{', or d' if may_skip else ''}.")
        return ranked[number - 1].name

    download = ", d = only download" if may_skip else ""
    return console.ask(f"Sort with which model? ENTER = the best{download}", check, "1", back=back, help=HELPS["model"])


def trains(answers: dict) -> bool:
    return answers.get("retrain", False) is not False


def training_question(name: str, always: bool = False) -> Question:
    """The question for one parameter of a training; one that does not apply to the chosen backbone is left out."""
    setting = SETTING_OF[name]

    def ask(answers: dict, back: bool) -> object:
        if not always and not trains(answers):
            return SKIP
        if name == "image_size" and not api.has_size_choice(answers["architecture"]):
            return SKIP
        if name == "tune" and not api.can_be_tuned(answers["architecture"]):
            return SKIP
        title, advice = texts.TRAINING_QUESTIONS[name]
        console.note(f"  {advice}")

        def check(answer: str) -> object:
            try:
                value = settings.checked_text(setting, answer, title)
            except BadUsage as problem:
                raise BadUsage(f"{answer!r} is not {texts.range_of(setting)}.") from problem
            _check_backbone(name, value, answers)
            return value

        ask = f"{title} ({texts.range_of(setting)})"
        return console.ask(ask, check, str(getattr(cfg, setting)), back=back, help=HELPS[name])

    return Question(name, ask)


def _check_backbone(name: str, value: object, answers: dict) -> None:
    """Raise BadUsage where there is no such backbone, or not in that size."""
    if name == "architecture":
        find_backbone(str(value), 224 if api.has_size_choice(str(value)) else 0)
    elif name == "image_size":
        find_backbone(answers["architecture"], int(str(value)))


def _ask_model(answers: dict, back: bool) -> object:
    if answers.get("take") or answers["searchtag"] == "0":
        return SKIP
    if not model_store.all_models(answers["basetag"]):
        console.note("There is no model yet: this run brings the images in, then you label the first ones.")
        return SKIP
    with open_catalogue(answers["basetag"]) as catalogue:
        return choose_model(answers["basetag"], catalogue, back, may_skip=answers["quantity"] > 0)


def _ask_retrain(answers: dict, back: bool) -> object:
    if answers.get("take") or answers.get("model", "") is None:  # only download
        return False
    basetag = answers["basetag"]
    listed = provenance.label_counts(basetag)
    counts = {label: n for label, n in listed.items() if n and label not in provenance.left_out(listed)}
    least = cfg.retrain_imgcount_default
    if len(counts) < cfg.retrain_label_min or min(counts.values(), default=0) < retrain.IMAGES_LEAST:
        if counts:
            console.note("Too few training images to train on yet:")
            show_training_data(basetag, retrain.IMAGES_LEAST)
            console.note(texts.sort_by_hand(paths.training(basetag)))
        if answers["searchtag"] == "0":
            return _nothing_to_do(basetag, back)
        return SKIP
    show_training_data(basetag, least)
    if answers["searchtag"] == "0":
        return _images_min(counts, least)
    wanted = console.ask("Train a new model afterwards? (y/n)", console.is_yes, "n", back=back, help=HELPS["retrain"])
    return _images_min(counts, least) if wanted is True else wanted


def _nothing_to_do(basetag: str, back: bool) -> object:
    """Nothing to download and too little to train on: back to the question before, where there is one.

    Raises:
        BadUsage: where the arguments leave nothing to go back to.
    """
    problem = "There is nothing to do: no images to download, and too few to train on."
    if not back:
        raise BadUsage(problem, f"Sort images into {paths.training(basetag)}, or download some.")
    console.note(f"{problem} Let's go back: download some images first.")
    return console.BACK


def _images_min(counts: dict[str, int], least: int) -> int:
    """What --images-min must be for these counts: 0 = the setting will do."""
    return 0 if min(counts.values()) >= least else min(counts.values())


def _ask_harvest(answers: dict, back: bool) -> object:
    sorts = answers.get("model") is not None
    if not trains(answers) or not (sorts or provenance.sorted_folders(answers["basetag"])):
        return SKIP
    with open_catalogue(answers["basetag"]) as catalogue:
        waiting = provenance.pending_counts(answers["basetag"], catalogue)
    return ask_harvest(waiting, "n", back)


MODEL_QUESTIONS = (
    Question("model", _ask_model),
    Question("retrain", _ask_retrain),
    Question("harvest", _ask_harvest),
    *(training_question(name) for name in ASKED),
)
