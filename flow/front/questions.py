"""The questions of the guided set-up, one function each, and walking through them with steps back.

Every question can be answered with ENTER (the default shown), `h` (help, then the same question again), `b` (one
question back) and `q` (leave politely).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import config as cfg
from flow.base import names, paths, settings
from flow.base.errors import BadUsage
from flow.front import status
from flow.models import leaderboard, shelf
from flow.plan import GUIDED_TRAINING, TRAINING_SETTINGS
from flow.records import labelling
from flow.records.catalogue import HUMAN, Catalogue
from flow.records.recall import catalogue_of
from flow.retrain import step as retrain
from flow.talk import console, words

MODELS_SHOWN = 8  # more would scroll the question's beginning off a small terminal
SKIP = object()  # a question that does not apply


@dataclass(frozen=True)
class Question:
    """`ask(answers, back)` gives the answer, console.BACK, or SKIP where there is nothing to ask."""

    name: str
    ask: Callable[[dict, bool], object]


def walk(questions: Sequence[Question], given: dict) -> dict:
    """Ask every question not answered in `given`, with steps back."""
    answers, asked, place = dict(given), list[int](), 0
    while place < len(questions):
        question = questions[place]
        answer = SKIP if question.name in given else question.ask(answers, bool(asked))
        if answer is console.BACK:
            place = asked.pop()
            for later in questions[place:]:
                if later.name not in given:
                    answers.pop(later.name, None)
            continue
        if answer is not SKIP:
            answers[question.name] = answer
            asked.append(place)
        place += 1
    return answers


def offer_harvest(waiting: dict[str, Counter], default: str, back: bool) -> object:
    """The counts per label, and what to take: `checked`, `all`, `none`, or console.BACK."""
    rows = [[label, by[HUMAN], sum(by.values()) - by[HUMAN]] for label, by in sorted(waiting.items())]
    if rows:
        console.table(["waiting", "checked by you", "robot only"], rows)
    ask = "Harvest into the training data: c = only what you checked, a = all, n = none"
    return console.ask(ask, _harvest_choice, default, back=back)


def show_training_data(basetag: str, least: int) -> None:
    """Counts per label as bars against the minimum."""
    for label, n in labelling.label_counts(basetag).items():
        filled = min(20, round(20 * n / least))
        console.note(f"  {label:<14} {'#' * filled}{'-' * (20 - filled)} {n} of {least}")


def _ask_basetag(answers: dict, back: bool) -> object:
    known = status.basetags()
    if known:
        console.note("Your basetags:")
        for number, name in enumerate(known, 1):
            console.note(f"  {number}  {name}")

    def check(answer: str) -> str:
        if answer.isdigit() and 1 <= int(answer) <= len(known):
            return known[int(answer) - 1]
        return names.folder_name(answer, "basetag")

    ask = "Which basetag? A number, or a new name" if known else "What shall the basetag be, such as robots or birds?"
    return console.ask(ask, check, known[0] if len(known) == 1 else "", back=back)


def _ask_labels(answers: dict, back: bool) -> object:
    if status.disk_state(answers["basetag"]).known:
        return SKIP
    console.note(words.LABELS_HINT)

    def check(answer: str) -> tuple[str, ...]:
        labels = tuple(dict.fromkeys(names.label_name(part) for part in answer.split(",") if part.strip()))
        if len(labels) < cfg.retrain_label_min:
            raise BadUsage(
                f"At least {cfg.retrain_label_min} labels are needed to tell apart.", "For example: cat, dog, not"
            )
        return labels

    return console.ask("Which labels, with commas between? For example: built, drawn, not", check, back=back)


def _ask_quantity(answers: dict, back: bool) -> object:
    most = cfg.imgnum_maxpercycle

    def check(answer: str) -> int:
        if not answer.isdecimal() or int(answer) > most:
            raise BadUsage(f"A whole number from 0 to {most}, please.", "0 downloads nothing.")
        return int(answer)

    return console.ask(f"How many new images, 0 to {most}?", check, str(min(cfg.imgnum_default, most)), back=back)


def _ask_searchtag(answers: dict, back: bool) -> object:
    fresh = answers["quantity"] > 0

    def check(answer: str) -> str:
        if answer == "0" and fresh:
            raise BadUsage("To download, a searchtag is needed.", "For example: robotart")
        return "0" if answer == "0" else names.folder_name(answer, "searchtag")

    if not fresh and not shelf.all_models(answers["basetag"]):
        answers["searchtag"] = "0"  # without a model there is nothing to do with images that are there already
        return SKIP
    ask = "Which searchtag?" if fresh else "Which searchtag's images? 0 = none, go straight to the training data"
    return console.ask(ask, check, answers["basetag"] if fresh else "0", back=back)


def _ask_model(answers: dict, back: bool) -> object:
    if answers["searchtag"] == "0":
        return SKIP
    if not shelf.all_models(answers["basetag"]):
        console.note("There is no model yet, so this run downloads; you sort the first images by hand.")
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
    return console.ask(f"Sort with which model? ENTER = the best{download}", check, "1", back=back)


def _ask_retrain(answers: dict, back: bool) -> object:
    if answers.get("model", "") is None:  # only download
        return False
    basetag = answers["basetag"]
    counts, least = labelling.label_counts(basetag), cfg.retrain_imgcount_default
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
    wanted = console.ask("Train a new model afterwards? (y/n)", console.is_yes, "n", back=back)
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

        return console.ask(f"{title} ({words.range_of(setting)})", check, str(getattr(cfg, setting)), back=back)

    return Question(name, ask)


def _check_backbone(name: str, value: object, answers: dict) -> None:
    from flow.models import backbone
    from scripts.learn import backbones

    if name == "architecture":
        backbone.named(str(value), 0 if not backbones.leaves_size(str(value)) else 224)
    elif name == "image_size":
        backbone.named(answers["architecture"], int(str(value)))


BEGINNING = (
    Question("basetag", _ask_basetag),
    Question("quantity", _ask_quantity),
    Question("searchtag", _ask_searchtag),
)
WHOLE_FLOW = (
    Question("basetag", _ask_basetag),
    Question("labels", _ask_labels),
    Question("quantity", _ask_quantity),
    Question("searchtag", _ask_searchtag),
    Question("model", _ask_model),
    Question("retrain", _ask_retrain),
    Question("harvest", _ask_harvest),
    *(training_question(name) for name in GUIDED_TRAINING),
)
