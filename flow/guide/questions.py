"""The questions about images: which basetag, where from, which labels, how many, by which tag; and asking one question
after another with steps back. Those about models are in `flow/guide/model_questions.py`.

Every question can be answered with ENTER (the default shown), `h` (help, then the same question again), `b` (one
question back) and `q` (leave politely).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import config as cfg
from flow.base import files, names, paths, runlog
from flow.base.errors import BadUsage
from flow.guide import basetag_state, source_prompt
from flow.guide.source_prompt import CAMERA, SAMPLE, SEARCH, ImageSource
from flow.harvest.import_sorted import label_folders_in
from flow.models import model_store
from flow.records import provenance
from flow.sources.sample import KINDS
from flow.ui import console, texts
from flow.ui.question_help import HELPS

FIRST_BASETAG = "robots"
BASETAGS_SHOWN = 12
SKIP = object()  # a question that does not apply


@dataclass(frozen=True)
class Question:
    """`ask(answers, back)` gives the answer, console.BACK, or SKIP where there is nothing to ask."""

    name: str
    ask: Callable[[dict, bool], object]


def ask_all(questions: Sequence[Question], given: dict, just_asked: dict | None = None) -> dict:
    """Ask every question that is not answered in `given`, with steps back.

    Args:
        just_asked: answers to the first of the questions, to which a step leads back too.
    """
    answers, place = {**given, **(just_asked or {})}, len(just_asked or {})
    asked = list(range(place))
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


def ask_basetag(back: bool = False) -> object:
    """Which basetag: a number, or a new name. ENTER = the one used last."""
    known = basetag_state.basetags()
    if known:
        console.note("Your basetags:")
        for number, name in enumerate(known[:BASETAGS_SHOWN], 1):
            console.note(f"  {number}  {name}")
        if len(known) > BASETAGS_SHOWN:
            console.note(f"  ... and {len(known) - BASETAGS_SHOWN} more; type the name.")

    def check(answer: str) -> str:
        number = names.whole_number(answer) or 0
        if 1 <= number <= len(known):
            return known[number - 1]
        return names.folder_name(answer, "basetag")

    ask = "Which basetag? A number, or a new name" if known else "What shall your basetag be, such as robots or birds?"
    return console.ask(ask, check, last_used(known) or FIRST_BASETAG, back=back, help=HELPS["basetag"])


def last_used(known: list[str]) -> str:
    """The basetag whose last run ended last; the first by name where none ran."""
    ends = {name: str(runlog.read_last_run(paths.last_run(name)).get("end", "")) for name in known}
    return max(known, key=lambda name: (ends[name], -known.index(name)), default="")


def ask_source(question: str, default: str, back: bool, also: str = "") -> object:
    """Ask where images come from, and say what was found there.

    Args:
        also: one more word that is an answer of its own, returned as it is.
    """

    def check(answer: str) -> ImageSource | str:
        if also and answer.strip().lower() == also:
            return also
        found = source_prompt.read_source(answer)
        if also and found.source == CAMERA:
            raise BadUsage("The camera is a flowstep of its own.", "It comes with: python roboflow.py BASETAG camera")
        for line in source_prompt.describe(found):
            console.note(f"  {line}")
        if found.own and not found.usable:
            raise BadUsage("None of them can be read.", "Another folder, or sample.")
        return found

    return console.ask(question, check, default, back=back, help=HELPS["instead" if also else "where"])


def _ask_basetag(answers: dict, back: bool) -> object:
    return ask_basetag(back)


def _ask_where(answers: dict, back: bool) -> object:
    now = basetag_state.read_state(answers["basetag"])
    playing = now.offline and not now.filled and not now.models
    ask = "Where from? search, the path of your own photos or videos, camera, or sample"
    return ask_source(ask, SAMPLE if playing else SEARCH, back)


def _ask_take(answers: dict, back: bool) -> object:
    """Offer the folders that are named like labels as labelled already. Folders of a new basetag may be named anything,
    so there ENTER leaves them unsorted."""
    source: ImageSource = answers["where"]
    if source.source == CAMERA:
        return True  # that page asks for all the rest
    if source.folder is None:
        return SKIP
    labels = {f.name for f in provenance.label_folders(answers["basetag"])}
    found = label_folders_in(source.folder, labels)
    if not found or (not labels and len(found) < cfg.retrain_label_min):
        return SKIP
    counts = ", ".join(f"{label} {files.count_images(folder)}" for label, folder in found.items())
    console.note(f"Folders named like your labels: {counts}." if labels else f"Folders of images: {counts}.")
    ask = "Are they sorted, and shall they become training data? Your originals stay as they are (y/n)"
    return console.ask(ask, console.is_yes, "y" if labels else "n", back=back, help=HELPS["take"])


def _ask_labels(answers: dict, back: bool) -> object:
    basetag = answers["basetag"]
    if answers.get("take") or basetag_state.read_state(basetag).known:
        return SKIP
    console.note(texts.LABELS_HINT)

    def check(answer: str) -> tuple[str, ...]:
        labels = tuple(dict.fromkeys(names.label_name(part) for part in answer.split(",") if part.strip()))
        if len(labels) < cfg.retrain_label_min:
            raise BadUsage(f"At least {cfg.retrain_label_min} labels are needed.", "For example: cat, dog, not")
        return labels

    source = answers.get("where")
    is_sample = source is not None and source.source == SAMPLE
    default = ", ".join(KINDS) if is_sample or basetag == FIRST_BASETAG else f"{basetag}, not"
    return console.ask("Which labels, with commas between?", check, default, back=back, help=HELPS["labels"])


def _ask_quantity(answers: dict, back: bool) -> object:
    if answers.get("take"):
        return SKIP
    most, source = cfg.imgnum_maxpercycle, answers.get("where")

    def check(answer: str) -> int:
        number = names.whole_number(answer)
        if number is None or number > most:
            raise BadUsage(f"A whole number from 0 to {most}, please.", "0 brings in none.")
        return number

    own = source.usable if source is not None and source.own else 0
    default = min(own or cfg.imgnum_default, most)
    if own > most:
        console.note(f"  One cycle takes up to {most}; the same command again brings in the next ones.")
    ask = f"How many new images, 0 to {most}?"
    return console.ask(ask, check, str(default), back=back, help=HELPS["quantity"])


def _ask_searchtag(answers: dict, back: bool) -> object:
    if answers.get("take"):
        return SKIP
    fresh, source = answers["quantity"] > 0, answers.get("where")

    def check(answer: str) -> str:
        if answer == "0" and fresh:
            raise BadUsage("New images need a searchtag.", "For example: robotart")
        return "0" if answer == "0" else names.folder_name(answer, "searchtag")

    if not fresh and not model_store.all_models(answers["basetag"]):
        answers["searchtag"] = "0"  # without a model nothing can be done with images that are there already
        return SKIP
    if not fresh:
        ask, default = "Which searchtag's images? 0 = none, go straight to the training data", "0"
    elif source is not None and source.own:
        ask, default = "What shall these images be called? (their searchtag)", _tag_of(source, answers["basetag"])
    else:
        ask, default = "Which searchtag?", answers["basetag"]
    return console.ask(ask, check, default, back=back, help=HELPS["searchtag"])


def _tag_of(source: ImageSource, basetag: str) -> str:
    """The folder's name as a searchtag, or the basetag where it cannot be one."""
    try:
        return names.folder_name(source.folder.name, "searchtag") if source.folder else basetag
    except BadUsage:
        return basetag


BEGINNING = (
    Question("basetag", _ask_basetag),
    Question("quantity", _ask_quantity),
    Question("searchtag", _ask_searchtag),
)
BRINGING = (
    Question("basetag", _ask_basetag),
    Question("where", _ask_where),
    Question("take", _ask_take),
    Question("labels", _ask_labels),
    Question("quantity", _ask_quantity),
    Question("searchtag", _ask_searchtag),
)
