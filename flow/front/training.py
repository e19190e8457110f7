"""The questions about models: sort with which, train one and how, harvest what."""

from collections import Counter

import config as cfg
from flow.base import paths, settings
from flow.base.errors import BadUsage
from flow.front.questions import SKIP, Question
from flow.models import leaderboard, shelf
from flow.plan import GUIDED_TRAINING, TRAINING_SETTINGS
from flow.records import labelling
from flow.records.catalogue import Catalogue
from flow.records.recall import catalogue_of
from flow.records.rows import HUMAN
from flow.retrain import step as retrain
from flow.talk import console, words
from flow.talk.helps import HELPS

MODELS_SHOWN = 8  # more would scroll the question's beginning off a small terminal


def offer_harvest(waiting: dict[str, Counter], default: str, back: bool) -> object:
    """The counts per label, and what to take: `checked`, `all`, `none`, or console.BACK."""
    rows = [[label, by[HUMAN], sum(by.values()) - by[HUMAN]] for label, by in sorted(waiting.items())]
    if rows:
        console.table(["waiting", "checked by you", "robot only"], rows)
    ask = "Harvest into the training data: c = only what you checked, a = all, n = none"
    return console.ask(ask, _harvest_choice, default, back=back, help=HELPS["harvest"])


def show_training_data(basetag: str, least: int) -> None:
    """Counts per label as bars against the minimum."""
    for label, n in labelling.label_counts(basetag).items():
        filled = min(20, round(20 * n / least))
        console.note(f"  {label:<14} {'#' * filled}{'-' * (20 - filled)} {n} of {least}")


def _ask_model(answers: dict, back: bool) -> object:
    if answers.get("take") or answers["searchtag"] == "0":
        return SKIP
    if not shelf.all_models(answers["basetag"]):
        console.note("There is no model yet: this run brings the pictures in, then you say what they are.")
        return SKIP
    with catalogue_of(answers["basetag"]) as catalogue:
        return choose_model(answers["basetag"], catalogue, back, may_skip=answers["quantity"] > 0)


def choose_model(basetag: str, catalogue: Catalogue, back: bool = False, may_skip: bool = True) -> object:
    """Show the models and ask for one: its name, None for only downloading (where `may_skip`), or console.BACK."""
    board = leaderboard.leaderboard(basetag, catalogue)
    leaderboard.show(board, to_stdout=False, most=MODELS_SHOWN)
    ranked = [s.model for s in board.standings]

    def check(answer: str) -> str | None:
        if answer.lower() == "d" and may_skip:
            return None
        if not (answer.isdigit() and 1 <= int(answer) <= len(ranked)):
            raise BadUsage(f"A number from 1 to {len(ranked)}{', or d' if may_skip else ''}.", "")
        return ranked[int(answer) - 1].name

    download = ", d = only download" if may_skip else ""
    return console.ask(f"Sort with which model? ENTER = the best{download}", check, "1", back=back, help=HELPS["model"])


def _ask_retrain(answers: dict, back: bool) -> object:
    if answers.get("take") or answers.get("model", "") is None:  # only download
        return False
    basetag = answers["basetag"]
    counts = {label: n for label, n in labelling.label_counts(basetag).items() if n}
    least = cfg.retrain_imgcount_default
    if len(counts) < cfg.retrain_label_min or min(counts.values(), default=0) < retrain.IMAGES_LEAST:
        if counts:
            console.note("Too little training data to train on yet:")
            show_training_data(basetag, retrain.IMAGES_LEAST)
            console.note(words.sort_by_hand(paths.training(basetag)))
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
    said = "With nothing to download and too little to train on, there is nothing to do."
    if not back:
        raise BadUsage(said, f"Sort images into {paths.training(basetag)}, or download some.")
    console.note(f"{said} Let's go back: download some images first.")
    return console.BACK


def _images_min(counts: dict[str, int], least: int) -> int:
    """What --images-min must be for these counts: 0 = the setting will do."""
    return 0 if min(counts.values()) >= least else min(counts.values())


def trains(answers: dict) -> bool:
    return answers.get("retrain", False) is not False


def _ask_harvest(answers: dict, back: bool) -> object:
    sorts = answers.get("model") is not None
    if not trains(answers) or not (sorts or labelling.sorted_folders(answers["basetag"])):
        return SKIP
    with catalogue_of(answers["basetag"]) as catalogue:
        waiting = labelling.waiting(answers["basetag"], catalogue)
    return offer_harvest(waiting, "n", back)


def _harvest_choice(answer: str) -> str:
    choices = {"c": "checked", "a": "all", "n": "none"}
    if answer.lower() not in choices:
        raise BadUsage("Please answer c, a or n.")
    return choices[answer.lower()]


def training_question(name: str, always: bool = False) -> Question:
    setting = TRAINING_SETTINGS[name]

    def ask(answers: dict, back: bool) -> object:
        from scripts.learn import backbones

        if not always and not trains(answers):
            return SKIP
        if name == "image_size" and not backbones.leaves_size(answers["architecture"]):
            return SKIP
        if name == "tune" and not backbones.can_be_cut(answers["architecture"]):
            return SKIP
        title, advice = words.TRAINING_QUESTIONS[name]
        console.note(f"  {advice}")

        def check(answer: str) -> object:
            try:
                value = settings.checked_text(setting, answer, title)
            except BadUsage as problem:
                raise BadUsage(f"{answer!r} is not {words.range_of(setting)}.") from problem
            _check_backbone(name, value, answers)
            return value

        ask = f"{title} ({words.range_of(setting)})"
        return console.ask(ask, check, str(getattr(cfg, setting)), back=back, help=HELPS[name])

    return Question(name, ask)


def _check_backbone(name: str, value: object, answers: dict) -> None:
    from flow.models import backbone
    from scripts.learn import backbones

    if name == "architecture":
        backbone.named(str(value), 0 if not backbones.leaves_size(str(value)) else 224)
    elif name == "image_size":
        backbone.named(answers["architecture"], int(str(value)))


MODEL_QUESTIONS = (
    Question("model", _ask_model),
    Question("retrain", _ask_retrain),
    Question("harvest", _ask_harvest),
    *(training_question(name) for name in GUIDED_TRAINING),
)
